/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The server's insides, for the files that it is made of. */
#ifndef EL_DHCP_DHCP_INTERNAL_H
#define EL_DHCP_DHCP_INTERNAL_H

#include "dhcp/dhcp.h"

enum { EL_DHCP_COMPLAINTS = 256 }; /* machines whose last complaint is remembered */

struct el_dhcp_complaint {
    struct el_mac mac;
    uint64_t until_ns;
};

struct el_dhcp {
    struct el_dhcp_config config;
    uint32_t server;
    struct el_dhcp_leases *leases;
    struct el_dhcp_reservations *reservations;
    uint64_t deadline_ns;
    struct el_dhcp_stats stats;
    struct el_dhcp_complaint complaints[EL_DHCP_COMPLAINTS];
    uint64_t log_filled_ns; /* the bucket of log lines: when it was filled last, what is in it, */
    uint32_t log_lines;
    uint64_t log_suppressed; /* and what has not been written since */
};

/* One datagram on its way through the server. */
struct el_dhcp_request {
    uint64_t now_ns;
    int64_t wall_s;
    const struct el_dhcp_from *from;
    struct el_dhcp_message m;
    struct el_dhcp_client client;
    struct el_dhcp_identity who;
    const struct el_dhcp_reservation *reservation;
    struct el_dhcp_output *out;
};

/* -- dhcp_log.c: each event is written to the log, as far as that goes, and told the observer -- */

/* BOOT: what it is to boot, or NULL. */
void el_dhcp_log_event(struct el_dhcp *d, const struct el_dhcp_request *r,
                       enum el_dhcp_seen_kind kind, uint32_t ip, const struct el_dhcp_boot *boot);

/* A machine got no answer: says why, once a minute per machine. 0, as there is nothing to send. */
int el_dhcp_log_unanswered(struct el_dhcp *d, const struct el_dhcp_request *r, const char *why);

/* Not for us, which is no fault of anybody's. 0. */
int el_dhcp_log_ignored(struct el_dhcp *d, const struct el_dhcp_request *r, const char *why);

void el_dhcp_log_not_kept(struct el_dhcp *d, const struct el_dhcp_output *out);

#endif
