/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A read-only TFTP server on a provider of datagrams.
 *
 *     struct el_tftp_config config = {
 *         .listen = {.bind = {.port = EL_TFTP_PORT}, .inherited_fd = -1},
 *         .content = &content,
 *     };
 *     el_tftp_server_start(net, &config, &server, &err);
 *
 * It logs to room "tftp": done, error, refused, and what happens to every request at debug.
 */
#ifndef EL_TFTP_TFTP_IO_H
#define EL_TFTP_TFTP_IO_H

#include "base/err.h"
#include "content/content.h"
#include "net/net.h"
#include "tftp/tftp.h"

struct el_tftp_server;

/* How a transfer ended, or goes on; valid during the call. */
struct el_tftp_report {
    const struct el_endpoint *client;
    const char *name; /* as the client wrote it */
    enum el_tftp_outcome outcome;
    bool is_new;       /* it begins */
    bool is_confirmed; /* the client has acknowledged something */
    uint64_t bytes;    /* acknowledged */
    uint64_t total;    /* of the file */
    uint64_t took_ns;
};

enum {
    EL_TFTP_TRANSFERS = 256, /* each has a socket and mostly a file open */
    EL_TFTP_PER_CLIENT = 16, /* transfers of one address */
};

struct el_tftp_config {
    struct el_net_udp_config listen;
    const struct el_content *content; /* must outlive the server */
    struct el_tftp_limits limits;     /* blksize_max 0: what fits 1500 bytes of IPv4 or IPv6 */
    size_t max_transfers;             /* 0: EL_TFTP_TRANSFERS */
    size_t max_per_client;            /* 0: EL_TFTP_PER_CLIENT */
    /* Told of each end, and of each beginning (also the same client's of the same file again, for
     * which a transfer is begun anew). Must not call the server. NULL: nobody asks. */
    void (*ended)(void *arg, const struct el_tftp_report *report);
    void (*began)(void *arg, const struct el_tftp_report *report);
    void *arg;
};

/* 0, or an error with its sentence in ERR. */
int el_tftp_server_start(struct el_net *net, const struct el_tftp_config *config,
                         struct el_tftp_server **server, struct el_err *err);

/* Calls LOOK with each transfer that goes on: their number. */
size_t el_tftp_server_look(const struct el_tftp_server *server,
                           void (*look)(void *arg, const struct el_tftp_report *report), void *arg);

/* Ends all transfers without a word. NULL is allowed. */
void el_tftp_server_stop(struct el_tftp_server *server);

#endif
