/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Addresses that no name from outside may have: a page whose name has been given the address of
 * something behind the firewall would be allowed to speak to it (DNS rebinding).
 */
#ifndef EL_DNS_DNS_GUARD_H
#define EL_DNS_DNS_GUARD_H

#include "dns/dns_wire.h"

struct el_dns_guard {
    const struct el_prefix *own; /* further ranges: our networks'; the caller's */
    size_t own_count;
    const struct el_dns_name *exceptions; /* names in these may have any address; the caller's */
    size_t exception_count;
};

/* Whether IP is of this host, this link, a private range (RFC 1918, 4193, 6598) or ours, also
 * inside an IPv6 address (RFC 4291 §2.5.5, RFC 6052 §2.1, RFC 3056). */
bool el_dns_guard_is_inside(const struct el_dns_guard *guard, const struct el_ip *ip);

/* Whether all of RANGE is inside: who has these addresses, nobody outside knows (RFC 6303). */
bool el_dns_guard_is_inside_range(const struct el_prefix *range);

/* Whether the question is about a name that may have such addresses. */
bool el_dns_guard_excepts(const struct el_dns_guard *guard, const struct el_dns_name *name);

/* Whether RECORD gives such an address: of type A or AAAA, or as a hint (RFC 9460 §7.3). */
bool el_dns_guard_bars(const struct el_dns_guard *guard, const struct el_dns_record *record);

#endif
