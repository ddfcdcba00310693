/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "port/vnet.h"

#include "base/err.h"
#include "base/wire.h"
#include "frame/eth.h"

#include <errno.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#ifndef VIRTIO_NET_HDR_GSO_UDP_L4
#define VIRTIO_NET_HDR_GSO_UDP_L4 5 /* Linux 6.2 */
#endif

_Static_assert(EL_GSO_TCP4 == VIRTIO_NET_HDR_GSO_TCPV4 && EL_GSO_TCP6 == VIRTIO_NET_HDR_GSO_TCPV6 &&
                   EL_GSO_UDP_L4 == VIRTIO_NET_HDR_GSO_UDP_L4,
               "enum el_gso has the numbers of VIRTIO");
_Static_assert(sizeof(struct el_slice) == sizeof(struct iovec) &&
                   offsetof(struct el_slice, bytes) == offsetof(struct iovec, iov_base) &&
                   offsetof(struct el_slice, len) == offsetof(struct iovec, iov_len),
               "struct el_slice is laid out as struct iovec");
_Static_assert((int)EL_PORT_HEADROOM == sizeof(struct virtio_net_hdr), "the header fits");

int el_vnet_read(const struct virtio_net_hdr *vnet, struct el_offload *offload)
{
    unsigned gso = vnet->gso_type & ~(unsigned)VIRTIO_NET_HDR_GSO_ECN;

    *offload = (struct el_offload){
        .needs_csum = vnet->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM,
        .csum_valid = vnet->flags & VIRTIO_NET_HDR_F_DATA_VALID,
        .ecn = vnet->gso_type & VIRTIO_NET_HDR_GSO_ECN,
        .gso = (enum el_gso)gso,
        .gso_size = vnet->gso_size,
        .hdr_len = vnet->hdr_len,
        .csum_start = vnet->csum_start,
        .csum_offset = vnet->csum_offset,
    };
    switch (gso) {
    case EL_GSO_NONE:
    case EL_GSO_TCP4:
    case EL_GSO_TCP6:
    case EL_GSO_UDP_L4: return 0;
    default: return EL_EPROTO;
    }
}

struct virtio_net_hdr el_vnet_of(const struct el_offload *offload)
{
    struct virtio_net_hdr vnet = {0};

    if (offload->needs_csum) {
        vnet.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
        vnet.csum_start = offload->csum_start;
        vnet.csum_offset = offload->csum_offset;
    }
    if (offload->gso != EL_GSO_NONE) {
        vnet.gso_type = (uint8_t)(offload->gso | (offload->ecn ? VIRTIO_NET_HDR_GSO_ECN : 0));
        vnet.gso_size = offload->gso_size;
        vnet.hdr_len = offload->hdr_len;
    }
    return vnet;
}

/* Where the header is: in front of the frame, if it may be written there, else in PIECES. The
 * number of pieces. */
static int gather(const struct el_port_tx *frame, struct virtio_net_hdr *vnet, struct iovec *pieces)
{
    memcpy(pieces + 1, frame->slices, frame->count * sizeof *pieces);
    if (!frame->headroom || frame->count == 0) {
        pieces[0] = (struct iovec){vnet, sizeof *vnet};
        return (int)frame->count + 1;
    }
    pieces[1].iov_base = (uint8_t *)pieces[1].iov_base - sizeof *vnet;
    pieces[1].iov_len += sizeof *vnet;
    memcpy(pieces[1].iov_base, vnet, sizeof *vnet);
    return (int)frame->count;
}

/* What it means that a frame was not taken. */
static int send_error(int errno_value)
{
    switch (errno_value) {
    case EAGAIN:
    case ENOBUFS:
    case ENOMEM:
    case ENETDOWN: /* the card is set down; it may come up again */
    case EINTR: return EL_EAGAIN;
    case EMSGSIZE: return EL_ESHORT;
    case EBADFD: /* the TAP interface was deleted */
    case ENXIO:  /* the card under the packet socket is gone */
    case ENODEV: return EL_ECLOSED;
    default: return el_errno_from_os(errno_value);
    }
}

int el_vnet_send(int fd, const struct el_port_tx *frame)
{
    struct virtio_net_hdr vnet = el_vnet_of(&frame->offload);
    struct iovec pieces[1 + EL_PORT_SLICES] __attribute__((uninitialized));

    if (frame->count > EL_PORT_SLICES)
        return EL_EINVAL;
    int count = gather(frame, &vnet, pieces);
    const struct iovec *first = &pieces[(unsigned)count == frame->count];
    ssize_t sent =
        count == 1 ? write(fd, first->iov_base, first->iov_len) : writev(fd, first, count);
    return sent >= 0 ? 0 : send_error(errno);
}

/* What comes before the rest of a tagged frame. */
struct tagged_head {
    struct virtio_net_hdr vnet;
    uint8_t eth[EL_ETH_TAG_AT + EL_ETH_TAG];
};
_Static_assert(sizeof(struct tagged_head) == sizeof(struct virtio_net_hdr) + 16, "no gap");

/* Everything behind the tag is where it was, and four bytes further from the start. */
static void make_head(struct tagged_head *head, const struct el_port_tx *frame, uint16_t vid)
{
    struct el_wire w = el_wire_write(head->eth, sizeof head->eth);

    head->vnet = el_vnet_of(&frame->offload);
    if (frame->offload.needs_csum)
        head->vnet.csum_start += EL_ETH_TAG;
    if (frame->offload.gso != EL_GSO_NONE)
        head->vnet.hdr_len += EL_ETH_TAG;
    el_wire_put(&w, frame->slices[0].bytes, EL_ETH_TAG_AT);
    el_wire_put_be16(&w, EL_ETHERTYPE_VLAN);
    el_wire_put_be16(&w, vid);
}

int el_vnet_send_tagged(int fd, const struct el_port_tx *frame, uint16_t vid)
{
    struct iovec pieces[1 + EL_PORT_SLICES] __attribute__((uninitialized));
    struct tagged_head head;

    if (frame->count == 0 || frame->count > EL_PORT_SLICES || frame->slices[0].len < EL_ETH_HEADER)
        return EL_EINVAL;
    make_head(&head, frame, vid);
    pieces[0] = (struct iovec){&head, sizeof head};
    memcpy(pieces + 1, frame->slices, frame->count * sizeof *pieces);
    pieces[1].iov_base = (uint8_t *)pieces[1].iov_base + EL_ETH_TAG_AT;
    pieces[1].iov_len -= EL_ETH_TAG_AT;
    return writev(fd, pieces, (int)frame->count + 1) >= 0 ? 0 : send_error(errno);
}
