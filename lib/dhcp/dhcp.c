/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The DHCP server of one network.
 *
 * An address goes FREE -> OFFERED (DISCOVER; a promise of seconds, in memory only) -> BOUND
 * (REQUEST; kept on disk before the ACK leaves) -> FREE (expiry or RELEASE), or -> DECLINED for a
 * while. The decisions for a REQUEST are those of RFC 2131 §4.3.2; where it leaves freedom, the
 * reason stands at the place.
 *
 * Against starvation: offers are short and strangers get at most `offers_max` of them at a time,
 * one relay holds at most `relay_max` leases, and a client that holds a lease is never turned away
 * by either limit. An attacker behind no relay can still take the pool with forged addresses, one
 * per REQUEST: the hardware address is what the message says, not where the frame came from, which
 * a server behind a socket does not see. Machines with reservations do not notice.
 */
#include "base/log.h"
#include "dhcp/dhcp_internal.h"
#include "dhcp/dhcp_reply.h"

#include <stdio.h>
#include <stdlib.h>

enum { LEASE_MIN_S = 60 };

/* -- set-up -- */

static bool in_subnet(const struct el_dhcp_config *config, uint32_t ip)
{
    struct el_ip address = el_ip4(ip);

    return ip && el_prefix_contains(&config->subnet, &address);
}

/* Addresses that no machine may have, though they lie in the pool. */
static bool is_taken(const void *arg, uint32_t ip)
{
    const struct el_dhcp_config *config = arg;
    uint32_t mask = el_prefix_mask4(config->subnet.len);

    if ((ip & ~mask) == 0 || (ip | mask) == UINT32_MAX)
        return true;
    if (ip == el_ip4_number(&config->server) || ip == el_ip4_number(&config->router))
        return true;
    for (int i = 0; i < EL_DHCP_SERVERS_MAX; i++)
        if (ip == el_ip4_number(&config->dns[i]) || ip == el_ip4_number(&config->ntp[i]))
            return true;
    return false;
}

static int check(const struct el_dhcp_config *config, struct el_err *err)
{
    char text[EL_PREFIX_TEXT], first[EL_IP_TEXT], last[EL_IP_TEXT];
    uint32_t from = el_ip4_number(&config->pool_first), to = el_ip4_number(&config->pool_last);

    el_prefix_text(&config->subnet, text);
    el_ip_text(&config->pool_first, first);
    el_ip_text(&config->pool_last, last);
    if (config->subnet.ip.family != 4 || config->subnet.len > 30)
        return el_err(err, EL_EINVAL, "network %s: DHCP needs an IPv4 network of /30 or larger",
                      text);
    if (!in_subnet(config, el_ip4_number(&config->server)))
        return el_err(err, EL_EINVAL, "server %s: not in the network %s",
                      el_ip_text(&config->server, first), text);
    if (!in_subnet(config, from) || !in_subnet(config, to) || from > to)
        return el_err(err, EL_EINVAL, "pool %s-%s: not a range within the network %s", first, last,
                      text);
    if (to - from >= EL_DHCP_POOL_MAX)
        return el_err(err, EL_EINVAL, "pool %s-%s: more than %d addresses", first, last,
                      EL_DHCP_POOL_MAX);
    if (config->lease_s && config->lease_s < LEASE_MIN_S)
        return el_err(err, EL_EINVAL, "lease of %u s: at least %d", config->lease_s, LEASE_MIN_S);
    return 0;
}

static uint32_t or_default(uint32_t value, uint32_t otherwise)
{
    return value ? value : otherwise;
}

static void set_defaults(struct el_dhcp_config *config, uint32_t half)
{
    config->lease_s = or_default(config->lease_s, 3600);
    config->offer_s = or_default(config->offer_s, 30);
    config->quarantine_s = or_default(config->quarantine_s, 3600);
    config->offers_max = or_default(config->offers_max, half);
    config->relay_max = or_default(config->relay_max, half);
}

static int reserve_all(struct el_dhcp *d, struct el_err *err)
{
    char text[EL_IP_TEXT];

    for (size_t i = 0; i < d->config.reservation_count; i++) {
        const struct el_dhcp_reservation *r = &d->config.reservations[i];
        if (r->ip.family && el_dhcp_reservations_at(d->reservations, el_ip4_number(&r->ip)))
            return el_err(err, EL_EEXIST, "reservation %s: given twice", el_ip_text(&r->ip, text));
        int rc = el_dhcp_reserve(d, r, err);
        if (rc != 0)
            return rc;
    }
    return 0;
}

struct el_dhcp *el_dhcp_new(const struct el_dhcp_config *config, struct el_err *err)
{
    if (check(config, err) != 0)
        return NULL;
    uint32_t first = el_ip4_number(&config->pool_first), last = el_ip4_number(&config->pool_last);
    struct el_dhcp *d = calloc(1, sizeof *d);

    if (d) {
        d->config = *config;
        set_defaults(&d->config, (last - first + 2) / 2);
        d->server = el_ip4_number(&config->server);
        d->deadline_ns = EL_NEVER;
        d->reservations = el_dhcp_reservations_new();
        d->leases = el_dhcp_leases_new(first, last, EL_DHCP_RESERVATIONS_MAX, is_taken, &d->config);
    }
    if (!d || !d->leases || !d->reservations)
        el_err(err, EL_ENOMEM, "out of memory for a pool of %u addresses", last - first + 1);
    else if (reserve_all(d, err) == 0)
        return d;
    el_dhcp_free(d);
    return NULL;
}

void el_dhcp_free(struct el_dhcp *d)
{
    if (!d)
        return;
    el_dhcp_leases_free(d->leases);
    el_dhcp_reservations_free(d->reservations);
    free(d);
}

/* -- reservations -- */

/* The address that the machine of R had until now is for everybody again. */
static void give_back(struct el_dhcp *d, const struct el_dhcp_reservation *r)
{
    const struct el_dhcp_reservation *old = el_dhcp_reservations_get(d->reservations, r);

    if (old && old->ip.family && !el_ip_equal(&old->ip, &r->ip))
        el_dhcp_leases_unreserve(d->leases, el_ip4_number(&old->ip));
}

int el_dhcp_reserve(struct el_dhcp *d, const struct el_dhcp_reservation *r, struct el_err *err)
{
    uint32_t ip = el_ip4_number(&r->ip);
    char text[EL_IP_TEXT];

    el_ip_text(&r->ip, text);
    if (r->ip.family && (!in_subnet(&d->config, ip) || is_taken(&d->config, ip)))
        return el_err(err, EL_EINVAL,
                      "reservation %s: not an address that a machine of this network can have",
                      text);
    const struct el_dhcp_reservation *other = el_dhcp_reservations_at(d->reservations, ip);
    const struct el_dhcp_reservation *own = el_dhcp_reservations_get(d->reservations, r);
    if (ip && other && other != own)
        return el_err(err, EL_EEXIST, "reservation %s: it is another machine's", text);
    if (ip && !other && el_dhcp_leases_reserve(d->leases, ip) != 0)
        return el_err(err, EL_EFULL, "reservation %s: there are %d already", text,
                      EL_DHCP_RESERVATIONS_MAX);
    give_back(d, r);
    int rc = el_dhcp_reservations_put(d->reservations, r);
    if (rc == 0)
        return 0;
    if (ip && !other)
        el_dhcp_leases_unreserve(d->leases, ip);
    return el_err(err, rc, "reservation %s: %s", text, el_strerror(rc));
}

void el_dhcp_unreserve(struct el_dhcp *d, const struct el_mac *mac)
{
    const struct el_dhcp_reservation nothing = {.mac = *mac};

    if (el_mac_is_zero(mac))
        return;
    give_back(d, &nothing);
    el_dhcp_reservations_remove(d->reservations, &nothing);
}

/* -- what was kept -- */

/* A machine's address outside of the pool stays its own, though what is reserved may be said only
 * later; NULL: it is none that a machine of this network can have. */
static struct el_dhcp_lease *lease_outside(struct el_dhcp *d, uint32_t ip)
{
    if (!in_subnet(&d->config, ip) || is_taken(&d->config, ip) ||
        el_dhcp_leases_reserve(d->leases, ip) != 0)
        return NULL;
    return el_dhcp_leases_at(d->leases, ip);
}

void el_dhcp_restore(struct el_dhcp *d, uint64_t now_ns, int64_t wall_s,
                     const struct el_dhcp_record *record)
{
    uint32_t ip = el_ip4_number(&record->ip);
    struct el_dhcp_lease *lease = el_dhcp_leases_at(d->leases, ip);
    bool outside = !lease;
    bool declined = record->state == EL_DHCP_DECLINED;
    int64_t most_s = declined ? d->config.quarantine_s : d->config.lease_s;
    int64_t left_s = record->until_s > wall_s ? record->until_s - wall_s : 0;
    struct el_dhcp_claim claim = {
        .state = record->state, .owner = record->owner, .mac = record->mac};

    if (record->owner.len > EL_DHCP_IDENTITY_BYTES)
        return;
    if (outside)
        lease = lease_outside(d, ip);
    if (!lease)
        return;
    if (left_s > most_s)
        left_s = most_s; /* the wall clock went back */
    if (left_s == 0 || (record->state != EL_DHCP_BOUND && !declined))
        claim.state = EL_DHCP_FREE;
    if (declined)
        memset(&claim.owner, 0, sizeof claim.owner);
    claim.until_ns = claim.state == EL_DHCP_FREE ? now_ns : now_ns + (uint64_t)left_s * EL_S;
    el_dhcp_lease_set(d->leases, lease, &claim);
    if (outside)
        el_dhcp_leases_unreserve(d->leases, ip);
    d->deadline_ns = el_dhcp_leases_expire(d->leases, now_ns);
}

/* -- who asks, and for what -- */

static void identify(const struct el_dhcp *d, struct el_dhcp_request *r)
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

/* Whether the client is on our network: its relay is, or, if the relay says that the client is on
 * another link than the relay's own address, that link is (RFC 3527). */
static bool is_local(const struct el_dhcp_config *config, const struct el_dhcp_request *r)
{
    struct el_wire link =
        el_dhcp_suboption(el_dhcp_option(&r->m, EL_DHCP_O_RELAY), EL_DHCP_RELAY_LINK_SELECTION);

    if (!r->m.giaddr)
        return true;
    if (el_wire_left(&link) == 4)
        return in_subnet(config, el_wire_be32(&link));
    return in_subnet(config, r->m.giaddr);
}

static bool is_owner(const struct el_dhcp_lease *lease, const struct el_dhcp_request *r)
{
    return lease->owner.len > 0 && memcmp(&lease->owner, &r->who, sizeof r->who) == 0;
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

    if (!lease || lease->state == EL_DHCP_DECLINED)
        return NULL;
    return lease->state == EL_DHCP_FREE || is_owner(lease, r) ? lease : NULL;
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
static struct el_dhcp_lease *choose_address(const struct el_dhcp *d,
                                            const struct el_dhcp_request *r, const char **why)
{
    struct el_dhcp_lease *lease = reserved_lease(d, r);

    if (lease)
        return lease;
    lease = el_dhcp_leases_of(d->leases, &r->who);
    if (lease && lease->reserved)
        lease = NULL; /* the reservation has been taken from it */
    if (lease && lease->state != EL_DHCP_FREE)
        return lease;
    *why = refusal(d, r);
    if (*why || lease)
        return *why ? NULL : lease;
    lease = el_dhcp_leases_at(d->leases, el_dhcp_number(&r->m, EL_DHCP_O_REQUESTED_IP));
    if (lease && lease->state == EL_DHCP_FREE && !lease->reserved && lease->owner.len == 0)
        return lease;
    *why = "pool-empty";
    return el_dhcp_leases_unused(d->leases);
}

static void claim(struct el_dhcp *d, struct el_dhcp_request *r, struct el_dhcp_lease *lease,
                  enum el_dhcp_lease_state state, uint64_t until_ns)
{
    struct el_dhcp_claim claim = {.state = state,
                                  .owner = r->who,
                                  .mac = r->client.mac,
                                  .relay = r->m.giaddr,
                                  .until_ns = until_ns};

    if (state == EL_DHCP_DECLINED)
        memset(&claim.owner, 0, sizeof claim.owner);
    el_dhcp_lease_set(d->leases, lease, &claim);
    d->deadline_ns = el_earlier(d->deadline_ns, until_ns);
}

/* Claims, and asks the caller to keep it. */
static void claim_durably(struct el_dhcp *d, struct el_dhcp_request *r, struct el_dhcp_lease *lease,
                          enum el_dhcp_lease_state state, uint32_t seconds)
{
    const struct el_dhcp_lease *other = el_dhcp_leases_of(d->leases, &r->who);

    r->out->durable = true;
    r->out->before = el_dhcp_lease_claim(lease);
    if (other && other != lease) {
        r->out->other_ip = other->ip;
        r->out->other_before = el_dhcp_lease_claim(other);
    }
    claim(d, r, lease, state, r->now_ns + seconds * EL_S);
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

/* -- replies -- */

/* Where the reply goes (RFC 2131 §4.1). */
static void address(const struct el_dhcp *d, const struct el_dhcp_request *r,
                    const struct el_dhcp_message *reply, enum el_dhcp_type type)
{
    struct el_dhcp_output *out = r->out;
    out->from = d->config.server;
    out->mac = r->client.mac;
    out->delivery = EL_DHCP_ROUTED;
    if (r->m.giaddr) {
        out->to = (struct el_endpoint){.ip = el_ip4(r->m.giaddr), .port = EL_DHCP_PORT_SERVER};
        return;
    }
    if (r->from->to.port == EL_DHCP_PORT_BINL) {
        out->to = r->from->from;
        out->binl = true;
        return;
    }
    out->to = (struct el_endpoint){.ip = el_ip4(UINT32_MAX), .port = EL_DHCP_PORT_CLIENT};
    out->delivery = EL_DHCP_BROADCAST;
    if (type == EL_DHCP_NAK)
        return;
    if (reply->ciaddr) { /* only an ACK has one, and only of our network: no reflector */
        out->to.ip = el_ip4(reply->ciaddr);
        out->delivery = EL_DHCP_ROUTED;
    } else if (reply->yiaddr && !(r->m.flags & EL_DHCP_FLAG_BROADCAST) &&
               !el_mac_is_zero(&r->client.mac)) {
        out->to.ip = el_ip4(reply->yiaddr);
        out->delivery = EL_DHCP_LINK;
    }
}

static int reply(struct el_dhcp *d, const struct el_dhcp_request *r, struct el_dhcp_answer *answer,
                 enum el_dhcp_seen_kind kind)
{
    struct el_dhcp_message message;
    unsigned dropped = 0;

    if (answer->type != EL_DHCP_NAK && r->client.kind != EL_DHCP_CLIENT_OS && d->config.choose)
        d->config.choose(d->config.choose_arg, &r->client, &answer->boot);
    el_dhcp_reply(&d->config, &r->m, &r->client, answer, &message);
    if (answer->type == EL_DHCP_NAK && r->m.giaddr)
        message.flags |= EL_DHCP_FLAG_BROADCAST; /* §4.3.2: so that the relay broadcasts it */
    int len = el_dhcp_encode(&message, el_dhcp_reply_limit(&r->m), r->out->bytes,
                             sizeof r->out->bytes, &dropped);
    if (len < 0)
        return 0; /* cannot be: the limit has room for the fixed part */
    r->out->len = (size_t)len;
    address(d, r, &message, answer->type);
    d->stats.replies++;
    el_dhcp_log_event(d, r, kind, answer->yiaddr ? answer->yiaddr : message.ciaddr, &answer->boot);
    if (dropped > 0)
        EL_LOG(EL_LOG_WARN, "dhcp", "reply-full", EL_MAC("mac", &r->client.mac),
               EL_UINT("options_left_out", dropped));
    return 1;
}

static int nak(struct el_dhcp *d, const struct el_dhcp_request *r, const char *why)
{
    struct el_dhcp_answer answer = {.type = EL_DHCP_NAK, .message = why};

    snprintf(answer.boot.why, sizeof answer.boot.why, "%s", why);
    return reply(d, r, &answer, EL_DHCP_SEEN_NAK);
}

/* -- the messages -- */

static int discover(struct el_dhcp *d, struct el_dhcp_request *r)
{
    const char *why = NULL;
    struct el_dhcp_lease *lease = choose_address(d, r, &why);
    struct el_dhcp_answer answer = {.type = EL_DHCP_OFFER, .lease_s = d->config.lease_s};

    el_dhcp_log_event(d, r, EL_DHCP_SEEN_DISCOVER, 0, NULL);
    if (!lease)
        return el_dhcp_log_unanswered(d, r, why);
    /* A binding stands while its client looks around: it may only have restarted. */
    if (lease->state != EL_DHCP_BOUND || !is_owner(lease, r))
        claim(d, r, lease, EL_DHCP_OFFERED, r->now_ns + d->config.offer_s * EL_S);
    answer.yiaddr = lease->ip;
    answer.hostname = r->reservation ? r->reservation->hostname : NULL;
    return reply(d, r, &answer, EL_DHCP_SEEN_OFFER);
}

static int acknowledge(struct el_dhcp *d, struct el_dhcp_request *r, struct el_dhcp_lease *lease)
{
    struct el_dhcp_answer answer = {.type = EL_DHCP_ACK,
                                    .lease_s = d->config.lease_s,
                                    .yiaddr = lease->ip,
                                    .hostname = r->reservation ? r->reservation->hostname : NULL};

    claim_durably(d, r, lease, EL_DHCP_BOUND, d->config.lease_s);
    return reply(d, r, &answer, EL_DHCP_SEEN_ACK);
}

/* Whether the client may have LEASE, which it names itself. */
static bool may_have(const struct el_dhcp *d, const struct el_dhcp_request *r,
                     const struct el_dhcp_lease *lease)
{
    const struct el_dhcp_lease *reserved = reserved_lease(d, r);

    if (reserved || lease->reserved)
        return lease == reserved;
    if (is_owner(lease, r))
        return lease->state != EL_DHCP_DECLINED;
    /* A free one that we do not remember having offered: our restart forgot the offer, or lost the
     * lease. The address is good, so is the client. */
    return lease->state == EL_DHCP_FREE && !refusal(d, r);
}

/* Our offer was not taken: the address is free at once. */
static int withdraw(struct el_dhcp *d, const struct el_dhcp_request *r, uint32_t server)
{
    struct el_dhcp_lease *lease = el_dhcp_leases_of(d->leases, &r->who);

    if (lease && lease->state == EL_DHCP_OFFERED) {
        struct el_dhcp_claim claim = el_dhcp_lease_claim(lease);
        claim.state = EL_DHCP_FREE;
        claim.until_ns = r->now_ns;
        el_dhcp_lease_set(d->leases, lease, &claim);
    }
    el_dhcp_log_event(d, r, EL_DHCP_SEEN_ELSEWHERE, server, NULL);
    return el_dhcp_log_ignored(d, r, "another server was chosen");
}

/* RFC 2131 §4.3.2, by which the fields tell what state the client is in. */
static int request(struct el_dhcp *d, struct el_dhcp_request *r)
{
    uint32_t server_id = el_dhcp_number(&r->m, EL_DHCP_O_SERVER_ID);
    uint32_t requested = el_dhcp_number(&r->m, EL_DHCP_O_REQUESTED_IP);
    bool selecting = server_id != 0;
    bool init_reboot = !selecting && requested && !r->m.ciaddr;
    uint32_t ip = requested && !r->m.ciaddr ? requested : r->m.ciaddr;
    struct el_dhcp_lease *lease = el_dhcp_leases_at(d->leases, ip);
    bool unicast = !r->m.giaddr && el_ip_equal(&r->from->to.ip, &d->config.server);

    if (selecting && server_id != d->server)
        return withdraw(d, r, server_id);
    if (!ip)
        return el_dhcp_log_ignored(d, r, "asks for no address");
    el_dhcp_log_event(d, r, EL_DHCP_SEEN_REQUEST, ip, NULL);
    if (!in_subnet(&d->config, ip)) {
        /* A client that was moved here must learn it. But one that asks us by unicast is told
         * nothing: no client of ours has such an address, so the sender is forged or lost. */
        return unicast && !selecting ? el_dhcp_log_unanswered(d, r, "wrong-network")
                                     : nak(d, r, "wrong network");
    }
    bool known = el_dhcp_leases_of(d->leases, &r->who) != NULL || reserved_lease(d, r) != NULL;
    if (!selecting && !known && d->config.not_authoritative)
        return el_dhcp_log_ignored(d, r, "no record, and not authoritative");
    if (lease && may_have(d, r, lease))
        return acknowledge(d, r, lease);
    return nak(d, r, init_reboot ? "the address is not yours any more" : "address not available");
}

static int decline(struct el_dhcp *d, struct el_dhcp_request *r)
{
    uint32_t ip = el_dhcp_number(&r->m, EL_DHCP_O_REQUESTED_IP);
    struct el_dhcp_lease *lease = el_dhcp_leases_at(d->leases, ip);

    if (el_dhcp_number(&r->m, EL_DHCP_O_SERVER_ID) != d->server || !lease || !is_owner(lease, r) ||
        lease->state == EL_DHCP_FREE)
        return el_dhcp_log_ignored(d, r, "not its address");
    claim_durably(d, r, lease, EL_DHCP_DECLINED, d->config.quarantine_s);
    el_dhcp_log_event(d, r, EL_DHCP_SEEN_DECLINE, ip, NULL);
    return 1;
}

static int release(struct el_dhcp *d, struct el_dhcp_request *r)
{
    struct el_dhcp_lease *lease = el_dhcp_leases_at(d->leases, r->m.ciaddr);

    if (el_dhcp_number(&r->m, EL_DHCP_O_SERVER_ID) != d->server || !lease || !is_owner(lease, r) ||
        lease->state != EL_DHCP_BOUND)
        return el_dhcp_log_ignored(d, r, "not its address");
    claim_durably(d, r, lease, EL_DHCP_FREE, 0);
    el_dhcp_log_event(d, r, EL_DHCP_SEEN_RELEASE, lease->ip, NULL);
    return 1;
}

/* §4.3.5. The answer goes to ciaddr, so that must be in our network: nobody else's is told. */
static int inform(struct el_dhcp *d, struct el_dhcp_request *r)
{
    struct el_dhcp_answer answer = {.type = EL_DHCP_ACK};

    if (!r->m.ciaddr)
        r->m.ciaddr = el_ip4_number(&r->from->from.ip); /* some leave it to the IP header */
    if (!in_subnet(&d->config, r->m.ciaddr) || is_taken(&d->config, r->m.ciaddr))
        return el_dhcp_log_ignored(d, r, "not in our network");
    return reply(d, r, &answer, EL_DHCP_SEEN_INFORM);
}

/* Port 4011: a machine that has its address asks a boot server what to boot (PXE 2.1 §2.2.3), also
 * one that got its address elsewhere. Only to who is on our network: the reply is no reflector. */
static int boot_server(struct el_dhcp *d, struct el_dhcp_request *r)
{
    struct el_dhcp_answer answer = {.type = EL_DHCP_ACK, .boot_server = true};

    if (r->client.kind == EL_DHCP_CLIENT_OS ||
        (r->client.type != EL_DHCP_REQUEST && r->client.type != EL_DHCP_INFORM))
        return el_dhcp_log_ignored(d, r, "not a boot server request");
    uint32_t ip = el_ip4_number(&r->from->from.ip);
    if (!in_subnet(&d->config, ip) || is_taken(&d->config, ip))
        return el_dhcp_log_ignored(d, r, "not in our network");
    r->m.giaddr = 0;
    return reply(d, r, &answer, EL_DHCP_SEEN_BOOT_SERVER);
}

int el_dhcp_input(struct el_dhcp *d, uint64_t now_ns, int64_t wall_s,
                  const struct el_dhcp_from *from, const uint8_t *bytes, size_t len,
                  struct el_dhcp_output *out)
{
    static int (*const handlers[])(struct el_dhcp *, struct el_dhcp_request *) = {
        [EL_DHCP_DISCOVER] = discover, [EL_DHCP_REQUEST] = request, [EL_DHCP_DECLINE] = decline,
        [EL_DHCP_RELEASE] = release,   [EL_DHCP_INFORM] = inform,
    };
    struct el_dhcp_request r = {.now_ns = now_ns, .wall_s = wall_s, .from = from, .out = out};

    *out = (struct el_dhcp_output){.delivery = EL_DHCP_NO_REPLY};
    d->stats.received++;
    if (el_dhcp_decode(bytes, len, &r.m) != 0 || r.m.op != EL_DHCP_BOOTREQUEST) {
        d->stats.malformed++;
        return 0;
    }
    el_dhcp_client_read(&r.m, now_ns, &r.client);
    identify(d, &r);
    if (r.who.len == 0 || el_mac_is_group(&r.client.mac)) {
        d->stats.malformed++;
        return 0;
    }
    el_dhcp_tick(d, now_ns);
    if (from->to.port == EL_DHCP_PORT_BINL)
        return boot_server(d, &r);
    if (!is_local(&d->config, &r))
        return el_dhcp_log_unanswered(d, &r, "relay-of-another-network");
    unsigned type = (unsigned)r.client.type;
    if (type >= sizeof handlers / sizeof handlers[0] || !handlers[type])
        return el_dhcp_log_ignored(d, &r, "BOOTP, or a server's message");
    return handlers[type](d, &r);
}

uint64_t el_dhcp_deadline(const struct el_dhcp *d)
{
    return d->deadline_ns;
}

void el_dhcp_tick(struct el_dhcp *d, uint64_t now_ns)
{
    if (now_ns >= d->deadline_ns)
        d->deadline_ns = el_dhcp_leases_expire(d->leases, now_ns);
}

const struct el_dhcp_stats *el_dhcp_stats(const struct el_dhcp *d)
{
    return &d->stats;
}

const struct el_dhcp_leases *el_dhcp_leases(const struct el_dhcp *d)
{
    return d->leases;
}
