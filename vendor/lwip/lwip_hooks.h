/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What lwIP asks us while it works (LWIP_HOOK_… in lwipopts.h); answered by lib/net/lwip_stack.c.
 */
#ifndef EL_LWIP_HOOKS_H
#define EL_LWIP_HOOKS_H

#include "lwip/ip4_addr.h"
#include "lwip/netif.h"
#include "lwip/pbuf.h"

/* The initial sequence number of a connection (RFC 6528). Addresses in network order. */
u32_t el_lwip_isn(u32_t local, u16_t local_port, u32_t remote, u16_t remote_port);

/* The network that has the address SRC; NULL: none. */
struct netif *el_lwip_route(const ip4_addr_t *src);

/* 1, and frees the packet, if it is for another network of this process than the one it came from.
 */
int el_lwip_refuses(struct pbuf *packet, struct netif *from);

#endif
