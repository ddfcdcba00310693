/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A network of the lwIP provider: its interface, and what goes in and out there. */
#include "net/lwip.h"

#include "frame/gso.h"
#include "net/lwip_stack.h"

#include <lwip/etharp.h>
#include <lwip/ip.h>
#include <lwip/priv/tcp_priv.h>
#include <netif/ethernet.h>
#include <stdlib.h>

enum {
    PACKET_MIN = 20, /* an IPv4 header */
    FRAME_MIN = 42,  /* an ARP packet: lwIP does not look how long it is */
    BEHIND = 4,      /* it reads beyond a packet whose last TCP option is cut off: zeros, then */
    LEN_MAX = UINT16_MAX - BEHIND,
    PIECE_BYTES = EL_NET_LWIP_MTU_MAX + 14,
    CHECKSUMS_VERIFIED =
        NETIF_CHECKSUM_ENABLE_ALL & ~(NETIF_CHECKSUM_CHECK_TCP | NETIF_CHECKSUM_CHECK_UDP),
};

/* -- out -- */

static err_t hand_out(struct netif *netif, struct pbuf *packet)
{
    static uint8_t whole[PIECE_BYTES];
    struct el_lwip_net *net = netif->state;
    struct el_slice slices[EL_NET_LWIP_SLICES];
    unsigned count = 0;
    int code;

    for (struct pbuf *p = packet; p && count < EL_NET_LWIP_SLICES; p = p->next)
        slices[count++] = (struct el_slice){p->payload, p->len};
    if (pbuf_clen(packet) > EL_NET_LWIP_SLICES) {
        slices[0] = (struct el_slice){whole, pbuf_copy_partial(packet, whole, sizeof whole, 0)};
        count = 1;
    }
    code = net->config.send(net->config.arg, slices, count);
    if (code == 0)
        return ERR_OK;
    return code == EL_EAGAIN ? ERR_WOULDBLOCK : ERR_IF;
}

static err_t packet_output(struct netif *netif, struct pbuf *packet, const ip4_addr_t *to)
{
    (void)to;
    return hand_out(netif, packet);
}

/* -- in -- */

static void take(struct el_lwip_net *net, const uint8_t *bytes, size_t len, bool verified)
{
    bool ethernet = net->config.layer == EL_NET_LWIP_ETHERNET;
    struct pbuf *packet;
    err_t code;

    if (len < (ethernet ? FRAME_MIN : PACKET_MIN) || len > LEN_MAX)
        return;
    packet = pbuf_alloc(PBUF_RAW, (u16_t)(len + BEHIND), PBUF_RAM);
    if (!packet)
        return;
    memcpy(packet->payload, bytes, len);
    memset((uint8_t *)packet->payload + len, 0, BEHIND);
    pbuf_realloc(packet, (u16_t)len); /* which leaves them where they are */
    NETIF_SET_CHECKSUM_CTRL(&net->netif, verified ? CHECKSUMS_VERIFIED : NETIF_CHECKSUM_ENABLE_ALL);
    code = ethernet ? ethernet_input(packet, &net->netif) : ip4_input(packet, &net->netif);
    NETIF_SET_CHECKSUM_CTRL(&net->netif, NETIF_CHECKSUM_ENABLE_ALL);
    if (code != ERR_OK)
        pbuf_free(packet);
    el_lwip_turn();
}

void el_net_lwip_input(struct el_net *net, const uint8_t *bytes, size_t len)
{
    take(el_lwip_net_of(net), bytes, len, false);
}

void el_net_lwip_input_frame(struct el_net *net, uint8_t *frame, size_t len,
                             const struct el_offload *offload)
{
    struct el_gso_cut cut;
    uint8_t *segment;

    /* TCP is a stream: how it is cut does not matter. */
    if (offload->gso != EL_GSO_UDP_L4 && len <= LEN_MAX) {
        take(el_lwip_net_of(net), frame, len, offload->needs_csum || offload->csum_valid);
        return;
    }
    if (el_gso_begin(&cut, frame, len, offload, EL_GSO_COMPLETE) < 0)
        return;
    while (el_gso_next(&cut, &segment, &len))
        take(el_lwip_net_of(net), segment, len, false);
}

void el_net_lwip_writable(struct el_net *net)
{
    (void)net;
    tcp_txnow();
    el_lwip_turn();
}

/* -- the provider -- */

static uint64_t lwip_now_ns(const struct el_net *net)
{
    (void)net;
    return el_net_now_ns(el_lwip_clock());
}

static int64_t lwip_wall_s(const struct el_net *net)
{
    (void)net;
    return el_net_wall_s(el_lwip_clock());
}

/* Timers are those of BASE, and stay so: no call of theirs comes back to us. */
static struct el_net_timer *lwip_timer_new(struct el_net *net, el_net_timer_cb *cb, void *arg)
{
    (void)net;
    return el_net_timer_new(el_lwip_clock(), cb, arg);
}

const struct el_net_ops el_net_lwip_ops = {
    .now_ns = lwip_now_ns,
    .wall_s = lwip_wall_s,
    .timer_new = lwip_timer_new,
    .udp_open = el_net_lwip_udp_open,
    .udp_send = el_net_lwip_udp_send,
    .udp_local = el_net_lwip_udp_local,
    .udp_sibling = el_net_lwip_udp_sibling,
    .udp_close = el_net_lwip_udp_close,
    .listen = el_net_lwip_listen,
    .listen_close = el_net_lwip_listen_close,
    .listen_local = el_net_lwip_listen_local,
    .connect = el_net_lwip_connect,
    .stream_write = el_net_lwip_stream_write,
    .stream_send_file = el_net_lwip_stream_send_file,
    .stream_queued = el_net_lwip_stream_queued,
    .stream_pause = el_net_lwip_stream_pause,
    .stream_finish = el_net_lwip_stream_finish,
    .stream_close = el_net_lwip_stream_close,
};

static err_t set_up(struct netif *netif)
{
    const struct el_lwip_net *net = netif->state;

    netif->name[0] = 'e';
    netif->name[1] = 'l';
    netif->mtu = net->config.mtu;
    if (net->config.layer == EL_NET_LWIP_ETHERNET) {
        netif->output = etharp_output;
        netif->linkoutput = hand_out;
        netif->hwaddr_len = sizeof net->config.mac.b;
        memcpy(netif->hwaddr, net->config.mac.b, sizeof net->config.mac.b);
        netif->flags |= NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET;
    } else {
        netif->output = packet_output;
    }
    return ERR_OK;
}

static bool makes_sense(const struct el_net_lwip_config *config)
{
    return config->address.ip.family == 4 && el_ip4_number(&config->address.ip) != 0 &&
           config->address.len <= 32 && config->mtu >= EL_NET_LWIP_MTU_MIN &&
           config->mtu <= EL_NET_LWIP_MTU_MAX && config->gateway.family != 6 && config->send;
}

static bool is_taken(const struct el_ip *ip)
{
    struct netif *netif;

    NETIF_FOREACH(netif)
    {
        if (netif_ip4_addr(netif)->addr == el_lwip_ip(ip).addr)
            return true;
    }
    return false;
}

int el_net_lwip_new(struct el_net *base, const struct el_net_lwip_config *config,
                    struct el_net **made, struct el_err *err)
{
    ip4_addr_t mask = {lwip_htonl(el_prefix_mask4(config->address.len))};
    ip4_addr_t address = el_lwip_ip(&config->address.ip);
    ip4_addr_t gateway = el_lwip_ip(&config->gateway);
    char text[EL_PREFIX_TEXT];
    int code;

    if (!makes_sense(config))
        return el_err(err, EL_EINVAL, "lwip: no IPv4 address, or an MTU below %d or above %d",
                      EL_NET_LWIP_MTU_MIN, EL_NET_LWIP_MTU_MAX);
    el_prefix_text(&config->address, text);
    code = el_lwip_stack_use(base);
    if (code < 0)
        return el_err(err, code, "lwip %s: %s", text,
                      code == EL_EINVAL ? "this process has networks with another clock"
                                        : el_strerror(code));
    if (is_taken(&config->address.ip)) {
        el_lwip_stack_unuse();
        return el_err(err, EL_EEXIST,
                      "lwip %s: another network of this process has the address: they need a "
                      "process each",
                      text);
    }

    struct el_lwip_net *net = calloc(1, sizeof *net);

    if (net) {
        net->base.ops = &el_net_lwip_ops;
        net->config = *config;
    }
    if (!net || !netif_add(&net->netif, &address, &mask, &gateway, net, set_up, ip_input)) {
        free(net);
        el_lwip_stack_unuse();
        return el_err(err, EL_ENOMEM, "lwip %s: out of memory", text);
    }
    netif_set_up(&net->netif);
    netif_set_link_up(&net->netif);
    el_lwip_arm();
    *made = &net->base;
    return 0;
}

void el_net_lwip_free(struct el_net *base)
{
    struct el_lwip_net *net = el_lwip_net_of(base);

    if (!net)
        return;
    while (net->opens)
        el_lwip_close(net->opens);
    el_lwip_bury(net);
    netif_remove(&net->netif);
    el_lwip_stack_unuse();
    free(net);
}
