/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The header that TAP interfaces and packet sockets put in front of a frame: struct virtio_net_hdr
 * (OASIS VIRTIO 1.2 §5.1.6), 10 bytes, in the machine's byte order. Private to this room.
 */
#ifndef EL_PORT_VNET_H
#define EL_PORT_VNET_H

#include "port/port.h"

#include <linux/virtio_net.h>

/* 0, or EL_EPROTO where it asks for something we cannot do (UFO). */
int el_vnet_read(const struct virtio_net_hdr *vnet, struct el_offload *offload);

/* What says OFFLOAD. */
struct virtio_net_hdr el_vnet_of(const struct el_offload *offload);

/* Sends the frame with its header in front by one write(2) or writev(2). Returns what
 * el_port_ops.send does. */
int el_vnet_send(int fd, const struct el_port_tx *frame);

/* The same with a tag of VLAN VID (IEEE 802.1Q, priority 0) behind its addresses, which have to be
 * in the first piece, or EL_EINVAL. */
int el_vnet_send_tagged(int fd, const struct el_port_tx *frame, uint16_t vid);

#endif
