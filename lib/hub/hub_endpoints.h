/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a hub may be reached, as far as this host can tell. */
#ifndef EL_HUB_HUB_ENDPOINTS_H
#define EL_HUB_HUB_ENDPOINTS_H

#include "base/addr.h"
#include "base/err.h"

#include <stdbool.h>

enum { EL_HUB_PUBLIC_MAX = 6 }; /* as many as a token has room for */

/* The addresses of this host that somebody elsewhere may call, at most MAX, the most likely ones
 * first: public IPv4 ones, IPv6 ones, then IPv4 ones of a site (RFC 1918, RFC 6598). Loopback and
 * link-local ones are none, nor are those of an interface that IS_OURS. How many; 0 as well if the
 * system would not say. Behind NAT nobody here knows the right one: --public says it. */
unsigned el_hub_endpoints(bool (*is_ours)(void *arg, const char *interface), void *arg,
                          struct el_ip *ips, unsigned max);

/* How good IP is for being called from elsewhere: 0 (not at all) to 3. */
unsigned el_hub_endpoint_rank(const struct el_ip *ip);

/* What a person says instead: adds TEXT, HOST or HOST:PORT, to the *COUNT items of LIST. */
int el_hub_public_add(char *list[EL_HUB_PUBLIC_MAX], unsigned *count, const char *text,
                      struct el_err *err);
void el_hub_public_clear(char *list[EL_HUB_PUBLIC_MAX], unsigned *count);

#endif
