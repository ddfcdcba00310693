/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The registry's effects on their way to a tunnel and a supervisor, both played by the test: what
 * they are asked, in which order, and what becomes of ports.
 */
#include "hub/hub_sync.h"

#include "hub/errand.h"
#include "link/manage.h"
#include "net/kernel.h"
#include "sys/message.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { LANES = 2, VNI = 77 };

struct world {
    struct el_net *net;
    struct el_registry *registry;
    struct el_hub_sync *sync;
    int tunnel, supervisor; /* our ends */
    unsigned completed, peers_told;
    int queue; /* what the supervisor gives as a queue */
    unsigned loops_found, loops_ended;
    struct el_hub_loop loop;
    unsigned answered;
    struct el_errand_question about;
    enum el_enrol_program said;
};

static int64_t wall_s(void *arg)
{
    (void)arg;
    return 1000;
}

static void on_complete(void *arg)
{
    ((struct world *)arg)->completed++;
}

static void on_peer(void *arg, const uint8_t key[EL_REGISTRY_KEY_BYTES],
                    const struct el_hub_peer *peer)
{
    (void)key;
    (void)peer;
    ((struct world *)arg)->peers_told++;
}

static void on_answered(void *arg, const struct el_errand_question *question,
                        enum el_enrol_program said)
{
    struct world *world = arg;

    world->answered++;
    world->about = *question;
    world->said = said;
}

static void on_loop(void *arg, const struct el_hub_loop *loop, bool ended)
{
    struct world *world = arg;

    world->loops_found += !ended;
    world->loops_ended += ended;
    world->loop = *loop;
}

static void on_effect(void *arg, const struct el_registry_effect *effect)
{
    el_hub_sync_effect(((struct world *)arg)->sync, effect);
}

static void on_event(void *arg, const struct el_registry_event *event)
{
    (void)arg;
    (void)event;
}

static int begin(void **state)
{
    static struct world world;
    struct el_registry_observer observer = {on_effect, on_event, &world};
    struct el_registry_network_request boot = {
        .name = "boot", .vni = VNI, .to_all = EL_REGISTRY_TO_UNPUBLISHED, .published = true};
    int manage[2], errand[2];
    struct el_err err = {""};

    world = (struct world){.queue = dup(0)};
    *state = &world;
    assert_int_equal(el_net_kernel_new(&world.net, &err), 0);
    assert_int_equal(el_manage_pair(manage), 0);
    assert_int_equal(el_sys_message_pair(errand), 0);
    world.tunnel = manage[0];
    world.supervisor = errand[0];
    struct el_hub_sync_config config = {.loop = el_net_kernel_loop(world.net),
                                        .manage = manage[1],
                                        .errand = errand[1],
                                        .lanes = LANES,
                                        .retry_ms = 1,
                                        .wall_s = wall_s,
                                        .complete = on_complete,
                                        .peer = on_peer,
                                        .looped = on_loop,
                                        .answered = on_answered,
                                        .arg = &world};
    assert_int_equal(el_hub_sync_new(&config, &world.sync, &err), 0);
    assert_int_equal(el_registry_new(NULL, &observer, &world.registry, &err), 0);
    assert_int_equal(el_prefix_parse("192.168.77.0/24", &boot.cidr), 0);
    assert_int_equal(el_registry_network_create(world.registry, &boot, 1000, &err), 0);
    el_hub_sync_start(world.sync, world.registry);
    return 0;
}

static int end(void **state)
{
    struct world *world = *state;

    el_hub_sync_free(world->sync);
    el_net_kernel_free(world->net);
    el_registry_free(world->registry);
    close(world->tunnel);
    close(world->supervisor);
    close(world->queue);
    return 0;
}

static void turn(struct world *world)
{
    uv_run(el_net_kernel_loop(world->net), UV_RUN_NOWAIT);
}

/* The next request to the tunnel, which is not answered yet; its kind, or 0 if there is none. */
static unsigned tunnel_hears(struct world *world, struct el_manage_message *message,
                             unsigned *queues)
{
    int fds[EL_MANAGE_QUEUES];

    for (unsigned i = 0; i < 20; i++) {
        turn(world);
        int rc = el_manage_receive(world->tunnel, message, fds);
        assert_true(rc >= 0);
        if (rc == 0)
            continue;
        *queues = el_manage_fds(message);
        for (unsigned f = 0; f < *queues; f++)
            close(fds[f]);
        return message->kind;
    }
    return 0;
}

static void tunnel_says(struct world *world, const struct el_manage_message *request, int code)
{
    struct el_manage_message answer = {.kind = EL_MANAGE_ANSWER, .sequence = request->sequence};

    answer.answer.code = code;
    assert_int_equal(el_manage_send(world->tunnel, &answer, NULL), 0);
    turn(world);
}

static void tunnel_starts(struct world *world)
{
    struct el_manage_message hello = {.kind = EL_MANAGE_HELLO,
                                      .hello = {.lanes = LANES, .peers_max = 100, .ports_max = 16}};

    assert_int_equal(el_manage_send(world->tunnel, &hello, NULL), 0);
    turn(world);
}

/* The next errand; its kind, or 0 if there is none. */
static unsigned supervisor_hears(struct world *world, struct el_errand *errand)
{
    int fds[EL_SYS_MESSAGE_FDS];
    unsigned count;

    for (unsigned i = 0; i < 20; i++) {
        turn(world);
        if (el_sys_message_receive(world->supervisor, errand, sizeof *errand, fds, &count) == 0)
            return errand->kind;
    }
    return 0;
}

static void supervisor_says(struct world *world, const struct el_errand *request, int code,
                            bool serving)
{
    bool gives =
        code == 0 && (request->kind == EL_ERRAND_NETWORK_UP || request->kind == EL_ERRAND_PORT_UP);
    struct el_errand answer = *request;

    answer.about = request->kind;
    answer.kind = EL_ERRAND_ANSWER;
    answer.code = code;
    answer.serving = serving;
    answer.own = (struct el_mac){{2, 0, 0, 0, 0, 1}};
    strcpy(answer.text, code < 0 ? "there is no room" : "");
    assert_int_equal(el_sys_message_send(world->supervisor, &answer, sizeof answer, &world->queue,
                                         gives ? 1 : 0),
                     0);
    turn(world);
}

/* What is asked after a while: nothing else is. */
static unsigned supervisor_will_hear(struct world *world, struct el_errand *errand)
{
    struct el_manage_message message;
    unsigned kind, queues;

    while (!(kind = supervisor_hears(world, errand))) {
        if (tunnel_hears(world, &message, &queues))
            tunnel_says(world, &message, queues ? 0 : EL_ENOENT);
        poll(NULL, 0, 1);
    }
    return kind;
}

static void service_says(struct world *world, bool serving)
{
    struct el_errand notice = {.kind = EL_ERRAND_SERVICE, .serving = serving};

    strcpy(notice.network.name, "boot");
    assert_int_equal(el_sys_message_send(world->supervisor, &notice, sizeof notice, NULL, 0), 0);
    turn(world);
}

static enum el_registry_port_state state_of(const struct world *world)
{
    return el_registry_port(world->registry, "boot")->state;
}

/* From nothing to a published network, as both sides see it. */
static void goes_up(struct world *world)
{
    struct el_manage_message message;
    struct el_errand errand;
    unsigned queues;

    assert_int_equal(tunnel_hears(world, &message, &queues), EL_MANAGE_BEGIN);
    tunnel_says(world, &message, 0);
    assert_int_equal(tunnel_hears(world, &message, &queues), EL_MANAGE_NETWORK_SET);
    assert_int_equal(queues, 0);
    assert_false(message.network.published);
    tunnel_says(world, &message, EL_ENOENT);

    assert_int_equal(supervisor_hears(world, &errand), EL_ERRAND_NETWORK_UP);
    assert_string_equal(errand.network.name, "boot");
    assert_int_equal(errand.network.vni, VNI);
    assert_int_equal(state_of(world), EL_REGISTRY_DOWN);
    supervisor_says(world, &errand, 0, false);
    assert_int_equal(supervisor_hears(world, &errand), EL_ERRAND_SERVICE_UP);
    supervisor_says(world, &errand, 0, false);
    assert_int_equal(state_of(world), EL_REGISTRY_STARTED);

    /* One queue for each worker, though there is but one. */
    assert_int_equal(tunnel_hears(world, &message, &queues), EL_MANAGE_NETWORK_SET);
    assert_int_equal(queues, LANES);
    assert_false(message.network.published);
    tunnel_says(world, &message, 0);
    assert_int_equal(tunnel_hears(world, &message, &queues), EL_MANAGE_COMPLETE);
    assert_int_equal(world->completed, 0);
    tunnel_says(world, &message, 0);
    assert_int_equal(world->completed, 1);
    assert_int_equal(state_of(world), EL_REGISTRY_STARTED);

    service_says(world, true);
    assert_int_equal(state_of(world), EL_REGISTRY_SECURED);
    assert_int_equal(tunnel_hears(world, &message, &queues), EL_MANAGE_NETWORK_SET);
    assert_int_equal(queues, 0);
    assert_true(message.network.published);
    assert_int_equal(state_of(world), EL_REGISTRY_SECURED); /* not before it is said to be so */
    tunnel_says(world, &message, 0);
    assert_int_equal(state_of(world), EL_REGISTRY_PUBLISHED);
    assert_int_equal(tunnel_hears(world, &message, &queues), 0);
}

static void a_network_comes_up_step_by_step(void **state)
{
    goes_up(*state);
}

static void a_tunnel_that_is_new_is_told_everything(void **state)
{
    struct world *world = *state;
    struct el_manage_message message;
    struct el_errand errand;
    unsigned queues;

    goes_up(world);
    tunnel_starts(world);
    assert_int_equal(tunnel_hears(world, &message, &queues), EL_MANAGE_BEGIN);
    tunnel_says(world, &message, 0);
    assert_int_equal(tunnel_hears(world, &message, &queues), EL_MANAGE_NETWORK_SET);
    tunnel_says(world, &message, EL_ENOENT);
    assert_int_equal(supervisor_hears(world, &errand), EL_ERRAND_NETWORK_UP);
    supervisor_says(world, &errand, 0, true);
    assert_int_equal(tunnel_hears(world, &message, &queues), EL_MANAGE_NETWORK_SET);
    assert_true(message.network.published); /* it was, and nobody has said otherwise */
    tunnel_says(world, &message, 0);
    assert_int_equal(tunnel_hears(world, &message, &queues), EL_MANAGE_COMPLETE);
    tunnel_says(world, &message, 0);
    assert_int_equal(world->completed, 2);
    assert_int_equal(state_of(world), EL_REGISTRY_PUBLISHED);
}

static void a_service_that_dies_takes_no_network_with_it(void **state)
{
    struct world *world = *state;
    struct el_manage_message message;
    unsigned queues;

    goes_up(world);
    service_says(world, false);
    assert_int_equal(state_of(world), EL_REGISTRY_STARTED);
    while (tunnel_hears(world, &message, &queues)) {
        assert_int_equal(message.kind, EL_MANAGE_NETWORK_SET);
        assert_true(message.network.published);
        tunnel_says(world, &message, 0);
    }
    service_says(world, true);
    while (tunnel_hears(world, &message, &queues)) {
        assert_true(message.network.published);
        tunnel_says(world, &message, 0);
    }
    assert_int_equal(state_of(world), EL_REGISTRY_PUBLISHED);
}

static void what_is_unpublished_is_shut_before_it_is_said_to_be(void **state)
{
    struct world *world = *state;
    struct el_manage_message message;
    struct el_err err;
    unsigned queues;

    goes_up(world);
    assert_int_equal(
        el_registry_port_want(world->registry, "boot", EL_REGISTRY_SECURED, 1000, &err), 0);
    assert_int_equal(state_of(world), EL_REGISTRY_PUBLISHED);
    assert_int_equal(tunnel_hears(world, &message, &queues), EL_MANAGE_NETWORK_SET);
    assert_false(message.network.published);
    tunnel_says(world, &message, 0);
    assert_int_equal(state_of(world), EL_REGISTRY_SECURED);
}

/* And is asked again until it can. */
static void a_supervisor_that_cannot_says_why(void **state)
{
    struct world *world = *state;
    struct el_manage_message message;
    struct el_errand errand;
    unsigned queues;

    assert_int_equal(tunnel_hears(world, &message, &queues), EL_MANAGE_BEGIN);
    tunnel_says(world, &message, 0);
    assert_int_equal(tunnel_hears(world, &message, &queues), EL_MANAGE_NETWORK_SET);
    tunnel_says(world, &message, EL_ENOENT);
    assert_int_equal(supervisor_hears(world, &errand), EL_ERRAND_NETWORK_UP);
    supervisor_says(world, &errand, EL_EFULL, false);
    assert_int_equal(state_of(world), EL_REGISTRY_DOWN);
    assert_string_equal(el_registry_port(world->registry, "boot")->why, "there is no room");
    assert_int_equal(tunnel_hears(world, &message, &queues), EL_MANAGE_COMPLETE);
    tunnel_says(world, &message, 0);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(supervisor_will_hear(world, &errand), EL_ERRAND_NETWORK_UP);
        supervisor_says(world, &errand, i < 2 ? EL_EFULL : 0, false);
    }
    assert_int_equal(supervisor_hears(world, &errand), EL_ERRAND_SERVICE_UP);
    supervisor_says(world, &errand, EL_EIO, false);
    assert_int_equal(tunnel_hears(world, &message, &queues), EL_MANAGE_NETWORK_SET);
    assert_int_equal(queues, LANES);
    tunnel_says(world, &message, 0);

    /* So is a service that cannot be started. */
    while (supervisor_hears(world, &errand) != EL_ERRAND_SERVICE_UP)
        poll(NULL, 0, 1);
    supervisor_says(world, &errand, 0, true);
    while (tunnel_hears(world, &message, &queues))
        tunnel_says(world, &message, 0);
    assert_int_equal(state_of(world), EL_REGISTRY_PUBLISHED);
    assert_int_equal(supervisor_hears(world, &errand), 0);
}

static void a_network_that_goes_while_it_comes_is_gone(void **state)
{
    struct world *world = *state;
    struct el_manage_message message;
    struct el_errand errand;
    struct el_err err;
    unsigned queues;

    assert_int_equal(tunnel_hears(world, &message, &queues), EL_MANAGE_BEGIN);
    tunnel_says(world, &message, 0);
    assert_int_equal(tunnel_hears(world, &message, &queues), EL_MANAGE_NETWORK_SET);
    struct el_manage_message set = message;
    assert_int_equal(el_registry_network_remove(world->registry, "boot", 1000, &err), 0);
    assert_int_equal(tunnel_hears(world, &message, &queues), EL_MANAGE_NETWORK_REMOVE);
    assert_int_equal(supervisor_hears(world, &errand), EL_ERRAND_NETWORK_DOWN);
    tunnel_says(world, &set, EL_ENOENT);
    tunnel_says(world, &message, EL_ENOENT);
    supervisor_says(world, &errand, 0, false);
    assert_int_equal(supervisor_hears(world, &errand), 0);
    assert_int_equal(tunnel_hears(world, &message, &queues), EL_MANAGE_COMPLETE);
}

/* Up to the errand for the interface, which is not answered yet. */
static void asks_for_port(struct world *world, int tunnel_says_code, struct el_errand *errand)
{
    struct el_manage_message message;
    unsigned queues;

    assert_int_equal(tunnel_hears(world, &message, &queues), EL_MANAGE_BEGIN);
    tunnel_says(world, &message, 0);
    assert_int_equal(tunnel_hears(world, &message, &queues), EL_MANAGE_NETWORK_SET);
    tunnel_says(world, &message, tunnel_says_code);
    assert_int_equal(supervisor_hears(world, errand), EL_ERRAND_NETWORK_UP);
}

/* Control was started again, the tunnel was not: it has the port, whose address we do not know. */
static void a_port_that_was_there_before_us_is_fetched(void **state)
{
    struct world *world = *state;
    struct el_manage_message message;
    struct el_errand errand;
    unsigned queues;

    asks_for_port(world, EL_EINVAL, &errand);
    supervisor_says(world, &errand, 0, true);
    assert_int_equal(supervisor_hears(world, &errand), EL_ERRAND_SERVICE_UP);
    supervisor_says(world, &errand, 0, true);
    assert_int_equal(tunnel_hears(world, &message, &queues), EL_MANAGE_NETWORK_SET);
    assert_int_equal(queues, LANES);
    tunnel_says(world, &message, 0);
    while (tunnel_hears(world, &message, &queues) && message.kind != EL_MANAGE_COMPLETE)
        tunnel_says(world, &message, 0);
    assert_int_equal(message.kind, EL_MANAGE_COMPLETE);
    assert_int_equal(state_of(world), EL_REGISTRY_PUBLISHED);
}

static void what_came_too_late_is_not_taken_for_another(void **state)
{
    struct world *world = *state;
    struct el_registry_network_request again = {
        .name = "boot", .vni = VNI + 1, .to_all = EL_REGISTRY_TO_NONE};
    struct el_manage_message message;
    struct el_errand first, errand;
    struct el_err err;
    unsigned queues;

    asks_for_port(world, EL_ENOENT, &first);
    assert_int_equal(el_registry_network_remove(world->registry, "boot", 1000, &err), 0);
    assert_int_equal(tunnel_hears(world, &message, &queues), EL_MANAGE_NETWORK_REMOVE);
    tunnel_says(world, &message, EL_ENOENT);
    assert_int_equal(tunnel_hears(world, &message, &queues), EL_MANAGE_COMPLETE);
    tunnel_says(world, &message, 0);
    assert_int_equal(world->completed, 1);

    assert_int_equal(el_prefix_parse("192.168.77.0/24", &again.cidr), 0);
    assert_int_equal(el_registry_network_create(world->registry, &again, 1000, &err), 0);
    assert_int_equal(tunnel_hears(world, &message, &queues), EL_MANAGE_NETWORK_SET);
    assert_int_equal(message.network.vni, VNI + 1);
    supervisor_says(world, &first, 0, false); /* the interface of the one that is gone */
    tunnel_says(world, &message, EL_ENOENT);
    assert_int_equal(tunnel_hears(world, &message, &queues), 0);
    assert_int_equal(supervisor_hears(world, &errand), EL_ERRAND_NETWORK_DOWN);
    assert_int_equal(supervisor_hears(world, &errand), EL_ERRAND_NETWORK_UP);
    assert_int_equal(errand.network.vni, VNI + 1);
}

static void networks_that_go_while_they_come_leave_their_places(void **state)
{
    struct world *world = *state;
    struct el_registry_network_request request = {.name = "lab", .to_all = EL_REGISTRY_TO_NONE};
    struct el_manage_message message;
    struct el_errand errand;
    struct el_err err;
    unsigned queues;

    goes_up(world);
    assert_int_equal(el_prefix_parse("192.168.78.0/24", &request.cidr), 0);
    for (unsigned i = 0; i < EL_REGISTRY_NETWORKS + 1; i++) {
        request.vni = 100 + i;
        assert_int_equal(el_registry_network_create(world->registry, &request, 1000, &err), 0);
        assert_int_equal(tunnel_hears(world, &message, &queues), EL_MANAGE_NETWORK_SET);
        tunnel_says(world, &message, EL_ENOENT);
        assert_int_equal(supervisor_hears(world, &errand), EL_ERRAND_NETWORK_UP);
        assert_int_equal(el_registry_network_remove(world->registry, "lab", 1000, &err), 0);
        assert_int_equal(tunnel_hears(world, &message, &queues), EL_MANAGE_NETWORK_REMOVE);
        tunnel_says(world, &message, EL_ENOENT);
        supervisor_says(world, &errand, 0, false);
        assert_int_equal(supervisor_hears(world, &errand), EL_ERRAND_NETWORK_DOWN);
    }
}

static void it_is_known_how_a_peer_stands(void **state)
{
    struct world *world = *state;
    struct el_manage_message said = {.kind = EL_MANAGE_PEER_STATE};
    struct el_hub_peer peer;

    memset(said.state.key, 7, sizeof said.state.key);
    said.state.up = true;
    assert_int_equal(el_endpoint_parse("192.0.2.7:1234", 0, &said.state.endpoint), 0);
    assert_false(el_hub_sync_peer(world->sync, said.state.key, &peer));
    assert_int_equal(el_manage_send(world->tunnel, &said, NULL), 0);
    turn(world);
    assert_int_equal(world->peers_told, 1);
    assert_true(el_hub_sync_peer(world->sync, said.state.key, &peer));
    assert_true(peer.up);
    assert_int_equal(peer.since_s, 1000);
    assert_int_equal(peer.endpoint.port, 1234);
}

/* Another port has no service, and an interface only while it is started. */
static void another_port_comes_and_goes(void **state)
{
    struct world *world = *state;
    struct el_manage_message message;
    struct el_errand errand;
    struct el_err err;
    unsigned queues;

    goes_up(world);
    assert_int_equal(el_registry_port_create(world->registry, "camera", "boot", "", 1000, &err), 0);
    assert_int_equal(tunnel_hears(world, &message, &queues), 0);
    assert_int_equal(
        el_registry_port_want(world->registry, "camera", EL_REGISTRY_SECURED, 1000, &err), 0);
    assert_int_equal(tunnel_hears(world, &message, &queues), EL_MANAGE_PORT_SET);
    assert_string_equal(message.network.name, "camera");
    assert_int_equal(message.network.vni, VNI);
    tunnel_says(world, &message, EL_ENOENT);
    assert_int_equal(supervisor_hears(world, &errand), EL_ERRAND_PORT_UP);
    assert_string_equal(errand.network.name, "camera");
    supervisor_says(world, &errand, 0, false);
    assert_int_equal(tunnel_hears(world, &message, &queues), EL_MANAGE_PORT_SET);
    assert_int_equal(queues, LANES);
    assert_false(message.network.published);
    assert_true(el_mac_is_zero(&message.network.own)); /* who is behind it is not known */
    tunnel_says(world, &message, 0);
    assert_int_equal(el_registry_port(world->registry, "camera")->state, EL_REGISTRY_SECURED);
    assert_int_equal(
        el_registry_port_want(world->registry, "camera", EL_REGISTRY_PUBLISHED, 1000, &err), 0);
    assert_int_equal(tunnel_hears(world, &message, &queues), EL_MANAGE_PORT_SET);
    assert_true(message.network.published);
    tunnel_says(world, &message, 0);
    assert_int_equal(el_registry_port(world->registry, "camera")->state, EL_REGISTRY_PUBLISHED);

    assert_int_equal(el_registry_port_want(world->registry, "camera", EL_REGISTRY_DOWN, 1000, &err),
                     0);
    assert_int_equal(tunnel_hears(world, &message, &queues), EL_MANAGE_PORT_REMOVE);
    assert_string_equal(message.port, "camera");
    assert_int_equal(supervisor_hears(world, &errand), EL_ERRAND_PORT_DOWN);
    assert_int_equal(el_registry_port(world->registry, "camera")->state, EL_REGISTRY_PUBLISHED);
    tunnel_says(world, &message, 0);
    assert_int_equal(el_registry_port(world->registry, "camera")->state, EL_REGISTRY_DOWN);
    assert_int_equal(state_of(world), EL_REGISTRY_PUBLISHED);
    assert_int_equal(supervisor_hears(world, &errand), 0);
}

static void peer_states(struct world *world, const struct el_manage_peer_state *state)
{
    struct el_manage_message said = {.kind = EL_MANAGE_PEER_STATE, .state = *state};

    assert_int_equal(el_manage_send(world->tunnel, &said, NULL), 0);
    turn(world);
}

/* Both who are in a loop are found by it. */
static void a_loop_is_told_once(void **state)
{
    struct el_manage_peer_state said = {
        .key = {7}, .up = true, .loop_count = 1, .loops = {{.vni = VNI, .other = {8}}}};
    struct el_hub_loop loops[2];
    struct world *world = *state;

    peer_states(world, &said);
    assert_int_equal(world->loops_found, 1);
    assert_int_equal(world->loop.vni, VNI);
    assert_memory_equal(world->loop.out, said.key, 32);
    assert_memory_equal(world->loop.in, said.loops[0].other, 32);
    peer_states(world, &said);
    assert_int_equal(world->loops_found, 1);
    assert_int_equal(el_hub_sync_loops(world->sync, said.key, loops, 2), 1);
    assert_int_equal(el_hub_sync_loops(world->sync, said.loops[0].other, loops, 2), 1);
    assert_memory_equal(loops[0].out, said.key, 32);
    assert_int_equal(el_hub_sync_loops(world->sync, said.key, loops, 0), 0);
    assert_int_equal(el_hub_sync_loops(world->sync, (const uint8_t[32]){9}, loops, 2), 0);
    said.loops[0].other[0] = 9; /* for another's sake */
    peer_states(world, &said);
    assert_int_equal(world->loops_found, 2);
    assert_int_equal(world->loops_ended, 1);
    said.loop_count = 0;
    peer_states(world, &said);
    assert_int_equal(world->loops_ended, 2);
    assert_int_equal(el_hub_sync_loops(world->sync, said.key, loops, 2), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

static void a_second_factor_is_asked_through_the_supervisor(void **state)
{
    struct world *world = *state;
    struct el_errand_question mars = {.name = "mars", .enrolment_key = {7}, .key = {1}};
    struct el_manage_message state_of = {.kind = EL_MANAGE_PEER_STATE,
                                         .state = {.key = {7}, .up = true}};
    struct el_errand errand;
    struct el_err err;

    tunnel_starts(world);
    assert_int_equal(el_hub_sync_ask(world->sync, &mars, &err), 0);
    assert_int_equal(supervisor_hears(world, &errand), 0); /* nobody knows where it is */
    assert_int_equal(el_endpoint_parse("198.51.100.7:5", 0, &mars.from), 0);
    state_of.state.endpoint = mars.from;
    assert_int_equal(el_manage_send(world->tunnel, &state_of, NULL), 0);
    assert_int_equal(supervisor_hears(world, &errand), EL_ERRAND_ASK);
    assert_memory_equal(&errand.question, &mars, sizeof mars);
    errand.said = EL_ENROL_PROGRAM_NO;
    supervisor_says(world, &errand, 0, false);
    assert_int_equal(world->answered, 1);
    assert_memory_equal(&world->about, &mars, sizeof mars);
    assert_int_equal(world->said, EL_ENROL_PROGRAM_NO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_network_comes_up_step_by_step),
        TEST(a_tunnel_that_is_new_is_told_everything),
        TEST(a_service_that_dies_takes_no_network_with_it),
        TEST(what_is_unpublished_is_shut_before_it_is_said_to_be),
        TEST(a_supervisor_that_cannot_says_why),
        TEST(a_network_that_goes_while_it_comes_is_gone),
        TEST(a_port_that_was_there_before_us_is_fetched),
        TEST(what_came_too_late_is_not_taken_for_another),
        TEST(networks_that_go_while_they_come_leave_their_places),
        TEST(it_is_known_how_a_peer_stands),
        TEST(a_loop_is_told_once),
        TEST(another_port_comes_and_goes),
        TEST(a_second_factor_is_asked_through_the_supervisor),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
