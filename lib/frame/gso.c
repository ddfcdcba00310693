/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation.
 *
 * A super-frame is one set of headers and up to 64 KB of payload. Its segments are to look as if
 * the sender's stack had cut the payload itself:
 *
 *     super-frame   [headers][payload 0 ........][payload 1 ........][payload 2 ...]
 *     segment 0     [headers][payload 0 ........]
 *     segment 1                         [headers][payload 1 ........]
 *     segment 2                                             [headers][payload 2 ...]
 *
 * No payload is moved. The headers of a segment go to where the end of the segment before is; that
 * one has been encrypted to another place by then. The first headers are kept aside as the template
 * of all, with their lengths, IPv4 identification, TCP sequence number and flags taken apart.
 *
 * Per segment (RFC 9293 §3.1, and what Linux's tcp_gso_segment() does):
 *  - the IPv4 identification counts up; the total or payload length and UDP's length are its own;
 *  - the TCP sequence number goes on with the payload;
 *  - FIN and PSH stay on the last segment only, CWR on the first only (RFC 3168 §6.1.2);
 *  - the transport's checksum is computed anew over all of it, in one run over header and payload;
 *    or left partial: the sum of the pseudo header alone, which differs by nothing but the length.
 */
#include "frame/gso.h"

#include "frame/csum.h"

enum { CSUM_BYTES = 2 };

/* What each kind of super-frame must look like. */
static const struct kind {
    enum el_gso gso;
    uint8_t version; /* 0: either */
    uint8_t transport;
    uint16_t csum_offset;
} kinds[] = {
    {EL_GSO_TCP4, 4, EL_IP_TCP, EL_TCP_AT_CSUM},
    {EL_GSO_TCP6, 6, EL_IP_TCP, EL_TCP_AT_CSUM},
    {EL_GSO_UDP_L4, 0, EL_IP_UDP, EL_UDP_AT_CSUM},
};

/* True if OFFLOAD tells the truth about the super-frame with these headers. */
static bool is_true(const struct el_offload *offload, const struct el_layers *layers, size_t len)
{
    const struct kind *kind = kinds;

    while (kind->gso != offload->gso)
        if (++kind == kinds + sizeof kinds / sizeof kinds[0])
            return false;
    if (layers->transport != kind->transport || layers->end != len ||
        (kind->version && layers->version != kind->version))
        return false;
    if (layers->transport == EL_IP_TCP &&
        layers->tcp.flags & (EL_TCP_SYN | EL_TCP_RST | EL_TCP_URG))
        return false;
    if (layers->transport == EL_IP_UDP && layers->udp.len != len - layers->l4)
        return false;
    /* We make the checksums of the segments, and must not make right what was wrong. */
    if (!offload->needs_csum)
        return offload->csum_valid;
    return offload->csum_start == layers->l4 && offload->csum_offset == kind->csum_offset;
}

/* True if a partial checksum is inside the frame. */
static bool is_inside(const struct el_offload *offload, size_t len)
{
    return offload->csum_start >= EL_ETH_HEADER &&
           (size_t)offload->csum_start + offload->csum_offset + CSUM_BYTES <= len;
}

int el_gso_finish(uint8_t *frame, size_t len, const struct el_offload *offload)
{
    size_t start = offload->csum_start;

    if (!offload->needs_csum)
        return 0;
    if (!is_inside(offload, len))
        return EL_EPROTO;

    /* The field takes part in the sum: it holds that of the pseudo header. */
    uint16_t csum = el_csum_finish(el_csum_add(0, frame + start, len - start));
    /* The two zeros of one's complement are the same to everybody but UDP, where 0 says "none". */
    if (csum == 0 && offload->csum_offset == EL_UDP_AT_CSUM)
        csum = 0xffff;
    el_frame_set16(frame + start + offload->csum_offset, csum);
    return 0;
}

/* A frame that is not to be cut. */
static int begin_whole(struct el_gso_cut *cut, uint8_t *frame, size_t len,
                       const struct el_offload *offload, enum el_gso_csum csum)
{
    if (csum == EL_GSO_COMPLETE)
        return el_gso_finish(frame, len, offload);
    if (!offload->needs_csum)
        return 0;
    cut->rest = (struct el_offload){
        .needs_csum = true, .csum_start = offload->csum_start, .csum_offset = offload->csum_offset};
    return is_inside(offload, len) ? 0 : EL_EPROTO;
}

/* Takes the template apart into what is the same in all segments. */
static void note_template(struct el_gso_cut *cut, const uint8_t *frame, enum el_gso_csum csum)
{
    const struct el_layers *layers = &cut->layers;

    memcpy(cut->headers, frame, cut->headers_len);
    cut->pseudo_sum = el_layers_pseudo(layers, 0);
    if (layers->version == 4) {
        uint8_t *ip = cut->headers + layers->l3;

        el_frame_set16(ip + EL_IP4_AT_TOTAL_LEN, 0);
        el_frame_set16(ip + EL_IP4_AT_ID, 0);
        el_frame_set16(ip + EL_IP4_AT_CSUM, 0);
        cut->ip_sum = el_csum_add(0, ip, layers->ip4.header_len);
    }
    if (csum == EL_GSO_PARTIAL)
        cut->rest = (struct el_offload){
            .needs_csum = true,
            .csum_start = (uint16_t)layers->l4,
            .csum_offset = layers->transport == EL_IP_TCP ? EL_TCP_AT_CSUM : EL_UDP_AT_CSUM};
}

int el_gso_begin(struct el_gso_cut *cut, uint8_t *frame, size_t len,
                 const struct el_offload *offload, enum el_gso_csum csum)
{
    cut->rest = (struct el_offload){0};
    cut->at = frame;
    cut->left = len;
    cut->size = 0;
    cut->index = 0;
    cut->done = false;
    if (offload->gso == EL_GSO_NONE)
        return begin_whole(cut, frame, len, offload, csum);

    struct el_layers *layers = &cut->layers;
    if (el_layers_read(frame, len, layers) < 0 || !is_true(offload, layers, len))
        return EL_EPROTO;
    if (layers->payload > EL_GSO_HEADERS_MAX || offload->gso_size == 0)
        return EL_EPROTO;
    cut->headers_len = layers->payload;
    cut->at = frame + layers->payload;
    cut->left = len - layers->payload;
    cut->size = offload->gso_size;
    if (el_gso_count(cut) > EL_GSO_SEGMENTS_MAX)
        return EL_EPROTO;
    note_template(cut, frame, csum);
    return 0;
}

unsigned el_gso_count(const struct el_gso_cut *cut)
{
    if (cut->done)
        return 0;
    if (cut->size == 0 || cut->left == 0)
        return 1;
    return (unsigned)((cut->left + cut->size - 1) / cut->size);
}

/* Patches the IP header at IP for a segment of LEN bytes from there to its end. */
static void set_ip(const struct el_gso_cut *cut, uint8_t *ip, size_t len)
{
    if (cut->layers.version == 6) {
        el_frame_set16(ip + EL_IP6_AT_PAYLOAD_LEN, (uint16_t)(len - EL_IP6_HEADER));
        return;
    }
    uint16_t id = (uint16_t)(cut->layers.ip4.id + cut->index);
    uint64_t sum = el_csum_add_be16(cut->ip_sum, (uint16_t)len);

    el_frame_set16(ip + EL_IP4_AT_TOTAL_LEN, (uint16_t)len);
    el_frame_set16(ip + EL_IP4_AT_ID, id);
    el_frame_set16(ip + EL_IP4_AT_CSUM, el_csum_finish(el_csum_add_be16(sum, id)));
}

/* Patches the TCP header at TCP, but for its checksum. */
static void set_tcp(const struct el_gso_cut *cut, uint8_t *tcp, bool last)
{
    const struct el_tcp_header *first = &cut->layers.tcp;
    uint16_t flags = first->flags;

    if (!last)
        flags &= (uint16_t) ~(EL_TCP_FIN | EL_TCP_PSH);
    if (cut->index > 0)
        flags &= (uint16_t)~EL_TCP_CWR;

    struct el_wire seq = el_wire_write(tcp + EL_TCP_AT_SEQ, sizeof first->seq);
    el_wire_put_be32(&seq, first->seq + cut->index * (uint32_t)cut->size);
    el_frame_set16(tcp + EL_TCP_AT_FLAGS, (uint16_t)(first->header_len / 4 << 12 | flags));
}

/* Sets the checksum that stands at CSUM_AT, in the LEN bytes of transport header and payload. */
static void set_csum(const struct el_gso_cut *cut, uint8_t *transport, size_t len, size_t csum_at)
{
    uint64_t sum = el_csum_add_be32(cut->pseudo_sum, (uint32_t)len);

    if (cut->rest.needs_csum) {
        el_frame_set16(transport + csum_at, el_csum_fold(sum));
        return;
    }
    el_frame_set16(transport + csum_at, 0);
    uint16_t csum = el_csum_finish(el_csum_add(sum, transport, len));
    if (csum == 0 && cut->layers.transport == EL_IP_UDP)
        csum = 0xffff; /* 0 says "none" (RFC 768) */
    el_frame_set16(transport + csum_at, csum);
}

bool el_gso_next(struct el_gso_cut *cut, uint8_t **segment, size_t *len)
{
    if (cut->done)
        return false;
    if (cut->size == 0) {
        *segment = cut->at;
        *len = cut->left;
        cut->done = true;
        return true;
    }

    const struct el_layers *layers = &cut->layers;
    size_t payload_len = cut->left < cut->size ? cut->left : cut->size;
    bool last = payload_len == cut->left;
    uint8_t *start = cut->at - cut->headers_len;
    uint8_t *transport = start + layers->l4;
    size_t transport_len = cut->headers_len - layers->l4 + payload_len;

    memcpy(start, cut->headers, cut->headers_len);
    set_ip(cut, start + layers->l3, layers->l4 - layers->l3 + transport_len);
    if (layers->transport == EL_IP_TCP) {
        set_tcp(cut, transport, last);
        set_csum(cut, transport, transport_len, EL_TCP_AT_CSUM);
    } else {
        el_frame_set16(transport + EL_UDP_AT_LEN, (uint16_t)transport_len);
        set_csum(cut, transport, transport_len, EL_UDP_AT_CSUM);
    }
    *segment = start;
    *len = cut->headers_len + payload_len;
    cut->at += payload_len;
    cut->left -= payload_len;
    cut->index++;
    cut->done = last;
    return true;
}
