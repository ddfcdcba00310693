/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages that are answered a moment later.
 *
 * An address that nobody is known to have had lately is asked for in the network (an ARP probe, RFC
 * 5227 §2.1.1) before it is offered. Only who wants that address waits, and only for probe_ms;
 * others meanwhile get theirs. An address that was probed, or held by a client, is taken for good
 * for an hour: a machine that comes back waits for nothing. When more wait than there is room for,
 * offers are made without a probe: a crowd is not turned away for what is rare, and clients look
 * for themselves before they use an address (RFC 2131 §4.4.1).
 *
 * The same place keeps who asks while it is not yet known whether another server is here.
 */
#include "dhcp/dhcp_internal.h"

enum {
    FINE_S = 3600,
    TRIES_MAX = 3, /* addresses that are probed for one client */
};

static struct el_dhcp_held *free_row(struct el_dhcp *d)
{
    for (size_t i = 0; i < EL_DHCP_HELD_MAX; i++)
        if (d->held[i].len == 0)
            return &d->held[i];
    return NULL;
}

bool el_dhcp_is_held(const struct el_dhcp *d, const struct el_dhcp_request *r)
{
    for (size_t i = 0; i < EL_DHCP_HELD_MAX; i++)
        if (d->held[i].len > 0 && memcmp(&d->held[i].who, &r->who, sizeof r->who) == 0)
            return true;
    return false;
}

bool el_dhcp_hold(struct el_dhcp *d, const struct el_dhcp_request *r, uint32_t ip,
                  uint64_t until_ns)
{
    struct el_dhcp_held *row = free_row(d);

    if (!row || r->len > sizeof row->bytes || r->tries >= TRIES_MAX)
        return false;
    *row = (struct el_dhcp_held){.ip = ip,
                                 .until_ns = until_ns,
                                 .who = r->who,
                                 .mac = r->client.mac,
                                 .from = *r->from,
                                 .tries = r->tries + 1,
                                 .len = r->len};
    memcpy(row->bytes, r->bytes, r->len);
    d->deadline_ns = el_earlier(d->deadline_ns, until_ns);
    return true;
}

bool el_dhcp_probe(struct el_dhcp *d, const struct el_dhcp_request *r, struct el_dhcp_lease *lease)
{
    if (d->config.probe_ms == 0 || r->m.giaddr || lease->subnet != 0 ||
        lease->fine_until_ns > r->now_ns)
        return false;
    return el_dhcp_hold(d, r, lease->ip, r->now_ns + d->config.probe_ms * EL_MS);
}

void el_dhcp_is_fine(struct el_dhcp_lease *lease, uint64_t now_ns)
{
    lease->fine_until_ns = now_ns + FINE_S * EL_S;
}

bool el_dhcp_heard(struct el_dhcp *d, uint64_t now_ns, uint32_t ip, const struct el_mac *mac)
{
    bool known = false;

    for (size_t i = 0; i < EL_DHCP_HELD_MAX; i++) {
        struct el_dhcp_held *row = &d->held[i];
        if (row->len == 0 || row->ip != ip || ip == 0 || row->in_use)
            continue;
        known = true;
        row->until_ns = d->deadline_ns = now_ns;
        if (el_mac_equal(mac, &row->mac))
            continue; /* it has it already, and may go on */
        row->in_use = true;
        el_dhcp_log_in_use(d, ip, mac);
    }
    return known;
}

/* Somebody sits there whom we did not let in: the address rests, as if a client had declined it. */
static void put_to_rest(struct el_dhcp *d, uint32_t ip, uint64_t now_ns)
{
    struct el_dhcp_lease *lease = el_dhcp_leases_at(d->leases, ip);
    struct el_dhcp_claim claim = {.state = EL_DHCP_DECLINED,
                                  .until_ns = now_ns + d->config.quarantine_s * EL_S};

    if (lease && lease->state != EL_DHCP_BOUND) {
        el_dhcp_lease_set(d->leases, lease, &claim);
        d->deadline_ns = el_earlier(d->deadline_ns, claim.until_ns);
    }
}

int el_dhcp_output(struct el_dhcp *d, uint64_t now_ns, int64_t wall_s, struct el_dhcp_output *out)
{
    for (size_t i = 0; i < EL_DHCP_HELD_MAX; i++) {
        if (d->held[i].len == 0 || d->held[i].until_ns > now_ns)
            continue;
        struct el_dhcp_held held = d->held[i];
        struct el_dhcp_lease *lease = held.ip ? el_dhcp_leases_at(d->leases, held.ip) : NULL;
        d->held[i].len = 0;
        if (held.in_use)
            put_to_rest(d, held.ip, now_ns);
        else if (lease)
            el_dhcp_is_fine(lease, now_ns);
        if (el_dhcp_input_again(d, now_ns, wall_s, &held, out) > 0)
            return 1;
    }
    return 0;
}

uint64_t el_dhcp_held_deadline(const struct el_dhcp *d)
{
    uint64_t next_ns = EL_NEVER;

    for (size_t i = 0; i < EL_DHCP_HELD_MAX; i++)
        if (d->held[i].len > 0)
            next_ns = el_earlier(next_ns, d->held[i].until_ns);
    return next_ns;
}

void el_dhcp_release_held(struct el_dhcp *d, uint64_t now_ns)
{
    for (size_t i = 0; i < EL_DHCP_HELD_MAX; i++)
        if (d->held[i].len > 0 && d->held[i].ip == 0)
            d->held[i].until_ns = d->deadline_ns = now_ns;
}
