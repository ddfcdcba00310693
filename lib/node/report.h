/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How it stands with a tunnel: its peers, its ports, its counters, at one moment.
 *
 * The owner of all that (the data path) takes the snapshot into memory that was there before, at
 * the cost of some microseconds; whoever has asked for it says it to a writer in his own time.
 */
#ifndef EL_NODE_REPORT_H
#define EL_NODE_REPORT_H

#include "base/addr.h"
#include "base/writer.h"
#include "node/forward.h"
#include "node/peer.h"
#include "tunnel/tunnel_io.h"

#include <stdbool.h>
#include <stdint.h>

enum { EL_REPORT_COUNTERS = 128 };

struct el_report_peer {
    struct el_tunnel_peer_state state;
    struct el_endpoint endpoint; /* family 0: nobody knows */
    size_t path_mtu;             /* outer bytes */
};

struct el_report_port {
    const char *name; /* lives as long as the data path */
    bool down, gone;
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
    struct el_report_peer peers[]; /* by their numbers */
};

/* With room for PEERS. NULL: out of memory. To be freed with free(). */
struct el_report *el_report_new(unsigned peers);

/* For the owner: adds a counter, whose names are static; and the state of one peer. */
void el_report_add_counter(void *report, const char *part, const char *name, uint64_t value);
void el_report_peer(struct el_report *report, unsigned number, const struct el_tunnel_peer *peer);

/* What does not change, and whom it is about. */
struct el_report_about {
    const char *network;
    uint64_t vni;
    const uint8_t *public_key;
    struct el_ip address;
    uint64_t started_ns;
    const struct el_node_peers *peers; /* by their numbers */
};

void el_report_write(const struct el_report *report, const struct el_report_about *about,
                     struct el_writer *writer);

#endif
