/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * DHCP on a network, as server, proxy or relay: sockets on ports 67 and 4011, the store, the clock.
 *
 * An acknowledgement leaves only after the store has kept its lease; if that fails, nothing leaves
 * and an error is logged: the client asks again. The leases of all requests that one turn of the
 * loop brings are kept together, and of a crowd those of some milliseconds, so that it waits for
 * the disk once.
 */
#ifndef EL_DHCP_DHCP_IO_H
#define EL_DHCP_DHCP_IO_H

#include "dhcp/dhcp.h"
#include "dhcp/dhcp_watch.h"
#include "net/net.h"
#include "port/port.h"

struct el_dhcp_io_config {
    struct el_dhcp_config server;
    const char *device;    /* the interface to listen on; NULL: all */
    int inherited_fd;      /* a socket that is bound to port 67, or -1 */
    int inherited_binl_fd; /* the same for port 4011 */
    /* Frames for clients that have no address yet, from port_mac. NULL: they get broadcasts. The
     * caller's; outlives the server. */
    struct el_port *port;
    struct el_mac port_mac;
    struct el_dhcp_store store; /* put NULL: leases are kept in memory only */
    enum el_dhcp_mode mode;
    bool judge; /* SERVER or PROXY, whichever is right (dhcp/dhcp_watch.h), and no mode */
    struct el_ip relay_to;    /* the server that gives addresses; family 0: no relay */
    struct el_net *relay_net; /* where it is reached, */
    int relay_fd;             /* by a socket that is bound to our address and port 67 */
    /* Another server was heard, for the first time in ten minutes; NULL: nobody asks. */
    void (*foreign)(void *arg, const struct el_dhcp_heard *server);
    void *foreign_arg;
};

struct el_dhcp_io;

/* Loads the leases and begins to serve. NULL, with the reason in ERR. */
struct el_dhcp_io *el_dhcp_io_start(struct el_net *net, const struct el_dhcp_io_config *config,
                                    struct el_err *err);

/* The server behind it: for its reservations, which may change at any time, and for looking. Its
 * input is the io's. */
struct el_dhcp *el_dhcp_io_server(struct el_dhcp_io *io);

/* A frame of the network: ARP, or what is for DHCP clients. Without any, addresses are not probed
 * and other servers are not noticed. */
void el_dhcp_io_frame(struct el_dhcp_io *io, const uint8_t *frame, size_t len);

/* Keeps and sends what is under way, and stops. NULL is allowed. */
void el_dhcp_io_stop(struct el_dhcp_io *io);

#endif
