/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The applet that asks for an address of this computer's own in a network, where it is a guest: the
 * machine of dhcp/dhcp_host.h, without any rights. It tells its supervisor (spoke/guest.h) what it
 * has, and gives it back when it is told to end.
 *
 * Descriptors that it is given: "port" (el_packet_open_udp() on the interface, for port 68),
 * "guest" (see spoke/guest_message.h).
 */
#ifndef EL_SPOKE_GUEST_SERVICE_H
#define EL_SPOKE_GUEST_SERVICE_H

#include "base/addr.h"
#include "base/err.h"

struct el_guest_service_config {
    const char *interface; /* for logs */
    struct el_mac mac;     /* its address */
    const char *name;      /* of this computer, for the server; NULL: none */
    uint64_t user;         /* who to become; 0: stay */
};

/* Runs until SIGTERM or SIGINT. 0 or an error. */
int el_guest_service_run(const struct el_guest_service_config *config, struct el_err *err);

#endif
