/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * DHCP messages as real clients send them, byte by byte and without our encoder, so that a mistake
 * there is not made twice. After captures of EDK2, iPXE, Intel's boot ROM, a Raspberry Pi 4,
 * Windows 10, ISC dhclient and busybox udhcpc.
 */
#ifndef EL_TEST_DHCP_PACKETS_H
#define EL_TEST_DHCP_PACKETS_H

#include "dhcp/dhcp_wire.h"

#include <string.h>

struct packet {
    size_t len;
    uint8_t bytes[2048];
};

#define OPTION(p, code, ...)                                   \
    packet_option((p), (code), (const uint8_t[]){__VA_ARGS__}, \
                  sizeof((const uint8_t[]){__VA_ARGS__}))

static inline void packet_put32(struct packet *p, size_t at, uint32_t value)
{
    for (size_t i = 0; i < 4; i++)
        p->bytes[at + i] = (uint8_t)(value >> (24 - 8 * i));
}

enum { AT_XID = 4, AT_FLAGS = 10, AT_CIADDR = 12, AT_YIADDR = 16, AT_SIADDR = 20, AT_GIADDR = 24 };
enum { AT_CHADDR = 28, AT_SNAME = 44, AT_FILE = 108, AT_MAGIC = 236 };

static inline void packet_option(struct packet *p, uint8_t code, const uint8_t *bytes, size_t len)
{
    p->bytes[p->len++] = code;
    p->bytes[p->len++] = (uint8_t)len;
    memcpy(p->bytes + p->len, bytes, len);
    p->len += len;
}

static inline void packet_text(struct packet *p, uint8_t code, const char *text)
{
    packet_option(p, code, (const uint8_t *)text, strlen(text));
}

static inline void packet_ip(struct packet *p, uint8_t code, uint32_t ip)
{
    OPTION(p, code, (uint8_t)(ip >> 24), (uint8_t)(ip >> 16), (uint8_t)(ip >> 8), (uint8_t)ip);
}

/* 52:54:00:00:xx:xx from a number. */
static inline struct packet packet_begin(uint8_t type, uint16_t machine)
{
    struct packet p = {.len = 240};
    const uint8_t mac[6] = {0x52, 0x54, 0, 0, (uint8_t)(machine >> 8), (uint8_t)machine};

    p.bytes[0] = 1;
    p.bytes[1] = 1;
    p.bytes[2] = 6;
    packet_put32(&p, AT_XID, 0x12340000u | machine);
    memcpy(p.bytes + AT_CHADDR, mac, 6);
    packet_put32(&p, AT_MAGIC, 0x63825363);
    if (type)
        OPTION(&p, 53, type);
    return p;
}

static inline struct packet packet_end(struct packet p)
{
    p.bytes[p.len++] = 255;
    return p;
}

static inline void packet_pxe(struct packet *p, uint16_t arch, const char *vendor_class)
{
    uint8_t uuid[17] = {0, 0x4c, 0x4c, 0x45, 0x44, 0, 0x36};

    packet_option(p, 97, uuid, sizeof uuid);
    OPTION(p, 93, (uint8_t)(arch >> 8), (uint8_t)arch);
    OPTION(p, 94, 1, 3, 16);
    packet_text(p, 60, vendor_class);
}

/* EDK2's PXE driver, OVMF: x64 as architecture 7. */
static inline struct packet packet_edk2(uint8_t type, uint16_t machine)
{
    struct packet p = packet_begin(type, machine);

    packet_put32(&p, 8, 0x00008000); /* secs 0, broadcast */
    OPTION(&p, 57, 0x05, 0xc0);
    OPTION(&p, 55, 1, 2, 3, 4, 5, 6, 12, 13, 15, 17, 18, 22, 23, 28, 40, 41, 42, 43, 50, 51, 54, 58,
           59, 60, 66, 67, 97, 128, 129, 130, 131, 132, 133, 134, 135);
    packet_pxe(&p, 7, "PXEClient:Arch:00007:UNDI:003016");
    return p;
}

/* The same firmware's HTTP Boot. */
static inline struct packet packet_http_boot(uint8_t type, uint16_t machine, uint16_t arch)
{
    struct packet p = packet_begin(type, machine);

    OPTION(&p, 57, 0x05, 0xc0);
    OPTION(&p, 55, 1, 3, 6, 15, 28, 43, 54, 60, 67);
    packet_pxe(&p, arch,
               arch == 19 ? "HTTPClient:Arch:00019:UNDI:003000"
                          : "HTTPClient:Arch:00016:UNDI:003001");
    return p;
}

/* Intel's PXE 2.1 ROM, the BIOS of most real machines: a client identifier that is its UUID. */
static inline struct packet packet_bios(uint8_t type, uint16_t machine)
{
    struct packet p = packet_begin(type, machine);

    packet_put32(&p, 8, 0x00048000);
    OPTION(&p, 55, 1, 2, 3, 5, 6, 11, 12, 13, 16, 17, 43, 54, 60, 67, 128, 129, 130, 131, 132, 133,
           134, 135);
    OPTION(&p, 57, 0x04, 0xec);
    packet_pxe(&p, 0, "PXEClient:Arch:00000:UNDI:002001");
    return p;
}

/* iPXE; VERSION 0 is QEMU's ROM of 2019, which says 1.0.0, otherwise 1.21.1. */
static inline struct packet packet_ipxe(uint8_t type, uint16_t machine, uint8_t version)
{
    struct packet p = packet_begin(type, machine);

    OPTION(&p, 57, 0x05, 0xc0);
    OPTION(&p, 93, 0, 0);
    OPTION(&p, 94, 1, 2, 1);
    packet_text(&p, 60, "PXEClient:Arch:00000:UNDI:002001");
    packet_text(&p, 77, "iPXE");
    OPTION(&p, 55, 1, 3, 6, 7, 12, 15, 17, 26, 43, 60, 66, 67, 119, 128, 129, 130, 131, 132, 133,
           134, 135, 175, 203);
    OPTION(&p, 175, 177, 5, 1, 0x1a, 0xf4, 0x10, 0x00, 235, 3, 1, version, version ? 1 : 0, 23, 1,
           1, 34, 1, 1, 19, 1, 1, 20, 1, 1, 17, 1, 1, 39, 1, 1, 25, 1, 1, 16, 1, 2, 33, 1, 1, 21, 1,
           1, 24, 1, 1, 27, 1, 1);
    OPTION(&p, 61, 1, 0x52, 0x54, 0, 0, (uint8_t)(machine >> 8), (uint8_t)machine);
    return p;
}

static inline struct packet packet_raspberry_pi(uint8_t type)
{
    static const uint8_t mac[6] = {0xdc, 0xa6, 0x32, 1, 2, 3};
    struct packet p = packet_begin(type, 0);

    memcpy(p.bytes + AT_CHADDR, mac, 6);
    OPTION(&p, 55, 1, 3, 43, 60, 66, 67, 128, 129, 130, 131, 132, 133, 134, 135);
    packet_pxe(&p, 0, "PXEClient:Arch:00000:UNDI:002001");
    return p;
}

static inline struct packet packet_windows(uint8_t type, uint16_t machine)
{
    struct packet p = packet_begin(type, machine);

    OPTION(&p, 61, 1, 0x52, 0x54, 0, 0, (uint8_t)(machine >> 8), (uint8_t)machine);
    packet_text(&p, 12, "DESKTOP-7Q2");
    packet_text(&p, 60, "MSFT 5.0");
    OPTION(&p, 55, 1, 3, 6, 15, 31, 33, 43, 44, 46, 47, 119, 121, 249, 252);
    return p;
}

static inline struct packet packet_dhclient(uint8_t type, uint16_t machine)
{
    struct packet p = packet_begin(type, machine);

    packet_text(&p, 12, "debian");
    OPTION(&p, 55, 1, 28, 2, 3, 15, 6, 119, 12, 44, 47, 26, 121, 42);
    return p;
}

/* systemd-networkd and dhcpcd: an identifier that is no hardware address (RFC 4361). */
static inline struct packet packet_duid(uint8_t type, uint16_t machine)
{
    struct packet p = packet_begin(type, machine);

    OPTION(&p, 61, 255, 0, 0, 0, 1, 0, 2, 0, 0, 0xab, 0x11, (uint8_t)(machine >> 8),
           (uint8_t)machine, 7, 7, 7);
    OPTION(&p, 57, 0x05, 0xc0);
    return p;
}

#endif
