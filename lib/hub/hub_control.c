/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Control: the registry between the API and what carries it out. */
#include "hub/hub_control.h"

#include "base/log.h"
#include "control/api_io.h"
#include "http/http_io.h"
#include "hub/hub_api.h"
#include "hub/hub_direct.h"
#include "hub/hub_lives.h"
#include "hub/hub_orders.h"
#include "hub/hub_recent.h"
#include "hub/hub_sync.h"
#include "hub/hub_timeline.h"
#include "image/library.h"
#include "net/kernel.h"
#include "net/lwip_link.h"
#include "node/key.h"
#include "node/nudge.h"
#include "profile/templates_io.h"
#include "registry/registry.h"
#include "registry/registry_store.h"
#include "state/state.h"
#include "sys/clock.h"
#include "sys/confine.h"
#include "sys/drop.h"
#include "sys/fds.h"
#include "sys/message.h"
#include "sys/notify.h"
#include "sys/signals.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

enum {
    EVENTS = 1024, /* that a watcher may have missed */
    API_PORT = 80,
    RETRY_S = 5, /* after the disk has failed */
    LOOPS = 64,  /* that one spoke has a part in */
};

struct control {
    struct el_hub_control_config *config; /* its plan changes */
    struct el_net *net;
    struct el_sys_signals *signals;
    int state_dir, images;
    struct el_state *state;
    struct el_registry_store store;
    struct el_registry *registry;
    struct el_net_timer *due;
    struct el_hub_sync *sync;
    struct el_hub_lives *lives; /* of machines, as boot services report them */
    struct el_hub_timeline *timeline;
    struct el_hub_recent *recent;
    struct el_hub_orders *orders;
    bool first; /* the hub was started, and not only we */
    bool ready; /* the tunnel has been told everything once */
    struct el_events *events;
    struct el_enrol_endpoint endpoints[EL_HUB_PUBLIC_MAX];
    struct el_profile_templates *templates;
    struct el_hub_profiles profiles;
    struct el_node_hub_api *api;
    struct el_api_host *host;
    struct el_api_door operators, spokes;
    struct el_http_route operator_routes[2], spoke_routes[2];
    uid_t owner; /* whose hub it is: he may ask, beside root */
    struct el_http_server *operator_server, *spoke_server;
    struct el_net_lwip_link *inside; /* our tunnel address */
    struct el_nudges *nudges;
    struct el_hub_direct *direct; /* NULL: none are granted */
    bool revise;                  /* leases: the registry has changed */
};

static int64_t wall_s(void *arg)
{
    (void)arg;
    return (int64_t)(el_sys_wall_ns() / EL_S);
}

/* -- what is due -- */

static void arm(struct control *c, bool failed)
{
    int64_t now = wall_s(NULL), at = el_registry_deadline_s(c->registry);
    int64_t other = el_node_hub_api_deadline_s(c->api);

    at = other < at ? other : at;
    other = c->direct ? el_hub_direct_deadline_s(c->direct) : INT64_MAX;
    at = other < at ? other : at;
    if (failed)
        at = now + RETRY_S;
    if (at == INT64_MAX) {
        el_net_timer_set(c->due, EL_NEVER);
        return;
    }
    /* The wall clock may be set: look again within the hour. */
    int64_t wait = at <= now ? 0 : at - now < 3600 ? at - now : 3600;
    el_net_timer_set(c->due, el_net_now_ns(c->net) + (uint64_t)wait * EL_S);
}

/* Who may not see each other any more ends it now; the tunnel has been asked before. */
static void tend_leases(struct control *c)
{
    if (!c->direct)
        return;
    if (c->revise)
        el_hub_direct_revise(c->direct, wall_s(NULL));
    c->revise = false;
    el_hub_direct_tick(c->direct, wall_s(NULL));
}

static void on_due(void *arg)
{
    struct control *c = arg;
    struct el_err err = {""};

    tend_leases(c);
    int rc = el_registry_tick(c->registry, wall_s(NULL), &err);

    if (rc == 0)
        rc = el_node_hub_api_tick(c->api, wall_s(NULL), &err);
    if (rc == 0)
        rc = el_hub_plan_follow(&c->config->plan, c->registry, wall_s(NULL), &err);
    if (rc < 0)
        EL_LOG(EL_LOG_ERROR, "node", "control", EL_STR("error", err.text));
    arm(c, rc < 0);
}

/* -- the registry's observer -- */

static void on_effect(void *arg, const struct el_registry_effect *effect)
{
    struct control *c = arg;

    el_hub_sync_effect(c->sync, effect);
    if (c->orders)
        el_hub_orders_effect(c->orders, effect);
    if (effect->machine)
        return;
    c->revise = true;
    el_net_timer_set(c->due, 0);
}

static void on_relayed(void *arg, const uint8_t from[EL_REGISTRY_KEY_BYTES],
                       const uint8_t to[EL_REGISTRY_KEY_BYTES])
{
    struct control *c = arg;

    if (!c->direct)
        return;
    el_hub_direct_relayed(c->direct, from, to, wall_s(NULL));
    el_net_timer_set(c->due, 0); /* the end of a lease is due, some time */
}

/* Whoever is there, and is not told otherwise that he should ask. */
static void nudge_all(struct control *c)
{
    struct el_hub_peer peer;

    for (size_t i = 0; c->nudges && i < el_registry_spoke_count(c->registry); i++) {
        const struct el_registry_spoke *spoke = el_registry_spoke_at(c->registry, i);
        if (spoke->state == EL_REGISTRY_ENROLLED && el_hub_sync_peer(c->sync, spoke->key, &peer) &&
            peer.up)
            el_nudges_add(c->nudges, &spoke->ip);
    }
}

/* The tunnel has taken in what a spoke is; a revoked one has no session any more, and is called. */
static void on_peer_set(void *arg, const uint8_t key[EL_REGISTRY_KEY_BYTES])
{
    struct control *c = arg;
    const struct el_registry_spoke *spoke = el_registry_spoke_by_key(c->registry, key);
    struct el_hub_peer peer;

    if (!spoke || !c->nudges)
        return;
    if (spoke->state == EL_REGISTRY_REVOKED ? !spoke->told
                                            : el_hub_sync_peer(c->sync, key, &peer) && peer.up)
        el_nudges_add(c->nudges, &spoke->ip);
}

/* One that comes back may have missed something: what we did before our restart, too. */
static void on_peer(void *arg, const uint8_t key[EL_REGISTRY_KEY_BYTES],
                    const struct el_hub_peer *peer)
{
    struct control *c = arg;

    if (!peer->up)
        return;
    on_peer_set(arg, key);
    if (c->direct)
        el_hub_direct_moved(c->direct, key);
}

/* And says nothing to the tunnel about each of them. */
static bool concerns_spokes(const struct el_registry_event *event)
{
    switch (event->kind) {
    case EL_REGISTRY_NETWORK_EXPIRING:
    case EL_REGISTRY_NETWORK_CHANGED:
    case EL_REGISTRY_NETWORK_REMOVED:
    case EL_REGISTRY_LOOP:
    case EL_REGISTRY_LOOP_GONE: return true;
    default: return false;
    }
}

static void on_event(void *arg, const struct el_registry_event *event)
{
    struct control *c = arg;

    EL_LOG(EL_LOG_INFO, "node", el_registry_event_names[event->kind],
           EL_STR("spoke", event->spoke ? event->spoke->name : NULL),
           EL_STR("token", event->token ? event->token->name : NULL),
           EL_STR("network", event->network ? event->network->name : NULL),
           EL_STR("port", event->port ? event->port->name : NULL),
           EL_STR("machine", event->machine ? event->machine->name : NULL),
           EL_STR("state", event->port ? el_registry_port_state_names[event->port->state] : NULL),
           EL_STR("profile", event->profile ? event->profile->name : NULL),
           EL_STR("why", event->why && event->why[0] ? event->why : NULL));
    bool regions =
        event->kind == EL_REGISTRY_SPOKE_ENROLLED || event->kind == EL_REGISTRY_SPOKE_REVOKED;
    if ((event->profile || regions) && c->orders)
        el_hub_orders_again(c->orders);
    if (!c->api)
        return; /* nobody can watch yet */
    el_node_hub_api_event(c->api, event);
    if (concerns_spokes(event))
        nudge_all(c);
    el_net_timer_set(c->due, 0); /* something may be due earlier than was thought */
}

/* -- machines -- */

static void on_life(void *arg, uint32_t vni, const struct el_life *life,
                    const struct el_life *before)
{
    const struct control *c = arg;
    const struct el_hub_life known = {vni, *life};

    if (c->api)
        el_node_hub_api_life(c->api, &known, before, wall_s(NULL));
}

/* Profile number I for boot services. One that cannot be read any more is told without its
 * document: a machine that is to be installed with it is told why it is not. */
static bool profile_at(void *arg, size_t i, struct el_order_profile *to)
{
    const struct control *c = arg;
    struct el_profile *profile = NULL;
    struct el_err err = {""};

    if (i >= el_registry_profile_count(c->registry))
        return false;
    const struct el_registry_profile *row = el_registry_profile_at(c->registry, i);
    _Static_assert(sizeof to->name == sizeof row->name && sizeof to->image == sizeof row->image,
                   "one length");
    memcpy(to->name, row->name, sizeof to->name);
    memcpy(to->image, row->image, sizeof to->image);
    if (el_hub_profile_get(c->registry, row->name, &profile, &err) < 0) {
        EL_LOG(EL_LOG_ERROR, "node", "profile", EL_STR("profile", row->name),
               EL_STR("error", err.text));
        return true;
    }
    const struct el_profile_template *template =
        el_profile_templates_find(c->templates, profile->template_name);
    to->tells = template && el_profile_template_tells(template);
    to->live = template && el_profile_template_running(template);
    to->document = el_profile_json(profile, true);
    el_profile_free(profile);
    return true;
}

static void on_step(void *arg, uint32_t vni, const struct el_order_step *step)
{
    const struct control *c = arg;

    el_hub_timeline_put(c->timeline, vni, step);
}

static void on_server(void *arg, uint32_t vni, const struct el_order_server *server)
{
    const struct control *c = arg;

    if (c->api)
        el_node_hub_api_server(c->api, vni, server, wall_s(NULL));
}

static void on_recent(void *arg, uint32_t vni, int fd)
{
    const struct control *c = arg;

    el_hub_recent_set(c->recent, vni, fd);
}

static void on_orders(void *arg, uint32_t vni, int fd)
{
    const struct control *c = arg;

    el_hub_orders_channel(c->orders, vni, fd);
}

static int make_orders(struct control *c, struct el_err *err)
{
    struct el_hub_orders_config config = {.loop = el_net_kernel_loop(c->net),
                                          .registry = c->registry,
                                          .policy = c->config->policy,
                                          .wall_s = wall_s,
                                          .profile = profile_at,
                                          .life = on_life,
                                          .step = on_step,
                                          .server = on_server,
                                          .arg = c};

    for (unsigned i = 0; i < c->config->peers.count && i < EL_ORDER_REGIONS; i++)
        snprintf(config.policy.regions[config.policy.region_count++], EL_LIFE_NAME, "%.63s",
                 c->config->peers.items[i].name);
    c->lives = el_hub_lives_new();
    c->timeline = el_hub_timeline_new(c->registry, el_sys_wall_ns());
    c->recent = el_hub_recent_new(c->registry);
    config.lives = c->lives;
    return c->lives && c->timeline && c->recent ? el_hub_orders_new(&config, &c->orders, err)
                                                : el_err(err, EL_ENOMEM, "out of memory");
}

/* -- loops -- */

/* Whose KEY that is: a spoke's, or one's of the command line. */
static const char *name_of(const struct control *c, const uint8_t key[EL_REGISTRY_KEY_BYTES])
{
    const struct el_registry_spoke *spoke = el_registry_spoke_by_key(c->registry, key);

    for (unsigned i = 0; i < c->config->peers.count; i++)
        if (memcmp(c->config->peers.items[i].key, key, EL_REGISTRY_KEY_BYTES) == 0)
            return c->config->peers.items[i].name;
    return spoke ? spoke->name : "another";
}

static enum el_node_hub_loop loop_of(void *arg, const uint8_t key[EL_REGISTRY_KEY_BYTES],
                                     uint32_t vni, const char **other)
{
    const struct control *c = arg;
    struct el_hub_loop loops[LOOPS];
    unsigned count = el_hub_sync_loops(c->sync, key, loops, LOOPS);
    enum el_node_hub_loop found = EL_NODE_HUB_NO_LOOP;

    for (unsigned i = 0; i < count && found != EL_NODE_HUB_SHUT_OUT; i++) {
        bool out = memcmp(loops[i].out, key, sizeof loops[i].out) == 0;
        if (loops[i].vni != vni)
            continue;
        *other = name_of(c, out ? loops[i].in : loops[i].out);
        found = out ? EL_NODE_HUB_SHUT_OUT : EL_NODE_HUB_LET_IN;
    }
    return found;
}

static void on_loop(void *arg, const struct el_hub_loop *loop, bool ended)
{
    struct control *c = arg;
    char why[128];
    struct el_registry_event event = {
        .kind = ended ? EL_REGISTRY_LOOP_GONE : EL_REGISTRY_LOOP,
        .at_s = wall_s(NULL),
        .spoke = el_registry_spoke_by_key(c->registry, loop->out),
        .network = el_registry_network_by_vni(c->registry, loop->vni),
        .why = why,
    };

    snprintf(why, sizeof why, "%s %s %s", name_of(c, loop->out),
             ended ? "is no longer on the LAN of" : "is shut out: it bridges the LAN of",
             name_of(c, loop->in));
    on_event(c, &event);
}

/* -- who asks -- */

static bool who_inside(void *arg, const struct el_endpoint *client, struct el_api_asker *asker)
{
    struct control *c = arg;

    return el_node_hub_api_asker(c->api, client, asker) == 0;
}

/* Something may be due earlier than was thought. */
static void on_other_deadline(void *arg)
{
    el_net_timer_set(((struct control *)arg)->due, 0);
}

static int where(void *arg, const uint8_t key[32], struct el_endpoint *endpoint)
{
    struct control *c = arg;
    struct el_hub_peer peer;

    if (!el_hub_sync_peer(c->sync, key, &peer) || !peer.up)
        return EL_ENOENT;
    *endpoint = peer.endpoint;
    return 0;
}

static int own(void *arg, uint32_t vni, struct el_mac *mac)
{
    return el_hub_sync_own(((struct control *)arg)->sync, vni, mac);
}

static void nudge(void *arg, const struct el_ip *ip)
{
    struct control *c = arg;

    if (c->nudges)
        el_nudges_add(c->nudges, ip);
}

static int make_direct(struct control *c, struct el_err *err)
{
    struct el_hub_direct_config config = {c->registry, where, nudge, c};

    return c->config->no_direct ? 0 : el_hub_direct_new(&config, &c->direct, err);
}

/* -- the second factor's program -- */

static int ask_program(void *arg, const struct el_node_hub_question *question, struct el_err *err)
{
    struct control *c = arg;
    struct el_errand_question what;

    memset(&what, 0, sizeof what); /* it leaves this process whole */
    snprintf(what.name, sizeof what.name, "%s", question->name);
    memcpy(what.enrolment_key, question->enrolment_key, sizeof what.enrolment_key);
    memcpy(what.key, question->key, sizeof what.key);
    what.from = *question->from;
    return el_hub_sync_ask(c->sync, &what, err);
}

static void on_answered(void *arg, const struct el_errand_question *question,
                        enum el_enrol_program said)
{
    const struct control *c = arg;

    if (c->api)
        el_node_hub_api_answer(c->api, question->enrolment_key, question->key, said, wall_s(NULL));
}

/* Who names a program wants it asked. One that is missing lets nobody in. */
static int switch_program_on(struct control *c, struct el_err *err)
{
    struct el_registry_second_factor policy = *el_registry_second_factor(c->registry);
    bool on = policy.factors & EL_REGISTRY_FACTOR_PROGRAM;
    int rc = 0;

    if (on && !c->config->program)
        EL_LOG(EL_LOG_WARN, "node", "second-factor",
               EL_STR("error", "a program is to be asked, and this hub has none: nobody can enrol"),
               EL_STR("hint", "--second-factor-exec PROGRAM, or el2w second-factor none"));
    policy.factors |= EL_REGISTRY_FACTOR_PROGRAM;
    if (!on && c->config->program && !c->config->plan.has_factors)
        rc = el_registry_second_factor_set(c->registry, &policy, wall_s(NULL), err);
    sodium_memzero(&policy, sizeof policy);
    return rc;
}

/* -- the two doors -- */

static int open_inside(struct control *c, struct el_err *err)
{
    struct el_net_lwip_link_config config = {
        .network = {.address = {el_ip4(EL_NODE_HUB_ADDRESS), 10}, .mtu = EL_NODE_INSIDE_MTU}};
    int fd = el_sys_fds_take("inside");

    if (fd < 0)
        return 0;
    int rc = el_net_lwip_link_packets(c->net, &config, fd, &c->inside, err);
    if (rc < 0)
        close(fd);
    return rc == 0 ? el_nudges_new(el_net_lwip_link_net(c->inside), &c->nudges, err) : rc;
}

static int open_doors(struct control *c, struct el_err *err)
{
    struct el_http_server_config operators = {
        .listen = {.inherited_fd = el_sys_fds_take("api"), .owner = c->owner},
        .routes = c->operator_routes};
    struct el_http_server_config spokes = {
        .listen = {.bind = {.ip = el_ip4(EL_NODE_HUB_ADDRESS), .port = API_PORT},
                   .inherited_fd = -1},
        .routes = c->spoke_routes};
    int rc = el_api_host_new(c->net, el_node_hub_api(c->api), &c->host);

    if (rc < 0)
        return el_err(err, rc, "out of memory");
    c->operators = (struct el_api_door){c->host, el_api_door_operator, NULL};
    c->spokes = (struct el_api_door){c->host, who_inside, c};
    c->operator_routes[0] = el_api_door_route(&c->operators);
    c->spoke_routes[0] = el_api_door_route(&c->spokes);
    if (operators.listen.inherited_fd >= 0)
        rc = el_http_server_start(c->net, &operators, &c->operator_server, err);
    if (rc == 0)
        rc = open_inside(c, err);
    if (rc == 0 && c->inside)
        rc = el_http_server_start(el_net_lwip_link_net(c->inside), &spokes, &c->spoke_server, err);
    return rc;
}

/* -- setting up -- */

/* The tunnel's part of the command line: what nobody else may have. */
static int reserve(struct control *c, struct el_err *err)
{
    for (unsigned i = 0; i < c->config->peers.count; i++) {
        const struct el_node_peer *peer = &c->config->peers.items[i];
        int rc = el_registry_reserve(c->registry, peer->name, peer->key, &peer->ip, err);
        if (rc < 0)
            return rc;
    }
    return 0;
}

static bool is_over(const struct el_registry_network *network)
{
    return network->expires_s && network->expires_s <= wall_s(NULL);
}

/* The network of the command line, which is served and, but for who was named there, not published.
 * It is made when the hub is started: if it ends or is removed while that runs, it has ended. A
 * lifetime that it was given since it keeps. */
static int make_network(struct control *c, struct el_err *err)
{
    const struct el_hub_control_config *config = c->config;
    const struct el_registry_network *there = el_registry_network(c->registry, config->network);
    struct el_registry_network_request request = {.name = config->network,
                                                  .vni = (uint32_t)config->vni,
                                                  .cidr = config->cidr,
                                                  .prefix6 = config->prefix6,
                                                  .to_all = EL_REGISTRY_TO_UNPUBLISHED,
                                                  .published = true,
                                                  .expires_s = there ? there->expires_s : 0};
    struct el_err why = {""};

    if (!c->first && (!there || is_over(there)))
        return 0;
    int rc = el_registry_network_create(c->registry, &request, wall_s(NULL), &why);

    return rc == EL_EEXIST
               ? el_err(err, rc, "%s; start the hub as before, and remove it (el2w network remove)",
                        why.text)
           : rc < 0 ? el_err(err, rc, "%s", why.text)
                    : 0;
}

/* What contradicts what we remember is no better the next time. */
static int contradiction(int rc)
{
    return rc == EL_EINVAL || rc == EL_EFULL ? EL_EEXIST : rc;
}

static int take_command_line(struct control *c, struct el_err *err)
{
    int rc = reserve(c, err);

    return contradiction(rc == 0 ? make_network(c, err) : rc);
}

static int start_anew(struct control *c, struct el_err *err)
{
    int rc = el_registry_ports_down(c->registry, "the hub was started", wall_s(NULL), err);

    if (rc == 0) /* before the machines that have them */
        rc = contradiction(
            el_hub_plan_apply_profiles(&c->config->plan, &c->profiles, wall_s(NULL), err));
    if (rc == 0)
        rc = contradiction(el_hub_plan_apply(&c->config->plan, c->registry, wall_s(NULL), err));
    return rc == 0 ? switch_program_on(c, err) : rc;
}

/* If it is the hub that was started, and not only we, all that ran has ended, so has what was to
 * end meanwhile, and what its file says counts. The message that says so is taken when that is on
 * the disk. */
static int begin(struct control *c, struct el_err *err)
{
    int fd = el_sys_fds_take("first");
    char word[8];
    int rc = 0;

    c->first = fd >= 0 && recv(fd, word, sizeof word, MSG_PEEK | MSG_DONTWAIT) > 0;
    if (c->first)
        rc = el_registry_tick(c->registry, wall_s(NULL), err);
    if (rc == 0)
        rc = take_command_line(c, err);
    if (rc == 0 && c->first)
        rc = start_anew(c, err);
    if (!c->first)
        el_hub_plan_resume(&c->config->plan, c->registry);
    if (rc == 0 && c->first)
        (void)!recv(fd, word, sizeof word, MSG_DONTWAIT);
    if (fd >= 0)
        close(fd);
    return rc;
}

/* What kind of answers the image NAME takes: profiles are checked against it. */
static int find_installer(void *arg, const char *name, char installer[EL_HUB_INSTALLER])
{
    const struct control *c = arg;
    struct el_boot_entry entry;
    int rc = el_image_library_read(c->images, name, &entry, NULL);

    if (rc == 0)
        snprintf(installer, EL_HUB_INSTALLER, "%s", entry.installer);
    return rc < 0 ? EL_ENOENT : 0;
}

static int open_templates(struct control *c, struct el_err *err)
{
    int fd = el_sys_fds_take("templates");
    int rc = 0;

    if (c->images >= 0) {
        c->profiles.image = find_installer;
        c->profiles.arg = c;
    }
    c->templates = el_profile_templates_new(err);
    c->profiles.templates = c->templates;
    if (c->templates && fd >= 0)
        rc = el_profile_templates_read(c->templates, fd, err);
    if (fd >= 0)
        close(fd);
    return c->templates && rc >= 0 ? 0 : EL_EIO;
}

static int open_registry(struct control *c, struct el_err *err)
{
    struct el_registry_observer observer = {on_effect, on_event, c};

    c->state_dir = el_sys_fds_take("state");
    c->state = el_state_open(EL_STATE_CONTROL, c->state_dir, "state", err);
    if (!c->state)
        return EL_EIO;
    el_state_registry_store(c->state, &c->store);
    int rc = el_registry_new(&c->store, &observer, &c->registry, err);
    c->profiles.registry = c->registry;
    return rc;
}

static void on_complete(void *arg)
{
    struct control *c = arg;

    if (c->ready)
        return;
    c->ready = true;
    el_sys_notify_ready();
    el_sys_fds_close_rest();
}

static int open_sync(struct control *c, struct el_err *err)
{
    struct el_hub_sync_config config = {.loop = el_net_kernel_loop(c->net),
                                        .manage = el_sys_fds_take("manage"),
                                        .errand = el_sys_fds_take("errand"),
                                        .lanes = (unsigned)c->config->lanes,
                                        .wall_s = wall_s,
                                        .complete = on_complete,
                                        .answered = on_answered,
                                        .looped = on_loop,
                                        .peer = on_peer,
                                        .peer_set = on_peer_set,
                                        .relayed = on_relayed,
                                        .orders = on_orders,
                                        .recent = on_recent,
                                        .arg = c};

    if (config.manage < 0 || config.errand < 0)
        return el_err(err, EL_EINVAL, "control is started by el2w hub, and by nobody else");
    return el_hub_sync_new(&config, &c->sync, err);
}

/* An interface of ours is no way to reach us. */
static bool is_network(void *arg, const char *interface)
{
    const struct control *c = arg;

    return el_registry_network(c->registry, interface) != NULL;
}

static unsigned fill_endpoints(struct control *c)
{
    const struct el_hub_control_config *config = c->config;
    struct el_ip ips[EL_HUB_PUBLIC_MAX];
    unsigned count = 0;

    for (; count < config->endpoint_count; count++) {
        struct el_enrol_endpoint *endpoint = &c->endpoints[count];
        char host[256];
        el_node_split_endpoint(config->endpoints[count], (uint16_t)config->listen, host,
                               &endpoint->port);
        snprintf(endpoint->host, sizeof endpoint->host, "%.253s", host);
    }
    if (count > 0)
        return count;
    unsigned found = el_hub_endpoints(is_network, c, ips, EL_HUB_PUBLIC_MAX);
    for (; count < found; count++) {
        el_ip_text(&ips[count], c->endpoints[count].host);
        c->endpoints[count].port = (uint16_t)config->listen;
    }
    return count;
}

static int make_api(struct control *c, struct el_err *err)
{
    struct el_node_hub_api_config config = {
        .registry = c->registry,
        .version = c->config->version,
        .endpoints = c->endpoints,
        .endpoint_count = fill_endpoints(c),
        .given = &c->config->peers,
        .given_network = c->config->network,
        .started_s = wall_s(NULL),
        .fast = el_tunnel_wire_check(EL_TUNNEL_FAST, NULL) == 0,
        .where = where,
        .own = own,
        .direct = c->direct,
        .lives = c->lives,
        .timeline = c->timeline,
        .recent = c->recent,
        .ask = c->config->program ? ask_program : NULL,
        .loop = loop_of,
        .profiles = c->profiles,
        .due = on_other_deadline,
        .images = c->images,
        .images_path = c->config->images,
        .arg = c,
    };

    memcpy(config.key, c->config->public_key, sizeof config.key);
    c->events = el_events_new(EVENTS, el_sys_wall_ns());
    if (!c->events)
        return el_err(err, EL_ENOMEM, "out of memory");
    config.events = c->events;
    return el_node_hub_api_new(&config, &c->api, err);
}

static void on_signal(void *arg, int signum)
{
    struct control *c = arg;

    if (signum != SIGHUP)
        el_net_kernel_stop(c->net);
}

static int make_loop(struct control *c, struct el_err *err)
{
    int rc = el_net_kernel_new(&c->net, err);

    if (rc == 0)
        rc = el_sys_signals_watch(el_net_kernel_loop(c->net), on_signal, c, &c->signals, err);
    if (rc == 0)
        c->due = el_net_timer_new(c->net, on_due, c);
    return rc == 0 && !c->due ? el_err(err, EL_ENOMEM, "out of memory") : rc;
}

/* Its database and entries of images are all that it opens by name. */
static int confine(const struct control *c, struct el_err *err)
{
    struct el_sys_place places[] = {{el_sys_fds_peek("state"), true}, {c->images, false}};
    struct el_sys_confine_config config = {.places = places, .count = 2, .resolver = false};

    return el_sys_confine(&config, err);
}

static int set_up(struct control *c, struct el_err *err)
{
    uint64_t user = c->config->user;
    struct el_sys_drop_config drop = {.uid = (uid_t)user, .gid = (gid_t)user};

    c->owner = geteuid();
    c->images = el_sys_fds_take("images");
    int rc = el_sys_drop(&drop, err);
    if (rc == 0)
        rc = open_templates(c, err);
    if (rc == 0)
        rc = confine(c, err);
    if (rc >= 0)
        rc = make_loop(c, err);
    if (rc == 0)
        rc = open_sync(c, err);
    if (rc == 0)
        rc = open_registry(c, err);
    if (rc == 0)
        rc = begin(c, err);
    if (rc == 0)
        rc = make_direct(c, err);
    if (rc == 0)
        rc = make_orders(c, err);
    if (rc == 0)
        rc = make_api(c, err);
    if (rc == 0)
        rc = open_doors(c, err);
    if (rc < 0)
        return rc;
    el_hub_sync_start(c->sync, c->registry);
    on_due(c);
    return 0;
}

static void tear_down(struct control *c)
{
    el_http_server_stop(c->operator_server);
    el_http_server_stop(c->spoke_server);
    el_api_host_free(c->host);
    el_nudges_free(c->nudges);
    el_net_lwip_link_close(c->inside);
    el_hub_sync_free(c->sync);
    el_hub_orders_free(c->orders);
    el_net_timer_free(c->due);
    if (c->signals)
        el_sys_signals_free(c->signals);
    el_net_kernel_free(c->net);
    el_node_hub_api_free(c->api);
    el_profile_templates_free(c->templates);
    el_hub_direct_free(c->direct);
    el_hub_lives_free(c->lives);
    el_hub_timeline_free(c->timeline);
    el_hub_recent_free(c->recent);
    el_events_free(c->events);
    el_registry_free(c->registry);
    el_state_close(c->state);
    if (c->state_dir >= 0)
        close(c->state_dir);
    if (c->images >= 0)
        close(c->images);
}

int el_hub_control_run(struct el_hub_control_config *config, struct el_err *err)
{
    struct control control = {.config = config, .state_dir = -1, .images = -1};
    int rc = set_up(&control, err);

    if (rc == 0)
        el_net_kernel_run(control.net);
    tear_down(&control);
    return rc;
}
