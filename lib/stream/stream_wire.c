/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Datagrams in TCP, and between our own processes. */
#include "stream/stream_wire.h"

enum { COOKIE_REPLY = 3, TRANSPORT_DATA = 4, RECEIVER_AT = 4 }; /* WireGuard's whitepaper, §5.4 */

int el_stream_split(struct el_wire *bytes, struct el_stream_datagram *datagrams, unsigned max)
{
    unsigned count = 0;

    while (count < max) {
        struct el_wire ahead = *bytes;
        size_t len = el_wire_be16(&ahead);
        if (!el_wire_ok(&ahead))
            break;
        if (len == 0 || len > EL_STREAM_DATAGRAM_MAX)
            return count ? (int)count : EL_EPROTO;
        const uint8_t *at = el_wire_take(&ahead, len);
        if (!at)
            break;
        datagrams[count++] = (struct el_stream_datagram){at, len};
        *bytes = ahead;
    }
    return (int)count;
}

void el_stream_prefix(size_t len, uint8_t prefix[EL_STREAM_PREFIX])
{
    prefix[0] = (uint8_t)(len >> 8);
    prefix[1] = (uint8_t)len;
}

static bool is_endpoint(const struct el_endpoint *at)
{
    static const uint8_t zeros[12];

    if (at->carrier != EL_CARRIER_TCP && at->carrier != EL_CARRIER_TCP_CALLED)
        return false;
    if (at->ip.family == 4)
        return memcmp(at->ip.b + 4, zeros, sizeof zeros) == 0 && at->scope == 0;
    return at->ip.family == 6;
}

static bool is_train(size_t segment, size_t len)
{
    return segment > 0 && segment <= EL_STREAM_DATAGRAM_MAX && len > 0 &&
           len <= EL_STREAM_TRAIN_BYTES && (len + segment - 1) / segment <= EL_STREAM_TRAIN_MAX;
}

int el_stream_hop_read(const uint8_t head[EL_STREAM_HOP_BYTES], size_t train,
                       struct el_stream_hop *hop)
{
    struct el_wire w = el_wire_read(head, EL_STREAM_HOP_BYTES);

    *hop = (struct el_stream_hop){0};
    hop->at.ip.family = el_wire_u8(&w);
    hop->at.carrier = el_wire_u8(&w);
    hop->at.port = el_wire_be16(&w);
    hop->at.scope = el_wire_be32(&w);
    el_wire_copy(&w, hop->at.ip.b, sizeof hop->at.ip.b);
    hop->segment = el_wire_be16(&w);
    bool rest_is_zero = el_wire_be16(&w) == 0;
    return el_wire_ok(&w) && rest_is_zero && is_endpoint(&hop->at) && is_train(hop->segment, train)
               ? 0
               : EL_EPROTO;
}

void el_stream_hop_write(const struct el_stream_hop *hop, uint8_t head[EL_STREAM_HOP_BYTES])
{
    struct el_wire w = el_wire_write(head, EL_STREAM_HOP_BYTES);

    el_wire_put_u8(&w, hop->at.ip.family);
    el_wire_put_u8(&w, hop->at.carrier);
    el_wire_put_be16(&w, hop->at.port);
    el_wire_put_be32(&w, hop->at.scope);
    el_wire_put(&w, hop->at.ip.b, sizeof hop->at.ip.b);
    el_wire_put_be16(&w, hop->segment);
    el_wire_put_be16(&w, 0);
}

unsigned el_stream_lane(const struct el_stream_datagram *datagram, unsigned count)
{
    bool is_data = datagram->len > RECEIVER_AT && datagram->bytes[0] == TRANSPORT_DATA;

    return is_data ? datagram->bytes[RECEIVER_AT] & (count - 1) : 0;
}

bool el_stream_is_for_strangers(const struct el_stream_datagram *datagram)
{
    return datagram->len > 0 && datagram->bytes[0] == COOKIE_REPLY;
}
