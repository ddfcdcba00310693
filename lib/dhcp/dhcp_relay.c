/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A DHCP relay. */
#include "dhcp/dhcp_relay.h"

enum {
    HOPS_MAX = 16, /* RFC 1542 §4.1.1 */
    AT_HOPS = 3,
    AT_GIADDR = 24,
};

/* Where the options of BYTES end: at their END option, or where they break off. */
static size_t end_of_options(const uint8_t *bytes, size_t len)
{
    size_t at = EL_DHCP_FIXED_BYTES;

    while (at < len && bytes[at] != EL_DHCP_O_END) {
        size_t step = bytes[at] == EL_DHCP_O_PAD ? 1 : at + 1 < len ? 2u + bytes[at + 1] : len;
        if (step > len - at)
            break;
        at += step;
    }
    return at;
}

/* RFC 3046 §2.1: as the last option, and not at all if there is no room. */
static size_t add_circuit(uint8_t *bytes, size_t len, const char *circuit)
{
    size_t name = strlen(circuit), at = end_of_options(bytes, len);

    if (name == 0 || name > 64 || at + name + 5 > EL_DHCP_REPLY_BYTES)
        return len;
    struct el_wire w = el_wire_write(bytes + at, name + 5);
    el_wire_put_u8(&w, EL_DHCP_O_RELAY);
    el_wire_put_u8(&w, (uint8_t)(name + 2));
    el_wire_put_u8(&w, EL_DHCP_RELAY_CIRCUIT);
    el_wire_put_u8(&w, (uint8_t)name);
    el_wire_put(&w, circuit, name);
    el_wire_put_u8(&w, EL_DHCP_O_END);
    at += name + 5;
    return at > len ? at : len;
}

int el_dhcp_relay_up(const struct el_dhcp_relay *relay, const uint8_t *bytes, size_t len,
                     struct el_dhcp_output *out)
{
    struct el_dhcp_message m;

    *out = (struct el_dhcp_output){.delivery = EL_DHCP_NO_REPLY};
    if (len > sizeof out->bytes || el_dhcp_decode(bytes, len, &m) != 0 ||
        m.op != EL_DHCP_BOOTREQUEST || m.hops >= HOPS_MAX)
        return 0;
    /* One that says who relays it without a relay's address lies (RFC 3046 §2.1.1). */
    if (m.giaddr == 0 && el_dhcp_has(&m, EL_DHCP_O_RELAY))
        return 0;
    memcpy(out->bytes, bytes, len);
    out->bytes[AT_HOPS]++;
    out->len = len;
    if (m.giaddr == 0) {
        struct el_wire w = el_wire_write(out->bytes + AT_GIADDR, 4);
        el_wire_put_be32(&w, el_ip4_number(&relay->own));
        memset(out->bytes + len, 0, sizeof out->bytes - len);
        out->len = add_circuit(out->bytes, len, relay->circuit);
    }
    out->delivery = EL_DHCP_ROUTED;
    out->from = relay->own;
    out->to = (struct el_endpoint){.ip = relay->server, .port = EL_DHCP_PORT_SERVER};
    return 1;
}

int el_dhcp_relay_down(const struct el_dhcp_relay *relay, const struct el_endpoint *from,
                       const uint8_t *bytes, size_t len, struct el_dhcp_output *out)
{
    struct el_dhcp_message m;
    unsigned dropped;

    *out = (struct el_dhcp_output){.delivery = EL_DHCP_NO_REPLY};
    if (!el_ip_equal(&from->ip, &relay->server) || len > sizeof out->bytes ||
        el_dhcp_decode(bytes, len, &m) != 0 || m.op != EL_DHCP_BOOTREPLY ||
        m.giaddr != el_ip4_number(&relay->own))
        return 0;
    memcpy(out->bytes, bytes, len);
    out->len = len;
    if (el_dhcp_has(&m, EL_DHCP_O_RELAY)) { /* ours: it is not for the client (§2.1) */
        el_dhcp_take_out(&m, EL_DHCP_O_RELAY);
        int again = el_dhcp_encode(&m, sizeof out->bytes, out->bytes, sizeof out->bytes, &dropped);
        out->len = again < 0 ? len : (size_t)again;
    }
    out->from = relay->own;
    out->to = (struct el_endpoint){.ip = el_ip4(UINT32_MAX), .port = EL_DHCP_PORT_CLIENT};
    out->delivery = EL_DHCP_BROADCAST;
    bool ethernet = m.htype == EL_DHCP_HTYPE_ETHERNET && m.hlen == sizeof out->mac.b;
    if (m.yiaddr && !(m.flags & EL_DHCP_FLAG_BROADCAST) && ethernet) {
        memcpy(out->mac.b, m.chaddr, sizeof out->mac.b);
        out->to.ip = el_ip4(m.yiaddr);
        out->delivery = EL_DHCP_LINK;
    }
    return 1;
}
