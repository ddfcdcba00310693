/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A server between clients and those it asks, all of them liars. Input: pieces, each of one byte
 * that says what it is (below), two of length, and its bytes. Whatever they are, what is sent is a
 * message of the size that the other side takes, nothing is answered twice, and in the end all is
 * over.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/csprng.h"
#include "base/log.h"
#include "dns/dns.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { QUESTION, QUESTION_BY_TCP, ANSWER, ANSWER_THAT_FITS, TIME, LOST, OTHER_SERVERS, KINDS };

static const struct el_prefix allowed = {{4, {10}}, 8};
static const struct el_endpoint servers[] = {{.ip = {4, {192, 0, 2, 53}}, .port = 53},
                                             {.ip = {4, {192, 0, 2, 54}}, .port = 53}};

struct world {
    struct el_dns *dns;
    uint64_t now_ns;
    unsigned asked, answered;
    struct el_dns_output last; /* that was sent to a server */
    uint8_t query[512];
    uint8_t reply[EL_DNS_MESSAGE_BYTES];
};

static void check(int holds)
{
    if (!holds)
        abort();
}

static void check_message(const uint8_t *bytes, size_t len, size_t limit, uint16_t qr)
{
    struct el_dns_message m;

    check(len <= limit && el_dns_decode(bytes, len, &m) == 0 && (m.flags & EL_DNS_QR) == qr);
}

static void drain(struct world *w)
{
    struct el_dns_output out;

    while (el_dns_output(w->dns, w->now_ns, &out)) {
        if (out.kind == EL_DNS_REPLY) {
            check_message(out.bytes, out.len,
                          out.asker.stream ? EL_DNS_MESSAGE_BYTES : EL_DNS_EDNS_BYTES, EL_DNS_QR);
            w->answered++;
        } else if (out.kind == EL_DNS_SEND) {
            check_message(out.bytes, out.len, sizeof w->query, 0);
            memcpy(w->query, out.bytes, out.len);
            w->last = out;
        }
    }
    check(w->answered <= w->asked);
}

static void pass(struct world *w, uint64_t ns)
{
    uint64_t until_ns = w->now_ns + ns;

    while (el_dns_deadline(w->dns) <= until_ns) {
        uint64_t deadline_ns = el_dns_deadline(w->dns);
        w->now_ns = deadline_ns > w->now_ns ? deadline_ns : w->now_ns;
        el_dns_tick(w->dns, w->now_ns);
        drain(w);
    }
    w->now_ns = until_ns;
}

static void ask(struct world *w, const uint8_t *bytes, size_t len, bool stream)
{
    struct el_dns_asker asker = {.from = {.ip = {4, {10, 0, 0, (uint8_t)len}}, .port = 4000},
                                 .stream = stream};
    size_t n = el_dns_ask(w->dns, w->now_ns, &asker, bytes, len, w->reply, sizeof w->reply);

    w->asked++;
    if (n) {
        check_message(w->reply, n, stream ? EL_DNS_MESSAGE_BYTES : EL_DNS_EDNS_BYTES, EL_DNS_QR);
        w->answered++;
    }
}

/* FITS: with the id and the question that were asked, so that the rest is looked at. */
static void hear(struct world *w, const uint8_t *bytes, size_t len, bool fits)
{
    uint8_t *copy = malloc(len + 1);
    struct el_dns_message m;

    check(copy != NULL);
    memcpy(copy, bytes, len);
    if (fits && w->last.len && el_dns_decode(w->query, w->last.len, &m) == 0 && len >= m.records) {
        memcpy(copy, w->query, 2);
        copy[2] = (uint8_t)((copy[2] | 0x80) & 0x87);
        memcpy(copy + 4, w->query + 4, 2);
        memcpy(copy + EL_DNS_HEADER_BYTES, w->query + EL_DNS_HEADER_BYTES,
               m.records - EL_DNS_HEADER_BYTES);
    }
    el_dns_heard(w->dns, w->now_ns, w->last.slot, &w->last.upstream, copy, len);
    free(copy);
}

static void play(struct world *w, unsigned kind, const uint8_t *bytes, size_t len)
{
    switch (kind % KINDS) {
    case QUESTION:
    case QUESTION_BY_TCP: ask(w, bytes, len, kind % KINDS == QUESTION_BY_TCP); break;
    case ANSWER:
    case ANSWER_THAT_FITS: hear(w, bytes, len, kind % KINDS == ANSWER_THAT_FITS); break;
    case TIME: pass(w, len * 100 * EL_MS); break;
    case LOST: el_dns_broken(w->dns, w->now_ns, w->last.slot); break;
    default: el_dns_set_upstreams(w->dns, servers + len % 2, 2 - (unsigned)len % 2);
    }
    drain(w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct world w;
    const struct el_dns_config config = {
        .allowed = &allowed, .allowed_count = 1, .cache_bytes = 1 << 16};
    struct el_wire in = el_wire_read(data, size);

    el_log_setup(EL_LOG_ERROR, EL_LOG_TEXT);
    el_random_seed_for_test(1);
    w = (struct world){.dns = el_dns_new(&config), .now_ns = EL_S};
    check(w.dns != NULL);
    el_dns_set_upstreams(w.dns, servers, 2);
    while (el_wire_left(&in) > 2) {
        unsigned kind = el_wire_u8(&in);
        size_t len = el_wire_be16(&in);
        len = len < el_wire_left(&in) ? len : el_wire_left(&in);
        play(&w, kind, el_wire_take(&in, len), len);
    }
    pass(&w, 2 * EL_DNS_FLIGHT_S * EL_S);
    check(el_dns_stats(w.dns)->flights == 0 && el_dns_stats(w.dns)->waiters == 0);
    check(el_dns_deadline(w.dns) == EL_NEVER);
    el_dns_free(w.dns);
    return 0;
}
