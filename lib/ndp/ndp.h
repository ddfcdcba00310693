/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Saying at once that there is no IPv6 to be had here.
 *
 * The boot network has no IPv6 router, and its machines boot over IPv4. But iPXE does not go on
 * from DHCP before it knows how IPv6 stands as well: it solicits routers, and where nobody answers
 * that takes 4 s (iPXE 1.21) or 16 s (the ROMs of older network cards and hypervisors), on every
 * boot. Any Router Advertisement ends the wait. Ours has lifetime 0, no prefix and no flags: it
 * makes nobody a default router and gives nobody an address (RFC 4861 §6.3.4), so an operating
 * system that hears it does what it would have done without.
 *
 * Only solicitations are answered; there are no periodic advertisements, since nothing that they
 * would keep alive was ever promised. RFC 4861 §6.2.6 wants an answer delayed by up to 0.5 s at
 * random, so that the routers of a link do not all speak at once. A network has one hub, and time
 * is all that this is about: it answers at once.
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

struct el_ndp;

/* MAC is the address of our interface. NULL: out of memory. */
struct el_ndp *el_ndp_new(const struct el_mac *mac);
void el_ndp_free(struct el_ndp *ndp); /* NULL is allowed */

struct el_ndp_reply {
    struct el_ip to;
    uint8_t bytes[EL_NDP_ADVERTISEMENT_BYTES]; /* checksum 0; to be sent with hop limit 255 */
};

/* Takes an ICMPv6 message that came from FROM with HOP_LIMIT. 0 if REPLY is to be sent. EL_EPROTO:
 * not a valid solicitation; EL_EAGAIN: one too many. Neither is to be answered. */
int el_ndp_input(struct el_ndp *ndp, uint64_t now_ns, const struct el_ip *from, uint8_t hop_limit,
                 const uint8_t *bytes, size_t len, struct el_ndp_reply *reply);

#endif
