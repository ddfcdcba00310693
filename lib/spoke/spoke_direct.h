/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The direct ways of a spoke, as its supervisor keeps them: the peers that the hub grants become
 * peers of the tunnel, what is not granted any more goes, and what the tunnel says of them is to be
 * told to the hub.
 *
 * A grant ends by itself when its time is over and the hub has not said anything since: nothing is
 * left open because the hub cannot be asked.
 */
#ifndef EL_SPOKE_SPOKE_DIRECT_H
#define EL_SPOKE_SPOKE_DIRECT_H

#include "base/err.h"
#include "link/manage_client.h"
#include "spoke/spoke_peers.h"

#include <uv.h>

enum {
    EL_SPOKE_DIRECT_KEEPALIVE_S = 15, /* NATs forget after 30 s and more (RFC 4787 §4.3: 120) */
    EL_SPOKE_DIRECT_GATHER_MS = 200,  /* what is said of several is told at once */
};

/* How it stands with the way to a peer. */
struct el_spoke_way {
    uint8_t key[EL_TUNNEL_KEY_BYTES];
    bool live; /* frames take it */
    bool used; /* and some have, since it was told last */
};

struct el_spoke_direct;

struct el_spoke_direct_config {
    uv_loop_t *loop;
    /* The hub should know of all of these: something has changed, or is used. */
    void (*tell)(void *arg, const struct el_spoke_way *ways, unsigned count);
    void *arg;
};

int el_spoke_direct_new(const struct el_spoke_direct_config *config,
                        struct el_spoke_direct **direct, struct el_err *err);

/* Before the loop is closed, which has to run once more. NULL is allowed. Wipes what it knows. */
void el_spoke_direct_free(struct el_spoke_direct *direct);

/* Who keeps the tunnel: its client, which lives longer than any call from here; NULL: none now. */
void el_spoke_direct_attach(struct el_spoke_direct *direct, struct el_manage_client *tunnel);

/* These are granted, from now on. */
void el_spoke_direct_set(struct el_spoke_direct *direct, const struct el_spoke_peers *peers);

/* A tunnel that has started: all of it, between BEGIN and COMPLETE. */
void el_spoke_direct_tell(struct el_spoke_direct *direct);

/* One whose networks have been taken down and put up again, which all peers have lost so. */
void el_spoke_direct_repeat(struct el_spoke_direct *direct);

/* What the tunnel says of one of them. */
void el_spoke_direct_notice(struct el_spoke_direct *direct, const struct el_manage_direct *notice);

#endif
