/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Connects a network of net/lwip.h with a descriptor, on the loop of a kernel provider: IP packets
 * through a socket between two processes, or the frames of a port.
 */
#ifndef EL_NET_LWIP_LINK_H
#define EL_NET_LWIP_LINK_H

#include "net/lwip.h"
#include "port/port.h"

struct el_net_lwip_link;

/* Nothing will come any more: the process at the other end has gone, or the interface. What is open
 * on the network is not told: connections end by their deadlines, or with the link. */
typedef void el_net_lwip_gone_cb(void *arg);

struct el_net_lwip_link_config {
    struct el_net_lwip_config network; /* but for layer, send and arg */
    el_net_lwip_gone_cb *gone;         /* NULL: nobody asks. May close the link */
    void *arg;
};

/* A network of IP packets, each a message through the socket FD (SOCK_SEQPACKET or SOCK_DGRAM),
 * which is the link's from then on. On an error it is still the caller's. */
int el_net_lwip_link_packets(struct el_net *kernel, const struct el_net_lwip_link_config *config,
                             int fd, struct el_net_lwip_link **link, struct el_err *err);

/* A network of frames. PORT has a descriptor, stays the caller's and must outlive the link; others
 * may send on it meanwhile. Super-frames are taken as they are. */
int el_net_lwip_link_frames(struct el_net *kernel, const struct el_net_lwip_link_config *config,
                            struct el_port *port, struct el_net_lwip_link **link,
                            struct el_err *err);

/* The network: for services. It is the link's. */
struct el_net *el_net_lwip_link_net(const struct el_net_lwip_link *link);

/* SEE is shown every frame of a port that comes in, before the network is; NULL ends that. */
void el_net_lwip_link_tap(struct el_net_lwip_link *link,
                          void (*see)(void *arg, const uint8_t *frame, size_t len), void *arg);

/* Closes the network with everything that is open on it, and the descriptor of packets. NULL is
 * allowed. Not from within a callback of the network; before the kernel provider is freed. */
void el_net_lwip_link_close(struct el_net_lwip_link *link);

#endif
