/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Questions that others are asked. */
#include "dns/dns_flight.h"

#include "base/csprng.h"
#include "base/log.h"

enum { DATAGRAM_TRIES = 4 }; /* of the tries of a flight; the rest are for TCP */

static unsigned index_of(const struct el_dns *dns, const struct el_dns_flight *f)
{
    return (unsigned)(f - dns->flights);
}

void el_dns_flights_free(struct el_dns *dns)
{
    for (unsigned i = 0; i < dns->flights_used; i++)
        el_dns_answer_drop(dns->flights[i].answer);
}

/* -- what is to be done -- */

static void enqueue(struct el_dns *dns, struct el_dns_flight *f)
{
    if (f->queued)
        return;
    f->queued = true;
    f->next = NULL;
    *(dns->first ? &dns->last->next : &dns->first) = f;
    dns->last = f;
}

static void dequeue(struct el_dns *dns)
{
    dns->first->queued = false;
    dns->first = dns->first->next;
}

static void set_timer(struct el_dns *dns, struct el_dns_flight *f)
{
    uint64_t at_ns = el_earlier(f->next_ns, f->end_ns);

    if (f->waiters)
        at_ns = el_earlier(at_ns, f->stale_ns);
    (void)el_heap_set(dns->timers, &f->timer, at_ns); /* there is a place for each flight */
}

uint64_t el_dns_deadline(const struct el_dns *dns)
{
    const struct el_heap_node *first = el_heap_first(dns->timers);

    return first ? first->key : EL_NEVER;
}

/* ANSWER is the flight's from now on; NULL: out of memory, and nobody hears anything. */
static void finish(struct el_dns *dns, struct el_dns_flight *f, struct el_dns_answer *answer,
                   enum el_dns_how how)
{
    el_dns_answer_drop(f->answer);
    f->answer = answer;
    f->how = how;
    f->stale = how == EL_DNS_STALE;
    f->over = true;
    el_heap_remove(dns->timers, &f->timer);
    enqueue(dns, f);
}

/* The old answer for those who wait, if it is still there. */
static bool offer_stale(struct el_dns *dns, struct el_dns_flight *f, uint64_t now_ns)
{
    struct el_dns_found found = el_dns_cache_find(dns->cache, &f->key, now_ns);

    if (!found.answer)
        return false;
    el_dns_answer_drop(f->answer);
    f->answer = el_dns_answer_hold(found.answer);
    f->age_s = found.age_s;
    f->stale = found.stale;
    f->how = EL_DNS_STALE;
    enqueue(dns, f);
    return true;
}

static void fail(struct el_dns *dns, struct el_dns_flight *f, uint64_t now_ns)
{
    struct el_dns_answer *answer;

    if (el_dns_cache_hold(dns->cache, &f->key, now_ns) && offer_stale(dns, f, now_ns)) {
        f->over = true;
        el_heap_remove(dns->timers, &f->timer);
        return;
    }
    answer = el_dns_answer_code(&f->key, EL_DNS_SERVFAIL,
                                f->rcode ? EL_DNS_EDE_NONE : EL_DNS_EDE_UNREACHABLE,
                                EL_DNS_FAILURE_TTL_S);
    if (answer)
        el_dns_cache_put(dns->cache, &f->key, answer, now_ns);
    finish(dns, f, answer, EL_DNS_FAILED);
}

/* -- tries -- */

/* It may not be among those we ask any more. */
static struct el_dns_upstream *upstream_of(struct el_dns *dns, const struct el_dns_try *t)
{
    for (unsigned i = 0; i < dns->upstreams.count; i++)
        if (el_endpoint_equal(&dns->upstreams.list[i].at, &t->at))
            return &dns->upstreams.list[i];
    return NULL;
}

static bool start_try(struct el_dns *dns, struct el_dns_flight *f, uint64_t now_ns,
                      struct el_dns_upstream *upstream, bool stream, bool plain)
{
    struct el_dns_try *t = &f->tries[f->try_count];

    if (f->try_count == (stream ? EL_DNS_TRIES : DATAGRAM_TRIES))
        return false;
    f->try_count++;
    *t = (struct el_dns_try){
        .waiting = true, .due = true, .stream = stream, .plain = plain, .at = upstream->at};
    el_random(&t->id, sizeof t->id);
    f->tried |= 1u << (upstream - dns->upstreams.list);
    f->next_ns = now_ns + (stream ? EL_DNS_STREAM_S * EL_S : el_dns_upstream_patience_ns(upstream));
    upstream->asked++;
    dns->stats.asked++;
    set_timer(dns, f);
    enqueue(dns, f);
    return true;
}

/* Another server, or the same again if there is but one. */
static bool next_try(struct el_dns *dns, struct el_dns_flight *f, uint64_t now_ns)
{
    int i = el_dns_upstreams_pick(&dns->upstreams, f->tried, now_ns);

    if (i < 0)
        return false;
    struct el_dns_upstream *upstream = &dns->upstreams.list[i];
    return start_try(dns, f, now_ns, upstream, false, upstream->plain);
}

static bool is_waiting(const struct el_dns_flight *f)
{
    for (unsigned i = 0; i < f->try_count; i++)
        if (f->tries[i].waiting)
            return true;
    return false;
}

/* A try has come to nothing: now a server that was not asked yet. Who was would say the same again,
 * so if there is no other, and nobody left who may still answer, that is the end. */
static void go_on(struct el_dns *dns, struct el_dns_flight *f, uint64_t now_ns)
{
    bool all = f->tried == (1u << dns->upstreams.count) - 1;

    if ((all || !next_try(dns, f, now_ns)) && !is_waiting(f))
        fail(dns, f, now_ns);
}

static void note_failure(struct el_dns *dns, const struct el_dns_try *t, uint64_t now_ns)
{
    struct el_dns_upstream *upstream = upstream_of(dns, t);

    if (upstream && el_dns_upstream_failed(upstream, now_ns))
        EL_LOG(EL_LOG_WARN, "dns", "upstream-down", EL_ENDPOINT("server", &upstream->at));
}

/* The same server again, over TCP. */
static void go_by_stream(struct el_dns *dns, struct el_dns_flight *f, struct el_dns_try *t,
                         uint64_t now_ns)
{
    struct el_dns_upstream *upstream = upstream_of(dns, t);

    t->waiting = false;
    if (!upstream || t->stream || !start_try(dns, f, now_ns, upstream, true, t->plain))
        go_on(dns, f, now_ns);
}

/* -- coming in -- */

static struct el_dns_flight *find_flight(struct el_dns *dns, const struct el_dns_key *key)
{
    for (unsigned i = 0; dns->stats.flights && i < dns->flights_used; i++) {
        struct el_dns_flight *f = &dns->flights[i];
        if (f->used && !f->over && el_dns_key_equal(&f->key, key))
            return f;
    }
    return NULL;
}

static struct el_dns_flight *new_flight(struct el_dns *dns, const struct el_dns_key *key,
                                        uint64_t now_ns)
{
    struct el_dns_flight *f = NULL;

    for (unsigned i = 0; i < dns->flights_used && !f; i++)
        if (!dns->flights[i].used)
            f = &dns->flights[i];
    if (!f && dns->flights_used == EL_DNS_FLIGHTS)
        return NULL;
    if (!f)
        f = &dns->flights[dns->flights_used++];
    *f = (struct el_dns_flight){
        .used = true,
        .key = *key,
        .asked = key->name,
        .end_ns = now_ns + EL_DNS_FLIGHT_S * EL_S,
        .stale_ns = EL_NEVER,
        .timer = {.owner = f},
    };
    el_dns_name_shuffle(&f->asked);
    dns->stats.flights++;
    return f;
}

static struct el_dns_waiter *take_waiter(struct el_dns *dns)
{
    struct el_dns_waiter *w = dns->idle;

    if (w)
        dns->idle = w->next;
    else if (dns->waiters_used < EL_DNS_WAITERS)
        w = &dns->waiters[dns->waiters_used++];
    return w;
}

static bool has_waiter(const struct el_dns *dns)
{
    return dns->idle || dns->waiters_used < EL_DNS_WAITERS;
}

/* Whether the same question is waiting already: it has been sent again. */
static bool waits(const struct el_dns_flight *f, const struct el_dns_waiter *waiter)
{
    for (const struct el_dns_waiter *w = f->waiters; w; w = w->next)
        if (w->request.id == waiter->request.id && w->asker.stream == waiter->asker.stream &&
            el_endpoint_equal(&w->asker.from, &waiter->asker.from))
            return true;
    return false;
}

static bool join(struct el_dns *dns, struct el_dns_flight *f, const struct el_dns_waiter *waiter)
{
    struct el_dns_client *client = el_dns_clients_find(dns->clients, &waiter->asker.from.ip);

    if (waits(f, waiter))
        return true;
    struct el_dns_waiter *w = client ? take_waiter(dns) : NULL;
    if (!w)
        return false;
    *w = *waiter;
    w->next = f->waiters;
    f->waiters = w;
    client->waiting++;
    dns->stats.waiters++;
    return true;
}

bool el_dns_fly(struct el_dns *dns, uint64_t now_ns, const struct el_dns_key *key, bool stale,
                const struct el_dns_waiter *waiter)
{
    struct el_dns_flight *f = find_flight(dns, key);
    bool fresh = !f;

    if (fresh && waiter && !has_waiter(dns))
        return false;
    if (fresh)
        f = new_flight(dns, key, now_ns);
    if (!f || (waiter && !join(dns, f, waiter)))
        return false;
    if (stale && f->stale_ns == EL_NEVER)
        f->stale_ns = now_ns + EL_DNS_STALE_MS * EL_MS;
    if (fresh)
        go_on(dns, f, now_ns);
    else
        set_timer(dns, f);
    return true;
}

/* -- what is heard -- */

enum match { WRONG, CASE_LOST, FITS };

static enum match match(const struct el_dns_flight *f, const struct el_dns_try *t,
                        const struct el_endpoint *from, const struct el_dns_message *m)
{
    const struct el_dns_question *q = &m->question;
    unsigned rcode = el_dns_rcode(m);

    if (!el_endpoint_equal(from, &t->at) || m->id != t->id || !(m->flags & EL_DNS_QR) ||
        (m->flags & EL_DNS_OPCODE))
        return WRONG;
    /* Who cannot read EDNS may not be able to repeat the question either; we only ask again. */
    if (m->questions == 0 && !t->plain && rcode == EL_DNS_FORMERR)
        return FITS;
    if (m->questions != 1 || q->type != f->key.type || q->class != EL_DNS_IN ||
        !el_dns_name_equal(&q->name, &f->asked))
        return WRONG;
    return memcmp(q->name.b, f->asked.b, f->asked.len) == 0 ? FITS : CASE_LOST;
}

static void take(struct el_dns *dns, struct el_dns_flight *f, const struct el_dns_message *m,
                 uint64_t now_ns)
{
    char name[EL_DNS_NAME_TEXT];
    bool barred;
    struct el_dns_answer *answer = el_dns_answer_take(&f->key, m, &dns->config.guard, &barred);

    if (!answer) {
        f->rcode = EL_DNS_SERVFAIL;
        go_on(dns, f, now_ns);
        return;
    }
    if (barred)
        EL_LOG(EL_LOG_WARN, "dns", "rebinding",
               EL_STR("name", el_dns_name_text(&f->key.name, name)),
               EL_STR("hint", "--dns-private DOMAIN lets its names have private addresses"));
    el_dns_cache_put(dns->cache, &f->key, answer, now_ns);
    f->age_s = 0;
    finish(dns, f, answer, barred ? EL_DNS_BARRED : EL_DNS_FORWARDED);
}

/* An answer that is one. */
static void hear(struct el_dns *dns, struct el_dns_flight *f, struct el_dns_try *t,
                 const struct el_dns_message *m, uint64_t now_ns)
{
    struct el_dns_upstream *upstream = upstream_of(dns, t);
    uint64_t rtt_ns = t->stream || now_ns == t->sent_ns ? 0 : now_ns - t->sent_ns;
    unsigned rcode = el_dns_rcode(m);

    t->waiting = false;
    if (upstream && el_dns_upstream_answered(upstream, rtt_ns))
        EL_LOG(EL_LOG_INFO, "dns", "upstream-up", EL_ENDPOINT("server", &upstream->at));
    if ((m->flags & EL_DNS_TC) && !t->stream) {
        go_by_stream(dns, f, t, now_ns);
        return;
    }
    if (rcode == EL_DNS_NOERROR || rcode == EL_DNS_NXDOMAIN) {
        if (upstream && t->plain)
            upstream->plain = true;
        take(dns, f, m, now_ns);
        return;
    }
    f->rcode = rcode;
    if (upstream && !t->plain &&
        (rcode == EL_DNS_FORMERR || rcode == EL_DNS_NOTIMP || rcode == EL_DNS_BADVERS) &&
        start_try(dns, f, now_ns, upstream, t->stream, true))
        return;
    go_on(dns, f, now_ns);
}

static struct el_dns_flight *flight_of(struct el_dns *dns, unsigned slot, struct el_dns_try **t)
{
    struct el_dns_flight *f = &dns->flights[slot / EL_DNS_TRIES % EL_DNS_FLIGHTS];

    *t = &f->tries[slot % EL_DNS_TRIES];
    return f->used && !f->over && (*t)->waiting ? f : NULL;
}

void el_dns_heard(struct el_dns *dns, uint64_t now_ns, unsigned slot,
                  const struct el_endpoint *from, const uint8_t *bytes, size_t len)
{
    struct el_dns_try *t;
    struct el_dns_flight *f = flight_of(dns, slot, &t);
    struct el_dns_message m;

    if (!f)
        return;
    enum match result = el_dns_decode(bytes, len, &m) == 0 ? match(f, t, from, &m) : WRONG;
    if (result == FITS) {
        hear(dns, f, t, &m, now_ns);
        return;
    }
    dns->stats.wrong++;
    if (result == CASE_LOST || t->stream || ++f->wrong == EL_DNS_WRONG)
        go_by_stream(dns, f, t, now_ns);
}

void el_dns_broken(struct el_dns *dns, uint64_t now_ns, unsigned slot)
{
    struct el_dns_try *t;
    struct el_dns_flight *f = flight_of(dns, slot, &t);

    if (!f)
        return;
    t->waiting = false;
    note_failure(dns, t, now_ns);
    go_on(dns, f, now_ns);
}

/* -- time -- */

static void run_out(struct el_dns *dns, struct el_dns_flight *f, uint64_t now_ns)
{
    note_failure(dns, &f->tries[f->try_count - 1], now_ns);
    if (f->tries[f->try_count - 1].stream)
        f->tries[f->try_count - 1].waiting = false;
    if (next_try(dns, f, now_ns))
        return;
    fail(dns, f, now_ns);
}

void el_dns_tick(struct el_dns *dns, uint64_t now_ns)
{
    struct el_heap_node *first;

    while ((first = el_heap_first(dns->timers)) && first->key <= now_ns) {
        struct el_dns_flight *f = first->owner;
        if (now_ns >= f->end_ns) {
            fail(dns, f, now_ns);
            continue;
        }
        /* Those who have waited long enough; the flight goes on without them. */
        if (f->waiters && now_ns >= f->stale_ns && !offer_stale(dns, f, now_ns))
            f->stale_ns = EL_NEVER;
        if (now_ns >= f->next_ns)
            run_out(dns, f, now_ns);
        else if (f->stale_ns == EL_NEVER)
            set_timer(dns, f);
        else
            (void)el_heap_set(dns->timers, &f->timer, el_earlier(f->next_ns, f->end_ns));
    }
}

/* -- output -- */

static void put_query(struct el_dns *dns, struct el_dns_flight *f, struct el_dns_try *t,
                      struct el_dns_output *out)
{
    const struct el_dns_question question = {f->asked, f->key.type, EL_DNS_IN};
    struct el_dns_builder b;

    el_dns_build_begin(&b, dns->packet, sizeof dns->packet, t->id,
                       (uint16_t)(EL_DNS_RD | (f->key.flags & EL_DNS_CD)), &question);
    out->len = (size_t)el_dns_build_end(&b);
    if (!t->plain)
        out->len = el_dns_put_edns(dns->packet, out->len, sizeof dns->packet, 0,
                                   f->key.flags & EL_DNS_AD, EL_DNS_EDE_NONE);
    out->kind = EL_DNS_SEND;
    out->bytes = dns->packet;
    out->slot = index_of(dns, f) * EL_DNS_TRIES + (unsigned)(t - f->tries);
    out->upstream = t->at;
    out->stream = t->stream;
}

static void put_reply(struct el_dns *dns, struct el_dns_flight *f, uint64_t now_ns,
                      struct el_dns_output *out)
{
    struct el_dns_waiter *w = f->waiters;
    struct el_dns_client *client = el_dns_clients_find(dns->clients, &w->asker.from.ip);

    f->waiters = w->next;
    out->kind = EL_DNS_REPLY;
    out->asker = w->asker;
    out->bytes = dns->packet;
    out->len = el_dns_answer_tell(f->answer, &w->request, f->age_s, f->stale, dns->packet,
                                  sizeof dns->packet);
    el_dns_tell(dns, &w->asker.from.ip, &w->request.question, f->how, f->answer->rcode,
                now_ns - w->since_ns);
    if (client) /* he is: he waited */
        client->waiting--;
    w->next = dns->idle;
    dns->idle = w;
    dns->stats.waiters--;
}

/* Those who cannot be answered, for want of memory. */
static void forget_waiters(struct el_dns *dns, struct el_dns_flight *f)
{
    while (f->waiters) {
        struct el_dns_waiter *w = f->waiters;
        struct el_dns_client *client = el_dns_clients_find(dns->clients, &w->asker.from.ip);
        f->waiters = w->next;
        if (client)
            client->waiting--;
        w->next = dns->idle;
        dns->idle = w;
        dns->stats.waiters--;
    }
}

static bool output_of(struct el_dns *dns, struct el_dns_flight *f, uint64_t now_ns,
                      struct el_dns_output *out)
{
    for (unsigned i = 0; !f->over && i < f->try_count; i++) {
        struct el_dns_try *t = &f->tries[i];
        if (!t->due)
            continue;
        t->due = false;
        t->sent_ns = now_ns;
        put_query(dns, f, t, out);
        return true;
    }
    if (f->answer && f->waiters) {
        put_reply(dns, f, now_ns, out);
        return true;
    }
    el_dns_answer_drop(f->answer);
    f->answer = NULL;
    return false;
}

bool el_dns_output(struct el_dns *dns, uint64_t now_ns, struct el_dns_output *out)
{
    struct el_dns_flight *f;

    while ((f = dns->first)) {
        if (output_of(dns, f, now_ns, out))
            return true;
        dequeue(dns);
        if (!f->over)
            continue;
        forget_waiters(dns, f);
        f->used = false;
        dns->stats.flights--;
        *out = (struct el_dns_output){.kind = EL_DNS_END, .slot = index_of(dns, f) * EL_DNS_TRIES};
        return true;
    }
    return false;
}
