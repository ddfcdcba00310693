/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What became of a question. */
#include "dns/dns_answer.h"

#include <stdlib.h>

enum { TTLS = 2048 }; /* records of one answer */

bool el_dns_key_equal(const struct el_dns_key *a, const struct el_dns_key *b)
{
    return a->type == b->type && a->flags == b->flags && a->name.len == b->name.len &&
           memcmp(a->name.b, b->name.b, a->name.len) == 0;
}

/* -- taking what was asked for -- */

/* While it is made. */
struct taking {
    const struct el_dns_key *key;
    const struct el_dns_message *reply;
    const struct el_dns_guard *guard;
    struct el_dns_builder b;
    struct el_dns_name target; /* how far the chain has come */
    uint32_t ttl_s;
    unsigned found; /* records of the type that was asked for */
    bool barred;
    uint16_t ttls[TTLS];
    uint16_t ttl_count;
    uint8_t bytes[EL_DNS_ANSWER_BYTES];
};

static bool wants_dnssec(const struct taking *t)
{
    return t->key->flags & EL_DNS_AD;
}

static void keep(struct taking *t, unsigned section, const struct el_dns_record *record)
{
    struct el_dns_record copy = *record;

    if (t->ttl_count == TTLS) {
        el_wire_fail(&t->b.w);
        return;
    }
    if (copy.ttl_s > EL_DNS_TTL_MAX_S)
        copy.ttl_s = EL_DNS_TTL_MAX_S;
    if (copy.ttl_s < t->ttl_s)
        t->ttl_s = copy.ttl_s;
    t->ttls[t->ttl_count++] = (uint16_t)el_dns_build_copy(&t->b, section, &copy);
}

/* The type that a signature is about. */
static uint16_t covers(const struct el_dns_record *record)
{
    struct el_wire data = record->data;

    return record->type == EL_DNS_RRSIG ? el_wire_be16(&data) : 0;
}

/* Whether RECORD is of TYPE, or a signature of that where these are wanted. */
static bool is_of(const struct taking *t, const struct el_dns_record *record, uint16_t type)
{
    return record->class == EL_DNS_IN &&
           (record->type == type || (wants_dnssec(t) && covers(record) == type));
}

/* One step along the chain: the alias at the target, and its signature. False: it ends here. */
static bool follow(struct taking *t)
{
    struct el_dns_reader reader;
    struct el_dns_record record;
    struct el_dns_name next = {.len = 0};

    el_dns_read_records(t->reply, &reader);
    while (el_dns_next_record(&reader, &record) && record.section == EL_DNS_ANSWER) {
        /* What a CNAME was made from (RFC 6672 §3.1); the CNAME itself is there, too. */
        bool made_from = is_of(t, &record, EL_DNS_DNAME) &&
                         el_dns_name_is_in(&t->target, &record.owner) &&
                         !el_dns_name_equal(&t->target, &record.owner);
        bool alias =
            is_of(t, &record, EL_DNS_CNAME) && el_dns_name_equal(&t->target, &record.owner);
        if (alias && record.type == EL_DNS_CNAME) {
            if (next.len) /* two of them: RFC 2181 §10.1 */
                continue;
            el_dns_name_read(
                &(struct el_wire){record.data.start, record.data.at, record.data.end, false},
                &next);
        }
        if (alias || made_from)
            keep(t, EL_DNS_ANSWER, &record);
    }
    if (next.len)
        t->target = next;
    return next.len > 0;
}

static void take_records(struct taking *t)
{
    bool excepted = el_dns_guard_excepts(t->guard, &t->key->name);
    struct el_dns_reader reader;
    struct el_dns_record record;

    el_dns_read_records(t->reply, &reader);
    while (el_dns_next_record(&reader, &record) && record.section == EL_DNS_ANSWER) {
        if (!is_of(t, &record, t->key->type) || !el_dns_name_equal(&t->target, &record.owner))
            continue;
        if (!excepted && el_dns_guard_bars(t->guard, &record)) {
            t->barred = true;
            continue;
        }
        t->found += record.type == t->key->type;
        keep(t, EL_DNS_ANSWER, &record);
    }
}

/* SOA's last number: how long nothing holds (RFC 2308 §4). */
static uint32_t negative_ttl(const struct el_dns_record *record)
{
    struct el_wire data = record->data;
    struct el_dns_name name;

    el_dns_name_read(&data, &name);
    el_dns_name_read(&data, &name);
    el_wire_skip(&data, 16);
    uint32_t ttl = el_wire_be32(&data);
    ttl = ttl < record->ttl_s ? ttl : record->ttl_s;
    return ttl < EL_DNS_NEGATIVE_TTL_MAX_S ? ttl : EL_DNS_NEGATIVE_TTL_MAX_S;
}

/* The proof that there is nothing; without the SOA it is not kept. With DNSSEC also why. */
static void take_authority(struct taking *t, bool negative)
{
    bool have_soa = false;
    struct el_dns_reader reader;
    struct el_dns_record record;

    el_dns_read_records(t->reply, &reader);
    while (el_dns_next_record(&reader, &record) && record.section <= EL_DNS_AUTHORITY) {
        bool soa = negative && is_of(t, &record, EL_DNS_SOA) &&
                   el_dns_name_is_in(&t->target, &record.owner);
        bool proof =
            wants_dnssec(t) && (is_of(t, &record, EL_DNS_NSEC) || is_of(t, &record, EL_DNS_NSEC3));
        if (record.section != EL_DNS_AUTHORITY || (!soa && !proof))
            continue;
        if (soa && record.type == EL_DNS_SOA) {
            if (have_soa)
                continue;
            have_soa = true;
            record.ttl_s = negative_ttl(&record);
        }
        keep(t, EL_DNS_AUTHORITY, &record);
    }
    if (negative && !have_soa)
        t->ttl_s = 0;
}

static struct el_dns_answer *answer_new(const uint8_t *bytes, size_t len, const uint16_t *ttls,
                                        uint16_t ttl_count)
{
    size_t at = (len + 1) & ~(size_t)1;
    struct el_dns_answer *answer = malloc(sizeof *answer + at + ttl_count * sizeof *ttls);

    if (!answer)
        return NULL;
    uint16_t *places = (uint16_t *)(void *)(answer->bytes + at);
    *answer = (struct el_dns_answer){.holders = 1,
                                     .len = (uint16_t)len,
                                     .ttl_count = ttl_count,
                                     .ede = EL_DNS_EDE_NONE,
                                     .ttls = places};
    memcpy(answer->bytes, bytes, len);
    if (ttl_count)
        memcpy(places, ttls, ttl_count * sizeof *ttls);
    return answer;
}

struct el_dns_answer *el_dns_answer_take(const struct el_dns_key *key,
                                         const struct el_dns_message *reply,
                                         const struct el_dns_guard *guard, bool *barred)
{
    const struct el_dns_question question = {key->name, key->type, EL_DNS_IN};
    unsigned rcode = el_dns_rcode(reply);
    struct el_dns_answer *answer = NULL;
    struct taking *t = malloc(sizeof *t);

    *barred = false;
    if (!t)
        return NULL;
    *t = (struct taking){
        .key = key, .reply = reply, .guard = guard, .target = key->name, .ttl_s = EL_DNS_TTL_MAX_S};
    el_dns_build_begin(&t->b, t->bytes, sizeof t->bytes, 0, (uint16_t)rcode, &question);
    for (unsigned i = 0; key->type != EL_DNS_CNAME && follow(t); i++)
        if (i == EL_DNS_CHAIN) {
            el_wire_fail(&t->b.w);
            break;
        }
    if (rcode == EL_DNS_NOERROR)
        take_records(t);
    take_authority(t, t->found == 0);
    int len = el_dns_build_end(&t->b);
    if (len > 0)
        answer = answer_new(t->bytes, (size_t)len, t->ttls, t->ttl_count);
    if (answer) {
        answer->question = key->name.len;
        answer->rcode = (uint16_t)rcode;
        answer->ttl_s = t->barred && t->found == 0 ? EL_DNS_FAILURE_TTL_S : t->ttl_s;
        answer->ede = t->barred ? EL_DNS_EDE_BLOCKED : EL_DNS_EDE_NONE;
        *barred = t->barred;
    }
    free(t);
    return answer;
}

struct el_dns_answer *el_dns_answer_code(const struct el_dns_key *key, unsigned rcode, int ede,
                                         uint32_t ttl_s)
{
    const struct el_dns_question question = {key->name, key->type, EL_DNS_IN};
    uint8_t bytes[EL_DNS_UDP_BYTES];
    struct el_dns_builder b;

    el_dns_build_begin(&b, bytes, sizeof bytes, 0, (uint16_t)(rcode & EL_DNS_RCODE), &question);
    int len = el_dns_build_end(&b);
    struct el_dns_answer *answer = answer_new(bytes, (size_t)len, NULL, 0);
    if (answer) {
        answer->question = key->name.len;
        answer->rcode = (uint16_t)rcode;
        answer->ede = (int16_t)ede;
        answer->ttl_s = ttl_s;
    }
    return answer;
}

struct el_dns_answer *el_dns_answer_hold(struct el_dns_answer *answer)
{
    answer->holders++;
    return answer;
}

void el_dns_answer_drop(struct el_dns_answer *answer)
{
    if (answer && --answer->holders == 0)
        free(answer);
}

size_t el_dns_answer_size(const struct el_dns_answer *answer)
{
    return sizeof *answer + answer->len + answer->ttl_count * sizeof *answer->ttls;
}

/* -- telling -- */

static size_t limit_of(const struct el_dns_request *request, size_t capacity)
{
    size_t limit = EL_DNS_UDP_BYTES;

    if (request->stream)
        limit = EL_DNS_MESSAGE_BYTES;
    else if (request->edns.present && request->edns.size > limit)
        limit = request->edns.size < EL_DNS_EDNS_BYTES ? request->edns.size : EL_DNS_EDNS_BYTES;
    return limit < capacity ? limit : capacity;
}

static void put_header(uint8_t *to, const struct el_dns_request *request, unsigned rcode)
{
    struct el_wire w = el_wire_write(to, 4);

    el_wire_put_be16(&w, request->id);
    el_wire_put_be16(&w, (uint16_t)(request->flags | EL_DNS_QR | (rcode & EL_DNS_RCODE)));
}

/* Header and question alone. */
static size_t put_bare(uint8_t *to, size_t capacity, const struct el_dns_request *request,
                       uint16_t flags)
{
    bool asked = request->question.name.len > 0;
    struct el_dns_builder b;

    el_dns_build_begin(&b, to, capacity, request->id, flags, asked ? &request->question : NULL);
    int len = el_dns_build_end(&b);
    return len > 0 ? (size_t)len : 0;
}

size_t el_dns_finish(const struct el_dns_request *request, unsigned rcode, int ede, uint8_t *bytes,
                     size_t len, size_t capacity)
{
    bool edns = request->edns.present;
    size_t limit = limit_of(request, capacity);

    if (len + (edns ? EL_DNS_OPT_BYTES : 0) > limit)
        len = put_bare(bytes, capacity, request,
                       (uint16_t)(request->flags | EL_DNS_QR | EL_DNS_TC | (rcode & EL_DNS_RCODE)));
    if (!edns || len == 0)
        return len;
    return el_dns_put_edns(bytes, len, limit, rcode, request->edns.dnssec_ok, ede);
}

size_t el_dns_answer_tell(const struct el_dns_answer *answer, const struct el_dns_request *request,
                          uint32_t age_s, bool stale, uint8_t *to, size_t capacity)
{
    if (answer->len > capacity)
        return el_dns_finish(request, answer->rcode, answer->ede, to, capacity + 1, capacity);
    memcpy(to, answer->bytes, answer->len);
    put_header(to, request, answer->rcode);
    memcpy(to + EL_DNS_HEADER_BYTES, request->question.name.b, answer->question);
    for (unsigned i = 0; i < answer->ttl_count; i++) {
        struct el_wire ttl = el_wire_write(to + answer->ttls[i], 4);
        uint32_t was = el_wire_be32(&ttl);
        ttl.at = ttl.start;
        el_wire_put_be32(&ttl, stale ? EL_DNS_STALE_TTL_S : was > age_s ? was - age_s : 0);
    }
    return el_dns_finish(request, answer->rcode, stale ? EL_DNS_EDE_STALE : answer->ede, to,
                         answer->len, capacity);
}

size_t el_dns_refuse(const struct el_dns_request *request, unsigned rcode, int ede, uint8_t *to,
                     size_t capacity)
{
    size_t len = put_bare(to, capacity, request,
                          (uint16_t)(request->flags | EL_DNS_QR | (rcode & EL_DNS_RCODE)));

    return len ? el_dns_finish(request, rcode, ede, to, len, capacity) : 0;
}
