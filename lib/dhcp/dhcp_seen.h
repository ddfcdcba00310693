/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the DHCP server tells whoever watches machines: each message that it understood and each
 * answer that it gave, as they happen and without any limit (the log has one).
 */
#ifndef EL_DHCP_DHCP_SEEN_H
#define EL_DHCP_DHCP_SEEN_H

#include "dhcp/dhcp_client.h"

enum el_dhcp_seen_kind {
    /* Asked for: */
    EL_DHCP_SEEN_DISCOVER,
    EL_DHCP_SEEN_REQUEST, /* ip: which it wants */
    EL_DHCP_SEEN_DECLINE, /* ip: found in use by somebody else */
    EL_DHCP_SEEN_RELEASE,
    EL_DHCP_SEEN_ELSEWHERE, /* it took another server's offer; ip: that server */
    /* Answered; file and why: what it boots, and why that. */
    EL_DHCP_SEEN_OFFER,
    EL_DHCP_SEEN_ACK, /* leaves when it is kept; NOT_KEPT follows if it is not */
    EL_DHCP_SEEN_NAK, /* why: as it is told */
    EL_DHCP_SEEN_INFORM,
    EL_DHCP_SEEN_BOOT_SERVER, /* at port 4011, or an offer of a proxy: only how to boot */
    /* Not answered; why: in a word or two. */
    EL_DHCP_SEEN_UNANSWERED,
    EL_DHCP_SEEN_NOT_KEPT, /* its lease could not be written; client: mac only */
};

struct el_dhcp_seen {
    enum el_dhcp_seen_kind kind;
    const struct el_dhcp_client *client; /* mac zero: not Ethernet */
    struct el_ip ip;                     /* family 0: none */
    struct el_ip relay;                  /* that it came through; family 0: none */
    const char *file;                    /* never NULL; "" for none */
    const char *why;                     /* the same */
};

/* SEEN and what it points to are valid during the call. Must not call the server. */
typedef void el_dhcp_seen_cb(void *arg, const struct el_dhcp_seen *seen);

#endif
