/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a reply says: the configuration, what a machine boots, and what firmware insists on. */
#ifndef EL_DHCP_DHCP_REPLY_H
#define EL_DHCP_DHCP_REPLY_H

#include "dhcp/dhcp_internal.h"

/* How a PXE ROM is told what to boot. Which one it understands is its maker's secret. */
enum el_dhcp_pxe_way {
    EL_DHCP_PXE_FILE,    /* "boot the file named here": discovery control 8 */
    EL_DHCP_PXE_BINL,    /* nothing is named: it asks port 4011 */
    EL_DHCP_PXE_SERVERS, /* a menu of one item, and a list of one server, which is asked for it */
    EL_DHCP_PXE_WAYS,
};

struct el_dhcp_answer {
    enum el_dhcp_type type; /* OFFER, ACK or NAK */
    uint32_t yiaddr;        /* 0: no address is given (NAK, INFORM, boot server, proxy) */
    uint32_t lease_s;       /* 0: no lease is given */
    const char *hostname;   /* of a reservation; NULL: none */
    const char *message;    /* option 56 of a NAK */
    bool boot_only;         /* from a boot server or proxy: nothing but how to boot */
    bool proxy;             /* beside another server's offer */
    bool rapid_commit;      /* RFC 4039 */
    enum el_dhcp_pxe_way way;
    struct el_dhcp_boot boot;
};

/* Makes the reply to R. */
void el_dhcp_reply(const struct el_dhcp *d, const struct el_dhcp_request *r,
                   const struct el_dhcp_answer *answer, struct el_dhcp_message *reply);

/* The most bytes that the sender of REQUEST takes (option 57, which counts the IP and UDP headers).
 */
size_t el_dhcp_reply_limit(const struct el_dhcp_message *request);

#endif
