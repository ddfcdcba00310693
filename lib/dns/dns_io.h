/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The DNS server on a provider of datagrams and streams, over UDP and TCP, for clients there; the
 * servers that it asks itself may be reached by another: of a hub in user space the clients are on
 * a stack of its own, and the servers are whoever the host reaches.
 *
 * It logs to room "dns": what goes wrong with servers and answers, and each question at debug.
 */
#ifndef EL_DNS_DNS_IO_H
#define EL_DNS_DNS_IO_H

#include "dns/dns.h"
#include "net/net.h"

enum { EL_DNS_IO_LISTENS = 2 }; /* IPv4 and IPv6 */

struct el_dns_io;

struct el_dns_io_config {
    struct el_dns_config dns;
    struct {
        struct el_net_udp_config udp;
        struct el_net_listen_config tcp;
    } listen[EL_DNS_IO_LISTENS];
    unsigned listen_count;
    struct el_net *outside; /* where servers are asked; outlives it */
};

/* 0, or an error with its sentence in ERR. */
int el_dns_io_start(struct el_net *net, const struct el_dns_io_config *config,
                    struct el_dns_io **io, struct el_err *err);

/* See el_dns_set_upstreams(). */
void el_dns_io_ask(struct el_dns_io *io, const struct el_endpoint *servers, unsigned count);

/* For looking. */
const struct el_dns *el_dns_io_machine(const struct el_dns_io *io);

void el_dns_io_stop(struct el_dns_io *io); /* NULL is allowed */

#endif
