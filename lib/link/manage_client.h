/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The managing end of the channel to a tunnel (link/manage.h), on an event loop: requests go out in
 * the order in which they were made, as fast as the tunnel takes them; each is answered by a call.
 */
#ifndef EL_LINK_MANAGE_CLIENT_H
#define EL_LINK_MANAGE_CLIENT_H

#include "base/err.h"
#include "link/manage.h"

#include <uv.h>

struct el_manage_client;

struct el_manage_client_events {
    /* The tunnel has started (again), and has to be told everything, from BEGIN to COMPLETE. What
     * was asked before has been answered with EL_ECLOSED. */
    void (*hello)(void *arg, const struct el_manage_hello *hello);
    void (*peer_state)(void *arg, const struct el_manage_peer_state *state);
    void (*network_gone)(void *arg, uint32_t vni);
    void (*port_gone)(void *arg, const char *name); /* NULL: who asks for no such ports */
    /* NULL: not interested. */
    void (*relayed)(void *arg, const struct el_manage_relayed *relayed);
    void (*direct)(void *arg, const struct el_manage_direct *direct);
    /* The channel has ended, which only happens when its supervisor does. */
    void (*closed)(void *arg);
};

/* FD is ours from now on. EVENTS must live longer; ARG is theirs. */
int el_manage_client_new(uv_loop_t *loop, int fd, const struct el_manage_client_events *events,
                         void *arg, struct el_manage_client **client, struct el_err *err);

/* Before the loop is closed, which has to run once more. Requests that are not answered never are;
 * what they hold is wiped and closed. NULL is allowed. */
void el_manage_client_free(struct el_manage_client *client);

/* CODE is 0 or the tunnel's negative error, and TEXT the sentence that goes with it; EL_ECLOSED if
 * the tunnel ended before it answered, and is to be told everything anyway. It may ask again. */
typedef void el_manage_answered_cb(void *arg, int code, const char *text);

/* Asks REQUEST, whose sequence is ours to fill in. FDS (el_manage_fds() of them) are
 * duplicated and stay the caller's. ANSWERED may be NULL. 0, or EL_ENOMEM, EL_EINVAL, EL_EFULL (no
 * descriptors), EL_ECLOSED; then ANSWERED is never called. */
int el_manage_client_ask(struct el_manage_client *client, const struct el_manage_message *request,
                         const int *fds, el_manage_answered_cb *answered, void *arg);

#endif
