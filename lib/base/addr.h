/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Addresses: MAC, IP, prefix, endpoint; their text forms (RFC 5952 for IPv6).
 * Bytes are in network order throughout, as they stand on the wire.
 */
#ifndef EL_BASE_ADDR_H
#define EL_BASE_ADDR_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct el_mac {
    uint8_t b[6];
};

/* family is 4, 6, or 0 for "none". An IPv4 address uses b[0..3], the rest is zero, so that two
 * equal addresses are equal byte for byte. */
struct el_ip {
    uint8_t family;
    uint8_t b[16];
};

/* An address range: len is the prefix length, 0..32 or 0..128. */
struct el_prefix {
    struct el_ip ip;
    uint8_t len;
};

/* How datagrams travel between two endpoints. */
enum el_carrier {
    EL_CARRIER_UDP,
    EL_CARRIER_TCP, /* inside a TCP connection (stream/stream.h) that the far end has made, */
    EL_CARRIER_TCP_CALLED, /* or that we make: there is none from there by itself */
};

/* Where a datagram comes from or goes to. scope is the interface index of a link-local IPv6
 * address, else 0. port is in host order. local is the address of ours that it came to or leaves
 * from, where somebody cares (family 0: any); it is no part of what el_endpoint_equal() compares,
 * nor of the text. */
struct el_endpoint {
    struct el_ip ip;
    uint8_t carrier; /* enum el_carrier */
    uint16_t port;
    uint32_t scope;
    struct el_ip local;
};

enum {
    EL_MAC_TEXT = 18,      /* "52:54:00:12:34:56" and NUL */
    EL_IP_TEXT = 46,       /* the longest IPv6 form and NUL */
    EL_PREFIX_TEXT = 50,   /* address, slash, length and NUL */
    EL_ENDPOINT_TEXT = 70, /* "[address%scope]:port/tcp" and NUL */
};

static inline bool el_mac_equal(const struct el_mac *a, const struct el_mac *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

/* Group addresses: multicast and broadcast (IEEE 802, the I/G bit). */
static inline bool el_mac_is_group(const struct el_mac *mac)
{
    return mac->b[0] & 1;
}

static inline bool el_mac_is_zero(const struct el_mac *mac)
{
    static const struct el_mac zero;

    return el_mac_equal(mac, &zero);
}

/* An IPv4 address from and to a number in host order, for arithmetic. el_ip4_number() of anything
 * but an IPv4 address is 0. */
struct el_ip el_ip4(uint32_t host_order);
uint32_t el_ip4_number(const struct el_ip *ip);

bool el_ip_equal(const struct el_ip *a, const struct el_ip *b);
bool el_endpoint_equal(const struct el_endpoint *a, const struct el_endpoint *b);
bool el_prefix_contains(const struct el_prefix *prefix, const struct el_ip *ip);
bool el_prefix_overlaps(const struct el_prefix *a, const struct el_prefix *b);

/* The netmask of an IPv4 prefix in host order: 24 gives 0xffffff00. */
uint32_t el_prefix_mask4(uint8_t len);

/* Text to address: 0, or EL_EINVAL for anything but exactly one address (the result is then not to
 * be used). A MAC may be written with colons, dashes or nothing between its bytes. A prefix may
 * have bits set beyond its length; they are kept. An endpoint without port gets DEFAULT_PORT; an
 * IPv6 address with a port stands in brackets, and may name its scope by number: [fe80::1%2]:51820.
 * With /tcp behind it, it is inside a TCP connection, whoever has made that.
 */
int el_mac_parse(const char *text, struct el_mac *mac);
int el_ip_parse(const char *text, struct el_ip *ip);
int el_prefix_parse(const char *text, struct el_prefix *prefix);
int el_endpoint_parse(const char *text, uint16_t default_port, struct el_endpoint *endpoint);

/* Address to text; the buffer has the size given above and is also returned. */
char *el_mac_text(const struct el_mac *mac, char text[EL_MAC_TEXT]);
char *el_ip_text(const struct el_ip *ip, char text[EL_IP_TEXT]);
char *el_prefix_text(const struct el_prefix *prefix, char text[EL_PREFIX_TEXT]);
char *el_endpoint_text(const struct el_endpoint *endpoint, char text[EL_ENDPOINT_TEXT]);

#endif
