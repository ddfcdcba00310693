/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Router Solicitation and Router Advertisement, bytes and meaning. */
#include "ndp/ndp_wire.h"

enum {
    OPTION_SOURCE_MAC = 1, /* Source Link-layer Address (RFC 4861 §4.6.1) */
    OPTION_PREFIX = 3,     /* Prefix Information (§4.6.2) */
    OPTION_SERVERS = 25,   /* Recursive DNS Server (RFC 8106 §5.1) */
    ON_LINK = 0x80,        /* all addresses of the prefix are neighbours, */
    AUTONOMOUS = 0x40,     /* and who likes may make itself one (RFC 4862 §5.5.3) */
    OPTION_UNIT = 8, /* option lengths count units of so many bytes, type and length included */
    CHECKSUM_AND_RESERVED = 6,
};

static bool is_unspecified(const struct el_ip *ip)
{
    static const uint8_t zero[sizeof ip->b];

    return memcmp(ip->b, zero, sizeof zero) == 0;
}

/* Passes one option; returns its type. */
static uint8_t pass_option(struct el_wire *w)
{
    uint8_t type = el_wire_u8(w);
    uint8_t units = el_wire_u8(w);

    if (units == 0) /* not even its own type and length */
        el_wire_fail(w);
    else
        el_wire_skip(w, (size_t)units * OPTION_UNIT - 2);
    return type;
}

int el_ndp_check_solicitation(const struct el_ip *from, uint8_t hop_limit, const uint8_t *bytes,
                              size_t len)
{
    struct el_wire w = el_wire_read(bytes, len);
    bool has_mac = false;
    uint8_t type = el_wire_u8(&w);
    uint8_t code = el_wire_u8(&w);

    el_wire_skip(&w, CHECKSUM_AND_RESERVED);
    while (el_wire_left(&w) > 0)
        has_mac = pass_option(&w) == OPTION_SOURCE_MAC || has_mac;
    if (!el_wire_ok(&w) || type != EL_NDP_ROUTER_SOLICITATION || code != 0)
        return EL_EPROTO;
    if (from->family != 6 || from->b[0] == 0xff || hop_limit != EL_NDP_HOP_LIMIT)
        return EL_EPROTO;
    /* Who has no address yet cannot be somebody's neighbour. */
    return has_mac && is_unspecified(from) ? EL_EPROTO : 0;
}

static void put_option(struct el_wire *w, uint8_t type, size_t bytes)
{
    el_wire_put_u8(w, type);
    el_wire_put_u8(w, (uint8_t)(bytes / OPTION_UNIT));
}

static void put_prefix(struct el_wire *w, const struct el_ndp_advertisement *a)
{
    put_option(w, OPTION_PREFIX, 32);
    el_wire_put_u8(w, a->prefix.len);
    el_wire_put_u8(w, ON_LINK | AUTONOMOUS);
    el_wire_put_be32(w, a->valid_s);
    el_wire_put_be32(w, a->preferred_s);
    el_wire_put_be32(w, 0); /* reserved */
    el_wire_put(w, a->prefix.ip.b, sizeof a->prefix.ip.b);
}

static void put_servers(struct el_wire *w, const struct el_ndp_advertisement *a)
{
    put_option(w, OPTION_SERVERS, 8 + 16 * (size_t)a->dns_count);
    el_wire_put_be16(w, 0); /* reserved */
    el_wire_put_be32(w, a->dns_s);
    for (unsigned i = 0; i < a->dns_count; i++)
        el_wire_put(w, a->dns[i].b, sizeof a->dns[i].b);
}

void el_ndp_put_advertisement(struct el_wire *w, const struct el_ndp_advertisement *a)
{
    el_wire_put_u8(w, EL_NDP_ROUTER_ADVERTISEMENT);
    el_wire_put_u8(w, 0);   /* code */
    el_wire_put_be16(w, 0); /* checksum */
    el_wire_put_u8(w, 0);   /* hop limit for hosts to use: not specified */
    el_wire_put_u8(w, 0);   /* neither Managed nor Other: no DHCPv6 */
    el_wire_put_be16(w, a->router_s);
    el_wire_put_be32(w, 0); /* reachable time: not specified */
    el_wire_put_be32(w, 0); /* retransmission timer: not specified */
    put_option(w, OPTION_SOURCE_MAC, 2 + sizeof a->mac.b);
    el_wire_put(w, a->mac.b, sizeof a->mac.b);
    if (a->prefix.ip.family == 6)
        put_prefix(w, a);
    if (a->dns_count > 0)
        put_servers(w, a);
}
