/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The control API over streams, with its client: answers, events, readers that are slow or gone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "control/api_io.h"
#include "control/client_io.h"
#include "http/http_io.h"
#include "net/memory.h"
#include "unit/control_sample.h"

enum { RING = 64 };

#define OPERATOR 0x0a000002
#define SPOKE    0x0a000003

static const struct el_net_memory_link link = {.delay_ns = 12 * EL_MS, .loss_ppm = 10000};
static struct el_net_world *world;
static struct el_net *hub, *console, *spoke;
static struct sample sample;
static struct el_events *events;
static struct el_api *api;
static struct el_api_host *host;
static struct el_api_door door;
static struct el_http_route routes[2];
static struct el_http_server *server;

static bool by_address(void *arg, const struct el_endpoint *client, struct el_api_asker *asker)
{
    (void)arg;
    switch (el_ip4_number(&client->ip)) {
    case OPERATOR: asker->scope = EL_API_OPERATOR; return true;
    case SPOKE: asker->scope = EL_API_SPOKE; return true;
    default: return false;
    }
}

static struct el_net *host_at(uint32_t address)
{
    struct el_net *made = el_net_memory_host(world, "host");
    const struct el_prefix prefix = {el_ip4(address), 8};

    assert_int_equal(el_net_memory_address(made, "tunnel", &prefix), 0);
    return made;
}

static void server_start(uint64_t epoch)
{
    const struct el_http_server_config config = {
        .listen = {.bind = {.port = 80}, .inherited_fd = -1}, .routes = routes};

    events = el_events_new(RING, epoch);
    api = sample_api(&sample, events);
    assert_int_equal(el_api_host_new(hub, api, &host), 0);
    door = (struct el_api_door){host, by_address, NULL};
    routes[0] = el_api_door_route(&door);
    assert_int_equal(el_http_server_start(hub, &config, &server, NULL), 0);
}

static void server_stop(void)
{
    el_http_server_stop(server);
    el_api_host_free(host);
    el_api_free(api);
    el_events_free(events);
}

static int setup(void **state)
{
    (void)state;
    el_log_setup(EL_LOG_ERROR, EL_LOG_TEXT);
    sample = (struct sample){0};
    world = el_net_memory_world(7);
    hub = host_at(0x0a000001);
    console = host_at(OPERATOR);
    spoke = host_at(SPOKE);
    assert_int_equal(el_net_memory_link(world, NULL, NULL, &link), 0);
    server_start(0xe);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    server_stop();
    el_net_memory_world_free(world);
    return 0;
}

static void run(uint64_t seconds)
{
    el_net_memory_run_until(world, el_net_memory_now(world) + seconds * EL_S);
}

/* -- clients -- */

struct asked {
    struct el_client *client;
    unsigned answers;
    int code, status;
    json_t *body;
    char why[480];
    unsigned counted, resets; /* events */
    long long last;           /* number of the last that was counted */
    char id[EL_SSE_WORD_MAX];
    bool free_in_event;
};

static void on_answer(void *arg, int code, const struct el_control_answer *answer,
                      const struct el_err *err)
{
    struct asked *a = arg;

    a->answers++;
    a->code = code;
    snprintf(a->why, sizeof a->why, "%s", err->text);
    if (!answer)
        return;
    a->status = answer->status;
    a->body = json_incref(answer->body);
    if (el_control_answer_check(answer, NULL) < 0) {
        struct el_err refused;
        (void)el_control_answer_check(answer, &refused);
        snprintf(a->why, sizeof a->why, "%s", refused.text);
    }
}

static void on_event(void *arg, const struct el_sse_event *event, const char *id)
{
    struct asked *a = arg;

    snprintf(a->id, sizeof a->id, "%s", id);
    if (strcmp(event->type, "reset") == 0) {
        a->resets++;
    } else {
        json_t *data = el_json_parse(event->data, strlen(event->data), NULL);
        long long number = json_integer_value(json_object_get(data, "n"));
        assert_string_equal(event->type, "counted");
        if (a->counted + a->resets > 0 && !a->resets)
            assert_int_equal(number, a->last + 1); /* in order, none missing */
        a->last = number;
        a->counted++;
        json_decref(data);
    }
    if (a->free_in_event) {
        el_client_free(a->client);
        a->client = NULL;
    }
}

static void ask(struct asked *a, struct el_net *from, const struct el_control_question *question)
{
    static const struct el_client_events callbacks = {on_answer, on_event};
    const struct el_net_connect_config to = {.to = {.ip = el_ip4(0x0a000001), .port = 80}};
    struct el_err err;

    if (el_client_start(from, &to, "10.0.0.1", question, &callbacks, a, &a->client, &err) < 0)
        fail_msg("%s", err.text);
}

static void asked_end(struct asked *a)
{
    el_client_free(a->client);
    json_decref(a->body);
}

static const struct el_control_question watch_now = {
    .method = "GET", .path = "/v1/events", .is_watch = true};

static void put(unsigned from, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        assert_int_equal(
            el_events_put(events, 784111777, "counted", json_pack("{s:i}", "n", from + i)), 0);
}

/* -- tests -- */

static void questions_and_answers(void **state)
{
    json_t *body = json_pack("{s:s}", "name", "mars");
    struct asked good = {0}, made = {0}, used = {0}, refused = {0};

    (void)state;
    ask(&good, console,
        &(struct el_control_question){.method = "GET", .path = "/v1/spokes?limit=5"});
    ask(&made, console,
        &(struct el_control_question){.method = "POST", .path = "/v1/spokes", .body = body});
    run(5);
    assert_int_equal(good.answers, 1);
    assert_int_equal(good.status, 200);
    assert_int_equal(json_integer_value(json_object_get(good.body, "count")), 5);
    assert_int_equal(made.status, 201);
    json_object_set_new(body, "name", json_string("used"));
    ask(&used, console,
        &(struct el_control_question){.method = "POST", .path = "/v1/spokes", .body = body});
    ask(&refused, spoke, &(struct el_control_question){.method = "GET", .path = "/v1/spokes"});
    run(5);
    assert_int_equal(used.code, 0);
    assert_int_equal(used.status, 409);
    assert_string_equal(used.why, "by venus");
    assert_int_equal(refused.status, 403);
    assert_string_equal(refused.why, "only the operator may ask for this");
    json_decref(body);
    asked_end(&good);
    asked_end(&made);
    asked_end(&used);
    asked_end(&refused);
}

static void nobody_answers(void **state)
{
    static const struct el_net_memory_link down = {.down = true};
    struct asked closed = {0}, silent = {0};

    (void)state;
    el_http_server_stop(server);
    server = NULL;
    ask(&closed, console, &(struct el_control_question){.method = "GET", .path = "/v1/spokes"});
    run(1);
    assert_int_equal(closed.code, EL_ECLOSED);
    assert_int_equal(el_net_memory_link(world, NULL, NULL, &down), 0);
    ask(&silent, console, &(struct el_control_question){.method = "GET", .path = "/v1/spokes"});
    run(EL_CLIENT_TIMEOUT_S + 30);
    assert_int_equal(silent.answers, 1);
    assert_true(silent.code == EL_EAGAIN || silent.code == EL_EIO);
    assert_true(silent.why[0]);
    asked_end(&closed);
    asked_end(&silent);
}

static void events_as_they_happen(void **state)
{
    struct asked a = {0}, b = {0}, spying = {0};

    (void)state;
    put(0, 3); /* before anybody watches */
    ask(&a, console, &watch_now);
    ask(&spying, spoke, &watch_now);
    run(1);
    put(3, 1);
    run(1);
    assert_int_equal(a.counted, 1);
    ask(&b, console, &watch_now);
    run(1);
    put(4, 50);
    run(2);
    assert_int_equal(a.counted, 51);
    assert_int_equal(b.counted, 50);
    assert_int_equal(a.last, 53);
    /* An hour without one: heartbeats keep both sides sure of each other. */
    run(3600);
    assert_int_equal(a.answers + b.answers, 0);
    put(54, 1);
    run(1);
    assert_int_equal(a.last, 54);
    assert_int_equal(a.resets + b.resets, 0);
    assert_int_equal(spying.status, 403);
    assert_int_equal(spying.counted, 0);
    asked_end(&a);
    asked_end(&b);
    asked_end(&spying);
}

/* The connection is lost, also before the first event; nothing is missed, nothing comes twice. */
static void a_watch_is_resumed(void **state)
{
    struct asked a = {0};
    struct el_control_question again = watch_now;
    char id[EL_SSE_WORD_MAX];

    (void)state;
    ask(&a, console, &watch_now);
    run(1);
    for (unsigned i = 0; i < 200; i += 10) {
        put(i, 5);
        run(i % 20 ? 0 : 1); /* some are on their way when it breaks */
        el_net_memory_crash(console);
        el_client_free(a.client);
        put(i + 5, 5);
        strcpy(id, a.id);
        again.last_event_id = id[0] ? id : "e-0";
        ask(&a, console, &again);
        run(2);
        assert_int_equal(a.last, i + 9);
    }
    assert_int_equal(a.counted, 200);
    assert_int_equal(a.resets, 0);
    asked_end(&a);
}

/* What is much has a ring of its own. */
static void steps_push_no_event_out(void **state)
{
    struct asked watches = {0}, later = {0};
    struct el_control_question steps = watch_now, again = watch_now;

    (void)state;
    server_stop();
    sample.steps = el_events_new(RING, 0xd);
    server_start(0xe);
    steps.path = "/v1/steps";
    ask(&watches, console, &steps);
    run(1);
    put(0, 1);
    for (unsigned i = 0; i < 20 * RING; i++)
        el_events_put(sample.steps, 784111777, "counted", json_pack("{s:i}", "n", i));
    again.last_event_id = "e-0";
    ask(&later, console, &again);
    run(5);
    assert_int_equal(later.counted, 1);
    assert_int_equal(later.resets, 0);
    assert_int_equal(watches.resets, 1); /* it was too much at once, and it is told so */
    assert_int_equal(watches.answers, 0);
    asked_end(&watches);
    asked_end(&later);
    server_stop();
    el_events_free(sample.steps);
    sample.steps = NULL;
    server_start(0xe);
}

static void another_life_of_the_hub_resets(void **state)
{
    struct asked a = {0};
    struct el_control_question again = watch_now;

    (void)state;
    ask(&a, console, &watch_now);
    run(1);
    put(0, 5);
    run(1);
    server_stop();
    run(1);
    assert_int_equal(a.answers, 1);
    assert_true(a.code < 0);
    el_client_free(a.client);
    server_start(0xf);
    put(0, 7);
    again.last_event_id = a.id;
    ask(&a, console, &again);
    run(1);
    assert_int_equal(a.resets, 1);
    assert_string_equal(a.id, "f-7");
    assert_int_equal(a.counted, 5);
    asked_end(&a);
}

/* A reader that has stopped reading: others go on, memory is bounded, and it is cut off. */
static void a_slow_watcher_harms_nobody(void **state)
{
    static const char request[] = "GET /v1/events HTTP/1.1\r\nHost: h\r\n\r\n";
    const struct el_net_connect_config to = {.to = {.ip = el_ip4(0x0a000001), .port = 80}};
    static const struct el_net_stream_events none = {0};
    struct el_net_stream *slow;
    struct asked a = {0};

    (void)state;
    ask(&a, console, &watch_now);
    assert_int_equal(el_net_connect(console, &to, &none, NULL, &slow, NULL), 0);
    (void)el_net_stream_write(slow, (const uint8_t *)request, sizeof request - 1);
    el_net_stream_pause(slow, true);
    run(1);
    for (unsigned i = 0; i < 4000; i += 40) {
        put(i, 40);
        run(1);
    }
    assert_int_equal(a.counted, 4000);
    assert_int_equal(a.resets, 0);
    /* It has been hung up on, so there is room for all the watchers again. */
    struct asked more[EL_API_WATCHERS] = {0};
    run(120);
    for (size_t i = 0; i + 1 < EL_API_WATCHERS; i++)
        ask(&more[i], console, &watch_now);
    run(2);
    put(4000, 1);
    run(2);
    size_t heard = 0;
    for (size_t i = 0; i + 1 < EL_API_WATCHERS; i++) {
        heard += more[i].counted == 1;
        asked_end(&more[i]);
    }
    assert_int_equal(heard, EL_API_WATCHERS - 1);
    el_net_stream_close(slow);
    asked_end(&a);
}

/* A watcher that is told something in the middle of a request that changes it. */
static void callbacks_may_free_the_client(void **state)
{
    struct asked a = {.free_in_event = true};

    (void)state;
    ask(&a, console, &watch_now);
    run(1);
    put(0, 3);
    run(1);
    assert_int_equal(a.counted, 1);
    put(3, 3);
    run(60);
    assert_int_equal(a.counted, 1);
    assert_int_equal(a.answers, 0);
    asked_end(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(questions_and_answers, setup, teardown),
        cmocka_unit_test_setup_teardown(nobody_answers, setup, teardown),
        cmocka_unit_test_setup_teardown(events_as_they_happen, setup, teardown),
        cmocka_unit_test_setup_teardown(a_watch_is_resumed, setup, teardown),
        cmocka_unit_test_setup_teardown(steps_push_no_event_out, setup, teardown),
        cmocka_unit_test_setup_teardown(another_life_of_the_hub_resets, setup, teardown),
        cmocka_unit_test_setup_teardown(a_slow_watcher_harms_nobody, setup, teardown),
        cmocka_unit_test_setup_teardown(callbacks_may_free_the_client, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
