/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A control socket's server: a place for each client, and what state it is in. */
#include "link/control_server.h"

#include "node/control.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATIENCE_MS = 5000 }; /* for a line to come, and for an answer to be taken */

enum phase {
    FREE,
    LISTENING, /* until its line is complete */
    ASKED,     /* until it is answered */
    STREAMING, /* until it is ended, or gone */
    ANSWERED,  /* until the answer has left */
    CLOSING,   /* until both handles are closed */
};

struct el_control_client {
    struct el_control_server *server;
    enum phase phase;
    uv_pipe_t pipe;
    uv_timer_t timer;
    uv_write_t write;
    unsigned open; /* handles */
    char *text;    /* of the answer, ours */
    size_t len;    /* of the line so far */
    char line[EL_CONTROL_LINE];
};

struct el_control_server {
    struct el_control_events events;
    void *arg;
    uid_t owner;
    uv_pipe_t pipe;
    bool waiting; /* one more client has come than there are places */
    struct el_control_client clients[EL_CONTROL_CLIENTS];
};

static void accept_client(struct el_control_server *server);

/* -- the end of a client -- */

static void on_closed(uv_handle_t *handle)
{
    struct el_control_client *client = handle->data;

    if (--client->open > 0)
        return;
    free(client->text);
    client->text = NULL;
    client->phase = FREE;
    if (client->server->waiting)
        accept_client(client->server);
}

static void hang_up(struct el_control_client *client)
{
    struct el_control_server *server = client->server;
    bool was_known = client->phase == ASKED || client->phase == STREAMING;

    if (client->phase == CLOSING)
        return;
    client->phase = CLOSING;
    uv_close((uv_handle_t *)&client->pipe, on_closed);
    uv_close((uv_handle_t *)&client->timer, on_closed);
    if (was_known)
        server->events.gone(server->arg, client);
}

static void on_timeout(uv_timer_t *timer)
{
    hang_up(timer->data);
}

/* -- what it is told -- */

static void on_written(uv_write_t *write, int status)
{
    struct el_control_client *client = write->data;

    if (status < 0 || client->phase == ANSWERED)
        hang_up(client);
    else if (client->phase == STREAMING)
        client->server->events.drained(client->server->arg, client);
}

static void write_pieces(struct el_control_client *client, const uv_buf_t *pieces, unsigned count)
{
    client->write.data = client;
    if (uv_write(&client->write, (uv_stream_t *)&client->pipe, pieces, count, on_written) < 0)
        hang_up(client);
}

static uv_buf_t piece(const void *bytes, size_t len)
{
    return uv_buf_init((char *)(uintptr_t)bytes, (unsigned)len);
}

void el_control_answer(struct el_control_client *client, char *text, size_t len)
{
    uv_buf_t pieces[] = {piece("ok\n", 3), piece(text, len)};

    client->text = text;
    client->phase = ANSWERED;
    uv_timer_start(&client->timer, on_timeout, PATIENCE_MS, 0);
    write_pieces(client, pieces, 2);
}

void el_control_refuse(struct el_control_client *client, const char *why)
{
    size_t len = strnlen(why, sizeof client->line);
    uv_buf_t pieces[] = {piece("error ", 6), piece(client->line, len), piece("\n", 1)};

    memmove(client->line, why, len); /* it may be about the line */
    client->phase = ANSWERED;
    uv_timer_start(&client->timer, on_timeout, PATIENCE_MS, 0);
    write_pieces(client, pieces, 3);
}

void el_control_stream(struct el_control_client *client)
{
    client->phase = STREAMING;
    uv_timer_stop(&client->timer);
    el_control_send(client, "ok\n", 3);
}

void el_control_send(struct el_control_client *client, const void *bytes, size_t len)
{
    uv_buf_t all = piece(bytes, len);

    write_pieces(client, &all, 1);
}

void el_control_end(struct el_control_client *client)
{
    hang_up(client);
}

unsigned el_control_place(const struct el_control_client *client)
{
    return (unsigned)(client - client->server->clients);
}

/* -- what it says -- */

/* Room for the rest of the line; behind that nothing is expected, and what comes is lost. */
static void give_room(uv_handle_t *handle, size_t suggested, uv_buf_t *room)
{
    static char nowhere[64];
    struct el_control_client *client = handle->data;

    (void)suggested;
    if (client->phase == LISTENING)
        *room =
            uv_buf_init(client->line + client->len, (unsigned)(sizeof client->line - client->len));
    else
        *room = uv_buf_init(nowhere, sizeof nowhere);
}

static void take_line(struct el_control_client *client, size_t more)
{
    struct el_control_server *server = client->server;
    char *newline = memchr(client->line + client->len, '\n', more);

    client->len += more;
    if (!newline && client->len == sizeof client->line) {
        el_control_refuse(client, "the line is too long");
        return;
    }
    if (!newline)
        return;
    *newline = '\0';
    client->phase = ASKED;
    server->events.asked(server->arg, client, client->line);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *room)
{
    struct el_control_client *client = stream->data;
    struct el_control_server *server = client->server;

    (void)room;
    if (client->phase == LISTENING && n > 0)
        take_line(client, (size_t)n);
    else if (n == UV_EOF && client->phase == STREAMING)
        server->events.enough(server->arg, client);
    else if (n < 0 && (n != UV_EOF || client->phase == LISTENING))
        hang_up(client);
}

/* -- the beginning of a client -- */

static bool may_ask(const struct el_control_client *client)
{
    uv_os_fd_t fd;

    return uv_fileno((const uv_handle_t *)&client->pipe, &fd) == 0 &&
           el_sys_control_may_ask(fd, client->server->owner);
}

/* The one that waits gets a place; without one it waits on, and libuv asks for no further. */
static void accept_client(struct el_control_server *server)
{
    struct el_control_client *client = server->clients;

    while (client < server->clients + EL_CONTROL_CLIENTS && client->phase != FREE)
        client++;
    server->waiting = client == server->clients + EL_CONTROL_CLIENTS;
    if (server->waiting || uv_is_closing((uv_handle_t *)&server->pipe))
        return;
    uv_pipe_init(server->pipe.loop, &client->pipe, 0);
    uv_timer_init(server->pipe.loop, &client->timer);
    client->pipe.data = client->timer.data = client;
    client->open = 2;
    client->len = 0;
    client->phase = LISTENING;
    uv_timer_start(&client->timer, on_timeout, PATIENCE_MS, 0);
    if (uv_accept((uv_stream_t *)&server->pipe, (uv_stream_t *)&client->pipe) < 0 ||
        !may_ask(client) || uv_read_start((uv_stream_t *)&client->pipe, give_room, on_read) < 0)
        hang_up(client);
}

static void on_connection(uv_stream_t *stream, int status)
{
    if (status == 0)
        accept_client(stream->data);
}

int el_control_server_new(uv_loop_t *loop, int fd, uid_t owner,
                          const struct el_control_events *events, void *arg,
                          struct el_control_server **result, struct el_err *err)
{
    struct el_control_server *server = calloc(1, sizeof *server);

    if (!server) {
        close(fd);
        return el_err(err, EL_ENOMEM, "out of memory");
    }
    server->events = *events;
    server->arg = arg;
    server->owner = owner;
    for (unsigned i = 0; i < EL_CONTROL_CLIENTS; i++)
        server->clients[i].server = server;
    uv_pipe_init(loop, &server->pipe, 0);
    server->pipe.data = server;
    *result = server;
    int rc = uv_pipe_open(&server->pipe, fd);
    if (rc < 0)
        close(fd);
    else
        rc = uv_listen((uv_stream_t *)&server->pipe, EL_CONTROL_CLIENTS, on_connection);
    return rc < 0 ? el_err(err, EL_EIO, "control socket: %s", uv_strerror(rc)) : 0;
}

void el_control_server_free(struct el_control_server *server)
{
    for (unsigned i = 0; server && i < EL_CONTROL_CLIENTS; i++)
        free(server->clients[i].text);
    free(server);
}
