/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The answering side of a control socket, on a libuv loop: it takes a line from each client, and
 * gives it to whoever knows the answer. A few clients at once; who says nothing, or does not take
 * what was asked for, is hung up on, and so is who is neither root nor the owner.
 */
#ifndef EL_LINK_CONTROL_SERVER_H
#define EL_LINK_CONTROL_SERVER_H

#include "base/err.h"

#include <stddef.h>
#include <sys/types.h>
#include <uv.h>

enum { EL_CONTROL_CLIENTS = 8 }; /* at once; more wait in the socket's queue */

struct el_control_server;
struct el_control_client;

struct el_control_events {
    /* LINE, without its newline, is yours to overwrite. Answer now, or later unless it is gone. */
    void (*asked)(void *arg, struct el_control_client *client, char *line);
    /* Of a stream: what was sent has left; the next may follow. */
    void (*drained)(void *arg, struct el_control_client *client);
    /* Of a stream: the client wants no more, but takes what is sent to it. */
    void (*enough)(void *arg, struct el_control_client *client);
    /* It is gone; not to be used any more. */
    void (*gone)(void *arg, struct el_control_client *client);
};

/* Serves the listening socket FD, which is the server's from now on. */
int el_control_server_new(uv_loop_t *loop, int fd, uid_t owner,
                          const struct el_control_events *events, void *arg,
                          struct el_control_server **server, struct el_err *err);

/* After the loop and all its handles have been closed. NULL is allowed. */
void el_control_server_free(struct el_control_server *server);

/* "ok", TEXT, and the end. TEXT is from malloc() and the server's from now on. */
void el_control_answer(struct el_control_client *client, char *text, size_t len);

/* "error WHY", and the end. */
void el_control_refuse(struct el_control_client *client, const char *why);

/* "ok"; drained() will say when the stream may begin. It has no time-out. */
void el_control_stream(struct el_control_client *client);

/* The next piece of a stream, which has drained; BYTES stay there until it has again. */
void el_control_send(struct el_control_client *client, const void *bytes, size_t len);

/* The end of a stream that has drained. */
void el_control_end(struct el_control_client *client);

/* The number of a client's place, below EL_CONTROL_CLIENTS: for what belongs to it. */
unsigned el_control_place(const struct el_control_client *client);

#endif
