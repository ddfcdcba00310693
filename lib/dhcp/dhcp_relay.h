/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A DHCP relay (RFC 1542 §4.1, RFC 3046): what clients broadcast goes to a server elsewhere, and
 * its answers to the clients. Messages are passed on as they are, with what a relay says put in.
 */
#ifndef EL_DHCP_DHCP_RELAY_H
#define EL_DHCP_DHCP_RELAY_H

#include "dhcp/dhcp.h"

struct el_dhcp_relay {
    struct el_ip server; /* where questions go */
    struct el_ip own;    /* our address on the clients' network: giaddr */
    const char *circuit; /* what that network is called, for option 82; at most 64 bytes */
};

/* A client's question. 1 if OUT has it for the server; 0: it is not to be passed on. */
int el_dhcp_relay_up(const struct el_dhcp_relay *relay, const uint8_t *bytes, size_t len,
                     struct el_dhcp_output *out);

/* An answer that came from FROM. 1 if OUT has it for the client. */
int el_dhcp_relay_down(const struct el_dhcp_relay *relay, const struct el_endpoint *from,
                       const uint8_t *bytes, size_t len, struct el_dhcp_output *out);

#endif
