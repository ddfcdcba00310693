/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The services' sockets on a network: opened by the supervisor, which may bind low ports, and kept
 * open there while a service is restarted. Each is bound to the network's interface, so two
 * networks may use the same addresses.
 */
#ifndef EL_SERVICE_SOCKETS_H
#define EL_SERVICE_SOCKETS_H

#include "base/addr.h"
#include "base/err.h"

#include <stdint.h>

/* A datagram socket on PORT of DEVICE, for SERVICE (a word for messages). The descriptor. */
int el_node_udp_socket(const char *device, uint16_t port, const char *service, struct el_err *err);

/* A listening stream socket. */
int el_node_tcp_socket(const char *device, uint16_t port, const char *service, struct el_err *err);

/* The same, bound to the address IP as well, of either family: beside programs that listen on other
 * addresses of this computer. It need not be there yet. */
int el_node_udp_socket_at(const char *device, const struct el_ip *ip, uint16_t port,
                          const char *service, struct el_err *err);
int el_node_tcp_socket_at(const char *device, const struct el_ip *ip, uint16_t port,
                          const char *service, struct el_err *err);

/* For a DHCP relay, whose socket FD is bound to the interface: one that is bound to IP and the same
 * port, and to no interface, for what comes back by another. */
int el_node_relay_socket(int fd, const struct el_ip *ip, struct el_err *err);

#endif
