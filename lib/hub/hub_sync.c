/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The registry's effects, carried out: both channels, and what goes over them about peers. Networks
 * and ports are hub_sync_ports.c's.
 */
#include "hub/hub_sync_internal.h"

#include "base/csprng.h"
#include "base/log.h"
#include "sys/message.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { NOTICES_AT_ONCE = 32 };

/* -- what the supervisor is asked, and says -- */

/* It has the number sync->sequence. */
int el_hub_sync_errand(struct el_hub_sync *sync, uint32_t kind,
                       const struct el_errand_network *about,
                       const struct el_errand_question *question)
{
    struct el_errand errand;
    int fd;

    memset(&errand, 0, sizeof errand); /* it leaves this process whole */
    errand.kind = kind;
    errand.sequence = ++sync->sequence;
    if (about)
        errand.network = *about;
    if (question)
        errand.question = *question;
    if (uv_fileno((const uv_handle_t *)sync->errands, &fd) < 0)
        return EL_ECLOSED;
    return el_sys_message_send(fd, &errand, sizeof errand, NULL, 0);
}

static void on_errand(struct el_hub_sync *sync, struct el_errand *errand, const int *fds,
                      unsigned count)
{
    errand->text[sizeof errand->text - 1] = '\0';
    errand->network.name[sizeof errand->network.name - 1] = '\0';
    if (errand->kind == EL_ERRAND_ANSWER && errand->about == EL_ERRAND_ASK)
        sync->config.answered(sync->config.arg, &errand->question,
                              (enum el_enrol_program)errand->said);
    else if (errand->kind == EL_ERRAND_ANSWER)
        el_hub_sync_supervisor_answers(sync, errand, fds, count);
    if (errand->kind == EL_ERRAND_SERVICE)
        el_hub_sync_service_says(sync, errand->network.name, errand->serving);
}

static void on_errands(uv_poll_t *poll, int status, int events)
{
    struct el_hub_sync *sync = poll->data;
    int fds[EL_SYS_MESSAGE_FDS];
    struct el_errand errand;
    unsigned count;
    int fd, rc = status < 0 || uv_fileno((uv_handle_t *)poll, &fd) < 0 ? EL_ECLOSED : 0;

    (void)events;
    for (unsigned i = 0; i < NOTICES_AT_ONCE && rc != EL_EAGAIN && rc != EL_ECLOSED; i++) {
        rc = el_sys_message_receive(fd, &errand, sizeof errand, fds, &count);
        if (rc < 0)
            continue;
        on_errand(sync, &errand, fds, count);
        while (count > 0)
            close(fds[--count]);
    }
    if (rc == EL_ECLOSED)
        uv_poll_stop(poll);
}

/* -- effects -- */

void el_hub_sync_answered(void *arg, int code, const char *text)
{
    (void)arg;
    if (code < 0 && code != EL_ECLOSED && code != EL_ENOENT)
        EL_LOG(EL_LOG_ERROR, "node", "tunnel-refuses", EL_STR("error", text));
}

static int ask_and(struct el_hub_sync *sync, struct el_manage_message *message,
                   el_manage_answered_cb *answered, void *arg)
{
    int rc = el_manage_client_ask(sync->tunnel, message, NULL, answered, arg);

    if (rc < 0)
        EL_LOG(EL_LOG_ERROR, "node", "tunnel-untold", EL_STR("error", el_strerror(rc)));
    sodium_memzero(message, sizeof *message); /* there may be keys in it */
    return rc;
}

void el_hub_sync_ask_tunnel(struct el_hub_sync *sync, struct el_manage_message *message)
{
    (void)ask_and(sync, message, el_hub_sync_answered, sync);
}

static void forget_setting(struct el_hub_sync *sync)
{
    struct setting *setting = sync->settings;

    sync->settings = setting->next;
    if (!sync->settings)
        sync->last_setting = NULL;
    free(setting);
}

static void on_peer_set(void *arg, int code, const char *text)
{
    struct el_hub_sync *sync = arg;
    uint8_t key[EL_REGISTRY_KEY_BYTES];

    memcpy(key, sync->settings->key, sizeof key);
    forget_setting(sync);
    el_hub_sync_answered(sync, code, text);
    if (code == 0)
        sync->config.peer_set(sync->config.arg, key);
}

/* Asks, and tells when it is done; who is out of memory for that goes without. */
static void ask_to_set(struct el_hub_sync *sync, struct el_manage_message *message)
{
    struct setting *setting = sync->config.peer_set ? calloc(1, sizeof *setting) : NULL;

    if (!setting) {
        el_hub_sync_ask_tunnel(sync, message);
        return;
    }
    memcpy(setting->key, message->peer.key, sizeof setting->key);
    if (ask_and(sync, message, on_peer_set, sync) < 0) {
        free(setting);
        return;
    }
    *(sync->last_setting ? &sync->last_setting->next : &sync->settings) = setting;
    sync->last_setting = setting;
}

static void set_peer(struct el_hub_sync *sync, const struct el_registry_peer *peer)
{
    static const char *const prefixes[] = {[EL_REGISTRY_PEER_SPOKE] = "",
                                           [EL_REGISTRY_PEER_ENROLMENT] = "token.",
                                           [EL_REGISTRY_PEER_REVOKED] = "revoked."};
    struct el_manage_message message = {.kind = EL_MANAGE_PEER_SET};
    struct el_manage_peer *wanted = &message.peer;

    /* These may have the name of a spoke, or of one another. */
    snprintf(wanted->name, sizeof wanted->name, "%s%.55s", prefixes[peer->kind], peer->name);
    memcpy(wanted->key, peer->key, sizeof wanted->key);
    memcpy(wanted->psk, peer->psk, sizeof wanted->psk);
    wanted->ip = peer->ip;
    wanted->wire = (enum el_tunnel_wire)peer->wire;
    wanted->membership_count = peer->membership_count;
    for (unsigned i = 0; i < peer->membership_count; i++)
        wanted->memberships[i] = (struct el_manage_membership){
            .vni = peer->memberships[i].vni, .published = peer->memberships[i].published};
    ask_to_set(sync, &message);
}

static void remove_peer(struct el_hub_sync *sync, const struct el_registry_peer *peer)
{
    struct el_manage_message message = {.kind = EL_MANAGE_PEER_REMOVE};

    memcpy(message.key, peer->key, sizeof message.key);
    el_hub_sync_ask_tunnel(sync, &message);
    free(el_map_del(sync->peers, peer->key));
}

void el_hub_sync_effect(struct el_hub_sync *sync, const struct el_registry_effect *effect)
{
    if (!sync->registry)
        return; /* we have not begun: all of it will be told */
    switch (effect->kind) {
    case EL_REGISTRY_PEER_SET: set_peer(sync, effect->peer); break;
    case EL_REGISTRY_PEER_REMOVE: remove_peer(sync, effect->peer); break;
    case EL_REGISTRY_NETWORK_SET: el_hub_sync_want_network(sync, effect); break;
    case EL_REGISTRY_NETWORK_REMOVE: el_hub_sync_remove_network(sync, effect->network); break;
    case EL_REGISTRY_PORT_SET: el_hub_sync_want_service(sync, effect); break;
    case EL_REGISTRY_PORT_REMOVE:
        el_hub_sync_close_port(sync, effect->port);
        break; /* its own: with it */
    case EL_REGISTRY_MACHINE_SET:
    case EL_REGISTRY_MACHINE_REMOVE: break; /* boot services are told (hub_orders.h) */
    }
}

/* -- what the tunnel says -- */

static void on_complete(void *arg, int code, const char *text)
{
    struct el_hub_sync *sync = arg;

    (void)text;
    if (code == 0 && sync->config.complete)
        sync->config.complete(sync->config.arg);
}

void el_hub_sync_complete(struct el_hub_sync *sync)
{
    struct el_manage_message message = {.kind = EL_MANAGE_COMPLETE};

    if (!sync->telling)
        return;
    for (unsigned i = 0; i < PLACES; i++)
        if (sync->networks[i].used && sync->networks[i].asking)
            return;
    sync->telling = false;
    el_manage_client_ask(sync->tunnel, &message, NULL, on_complete, sync);
}

static void tell_all(struct el_hub_sync *sync)
{
    struct el_manage_message message = {.kind = EL_MANAGE_BEGIN};

    if (!sync->registry || sync->closed)
        return;
    el_hub_sync_ask_tunnel(sync, &message);
    sync->telling = true;
    el_registry_tell(sync->registry);
    el_hub_sync_complete(sync);
}

static void on_hello(void *arg, const struct el_manage_hello *hello)
{
    (void)hello;
    tell_all(arg);
}

/* A peer's first words may be faster than the tunnel's word where it is. */
static void ask_now(struct el_hub_sync *sync, const uint8_t key[EL_REGISTRY_KEY_BYTES],
                    const struct el_endpoint *from)
{
    struct el_err err = {""};

    for (unsigned i = 0; i < PLACELESS; i++) {
        struct el_errand_question *question = &sync->placeless[i];
        if (!question->name[0] || memcmp(question->enrolment_key, key, EL_REGISTRY_KEY_BYTES) != 0)
            continue;
        question->from = *from;
        if (el_hub_sync_ask(sync, question, &err) < 0)
            sync->config.answered(sync->config.arg, question, EL_ENROL_PROGRAM_FAILED);
        question->name[0] = '\0';
    }
}

static bool has_loop(const struct el_manage_loop *loops, unsigned count,
                     const struct el_manage_loop *one)
{
    for (unsigned i = 0; i < count; i++)
        if (loops[i].vni == one->vni && memcmp(loops[i].other, one->other, sizeof one->other) == 0)
            return true;
    return false;
}

static struct el_hub_loop loop_of(const uint8_t *key, const struct el_manage_loop *one)
{
    struct el_hub_loop loop = {.vni = one->vni};

    memcpy(loop.out, key, sizeof loop.out);
    memcpy(loop.in, one->other, sizeof loop.in);
    return loop;
}

/* Tells which loops are in HAS and not in HAD. */
static void tell_loops(struct el_hub_sync *sync, const uint8_t *key,
                       const struct el_manage_loop *has, unsigned has_count,
                       const struct el_manage_loop *had, unsigned had_count, bool ended)
{
    for (unsigned i = 0; sync->config.looped && i < has_count; i++) {
        struct el_hub_loop loop = loop_of(key, &has[i]);
        if (!has_loop(had, had_count, &has[i]))
            sync->config.looped(sync->config.arg, &loop, ended);
    }
}

static void note_loops(struct el_hub_sync *sync, struct el_hub_peer *peer,
                       const struct el_manage_peer_state *state)
{
    struct el_hub_peer was = *peer;

    peer->loop_count = state->loop_count;
    memcpy(peer->loops, state->loops, sizeof peer->loops);
    tell_loops(sync, state->key, was.loops, was.loop_count, peer->loops, peer->loop_count, true);
    tell_loops(sync, state->key, peer->loops, peer->loop_count, was.loops, was.loop_count, false);
}

static void on_peer_state(void *arg, const struct el_manage_peer_state *state)
{
    struct el_hub_sync *sync = arg;
    struct el_hub_peer *peer = el_map_get(sync->peers, state->key);
    int64_t now_s = sync->config.wall_s(sync->config.arg);

    if (!peer) {
        peer = calloc(1, sizeof *peer);
        if (!peer || el_map_put(sync->peers, state->key, peer) < 0) {
            free(peer);
            return; /* it is shown as not heard of */
        }
        memcpy(peer->key, state->key, sizeof peer->key);
    }
    if (peer->up != state->up || peer->since_s == 0)
        peer->since_s = now_s;
    peer->up = state->up;
    peer->endpoint = state->endpoint;
    note_loops(sync, peer, state);
    if (sync->config.peer)
        sync->config.peer(sync->config.arg, state->key, peer);
    if (state->up)
        ask_now(sync, state->key, &state->endpoint);
}

static void on_relayed(void *arg, const struct el_manage_relayed *relayed)
{
    struct el_hub_sync *sync = arg;

    if (sync->config.relayed)
        sync->config.relayed(sync->config.arg, relayed->from, relayed->to);
}

static void on_tunnel_closed(void *arg)
{
    ((struct el_hub_sync *)arg)->closed = true;
}

/* -- beginning and end -- */

static int watch_errands(struct el_hub_sync *sync, struct el_err *err)
{
    sync->errands = calloc(1, sizeof *sync->errands);
    if (!sync->errands || uv_poll_init(sync->config.loop, sync->errands, sync->config.errand) < 0) {
        free(sync->errands);
        sync->errands = NULL;
        return el_err(err, EL_ENOMEM, "out of memory");
    }
    sync->errands->data = sync;
    uv_poll_start(sync->errands, UV_READABLE, on_errands);
    return 0;
}

int el_hub_sync_new(const struct el_hub_sync_config *config, struct el_hub_sync **result,
                    struct el_err *err)
{
    static const struct el_manage_client_events events = {.hello = on_hello,
                                                          .peer_state = on_peer_state,
                                                          .network_gone = el_hub_sync_network_gone,
                                                          .port_gone = el_hub_sync_port_gone,
                                                          .relayed = on_relayed,
                                                          .closed = on_tunnel_closed};
    struct el_hub_sync *sync = calloc(1, sizeof *sync);

    if (!sync)
        return el_err(err, EL_ENOMEM, "out of memory");
    sync->config = *config;
    el_random(&sync->sequence, sizeof sync->sequence); /* not that of one who was here before us */
    sync->peers = el_map_new(EL_REGISTRY_KEY_BYTES, EL_REGISTRY_PEERS);
    int rc = sync->peers ? watch_errands(sync, err) : el_err(err, EL_ENOMEM, "out of memory");
    if (rc == 0)
        rc = el_hub_sync_make_retries(sync, err);
    if (rc == 0)
        rc = el_manage_client_new(config->loop, config->manage, &events, sync, &sync->tunnel, err);
    if (rc < 0) {
        el_hub_sync_free(sync);
        return rc;
    }
    *result = sync;
    return 0;
}

static void free_handle(uv_handle_t *handle)
{
    free(handle);
}

void el_hub_sync_free(struct el_hub_sync *sync)
{
    size_t cursor = 0;

    if (!sync)
        return;
    el_manage_client_free(sync->tunnel);
    if (sync->errands) {
        uv_close((uv_handle_t *)sync->errands, free_handle);
        close(sync->config.errand);
    }
    if (sync->retries)
        uv_close((uv_handle_t *)sync->retries, free_handle);
    for (void *peer; sync->peers && (peer = el_map_next(sync->peers, &cursor));)
        free(peer);
    el_map_free(sync->peers);
    while (sync->settings)
        forget_setting(sync);
    free(sync);
}

void el_hub_sync_start(struct el_hub_sync *sync, struct el_registry *registry)
{
    sync->registry = registry;
    tell_all(sync);
}

int el_hub_sync_ask(struct el_hub_sync *sync, const struct el_errand_question *question,
                    struct el_err *err)
{
    for (unsigned i = 0; !question->from.ip.family && i < PLACELESS; i++)
        if (!sync->placeless[i].name[0]) {
            sync->placeless[i] = *question;
            return 0;
        }
    int rc = el_hub_sync_errand(sync, EL_ERRAND_ASK, NULL, question);
    return rc < 0 ? el_err(err, rc, "the second factor cannot be asked: %s", el_strerror(rc)) : 0;
}

bool el_hub_sync_peer(const struct el_hub_sync *sync, const uint8_t key[EL_REGISTRY_KEY_BYTES],
                      struct el_hub_peer *peer)
{
    const struct el_hub_peer *known = el_map_get(sync->peers, key);

    if (known)
        *peer = *known;
    return known != NULL;
}

/* -- loops -- */

unsigned el_hub_sync_loops(const struct el_hub_sync *sync, const uint8_t key[EL_REGISTRY_KEY_BYTES],
                           struct el_hub_loop *loops, unsigned max)
{
    const struct el_hub_peer *peer;
    unsigned count = 0;
    size_t cursor = 0;

    while ((peer = el_map_next(sync->peers, &cursor)))
        for (unsigned i = 0; i < peer->loop_count && count < max; i++) {
            struct el_hub_loop loop = loop_of(peer->key, &peer->loops[i]);
            if (memcmp(loop.out, key, sizeof loop.out) == 0 ||
                memcmp(loop.in, key, sizeof loop.in) == 0)
                loops[count++] = loop;
        }
    return count;
}
