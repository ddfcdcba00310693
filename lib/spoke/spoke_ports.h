/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ports of a spoke: which interface here belongs to which network (node/lan.h), and the tunnel
 * told so over the channel of link/manage.h. Networks come and go while it runs; what stays is not
 * touched, and no session ends.
 *
 * An interface that goes away (a USB adapter) takes its port with it, and gets it back when one of
 * its name is there again. What cannot be opened now is tried again. A tunnel that was started
 * again is told everything, with the descriptors that are kept here.
 *
 * Where a network is published to us and where not is the hub's to see to: our ports are open.
 */
#ifndef EL_SPOKE_SPOKE_PORTS_H
#define EL_SPOKE_SPOKE_PORTS_H

#include "base/err.h"
#include "node/lan.h"
#include "node/peer.h"
#include "spoke/agent_report.h"
#include "spoke/spoke_direct.h"
#include "spoke/spoke_networks.h"

#include <uv.h>

enum { EL_SPOKE_PORTS_RETRY_MS = 1000 };

struct el_spoke_ports;

struct el_spoke_ports_config {
    uv_loop_t *loop;
    int manage;     /* our end of the channel to the tunnel; ours from now on */
    unsigned lanes; /* the tunnel's */
    uint8_t public_key[EL_TUNNEL_KEY_BYTES];
    /* These two live longer. */
    const struct el_lan_site *lans; /* none: an interface of its own for each network */
    const struct el_node_peer *hub; /* as the tunnel was told of it */
    struct el_spoke_direct *direct; /* lives longer; or NULL */
    /* There is a session with the hub, perhaps a new one. */
    void (*up)(void *arg);
    /* What el_spoke_ports_report() says may be another. Not from within el_spoke_ports_set(). */
    void (*changed)(void *arg);
    void *arg;
};

int el_spoke_ports_new(const struct el_spoke_ports_config *config, struct el_spoke_ports **ports,
                       struct el_err *err);

/* Before the loop is closed, which has to run once more. NULL is allowed. */
void el_spoke_ports_free(struct el_spoke_ports *ports);

/* These are the networks from now on. An error with a sentence: one of them could not be had; the
 * others are, and it will be tried again. The first time it is one if none could be had, and has
 * not been logged. */
int el_spoke_ports_set(struct el_spoke_ports *ports, const struct el_spoke_networks *networks,
                       struct el_err *err);

/* Which port each network has, or why it has none. */
void el_spoke_ports_report(const struct el_spoke_ports *ports, struct el_agent_report *report);

/* Calls OWN for each interface of this computer's own in a network that there is, and from now on
 * when there is one (again), and when it has gone; not at the end. */
typedef void el_spoke_ports_own_cb(void *arg, const char *interface, bool there);
void el_spoke_ports_watch(struct el_spoke_ports *ports, el_spoke_ports_own_cb *own, void *arg);

#endif
