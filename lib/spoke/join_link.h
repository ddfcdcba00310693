/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The way from a spoke that joins to the hub's API: a tunnel with the token's enrolment key, and a
 * TCP/IP stack inside it, all in this process. The hub takes this key for one thing only.
 *
 * A token names several places where the hub may be, and who is behind a firewall cannot know
 * which of them answers. So the same handshake goes to all of them at once; the hub takes the first
 * that comes for new and the others for replays, and from where it answers, there it is.
 *
 * It owns no socket: datagrams come in and go out as it is told. Nothing here is for several
 * threads.
 */
#ifndef EL_SPOKE_JOIN_LINK_H
#define EL_SPOKE_JOIN_LINK_H

#include "base/addr.h"
#include "base/err.h"
#include "net/net.h"
#include "tunnel/tunnel.h"

#include <stddef.h>
#include <stdint.h>

enum {
    EL_JOIN_PLACES = 64, /* at most so many are called */
    /* Of IP packets in it: what still fits a path of 1280 bytes, which every IPv6 path carries. */
    EL_JOIN_MTU = 1200,
};

struct el_join_link;

struct el_join_link_config {
    struct el_net *net; /* clock and timers; lives longer */
    uint8_t private_key[EL_TUNNEL_KEY_BYTES];
    uint8_t hub_key[EL_TUNNEL_KEY_BYTES];
    uint64_t wall_at_zero_ns;   /* these two as in struct el_tunnel_config */
    uint8_t last_timestamp[12]; /* */

    /* Sends a datagram. Calls nothing of this link. */
    void (*send)(void *arg, const struct el_endpoint *to, const uint8_t *bytes, size_t len);
    /* To be on the disk before this returns; may be NULL. */
    void (*reserved)(void *arg, const uint8_t timestamp[12]);
    /* The hub has answered, from there. Called again if it was lost meanwhile. */
    void (*up)(void *arg, const struct el_endpoint *from);
    /* It has not, for 15 seconds; the link tries on. */
    void (*silent)(void *arg);
    void *arg;
};

/* CONFIG is copied; wipe it after. */
int el_join_link_new(const struct el_join_link_config *config, struct el_join_link **link,
                     struct el_err *err);
void el_join_link_free(struct el_join_link *link); /* NULL is allowed */

/* The hub may be at PLACE: unless the link is up, it is called there at once, and from now on. To
 * be said again from time to time: a call ends after a minute and a half. */
void el_join_link_call(struct el_join_link *link, const struct el_endpoint *place);

/* A datagram has come; BYTES are changed. Not from within a callback of this link or its network.
 */
void el_join_link_input(struct el_join_link *link, const struct el_endpoint *from, uint8_t *bytes,
                        size_t len);

/* Where connections to the hub are made; the hub is at 100.64.0.1. Owned by the link. */
struct el_net *el_join_link_net(struct el_join_link *link);

#endif
