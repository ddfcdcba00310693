/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Nudges: a row of who is to get one, and a timer. */
#include "node/nudge.h"

#include "node/key.h"

#include <stdlib.h>
#include <string.h>

const uint8_t el_nudge[EL_NUDGE_BYTES] = "el2wask";

struct el_nudges {
    struct el_net *net;
    struct el_net_udp *udp;
    struct el_net_timer *timer;
    unsigned count, next; /* waiting: from `next` to `count` */
    struct el_ip ips[EL_NUDGES];
};

bool el_nudge_is(const struct el_net_udp_meta *meta, const uint8_t *bytes, size_t len)
{
    const struct el_ip hub = el_ip4(EL_NODE_HUB_ADDRESS);

    return el_ip_equal(&meta->from.ip, &hub) && len == sizeof el_nudge &&
           memcmp(bytes, el_nudge, sizeof el_nudge) == 0;
}

static void on_datagram(void *arg, const struct el_net_udp_meta *meta, const uint8_t *bytes,
                        size_t len)
{
    (void)arg;
    (void)meta;
    (void)bytes;
    (void)len; /* nobody answers a nudge but with his question */
}

static void on_timer(void *arg)
{
    struct el_nudges *n = arg;

    for (unsigned i = 0; i < EL_NUDGE_BURST && n->next < n->count; i++) {
        struct el_endpoint to = {.ip = n->ips[n->next++], .port = EL_NUDGE_PORT};
        (void)el_net_udp_send(n->udp, &to, NULL, el_nudge, sizeof el_nudge);
    }
    if (n->next < n->count)
        el_net_timer_set(n->timer, el_net_now_ns(n->net) + EL_NUDGE_EVERY_MS * EL_MS);
    else
        n->next = n->count = 0;
}

static bool waits(const struct el_nudges *n, const struct el_ip *ip)
{
    for (unsigned i = n->next; i < n->count; i++)
        if (el_ip_equal(&n->ips[i], ip))
            return true;
    return false;
}

void el_nudges_add(struct el_nudges *n, const struct el_ip *ip)
{
    if (waits(n, ip))
        return;
    if (n->count == EL_NUDGES && n->next > 0) { /* those that were sent make room */
        n->count -= n->next;
        memmove(n->ips, n->ips + n->next, n->count * sizeof n->ips[0]);
        n->next = 0;
    }
    if (n->count == EL_NUDGES)
        return; /* it asks by itself */
    n->ips[n->count++] = *ip;
    if (n->count - n->next == 1)
        el_net_timer_set(n->timer, 0);
}

int el_nudges_new(struct el_net *inside, struct el_nudges **result, struct el_err *err)
{
    struct el_net_udp_config config = {
        .bind = {.ip = el_ip4(EL_NODE_HUB_ADDRESS), .port = EL_NUDGE_PORT}, .inherited_fd = -1};
    struct el_nudges *n = calloc(1, sizeof *n);

    if (!n)
        return el_err(err, EL_ENOMEM, "out of memory");
    n->net = inside;
    n->timer = el_net_timer_new(inside, on_timer, n);
    int rc = n->timer ? el_net_udp_open(inside, &config, on_datagram, n, &n->udp, err)
                      : el_err(err, EL_ENOMEM, "out of memory");
    if (rc < 0)
        el_nudges_free(n);
    else
        *result = n;
    return rc;
}

void el_nudges_free(struct el_nudges *n)
{
    if (!n)
        return;
    el_net_udp_close(n->udp);
    el_net_timer_free(n->timer);
    free(n);
}
