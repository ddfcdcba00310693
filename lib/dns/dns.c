/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Questions. */
#include "dns/dns.h"

#include "dns/dns_flight.h"

#include <limits.h>
#include <stdlib.h>

const char *const el_dns_how_names[EL_DNS_HOWS] = {
    [EL_DNS_REFUSED_TO] = "refused",  [EL_DNS_LOCAL] = "local",     [EL_DNS_CACHED] = "cached",
    [EL_DNS_FORWARDED] = "forwarded", [EL_DNS_STALE] = "stale",     [EL_DNS_FAILED] = "failed",
    [EL_DNS_BARRED] = "barred",       [EL_DNS_LIMITED] = "limited",
};

/* -- life -- */

static struct el_dns_limits limits_of(const struct el_dns_config *config)
{
    struct el_dns_limits limits = config->limits;

    if (limits.per_s == 0)
        limits.per_s = EL_DNS_PER_S;
    if (limits.per_s == UINT_MAX)
        limits.per_s = 0;
    if (limits.burst == 0)
        limits.burst = EL_DNS_BURST;
    if (limits.waiting == 0)
        limits.waiting = EL_DNS_WAITING;
    return limits;
}

struct el_dns *el_dns_new(const struct el_dns_config *config)
{
    struct el_dns *dns = calloc(1, sizeof *dns);

    if (!dns)
        return NULL;
    dns->config = *config;
    dns->config.limits = limits_of(config);
    dns->cache = el_dns_cache_new(config->cache_bytes ? config->cache_bytes : EL_DNS_CACHE_BYTES);
    dns->clients = el_dns_clients_new(&dns->config.limits);
    dns->timers = el_heap_new(EL_DNS_FLIGHTS);
    if (!dns->cache || !dns->clients || !dns->timers) {
        el_dns_free(dns);
        return NULL;
    }
    return dns;
}

void el_dns_free(struct el_dns *dns)
{
    if (!dns)
        return;
    el_dns_flights_free(dns);
    el_dns_cache_free(dns->cache);
    el_dns_clients_free(dns->clients);
    el_heap_free(dns->timers);
    free(dns);
}

void el_dns_set_upstreams(struct el_dns *dns, const struct el_endpoint *at, unsigned count)
{
    if (!el_dns_upstreams_set(&dns->upstreams, at, count))
        return;
    el_dns_cache_clear(dns->cache);
    for (unsigned i = 0; i < dns->flights_used; i++)
        dns->flights[i].tried = 0;
}

const struct el_dns_stats *el_dns_stats(const struct el_dns *dns)
{
    return &dns->stats;
}

struct el_dns_cache_stats el_dns_kept(const struct el_dns *dns)
{
    return el_dns_cache_stats(dns->cache);
}

const struct el_dns_upstreams *el_dns_asked(const struct el_dns *dns)
{
    return &dns->upstreams;
}

void el_dns_tell(struct el_dns *dns, const struct el_ip *client,
                 const struct el_dns_question *question, enum el_dns_how how, unsigned rcode,
                 uint64_t took_ns)
{
    const struct el_dns_told told = {client, question, how, rcode, took_ns};

    dns->stats.told[how]++;
    if (dns->config.told)
        dns->config.told(dns->config.told_arg, &told);
}

/* -- questions -- */

/* A question while it is looked at, and where its answer goes. */
struct asking {
    struct el_dns *dns;
    uint64_t now_ns;
    const struct el_dns_asker *asker;
    struct el_dns_request request;
    struct el_dns_client *client; /* NULL: there is no room for him */
    uint8_t *reply;
    size_t capacity;
};

static bool is_allowed(const struct el_dns *dns, const struct el_ip *ip)
{
    for (size_t i = 0; i < dns->config.allowed_count; i++)
        if (el_prefix_contains(&dns->config.allowed[i], ip))
            return true;
    return false;
}

static size_t refuse(struct asking *a, enum el_dns_how how, unsigned rcode, int ede)
{
    const struct el_dns_question *question =
        a->request.question.name.len ? &a->request.question : NULL;

    el_dns_tell(a->dns, &a->asker->from.ip, question, how, rcode, 0);
    return el_dns_refuse(&a->request, rcode, ede, a->reply, a->capacity);
}

/* What is wrong with a message that could be read; EL_DNS_NOERROR: nothing. */
static unsigned fault_of(const struct el_dns_message *m)
{
    if (m->flags & EL_DNS_OPCODE)
        return EL_DNS_NOTIMP;
    if (m->questions != 1) /* RFC 9619 */
        return EL_DNS_FORMERR;
    if (m->edns.present && m->edns.version > 0)
        return EL_DNS_BADVERS;
    if (m->question.type == 0 || m->question.type == EL_DNS_OPT)
        return EL_DNS_FORMERR;
    if (m->question.class != EL_DNS_IN)
        return EL_DNS_REFUSED;
    /* Transfers, and what is about messages: not of a forwarder. */
    if (m->question.type >= EL_DNS_META_FIRST && m->question.type < EL_DNS_ANY)
        return EL_DNS_NOTIMP;
    return EL_DNS_NOERROR;
}

/* ANY: as little as may be (RFC 8482 §4.2). */
static size_t answer_any(struct asking *a)
{
    static const uint8_t data[] = "\7RFC8482"; /* and an empty string: its NUL */
    struct el_dns_builder b;

    el_dns_build_begin(&b, a->reply, a->capacity, a->request.id,
                       (uint16_t)(a->request.flags | EL_DNS_QR), &a->request.question);
    size_t at = el_dns_build_open(&b, EL_DNS_ANSWER, &a->request.question.name, EL_DNS_HINFO,
                                  EL_DNS_STATIC_TTL_S);
    el_wire_put(&b.w, data, sizeof data);
    el_dns_build_close(&b, at);
    int len = el_dns_build_end(&b);
    el_dns_tell(a->dns, &a->asker->from.ip, &a->request.question, EL_DNS_LOCAL, EL_DNS_NOERROR, 0);
    return len < 0 ? 0
                   : el_dns_finish(&a->request, EL_DNS_NOERROR, EL_DNS_EDE_NONE, a->reply,
                                   (size_t)len, a->capacity);
}

static size_t tell_kept(struct asking *a, const struct el_dns_found *found)
{
    struct el_dns *dns = a->dns;

    el_dns_tell(dns, &a->asker->from.ip, &a->request.question,
                found->stale ? EL_DNS_STALE : EL_DNS_CACHED, found->answer->rcode, 0);
    return el_dns_answer_tell(found->answer, &a->request, found->age_s, found->stale, a->reply,
                              a->capacity);
}

/* What is not known here: kept, or somebody else's. */
static size_t answer_foreign(struct asking *a)
{
    struct el_dns *dns = a->dns;
    struct el_dns_key key = {
        .name = a->request.question.name,
        .type = a->request.question.type,
        .flags = (uint16_t)((a->request.flags & EL_DNS_CD) |
                            (a->request.edns.dnssec_ok ? EL_DNS_AD : 0)),
    };
    const struct el_dns_waiter waiter = {
        .asker = *a->asker, .request = a->request, .since_ns = a->now_ns};

    /* Who does not want others to be asked only wants to see what others have asked for. */
    if (dns->upstreams.count == 0 || !(a->request.flags & EL_DNS_RD))
        return refuse(a, EL_DNS_REFUSED_TO, EL_DNS_REFUSED, EL_DNS_EDE_NOT_AUTHORITATIVE);
    el_dns_name_lower(&key.name);
    struct el_dns_found found = el_dns_cache_find(dns->cache, &key, a->now_ns);
    if (found.answer && (!found.stale || found.held)) {
        size_t len = tell_kept(a, &found);
        if (found.prefetch && dns->stats.flights < EL_DNS_FLIGHTS / 2)
            (void)el_dns_fly(dns, a->now_ns, &key, false, NULL);
        return len;
    }
    if (!a->client || a->client->waiting >= dns->config.limits.waiting)
        return refuse(a, EL_DNS_LIMITED, EL_DNS_SERVFAIL, EL_DNS_EDE_NONE);
    if (el_dns_fly(dns, a->now_ns, &key, found.answer != NULL, &waiter))
        return 0;
    return found.answer ? tell_kept(a, &found)
                        : refuse(a, EL_DNS_LIMITED, EL_DNS_SERVFAIL, EL_DNS_EDE_NONE);
}

static size_t answer(struct asking *a, const struct el_dns_message *m)
{
    struct el_dns *dns = a->dns;
    unsigned rcode = fault_of(m);

    if (rcode != EL_DNS_NOERROR)
        return refuse(a, EL_DNS_REFUSED_TO, rcode, EL_DNS_EDE_NONE);
    if (m->question.type == EL_DNS_ANY)
        return answer_any(a);
    size_t len =
        el_dns_local_answer(&dns->config.local, &dns->config.guard, dns->upstreams.count > 0,
                            &a->asker->from.ip, &a->request, a->reply, a->capacity, &rcode);
    if (len == 0)
        return answer_foreign(a);
    el_dns_tell(dns, &a->asker->from.ip, &a->request.question, EL_DNS_LOCAL, rcode, 0);
    return len;
}

/* What answers have of the question, whatever they say. */
static void make_request(struct asking *a, const struct el_dns_message *m, bool readable)
{
    uint16_t kept = EL_DNS_RD | EL_DNS_CD | EL_DNS_OPCODE;

    a->request = (struct el_dns_request){
        .id = m->id,
        .flags = (uint16_t)((m->flags & kept) | (a->dns->upstreams.count ? EL_DNS_RA : 0)),
        .edns = m->edns,
        .stream = a->asker->stream != 0,
    };
    if (readable && m->questions == 1)
        a->request.question = m->question;
}

/* A datagram too many: its answer is a short one, or none. */
static size_t limit(struct asking *a, enum el_dns_allowance allowance)
{
    size_t len;

    if (allowance == EL_DNS_DROP) {
        a->dns->stats.told[EL_DNS_LIMITED]++;
        return 0;
    }
    a->request.flags |= EL_DNS_TC;
    len = refuse(a, EL_DNS_LIMITED, EL_DNS_NOERROR, EL_DNS_EDE_NONE);
    return len;
}

size_t el_dns_ask(struct el_dns *dns, uint64_t now_ns, const struct el_dns_asker *asker,
                  const uint8_t *bytes, size_t len, uint8_t *reply, size_t capacity)
{
    struct asking a = {
        .dns = dns, .now_ns = now_ns, .asker = asker, .reply = reply, .capacity = capacity};
    enum el_dns_allowance allowance = EL_DNS_ALLOWED;
    struct el_dns_message m;

    if (!is_allowed(dns, &asker->from.ip)) {
        dns->stats.strangers++;
        return 0;
    }
    int rc = el_dns_decode(bytes, len, &m);
    if (rc == EL_ESHORT || (m.flags & EL_DNS_QR)) /* nobody answers an answer */
        return 0;
    make_request(&a, &m, rc == 0);
    a.client = el_dns_clients_meet(dns->clients, &asker->from.ip, now_ns);
    if (!asker->stream)
        allowance = el_dns_clients_allow(dns->clients, a.client, now_ns);
    if (allowance != EL_DNS_ALLOWED)
        return limit(&a, allowance);
    if (rc < 0)
        return refuse(&a, EL_DNS_REFUSED_TO, EL_DNS_FORMERR, EL_DNS_EDE_NONE);
    return answer(&a, &m);
}
