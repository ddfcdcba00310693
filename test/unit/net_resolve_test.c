/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names, asked of a small DNS server on loopback and of a hosts file of our own. */
#include "base/wire.h"
#include "net/kernel.h"
#include "net/resolve.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

/* -- the server (RFC 1035 §4) -- */

#define IGNORANT 0x7f000002 /* where the same server knows no name */

enum { A = 1, AAAA = 28, NOERROR = 0, SERVFAIL = 2, NXDOMAIN = 3, SILENCE = -1 };

static struct el_net *net;
static struct el_net_udp *server;
static unsigned questions;

/* The name in a question as text with a dot after each label. */
static void read_name(struct el_wire *w, char *text, size_t capacity)
{
    size_t used = 0;
    uint8_t len;

    text[0] = '\0';
    while ((len = el_wire_u8(w)) > 0 && len < 64 && used + len + 2 < capacity) {
        el_wire_copy(w, text + used, len);
        used += len;
        text[used++] = '.';
        text[used] = '\0';
    }
}

struct zone {
    const char *name;
    int code; /* or SILENCE */
    uint32_t a;
    unsigned a_count;
    bool aaaa;
};

static const struct zone zones[] = {
    {"hub.example.", NOERROR, 0x7f000009, 1, false},
    {"both.example.", NOERROR, 0x7f000009, 1, true},
    {"many.example.", NOERROR, 0x7f000100, 30, false},
    {"empty.example.", NOERROR, 0, 0, false},
    {"broken.example.", SERVFAIL, 0, 0, false},
    {"silent.example.", SILENCE, 0, 0, false},
};

static void put_record(struct el_wire *w, uint16_t type, const void *data, uint16_t len)
{
    el_wire_put_be16(w, 0xc00c); /* the name of the question */
    el_wire_put_be16(w, type);
    el_wire_put_be16(w, 1);
    el_wire_put_be32(w, 60);
    el_wire_put_be16(w, len);
    el_wire_put(w, data, len);
}

static void answer(void *arg, const struct el_net_udp_meta *meta, const uint8_t *bytes, size_t len)
{
    static const uint8_t loopback6[16] = {[15] = 1};
    const struct zone *zone = NULL;
    struct el_wire in = el_wire_read(bytes, len);
    uint8_t reply[2048];
    struct el_wire out = el_wire_write(reply, sizeof reply);
    char name[256];

    (void)arg;
    questions++;
    uint16_t id = el_wire_be16(&in);
    el_wire_skip(&in, 10);
    read_name(&in, name, sizeof name);
    uint16_t type = el_wire_be16(&in);
    el_wire_skip(&in, 2);
    assert_true(el_wire_ok(&in));
    bool ignorant = el_ip4_number(&meta->to.ip) == IGNORANT;
    for (size_t i = 0; i < sizeof zones / sizeof zones[0] && !ignorant; i++)
        if (strcmp(zones[i].name, name) == 0)
            zone = &zones[i];
    if (zone && zone->code == SILENCE)
        return;

    unsigned count = !zone ? 0 : type == A ? zone->a_count : type == AAAA && zone->aaaa ? 1 : 0;

    el_wire_put_be16(&out, id);
    el_wire_put_be16(&out, (uint16_t)(0x8580 | (zone ? zone->code : NXDOMAIN)));
    el_wire_put_be16(&out, 1);
    el_wire_put_be16(&out, (uint16_t)count);
    el_wire_put_be32(&out, 0);
    el_wire_put(&out, bytes + 12, len - el_wire_left(&in) - 12);
    for (uint32_t i = 0; i < count; i++) {
        struct el_ip ip = el_ip4(zone->a + i);

        if (type == A)
            put_record(&out, A, ip.b, 4);
        else
            put_record(&out, AAAA, loopback6, 16);
    }
    assert_true(el_wire_ok(&out));
    el_net_udp_send(server, &meta->from, &meta->to.ip, reply, el_wire_done(&out));
}

/* -- the client -- */

/* A server that answers is given longer than any computer is busy, one that is silent is not. */
enum { LONG_MS = 60000, SHORT_MS = 20 };

static char resolv_conf[] = "/tmp/el2w-resolv-XXXXXX";
static char hosts[] = "/tmp/el2w-hosts-XXXXXX";
static struct el_net_resolver *resolver;
static struct el_net_timer *patience;

static void out_of_patience(void *arg)
{
    (void)arg;
    fail_msg("nothing happened for 120 s");
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static int begin(void **state)
{
    struct el_net_udp_config at = {.bind = {.ip = el_ip4(0)}, .inherited_fd = -1};
    struct el_net_resolver_config config = {
        .resolv_conf = resolv_conf, .timeout_ms = LONG_MS, .tries = 2, .env_hosts = true};
    struct el_err err;

    (void)state;
    questions = 0;
    write_file(resolv_conf, "nameserver 127.0.0.1\nsearch lab.example\n");
    write_file(hosts, "# a comment\n127.0.0.5 venus venus.example\n127.0.0.6 mars # red\n");
    setenv("CARES_HOSTS", hosts, 1);
    assert_int_equal(el_net_kernel_new(&net, &err), 0);
    assert_int_equal(el_net_udp_open(net, &at, answer, NULL, &server, &err), 0);
    config.port = el_net_udp_local(server).port;
    assert_int_equal(el_net_resolver_new(net, &config, &resolver, &err), 0);
    patience = el_net_timer_new(net, out_of_patience, NULL);
    el_net_timer_set(patience, el_net_now_ns(net) + 120 * EL_S);
    return 0;
}

static int end(void **state)
{
    (void)state;
    el_net_resolver_free(resolver);
    el_net_timer_free(patience);
    el_net_udp_close(server);
    el_net_kernel_free(net);
    return 0;
}

struct found {
    bool over;
    int code;
    size_t count;
    struct el_ip ips[EL_NET_RESOLVE_ADDRESSES];
};

static void find(void *arg, int code, const struct el_ip *ips, size_t count)
{
    struct found *found = arg;

    assert_false(found->over);
    assert_true(count <= EL_NET_RESOLVE_ADDRESSES);
    found->over = true;
    found->code = code;
    found->count = count;
    memcpy(found->ips, ips, count * sizeof *ips);
    el_net_kernel_stop(net);
}

static struct found ask(const char *name)
{
    struct found found = {0};

    assert_int_equal(el_net_resolve(resolver, name, find, &found, NULL), 0);
    assert_false(found.over); /* never from within */
    while (!found.over)
        el_net_kernel_run(net);
    return found;
}

static void assert_found(struct found found, uint32_t first, size_t count)
{
    assert_int_equal(found.code, 0);
    assert_int_equal(found.count, count);
    assert_int_equal(el_ip4_number(&found.ips[0]), first);
}

static void numbers_are_their_own_answer(void **state)
{
    struct found found = ask("192.0.2.77");

    (void)state;
    assert_found(found, 0xc000024d, 1);
    found = ask("2001:db8::1");
    assert_int_equal(found.count, 1);
    assert_int_equal(found.ips[0].family, 6);
    assert_int_equal(questions, 0);
}

static void the_hosts_file_comes_first(void **state)
{
    (void)state;
    assert_found(ask("venus.example"), 0x7f000005, 1);
    assert_found(ask("mars"), 0x7f000006, 1);
    assert_int_equal(questions, 0);
}

static void servers_are_asked_for_both_families(void **state)
{
    (void)state;
    assert_found(ask("hub.example"), 0x7f000009, 1);
    struct found found = ask("both.example");

    assert_int_equal(found.code, 0);
    assert_int_equal(found.count, 2);
    assert_int_equal(found.ips[0].family + found.ips[1].family, 10);
}

static void no_more_addresses_are_given_than_promised(void **state)
{
    struct found found = ask("many.example");

    (void)state;
    assert_int_equal(found.code, 0);
    assert_int_equal(found.count, EL_NET_RESOLVE_ADDRESSES);
}

static void failures_have_their_codes(void **state)
{
    char longest[300];

    (void)state;
    assert_int_equal(ask("unknown.example").code, EL_ENOENT);
    assert_int_equal(ask("empty.example").code, EL_ENOENT);
    assert_int_equal(ask("broken.example").code, EL_EIO);
    assert_int_equal(ask("").code, EL_EINVAL);
    memset(longest, 'a', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    assert_int_equal(ask(longest).code, EL_EINVAL);
    longest[100] = '\0'; /* a label of more than 63 */
    assert_true(ask(longest).code < 0);
    assert_true(ask("a..b").code < 0);
}

/* A resolver of the test's own in place of the usual one. */
static void ask_with(unsigned timeout_ms, unsigned tries)
{
    struct el_net_resolver_config config = {.resolv_conf = resolv_conf,
                                            .port = el_net_udp_local(server).port,
                                            .timeout_ms = timeout_ms,
                                            .tries = tries};
    struct el_err err;

    el_net_resolver_free(resolver);
    assert_int_equal(el_net_resolver_new(net, &config, &resolver, &err), 0);
}

static void silence_is_a_failure(void **state)
{
    (void)state;
    ask_with(SHORT_MS, 2);
    assert_int_equal(ask("silent.example").code, EL_EIO);
    assert_true(questions > 2); /* for both families, and again */
}

static void cancelled_questions_are_not_answered(void **state)
{
    struct el_net_query *queries[3];
    struct found found = {0};

    (void)state;
    assert_int_equal(el_net_resolve(resolver, "hub.example", find, &found, &queries[0]), 0);
    assert_int_equal(el_net_resolve(resolver, "192.0.2.1", find, &found, &queries[1]), 0);
    assert_int_equal(el_net_resolve(resolver, "silent.example", find, &found, &queries[2]), 0);
    for (int i = 0; i < 3; i++)
        el_net_resolve_cancel(queries[i]);
    el_net_resolve_cancel(NULL);
    assert_found(ask("hub.example"), 0x7f000009, 1);
    assert_false(found.over);
}

static void freeing_forgets_what_is_asked(void **state)
{
    struct found found = {0};

    (void)state;
    assert_int_equal(el_net_resolve(resolver, "silent.example", find, &found, NULL), 0);
    assert_int_equal(el_net_resolve(resolver, "192.0.2.1", find, &found, NULL), 0);
    el_net_resolver_free(resolver);
    resolver = NULL;
    assert_false(found.over);
}

static void a_new_resolv_conf_counts(void **state)
{
    (void)state;
    write_file(resolv_conf, "nameserver 127.0.0.2\n");
    ask_with(LONG_MS, 1);
    assert_int_equal(ask("hub.example").code, EL_ENOENT);
    write_file(resolv_conf, "nameserver 127.0.0.1 \n");
    assert_found(ask("hub.example"), 0x7f000009, 1);
    unlink(resolv_conf); /* without one, c-ares asks 127.0.0.1 */
    assert_found(ask("hub.example"), 0x7f000009, 1);
}

/* In their order, without those that only this computer can ask. */
static void servers_that_others_can_ask(void **state)
{
    struct el_ip servers[3];
    char text[EL_IP_TEXT];

    (void)state;
    write_file(resolv_conf,
               "nameserver 127.0.0.53\nnameserver ::1\nnameserver 192.0.2.1\n"
               "nameserver 2001:db8::1\n# nameserver 192.0.2.2\nnameserver 192.0.2.3\n");
    assert_int_equal(el_net_resolve_servers(resolv_conf, servers, 3), 3);
    assert_string_equal(el_ip_text(&servers[0], text), "192.0.2.1");
    assert_string_equal(el_ip_text(&servers[1], text), "2001:db8::1");
    assert_string_equal(el_ip_text(&servers[2], text), "192.0.2.3");
    assert_int_equal(el_net_resolve_servers(resolv_conf, servers, 2), 2);
    write_file(resolv_conf, "nameserver 127.0.0.53\noptions edns0\n");
    assert_int_equal(el_net_resolve_servers(resolv_conf, servers, 3), 0);
    unlink(resolv_conf);
    assert_int_equal(el_net_resolve_servers(resolv_conf, servers, 3), 0);
}

static int make_files(void **state)
{
    int a = mkstemp(resolv_conf), b = mkstemp(hosts);

    (void)state;
    close(a);
    close(b);
    return a < 0 || b < 0;
}

static int remove_files(void **state)
{
    (void)state;
    unlink(resolv_conf);
    unlink(hosts);
    return 0;
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(numbers_are_their_own_answer),
        TEST(the_hosts_file_comes_first),
        TEST(servers_are_asked_for_both_families),
        TEST(no_more_addresses_are_given_than_promised),
        TEST(failures_have_their_codes),
        TEST(silence_is_a_failure),
        TEST(cancelled_questions_are_not_answered),
        TEST(freeing_forgets_what_is_asked),
        TEST(a_new_resolv_conf_counts),
        TEST(servers_that_others_can_ask),
    };

    return cmocka_run_group_tests(tests, make_files, remove_files);
}
