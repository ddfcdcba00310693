/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A packet socket on an existing network interface (packet(7)): every frame that arrives there, and
 * frames of ours out of it. The interface is promiscuous as long as the socket is open.
 *
 * Frames that this host itself sends on the interface are not received, and what we send is not
 * seen by the host: its own address on that interface does not reach the network. VLAN tags are
 * part of the frame, also where the kernel had stripped them.
 *
 * Or it is for one VLAN of the interface (IEEE 802.1Q): only frames with that tag come, without it,
 * and what is sent gets it. No VLAN device is needed for that, nor is one in the way.
 *
 * receive returns EL_EAGAIN once when the interface was set down; it goes on when it is up again.
 * It returns EL_ECLOSED when it was removed (open a new port when one of its name comes back);
 * nothing makes the descriptor readable for that, so call receive now and then while it is down.
 */
#ifndef EL_PORT_PACKET_H
#define EL_PORT_PACKET_H

#include "base/err.h"
#include "port/port.h"

/* Which frames of its interface a socket receives; it is fixed when the socket is made. A number
 * from 1 to EL_PACKET_VID_MAX: those whose outer tag, of type 0x8100, has this VLAN identifier. */
enum {
    EL_PACKET_ALL = -1,     /* with or without a tag */
    EL_PACKET_UNTAGGED = 0, /* without a tag, or with one that has but a priority (VLAN 0) */
    EL_PACKET_VID_MAX = 4094,
};

/* Opens a socket on NAME. Returns the descriptor: non-blocking and close-on-exec. Errors:
 * EL_ENOENT (the text lists the interfaces there are), EL_EPERM, EL_EINVAL (loopback, or not
 * Ethernet, or no such VID). The interface need not be up. */
int el_packet_open(const char *name, int vid, struct el_err *err);

/* Up to COUNT (1 or more) of them, for as many lanes: each frame comes to one of FDS, all frames of
 * a flow to the same (PACKET_FANOUT). Returns how many there are: COUNT, or 1 where the kernel
 * makes no group because the interface is down. On an error none is open. */
int el_packet_open_lanes(const char *name, int vid, unsigned count, int fds[], struct el_err *err);

/* The same for datagrams of IPv4 to this UDP PORT only, without a tag and not in fragments: nothing
 * else wakes whoever waits, or is copied for it. It sends what it likes. */
int el_packet_open_udp(const char *name, uint16_t port, struct el_err *err);

/* The same for ARP only, without a tag. */
int el_packet_open_arp(const char *name, struct el_err *err);

/* The same for sending only: it is not promiscuous, and no frame is copied for it. */
int el_packet_open_to_send(const char *name, struct el_err *err);

/* Adopts FD, of el_packet_open() with the same VID here or in another process; on success it is
 * the port's. NAME is for logs. EL_ECLOSED: its interface has been removed. */
int el_port_from_packet(int fd, const char *name, int vid, struct el_port **port);

#endif
