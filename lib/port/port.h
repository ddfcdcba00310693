/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One interface for Ethernet frames: a TAP interface (port/tap.h), a packet socket on a network
 * card (port/packet.h), or memory (port/memory.h).
 *
 * Frames may be super-frames: up to 64 KB of one TCP (or UDP) flow that whoever is behind the port
 * has not cut yet, or that we have merged; `struct el_offload` says how to cut them and which
 * checksum is still to be computed. It is the header of virtio-net in host order, RFC-less but
 * specified by OASIS VIRTIO 1.2 §5.1.6.
 */
#ifndef EL_PORT_PORT_H
#define EL_PORT_PORT_H

#include "base/addr.h"
#include "frame/offload.h"

#include <stddef.h>
#include <stdint.h>

enum {
    EL_PORT_NAME_BYTES = 16,
    /* The largest frame a port takes or gives: a 64 KB IP packet behind two VLAN tags. */
    EL_PORT_FRAME_BYTES = 65535 + 22,
};

/* Where one frame is to be received: the caller gives bytes and capacity, the port fills in the
 * rest. The frame starts at bytes. One that is longer than capacity, or whose offload nobody could
 * understand, is dropped, or has length 0 where it came in one batch with others. */
struct el_port_rx {
    uint8_t *bytes;
    size_t capacity;
    size_t len;
    struct el_offload offload;
};

/* One frame to send, in pieces: the header first, then payload. The port copies nothing that the
 * kernel does not copy. */
struct el_port_tx {
    struct el_offload offload;
    const struct el_slice *slices;
    unsigned count; /* at most EL_PORT_SLICES */
};

enum { EL_PORT_SLICES = 68 };

struct el_port;

struct el_port_ops {
    /* Receives up to COUNT frames without waiting. The number received; 0 when there is none;
     * EL_ECLOSED when the port is gone; another error only says that something happened. */
    int (*receive)(struct el_port *port, struct el_port_rx *frames, unsigned count);
    /* Sends one frame without waiting. 0, EL_EAGAIN when the queue is full (the frame is lost),
     * EL_ESHORT when it is too long for the interface, EL_ECLOSED when that is gone, or another
     * error. */
    int (*send)(struct el_port *port, const struct el_port_tx *frame);
    void (*close)(struct el_port *port);
};

/* The part every kind of port begins with. */
struct el_port {
    const struct el_port_ops *ops;
    int fd;                        /* readable when a frame waits; -1 for memory */
    bool uso;                      /* takes EL_GSO_UDP_L4 frames */
    char name[EL_PORT_NAME_BYTES]; /* for logs */
};

static inline int el_port_receive(struct el_port *port, struct el_port_rx *frames, unsigned count)
{
    return port->ops->receive(port, frames, count);
}

static inline int el_port_send(struct el_port *port, const struct el_port_tx *frame)
{
    return port->ops->send(port, frame);
}

static inline void el_port_close(struct el_port *port)
{
    if (port)
        port->ops->close(port);
}

#endif
