/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Datagrams of the lwIP provider. */
#include "net/lwip_stack.h"

#include <lwip/ip.h>
#include <lwip/udp.h>
#include <stdlib.h>

enum { DATAGRAM_MAX = 65507 }; /* what fits into an IPv4 packet */

struct lwip_udp {
    struct el_net_udp base;
    struct el_lwip_open open;
    struct udp_pcb *pcb;
    struct el_endpoint local;
    bool broadcast;
    struct pbuf *heard; /* the datagram that waits for its turn */
    struct el_net_udp_meta meta;
};

static struct lwip_udp *udp_of(struct el_lwip_open *open)
{
    return (struct lwip_udp *)((uint8_t *)open - offsetof(struct lwip_udp, open));
}

/* -- arriving -- */

static void udp_heard(void *arg, struct udp_pcb *pcb, struct pbuf *packet, const ip_addr_t *from,
                      u16_t from_port)
{
    struct lwip_udp *udp = arg;

    (void)pcb;
    if (udp->heard) { /* cannot be: every packet is followed by a turn */
        pbuf_free(packet);
        return;
    }
    udp->heard = packet;
    udp->meta.from = el_lwip_endpoint(from, from_port);
    udp->meta.to = el_lwip_endpoint(ip_current_dest_addr(), udp->local.port);
    el_lwip_soon(&udp->open);
}

static void udp_turn(struct el_lwip_open *open)
{
    static uint8_t whole[UINT16_MAX];
    struct lwip_udp *udp = udp_of(open);
    struct pbuf *packet = udp->heard;
    const uint8_t *bytes;

    if (!packet)
        return;
    udp->heard = NULL;
    bytes = pbuf_get_contiguous(packet, whole, sizeof whole, packet->tot_len, 0);
    udp->base.cb(udp->base.arg, &udp->meta, bytes ? bytes : whole, packet->tot_len);
    pbuf_free(packet);
}

/* -- leaving -- */

static bool is_broadcast(const struct el_lwip_net *net, const ip_addr_t *to)
{
    return ip4_addr_isbroadcast(to, &net->netif);
}

int el_net_lwip_udp_send(struct el_net_udp *base, const struct el_endpoint *to,
                         const struct el_ip *from, const uint8_t *bytes, size_t len)
{
    struct lwip_udp *udp = (struct lwip_udp *)base;
    struct el_lwip_net *net = udp->open.net;
    ip_addr_t ip = el_lwip_ip(&to->ip);
    struct pbuf *packet;
    err_t code;

    (void)from; /* there is but one address */
    if (udp->open.closed)
        return EL_ECLOSED;
    if (len > DATAGRAM_MAX || to->ip.family != 4 || ip_addr_isany_val(ip))
        return EL_EINVAL;
    if (is_broadcast(net, &ip) && !udp->broadcast)
        return EL_EPERM;
    packet = pbuf_alloc(PBUF_TRANSPORT, (u16_t)len, PBUF_RAM);
    if (!packet)
        return EL_EAGAIN;
    pbuf_take(packet, bytes, (u16_t)len);
    code = udp_sendto_if_src(udp->pcb, packet, &ip, to->port, &net->netif,
                             netif_ip_addr4(&net->netif));
    pbuf_free(packet);
    el_lwip_arm();
    return el_lwip_code(code);
}

/* -- opening and closing -- */

static void udp_shut(struct el_lwip_open *open)
{
    struct lwip_udp *udp = udp_of(open);

    udp_remove(udp->pcb);
    if (udp->heard)
        pbuf_free(udp->heard);
    udp->heard = NULL;
}

static void udp_free(struct el_lwip_open *open)
{
    free(udp_of(open));
}

static err_t bind_to(struct udp_pcb *pcb, const ip_addr_t *ip, uint16_t port)
{
    err_t code = ERR_USE;

    if (port)
        return udp_bind(pcb, ip, port);
    for (int i = 0; i < EL_LWIP_PORT_TRIES && code == ERR_USE; i++)
        code = udp_bind(pcb, ip, el_lwip_random_port());
    return code;
}

static err_t udp_make(struct lwip_udp *udp, uint16_t port)
{
    struct el_lwip_net *net = udp->open.net;
    err_t code;

    if (!el_lwip_is_ours(net, &udp->local.ip))
        return ERR_RTE;
    udp->pcb = udp_new();
    if (!udp->pcb)
        return ERR_MEM;
    udp_bind_netif(udp->pcb, &net->netif);
    code = bind_to(udp->pcb, netif_ip_addr4(&net->netif), port);
    if (code != ERR_OK) {
        udp_remove(udp->pcb);
        return code;
    }
    udp->local.port = udp->pcb->local_port;
    if (udp->broadcast)
        ip_set_option(udp->pcb, SOF_BROADCAST);
    udp_recv(udp->pcb, udp_heard, udp);
    return ERR_OK;
}

static int udp_open(const struct lwip_udp *model, struct el_net_udp **made, struct el_err *err)
{
    struct lwip_udp *udp = malloc(sizeof *udp);
    err_t code;

    if (!udp)
        return el_err(err, EL_ENOMEM, "udp: out of memory");
    *udp = *model;
    code = udp_make(udp, model->local.port);
    if (code != ERR_OK) {
        free(udp);
        return el_lwip_explain("udp", &model->local, code, err);
    }
    if (udp->local.ip.family == 0)
        udp->local.ip.family = 4;
    el_lwip_open(&udp->open, model->open.net);
    *made = &udp->base;
    return 0;
}

int el_net_lwip_udp_open(struct el_net *net, const struct el_net_udp_config *config,
                         el_net_udp_cb *cb, void *arg, struct el_net_udp **udp, struct el_err *err)
{
    const struct lwip_udp model = {
        .base = {&el_net_lwip_ops, cb, arg},
        .open = {.net = el_lwip_net_of(net), .turn = udp_turn, .shut = udp_shut, .free = udp_free},
        .local = config->bind,
        .broadcast = config->broadcast,
    };

    if (config->inherited_fd >= 0)
        return el_err(err, EL_ENOTSUP, "udp: descriptors are the kernel's");
    return udp_open(&model, udp, err);
}

struct el_endpoint el_net_lwip_udp_local(const struct el_net_udp *udp)
{
    return ((const struct lwip_udp *)udp)->local;
}

int el_net_lwip_udp_sibling(struct el_net_udp *base, const struct el_ip *from, el_net_udp_cb *cb,
                            void *arg, struct el_net_udp **sibling)
{
    const struct lwip_udp *udp = (const struct lwip_udp *)base;
    struct lwip_udp model = {
        .base = {&el_net_lwip_ops, cb, arg},
        .open = {.net = udp->open.net, .turn = udp_turn, .shut = udp_shut, .free = udp_free},
        .local = {.ip = udp->local.ip},
        .broadcast = udp->broadcast,
    };

    if (udp->open.closed)
        return EL_ECLOSED;
    if (from && el_ip_equal(from, &udp->open.net->config.address.ip))
        model.local.ip = *from;
    return udp_open(&model, sibling, NULL);
}

void el_net_lwip_udp_close(struct el_net_udp *udp)
{
    el_lwip_close(&((struct lwip_udp *)udp)->open);
}
