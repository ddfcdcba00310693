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

void el_dhcp_facts(const struct el_dhcp *d, const struct el_dhcp_request *r, uint32_t ip,
                   struct el_dhcp_rule_facts *facts)
{
    bool ask = d->by_region && d->config.region;

    *facts = (struct el_dhcp_rule_facts){
        .request = &r->m,
        .client = &r->client,
        .region = ask ? d->config.region(d->config.region_arg, &r->client.mac) : NULL,
        .network = d->config.network,
        .ip = ip            ? ip
              : r->m.ciaddr ? r->m.ciaddr
                            : r->m.giaddr,
    };
}

/* A person's word about the boot file and its server counts for more than ours. */
static void overrule(const struct el_dhcp *d, const struct el_dhcp_request *r,
                     struct el_dhcp_answer *answer)
{
    struct el_dhcp_rule_facts facts;
    const struct el_dhcp_rule *rule;
    char text[EL_IP_TEXT] = "";

    if (d->config.rule_count == 0)
        return;
    el_dhcp_facts(d, r, answer->yiaddr, &facts);
    rule = el_dhcp_rule_for(d->config.rules, d->config.rule_count, EL_DHCP_O_BOOT_FILE, &facts);
    if (rule && rule->len < sizeof answer->boot.file) {
        memcpy(answer->boot.file, rule->bytes, rule->len);
        answer->boot.file[rule->len] = 0;
    }
    rule = el_dhcp_rule_for(d->config.rules, d->config.rule_count, EL_DHCP_O_TFTP_SERVER, &facts);
    if (rule && rule->len < sizeof text) {
        memcpy(text, rule->bytes, rule->len);
        text[rule->len] = 0;
        if (el_ip_parse(text, &answer->boot.next_server) != 0)
            answer->boot.next_server.family = 0; /* a name: firmware finds it, or siaddr */
    }
}

int el_dhcp_send(struct el_dhcp *d, const struct el_dhcp_request *r, struct el_dhcp_answer *answer,
                 enum el_dhcp_seen_kind kind)
{
    struct el_dhcp_message message;
    unsigned dropped = 0;

    if (answer->type != EL_DHCP_NAK && r->client.kind != EL_DHCP_CLIENT_OS) {
        if (d->config.choose)
            d->config.choose(d->config.choose_arg, &r->client, &answer->boot);
        overrule(d, r, answer);
        if (answer->boot_only && !answer->boot.file[0] && !r->client.raspberry_pi)
            return el_dhcp_log_unanswered(d, r, "nothing-to-boot");
    }
    el_dhcp_reply(d, r, answer, &message);
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
    return el_dhcp_send(d, r, &answer, EL_DHCP_SEEN_NAK);
}

/* -- the messages -- */

static int acknowledge(struct el_dhcp *d, struct el_dhcp_request *r, struct el_dhcp_lease *lease)
{
    struct el_dhcp_answer answer = {.type = EL_DHCP_ACK,
                                    .lease_s = d->config.lease_s,
                                    .yiaddr = lease->ip,
                                    .hostname = r->reservation ? r->reservation->hostname : NULL,
                                    .rapid_commit = r->client.type == EL_DHCP_DISCOVER};

    el_dhcp_claim_durably(d, r, lease, EL_DHCP_BOUND, d->config.lease_s);
    return el_dhcp_send(d, r, &answer, EL_DHCP_SEEN_ACK);
}

static int discover(struct el_dhcp *d, struct el_dhcp_request *r)
{
    const char *why = NULL;
    struct el_dhcp_lease *lease = el_dhcp_choose_address(d, r, &why);
    struct el_dhcp_answer answer = {.type = EL_DHCP_OFFER, .lease_s = d->config.lease_s};

    if (!lease) {
        if (strcmp(why, "pool-empty") == 0)
            el_dhcp_log_exhausted(d, r);
        return el_dhcp_log_unanswered(d, r, why);
    }
    bool held = el_dhcp_probe(d, r, lease);
    if (!held && d->alone && el_dhcp_has(&r->m, EL_DHCP_O_RAPID_COMMIT))
        return acknowledge(d, r, lease);
    /* A binding stands while its client looks around: it may only have restarted. */
    if (lease->state != EL_DHCP_BOUND || !el_dhcp_is_owner(lease, r))
        el_dhcp_claim(d, r, lease, EL_DHCP_OFFERED, r->now_ns + d->config.offer_s * EL_S);
    if (held) {
        r->out->probe = lease->ip;
        return 1;
    }
    answer.yiaddr = lease->ip;
    answer.hostname = r->reservation ? r->reservation->hostname : NULL;
    return el_dhcp_send(d, r, &answer, EL_DHCP_SEEN_OFFER);
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

    if (selecting && server_id != r->server_id)
        return withdraw(d, r, server_id);
    if (!ip)
        return el_dhcp_log_ignored(d, r, "asks for no address");
    el_dhcp_log_event(d, r, EL_DHCP_SEEN_REQUEST, ip, NULL);
    if (el_dhcp_subnet_of(d, ip) != r->subnet) {
        /* A client that was moved here must learn it. But one that asks us by unicast is told
         * nothing: no client of ours has such an address, so the sender is forged or lost. */
        return unicast && !selecting ? el_dhcp_log_unanswered(d, r, "wrong-network")
                                     : nak(d, r, "wrong network");
    }
    if (!selecting && !el_dhcp_is_known(d, r) && d->config.not_authoritative)
        return el_dhcp_log_ignored(d, r, "no record, and not authoritative");
    if (lease && el_dhcp_may_have(d, r, lease))
        return acknowledge(d, r, lease);
    return nak(d, r, init_reboot ? "the address is not yours any more" : "address not available");
}

static int decline(struct el_dhcp *d, struct el_dhcp_request *r)
{
    uint32_t ip = el_dhcp_number(&r->m, EL_DHCP_O_REQUESTED_IP);
    struct el_dhcp_lease *lease = el_dhcp_leases_at(d->leases, ip);

    if (el_dhcp_number(&r->m, EL_DHCP_O_SERVER_ID) != r->server_id || !lease ||
        !el_dhcp_is_owner(lease, r) || lease->state == EL_DHCP_FREE)
        return el_dhcp_log_ignored(d, r, "not its address");
    el_dhcp_claim_durably(d, r, lease, EL_DHCP_DECLINED, d->config.quarantine_s);
    el_dhcp_log_event(d, r, EL_DHCP_SEEN_DECLINE, ip, NULL);
    return 1;
}

static int release(struct el_dhcp *d, struct el_dhcp_request *r)
{
    struct el_dhcp_lease *lease = el_dhcp_leases_at(d->leases, r->m.ciaddr);

    if (el_dhcp_number(&r->m, EL_DHCP_O_SERVER_ID) != r->server_id || !lease ||
        !el_dhcp_is_owner(lease, r) || lease->state != EL_DHCP_BOUND)
        return el_dhcp_log_ignored(d, r, "not its address");
    el_dhcp_claim_durably(d, r, lease, EL_DHCP_FREE, 0);
    el_dhcp_log_event(d, r, EL_DHCP_SEEN_RELEASE, lease->ip, NULL);
    return 1;
}

/* §4.3.5. The answer goes to ciaddr, so that must be in our network: nobody else's is told. */
static int inform(struct el_dhcp *d, struct el_dhcp_request *r)
{
    struct el_dhcp_answer answer = {.type = EL_DHCP_ACK};

    if (!r->m.ciaddr)
        r->m.ciaddr = el_ip4_number(&r->from->from.ip); /* some leave it to the IP header */
    if (el_dhcp_subnet_of(d, r->m.ciaddr) != r->subnet || el_dhcp_is_taken(d, r->m.ciaddr))
        return el_dhcp_log_ignored(d, r, "not in our network");
    return el_dhcp_send(d, r, &answer, EL_DHCP_SEEN_INFORM);
}

/* Port 4011: a machine that has its address asks a boot server what to boot (PXE 2.1 §2.2.3), also
 * one that got its address elsewhere. Only to who is on our network: the reply is no reflector. */
static int boot_server(struct el_dhcp *d, struct el_dhcp_request *r)
{
    struct el_dhcp_answer answer = {.type = EL_DHCP_ACK, .boot_only = true};

    if (r->client.kind == EL_DHCP_CLIENT_OS ||
        (r->client.type != EL_DHCP_REQUEST && r->client.type != EL_DHCP_INFORM))
        return el_dhcp_log_ignored(d, r, "not a boot server request");
    uint32_t ip = el_ip4_number(&r->from->from.ip);
    if (el_dhcp_subnet_of(d, ip) == EL_DHCP_SUBNETS_MAX || el_dhcp_is_taken(d, ip))
        return el_dhcp_log_ignored(d, r, "not in our network");
    r->m.giaddr = 0;
    el_dhcp_proxy_went_on(d, &r->client.mac);
    return el_dhcp_send(d, r, &answer, EL_DHCP_SEEN_BOOT_SERVER);
}

/* Before it is known what we are here: who looks for a server waits, others are none of ours. */
static int wait_for_mode(struct el_dhcp *d, struct el_dhcp_request *r)
{
    if (r->client.type == EL_DHCP_DISCOVER && !el_dhcp_is_held(d, r) &&
        el_dhcp_hold(d, r, 0, EL_NEVER))
        return 0;
    return el_dhcp_log_ignored(d, r, "it is not yet known whether another server is here");
}

typedef int handler(struct el_dhcp *d, struct el_dhcp_request *r);

static handler *handler_of(const struct el_dhcp *d, enum el_dhcp_type type)
{
    static handler *const servers[] = {
        [EL_DHCP_DISCOVER] = discover, [EL_DHCP_REQUEST] = request, [EL_DHCP_DECLINE] = decline,
        [EL_DHCP_RELEASE] = release,   [EL_DHCP_INFORM] = inform,
    };
    static handler *const proxys[] = {[EL_DHCP_DISCOVER] = el_dhcp_proxy_discover,
                                      [EL_DHCP_REQUEST] = el_dhcp_proxy_request,
                                      [EL_DHCP_INFORM] = el_dhcp_proxy_request};
    bool proxy = d->mode == EL_DHCP_MODE_PROXY;
    size_t count = proxy ? sizeof proxys / sizeof proxys[0] : sizeof servers / sizeof servers[0];

    if (d->mode == EL_DHCP_MODE_WAIT)
        return wait_for_mode;
    if ((unsigned)type >= count)
        return NULL;
    return proxy ? proxys[type] : servers[type];
}

static int handle(struct el_dhcp *d, struct el_dhcp_request *r)
{
    *r->out = (struct el_dhcp_output){.delivery = EL_DHCP_NO_REPLY};
    d->stats.received++;
    if (el_dhcp_decode(r->bytes, r->len, &r->m) != 0 || r->m.op != EL_DHCP_BOOTREQUEST) {
        d->stats.malformed++;
        return 0;
    }
    el_dhcp_client_read(&r->m, r->now_ns, &r->client);
    bool ours = el_dhcp_identify(d, r);
    if (r->who.len == 0 || el_mac_is_group(&r->client.mac)) {
        d->stats.malformed++;
        return 0;
    }
    el_dhcp_tick(d, r->now_ns);
    if (r->from->to.port == EL_DHCP_PORT_BINL)
        return boot_server(d, r);
    if (!ours)
        return el_dhcp_log_unanswered(d, r, "relay-of-another-network");
    handler *answer = handler_of(d, r->client.type);
    if (!answer)
        return el_dhcp_log_ignored(d, r, "BOOTP, or nothing for us");
    if (r->client.type == EL_DHCP_DISCOVER && r->tries == 0) {
        el_dhcp_log_event(d, r, EL_DHCP_SEEN_DISCOVER, 0, NULL);
        if (el_dhcp_is_held(d, r))
            return el_dhcp_log_ignored(d, r, "is being answered already");
    }
    return answer(d, r);
}

int el_dhcp_input(struct el_dhcp *d, uint64_t now_ns, int64_t wall_s,
                  const struct el_dhcp_from *from, const uint8_t *bytes, size_t len,
                  struct el_dhcp_output *out)
{
    struct el_dhcp_request r = {
        .now_ns = now_ns, .wall_s = wall_s, .from = from, .bytes = bytes, .len = len, .out = out};

    return handle(d, &r);
}

int el_dhcp_input_again(struct el_dhcp *d, uint64_t now_ns, int64_t wall_s,
                        const struct el_dhcp_held *held, struct el_dhcp_output *out)
{
    struct el_dhcp_request r = {.now_ns = now_ns,
                                .wall_s = wall_s,
                                .from = &held->from,
                                .bytes = held->bytes,
                                .len = held->len,
                                .tries = held->tries,
                                .out = out};

    d->stats.received--; /* it was counted when it came */
    return handle(d, &r);
}

void el_dhcp_set_mode(struct el_dhcp *d, enum el_dhcp_mode mode, bool alone, uint64_t now_ns)
{
    d->mode = mode;
    d->alone = alone;
    if (mode != EL_DHCP_MODE_WAIT)
        el_dhcp_release_held(d, now_ns);
}

enum el_dhcp_mode el_dhcp_mode(const struct el_dhcp *d)
{
    return d->mode;
}

uint64_t el_dhcp_deadline(const struct el_dhcp *d)
{
    return d->deadline_ns;
}

void el_dhcp_tick(struct el_dhcp *d, uint64_t now_ns)
{
    if (now_ns >= d->deadline_ns)
        d->deadline_ns =
            el_earlier(el_dhcp_leases_expire(d->leases, now_ns), el_dhcp_held_deadline(d));
}

const struct el_dhcp_stats *el_dhcp_stats(const struct el_dhcp *d)
{
    return &d->stats;
}

const struct el_dhcp_leases *el_dhcp_leases(const struct el_dhcp *d)
{
    return d->leases;
}
