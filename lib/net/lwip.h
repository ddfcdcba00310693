/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * net/net.h on lwIP: a TCP/IP stack inside this process, for what must not meet the host's own
 * stack or has no right to it: the hub's API inside the tunnel, a spoke that joins, the networks of
 * a hub without root.
 *
 * It owns no clock, no loop and no descriptor. Timers and time come from another provider (BASE);
 * packets go out through config.send and come in through el_net_lwip_input. What connects that with
 * descriptors is net/lwip_link.h.
 *
 * lwIP's state is the process's: every network of a process is used from one thread and has the
 * same BASE, and no two may have the same address (EL_EEXIST). Who needs two networks with the same
 * addresses puts them into two processes. Apart from that they share nothing but the limits below:
 * a socket belongs to the network it was opened on, and what comes from one network for an address
 * of another is dropped.
 *
 * What differs from the kernel: IPv4 only; one address for each network, which "any address" stands
 * for; `device` is of no meaning; inherited descriptors are EL_ENOTSUP; nobody can connect to
 * himself; no multicast. TCP has window scaling and sends selective acknowledgements, but makes no
 * use of those that come (RFC 5681 without RFC 6675). Ports and initial sequence numbers cannot be
 * guessed (RFC 6056 §3.3.1, RFC 6528).
 *
 * Limits, for the process: EL_NET_LWIP_MEMORY bytes of packets; 1,024 connections, those that are
 * closing included (the oldest of which make room for new ones); 255 of a listener that are not
 * open yet; 32 listeners; 2,048 datagram sockets. Beyond them packets are dropped, and opening
 * fails with EL_EFULL.
 */
#ifndef EL_NET_LWIP_H
#define EL_NET_LWIP_H

#include "frame/offload.h"
#include "net/net.h"

enum {
    EL_NET_LWIP_MEMORY = 64 << 20, /* bytes of packets that are on the way, in all networks */
    EL_NET_LWIP_MTU_MIN = 576,     /* RFC 791: what every host takes */
    EL_NET_LWIP_MTU_MAX = 9000,
    EL_NET_LWIP_SLICES = 4, /* of one packet, at most */
};

enum el_net_lwip_layer {
    EL_NET_LWIP_IP,       /* IPv4 packets between two points: everything goes to the other one */
    EL_NET_LWIP_ETHERNET, /* frames without a VLAN tag, with ARP */
};

struct el_net_lwip_config {
    enum el_net_lwip_layer layer;
    struct el_prefix address; /* IPv4: ours, and who is on the same Ethernet */
    struct el_ip gateway;     /* Ethernet: for all others; family 0: they cannot be reached */
    struct el_mac mac;        /* Ethernet: ours */
    uint16_t mtu;             /* bytes of an IP packet, EL_NET_LWIP_MTU_MIN.._MAX */

    /* Takes one packet or frame, in COUNT pieces that are valid during the call. 0; EL_EAGAIN if
     * there is no room now (el_net_lwip_writable is called when there is); or another error, and
     * the packet is lost. Must not call anything of this network, el_net_lwip_input included. */
    int (*send)(void *arg, const struct el_slice *slices, unsigned count);
    void *arg;
};

/* A network. BASE must outlive it; free it with el_net_lwip_free. 0; EL_EINVAL; EL_EEXIST: another
 * network of this process has the address; EL_ENOMEM. */
int el_net_lwip_new(struct el_net *base, const struct el_net_lwip_config *config,
                    struct el_net **net, struct el_err *err);

/* A packet or frame has come: it is copied, and callbacks of whoever it is for are called. Anything
 * that does not make sense is dropped. Not from within a callback of this network. */
void el_net_lwip_input(struct el_net *net, const uint8_t *bytes, size_t len);

/* The same for a frame of a port, on Ethernet: what OFFLOAD says of its checksum is believed, and a
 * super-frame is taken whole. FRAME may be written to. */
void el_net_lwip_input_frame(struct el_net *net, uint8_t *frame, size_t len,
                             const struct el_offload *offload);

/* There is room again after send has returned EL_EAGAIN. */
void el_net_lwip_writable(struct el_net *net);

/* Closes everything that is still open on it (no callback is called; connections are reset) and
 * frees it. NULL is allowed. Not from within a callback. */
void el_net_lwip_free(struct el_net *net);

/* Bytes of EL_NET_LWIP_MEMORY in use. */
size_t el_net_lwip_memory(void);

#endif
