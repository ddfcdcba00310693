/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A network's interface on this host: a TAP with the network's name. */
#ifndef EL_NODE_INTERFACE_H
#define EL_NODE_INTERFACE_H

#include "base/addr.h"
#include "base/err.h"
#include "tunnel/tunnel.h"

enum { EL_NODE_SIBLINGS = 30 };

/*
 * Makes the interface NAME, gives it the MAC that goes with PUBLIC_KEY and VNI (the same after
 * every restart, so that nobody's ARP cache is wrong) and, if it is not NULL, ADDRESS, after a look
 * whether that range is in use on this host elsewhere than on SIBLINGS (EL_NODE_SIBLINGS names at
 * most and NULL, or NULL), which are networks of ours and may have the same addresses. Up when it
 * returns. FDS are the TAP's queues: COUNT, or 1 (see el_tap_open_queues()), which is returned; the
 * interface lives as long as one copy of one of them is open.
 */
int el_node_interface_open(const char *name, const uint8_t public_key[EL_TUNNEL_KEY_BYTES],
                           uint32_t vni, const struct el_prefix *address,
                           const char *const *siblings, unsigned count, int fds[],
                           struct el_err *err);

/* The MAC that goes with PUBLIC_KEY and VNI. */
struct el_mac el_node_interface_mac_for(const uint8_t public_key[EL_TUNNEL_KEY_BYTES],
                                        uint32_t vni);

/* The IPv6 range that goes with PUBLIC_KEY and VNI: unique local (RFC 4193 §3.2.2), with the VNI in
 * sight: fdXX:XXXX:XXXX:4d::/64 of VNI 77. */
struct el_prefix el_node_interface_prefix6_for(const uint8_t public_key[EL_TUNNEL_KEY_BYTES],
                                               uint32_t vni);

/* Gives the interface NAME the first address of PREFIX6, after a look whether that range is in use
 * elsewhere on this host: EL_EEXIST. */
int el_node_interface_add6(const char *name, const struct el_prefix *prefix6, struct el_err *err);

/* The MAC address of the interface NAME. */
int el_node_interface_mac(const char *name, struct el_mac *mac, struct el_err *err);

#endif
