/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The applet that joins: sockets, names, the channel to the supervisor. */
#include "spoke/join_service.h"

#include "base/log.h"
#include "link/remember.h"
#include "link/way.h"
#include "net/kernel.h"
#include "net/resolve.h"
#include "node/key.h"
#include "spoke/join.h"
#include "spoke/join_link.h"
#include "spoke/join_message.h"
#include "sys/clock.h"
#include "sys/confine.h"
#include "sys/drop.h"
#include "sys/fds.h"
#include "sys/signals.h"
#include "tunnel/tunnel_io.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#define RESOLVE_AGAIN (30 * EL_S) /* a name that was found, while the hub does not answer */
#define RESOLVE_RETRY (5 * EL_S)  /* a name that was not found */
#define UDP_PATIENCE  (5 * EL_S)  /* before it is called inside TCP as well */

struct service;

/* Where the hub may be, as it was said, and where that is. */
struct place {
    struct service *service;
    char text[EL_NODE_ENDPOINT_TEXT];
    char host[256];
    uint16_t port;
    struct el_net_timer *timer;
    bool asking;
    struct el_ip ips[EL_NET_RESOLVE_ADDRESSES]; /* found last */
    size_t ip_count;
};

struct service {
    const struct el_join_service_config *config;
    struct el_net *net;
    struct el_net_resolver *resolver;
    struct el_sys_signals *signals;
    struct el_remember *memory;
    struct el_tunnel_io *io;
    struct el_join_link *link;
    struct el_join *join; /* NULL until the hub has answered */
    int channel;
    uv_poll_t channel_poll, udp4_poll, udp6_poll, streams_poll;
    struct el_net_timer *patience;
    struct el_net_timer *tcp; /* NULL: there is no way */
    bool calls_tcp;           /* its time has come */
    bool gave_up;
    struct place places[EL_ENROL_ENDPOINTS_MAX];
    unsigned place_count, answered; /* which place answered */
};

/* -- to and from the supervisor -- */

static void say(struct service *s, enum el_join_message_kind kind, const char *text)
{
    int rc = el_join_message_send(s->channel, kind, text);

    if (rc < 0 && rc != EL_ECLOSED)
        EL_LOG(EL_LOG_ERROR, "join", "supervisor", EL_STR("error", el_strerror(rc)));
}

/* The enrolment with our own part of it. */
static void say_enrolled(struct service *s, const struct el_enrolment *from_hub)
{
    const struct el_enrol_token *token = &s->config->token;
    struct el_enrolment enrolment = *from_hub;
    uint8_t private_key[EL_TUNNEL_KEY_BYTES];

    el_enrol_token_key(token, private_key);
    el_tunnel_key_public(private_key, enrolment.token);
    sodium_memzero(private_key, sizeof private_key);
    memcpy(enrolment.key, s->config->key, sizeof enrolment.key);
    memcpy(enrolment.hub_key, token->hub_key, sizeof enrolment.hub_key);
    for (unsigned i = 0; i < s->place_count; i++)
        (void)el_enrolment_add_endpoint(&enrolment,
                                        s->places[(s->answered + i) % s->place_count].text, NULL);
    char *text = el_enrolment_text(&enrolment);
    sodium_memzero(&enrolment, sizeof enrolment);
    if (!text) {
        say(s, EL_JOIN_MESSAGE_REFUSED, "out of memory");
        return;
    }
    say(s, EL_JOIN_MESSAGE_ENROLLED, text);
    sodium_memzero(text, strlen(text));
    free(text);
}

static void on_join_answered(void *arg, const struct el_join_answer *answer)
{
    struct service *s = arg;

    switch (answer->verdict) {
    case EL_JOIN_ENROLLED: say_enrolled(s, &answer->enrolment); break;
    case EL_JOIN_PENDING: say(s, EL_JOIN_MESSAGE_PENDING, answer->enrolment.name); break;
    case EL_JOIN_ASKING: say(s, EL_JOIN_MESSAGE_ASKING, answer->enrolment.name); break;
    case EL_JOIN_CODE: say(s, EL_JOIN_MESSAGE_NEEDS_CODE, answer->sentence.text); break;
    case EL_JOIN_REFUSED: say(s, EL_JOIN_MESSAGE_REFUSED, answer->sentence.text); break;
    case EL_JOIN_LATER:
        EL_LOG(EL_LOG_WARN, "join", "later", EL_STR("why", answer->sentence.text),
               EL_STR("hint", "trying on"));
        break;
    }
}

/* A code that comes before the hub has asked this process for one was for its predecessor. */
static void on_code(struct service *s, const char *code)
{
    struct el_err err = {""};

    if (s->join && el_join_code(s->join, code, &err) < 0)
        say(s, EL_JOIN_MESSAGE_NEEDS_CODE, err.text);
}

static void on_channel(uv_poll_t *poll, int status, int events)
{
    struct service *s = poll->data;
    struct el_join_message message;
    int rc = el_join_message_receive(s->channel, &message);

    (void)status;
    (void)events;
    if (rc == EL_ECLOSED)
        el_net_kernel_stop(s->net);
    if (rc < 0)
        return;
    if (message.kind == EL_JOIN_MESSAGE_CODE)
        on_code(s, message.text);
    sodium_memzero(&message, sizeof message);
}

/* -- the link -- */

static void on_send(void *arg, const struct el_endpoint *to, const uint8_t *bytes, size_t len)
{
    struct service *s = arg;
    uint8_t *room = el_tunnel_io_reserve(s->io, to, len, 0);

    if (room)
        memcpy(room, bytes, len);
    el_tunnel_io_flush(s->io);
}

static void on_reserved(void *arg, const uint8_t timestamp[12])
{
    el_remember_reserved(((struct service *)arg)->memory, timestamp);
}

static void find_answered(struct service *s, const struct el_endpoint *from)
{
    for (unsigned i = 0; i < s->place_count; i++)
        for (size_t k = 0; k < s->places[i].ip_count; k++)
            if ((s->places[i].port == from->port || from->carrier != EL_CARRIER_UDP) &&
                el_ip_equal(&s->places[i].ips[k], &from->ip))
                s->answered = i;
}

static void on_up(void *arg, const struct el_endpoint *from)
{
    struct service *s = arg;
    struct el_join_config join = {.net = el_join_link_net(s->link),
                                  .fast = s->config->fast,
                                  .answered = on_join_answered,
                                  .arg = s};
    struct el_err err = {""};
    char text[EL_ENDPOINT_TEXT];

    find_answered(s, from);
    el_net_timer_set(s->patience, EL_NEVER);
    if (s->tcp)
        el_net_timer_set(s->tcp, EL_NEVER);
    if (s->join)
        return;
    say(s, EL_JOIN_MESSAGE_REACHED, el_endpoint_text(from, text));
    memcpy(join.key, s->config->key, sizeof join.key);
    if (el_join_new(&join, &s->join, &err) < 0)
        say(s, EL_JOIN_MESSAGE_REFUSED, err.text);
}

static void on_silent(void *arg)
{
    struct service *s = arg;
    struct el_err err = {"is the address right, is UDP let through, and is the token of this hub?"};

    (void)el_enrol_token_in_time(&s->config->token, el_net_wall_s(s->net), &err);
    EL_LOG(EL_LOG_WARN, "join", "no-answer", EL_STR("hub", s->places[0].text),
           EL_STR("hint", err.text));
}

static void on_udp(uv_poll_t *poll, unsigned family)
{
    struct service *s = poll->data;
    struct el_tunnel_io_train trains[EL_TUNNEL_IO_TRAINS];
    int count = el_tunnel_io_receive(s->io, family, trains);

    for (int i = 0; i < count; i++)
        for (size_t at = 0; at < trains[i].len; at += trains[i].segment) {
            size_t left = trains[i].len - at;
            el_join_link_input(s->link, &trains[i].from, trains[i].bytes + at,
                               left < trains[i].segment ? left : trains[i].segment);
        }
}

static void on_udp4(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    on_udp(poll, 4);
}

static void on_udp6(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    on_udp(poll, 6);
}

static void on_streams(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    on_udp(poll, EL_TUNNEL_IO_STREAMS);
}

/* -- names -- */

/* By all ways that there are: the hub takes the first for new. */
static void call(struct place *place)
{
    struct service *s = place->service;
    enum el_way way;

    for (size_t i = 0; i < place->ip_count; i++) {
        way = EL_WAY_UDP;
        do {
            struct el_endpoint to = el_way_to(way, &place->ips[i], place->port);
            el_join_link_call(s->link, &to);
            way = el_way_after(way, place->port);
        } while (s->calls_tcp && way != EL_WAY_UDP);
    }
}

static void on_tcp_timer(void *arg)
{
    struct service *s = arg;

    EL_LOG(EL_LOG_INFO, "join", "trying-tcp", EL_STR("hub", s->places[0].text),
           EL_STR("hint", "no answer over UDP"));
    s->calls_tcp = true;
    for (unsigned i = 0; i < s->place_count; i++)
        call(&s->places[i]);
}

static void on_resolved(void *arg, int code, const struct el_ip *ips, size_t count)
{
    struct place *place = arg;
    struct service *s = place->service;
    uint64_t now = el_net_now_ns(s->net);

    place->asking = false;
    if (code < 0) {
        EL_LOG(EL_LOG_WARN, "join", "name", EL_STR("name", place->host),
               EL_STR("error", el_strerror(code)), EL_STR("hint", "trying on"));
        el_net_timer_set(place->timer, now + RESOLVE_RETRY);
        return;
    }
    memcpy(place->ips, ips, count * sizeof *ips);
    place->ip_count = count;
    call(place);
    el_net_timer_set(place->timer, now + RESOLVE_AGAIN);
}

static void on_place_timer(void *arg)
{
    struct place *place = arg;
    struct service *s = place->service;

    if (place->asking)
        return;
    place->asking = el_net_resolve(s->resolver, place->host, on_resolved, place, NULL) == 0;
    if (!place->asking)
        el_net_timer_set(place->timer, el_net_now_ns(s->net) + RESOLVE_RETRY);
}

static int add_place(struct service *s, const char *text, struct el_err *err)
{
    struct place *place = &s->places[s->place_count];

    place->service = s;
    if (strlen(text) >= sizeof place->text ||
        el_node_split_endpoint(text, EL_ENROL_PORT, place->host, &place->port) < 0)
        return el_err(err, EL_EINVAL, "hub %s: expected HOST or HOST:PORT", text);
    strcpy(place->text, text);
    place->timer = el_net_timer_new(s->net, on_place_timer, place);
    if (!place->timer)
        return el_err(err, EL_ENOMEM, "out of memory");
    s->place_count++;
    el_net_timer_set(place->timer, 0);
    return 0;
}

static int add_places(struct service *s, struct el_err *err)
{
    const struct el_enrol_token *token = &s->config->token;
    char text[EL_NODE_ENDPOINT_TEXT];
    int rc = s->config->hub ? add_place(s, s->config->hub, err) : 0;

    for (unsigned i = 0; rc == 0 && !s->config->hub && i < token->endpoint_count; i++) {
        const struct el_enrol_endpoint *endpoint = &token->endpoints[i];
        bool is_ip6 = strchr(endpoint->host, ':');
        snprintf(text, sizeof text, "%s%s%s:%u", is_ip6 ? "[" : "", endpoint->host,
                 is_ip6 ? "]" : "", (unsigned)endpoint->port);
        rc = add_place(s, text, err);
    }
    return rc;
}

/* -- from beginning to end -- */

static void on_signal(void *arg, int signum)
{
    struct service *s = arg;

    if (signum != SIGHUP)
        el_net_kernel_stop(s->net);
}

static void lose_patience(void *arg)
{
    struct service *s = arg;

    s->gave_up = true;
    el_net_kernel_stop(s->net);
}

/* The sockets that were given, or our own. */
static int open_sockets(struct service *s, struct el_err *err)
{
    int udp4 = el_sys_fds_take("udp4"), udp6 = el_sys_fds_take("udp6");

    if (udp4 < 0 && udp6 < 0)
        udp4 = el_tunnel_io_socket(4, 0, NULL, err);
    int rc = udp4 < 0 && udp6 < 0 ? udp4 : el_tunnel_io_new(udp4, udp6, &s->io, err);
    int streams = rc == 0 ? el_sys_fds_take("stream") : -1;
    return streams < 0 ? rc : el_tunnel_io_add_streams(s->io, streams, err);
}

static int make_link(struct service *s, struct el_err *err)
{
    struct el_join_link_config config = {
        .net = s->net,
        .wall_at_zero_ns = el_sys_wall_ns() - el_sys_now_ns(),
        .send = on_send,
        .reserved = on_reserved,
        .up = on_up,
        .silent = on_silent,
        .arg = s,
    };

    el_enrol_token_key(&s->config->token, config.private_key);
    memcpy(config.hub_key, s->config->token.hub_key, sizeof config.hub_key);
    el_remember_own(s->memory, config.last_timestamp);
    int rc = el_join_link_new(&config, &s->link, err);
    sodium_memzero(&config, sizeof config);
    return rc;
}

static void watch(struct service *s, uv_poll_t *poll, int fd, uv_poll_cb cb)
{
    if (fd < 0)
        return;
    poll->data = s;
    uv_poll_init(el_net_kernel_loop(s->net), poll, fd);
    uv_poll_start(poll, UV_READABLE, cb);
}

static int make_loop(struct service *s, struct el_err *err)
{
    int rc = el_net_kernel_new(&s->net, err);

    if (rc == 0)
        rc = el_net_resolver_new(s->net, NULL, &s->resolver, err);
    if (rc == 0)
        rc = el_sys_signals_watch(el_net_kernel_loop(s->net), on_signal, s, &s->signals, err);
    if (rc == 0)
        rc = make_link(s, err);
    if (rc == 0)
        rc = add_places(s, err);
    s->patience = rc == 0 ? el_net_timer_new(s->net, lose_patience, s) : NULL;
    if (rc == 0 && !s->patience)
        rc = el_err(err, EL_ENOMEM, "out of memory");
    if (rc < 0)
        return rc;
    if (el_tunnel_io_fd(s->io, EL_TUNNEL_IO_STREAMS) >= 0) {
        s->tcp = el_net_timer_new(s->net, on_tcp_timer, s);
        if (!s->tcp)
            return el_err(err, EL_ENOMEM, "out of memory");
        el_net_timer_set(s->tcp, el_net_now_ns(s->net) + UDP_PATIENCE);
    }
    if (s->config->give_up_ns)
        el_net_timer_set(s->patience, el_net_now_ns(s->net) + s->config->give_up_ns);
    watch(s, &s->channel_poll, s->channel, on_channel);
    watch(s, &s->udp4_poll, el_tunnel_io_fd(s->io, 4), on_udp4);
    watch(s, &s->udp6_poll, el_tunnel_io_fd(s->io, 6), on_udp6);
    watch(s, &s->streams_poll, el_tunnel_io_fd(s->io, EL_TUNNEL_IO_STREAMS), on_streams);
    return 0;
}

/* First what needs privileges, then without them the rest. */
static int set_up(struct service *s, struct el_err *err)
{
    struct el_sys_drop_config drop = {.uid = (uid_t)s->config->user, .gid = (gid_t)s->config->user};
    struct el_sys_place places[] = {{el_sys_fds_peek("state"), true}};
    struct el_sys_confine_config confine = {.places = places, .count = 1, .resolver = true};

    s->channel = el_sys_fds_take("join");
    if (s->channel < 0)
        return el_err(err, EL_EINVAL, "el2w spoke --join starts this");
    int rc = open_sockets(s, err);
    if (rc == 0)
        rc = el_sys_drop(&drop, err);
    if (rc == 0)
        rc = el_sys_confine(&confine, err);
    if (rc >= 0)
        rc = el_remember_open(el_sys_fds_take("state"), NULL, &s->memory, err);
    return rc == 0 ? make_loop(s, err) : rc;
}

static void tear_down(struct service *s)
{
    el_join_free(s->join);
    el_join_link_free(s->link);
    el_sys_signals_free(s->signals);
    el_net_resolver_free(s->resolver);
    for (unsigned i = 0; i < s->place_count; i++)
        el_net_timer_free(s->places[i].timer);
    el_net_timer_free(s->patience);
    el_net_timer_free(s->tcp);
    el_net_kernel_free(s->net);
    el_tunnel_io_free(s->io);
    el_remember_close(s->memory);
    if (s->channel >= 0)
        close(s->channel);
}

int el_join_service_run(const struct el_join_service_config *config, struct el_err *err)
{
    struct service *s = calloc(1, sizeof *s);

    if (!s)
        return el_err(err, EL_ENOMEM, "out of memory");
    s->config = config;
    int rc = set_up(s, err);
    if (rc == 0) {
        close(el_sys_fds_take("notify")); /* it is done, or not; there is no "ready" */
        el_sys_fds_close_rest();
        el_net_kernel_run(s->net);
    }
    if (s->gave_up)
        rc = el_err(err, EL_EAGAIN,
                    "no answer from %s for %llu s: is the address right, is UDP let through, and "
                    "is the token of this hub, and new enough?",
                    s->places[0].text, (unsigned long long)(config->give_up_ns / EL_S));
    tear_down(s);
    free(s);
    return rc;
}
