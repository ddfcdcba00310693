/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * DHCP messages: bytes to struct and back (RFC 2131 §2, RFC 2132).
 *
 * Decoding joins what belongs together: the options field, and `file` and `sname` if they are
 * overloaded (RFC 2132 §9.3), are one stream of options in which an option that comes in several
 * parts is one option (RFC 3396). Encoding is the inverse: an option beyond 255 bytes is split, and
 * `sname` and `file` are used for options only if these do not fit otherwise, and never for the
 * relay's.
 *
 * Addresses are numbers in host order, 0 for none. A message owns its bytes; nothing here
 * allocates.
 */
#ifndef EL_DHCP_DHCP_WIRE_H
#define EL_DHCP_DHCP_WIRE_H

#include "base/addr.h"
#include "base/wire.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    EL_DHCP_PORT_SERVER = 67,
    EL_DHCP_PORT_CLIENT = 68,
    EL_DHCP_PORT_BINL = 4011, /* PXE 2.1 §2.2.3: boot servers */

    EL_DHCP_MAGIC = 0x63825363,
    EL_DHCP_FIXED_BYTES = 240,   /* up to and with the magic cookie */
    EL_DHCP_BOOTP_BYTES = 300,   /* shorter replies are dropped by BOOTP relays and old ROMs */
    EL_DHCP_DEFAULT_BYTES = 548, /* what every client takes: 576 less IP and UDP (RFC 2131 §2) */
    EL_DHCP_REPLY_BYTES = 1472,  /* what we send at most: one Ethernet frame */
    EL_DHCP_MESSAGE_BYTES = 2048 /* what we read at most; longer is not DHCP */
};

enum { EL_DHCP_BOOTREQUEST = 1, EL_DHCP_BOOTREPLY = 2 };
enum { EL_DHCP_HTYPE_ETHERNET = 1 };
enum { EL_DHCP_FLAG_BROADCAST = 0x8000 };

/* Option 53. */
enum el_dhcp_type {
    EL_DHCP_DISCOVER = 1,
    EL_DHCP_OFFER,
    EL_DHCP_REQUEST,
    EL_DHCP_DECLINE,
    EL_DHCP_ACK,
    EL_DHCP_NAK,
    EL_DHCP_RELEASE,
    EL_DHCP_INFORM,
};

/* Option codes (RFC 2132 unless another is named). */
enum {
    EL_DHCP_O_PAD = 0,
    EL_DHCP_O_MASK = 1,
    EL_DHCP_O_ROUTER = 3,
    EL_DHCP_O_DNS = 6,
    EL_DHCP_O_HOSTNAME = 12,
    EL_DHCP_O_DOMAIN = 15,
    EL_DHCP_O_BROADCAST = 28,
    EL_DHCP_O_NTP = 42,
    EL_DHCP_O_VENDOR = 43, /* encapsulated; PXE 2.1 §2.2 */
    EL_DHCP_O_REQUESTED_IP = 50,
    EL_DHCP_O_LEASE_S = 51,
    EL_DHCP_O_OVERLOAD = 52, /* belongs to the encoding; never in a decoded message */
    EL_DHCP_O_TYPE = 53,
    EL_DHCP_O_SERVER_ID = 54,
    EL_DHCP_O_PARAMETERS = 55,
    EL_DHCP_O_MESSAGE = 56,
    EL_DHCP_O_MAX_SIZE = 57,
    EL_DHCP_O_T1_S = 58,
    EL_DHCP_O_T2_S = 59,
    EL_DHCP_O_VENDOR_CLASS = 60,
    EL_DHCP_O_CLIENT_ID = 61,
    EL_DHCP_O_TFTP_SERVER = 66,
    EL_DHCP_O_BOOT_FILE = 67,
    EL_DHCP_O_USER_CLASS = 77,      /* RFC 3004 */
    EL_DHCP_O_RAPID_COMMIT = 80,    /* RFC 4039 */
    EL_DHCP_O_RELAY = 82,           /* RFC 3046 */
    EL_DHCP_O_ARCH = 93,            /* RFC 4578 §2.1, RFC 5970 §3.3 */
    EL_DHCP_O_NIC = 94,             /* RFC 4578 §2.2 */
    EL_DHCP_O_UUID = 97,            /* RFC 4578 §2.3 */
    EL_DHCP_O_IPV6_ONLY = 108,      /* RFC 8925 */
    EL_DHCP_O_AUTO_CONFIGURE = 116, /* RFC 2563 */
    EL_DHCP_O_SEARCH = 119,         /* RFC 3397 */
    EL_DHCP_O_ROUTES = 121,         /* RFC 3442 */
    EL_DHCP_O_IPXE = 175,           /* encapsulated; registered for Etherboot */
    EL_DHCP_O_END = 255,
};

/* Sub-options of 43 (PXE 2.1 §2.2), of 82 and of 175 (iPXE src/include/ipxe/dhcp.h). */
enum {
    EL_DHCP_PXE_DISCOVERY_CONTROL = 6,
    EL_DHCP_PXE_BOOT_SERVERS = 8,
    EL_DHCP_PXE_BOOT_MENU = 9,
    EL_DHCP_PXE_MENU_PROMPT = 10,
    EL_DHCP_PXE_BOOT_ITEM = 71,
    EL_DHCP_RELAY_CIRCUIT = 1,        /* RFC 3046 §3.1 */
    EL_DHCP_RELAY_LINK_SELECTION = 5, /* RFC 3527 */
    EL_DHCP_RELAY_SERVER_ID = 11,     /* RFC 5107 */
    EL_DHCP_IPXE_HTTP = 19,
    EL_DHCP_IPXE_MENU = 39,
    EL_DHCP_IPXE_NO_PXEDHCP = 176,
    EL_DHCP_IPXE_VERSION = 235,
};

/* The options of a message, each code once, in the order of their first appearance. */
struct el_dhcp_options {
    uint16_t count;
    uint16_t used; /* of bytes */
    uint8_t order[256];
    struct {
        bool present;
        uint16_t at; /* where its value begins in bytes */
        uint16_t len;
    } of[256];
    uint8_t bytes[EL_DHCP_MESSAGE_BYTES];
};

struct el_dhcp_message {
    uint8_t op;
    uint8_t htype;
    uint8_t hlen; /* 0..16; decoding refuses more */
    uint8_t hops;
    uint32_t xid;
    uint16_t secs;
    uint16_t flags;
    uint32_t ciaddr;
    uint32_t yiaddr;
    uint32_t siaddr;
    uint32_t giaddr;
    uint8_t chaddr[16];
    char sname[65]; /* text, always terminated; empty if overloaded */
    char file[129];
    struct el_dhcp_options options;
};

/* Decodes one UDP payload. 0, or EL_EPROTO: too short or long, no magic cookie (plain BOOTP), an
 * option that reaches beyond its field. A missing END option is tolerated. */
int el_dhcp_decode(const uint8_t *bytes, size_t len, struct el_dhcp_message *m);

/* Encodes into at most LIMIT bytes (a client's maximum; raised to EL_DHCP_BOOTP_BYTES). Options
 * that fit nowhere are left out, the last ones first, and counted in *DROPPED. Wherever it stands
 * in M, the relay's option is written last (RFC 3046 §2.2). The length, or EL_ESHORT. */
int el_dhcp_encode(const struct el_dhcp_message *m, size_t limit, uint8_t *bytes, size_t capacity,
                   unsigned *dropped);

/* A reading cursor over an option's value; a failed one if it is absent. */
struct el_wire el_dhcp_option(const struct el_dhcp_message *m, uint8_t code);

static inline bool el_dhcp_has(const struct el_dhcp_message *m, uint8_t code)
{
    return m->options.of[code].present;
}

/* An option that is one number of 1, 2 or 4 bytes; 0 if it is absent or has another length. */
uint32_t el_dhcp_number(const struct el_dhcp_message *m, uint8_t code);

/* The value of the first sub-option CODE among encapsulated ones; a failed cursor if there is none.
 */
struct el_wire el_dhcp_suboption(struct el_wire encapsulated, uint8_t code);

/* Adds an option that is not there yet. What does not fit makes the message incomplete silently:
 * its capacity exceeds what can be sent. */
void el_dhcp_put(struct el_dhcp_message *m, uint8_t code, const void *bytes, size_t len);
void el_dhcp_put_u8(struct el_dhcp_message *m, uint8_t code, uint8_t value);
void el_dhcp_put_be32(struct el_dhcp_message *m, uint8_t code, uint32_t value);
void el_dhcp_put_text(struct el_dhcp_message *m, uint8_t code, const char *text);

/* Takes an option out again. */
void el_dhcp_take_out(struct el_dhcp_message *m, uint8_t code);

/* Writes a domain name as labels, uncompressed (RFC 1035 §3.1). Fails the cursor if it is no name.
 */
void el_dhcp_wire_name(struct el_wire *w, const char *name, size_t len);

#endif
