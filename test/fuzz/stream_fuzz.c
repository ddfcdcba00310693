/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What comes through TCP, in pieces of any size, and what one of our own processes says to the
 * other: the same datagrams whatever the pieces, each within what came; a hop that is accepted is
 * written as the same bytes.
 */
#include "base/err.h"
#include "stream/stream_wire.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FEW = 3 };

static void require(bool promise)
{
    if (!promise)
        abort();
}

/* Datagrams as they are found, and why no more are. */
struct found {
    size_t count;
    uint32_t sum;
    size_t left;
    int end;
};

static void look(struct found *found, const struct el_stream_datagram *datagram)
{
    require(datagram->len >= 1 && datagram->len <= EL_STREAM_DATAGRAM_MAX);
    for (size_t i = 0; i < datagram->len; i++)
        found->sum = found->sum * 31 + datagram->bytes[i];
    require(el_stream_lane(datagram, 16) < 16 && el_stream_lane(datagram, 1) == 0);
    found->count++;
}

/* What is there is read until nothing more is. */
static void split(struct found *found, struct el_wire *w, unsigned max)
{
    struct el_stream_datagram datagrams[EL_STREAM_TRAIN_MAX];

    do {
        found->end = el_stream_split(w, datagrams, max);
        for (int i = 0; i < found->end; i++)
            look(found, &datagrams[i]);
    } while (found->end > 0);
}

static struct found at_once(const uint8_t *data, size_t size)
{
    struct found found = {0};
    struct el_wire w = el_wire_read(data, size);

    split(&found, &w, EL_STREAM_TRAIN_MAX);
    found.left = el_wire_left(&w);
    return found;
}

/* As it comes from a socket: PIECE bytes at a time, what is not whole stays. */
static struct found in_pieces(const uint8_t *data, size_t size, size_t piece)
{
    struct found found = {0};
    uint8_t buffer[2 * EL_STREAM_FRAME_MAX];
    size_t have = 0;

    for (size_t at = 0; at < size && found.end >= 0;) {
        size_t len = size - at < piece ? size - at : piece;
        memcpy(buffer + have, data + at, len);
        struct el_wire w = el_wire_read(buffer, have + len);
        split(&found, &w, FEW);
        have = el_wire_left(&w);
        require(found.end < 0 || have < EL_STREAM_FRAME_MAX);
        memmove(buffer, w.at, have);
        at += len;
    }
    found.left = have;
    return found;
}

static void check_hop(const uint8_t *data, size_t size)
{
    uint8_t head[EL_STREAM_HOP_BYTES];
    struct el_stream_hop hop;

    if (size < sizeof head || el_stream_hop_read(data, size - sizeof head, &hop) < 0)
        return;
    require(hop.segment >= 1 && hop.segment <= EL_STREAM_DATAGRAM_MAX);
    require(hop.at.carrier != EL_CARRIER_UDP && hop.at.carrier <= EL_CARRIER_TCP_CALLED);
    require(hop.at.ip.family == 4 || hop.at.ip.family == 6);
    require(size > sizeof head && size - sizeof head <= EL_STREAM_TRAIN_BYTES);
    require((size - sizeof head + hop.segment - 1) / hop.segment <= EL_STREAM_TRAIN_MAX);
    el_stream_hop_write(&hop, head);
    require(memcmp(head, data, sizeof head) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct found whole = at_once(data, size);

    for (size_t piece = 1; piece <= EL_STREAM_FRAME_MAX; piece = piece * 3 + 1) {
        struct found same = in_pieces(data, size, piece);
        require(same.count == whole.count && same.sum == whole.sum);
        require((same.end < 0) == (whole.end < 0) && (whole.end < 0 || same.left == whole.left));
    }
    check_hop(data, size);
    return 0;
}
