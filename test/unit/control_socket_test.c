/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The operator's Unix socket: the server on a loop of its own thread, commands that ask and wait.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uv.h>

#include "base/log.h"
#include "control/api_io.h"
#include "control/call_io.h"
#include "http/http_io.h"
#include "net/kernel.h"
#include "sys/control.h"

#include "control_sample.h"

enum { NOBODY = 65534 };

static char directory[] = "/tmp/el_control_XXXXXX";
static char path[64];

/* The hub's side; of its thread but for `stop`. */
static struct {
    pthread_t thread;
    struct el_sys_control control;
    struct el_net *net;
    struct sample sample;
    struct el_events *events;
    uv_async_t stop, happen;
} hub;

/* An event for each call, so that whoever waits for one gets it. */
static void on_happen(uv_async_t *async)
{
    (void)async;
    (void)el_events_put(hub.events, 0, "happened", json_object());
}

static void on_stop(uv_async_t *async)
{
    (void)async;
    el_net_kernel_stop(hub.net);
}

static void *serve(void *arg)
{
    struct el_api *api = sample_api(&hub.sample, hub.events);
    struct el_api_host *host = NULL;
    struct el_http_server *server = NULL;
    struct el_err err = {""};

    (void)arg;
    if (el_api_host_new(hub.net, api, &host) < 0)
        abort();
    struct el_api_door door = {host, el_api_door_operator, NULL};
    const struct el_http_route routes[] = {el_api_door_route(&door), {0}};
    const struct el_http_server_config config = {
        .listen = {.inherited_fd = hub.control.fd, .owner = geteuid()}, .routes = routes};
    if (el_http_server_start(hub.net, &config, &server, &err) < 0) {
        fprintf(stderr, "%s\n", err.text);
        abort();
    }
    hub.control.fd = -1; /* the server's */
    el_net_kernel_run(hub.net);
    el_http_server_stop(server);
    el_api_host_free(host);
    el_api_free(api);
    return NULL;
}

static int setup(void **state)
{
    struct el_err err;

    (void)state;
    el_log_setup(EL_LOG_ERROR, EL_LOG_TEXT);
    if (!mkdtemp(directory))
        return -1;
    snprintf(path, sizeof path, "%s/hub.sock", directory);
    if (el_sys_control_listen(path, &hub.control, &err) < 0 ||
        el_net_kernel_new(&hub.net, &err) < 0)
        return -1;
    hub.events = el_events_new(8, 1);
    uv_async_init(el_net_kernel_loop(hub.net), &hub.stop, on_stop);
    uv_async_init(el_net_kernel_loop(hub.net), &hub.happen, on_happen);
    return pthread_create(&hub.thread, NULL, serve, NULL);
}

static int teardown(void **state)
{
    (void)state;
    uv_async_send(&hub.stop);
    pthread_join(hub.thread, NULL);
    el_net_kernel_free(hub.net);
    el_events_free(hub.events);
    el_sys_control_close(&hub.control);
    return rmdir(directory);
}

static void a_question_is_answered(void **state)
{
    const struct el_control_question question = {.method = "GET", .path = "/v1/spokes/mars"};
    json_t *body = json_pack("{s:s}", "name", "used");
    struct el_control_answer answer;
    struct el_err err = {""};

    (void)state;
    if (el_control_call(path, &question, &answer, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(answer.status, 200);
    assert_string_equal(json_string_value(json_object_get(answer.body, "name")), "mars");
    el_control_answer_clear(&answer);
    const struct el_control_question used = {.method = "POST", .path = "/v1/spokes", .body = body};
    assert_int_equal(el_control_call(path, &used, &answer, &err), 0);
    assert_int_equal(el_control_answer_check(&answer, &err), EL_EEXIST);
    assert_string_equal(err.text, "by venus");
    el_control_answer_clear(&answer);
    json_decref(body);
}

static void an_answer_of_many_pieces(void **state)
{
    const struct el_control_question question = {.method = "GET", .path = "/v1/openapi.json"};
    struct el_control_answer answer;
    struct el_err err = {""};

    (void)state;
    assert_int_equal(el_control_call(path, &question, &answer, &err), 0);
    assert_string_equal(json_string_value(json_object_get(answer.body, "openapi")), "3.1.0");
    el_control_answer_clear(&answer);
}

static bool on_event(void *arg, const struct el_sse_event *event, const char *id)
{
    unsigned *count = arg;

    assert_string_equal(event->type, *count == 0 ? "reset" : "happened");
    assert_string_equal(event->data, *count == 0 ? "{}" : "{\"time\":\"1970-01-01T00:00:00Z\"}");
    assert_non_null(strchr(id, '-'));
    uv_async_send(&hub.happen); /* the next */
    return ++*count < 4;
}

static void events_are_watched(void **state)
{
    const struct el_control_question watch = {.method = "GET",
                                              .path = "/v1/events",
                                              .is_watch = true,
                                              .last_event_id = "of-another-life"};
    unsigned count = 0;
    struct el_err err = {""};

    (void)state;
    if (el_control_watch(path, &watch, on_event, &count, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(count, 4);
    const struct el_control_question wrong = {
        .method = "GET", .path = "/v1/nothing", .is_watch = true};
    assert_int_equal(el_control_watch(path, &wrong, on_event, &count, &err), EL_ENOENT);
    assert_non_null(strstr(err.text, "/v1/nothing"));
}

static void expect_failure(const char *at, int code, const char *sentence)
{
    const struct el_control_question question = {.method = "GET", .path = "/v1/spokes"};
    struct el_control_answer answer;
    struct el_err err = {""};
    int r = el_control_call(at, &question, &answer, &err);

    if (r != code || !strstr(err.text, sentence))
        fail_msg("%d %s", r, err.text);
    assert_null(answer.body);
}

static void nobody_to_ask(void **state)
{
    char other[96];

    (void)state;
    snprintf(other, sizeof other, "%s/none.sock", directory);
    expect_failure(other, EL_ENOENT, "start it with \"el2w hub\"");
    /* What a hub that was killed leaves behind. */
    struct el_sys_control dead;
    assert_int_equal(el_sys_control_listen(other, &dead, NULL), 0);
    close(dead.fd);
    dead.fd = -1;
    expect_failure(other, EL_ENOENT, "start it with \"el2w hub\"");
    el_sys_control_close(&dead);
}

/* In a child that is nobody: what it got, as an exit status. */
static int as_nobody(void)
{
    pid_t child = fork();
    int status = -1;

    if (child == 0) {
        const struct el_control_question question = {.method = "GET", .path = "/v1/spokes"};
        struct el_control_answer answer;
        struct el_err err = {""};
        if (setresgid(NOBODY, NOBODY, NOBODY) < 0 || setresuid(NOBODY, NOBODY, NOBODY) < 0)
            _exit(99);
        int r = el_control_call(path, &question, &answer, &err);
        if (r == EL_EPERM && !strstr(err.text, "try sudo"))
            _exit(98);
        _exit(-r);
    }
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    return -WEXITSTATUS(status);
}

/* Twice: the mode of the file keeps others out, and if that is gone, who they are. */
static void others_are_kept_out(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    assert_int_equal(chmod(directory, 0755), 0);
    assert_int_equal(as_nobody(), EL_EPERM);
    assert_int_equal(chmod(path, 0666), 0);
    int r = as_nobody();
    assert_true(r == EL_ECLOSED || r == EL_EPROTO); /* hung up on */
    assert_int_equal(chmod(path, 0600), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_question_is_answered), cmocka_unit_test(an_answer_of_many_pieces),
        cmocka_unit_test(events_are_watched),     cmocka_unit_test(nobody_to_ask),
        cmocka_unit_test(others_are_kept_out),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
