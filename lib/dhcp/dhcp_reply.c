/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a reply says.
 *
 * The first half is RFC 2131 §4.3.1, table 3. The second half is what boot firmware wants:
 *
 * - The boot file's name stands in `file` and in option 67, in the ACK as in the OFFER, since some
 *   look here and some there. Option 67 is ended by a NUL: old ROMs read it as a C string, and run
 *   into the END option behind it, and EDK2 writes a NUL behind it.
 * - siaddr is always set, as some ignore option 66.
 * - Option 60 `PXEClient` says that this offer is from a PXE server. With it goes option 43 with
 *   discovery control bit 3: "boot the file named here, ask no boot server". Without that, EDK2
 *   goes on to port 4011 and waits.
 * - iPXE is told by its own option that there is no proxyDHCP to wait for.
 * - HTTP Boot takes an offer only with option 60 `HTTPClient`.
 */
#include "dhcp/dhcp_reply.h"

static uint32_t number(const struct el_ip *ip)
{
    return el_ip4_number(ip);
}

/* Option 55, the parameter request list: without one, a client gets what is usual. */
static bool wants(const struct el_dhcp_message *request, uint8_t code, bool usual)
{
    struct el_wire list = el_dhcp_option(request, EL_DHCP_O_PARAMETERS);

    if (!el_wire_ok(&list))
        return usual;
    while (el_wire_left(&list) > 0)
        if (el_wire_u8(&list) == code)
            return true;
    return false;
}

static void put_servers(struct el_dhcp_message *reply, uint8_t code, const struct el_ip *servers)
{
    uint8_t bytes[4 * EL_DHCP_SERVERS_MAX];
    struct el_wire w = el_wire_write(bytes, sizeof bytes);

    for (int i = 0; i < EL_DHCP_SERVERS_MAX && servers[i].family; i++)
        el_wire_put_be32(&w, number(&servers[i]));
    if (el_wire_done(&w) > 0)
        el_dhcp_put(reply, code, bytes, el_wire_done(&w));
}

static void put_search(struct el_dhcp_message *reply, const char *names)
{
    static const char separators[] = " ,\t";
    uint8_t bytes[1024];
    struct el_wire w = el_wire_write(bytes, sizeof bytes);

    for (names += strspn(names, separators); *names; names += strspn(names, separators)) {
        size_t len = strcspn(names, separators);
        el_dhcp_wire_name(&w, names, len);
        names += len;
    }
    if (el_wire_ok(&w) && el_wire_done(&w) > 0)
        el_dhcp_put(reply, EL_DHCP_O_SEARCH, bytes, el_wire_done(&w));
}

static void put_route(struct el_wire *w, uint32_t to, uint8_t len, uint32_t via)
{
    el_wire_put_u8(w, len);
    for (unsigned octet = 0; octet < (len + 7u) / 8; octet++)
        el_wire_put_u8(w, (uint8_t)(to >> (24 - 8 * octet)));
    el_wire_put_be32(w, via);
}

/* RFC 3442: who takes option 121 must ignore option 3, so the default route is in it too. */
static void put_routes(struct el_dhcp_message *reply, const struct el_dhcp_config *config)
{
    uint8_t bytes[512];
    struct el_wire w = el_wire_write(bytes, sizeof bytes);

    for (size_t i = 0; i < config->route_count; i++)
        put_route(&w, number(&config->routes[i].to.ip), config->routes[i].to.len,
                  number(&config->routes[i].via));
    if (config->router.family)
        put_route(&w, 0, 0, number(&config->router));
    if (el_wire_ok(&w))
        el_dhcp_put(reply, EL_DHCP_O_ROUTES, bytes, el_wire_done(&w));
}

static void put_network(const struct el_dhcp_config *config, struct el_dhcp_message *reply)
{
    uint32_t mask = el_prefix_mask4(config->subnet.len);

    el_dhcp_put_be32(reply, EL_DHCP_O_MASK, mask);
    if (config->router.family)
        el_dhcp_put_be32(reply, EL_DHCP_O_ROUTER, number(&config->router));
    put_servers(reply, EL_DHCP_O_DNS, config->dns);
    el_dhcp_put_be32(reply, EL_DHCP_O_BROADCAST, number(&config->server) | ~mask);
}

static void put_extras(const struct el_dhcp_config *config, const struct el_dhcp_message *request,
                       const struct el_dhcp_answer *answer, struct el_dhcp_message *reply)
{
    if (answer->hostname)
        el_dhcp_put_text(reply, EL_DHCP_O_HOSTNAME, answer->hostname);
    if (config->domain && wants(request, EL_DHCP_O_DOMAIN, true))
        el_dhcp_put_text(reply, EL_DHCP_O_DOMAIN, config->domain);
    if (wants(request, EL_DHCP_O_NTP, true))
        put_servers(reply, EL_DHCP_O_NTP, config->ntp);
    if (config->search && wants(request, EL_DHCP_O_SEARCH, false))
        put_search(reply, config->search);
    if (config->route_count > 0 && wants(request, EL_DHCP_O_ROUTES, false))
        put_routes(reply, config);
}

/* PXE 2.1 §2.2. The Raspberry Pi's ROM boots only from who offers it a menu with its own name in
 * it; bits 0 and 1 keep it from looking for others. */
static void put_pxe(const struct el_dhcp_client *client, struct el_wire chosen,
                    struct el_dhcp_message *reply)
{
    /* 6: discovery control; 10: menu prompt, with its time-out; 9: boot menu, with item 0 */
    static const char usual[] = "\x06\x01\x08"
                                "\x0a\x05\x00"
                                "el2w";
    static const char raspberry_pi[] = "\x06\x01\x03"
                                       "\x0a\x04\x00"
                                       "PXE"
                                       "\x09\x14\x00\x00\x11"
                                       "Raspberry Pi Boot";
    uint8_t bytes[64];
    struct el_wire w = el_wire_write(bytes, sizeof bytes);
    struct el_wire item = el_dhcp_suboption(chosen, EL_DHCP_PXE_BOOT_ITEM);

    if (client->raspberry_pi)
        el_wire_put(&w, raspberry_pi, sizeof raspberry_pi - 1);
    else
        el_wire_put(&w, usual, sizeof usual - 1);
    if (el_wire_left(&item) == 4) { /* a boot server answers for the item that was asked for */
        el_wire_put_u8(&w, EL_DHCP_PXE_BOOT_ITEM);
        el_wire_put_u8(&w, 4);
        el_wire_put(&w, item.at, 4);
    }
    el_wire_put_u8(&w, EL_DHCP_O_END);
    el_dhcp_put(reply, EL_DHCP_O_VENDOR, bytes, el_wire_done(&w));
}

static void put_boot(const struct el_dhcp_config *config, const struct el_dhcp_message *request,
                     const struct el_dhcp_client *client, const struct el_dhcp_boot *boot,
                     struct el_dhcp_message *reply)
{
    static const uint8_t no_pxedhcp[] = {EL_DHCP_IPXE_NO_PXEDHCP, 1, 1};
    struct el_wire vendor = el_dhcp_option(request, EL_DHCP_O_VENDOR);
    const struct el_ip *server = boot->next_server.family ? &boot->next_server : &config->server;
    char text[EL_IP_TEXT];
    size_t len = strlen(boot->file);

    reply->siaddr = number(server);
    if (client->kind == EL_DHCP_CLIENT_IPXE)
        el_dhcp_put(reply, EL_DHCP_O_IPXE, no_pxedhcp, sizeof no_pxedhcp);
    if (len > 0) {
        if (len < sizeof reply->file)
            memcpy(reply->file, boot->file, len + 1);
        el_dhcp_put(reply, EL_DHCP_O_BOOT_FILE, boot->file, len + 1);
        el_dhcp_put_text(reply, EL_DHCP_O_TFTP_SERVER, el_ip_text(server, text));
    }
    if (client->kind == EL_DHCP_CLIENT_HTTP && len > 0)
        el_dhcp_put_text(reply, EL_DHCP_O_VENDOR_CLASS, "HTTPClient");
    if (client->kind == EL_DHCP_CLIENT_PXE && (len > 0 || client->raspberry_pi)) {
        el_dhcp_put_text(reply, EL_DHCP_O_VENDOR_CLASS, "PXEClient");
        put_pxe(client, vendor, reply);
    }
}

static void echo(const struct el_dhcp_message *request, uint8_t code, struct el_dhcp_message *reply)
{
    struct el_wire value = el_dhcp_option(request, code);

    if (el_wire_ok(&value))
        el_dhcp_put(reply, code, value.at, el_wire_left(&value));
}

static void put_header(const struct el_dhcp_message *request, const struct el_dhcp_answer *answer,
                       struct el_dhcp_message *reply)
{
    memset(reply, 0, sizeof *reply);
    reply->op = EL_DHCP_BOOTREPLY;
    reply->htype = request->htype;
    reply->hlen = request->hlen;
    reply->xid = request->xid;
    reply->flags = request->flags;
    reply->giaddr = request->giaddr;
    reply->ciaddr = answer->type == EL_DHCP_ACK ? request->ciaddr : 0;
    reply->yiaddr = answer->yiaddr;
    memcpy(reply->chaddr, request->chaddr, sizeof reply->chaddr);
}

void el_dhcp_reply(const struct el_dhcp_config *config, const struct el_dhcp_message *request,
                   const struct el_dhcp_client *client, const struct el_dhcp_answer *answer,
                   struct el_dhcp_message *reply)
{
    put_header(request, answer, reply);
    el_dhcp_put_u8(reply, EL_DHCP_O_TYPE, (uint8_t)answer->type);
    el_dhcp_put_be32(reply, EL_DHCP_O_SERVER_ID, number(&config->server));
    if (answer->message)
        el_dhcp_put_text(reply, EL_DHCP_O_MESSAGE, answer->message);
    if (answer->lease_s > 0) {
        el_dhcp_put_be32(reply, EL_DHCP_O_LEASE_S, answer->lease_s);
        el_dhcp_put_be32(reply, EL_DHCP_O_T1_S, answer->lease_s / 2);
        el_dhcp_put_be32(reply, EL_DHCP_O_T2_S, (uint32_t)((uint64_t)answer->lease_s * 7 / 8));
    }
    /* RFC 3046 §2.2. Here, since without it a relay may not find the way back to the client: the
     * rest has sname and file to go to. On the wire it is the last one nevertheless. */
    echo(request, EL_DHCP_O_RELAY, reply);
    bool network = answer->type != EL_DHCP_NAK && !answer->boot_server;
    if (network)
        put_network(config, reply);
    if (answer->type != EL_DHCP_NAK)
        put_boot(config, request, client, &answer->boot, reply);
    echo(request, EL_DHCP_O_UUID, reply);
    echo(request, EL_DHCP_O_CLIENT_ID, reply); /* RFC 6842 */
    /* Last, since the last options are left out first for a client that takes little. */
    if (network)
        put_extras(config, request, answer, reply);
}

size_t el_dhcp_reply_limit(const struct el_dhcp_message *request)
{
    enum { IP_AND_UDP_BYTES = 28 };
    uint32_t said = el_dhcp_number(request, EL_DHCP_O_MAX_SIZE);

    if (said < EL_DHCP_DEFAULT_BYTES + IP_AND_UDP_BYTES)
        return EL_DHCP_DEFAULT_BYTES;
    if (said > EL_DHCP_REPLY_BYTES + IP_AND_UDP_BYTES)
        return EL_DHCP_REPLY_BYTES;
    return said - IP_AND_UDP_BYTES;
}
