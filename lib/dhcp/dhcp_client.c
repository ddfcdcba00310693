/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a DHCP message tells about the machine that sent it. */
#include "dhcp/dhcp_client.h"

static bool has_prefix(struct el_wire w, const char *text)
{
    size_t len = strlen(text);

    return el_wire_ok(&w) && el_wire_left(&w) >= len && memcmp(w.at, text, len) == 0;
}

static bool is_text(struct el_wire w, const char *text)
{
    return has_prefix(w, text) && el_wire_left(&w) == strlen(text);
}

bool el_dhcp_user_class_is(const struct el_dhcp_message *m, const char *name)
{
    struct el_wire w = el_dhcp_option(m, EL_DHCP_O_USER_CLASS);

    if (is_text(w, name))
        return true;
    while (el_wire_left(&w) > 0)
        if (is_text(el_wire_sub(&w, el_wire_u8(&w)), name))
            return true;
    return false;
}

static bool feature(struct el_wire ipxe, uint8_t code)
{
    struct el_wire value = el_dhcp_suboption(ipxe, code);

    return el_wire_u8(&value) != 0;
}

static void read_ipxe(const struct el_dhcp_message *m, struct el_dhcp_client *client)
{
    struct el_wire ipxe = el_dhcp_option(m, EL_DHCP_O_IPXE);
    struct el_wire version = el_dhcp_suboption(ipxe, EL_DHCP_IPXE_VERSION);

    client->ipxe.http = feature(ipxe, EL_DHCP_IPXE_HTTP);
    client->ipxe.menu = feature(ipxe, EL_DHCP_IPXE_MENU);
    el_wire_copy(&version, client->ipxe.version, sizeof client->ipxe.version);
    client->ipxe.has_version = el_wire_ok(&version);
}

/* Option 93 is a list; the first is the one the firmware runs on. Firmware that forgets the option
 * still says it in its vendor class: "PXEClient:Arch:00007:UNDI:003016". */
static uint16_t read_arch(const struct el_dhcp_message *m)
{
    struct el_wire arch = el_dhcp_option(m, EL_DHCP_O_ARCH);
    struct el_wire class = el_dhcp_option(m, EL_DHCP_O_VENDOR_CLASS);
    uint32_t number = 0;

    if (el_wire_left(&arch) >= 2)
        return el_wire_be16(&arch);
    if (!has_prefix(class, "PXEClient:Arch:") && !has_prefix(class, "HTTPClient:Arch:"))
        return EL_DHCP_ARCH_NONE;
    el_wire_skip(&class, has_prefix(class, "PXE") ? 15 : 16);
    for (int i = 0; i < 5; i++) {
        uint8_t digit = el_wire_u8(&class);
        if (digit < '0' || digit > '9')
            return EL_DHCP_ARCH_NONE;
        number = number * 10 + (uint32_t)(digit - '0');
    }
    return number < EL_DHCP_ARCH_NONE ? (uint16_t)number : EL_DHCP_ARCH_NONE;
}

/* The boot ROM of a Raspberry Pi says the architecture of a BIOS; the address tells it apart. */
static bool is_raspberry_pi(const struct el_mac *mac)
{
    static const uint8_t makers[][3] = {
        {0xb8, 0x27, 0xeb}, {0xdc, 0xa6, 0x32}, {0xe4, 0x5f, 0x01},
        {0x28, 0xcd, 0xc1}, {0xd8, 0x3a, 0xdd}, {0x2c, 0xcf, 0x67},
    };

    for (size_t i = 0; i < sizeof makers / sizeof makers[0]; i++)
        if (memcmp(mac->b, makers[i], 3) == 0)
            return true;
    return false;
}

static enum el_dhcp_client_kind read_kind(const struct el_dhcp_message *m)
{
    struct el_wire class = el_dhcp_option(m, EL_DHCP_O_VENDOR_CLASS);

    if (el_dhcp_user_class_is(m, "iPXE") || el_dhcp_has(m, EL_DHCP_O_IPXE))
        return EL_DHCP_CLIENT_IPXE;
    if (has_prefix(class, "HTTPClient"))
        return EL_DHCP_CLIENT_HTTP;
    if (has_prefix(class, "PXEClient"))
        return EL_DHCP_CLIENT_PXE;
    return EL_DHCP_CLIENT_OS;
}

static void read_hostname(const struct el_dhcp_message *m, char hostname[EL_DHCP_CLIENT_HOSTNAME])
{
    struct el_wire w = el_dhcp_option(m, EL_DHCP_O_HOSTNAME);
    size_t len = el_wire_left(&w);

    if (len >= EL_DHCP_CLIENT_HOSTNAME)
        len = EL_DHCP_CLIENT_HOSTNAME - 1;
    const uint8_t *bytes = el_wire_take(&w, len);
    if (bytes)
        memcpy(hostname, bytes, len); /* some send its NUL, too */
}

void el_dhcp_client_read(const struct el_dhcp_message *m, uint64_t now_ns,
                         struct el_dhcp_client *client)
{
    struct el_wire uuid = el_dhcp_option(m, EL_DHCP_O_UUID);

    memset(client, 0, sizeof *client);
    client->kind = read_kind(m);
    client->type = (enum el_dhcp_type)el_dhcp_number(m, EL_DHCP_O_TYPE);
    if (m->htype == EL_DHCP_HTYPE_ETHERNET && m->hlen == sizeof client->mac.b)
        memcpy(client->mac.b, m->chaddr, sizeof client->mac.b);
    read_hostname(m, client->hostname);
    client->xid = m->xid;
    client->now_ns = now_ns;
    client->secs = m->secs;
    client->arch = read_arch(m);
    client->relayed = m->giaddr != 0;
    client->raspberry_pi = client->kind == EL_DHCP_CLIENT_PXE &&
                           client->arch == EL_DHCP_ARCH_BIOS && is_raspberry_pi(&client->mac);
    if (el_wire_left(&uuid) == 17 && el_wire_u8(&uuid) == 0) {
        el_wire_copy(&uuid, client->uuid, sizeof client->uuid);
        client->has_uuid = true;
    }
    if (client->kind == EL_DHCP_CLIENT_IPXE)
        read_ipxe(m, client);
}

const char *el_dhcp_client_kind_name(enum el_dhcp_client_kind kind)
{
    static const char *const names[] = {"os", "PXE", "HTTP", "iPXE"};

    return names[kind];
}

const char *el_dhcp_arch_name(uint16_t arch)
{
    static const struct {
        uint16_t arch;
        const char *name;
    } names[] = {
        {EL_DHCP_ARCH_BIOS, "bios"},
        {EL_DHCP_ARCH_IA32, "ia32-uefi"},
        {EL_DHCP_ARCH_X64_BC, "x64-uefi"},
        {EL_DHCP_ARCH_X64, "x64-uefi"},
        {EL_DHCP_ARCH_ARM32, "arm32-uefi"},
        {EL_DHCP_ARCH_ARM64, "arm64-uefi"},
        {EL_DHCP_ARCH_IA32_HTTP, "ia32-uefi-http"},
        {EL_DHCP_ARCH_X64_HTTP, "x64-uefi-http"},
        {EL_DHCP_ARCH_ARM32_HTTP, "arm32-uefi-http"},
        {EL_DHCP_ARCH_ARM64_HTTP, "arm64-uefi-http"},
        {EL_DHCP_ARCH_NONE, NULL},
    };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (names[i].arch == arch)
            return names[i].name;
    return "other";
}

const char *el_dhcp_type_name(enum el_dhcp_type type)
{
    static const char *const names[] = {"bootp", "discover", "offer",   "request", "decline",
                                        "ack",   "nak",      "release", "inform"};

    return (unsigned)type < sizeof names / sizeof names[0] ? names[type] : "other";
}
