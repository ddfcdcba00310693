/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who may have a transfer: the sessions of a server, in a table of fixed size.
 *
 * Anybody can write any source address on a request, so what a request may cost is bounded three
 * times: a source address has at most `per_client` sessions; sessions that nobody has confirmed
 * fill at most half of the table, then the oldest of them makes room; and a session that is
 * confirmed is never put out for another.
 *
 * A request from the address and port of a session that exists is one of
 * - the client repeating itself because it has not heard us, or did not like the OACK and now asks
 *   without options: begin again at once, on the same TID;
 * - the network's duplicate of a request that is being served: ignored while the client was heard
 *   from within the last second;
 * - a machine that was reset and uses the same port again (ROMs do): the old transfer ends.
 *
 * The table is searched from end to end for each request, and for nothing else.
 */
#ifndef EL_TFTP_TFTP_TABLE_H
#define EL_TFTP_TFTP_TABLE_H

#include "base/addr.h"
#include "tftp/tftp.h"

struct el_tftp_session {
    bool used;
    struct el_endpoint client;
    uint64_t began_ns;
    uint64_t heard_ns; /* when the last packet that meant something came */
    struct el_tftp_request request;
    struct el_tftp_transfer transfer;
    void *io; /* the adaptor's */
};

struct el_tftp_table {
    struct el_tftp_session *sessions; /* capacity of them, zeroed; the caller's memory */
    size_t capacity;
    size_t per_client;
};

enum el_tftp_verdict {
    EL_TFTP_BEGIN,   /* SESSION is free: use it */
    EL_TFTP_RESTART, /* SESSION begins again, its TID stays */
    EL_TFTP_REPLACE, /* end SESSION, then use it */
    EL_TFTP_IGNORE,  /* a duplicate */
    EL_TFTP_REFUSE,  /* a limit is reached; say nothing, the client will ask again */
};

/* Decides about a request; changes nothing. SESSION is set for the first three. */
enum el_tftp_verdict el_tftp_admit(const struct el_tftp_table *table, uint64_t now_ns,
                                   const struct el_endpoint *client,
                                   const struct el_tftp_request *request,
                                   struct el_tftp_session **session);

#endif
