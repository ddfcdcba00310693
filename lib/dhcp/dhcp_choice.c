/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who asks, and which address it gets. */
#include "dhcp/dhcp_internal.h"

/* -- who asks -- */

static void read_identity(const struct el_dhcp *d, struct el_dhcp_request *r)
{
    enum { BY_HARDWARE = 1, BY_CLIENT_ID = 2 };
    struct el_wire id = el_dhcp_option(&r->m, EL_DHCP_O_CLIENT_ID);
    struct el_wire w = el_wire_write(r->who.bytes, sizeof r->who.bytes);
    size_t id_len = el_wire_left(&id);
    /* One that is too long for any standard is not taken at its word. */
    bool has_id = id_len >= 2 && id_len < sizeof r->who.bytes;

    if (has_id && (d->config.by_client_id || el_mac_is_zero(&r->client.mac))) {
        el_wire_put_u8(&w, BY_CLIENT_ID);
        el_wire_put(&w, id.at, id_len);
    } else if (r->m.hlen > 0) {
        el_wire_put_u8(&w, BY_HARDWARE);
        el_wire_put_u8(&w, r->m.htype);
        el_wire_put(&w, r->m.chaddr, r->m.hlen);
    }
    r->who.len = (uint8_t)el_wire_done(&w);
    r->reservation = el_dhcp_reservations_of(d->reservations, &r->client.mac, id.at, id_len);
}

static struct el_wire relay_suboption(const struct el_dhcp_request *r, uint8_t code)
{
    return el_dhcp_suboption(el_dhcp_option(&r->m, EL_DHCP_O_RELAY), code);
}

/*
 * The subnet that the client is in: its relay's, or, if the relay says that the client is on
 * another link than its own address, that link's (RFC 3527). Without a relay it is on our own
 * network; but a client of another subnet keeps its address, and so on, by asking us itself (RFC
 * 2131 §4.3.2, RENEWING).
 */
static uint8_t read_subnet(const struct el_dhcp *d, const struct el_dhcp_request *r)
{
    struct el_wire link = relay_suboption(r, EL_DHCP_RELAY_LINK_SELECTION);

    if (r->m.giaddr)
        return el_dhcp_subnet_of(d, el_wire_left(&link) == 4 ? el_wire_be32(&link) : r->m.giaddr);
    if (r->m.ciaddr && el_ip_equal(&r->from->to.ip, &d->config.server)) {
        uint8_t subnet = el_dhcp_subnet_of(d, r->m.ciaddr);
        return subnet < EL_DHCP_SUBNETS_MAX ? subnet : 0;
    }
    return 0;
}

/* A relay that clients are to take for their server, so that it hears whatever they say (RFC 5107
 * §4). What RFC 5010 lets it say beside, whether the client spoke to it alone, changes nothing. */
static uint32_t read_server_id(const struct el_dhcp *d, const struct el_dhcp_request *r)
{
    struct el_wire override = relay_suboption(r, EL_DHCP_RELAY_SERVER_ID);
    uint32_t ip = r->m.giaddr && el_wire_left(&override) == 4 ? el_wire_be32(&override) : 0;

    return ip ? ip : d->server;
}

bool el_dhcp_identify(const struct el_dhcp *d, struct el_dhcp_request *r)
{
    read_identity(d, r);
    r->subnet = read_subnet(d, r);
    r->server_id = read_server_id(d, r);
    return r->subnet < EL_DHCP_SUBNETS_MAX;
}

bool el_dhcp_is_owner(const struct el_dhcp_lease *lease, const struct el_dhcp_request *r)
{
    return lease->owner.len > 0 && memcmp(&lease->owner, &r->who, sizeof r->who) == 0;
}

/* -- which address -- */

/* What it has, or had last, in the subnet that it is in now. */
static struct el_dhcp_lease *own_lease(const struct el_dhcp *d, const struct el_dhcp_request *r)
{
    struct el_dhcp_lease *lease = el_dhcp_leases_of(d->leases, &r->who);

    return lease && lease->subnet == r->subnet ? lease : NULL;
}

/* The lease that is reserved for the client, unless it rests in quarantine, or somebody else has it
 * still: who asks to keep it is told no, and then it is free. */
static struct el_dhcp_lease *reserved_lease(const struct el_dhcp *d,
                                            const struct el_dhcp_request *r)
{
    struct el_dhcp_lease *lease =
        r->reservation && r->reservation->ip.family
            ? el_dhcp_leases_at(d->leases, el_ip4_number(&r->reservation->ip))
            : NULL;

    if (!lease || lease->subnet != r->subnet || lease->state == EL_DHCP_DECLINED)
        return NULL;
    return lease->state == EL_DHCP_FREE || el_dhcp_is_owner(lease, r) ? lease : NULL;
}

/* NULL if the client may take a free lease now, or why not. */
static const char *refusal(const struct el_dhcp *d, const struct el_dhcp_request *r)
{
    int through;

    if (el_dhcp_leases_count(d->leases, EL_DHCP_OFFERED) >= d->config.offers_max)
        return "too-many-offers";
    if (!r->m.giaddr)
        return NULL;
    through = el_dhcp_leases_through(d->leases, r->m.giaddr);
    if (through < 0)
        return "too-many-relays";
    return (uint32_t)through >= d->config.relay_max ? "relay-has-its-share" : NULL;
}

/* The address to offer (RFC 2131 §4.3.1): the reserved one, the one that it has or had, the one it
 * asks for, any. NULL, and *WHY, if there is none. */
struct el_dhcp_lease *el_dhcp_choose_address(const struct el_dhcp *d,
                                             const struct el_dhcp_request *r, const char **why)
{
    struct el_dhcp_lease *lease = reserved_lease(d, r);

    if (lease)
        return lease;
    lease = own_lease(d, r);
    if (lease && lease->reserved)
        lease = NULL; /* the reservation has been taken from it */
    if (lease && lease->state != EL_DHCP_FREE)
        return lease;
    *why = refusal(d, r);
    if (*why || lease)
        return *why ? NULL : lease;
    lease = el_dhcp_leases_at(d->leases, el_dhcp_number(&r->m, EL_DHCP_O_REQUESTED_IP));
    if (lease && lease->subnet == r->subnet && lease->state == EL_DHCP_FREE && !lease->reserved &&
        lease->owner.len == 0)
        return lease;
    *why = "pool-empty";
    return el_dhcp_leases_unused(d->leases, r->subnet);
}

bool el_dhcp_may_have(const struct el_dhcp *d, const struct el_dhcp_request *r,
                      const struct el_dhcp_lease *lease)
{
    const struct el_dhcp_lease *reserved = reserved_lease(d, r);

    if (lease->subnet != r->subnet)
        return false;
    if (reserved || lease->reserved)
        return lease == reserved;
    if (el_dhcp_is_owner(lease, r))
        return lease->state != EL_DHCP_DECLINED;
    /* A free one that we do not remember having offered: our restart forgot the offer, or lost the
     * lease. The address is good, so is the client. */
    return lease->state == EL_DHCP_FREE && !refusal(d, r);
}

bool el_dhcp_is_known(const struct el_dhcp *d, const struct el_dhcp_request *r)
{
    return own_lease(d, r) || reserved_lease(d, r);
}

/* -- taking it -- */

void el_dhcp_claim(struct el_dhcp *d, const struct el_dhcp_request *r, struct el_dhcp_lease *lease,
                   enum el_dhcp_lease_state state, uint64_t until_ns)
{
    struct el_dhcp_claim claim = {.state = state,
                                  .owner = r->who,
                                  .mac = r->client.mac,
                                  .relay = r->m.giaddr,
                                  .until_ns = until_ns};

    if (state == EL_DHCP_DECLINED)
        memset(&claim.owner, 0, sizeof claim.owner);
    if (!el_dhcp_is_owner(lease, r))
        lease->since_ns = r->now_ns;
    el_dhcp_lease_set(d->leases, lease, &claim);
    d->deadline_ns = el_earlier(d->deadline_ns, until_ns);
}

void el_dhcp_claim_durably(struct el_dhcp *d, const struct el_dhcp_request *r,
                           struct el_dhcp_lease *lease, enum el_dhcp_lease_state state,
                           uint32_t seconds)
{
    const struct el_dhcp_lease *other = el_dhcp_leases_of(d->leases, &r->who);

    r->out->durable = true;
    r->out->before = el_dhcp_lease_claim(lease);
    if (other && other != lease) {
        r->out->other_ip = other->ip;
        r->out->other_before = el_dhcp_lease_claim(other);
    }
    el_dhcp_claim(d, r, lease, state, r->now_ns + seconds * EL_S);
    if (state == EL_DHCP_BOUND)
        el_dhcp_is_fine(lease, r->now_ns);
    r->out->record = (struct el_dhcp_record){.ip = el_ip4(lease->ip),
                                             .mac = lease->mac,
                                             .owner = lease->owner,
                                             .state = state,
                                             .until_s = r->wall_s + seconds};
}

/* What a lease was; but an owner that has found another one since keeps that. */
static void put_back(struct el_dhcp *d, uint32_t ip, const struct el_dhcp_claim *before)
{
    struct el_dhcp_lease *lease = el_dhcp_leases_at(d->leases, ip);
    struct el_dhcp_lease *other = el_dhcp_leases_of(d->leases, &before->owner);
    struct el_dhcp_claim claim = *before;

    if (!lease)
        return;
    if (other && other != lease && claim.state == EL_DHCP_FREE)
        memset(&claim.owner, 0, sizeof claim.owner);
    el_dhcp_lease_set(d->leases, lease, &claim);
}

void el_dhcp_undo(struct el_dhcp *d, const struct el_dhcp_output *out)
{
    d->stats.store_failures++;
    el_dhcp_log_not_kept(d, out);
    put_back(d, el_ip4_number(&out->record.ip), &out->before);
    if (out->other_ip)
        put_back(d, out->other_ip, &out->other_before);
    d->deadline_ns = 0; /* what was put back may have ended */
}
