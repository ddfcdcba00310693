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
static void put_routes(struct el_dhcp_message *reply, const struct el_dhcp_config *config,
                       const struct el_ip *router)
{
    uint8_t bytes[512];
    struct el_wire w = el_wire_write(bytes, sizeof bytes);

    for (size_t i = 0; i < config->route_count; i++)
        put_route(&w, number(&config->routes[i].to.ip), config->routes[i].to.len,
                  number(&config->routes[i].via));
    if (router->family)
        put_route(&w, 0, 0, number(router));
    if (el_wire_ok(&w))
        el_dhcp_put(reply, EL_DHCP_O_ROUTES, bytes, el_wire_done(&w));
}

static void put_network(const struct el_dhcp_config *config, const struct el_dhcp_subnet *subnet,
                        struct el_dhcp_message *reply)
{
    uint32_t mask = el_prefix_mask4(subnet->prefix.len);

    el_dhcp_put_be32(reply, EL_DHCP_O_MASK, mask);
    if (subnet->router.family)
        el_dhcp_put_be32(reply, EL_DHCP_O_ROUTER, number(&subnet->router));
    put_servers(reply, EL_DHCP_O_DNS, config->dns);
    el_dhcp_put_be32(reply, EL_DHCP_O_BROADCAST, number(&subnet->prefix.ip) | ~mask);
}

/* Our routes are by gateways of our own network: no others could reach them. */
static void put_extras(const struct el_dhcp *d, const struct el_dhcp_request *r,
                       const struct el_dhcp_answer *answer, struct el_dhcp_message *reply)
{
    const struct el_dhcp_config *config = &d->config;

    if (answer->hostname)
        el_dhcp_put_text(reply, EL_DHCP_O_HOSTNAME, answer->hostname);
    if (config->domain && wants(&r->m, EL_DHCP_O_DOMAIN, true))
        el_dhcp_put_text(reply, EL_DHCP_O_DOMAIN, config->domain);
    if (wants(&r->m, EL_DHCP_O_NTP, true))
        put_servers(reply, EL_DHCP_O_NTP, config->ntp);
    if (config->search && wants(&r->m, EL_DHCP_O_SEARCH, false))
        put_search(reply, config->search);
    if (config->route_count > 0 && r->subnet == 0 && wants(&r->m, EL_DHCP_O_ROUTES, false))
        put_routes(reply, config, &d->subnets[0].router);
}

/* PXE 2.1 §2.2. The Raspberry Pi's ROM boots only from who offers it a menu with its own name in
 * it; bits 0 and 1 keep it from looking for others. */
static void put_pxe(const struct el_dhcp_request *r, const struct el_dhcp_answer *answer,
                    uint32_t server, struct el_dhcp_message *reply)
{
    /* 6: discovery control; 10: menu prompt, with its time-out; 9: boot menu, with one item */
    static const char usual[] = "\x06\x01\x08"
                                "\x0a\x05\x00"
                                "el2w";
    static const char raspberry_pi[] = "\x06\x01\x03"
                                       "\x0a\x04\x00"
                                       "PXE"
                                       "\x09\x14\x00\x00\x11"
                                       "Raspberry Pi Boot";
    static const char menu[] = "\x06\x01\x07"
                               "\x0a\x05\x00"
                               "el2w"
                               "\x09\x07\x80\x00\x04"
                               "el2w"
                               "\x08\x07\x80\x00\x01";
    uint8_t bytes[64];
    struct el_wire w = el_wire_write(bytes, sizeof bytes);
    struct el_wire chosen = el_dhcp_option(&r->m, EL_DHCP_O_VENDOR);
    struct el_wire item = el_dhcp_suboption(chosen, EL_DHCP_PXE_BOOT_ITEM);

    if (r->client.raspberry_pi) {
        el_wire_put(&w, raspberry_pi, sizeof raspberry_pi - 1);
    } else if (answer->way == EL_DHCP_PXE_SERVERS) {
        el_wire_put(&w, menu, sizeof menu - 1);
        el_wire_put_be32(&w, server);
    } else {
        el_wire_put(&w, usual, sizeof usual - 1);
    }
    if (el_wire_left(&item) == 4) { /* a boot server answers for the item that was asked for */
        el_wire_put_u8(&w, EL_DHCP_PXE_BOOT_ITEM);
        el_wire_put_u8(&w, 4);
        el_wire_put(&w, item.at, 4);
    }
    el_wire_put_u8(&w, EL_DHCP_O_END);
    el_dhcp_put(reply, EL_DHCP_O_VENDOR, bytes, el_wire_done(&w));
}

/* What says that this is for who boots, and by which protocol. An iPXE takes a proxy for one only
 * with it. */
static void put_class(const struct el_dhcp_request *r, const struct el_dhcp_answer *answer,
                      uint32_t server, struct el_dhcp_message *reply)
{
    bool file = answer->boot.file[0] != 0;
    bool pxe = r->client.kind == EL_DHCP_CLIENT_PXE && (file || r->client.raspberry_pi);

    if (r->client.kind == EL_DHCP_CLIENT_HTTP && file)
        el_dhcp_put_text(reply, EL_DHCP_O_VENDOR_CLASS, "HTTPClient");
    if (pxe || (r->client.kind == EL_DHCP_CLIENT_IPXE && answer->proxy && file))
        el_dhcp_put_text(reply, EL_DHCP_O_VENDOR_CLASS, "PXEClient");
    if (pxe && answer->way != EL_DHCP_PXE_BINL)
        put_pxe(r, answer, server, reply);
}

static void put_boot(const struct el_dhcp *d, const struct el_dhcp_request *r,
                     const struct el_dhcp_answer *answer, struct el_dhcp_message *reply)
{
    static const uint8_t no_pxedhcp[] = {EL_DHCP_IPXE_NO_PXEDHCP, 1, 1};
    const struct el_dhcp_boot *boot = &answer->boot;
    const struct el_ip *server = boot->next_server.family ? &boot->next_server : &d->config.server;
    bool named = boot->file[0] && answer->way == EL_DHCP_PXE_FILE;
    char text[EL_IP_TEXT];
    size_t len = strlen(boot->file);

    reply->siaddr = number(server);
    if (r->client.kind == EL_DHCP_CLIENT_IPXE && !answer->proxy)
        el_dhcp_put(reply, EL_DHCP_O_IPXE, no_pxedhcp, sizeof no_pxedhcp);
    if (named) {
        if (len < sizeof reply->file)
            memcpy(reply->file, boot->file, len + 1);
        el_dhcp_put(reply, EL_DHCP_O_BOOT_FILE, boot->file, len + 1);
        el_dhcp_put_text(reply, EL_DHCP_O_TFTP_SERVER, el_ip_text(server, text));
    }
    put_class(r, answer, number(server), reply);
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

static void put_lease(const struct el_dhcp_answer *answer, struct el_dhcp_message *reply)
{
    if (answer->lease_s == 0)
        return;
    el_dhcp_put_be32(reply, EL_DHCP_O_LEASE_S, answer->lease_s);
    el_dhcp_put_be32(reply, EL_DHCP_O_T1_S, answer->lease_s / 2);
    el_dhcp_put_be32(reply, EL_DHCP_O_T2_S, (uint32_t)((uint64_t)answer->lease_s * 7 / 8));
    if (answer->rapid_commit)
        el_dhcp_put(reply, EL_DHCP_O_RAPID_COMMIT, NULL, 0);
}

void el_dhcp_reply(const struct el_dhcp *d, const struct el_dhcp_request *r,
                   const struct el_dhcp_answer *answer, struct el_dhcp_message *reply)
{
    const struct el_dhcp_config *config = &d->config;
    struct el_dhcp_rule_facts facts;
    bool rules = config->rule_count > 0 && answer->type != EL_DHCP_NAK;
    bool network = answer->type != EL_DHCP_NAK && !answer->boot_only;

    put_header(&r->m, answer, reply);
    el_dhcp_put_u8(reply, EL_DHCP_O_TYPE, (uint8_t)answer->type);
    el_dhcp_put_be32(reply, EL_DHCP_O_SERVER_ID, r->server_id);
    if (answer->message)
        el_dhcp_put_text(reply, EL_DHCP_O_MESSAGE, answer->message);
    put_lease(answer, reply);
    /* RFC 3046 §2.2. Here, since without it a relay may not find the way back to the client: the
     * rest has sname and file to go to. On the wire it is the last one nevertheless. */
    echo(&r->m, EL_DHCP_O_RELAY, reply);
    if (rules) {
        el_dhcp_facts(d, r, answer->yiaddr, &facts);
        el_dhcp_rules_put(config->rules, config->rule_count, &facts, reply);
    }
    if (network)
        put_network(config, &d->subnets[r->subnet], reply);
    if (answer->type != EL_DHCP_NAK)
        put_boot(d, r, answer, reply);
    echo(&r->m, EL_DHCP_O_UUID, reply);
    echo(&r->m, EL_DHCP_O_CLIENT_ID, reply); /* RFC 6842 */
    /* Last, since the last options are left out first for a client that takes little. */
    if (network)
        put_extras(d, r, answer, reply);
    if (rules)
        el_dhcp_rules_take_out(config->rules, config->rule_count, &facts, reply);
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
