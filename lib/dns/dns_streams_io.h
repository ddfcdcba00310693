/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Clients over TCP (RFC 7766): as many questions in a connection as one likes, answered in whatever
 * order. Who has nothing to ask for EL_DNS_STREAM_IDLE_S, who sends what is no question, and who
 * does not read his answers is hung up on.
 */
#ifndef EL_DNS_DNS_STREAMS_IO_H
#define EL_DNS_DNS_STREAMS_IO_H

#include "dns/dns.h"
#include "net/net.h"

enum {
    EL_DNS_STREAMS = 128,
    EL_DNS_STREAMS_EACH = 16, /* of one address */
    EL_DNS_STREAM_IDLE_S = 15,
    EL_DNS_QUESTION_BYTES = 2048,  /* the longest that is read */
    EL_DNS_UNREAD_BYTES = 1 << 18, /* of answers that wait to be read */
};

struct el_dns_streams;

/* A question has come; its answer may be given at once, or later. */
typedef void el_dns_streams_cb(void *arg, const struct el_dns_asker *asker, const uint8_t *bytes,
                               size_t len);

struct el_dns_streams *el_dns_streams_new(struct el_net *net, el_dns_streams_cb *cb, void *arg);
void el_dns_streams_free(struct el_dns_streams *streams); /* closes all; NULL is allowed */

/* Another address to listen on, of at most two. */
int el_dns_streams_listen(struct el_dns_streams *streams, const struct el_net_listen_config *config,
                          struct el_err *err);

/* An answer to who asked, if he is still there. */
void el_dns_streams_send(struct el_dns_streams *streams, const struct el_dns_asker *asker,
                         const uint8_t *bytes, size_t len);

#endif
