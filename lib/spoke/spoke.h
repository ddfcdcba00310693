/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A spoke: a tunnel to the hub, and what is connected to its networks here: LAN interfaces with
 * bare machines behind them (node/lan.h) or, without one, this computer itself through an interface
 * of each network's name.
 *
 * The LAN interface is used through a packet socket. It is not enslaved to anything, keeps its
 * addresses, and nothing has to be undone when the spoke ends, however it ends; neither a bridge
 * nor /dev/net/tun is needed, and no packet filter of the host is in the way.
 *
 * Which hub, and how to talk to it, is said, or known from the enrolment: spoke/spoke_enrol.h. An
 * enrolled spoke asks the hub which networks there are for it, and follows that while it runs; one
 * that was set up by hand has one network, which was said.
 */
#ifndef EL_SPOKE_SPOKE_H
#define EL_SPOKE_SPOKE_H

#include "base/addr.h"
#include "base/err.h"
#include "node/lan.h"
#include "node/tunnel_options.h"
#include "tunnel/tunnel.h"

#include <stdbool.h>
#include <stdint.h>

#define EL_SPOKE_VNI_UNSAID UINT64_MAX

/* Where neither the command line nor an enrolment says which. */
#define EL_SPOKE_NETWORK "boot"
enum { EL_SPOKE_VNI = 77 };

struct el_spoke_config {
    /* What is not said here comes from the enrolment (spoke/enrolment.h), if there is one for this
     * hub. */
    const char *hub;                      /* HOST[:PORT]; NULL: not said */
    uint8_t hub_key[EL_TUNNEL_KEY_BYTES]; /* zeros: not said */
    const char *psk;                      /* file; NULL: not said */
    unsigned wire;        /* enum el_tunnel_wire, as on the hub; EL_TUNNEL_WIRES: not said */
    const char *network;  /* NULL: not said */
    uint64_t vni;         /* or EL_SPOKE_VNI_UNSAID */
    struct el_ip address; /* tunnel address; family 0: not said */

    const char *join; /* a token, "@FILE" or "-" with one; NULL: do not join */
    bool join_again;  /* see spoke/spoke_enrol.h */
    const char *code; /* of the second factor; NULL: ask */
    const char *name; /* for the suggestion to the hub */
    const char *state;
    const char *key; /* file; NULL: spoke.key in the state directory, made if it is not there */
    struct el_lan_site lans; /* none: this computer itself is connected */
    bool no_dhcp;            /* and asks for no address */
    uint64_t listen;         /* UDP port; 0: any */
    uint64_t keepalive_ns;   /* how often an idle tunnel says something; 0: never */
    bool no_tcp;             /* where UDP is blocked, that is that */
    bool guard;              /* what other servers say on the LAN does not pass */
    struct el_tunnel_options tunnel;
    uint64_t give_up_ns; /* end if the hub has not answered by then; 0: try for ever */
    const char *options;
    const char *log_options;
};

enum { EL_SPOKE_REVOKED = 3 };

/* Runs until it is told to stop. 0, EL_LAUNCH_RUNNING (node/launch.h), EL_SPOKE_REVOKED: the hub
 * has revoked it, and it has said so; EL_EAGAIN if it gave up (it has said so), or an error. */
int el_spoke_run(const struct el_spoke_config *config, struct el_err *err);

#endif
