/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Asking the control API over a provider of streams (net/net.h): one question, its answer; or a
 * watch, and its events. For who has a loop; a command that does nothing else takes call_io.h.
 */
#ifndef EL_CONTROL_CLIENT_IO_H
#define EL_CONTROL_CLIENT_IO_H

#include "control/exchange_io.h"
#include "net/net.h"

struct el_client;

enum {
    EL_CLIENT_TIMEOUT_S = 30, /* from the question to the whole of the answer */
    EL_CLIENT_SILENCE_S = 45, /* of a watch: three heartbeats */
};

struct el_client_events {
    /* The answer (CODE 0, whatever its status is; what it owns stays the client's), or why there
     * is none: EL_ECLOSED, EL_ENOENT, EL_EIO as el_net_connect() says, EL_EAGAIN after the
     * time-out, EL_EPROTO, EL_EFULL; and ERR has a sentence. The end of a watch is one of these, or
     * an answer that is a problem. Nothing is called after it. */
    void (*answered)(void *arg, int code, const struct el_control_answer *answer,
                     const struct el_err *err);
    /* An event of a watch, and the id with which to resume behind it. */
    void (*event)(void *arg, const struct el_sse_event *event, const char *id);
};

/* Connects and asks. The client may be freed in its callbacks, and must be freed after them. HOST
 * is the name for the Host field: the address, or "localhost". 0, or an error with its sentence. */
int el_client_start(struct el_net *net, const struct el_net_connect_config *to, const char *host,
                    const struct el_control_question *question,
                    const struct el_client_events *events, void *arg, struct el_client **client,
                    struct el_err *err);

void el_client_free(struct el_client *client); /* NULL is allowed */

#endif
