/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The DHCP client (RFC 2131 §4.4) of a computer that wants an address on an Ethernet: a machine
 * without socket or clock. It speaks in frames, because the kernel takes nothing for an address
 * that it does not have yet, and drops what comes by a way that it knows no route to.
 *
 *     for (;;) {
 *         while ((len = el_dhcp_host_output(&host, now_ns, frame)) > 0)
 *             send(frame, len);
 *         ... until el_dhcp_host_deadline(&host), or for each frame that comes:
 *         el_dhcp_host_input(&host, now_ns, frame, len, trusted);
 *         ... and look at el_dhcp_host_lease(&host) after either
 *     }
 *
 * What an offer says is a stranger's. A lease is taken only if it is one for an ordinary host: a
 * unicast address in a subnet of its own, and outside of the tunnel's 100.64.0.0/10.
 *
 * Not done: a probe whether somebody else has the address already (RFC 5227); the hub's server has
 * tried that.
 */
#ifndef EL_DHCP_DHCP_HOST_H
#define EL_DHCP_DHCP_HOST_H

#include "base/addr.h"
#include "dhcp/dhcp_wire.h"

enum {
    EL_DHCP_HOST_FRAME = 592, /* bytes of what we send, at most */
    EL_DHCP_HOST_NAME = 64,   /* with its NUL */
    EL_DHCP_HOST_DNS = 3,
    EL_DHCP_HOST_LEASE_MIN_S = 60, /* a shorter one is not shorter to us */
};

/* What we were given. */
struct el_dhcp_host_lease {
    struct el_prefix address; /* IPv4, with the length of its subnet: 8..30 */
    struct el_ip router;      /* in that subnet; family 0: none */
    struct el_ip dns[EL_DHCP_HOST_DNS];
    unsigned dns_count;
    char domain[EL_DHCP_HOST_NAME]; /* letters, digits, '-', '.'; empty: none */
    uint32_t seconds;               /* for how long */
};

enum el_dhcp_host_state {
    EL_DHCP_HOST_SELECTING,  /* asks who has an address for us */
    EL_DHCP_HOST_REQUESTING, /* wants the one that was offered */
    EL_DHCP_HOST_BOUND,      /* has it */
    EL_DHCP_HOST_RENEWING,   /* has it, and asks whose it is for longer */
    EL_DHCP_HOST_REBINDING,  /* has it, and asks everybody */
};

/* Its members are its own. */
struct el_dhcp_host {
    struct el_mac mac;
    char name[EL_DHCP_HOST_NAME];
    enum el_dhcp_host_state state;
    uint32_t xid;
    unsigned tries;                  /* in this state */
    uint64_t begun_ns;               /* when the exchange that is under way began */
    uint64_t next_ns;                /* when something is to be done */
    uint32_t server;                 /* who offers, or has given, */
    struct el_mac by;                /* and from where its frames come */
    struct el_dhcp_host_lease lease; /* offered, or ours from BOUND on */
    uint64_t renew_ns, rebind_ns, end_ns;
};

/* Whether an ordinary host may have it. For who is told of a lease by somebody else. */
bool el_dhcp_host_lease_is_sound(const struct el_dhcp_host_lease *lease);

/* NAME: of this computer, as servers may show it; at most EL_DHCP_HOST_NAME - 1 bytes of it count;
 * NULL: none. */
void el_dhcp_host_init(struct el_dhcp_host *host, const struct el_mac *mac, const char *name,
                       uint64_t now_ns);

/* When el_dhcp_host_output() is to be called. */
uint64_t el_dhcp_host_deadline(const struct el_dhcp_host *host);

/* What is to be sent now: its length; 0: nothing, or nothing more. A lease may have ended. */
size_t el_dhcp_host_output(struct el_dhcp_host *host, uint64_t now_ns,
                           uint8_t frame[EL_DHCP_HOST_FRAME]);

/* One frame that has come. TRUSTED: its checksum is known to be right, or is still to be computed.
 * True if it was an answer to us, and changed something. */
bool el_dhcp_host_input(struct el_dhcp_host *host, uint64_t now_ns, const uint8_t *frame,
                        size_t len, bool trusted);

/* Somebody may answer now who could not before: asks at once, unless it has an address. */
void el_dhcp_host_hurry(struct el_dhcp_host *host, uint64_t now_ns);

/* What we have; NULL: nothing (any more). */
const struct el_dhcp_host_lease *el_dhcp_host_lease(const struct el_dhcp_host *host);

/* Gives it back (RFC 2131 §4.4.6): what is to be sent; 0 if there is nothing to give back. It would
 * begin anew after that. */
size_t el_dhcp_host_release(struct el_dhcp_host *host, uint64_t now_ns,
                            uint8_t frame[EL_DHCP_HOST_FRAME]);

#endif
