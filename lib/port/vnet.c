/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "port/vnet.h"

#include "base/err.h"

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

int el_vnet_send(int fd, const struct el_port_tx *frame)
{
    struct virtio_net_hdr vnet = el_vnet_of(&frame->offload);
    struct iovec pieces[1 + EL_PORT_SLICES] __attribute__((uninitialized));

    if (frame->count > EL_PORT_SLICES)
        return EL_EINVAL;
    int count = gather(frame, &vnet, pieces);
    const struct iovec *first = &pieces[(unsigned)count == frame->count];
    if ((count == 1 ? write(fd, first->iov_base, first->iov_len) : writev(fd, first, count)) >= 0)
        return 0;

    switch (errno) {
    case EAGAIN:
    case ENOBUFS:
    case ENOMEM:
    case ENETDOWN: /* the card is set down; it may come up again */
    case EINTR: return EL_EAGAIN;
    case EMSGSIZE: return EL_ESHORT;
    case EBADFD: /* the TAP interface was deleted */
    case ENXIO:  /* the card under the packet socket is gone */
    case ENODEV: return EL_ECLOSED;
    default: return el_errno_from_os(errno);
    }
}
