/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a reply says: the configuration, what a machine boots, and what firmware insists on. */
#ifndef EL_DHCP_DHCP_REPLY_H
#define EL_DHCP_DHCP_REPLY_H

#include "dhcp/dhcp.h"

struct el_dhcp_answer {
    enum el_dhcp_type type; /* OFFER, ACK or NAK */
    uint32_t yiaddr;        /* 0: no address is given (NAK, INFORM, boot server) */
    uint32_t lease_s;       /* 0: no lease is given */
    const char *hostname;   /* of a reservation; NULL: none */
    const char *message;    /* option 56 of a NAK */
    bool boot_server;       /* to port 4011: nothing but how to boot */
    struct el_dhcp_boot boot;
};

/* Makes the reply to REQUEST. */
void el_dhcp_reply(const struct el_dhcp_config *config, const struct el_dhcp_message *request,
                   const struct el_dhcp_client *client, const struct el_dhcp_answer *answer,
                   struct el_dhcp_message *reply);

/* The most bytes that the sender of REQUEST takes (option 57, which counts the IP and UDP headers).
 */
size_t el_dhcp_reply_limit(const struct el_dhcp_message *request);

#endif
