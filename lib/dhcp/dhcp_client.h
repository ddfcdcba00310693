/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a DHCP message tells about the machine that sent it: which firmware, which iPXE, which card.
 * Facts only; which loader follows from them is for lib/boot to say.
 */
#ifndef EL_DHCP_DHCP_CLIENT_H
#define EL_DHCP_DHCP_CLIENT_H

#include "dhcp/dhcp_wire.h"

/* Option 93: the IANA registry "Processor Architecture Types" (RFC 5970 §3.3). */
enum {
    EL_DHCP_ARCH_BIOS = 0, /* a Raspberry Pi says 0 too */
    EL_DHCP_ARCH_IA32 = 6,
    EL_DHCP_ARCH_X64_BC = 7, /* 7 and 9 both mean x64 UEFI: an erratum of RFC 4578 swapped them */
    EL_DHCP_ARCH_X64 = 9,
    EL_DHCP_ARCH_ARM32 = 10,
    EL_DHCP_ARCH_ARM64 = 11,
    EL_DHCP_ARCH_IA32_HTTP = 15,
    EL_DHCP_ARCH_X64_HTTP = 16,
    EL_DHCP_ARCH_ARM32_HTTP = 18,
    EL_DHCP_ARCH_ARM64_HTTP = 19,
    EL_DHCP_ARCH_NONE = 0xffff, /* not said */
};

/* Who is asking. The vendor class of iPXE is PXEClient (or HTTPClient) as well, so that iPXE is
 * told apart first. */
enum el_dhcp_client_kind {
    EL_DHCP_CLIENT_OS,   /* an operating system, or anything else that does not boot by us */
    EL_DHCP_CLIENT_PXE,  /* PXE firmware: wants a TFTP file */
    EL_DHCP_CLIENT_HTTP, /* UEFI HTTP Boot: wants an absolute URL */
    EL_DHCP_CLIENT_IPXE,
};

enum { EL_DHCP_CLIENT_HOSTNAME = 64 };

struct el_dhcp_client {
    enum el_dhcp_client_kind kind;
    enum el_dhcp_type type; /* of the message */
    struct el_mac mac;      /* zero if its hardware is not Ethernet */
    uint32_t xid;           /* one attempt to boot keeps its transaction from DISCOVER to ACK */
    uint64_t now_ns;        /* when it asked, */
    uint16_t secs;          /* and since when, as it says: seconds */
    uint16_t arch;          /* EL_DHCP_ARCH_… */
    bool raspberry_pi;
    bool relayed;
    char hostname[EL_DHCP_CLIENT_HOSTNAME]; /* what it calls itself (option 12), unchecked, cut */
    bool has_uuid;
    uint8_t uuid[16]; /* as in option 97; mixed byte order, as SMBIOS has it */
    struct {
        bool http;
        bool menu;
        bool has_version;
        uint8_t version[3]; /* 1, 21, 1 */
    } ipxe;
};

/* Reads the facts from M. Never fails: what is absent or malformed is left at "not said". */
void el_dhcp_client_read(const struct el_dhcp_message *m, uint64_t now_ns,
                         struct el_dhcp_client *client);

/* Whether one of its user classes is NAME: RFC 3004 §4 wants each behind a length byte; iPXE and
 * others send the bare text. */
bool el_dhcp_user_class_is(const struct el_dhcp_message *m, const char *name);

/* For logs: "PXE", "HTTP", "iPXE", "os"; "x64-uefi" and so on, NULL for EL_DHCP_ARCH_NONE. */
const char *el_dhcp_client_kind_name(enum el_dhcp_client_kind kind);
const char *el_dhcp_arch_name(uint16_t arch);

/* What kind of message, in lower case, as the log has it: "discover". */
const char *el_dhcp_type_name(enum el_dhcp_type type);

#endif
