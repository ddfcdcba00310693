/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VXLAN in IPv4 between tunnel addresses, ICMP echo for the path's sake, and the MSS clamp. */
#include "overlay/overlay.h"

#include "base/wire.h"
#include "frame/csum.h"
#include "frame/ip4.h"
#include "frame/layers.h"
#include "frame/udp.h"
#include "frame/vxlan.h"

#include <string.h>

enum {
    TTL = 64,
    SOURCE_PORT_FIRST = 49152, /* RFC 7348 §5: the dynamic range, 49152 to 65535 */
    SOURCE_PORTS = 16384,
    ICMP_HEADER = 8,
    ICMP_ECHO_REPLY = 0,
    ICMP_ECHO_REQUEST = 8,
    ICMP_AT_CSUM = 2,
    RCO_FLAG = 0x00200000, /* Linux's VXLAN_HF_RCO */
    RCO_UDP = 0x80,
    RCO_START = 0x7f, /* in units of 2 bytes */
    RCO_START_MAX = 2 * RCO_START,
    MSS_MIN = 48, /* a path that leaves less is not helped by clamping; Linux stops there as well */
};

/* Each frame passes here, so the three headers are written as what they are, constants with a few
 * holes. The checksum is known but for the length, the identification and the addresses; UDP's is
 * zero (RFC 7348 §5), since the tunnel authenticates every byte. */
size_t el_overlay_encap(uint8_t *frame, size_t len, const struct el_overlay_path *path,
                        uint32_t flow, uint16_t ip_id)
{
    size_t total = EL_OVERLAY_HEADER + len;
    struct el_wire w = el_wire_write(frame - EL_OVERLAY_HEADER, EL_OVERLAY_HEADER);
    uint32_t first = 0x45000000u | (uint32_t)path->tos << 16 | (uint32_t)total;
    uint64_t csum = el_csum_add_be32(0, first);

    csum = el_csum_add_be32(csum, (uint32_t)ip_id << 16);
    csum = el_csum_add_be16(csum, TTL << 8 | EL_IP_UDP);
    csum = el_csum_add_be32(csum, path->local);
    csum = el_csum_add_be32(csum, path->remote);

    el_wire_put_be32(&w, first);
    el_wire_put_be32(&w, (uint32_t)ip_id << 16);
    el_wire_put_be16(&w, TTL << 8 | EL_IP_UDP);
    el_wire_put_be16(&w, el_csum_finish(csum));
    el_wire_put_be32(&w, path->local);
    el_wire_put_be32(&w, path->remote);

    el_wire_put_be16(&w, (uint16_t)(SOURCE_PORT_FIRST + (flow ^ flow >> 16) % SOURCE_PORTS));
    el_wire_put_be16(&w, EL_OVERLAY_PORT);
    el_wire_put_be16(&w, (uint16_t)(total - EL_IP4_HEADER));
    el_wire_put_be16(&w, 0);

    el_vxlan_write(&w, path->vni);
    return total;
}

/* The frame behind the VXLAN header: all that is left. */
static int take_frame(struct el_wire *w, struct el_overlay_packet *out)
{
    out->frame_len = el_wire_left(w);
    out->frame = el_wire_take(w, out->frame_len);
    if (!el_wire_ok(w) || out->frame_len < EL_ETH_HEADER || out->frame_len > EL_OVERLAY_FRAME_MAX)
        return EL_EPROTO;
    out->kind = EL_OVERLAY_FRAME;
    el_layers_read(out->frame, out->frame_len, &out->layers); /* whatever it is: it may be broken */
    return 0;
}

static int decap_vxlan(struct el_wire *w, const struct el_ip4_header *ip,
                       struct el_overlay_packet *out)
{
    struct el_udp_header udp;
    const uint8_t *datagram = w->at;
    size_t len = el_wire_left(w);

    el_udp_read(w, &udp);
    if (!el_wire_ok(w) || udp.len != len || udp.dst_port != EL_OVERLAY_PORT)
        return EL_EPROTO;
    /* Zero in nearly all cases. One that is there is worth its verification: it notices fragments
     * that were put together wrongly (RFC 4963), which authentication does not. */
    if (udp.csum != 0) {
        uint64_t sum = el_csum_pseudo4(ip->src, ip->dst, EL_IP_UDP, len);
        if (el_csum_finish(el_csum_add(sum, datagram, len)) != 0)
            return EL_EPROTO;
    }

    struct el_wire reserved = *w;
    if (el_wire_be32(&reserved) != (uint32_t)EL_VXLAN_FLAG_VNI << 24 ||
        (el_wire_be32(&reserved) & 0xff) != 0)
        return EL_EPROTO;
    out->vni = el_vxlan_read(w);
    return take_frame(w, out);
}

static int decap_echo(struct el_wire *w, const struct el_ip4_header *ip,
                      struct el_overlay_packet *out)
{
    if (el_csum_finish(el_csum_add(0, w->at, el_wire_left(w))) != 0)
        return EL_EPROTO;
    uint8_t type = el_wire_u8(w);
    uint8_t code = el_wire_u8(w);
    el_wire_skip(w, 2);
    out->echo_ident = el_wire_be16(w);
    out->echo_sequence = el_wire_be16(w);
    out->echo_len = ip->total_len;
    if (!el_wire_ok(w) || code != 0 || (type != ICMP_ECHO_REQUEST && type != ICMP_ECHO_REPLY))
        return EL_EPROTO;
    out->kind = type == ICMP_ECHO_REQUEST ? EL_OVERLAY_ECHO : EL_OVERLAY_ECHO_REPLY;
    return 0;
}

/* The IP header of PACKET, which is one for LOCAL, or EL_EPROTO. */
static inline int read_ip(struct el_wire *w, const uint8_t *packet, size_t len, uint32_t local,
                          struct el_ip4_header *ip)
{
    el_ip4_read(w, ip);
    if (!el_wire_ok(w) || ip->header_len != EL_IP4_HEADER || ip->total_len != len ||
        ip->dst != local || !el_ip4_csum_ok(packet, EL_IP4_HEADER))
        return EL_EPROTO;
    return 0;
}

bool el_overlay_is_inside(const uint8_t *packet, size_t len, uint32_t local)
{
    struct el_wire w = el_wire_read(packet, len);
    struct el_ip4_header ip;

    if (read_ip(&w, packet, len, local, &ip) < 0)
        return false;
    if (ip.protocol == EL_IP_TCP)
        return true;
    if (el_ip4_is_fragment(&ip))
        return false;
    if (ip.protocol == EL_IP_UDP) {
        el_wire_skip(&w, 2);
        return el_wire_be16(&w) != EL_OVERLAY_PORT && el_wire_ok(&w);
    }
    uint8_t type = el_wire_u8(&w);
    return ip.protocol == EL_IP_ICMP && el_wire_ok(&w) && type != ICMP_ECHO_REQUEST &&
           type != ICMP_ECHO_REPLY;
}

int el_overlay_decap(uint8_t *packet, size_t len, uint32_t local, struct el_overlay_packet *out)
{
    struct el_wire w = el_wire_read(packet, len);
    struct el_ip4_header ip;

    out->offload = (struct el_offload){0};
    if (read_ip(&w, packet, len, local, &ip) < 0)
        return EL_EPROTO;
    if (ip.protocol != EL_IP_UDP && ip.protocol != EL_IP_ICMP)
        return EL_EPROTO;
    out->source = ip.src;
    out->tos = ip.tos;
    if (el_ip4_is_fragment(&ip)) {
        out->kind = EL_OVERLAY_FRAGMENT;
        return 0;
    }
    return ip.protocol == EL_IP_UDP ? decap_vxlan(&w, &ip, out) : decap_echo(&w, &ip, out);
}

/* -- the compact form -- */

bool el_overlay_may_be_partial(const struct el_layers *layers, size_t len,
                               const struct el_offload *offload)
{
    size_t at = layers->transport == EL_IP_TCP ? EL_TCP_AT_CSUM : EL_UDP_AT_CSUM;

    if (!layers->transport || layers->end != len || layers->l4 > RCO_START_MAX || layers->l4 % 2)
        return false;
    return !offload->needs_csum ||
           (offload->csum_start == layers->l4 && offload->csum_offset == at);
}

void el_overlay_compact_encap(uint8_t *frame, uint32_t vni, const struct el_offload *offload)
{
    struct el_wire w = el_wire_write(frame - EL_OVERLAY_COMPACT, EL_OVERLAY_COMPACT);
    uint32_t flags = (uint32_t)EL_VXLAN_FLAG_VNI << 24, last = 0;

    if (offload->needs_csum) {
        flags |= RCO_FLAG;
        last = offload->csum_start / 2u | (offload->csum_offset == EL_UDP_AT_CSUM ? RCO_UDP : 0);
    }
    el_wire_put_be32(&w, flags);
    el_wire_put_be32(&w, vni << 8 | last);
}

int el_overlay_compact_decap(uint8_t *packet, size_t len, struct el_overlay_packet *out)
{
    struct el_wire w = el_wire_read(packet, len);
    uint32_t flags = el_wire_be32(&w), second = el_wire_be32(&w);
    bool partial = flags & RCO_FLAG;

    if ((flags & ~(uint32_t)RCO_FLAG) != (uint32_t)EL_VXLAN_FLAG_VNI << 24 ||
        (!partial && (second & 0xff) != 0) || take_frame(&w, out) < 0)
        return EL_EPROTO;
    out->source = 0;
    out->tos = 0;
    out->vni = second >> 8;
    out->offload = (struct el_offload){0};
    if (!partial)
        return 0;
    out->offload.needs_csum = true;
    out->offload.csum_start = (uint16_t)((second & RCO_START) * 2);
    out->offload.csum_offset = second & RCO_UDP ? EL_UDP_AT_CSUM : EL_TCP_AT_CSUM;
    return el_overlay_may_be_partial(&out->layers, out->frame_len, &out->offload) ? 0 : EL_EPROTO;
}

/* -- echo -- */

void el_overlay_echo_reply(uint8_t *packet, size_t len)
{
    struct el_wire in = el_wire_read(packet, len);
    struct el_ip4_header ip;

    el_ip4_read(&in, &ip);
    uint8_t *icmp = el_wire_take(&in, ICMP_HEADER);
    if (!icmp || icmp - packet != EL_IP4_HEADER)
        return;
    uint32_t src = ip.src;
    ip.src = ip.dst;
    ip.dst = src;
    ip.ttl = TTL;
    ip.fragment = 0; /* the way back may be narrower: no DF */
    struct el_wire out = el_wire_write(packet, EL_IP4_HEADER);
    el_ip4_write(&out, &ip);

    /* Only the type changes, so the checksum follows (RFC 1624), whatever the payload. */
    struct el_wire was = el_wire_read(icmp + ICMP_AT_CSUM, 2);
    uint16_t csum = el_csum_update(el_wire_be16(&was), ICMP_ECHO_REQUEST << 8, ICMP_ECHO_REPLY);
    out = el_wire_write(icmp, ICMP_AT_CSUM + 2);
    el_wire_put_be16(&out, ICMP_ECHO_REPLY << 8);
    el_wire_put_be16(&out, csum);
}

size_t el_overlay_echo_request(uint8_t *packet, size_t len, const struct el_overlay_path *path,
                               uint16_t ident, uint16_t sequence)
{
    struct el_wire w = el_wire_write(packet, len);
    uint64_t csum = el_csum_add_be16(0, ICMP_ECHO_REQUEST << 8);

    el_ip4_write(&w, &(struct el_ip4_header){.header_len = EL_IP4_HEADER,
                                             .total_len = (uint16_t)len,
                                             .id = sequence,
                                             .fragment = EL_IP4_DF,
                                             .ttl = TTL,
                                             .protocol = EL_IP_ICMP,
                                             .src = path->local,
                                             .dst = path->remote});
    csum = el_csum_add_be16(csum, ident);
    csum = el_csum_add_be16(csum, sequence);
    el_wire_put_be16(&w, ICMP_ECHO_REQUEST << 8);
    el_wire_put_be16(&w, el_csum_finish(csum));
    el_wire_put_be16(&w, ident);
    el_wire_put_be16(&w, sequence);
    el_wire_put_zero(&w, el_wire_left(&w));
    return el_wire_ok(&w) ? len : 0;
}

/* -- MSS -- */

static uint16_t swap16(uint16_t value)
{
    return (uint16_t)(value >> 8 | value << 8);
}

/* Writes LIMIT over the MSS value at MSS and mends the checksum of the TCP header at TCP. An option
 * may stand at an odd distance from the header; its bytes then count the other way round, and so do
 * both the old and the new value (RFC 1071 §2 (B)). */
static void lower_mss(uint8_t *tcp, uint8_t *mss, uint16_t limit, bool needs_csum)
{
    struct el_wire w = el_wire_read(mss, 2);
    uint16_t was = el_wire_be16(&w);

    w = el_wire_write(mss, 2);
    el_wire_put_be16(&w, limit);
    if (needs_csum)
        return;
    bool odd = (mss - tcp) % 2 != 0;
    w = el_wire_read(tcp + EL_TCP_AT_CSUM, 2);
    uint16_t csum =
        el_csum_update(el_wire_be16(&w), odd ? swap16(was) : was, odd ? swap16(limit) : limit);
    w = el_wire_write(tcp + EL_TCP_AT_CSUM, 2);
    el_wire_put_be16(&w, csum);
}

bool el_overlay_clamp_mss(uint8_t *frame, const struct el_layers *layers, size_t mtu,
                          bool needs_csum)
{
    if (layers->transport != EL_IP_TCP || !(layers->tcp.flags & EL_TCP_SYN))
        return false;
    /* RFC 6691: an MSS counts neither IP options nor TCP options; who sends them takes them off. */
    size_t headers = layers->l3 - EL_ETH_HEADER + EL_TCP_HEADER +
                     (layers->version == 4 ? EL_IP4_HEADER : EL_IP6_HEADER);
    if (mtu < headers + MSS_MIN)
        return false;
    size_t limit = mtu - headers;

    bool changed = false;
    struct el_wire options =
        el_wire_read(layers->tcp.options, (size_t)layers->tcp.header_len - EL_TCP_HEADER);
    struct el_tcp_option option;
    while (el_tcp_option_next(&options, &option)) {
        if (option.kind != EL_TCP_OPTION_MSS || option.len != 2)
            continue;
        struct el_wire value = el_wire_read(option.at, 2);
        if (el_wire_be16(&value) <= limit)
            continue;
        lower_mss(frame + layers->l4, frame + (option.at - frame), (uint16_t)limit, needs_csum);
        changed = true;
    }
    return changed;
}
