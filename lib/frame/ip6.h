/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The IPv6 header and the walk over its extension headers (RFC 8200 §3, §4). */
#ifndef EL_FRAME_IP6_H
#define EL_FRAME_IP6_H

#include "base/wire.h"

#include <stdbool.h>

enum {
    EL_IP6_HEADER = 40,
    EL_IP6_AT_PAYLOAD_LEN = 4,
    EL_IP6_EXTENSIONS_MAX = 8, /* more is not a packet anybody sends */
};

struct el_ip6_header {
    uint32_t flow; /* traffic class and flow label, without the version */
    uint16_t payload_len;
    uint8_t next; /* what follows this header */
    uint8_t hops; /* hop limit */
    uint8_t src[16], dst[16];
    uint8_t protocol; /* reading: what follows the extension headers */
    bool fragment;    /* reading: a fragment header was among them, other than an atomic one */
};

/* Passes the header and its extension headers, and ends the cursor where the packet ends. Stops
 * behind the fragment header of a real fragment, and before what it does not read: that is then the
 * protocol. A routing header is not read, because the destination that the transport's checksum
 * covers stands inside it. Fails on another version, on a payload longer than the cursor, on
 * extension headers longer than the payload or more than EL_IP6_EXTENSIONS_MAX, on jumbograms. */
void el_ip6_read(struct el_wire *w, struct el_ip6_header *ip);

#endif
