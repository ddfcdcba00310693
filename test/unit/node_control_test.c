/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A control socket's server: whoever asks is answered, whoever does not is hung up on. */
#include "link/control_server.h"
#include "net/kernel.h"
#include "node/control.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { PIECES = 200, PIECE = 8192 };

struct world {
    struct el_net *net;
    struct el_sys_control socket;
    struct el_control_server *server;
    char path[64];
    unsigned asked, gone, pieces, enough;
    char bytes[PIECE];
};

/* -- a tunnel that echoes, refuses or streams -- */

static void on_asked(void *arg, struct el_control_client *client, char *line)
{
    struct world *w = arg;

    w->asked++;
    assert_true(el_control_place(client) < EL_CONTROL_CLIENTS);
    if (strcmp(line, "stop") == 0) {
        el_control_refuse(client, "stopped");
        el_net_kernel_stop(w->net);
    } else if (strcmp(line, "stream") == 0) {
        el_control_stream(client);
    } else if (strncmp(line, "no", 2) == 0) {
        el_control_refuse(client, line);
    } else {
        el_control_answer(client, strdup(line), strlen(line));
    }
}

static void on_drained(void *arg, struct el_control_client *client)
{
    struct world *w = arg;

    if (w->enough || w->pieces == PIECES)
        el_control_end(client);
    else if (w->pieces++ < PIECES)
        el_control_send(client, w->bytes, PIECE);
}

static void on_enough(void *arg, struct el_control_client *client)
{
    (void)client;
    ((struct world *)arg)->enough++;
}

static void on_gone(void *arg, struct el_control_client *client)
{
    (void)client;
    ((struct world *)arg)->gone++;
}

static void *serve(void *arg)
{
    el_net_kernel_run(((struct world *)arg)->net);
    return NULL;
}

/* -- what asks it, on another thread -- */

static size_t read_all(int fd)
{
    char bytes[4096];
    size_t total = 0;
    ssize_t n;

    while ((n = read(fd, bytes, sizeof bytes)) > 0)
        total += (size_t)n;
    return n < 0 ? SIZE_MAX : total;
}

static int raw(const struct world *w, const char *bytes, size_t len)
{
    struct el_err err = {""};
    int fd = el_sys_control_connect(w->path, &err);

    assert_true(fd >= 0);
    assert_int_equal(send(fd, bytes, len, MSG_NOSIGNAL), len);
    return fd;
}

static void ask_everything(struct world *w)
{
    static char garbage[EL_CONTROL_LINE + 100];
    struct el_err err = {""};
    int idle[EL_CONTROL_CLIENTS - 1];
    char text[8] = "";

    int fd = el_control_ask(w->path, "hello", &err);
    assert_true(fd >= 0);
    assert_int_equal(read(fd, text, sizeof text), 5);
    assert_string_equal(text, "hello");
    assert_int_equal(read_all(fd), 0);
    close(fd);

    assert_int_equal(el_control_ask(w->path, "no way", &err), EL_EINVAL);
    assert_string_equal(err.text, "no way");

    /* A line that never ends is refused; one in pieces is none the worse; half a one is nothing. */
    memset(garbage, 0xff, sizeof garbage);
    fd = raw(w, garbage, sizeof garbage);
    assert_int_equal(read(fd, text, 5), 5);
    assert_memory_equal(text, "error", 5);
    close(fd);
    fd = raw(w, "hel", 3);
    assert_int_equal(send(fd, "lo\n", 3, MSG_NOSIGNAL), 3);
    assert_int_equal(read_all(fd), 8);
    close(fd);
    close(raw(w, "hel", 3));

    /* Those who say nothing take places, but not the last one. */
    for (unsigned i = 0; i < EL_CONTROL_CLIENTS - 1; i++)
        idle[i] = raw(w, "", 0);
    for (unsigned i = 0; i < 20; i++) {
        fd = el_control_ask(w->path, "hello", &err);
        assert_true(fd >= 0);
        close(fd);
    }
    /* With all places taken one waits, and has its turn when one is free. */
    int last = raw(w, "", 0);
    int waiting = raw(w, "hello\n", 6);
    close(last);
    assert_int_equal(read_all(waiting), 8);
    close(waiting);
    for (unsigned i = 0; i < EL_CONTROL_CLIENTS - 1; i++)
        close(idle[i]);

    fd = el_control_ask(w->path, "stream", &err);
    assert_true(fd >= 0);
    assert_int_equal(read_all(fd), (size_t)PIECES * PIECE);
    close(fd);
    assert_int_equal(el_control_ask(w->path, "stop", &err), EL_EINVAL);
}

static void answers_whoever_asks(void **state)
{
    static const struct el_control_events events = {on_asked, on_drained, on_enough, on_gone};
    static struct world w;
    struct el_err err = {""};
    pthread_t thread;

    (void)state;
    snprintf(w.path, sizeof w.path, "/tmp/el2w-control-%d.sock", (int)getpid());
    assert_int_equal(el_net_kernel_new(&w.net, &err), 0);
    assert_int_equal(el_sys_control_listen(w.path, &w.socket, &err), 0);
    assert_int_equal(el_control_server_new(el_net_kernel_loop(w.net), w.socket.fd, getuid(),
                                           &events, &w, &w.server, &err),
                     0);
    w.socket.fd = -1;
    assert_int_equal(pthread_create(&thread, NULL, serve, &w), 0);
    ask_everything(&w);
    pthread_join(thread, NULL);
    assert_int_equal(w.asked, 26);
    assert_int_equal(w.pieces, PIECES);
    el_net_kernel_free(w.net);
    el_control_server_free(w.server);
    el_sys_control_close(&w.socket);
    assert_int_not_equal(access(w.path, F_OK), 0);
}

/* -- the line -- */

static int parse(const char *text, struct el_control_request *request)
{
    static char line[EL_CONTROL_LINE];
    struct el_err err = {""};

    strcpy(line, text);
    int rc = el_control_parse(line, request, &err);
    assert_int_equal(rc < 0, err.text[0] != '\0');
    return rc;
}

static void lines_make_sense_or_not(void **state)
{
    static const char *const bad[] = {
        "",
        "show",
        "show xml",
        "capture",
        "capture ",
        "show text ",
        "reboot",
        "capture both=no",
        "capture snaplen=",
        "capture snaplen=4294967296",
        "capture snaplen=1 both=perhaps",
        "capture snaplen=1 peer",
        "capture snaplen=1 count=-1",
    };
    struct el_control_request request;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(parse(bad[i], &request), EL_EINVAL);
    assert_int_equal(parse("show json", &request), 0);
    assert_int_equal(request.kind, EL_CONTROL_SHOW);
    assert_int_equal(request.form, EL_WRITER_JSON);
    assert_int_equal(parse("capture snaplen=96 count=7 both=yes peer=mars peer=luna", &request), 0);
    assert_int_equal(request.kind, EL_CONTROL_CAPTURE);
    assert_int_equal(request.snaplen, 96);
    assert_int_equal(request.count, 7);
    assert_true(request.both);
    assert_int_equal(request.peer_count, 2);
    assert_string_equal(request.peers[1], "luna");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_whoever_asks),
        cmocka_unit_test(lines_make_sense_or_not),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
