/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sockets to the servers that are asked: one for each try, with a port that the provider chooses at
 * random, or a TCP connection.
 */
#ifndef EL_DNS_DNS_UPSTREAM_IO_H
#define EL_DNS_DNS_UPSTREAM_IO_H

#include "dns/dns.h"
#include "net/net.h"

struct el_dns_sockets;

struct el_dns_sockets_events {
    void (*heard)(void *arg, unsigned slot, const struct el_endpoint *from, const uint8_t *bytes,
                  size_t len);
    void (*broken)(void *arg, unsigned slot);
};

/* On NET; what EVENTS says is said later, never from within a call. */
struct el_dns_sockets *el_dns_sockets_new(struct el_net *net,
                                          const struct el_dns_sockets_events *events, void *arg);
void el_dns_sockets_free(struct el_dns_sockets *sockets); /* NULL is allowed */

/* Sends by the slot's new socket. 0, or an error: it cannot. */
int el_dns_sockets_send(struct el_dns_sockets *sockets, const struct el_dns_output *out);

/* Closes those of a flight: EL_DNS_TRIES from SLOT on. */
void el_dns_sockets_close(struct el_dns_sockets *sockets, unsigned slot);

#endif
