/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who else gives addresses on this network, and whether we should. */
#include "dhcp/dhcp_watch.h"

#include "base/csprng.h"
#include "frame/udp.h"

enum {
    WAIT_MS = 1000, /* before it is decided for the first time */
    YIELD_S = 60,   /* after it was decided, another server may still be older than we */
    SILENT_MAX = 3, /* questions that nobody answers until we take over */
    EVERY_S = 60,   /* between questions */
    REPORT_S = 600, /* between two reports of one server */
    ARP_REQUEST = 1,
    ARP_REPLY = 2,
};

/* When the first questions are asked, from the start: the second for when the first was lost, and
 * the others for spanning tree and for who was not yet connected. */
static const unsigned at_ms[] = {0, 400, 4000, 15000, 40000};

void el_dhcp_watch_init(struct el_dhcp_watch *watch, const struct el_mac *mac,
                        const struct el_ip *server, enum el_dhcp_mode mode, bool judge, bool leased,
                        uint64_t now_ns)
{
    *watch = (struct el_dhcp_watch){.mac = *mac,
                                    .server = *server,
                                    .judge = judge,
                                    .mode = mode,
                                    .since_ns = now_ns,
                                    .next_ns = judge ? now_ns : EL_NEVER};
    watch->settled = leased;
    if (judge)
        watch->mode = leased ? EL_DHCP_MODE_SERVER : EL_DHCP_MODE_WAIT;
}

static void become(struct el_dhcp_watch *watch, enum el_dhcp_mode mode, uint64_t now_ns)
{
    watch->mode = mode;
    watch->since_ns = now_ns;
    watch->silent = 0;
}

static uint64_t decided_ns(const struct el_dhcp_watch *watch)
{
    return watch->mode == EL_DHCP_MODE_WAIT ? watch->since_ns + WAIT_MS * EL_MS : EL_NEVER;
}

uint64_t el_dhcp_watch_deadline(const struct el_dhcp_watch *watch)
{
    return el_earlier(watch->next_ns, decided_ns(watch));
}

/* -- questions -- */

static size_t make_discover(const struct el_dhcp_watch *watch, uint8_t frame[EL_DHCP_WATCH_FRAME])
{
    struct el_dhcp_message m = {.op = EL_DHCP_BOOTREQUEST,
                                .htype = EL_DHCP_HTYPE_ETHERNET,
                                .hlen = sizeof watch->mac.b,
                                .xid = watch->xid,
                                .flags = EL_DHCP_FLAG_BROADCAST};
    const struct el_frame_udp4 to = {.src_mac = watch->mac,
                                     .dst_mac = {{255, 255, 255, 255, 255, 255}},
                                     .dst = UINT32_MAX,
                                     .src_port = EL_DHCP_PORT_CLIENT,
                                     .dst_port = EL_DHCP_PORT_SERVER};
    unsigned dropped;

    memcpy(m.chaddr, watch->mac.b, sizeof watch->mac.b);
    el_dhcp_put_u8(&m, EL_DHCP_O_TYPE, EL_DHCP_DISCOVER);
    el_dhcp_put(&m, EL_DHCP_O_PARAMETERS, "\x01\x03\x06", 3);
    el_dhcp_put_text(&m, EL_DHCP_O_VENDOR_CLASS, "el2w");
    int len = el_dhcp_encode(&m, EL_DHCP_BOOTP_BYTES, frame + EL_FRAME_UDP4_HEADER,
                             EL_DHCP_WATCH_FRAME - EL_FRAME_UDP4_HEADER, &dropped);
    int built = len < 0 ? len : el_frame_udp4_build(frame + EL_FRAME_UDP4_HEADER, (size_t)len, &to);

    return built < 0 ? 0 : (size_t)built;
}

/* A question was not answered until the next one: three of them, and nobody is there. */
static void count_silence(struct el_dhcp_watch *watch, uint64_t now_ns)
{
    if (watch->asked > 0)
        watch->silent = watch->answered ? 0 : watch->silent + 1;
    watch->answered = false;
    if (watch->mode == EL_DHCP_MODE_PROXY && watch->silent >= SILENT_MAX &&
        now_ns - watch->since_ns >= (uint64_t)SILENT_MAX * EVERY_S * EL_S)
        become(watch, EL_DHCP_MODE_SERVER, now_ns);
}

size_t el_dhcp_watch_output(struct el_dhcp_watch *watch, uint64_t now_ns,
                            uint8_t frame[EL_DHCP_WATCH_FRAME])
{
    const unsigned first = sizeof at_ms / sizeof at_ms[0];

    if (now_ns >= decided_ns(watch))
        become(watch, EL_DHCP_MODE_SERVER, now_ns);
    if (!watch->judge || now_ns < watch->next_ns)
        return 0;
    count_silence(watch, now_ns);
    watch->asked++;
    watch->next_ns =
        now_ns + (watch->asked < first ? (at_ms[watch->asked] - at_ms[watch->asked - 1]) * EL_MS
                                       : EVERY_S * EL_S);
    el_random(&watch->xid, sizeof watch->xid);
    return make_discover(watch, frame);
}

void el_dhcp_arp_probe(const struct el_mac *mac, const struct el_ip *ip,
                       uint8_t frame[EL_DHCP_ARP_FRAME])
{
    struct el_wire w = el_wire_write(frame, EL_DHCP_ARP_FRAME);

    el_eth_write(&w, &(struct el_eth_header){.dst = {{255, 255, 255, 255, 255, 255}},
                                             .src = *mac,
                                             .type = EL_ETHERTYPE_ARP});
    el_wire_put_be16(&w, EL_DHCP_HTYPE_ETHERNET);
    el_wire_put_be16(&w, EL_ETHERTYPE_IP4);
    el_wire_put_u8(&w, sizeof mac->b);
    el_wire_put_u8(&w, 4);
    el_wire_put_be16(&w, ARP_REQUEST);
    el_wire_put(&w, mac->b, sizeof mac->b);
    el_wire_put_be32(&w, 0);
    el_wire_put_zero(&w, sizeof mac->b);
    el_wire_put_be32(&w, el_ip4_number(ip));
}

/* -- what comes -- */

static enum el_dhcp_heard_kind hear_arp(struct el_wire w, const struct el_dhcp_watch *watch,
                                        struct el_dhcp_heard *heard)
{
    uint16_t hardware = el_wire_be16(&w), protocol = el_wire_be16(&w);
    uint16_t lengths = el_wire_be16(&w), operation = el_wire_be16(&w);

    el_wire_copy(&w, heard->mac.b, sizeof heard->mac.b);
    uint32_t ip = el_wire_be32(&w);
    if (!el_wire_ok(&w) || hardware != EL_DHCP_HTYPE_ETHERNET || protocol != EL_ETHERTYPE_IP4 ||
        lengths != 0x0604 || (operation != ARP_REQUEST && operation != ARP_REPLY) || ip == 0 ||
        el_mac_equal(&heard->mac, &watch->mac))
        return EL_DHCP_HEARD_NOTHING;
    heard->ip = el_ip4(ip);
    return EL_DHCP_HEARD_ARP;
}

/* The place of server IP: its own, or else the one that was silent for longest. */
static struct el_dhcp_foreign *place_of(struct el_dhcp_watch *watch, const struct el_ip *ip)
{
    struct el_dhcp_foreign *oldest = &watch->servers[0];

    for (size_t i = 0; i < EL_DHCP_WATCH_SERVERS; i++) {
        if (el_ip_equal(&watch->servers[i].ip, ip))
            return &watch->servers[i];
        if (watch->servers[i].seen_ns < oldest->seen_ns)
            oldest = &watch->servers[i];
    }
    *oldest = (struct el_dhcp_foreign){.ip = *ip};
    return oldest;
}

static void yield(struct el_dhcp_watch *watch, uint64_t now_ns, size_t leased)
{
    bool young = !watch->settled && now_ns - watch->since_ns < YIELD_S * EL_S;

    watch->answered = true;
    watch->silent = 0;
    if (watch->judge && watch->mode != EL_DHCP_MODE_PROXY &&
        (watch->mode == EL_DHCP_MODE_WAIT || young || leased == 0))
        become(watch, EL_DHCP_MODE_PROXY, now_ns);
}

static enum el_dhcp_heard_kind hear_server(struct el_dhcp_watch *watch, uint64_t now_ns,
                                           struct el_wire datagram, const struct el_mac *mac,
                                           size_t leased, struct el_dhcp_heard *heard)
{
    struct el_dhcp_message m;

    if (el_dhcp_decode(datagram.at, el_wire_left(&datagram), &m) != 0 || m.op != EL_DHCP_BOOTREPLY)
        return EL_DHCP_HEARD_NOTHING;
    uint32_t type = el_dhcp_number(&m, EL_DHCP_O_TYPE);
    heard->ip = el_ip4(el_dhcp_number(&m, EL_DHCP_O_SERVER_ID));
    heard->mac = *mac;
    heard->offered = (struct el_ip){.family = 0};
    if ((type != EL_DHCP_OFFER && type != EL_DHCP_ACK) || el_ip4_number(&heard->ip) == 0 ||
        el_ip_equal(&heard->ip, &watch->server) || el_mac_equal(mac, &watch->mac))
        return EL_DHCP_HEARD_NOTHING;
    if (m.yiaddr) {
        heard->offered = el_ip4(m.yiaddr);
        yield(watch, now_ns, leased); /* one that gives no address is a boot server, or a proxy */
    }
    struct el_dhcp_foreign *server = place_of(watch, &heard->ip);
    bool told = server->told_ns && now_ns - server->told_ns < REPORT_S * EL_S &&
                el_mac_equal(&server->mac, mac);
    server->mac = *mac;
    server->seen_ns = now_ns;
    if (told)
        return EL_DHCP_HEARD_NOTHING;
    server->told_ns = now_ns;
    return EL_DHCP_HEARD_SERVER;
}

enum el_dhcp_heard_kind el_dhcp_watch_input(struct el_dhcp_watch *watch, uint64_t now_ns,
                                            const uint8_t *frame, size_t len, size_t leased,
                                            struct el_dhcp_heard *heard)
{
    struct el_wire w = el_wire_read(frame, len);
    struct el_eth_header eth;
    struct el_ip4_header ip;
    struct el_udp_header udp;

    el_eth_read(&w, &eth);
    if (!el_wire_ok(&w))
        return EL_DHCP_HEARD_NOTHING;
    if (eth.type == EL_ETHERTYPE_ARP)
        return hear_arp(w, watch, heard);
    if (eth.type != EL_ETHERTYPE_IP4)
        return EL_DHCP_HEARD_NOTHING;
    el_ip4_read(&w, &ip);
    if (!el_wire_ok(&w) || ip.protocol != EL_IP_UDP || el_ip4_is_fragment(&ip))
        return EL_DHCP_HEARD_NOTHING;
    el_udp_read(&w, &udp);
    if (!el_wire_ok(&w) || udp.dst_port != EL_DHCP_PORT_CLIENT)
        return EL_DHCP_HEARD_NOTHING;
    return hear_server(watch, now_ns, w, &eth.src, leased, heard);
}

bool el_dhcp_watch_is_alone(const struct el_dhcp_watch *watch, uint64_t now_ns)
{
    for (size_t i = 0; i < EL_DHCP_WATCH_SERVERS; i++)
        if (watch->servers[i].told_ns && now_ns - watch->servers[i].seen_ns < REPORT_S * EL_S)
            return false;
    return true;
}
