/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How it stands with a tunnel: its peers, its ports, its counters, at one moment.
 *
 * The owner of all that (the data path) takes the snapshot into memory that was there before, at
 * the cost of some microseconds; whoever has asked for it says it to a writer in his own time.
 */
#ifndef EL_DATAPATH_REPORT_H
#define EL_DATAPATH_REPORT_H

#include "base/addr.h"
#include "base/writer.h"
#include "datapath/forward.h"
#include "tunnel/tunnel_io.h"

#include <stdbool.h>
#include <stdint.h>

enum { EL_REPORT_COUNTERS = 128 };

struct el_report_peer {
    char name[EL_TUNNEL_NAME_BYTES];
    uint8_t key[EL_TUNNEL_KEY_BYTES];
    struct el_ip ip; /* its tunnel address */
    enum el_tunnel_wire wire;
    enum el_forward_role role;
    bool live; /* of a direct one: frames take this way */
    unsigned membership_count;
    struct el_forward_membership memberships[EL_FORWARD_NETWORKS_MAX];
    struct el_tunnel_peer_state state;
    struct el_endpoint endpoint; /* family 0: nobody knows */
    size_t path_mtu;             /* outer bytes */
};

struct el_report_port {
    char name[EL_PORT_NAME_BYTES];
    uint32_t vni;
    bool published, down, gone;
    uint64_t counts[EL_PORT_COUNTERS];
};

struct el_report_counter {
    const char *part, *name; /* static */
    uint64_t value;
};

struct el_report {
    uint64_t now_ns;
    struct el_report_port ports[EL_FORWARD_PORTS_MAX];
    unsigned port_count;
    struct el_report_counter counters[EL_REPORT_COUNTERS]; /* in order of their parts */
    unsigned counter_count;
    unsigned peer_count;
    struct el_report_peer peers[]; /* in the order of their numbers */
};

/* With room for PEERS. NULL: out of memory. To be freed with free(). */
struct el_report *el_report_new(unsigned peers);

/* For the owner: adds a counter, whose names are static; and a peer. */
void el_report_add_counter(void *report, const char *part, const char *name, uint64_t value);
void el_report_add_peer(struct el_report *report, const struct el_tunnel_peer *peer);

/* What does not change, and whom it is about. */
struct el_report_about {
    const char *network; /* the one it was started with, or NULL */
    uint64_t vni;
    const uint8_t *public_key;
    struct el_ip address;
    uint64_t started_ns;
};

void el_report_write(const struct el_report *report, const struct el_report_about *about,
                     struct el_writer *writer);

#endif
