/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Cryptokey routing: which peer an address inside the tunnel belongs to (whitepaper §2).
 *
 * No two peers share an address, so the ranges are disjoint, and a sorted array answers in
 * O(log n): the range that begins last before an address is the only one that may hold it.
 */
#ifndef EL_TUNNEL_ALLOWED_H
#define EL_TUNNEL_ALLOWED_H

#include "base/addr.h"

#include <stddef.h>

struct el_tunnel_allowed;

/* For at most CAPACITY ranges. NULL if out of memory. */
struct el_tunnel_allowed *el_tunnel_allowed_new(size_t capacity);
void el_tunnel_allowed_free(struct el_tunnel_allowed *allowed); /* NULL is allowed */

/* The owner of IP, or NULL. */
void *el_tunnel_allowed_find(const struct el_tunnel_allowed *allowed, const struct el_ip *ip);

/* Any owner of a part of PREFIX, or NULL. */
void *el_tunnel_allowed_overlap(const struct el_tunnel_allowed *allowed,
                                const struct el_prefix *prefix);

/* PREFIX has no bits set behind its length. 0, EL_EEXIST (it overlaps one), EL_EFULL. */
int el_tunnel_allowed_add(struct el_tunnel_allowed *allowed, const struct el_prefix *prefix,
                          void *owner);

/* Removes all ranges of OWNER. */
void el_tunnel_allowed_remove(struct el_tunnel_allowed *allowed, const void *owner);

#endif
