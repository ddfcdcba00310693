/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Packet traces in the format that Wireshark and tcpdump read: PCAP Next Generation
 * (draft-ietf-opsawg-pcapng). A trace is a section, then its interfaces, then packets of them in
 * any order; interfaces are known by their number, which is the order in which they were written.
 *
 * Each function puts one whole block; it fails, with its cursor, if there is no room. Texts are
 * UTF-8. Timestamps are nanoseconds since 1970.
 */
#ifndef EL_FRAME_PCAPNG_H
#define EL_FRAME_PCAPNG_H

#include "base/wire.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    EL_PCAPNG_ETHERNET = 1, /* LINKTYPE_ETHERNET */
    EL_PCAPNG_TEXT_MAX = 255,
    /* No block is longer than this, and what it carries. */
    EL_PCAPNG_BLOCK_MAX = 160 + 2 * EL_PCAPNG_TEXT_MAX,
};

/* Section Header Block: who has written it. Texts may be NULL, and are cut at EL_PCAPNG_TEXT_MAX.
 */
void el_pcapng_put_section(struct el_wire *w, const char *application, const char *comment);

/* Interface Description Block. SNAPLEN: of each packet at most so much is kept. */
void el_pcapng_put_interface(struct el_wire *w, const char *name, const char *description,
                             uint32_t snaplen);

enum el_pcapng_direction { EL_PCAPNG_UNKNOWN, EL_PCAPNG_IN, EL_PCAPNG_OUT };

struct el_pcapng_packet {
    uint32_t interface;
    uint64_t time_ns;
    enum el_pcapng_direction direction;
    uint64_t lost; /* packets that were not caught, between the one before it and this */
    const uint8_t *bytes;
    uint32_t captured;   /* what there is of it */
    uint32_t len;        /* what it was on the wire */
    const char *comment; /* or NULL */
};

/* Enhanced Packet Block. */
void el_pcapng_put_packet(struct el_wire *w, const struct el_pcapng_packet *packet);

/* Interface Statistics Block: from START to END, so many were seen and so many more were lost. */
struct el_pcapng_statistics {
    uint32_t interface;
    uint64_t start_ns, end_ns;
    uint64_t received, lost;
};
void el_pcapng_put_statistics(struct el_wire *w, const struct el_pcapng_statistics *statistics);

/* What is in a trace that was written as above, while it passes in pieces of any size. Zeros at
 * first. */
struct el_pcapng_counter {
    uint64_t packets, lost;
    bool broken;        /* this is no trace; nothing more is counted */
    uint32_t len, seen; /* of the block that has begun; 0: none has */
    uint8_t block[96];  /* its beginning */
};
void el_pcapng_count(struct el_pcapng_counter *counter, const void *bytes, size_t len);

/* Whether what has passed ends with a block. */
static inline bool el_pcapng_counter_is_whole(const struct el_pcapng_counter *counter)
{
    return !counter->broken && counter->seen == 0;
}

#endif
