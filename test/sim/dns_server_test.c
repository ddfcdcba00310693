/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The DNS server with its sockets, between machines and servers on bad links, some of whom lie. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/csprng.h"
#include "base/log.h"
#include "dns/dns_frames.h"
#include "dns/dns_io.h"
#include "net/memory.h"

enum { MACHINES = 5, NAMES = 40, SERVERS = 2, LAN = 0x0a000000, WAN = 0x0b000000 };

/* How a server answers. */
enum manner {
    HONEST,
    CUTS,    /* everything over UDP is too long */
    POISONS, /* adds what nobody asked for */
    SHOUTS,  /* gives the name back in upper case */
    SILENT,
};

struct lan;

struct server {
    struct lan *lan;
    struct el_net *host;
    struct el_net_udp *udp;
    struct el_net_listen *listen;
    enum manner manner;
    unsigned questions, streams;
    struct el_net_stream *stream;
    struct el_dns_frames frames;
    uint8_t bytes[600];
};

struct machine {
    struct lan *lan;
    struct el_net *host;
    struct el_net_udp *udp;
    struct el_net_timer *timer;
    unsigned next, tries; /* which name it asks for; how often it did */
    unsigned answered, failed, wrong;
};

struct lan {
    struct el_net_world *world;
    struct el_net *hub, *liar;
    struct el_net_udp *liars;
    struct el_net_timer *liars_timer;
    struct el_dns_io *dns;
    struct server servers[SERVERS];
    struct machine machines[MACHINES];
    struct el_prefix allowed;
};

static struct el_net *host_at(struct lan *lan, const char *segment, uint32_t address)
{
    struct el_net *host = el_net_memory_host(lan->world, segment);
    const struct el_prefix prefix = {el_ip4(address), 24};

    assert_non_null(host);
    assert_int_equal(el_net_memory_address(host, segment, &prefix), 0);
    return host;
}

/* n7.example has the address 198.51.100.7. */
static struct el_ip right_address(const struct el_dns_name *name)
{
    unsigned n = 0;

    for (unsigned i = 2; i <= name->b[0]; i++)
        n = 10 * n + name->b[i] - '0';
    return el_ip4(0xc6336400 + n);
}

/* -- servers -- */

static size_t make_answer(struct server *s, bool stream, const struct el_dns_message *m,
                          uint8_t *to, size_t capacity)
{
    static const struct el_dns_name victim = {12, "\2n1\7example"};
    const struct el_ip evil = el_ip4(0xc6336442);
    struct el_dns_question question = m->question;
    const struct el_ip ip = right_address(&question.name);
    struct el_dns_builder b;

    for (unsigned i = 0; s->manner == SHOUTS && !stream && i < question.name.len; i++)
        if (question.name.b[i] >= 'a' && question.name.b[i] <= 'z')
            question.name.b[i] = (uint8_t)(question.name.b[i] - 'a' + 'A');
    el_dns_build_begin(&b, to, capacity, m->id,
                       (uint16_t)(EL_DNS_QR | EL_DNS_RD | EL_DNS_RA |
                                  (s->manner == CUTS && !stream ? EL_DNS_TC : 0)),
                       &question);
    if (s->manner == POISONS && !el_dns_name_equal(&question.name, &victim))
        el_dns_build_address(&b, &victim, &evil, 86400);
    if (s->manner != CUTS || stream)
        el_dns_build_address(&b, &question.name, &ip, 3600);
    int len = el_dns_build_end(&b);
    assert_true(len > 0);
    return (size_t)len;
}

static void on_question(void *arg, const struct el_net_udp_meta *meta, const uint8_t *bytes,
                        size_t len)
{
    struct server *s = arg;
    struct el_dns_message m;
    uint8_t answer[600];

    assert_int_equal(el_dns_decode(bytes, len, &m), 0);
    s->questions++;
    if (s->manner == SILENT)
        return;
    size_t n = make_answer(s, false, &m, answer, sizeof answer);
    (void)el_net_udp_send(s->udp, &meta->from, NULL, answer, n);
}

static void on_bytes(void *arg, const uint8_t *bytes, size_t left)
{
    struct server *s = arg;
    struct el_dns_message m;
    const uint8_t *message;
    uint8_t answer[600];
    size_t len;

    while (el_dns_frames_take(&s->frames, &bytes, &left, &message, &len) == 1) {
        assert_int_equal(el_dns_decode(message, len, &m), 0);
        size_t n = make_answer(s, true, &m, answer + 2, sizeof answer - 2);
        answer[0] = (uint8_t)(n >> 8);
        answer[1] = (uint8_t)n;
        (void)el_net_stream_write(s->stream, answer, n + 2);
        s->streams++;
    }
}

static void on_drained(void *arg)
{
    (void)arg;
}

static void on_ended(void *arg, int code)
{
    struct server *s = arg;

    (void)code;
    el_net_stream_close(s->stream);
    s->stream = NULL;
}

/* One connection at a time is enough here: whoever comes meanwhile is hung up on. */
static void on_accept(void *arg, struct el_net_stream *stream, const struct el_endpoint *peer,
                      const struct el_endpoint *local)
{
    static const struct el_net_stream_events events = {
        .data = on_bytes, .drained = on_drained, .ended = on_ended};
    struct server *s = arg;

    (void)peer;
    (void)local;
    if (s->stream) {
        el_net_stream_close(stream);
        return;
    }
    s->stream = stream;
    s->frames = (struct el_dns_frames){.bytes = s->bytes, .capacity = sizeof s->bytes};
    el_net_stream_set_events(stream, &events, s);
}

static struct el_endpoint server_at(unsigned i)
{
    return (struct el_endpoint){.ip = el_ip4(WAN + 53 + i), .port = EL_DNS_PORT};
}

static void server_start(struct lan *lan, unsigned i, enum manner manner)
{
    struct server *s = &lan->servers[i];
    const struct el_net_udp_config udp = {.bind = {.port = EL_DNS_PORT}, .inherited_fd = -1};
    const struct el_net_listen_config tcp = {.bind = {.port = EL_DNS_PORT}, .inherited_fd = -1};

    *s = (struct server){.lan = lan, .manner = manner, .host = host_at(lan, "wan", WAN + 53 + i)};
    assert_int_equal(el_net_udp_open(s->host, &udp, on_question, s, &s->udp, NULL), 0);
    assert_int_equal(el_net_listen(s->host, &tcp, on_accept, s, &s->listen, NULL), 0);
}

/* -- machines -- */

static void machine_asks(struct machine *m)
{
    const struct el_endpoint hub = {.ip = el_ip4(LAN + 1), .port = EL_DNS_PORT};
    struct el_dns_question question = {.type = EL_DNS_A, .class = EL_DNS_IN};
    struct el_dns_builder b;
    uint8_t bytes[128];
    char name[32];

    if (m->next == NAMES) {
        el_net_timer_set(m->timer, EL_NEVER);
        return;
    }
    snprintf(name, sizeof name, "n%u.example", m->next);
    assert_int_equal(el_dns_name_parse(name, &question.name), 0);
    el_dns_build_begin(&b, bytes, sizeof bytes, (uint16_t)m->next, EL_DNS_RD, &question);
    int len = el_dns_build_end(&b);
    m->tries++;
    (void)el_net_udp_send(m->udp, &hub, NULL, bytes, (size_t)len);
    el_net_timer_set(m->timer, el_net_now_ns(m->host) + 5 * EL_S);
}

static void machine_hears(void *arg, const struct el_net_udp_meta *meta, const uint8_t *bytes,
                          size_t len)
{
    struct machine *m = arg;
    struct el_dns_message reply;
    struct el_dns_reader reader;
    struct el_dns_record record;

    (void)meta;
    assert_int_equal(el_dns_decode(bytes, len, &reply), 0);
    if (reply.id != m->next) /* it came twice */
        return;
    const struct el_ip right = right_address(&reply.question.name);
    el_dns_read_records(&reply, &reader);
    if (el_dns_rcode(&reply) != EL_DNS_NOERROR || !el_dns_next_record(&reader, &record)) {
        m->failed++; /* for now: it asks again */
        return;
    }
    m->answered++;
    m->wrong += reply.counts[EL_DNS_ANSWER] != 1 || memcmp(record.data.at, right.b, 4) != 0;
    m->next++;
    m->tries = 0;
    machine_asks(m);
}

static void machine_times_out(void *arg)
{
    machine_asks(arg);
}

static void machine_start(struct lan *lan, unsigned i)
{
    struct machine *m = &lan->machines[i];
    const struct el_net_udp_config udp = {.inherited_fd = -1};

    *m = (struct machine){.lan = lan, .host = host_at(lan, "lan", LAN + 100 + i)};
    assert_int_equal(el_net_udp_open(m->host, &udp, machine_hears, m, &m->udp, NULL), 0);
    m->timer = el_net_timer_new(m->host, machine_times_out, m);
    machine_asks(m);
}

/* -- all of them -- */

static void lan_start(struct lan *lan, uint64_t seed, const struct el_net_memory_link *link,
                      const enum manner manners[SERVERS])
{
    const struct el_prefix wan = {el_ip4(WAN + 1), 24};
    const struct el_endpoint at[SERVERS] = {server_at(0), server_at(1)};

    el_random_seed_for_test(seed);
    *lan = (struct lan){.world = el_net_memory_world(seed), .allowed = {el_ip4(LAN), 24}};
    lan->hub = host_at(lan, "lan", LAN + 1);
    assert_int_equal(el_net_memory_address(lan->hub, "wan", &wan), 0);
    assert_int_equal(el_net_memory_link(lan->world, NULL, NULL, link), 0);
    const struct el_endpoint here = {.ip = el_ip4(LAN + 1), .port = EL_DNS_PORT};
    const struct el_dns_io_config config = {
        .dns = {.allowed = &lan->allowed, .allowed_count = 1},
        .listen = {{.udp = {.bind = here, .inherited_fd = -1},
                    .tcp = {.bind = here, .inherited_fd = -1}}},
        .listen_count = 1,
        .outside = lan->hub,
    };
    struct el_err err = {""};
    if (el_dns_io_start(lan->hub, &config, &lan->dns, &err) < 0)
        fail_msg("%s", err.text);
    for (unsigned i = 0; i < SERVERS; i++)
        server_start(lan, i, manners[i]);
    el_dns_io_ask(lan->dns, at, SERVERS);
    for (unsigned i = 0; i < MACHINES; i++)
        machine_start(lan, i);
}

/* Every machine has an answer to every question, and the right one. */
static void lan_finish(struct lan *lan, unsigned seconds)
{
    el_net_memory_run_until(lan->world, (seconds + 1) * EL_S);
    for (unsigned i = 0; i < MACHINES; i++) {
        assert_int_equal(lan->machines[i].answered, NAMES);
        assert_int_equal(lan->machines[i].wrong, 0);
    }
    assert_int_equal(el_dns_stats(el_dns_io_machine(lan->dns))->flights, 0);
}

static void lan_end(struct lan *lan)
{
    el_dns_io_stop(lan->dns);
    el_net_memory_world_free(lan->world);
}

static struct lan lan;

static void test_a_good_day(void **state)
{
    const struct el_net_memory_link link = {.delay_ns = 10 * EL_MS};
    const enum manner manners[] = {HONEST, HONEST};

    (void)state;
    lan_start(&lan, 1, &link, manners);
    lan_finish(&lan, 60);
    for (unsigned i = 0; i < MACHINES; i++)
        assert_int_equal(lan.machines[i].failed, 0);
    /* However many machines asked, each name went out once. */
    assert_int_equal(lan.servers[0].questions + lan.servers[1].questions, NAMES);
    lan_end(&lan);
}

static void test_bad_links(void **state)
{
    const struct el_net_memory_link link = {.delay_ns = 20 * EL_MS,
                                            .jitter_ns = 20 * EL_MS,
                                            .loss_ppm = 150000,
                                            .duplicate_ppm = 100000,
                                            .reorder_ppm = 100000,
                                            .reorder_ns = 300 * EL_MS};
    const enum manner manners[] = {HONEST, HONEST};

    (void)state;
    for (uint64_t seed = 1; seed <= 5; seed++) {
        lan_start(&lan, seed, &link, manners);
        lan_finish(&lan, 1800);
        lan_end(&lan);
    }
}

static void test_one_is_silent(void **state)
{
    const struct el_net_memory_link link = {.delay_ns = 10 * EL_MS};
    const enum manner manners[] = {SILENT, HONEST};

    (void)state;
    lan_start(&lan, 1, &link, manners);
    lan_finish(&lan, 60);
    /* It was soon left alone. */
    assert_true(lan.servers[0].questions < NAMES / 2);
    lan_end(&lan);
}

static void test_over_tcp(void **state)
{
    const struct el_net_memory_link link = {.delay_ns = 10 * EL_MS};
    const enum manner manners[] = {CUTS, SHOUTS};

    (void)state;
    lan_start(&lan, 1, &link, manners);
    lan_finish(&lan, 300);
    /* By chance a name is in upper case to begin with. */
    assert_true(lan.servers[0].streams + lan.servers[1].streams > NAMES / 2);
    lan_end(&lan);
}

/* What is said of other names is not kept: each was asked for. */
static void test_poison(void **state)
{
    const struct el_net_memory_link link = {.delay_ns = 10 * EL_MS};
    const enum manner manners[] = {POISONS, POISONS};

    (void)state;
    lan_start(&lan, 1, &link, manners);
    lan_finish(&lan, 60);
    assert_int_equal(lan.servers[0].questions + lan.servers[1].questions, NAMES);
    lan_end(&lan);
}

/* Somebody on the way who knows each port and question, and guesses ids. */
static void liar_shoots(void *arg)
{
    struct lan *l = arg;
    struct el_endpoint hub = {.ip = el_ip4(WAN + 1)};
    struct el_dns_builder b;
    uint8_t bytes[128];

    for (unsigned n = 0; n < NAMES; n += 7) {
        struct el_dns_question question = {.type = EL_DNS_A, .class = EL_DNS_IN};
        const struct el_ip evil = el_ip4(0xc6336442);
        char name[32];
        snprintf(name, sizeof name, "n%u.example", n);
        assert_int_equal(el_dns_name_parse(name, &question.name), 0);
        el_dns_build_begin(&b, bytes, sizeof bytes, (uint16_t)(n * 1000), EL_DNS_QR, &question);
        el_dns_build_address(&b, &question.name, &evil, 86400);
        int len = el_dns_build_end(&b);
        for (hub.port = 49152; hub.port < 49152 + NAMES; hub.port++)
            (void)el_net_udp_send(l->liars, &hub, NULL, bytes, (size_t)len);
    }
    el_net_timer_set(l->liars_timer, el_net_now_ns(l->liar) + 5 * EL_MS);
}

static void on_nothing(void *arg, const struct el_net_udp_meta *meta, const uint8_t *bytes,
                       size_t len)
{
    (void)arg;
    (void)meta;
    (void)bytes;
    (void)len;
}

static void test_forgers(void **state)
{
    const struct el_net_memory_link link = {.delay_ns = 10 * EL_MS};
    const enum manner manners[] = {HONEST, HONEST};
    const struct el_net_udp_config udp = {.bind = {.port = EL_DNS_PORT}, .inherited_fd = -1};

    (void)state;
    lan_start(&lan, 1, &link, manners);
    lan.liar = host_at(&lan, "wan", WAN + 66);
    assert_int_equal(el_net_udp_open(lan.liar, &udp, on_nothing, &lan, &lan.liars, NULL), 0);
    lan.liars_timer = el_net_timer_new(lan.liar, liar_shoots, &lan);
    liar_shoots(&lan);
    lan_finish(&lan, 20);
    assert_true(el_dns_stats(el_dns_io_machine(lan.dns))->wrong > 0);
    lan_end(&lan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_good_day),    cmocka_unit_test(test_bad_links),
        cmocka_unit_test(test_one_is_silent), cmocka_unit_test(test_over_tcp),
        cmocka_unit_test(test_poison),        cmocka_unit_test(test_forgers),
    };

    el_log_setup(EL_LOG_ERROR, EL_LOG_TEXT);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
