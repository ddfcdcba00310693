/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ethernet over the tunnel: what stands inside a tunnel packet.
 *
 *     IPv4 between the tunnel addresses | UDP 4789 | VXLAN | Ethernet frame      (RFC 7348)
 *
 * or, between two el2w that are both configured so (tunnel.h, el_tunnel_wire), the compact form:
 *
 *     VXLAN | Ethernet frame
 *
 * and the two things that keep a machine's Ethernet at 1500 bytes on a WAN that carries less:
 * TCP's MSS is clamped on SYN segments, and a packet that still does not fit is sent as IP
 * fragments (RFC 791) and put together again on the other side.
 *
 * The tunnel address answers ICMP echo itself, which is how both sides probe the path (pmtu.h).
 */
#ifndef EL_OVERLAY_OVERLAY_H
#define EL_OVERLAY_OVERLAY_H

#include "base/addr.h"
#include "base/err.h"
#include "frame/layers.h"
#include "frame/offload.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    EL_OVERLAY_HEADER = 20 + 8 + 8, /* IPv4, UDP, VXLAN: pushed in front of the frame */
    EL_OVERLAY_COMPACT = 8,         /* VXLAN alone */
    EL_OVERLAY_PORT = 4789,
    EL_OVERLAY_FRAME_MAX = 1500 + 14 + 8, /* a machine's Ethernet, with two tags */
};

/* From us to one peer, for one network. */
struct el_overlay_path {
    uint32_t local; /* tunnel addresses, host order */
    uint32_t remote;
    uint32_t vni; /* 0..2^24-1 */
    uint8_t tos;  /* DSCP and ECN of the tunnel's IP header: those of the frame (frame/ecn.h) */
};

/* Writes EL_OVERLAY_HEADER bytes in front of FRAME (which needs that headroom). FLOW varies the UDP
 * source port (RFC 7348 §5: 49152 and up), IP_ID identifies fragments. Returns the length of the
 * IP packet, which starts at frame - EL_OVERLAY_HEADER. */
size_t el_overlay_encap(uint8_t *frame, size_t len, const struct el_overlay_path *path,
                        uint32_t flow, uint16_t ip_id);

/* What a packet out of the tunnel holds. */
enum el_overlay_kind {
    EL_OVERLAY_FRAME,      /* a whole frame: vni, frame, frame_len */
    EL_OVERLAY_FRAGMENT,   /* give it to the reassembler */
    EL_OVERLAY_ECHO,       /* ICMP echo request for us: answer with el_overlay_echo_reply() */
    EL_OVERLAY_ECHO_REPLY, /* ident, sequence, packet length: for pmtu */
};

struct el_overlay_packet {
    enum el_overlay_kind kind;
    uint32_t source; /* tunnel address of the sender, host order */
    uint8_t tos;     /* DSCP and ECN of the tunnel's IP header */
    uint32_t vni;    /* from here on: of a frame only */
    uint8_t *frame;  /* inside the packet */
    size_t frame_len;
    struct el_layers layers;   /* what el_layers_read() has found in the frame */
    struct el_offload offload; /* no more than a partial checksum; of the compact form only */
    uint16_t echo_ident, echo_sequence; /* of an echo only */
    size_t echo_len;                    /* of the whole IP packet */
};

/* Takes apart an IP packet for LOCAL. 0, or EL_EPROTO: no IPv4, with IP options, other destination
 * or protocol or port, VXLAN without its I bit or with a reserved one (GBP and GPE give those a
 * meaning that we do not know; Linux drops them too), a frame shorter than an Ethernet header or
 * longer than EL_OVERLAY_FRAME_MAX, lengths that contradict each other, a wrong IP, ICMP or
 * (non-zero) UDP checksum.
 *
 * Exactly one VXLAN header is taken off, and only from packets between tunnel addresses. What the
 * machines themselves send to UDP 4789 of each other is their own business and passes as payload:
 * since no frame is ever given to this function, an inner VNI can reach no network here. */
int el_overlay_decap(uint8_t *packet, size_t len, uint32_t local, struct el_overlay_packet *out);

/* Whether a packet that el_overlay_decap() refuses for LOCAL is one for who else listens at our
 * tunnel address: IPv4 without options to LOCAL, with a right header checksum and length, of TCP,
 * of UDP to another port than VXLAN's, or of ICMP that is no echo. Nothing behind the ports is
 * looked at. */
bool el_overlay_is_inside(const uint8_t *packet, size_t len, uint32_t local);

/*
 * The compact form. A checksum that the sender's kernel has left partial stays so all the way into
 * the receiver's: every byte between them is authenticated, which no checksum betters. VXLAN has
 * reserved bits that say where it is: remote checksum offload (draft-herbert-vxlan-rco-00 §2.1,
 * with the meaning of the bits that Linux has), in the first word and in the last byte:
 *
 *     |R|R|R|R|I|R|R|R|R|R|C|              Reserved                 |
 *     |                VXLAN Network Identifier (VNI) |O| Csum start  |
 *
 *     I  the VNI is valid; the only other bit that may be set is
 *     C  the checksum is partial: as in VIRTIO, its field holds the pseudo header's sum, and what
 *        is to be added starts Csum start * 2 bytes into the frame;
 *     O  it is UDP's, at offset 6 from there; else TCP's, at 16. Without C, all of the byte is 0.
 */

/* True if the compact form can say of a frame of LEN bytes with these LAYERS what OFFLOAD does: of
 * each of its segments, if it is a super-frame. */
bool el_overlay_may_be_partial(const struct el_layers *layers, size_t len,
                               const struct el_offload *offload);

/* Writes EL_OVERLAY_COMPACT bytes in front of FRAME (which needs that headroom). A checksum that
 * OFFLOAD says is partial is one that el_overlay_may_be_partial(). */
void el_overlay_compact_encap(uint8_t *frame, uint32_t vni, const struct el_offload *offload);

/* True if what begins with FIRST is in the compact form: no version of IP begins so. */
static inline bool el_overlay_is_compact(uint8_t first)
{
    return first == 0x08;
}

/* Takes apart what came in the compact form. 0 and kind EL_OVERLAY_FRAME, or EL_EPROTO: too short,
 * reserved bits, a frame shorter than an Ethernet header or longer than EL_OVERLAY_FRAME_MAX, or a
 * partial checksum that is not where the frame has its TCP or UDP header, or that covers padding.
 */
int el_overlay_compact_decap(uint8_t *packet, size_t len, struct el_overlay_packet *out);

/* Turns an echo request into its reply, in place; its length stays. */
void el_overlay_echo_reply(uint8_t *packet, size_t len);

/* Builds an echo request of LEN bytes in all, with DF. Returns LEN. */
size_t el_overlay_echo_request(uint8_t *packet, size_t len, const struct el_overlay_path *path,
                               uint16_t ident, uint16_t sequence);

/* Lowers the MSS option of a TCP SYN in FRAME (Ethernet, up to two VLAN tags, IPv4 or IPv6), in
 * which el_layers_read() has found LAYERS, so that a full segment fits an IP packet of MTU bytes,
 * and mends the checksum (RFC 1624). MTU is the longest IP packet of a machine that passes uncut in
 * a frame without tags: what is left of el_pmtu_inner_bytes() behind EL_OVERLAY_HEADER and an
 * Ethernet header; tags in FRAME are taken off as well. With NEEDS_CSUM the checksum field is left
 * alone: it is partial and does not cover the option yet. True if it changed something. Anything
 * else is left alone; never fails. */
bool el_overlay_clamp_mss(uint8_t *frame, const struct el_layers *layers, size_t mtu,
                          bool needs_csum);

#endif
