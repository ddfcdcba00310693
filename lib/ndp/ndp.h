/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Saying at once how IPv6 stands on a network: that there is none, or where its router is.
 *
 * Most networks have no IPv6 router, and their machines boot over IPv4. But iPXE does not go on
 * from DHCP before it knows how IPv6 stands as well: it solicits routers, and where nobody answers
 * that takes 4 s (iPXE 1.21) or 16 s (the ROMs of older network cards and hypervisors), on every
 * boot. Any Router Advertisement ends the wait. Ours then has lifetime 0, no prefix and no flags:
 * it makes nobody a default router and gives nobody an address (RFC 4861 §6.3.4), so an operating
 * system that hears it does what it would have done without. Only solicitations are answered; there
 * are no periodic advertisements, since nothing that they would keep alive was ever promised.
 *
 * A network that is let out over IPv6 has a prefix, in which machines make themselves addresses
 * (RFC 4862), and us for a router. That is a promise with an end, so everybody hears it again, at
 * random intervals (RFC 4861 §6.2.4), and that it is over when we go (§6.2.5). The lifetimes are
 * short, as RFC 9096 §4 wants them where a prefix may go without saying so: of a hub that was
 * killed, nothing is left after an hour and a half. Whether this computer itself has IPv6 to the
 * Internet makes no difference: who has both families and a unique local address (RFC 4193) prefers
 * IPv4 for what is outside (RFC 6724 §6, rule 5, by the labels of §2.1).
 *
 * RFC 4861 §6.2.6 wants an answer delayed by up to 0.5 s at random, so that the routers of a link
 * do not all speak at once. A network has one hub, and for iPXE time is all that this is about: it
 * answers at once.
 *
 * A soliciting host with a link-local address is answered itself. One that has no address yet (or
 * a global one, to which there may be no way back) is answered by telling everybody.
 */
#ifndef EL_NDP_NDP_H
#define EL_NDP_NDP_H

#include "base/time.h"
#include "ndp/ndp_wire.h"

/* What keeps a flood of solicitations from becoming one of advertisements. Whoever is refused asks
 * again (a host after 4 s, iPXE sooner). */
enum {
    EL_NDP_EACH_MS = 100,       /* the same host, at most once in this time */
    EL_NDP_UNICAST_MS = 20,     /* all hosts together, on average */
    EL_NDP_UNICAST_BURST = 50,  /* so many at once: a row of racks is switched on */
    EL_NDP_MULTICAST_MS = 3000, /* everybody (RFC 4861 §10, MIN_DELAY_BETWEEN_RAS) */
};

/* A router's own advertisements (RFC 4861 §6.2.1, §10): three at first, then now and then. */
enum {
    EL_NDP_FIRST = 3,
    EL_NDP_FIRST_INTERVAL_S = 16, /* MAX_INITIAL_RTR_ADVERT_INTERVAL */
    EL_NDP_INTERVAL_MIN_S = 200,
    EL_NDP_INTERVAL_MAX_S = 600,
};

/* How long what they say holds. Three may be lost (RFC 4861 §6.2.1, RFC 8106 §5.1); addresses hold
 * as long as RFC 9096 §4 allows. */
enum {
    EL_NDP_ROUTER_S = 3 * EL_NDP_INTERVAL_MAX_S,
    EL_NDP_DNS_S = 3 * EL_NDP_INTERVAL_MAX_S,
    EL_NDP_PREFERRED_S = 2700, /* ND_PREFERRED_LIMIT */
    EL_NDP_VALID_S = 5400,     /* ND_VALID_LIMIT */
};

struct el_ndp_config {
    struct el_mac mac;       /* of our interface */
    struct el_prefix prefix; /* a /64 that is routed by us; family 0: there is no router here */
    struct el_ip dns[EL_NDP_SERVERS]; /* with a prefix: IPv6 */
    unsigned dns_count;
};

struct el_ndp;

/* CONFIG is copied. NULL: out of memory. */
struct el_ndp *el_ndp_new(const struct el_ndp_config *config);
void el_ndp_free(struct el_ndp *ndp); /* NULL is allowed */

struct el_ndp_reply {
    struct el_ip to;
    size_t len;
    uint8_t bytes[EL_NDP_ADVERTISEMENT_BYTES]; /* checksum 0; to be sent with hop limit 255 */
};

/* Takes an ICMPv6 message that came from FROM with HOP_LIMIT. 0 if REPLY is to be sent. EL_EPROTO:
 * not a valid solicitation; EL_EAGAIN: one too many. Neither is to be answered. */
int el_ndp_input(struct el_ndp *ndp, uint64_t now_ns, const struct el_ip *from, uint8_t hop_limit,
                 const uint8_t *bytes, size_t len, struct el_ndp_reply *reply);

/* When a router speaks up by itself the next time: at once after the start. EL_NEVER without one.
 */
uint64_t el_ndp_deadline_ns(const struct el_ndp *ndp);

/* 0 if it is time for REPLY, which is to be sent; else EL_EAGAIN. */
int el_ndp_tick(struct el_ndp *ndp, uint64_t now_ns, struct el_ndp_reply *reply);

/* The last word (RFC 4861 §6.2.5): we are no router any more, our name servers are to be forgotten,
 * and no new connection is to be made from addresses of the prefix. 0 if REPLY is to be sent;
 * EL_EAGAIN if nothing was promised. */
int el_ndp_goodbye(const struct el_ndp *ndp, struct el_ndp_reply *reply);

#endif
