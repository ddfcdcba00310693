/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One interface for Ethernet frames: a TAP interface (port/tap.h), a packet socket on a network
 * card (port/packet.h), a socket pair (port/pair.h), or memory (port/memory.h).
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
    EL_PORT_NAME_BYTES = 24, /* "eth1.30", with the NUL */
    /* The largest frame a port takes or gives: a 64 KB IP packet behind two VLAN tags. */
    EL_PORT_FRAME_BYTES = 65535 + 22,
    EL_PORT_HEADROOM = 10, /* in front of a frame: the header that the kernel wants there */
    EL_PORT_TAILROOM = 1,  /* behind a received one: touched by a frame that is too long */
};

/* Where one frame is to be received: the caller gives bytes and capacity, the port fills in the
 * rest. The frame starts at bytes; EL_PORT_HEADROOM before it and EL_PORT_TAILROOM behind its
 * capacity are the port's to write to. One that is longer than capacity, or whose offload nobody
 * could understand, is dropped, or has length 0 where it came in one batch with others. */
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
    bool
        headroom; /* EL_PORT_HEADROOM in front of the first piece may be written to: it is faster */
};

enum { EL_PORT_SLICES = 68 };

struct el_port;

/* What a port counts itself; what sending returns is the caller's to count. */
enum el_port_counter {
    EL_PORT_DROP_LONG,    /* received: longer than the buffer */
    EL_PORT_DROP_OFFLOAD, /* received: a header that nobody understands */
    EL_PORT_DROP_FULL, /* dropped by the kernel in front of us: we are too slow (packet sockets; a
                          TAP interface counts it itself: ip -s link, TX dropped) */
    EL_PORT_COUNTERS
};

struct el_port_ops {
    /* Receives up to COUNT frames without waiting. The number received; 0 when there is none;
     * EL_ECLOSED when the port is gone; another error only says that something happened. */
    int (*receive)(struct el_port *port, struct el_port_rx *frames, unsigned count);
    /* Sends one frame without waiting. 0, EL_EAGAIN when the queue is full (the frame is lost),
     * EL_ESHORT when it is too long for the interface, EL_ECLOSED when that is gone, or another
     * error. */
    int (*send)(struct el_port *port, const struct el_port_tx *frame);
    void (*close)(struct el_port *port);
    /* Asks the kernel what it dropped; NULL where it does not tell. */
    uint64_t (*kernel_drops)(const struct el_port *port);
};

/* The part every kind of port begins with. */
struct el_port {
    const struct el_port_ops *ops;
    int fd;                                    /* readable when a frame waits; -1 for memory */
    bool uso;                                  /* takes EL_GSO_UDP_L4 frames */
    char name[EL_PORT_NAME_BYTES];             /* for logs */
    _Atomic uint64_t counts[EL_PORT_COUNTERS]; /* anybody may read them */
};

static inline int el_port_receive(struct el_port *port, struct el_port_rx *frames, unsigned count)
{
    return port->ops->receive(port, frames, count);
}

static inline int el_port_send(struct el_port *port, const struct el_port_tx *frame)
{
    return port->ops->send(port, frame);
}

const char *el_port_counter_name(enum el_port_counter counter);
uint64_t el_port_count(const struct el_port *port, enum el_port_counter counter);

static inline void el_port_close(struct el_port *port)
{
    if (port)
        port->ops->close(port);
}

#endif
