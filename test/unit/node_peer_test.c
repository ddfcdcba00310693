/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Peers as people write them and as a supervisor passes them on. */
#include "node/key.h"
#include "node/peer.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define KEY  "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA="
#define KEY2 "IAIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA="
#define PSK  "//////////////////////////////////////////8="

static struct el_node_peers peers;
static struct el_err err;

static int add(const char *text)
{
    err.text[0] = '\0';
    return el_node_peers_add(&peers, text, &err);
}

static int clear(void **state)
{
    (void)state;
    el_node_peers_clear(&peers);
    return 0;
}

static void all_that_may_be_said(void **state)
{
    char ip[EL_IP_TEXT], key[EL_TUNNEL_KEY_TEXT];

    (void)state;
    assert_int_equal(add("mars=" KEY ",ip=100.64.0.9,endpoint=hub.example.org:443,psk-key=" PSK
                         ",keepalive=25,wire=compact"),
                     0);
    assert_int_equal(peers.count, 1);
    const struct el_node_peer *peer = &peers.items[0];
    assert_string_equal(peer->name, "mars");
    el_tunnel_key_text(peer->key, key);
    assert_string_equal(key, KEY);
    el_tunnel_key_text(peer->psk, key);
    assert_string_equal(key, PSK);
    assert_string_equal(el_ip_text(&peer->ip, ip), "100.64.0.9");
    assert_int_equal(peer->endpoint_count, 1);
    assert_string_equal(peer->endpoints[0], "hub.example.org:443");
    assert_int_equal(peer->keepalive_s, 25);
    assert_int_equal(peer->wire, EL_TUNNEL_COMPACT);
}

/* A name and a key will do; the address follows from the key. */
static void the_least(void **state)
{
    static const uint8_t none[EL_TUNNEL_KEY_BYTES];

    (void)state;
    assert_int_equal(add("m=" KEY), 0);
    const struct el_node_peer *peer = &peers.items[0];
    assert_int_equal(el_ip4_number(&peer->ip), el_node_key_address(peer->key));
    assert_memory_equal(peer->psk, none, sizeof none);
    assert_int_equal(peer->endpoint_count, 0);
    assert_int_equal(peer->keepalive_s, 0);
    assert_int_equal(peer->wire, EL_TUNNEL_STANDARD);
}

#define NAME_63 "abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456.8"

/* Every mistake is refused, and the sentence says where it is. */
static void mistakes(void **state)
{
    static const struct {
        const char *text, *says;
    } rows[] = {
        {"", "NAME=PUBLIC-KEY"},
        {"mars", "NAME=PUBLIC-KEY"},
        {"=" KEY, "is not a name"},
        {"ma rs=" KEY, "ma rs"},
        {"ma/rs=" KEY, "ma/rs"},
        {"m\xc3\xa4rs=" KEY, "is not a name"},
        {NAME_63 "9=" KEY, "is not a name"},
        {"mars=", "public key"},
        {"mars=,ip=100.64.0.9", "ip=100.64.0.9"},
        {"mars=AQID", "AQID"},
        {"mars=" KEY "=", "public key"},
        {"mars=" KEY ",", NULL}, /* nothing said is nothing wrong */
        {"venus=" KEY2 ",ip", "ip: expected"},
        {"venus=" KEY2 ",ip=", "ip="},
        {"venus=" KEY2 ",ip=fd00::1", "fd00::1"},
        {"venus=" KEY2 ",ip=1.2.3", "1.2.3"},
        {"venus=" KEY2 ",Ip=1.2.3.4", "Ip"},
        {"venus=" KEY2 ",port=1", "port: expected"},
        {"venus=" KEY2 ",psk-key=AAAA", "psk-key"},
        {"venus=" KEY2 ",psk=/nonexistent/psk", "/nonexistent/psk"},
        {"venus=" KEY2 ",keepalive=", "keepalive"},
        {"venus=" KEY2 ",keepalive=1,keepalive=1", "keepalive= is there twice"},
        {"venus=" KEY2
         ",endpoint=a,endpoint=b,endpoint=c,endpoint=d,endpoint=e,endpoint=f,endpoint=g",
         "more than 6 endpoints"},
        {"venus=" KEY2 ",keepalive=-1", "-1"},
        {"venus=" KEY2 ",keepalive= 1", "0 to 65535"},
        {"venus=" KEY2 ",keepalive=65536", "65536"},
        {"venus=" KEY2 ",keepalive=18446744073709551617", "0 to 65535"},
        {"venus=" KEY2 ",keepalive=25s", "25s"},
        {"venus=" KEY2 ",wire=", "standard, compact or fast"},
        {"venus=" KEY2 ",wire=Fast", "wire=Fast"},
        {"venus=" KEY2 ",wire=compact,wire=fast", "wire= is there twice"},
        {"venus=" KEY2 ",endpoint=", "endpoint"},
        {"venus=" KEY2 ",endpoint=hub:0", "hub:0"},
        {"venus=" KEY2 ",endpoint=hub\n", "endpoint"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        unsigned before = peers.count;
        if (!rows[i].says) {
            assert_int_equal(add(rows[i].text), 0);
            continue;
        }
        assert_true(add(rows[i].text) < 0);
        assert_int_equal(peers.count, before);
        if (!strstr(err.text, rows[i].says))
            fail_msg("\"%s\": \"%s\" does not say \"%s\"", rows[i].text, err.text, rows[i].says);
    }
    assert_int_equal(add(NAME_63 "=" KEY2), 0); /* the longest name */
}

static void no_two_are_the_same(void **state)
{
    (void)state;
    assert_int_equal(add("mars=" KEY ",ip=100.64.0.2"), 0);
    assert_int_equal(add("mars=" KEY2), EL_EEXIST);
    assert_non_null(strstr(err.text, "mars"));
    assert_int_equal(add("venus=" KEY), EL_EEXIST);
    assert_non_null(strstr(err.text, "mars and venus have the same key"));
    assert_int_equal(add("venus=" KEY2 ",ip=100.64.0.2"), EL_EEXIST);
    assert_non_null(strstr(err.text, "100.64.0.2"));
    assert_int_equal(add("venus=" KEY2 ",ip=100.64.0.3"), 0);
    assert_int_equal(peers.count, 2);
    assert_string_equal(peers.items[0].name, "mars"); /* growing has moved it */
}

/* As many as a tunnel has, each where it was said. */
static void as_many_as_a_tunnel_has(void **state)
{
    (void)state;
    for (unsigned i = 0; i <= EL_TUNNEL_PEERS_MAX; i++) {
        uint8_t key[EL_TUNNEL_KEY_BYTES] = {(uint8_t)i, (uint8_t)(i >> 8), 1};
        char key_text[EL_TUNNEL_KEY_TEXT], text[200];
        el_tunnel_key_text(key, key_text);
        snprintf(text, sizeof text, "p%u=%s,ip=10.0.%u.%u", i, key_text, i >> 8, i & 255);
        assert_int_equal(add(text), i < EL_TUNNEL_PEERS_MAX ? 0 : EL_EFULL);
    }
    assert_int_equal(peers.count, EL_TUNNEL_PEERS_MAX);
    for (unsigned i = 0; i < EL_TUNNEL_PEERS_MAX; i++)
        assert_int_equal(el_ip4_number(&peers.items[i].ip), 0x0a000000 + i);
}

/* What the hub prints, its applet reads; and prints the same. */
static void printed_and_read_again(void **state)
{
    static const char *const texts[] = {
        "a=" KEY ",ip=100.64.0.2",
        "b=" KEY ",ip=100.127.255.254,endpoint=[fd00::1]:1,psk-key=" PSK ",keepalive=65535",
        "c=" KEY ",ip=10.0.0.1,endpoint=hub,endpoint=[fd00::1]:1,endpoint=10.0.0.1,keepalive=1",
        NAME_63 "=" KEY ",ip=1.2.3.4,psk-key=" PSK,
        "d=" KEY ",ip=10.0.0.1,keepalive=1,wire=compact",
    };

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        char *printed = NULL;
        size_t len = 0;
        FILE *out = open_memstream(&printed, &len);
        assert_non_null(out);
        assert_int_equal(add(texts[i]), 0);
        el_node_peer_print(out, &peers.items[0]);
        fclose(out);
        assert_string_equal(printed, texts[i]);
        free(printed);
        el_node_peers_clear(&peers);
    }
}

/* It takes a CPU with AES. */
static void fast_where_it_is_possible(void **state)
{
    (void)state;
    if (el_tunnel_wire_check(EL_TUNNEL_FAST, NULL) == 0) {
        assert_int_equal(add("mars=" KEY ",wire=fast"), 0);
        assert_int_equal(peers.items[0].wire, EL_TUNNEL_FAST);
    } else {
        assert_int_equal(add("mars=" KEY ",wire=fast"), EL_ENOTSUP);
        assert_non_null(strstr(err.text, "wire=compact"));
    }
}

static void psk_from_a_file(void **state)
{
    char path[] = "/tmp/el2w-psk-XXXXXX", text[200], key[EL_TUNNEL_KEY_TEXT];
    int fd = mkstemp(path);

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(write(fd, PSK "\r\n", 46), 46);
    snprintf(text, sizeof text, "mars=" KEY ",psk=%s", path);
    assert_int_equal(add(text), 0);
    el_tunnel_key_text(peers.items[0].psk, key);
    assert_string_equal(key, PSK);
    el_node_peers_clear(&peers);

    assert_int_equal(ftruncate(fd, 20), 0);
    assert_int_equal(add(text), EL_EINVAL);
    assert_non_null(strstr(err.text, path));
    close(fd);
    unlink(path);
}

static void endpoints(void **state)
{
    static const struct {
        const char *text, *host; /* NULL: refused */
        unsigned port;
    } rows[] = {
        {"hub", "hub", 51820},
        {"hub:1", "hub", 1},
        {"hub:65535", "hub", 65535},
        {"192.0.2.1", "192.0.2.1", 51820},
        {"192.0.2.1:80", "192.0.2.1", 80},
        {"fd00::1", "fd00::1", 51820},
        {"[fd00::1]", "fd00::1", 51820},
        {"[fd00::1]:80", "fd00::1", 80},
        {"", NULL, 0},
        {":80", NULL, 0},
        {"[]:80", NULL, 0},
        {"[fd00::1", NULL, 0},
        {"[fd00::1]80", NULL, 0},
        {"[fd00::1]:", NULL, 0},
        {"hub:", NULL, 0},
        {"hub:0", NULL, 0},
        {"hub:65536", NULL, 0},
        {"hub:18446744073709551696", NULL, 0},
        {"hub:-18446744073709551536", NULL, 0}, /* 80, to strtoul() */
        {"hub: 80", NULL, 0},
        {"hub:+80", NULL, 0},
        {"hub:80x", NULL, 0},
        {"hub:0x50", NULL, 0},
        {"my hub:80", NULL, 0},
        {"hub\npeer=x", NULL, 0},
    };
    char host[256], longest[300];
    uint16_t port;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int rc = el_node_split_endpoint(rows[i].text, 51820, host, &port);
        if ((rc == 0) != (rows[i].host != NULL))
            fail_msg("\"%s\": %d", rows[i].text, rc);
        if (rc < 0)
            continue;
        assert_string_equal(host, rows[i].host);
        assert_int_equal(port, rows[i].port);
    }
    memset(longest, 'h', sizeof longest);
    longest[255] = '\0';
    assert_int_equal(el_node_split_endpoint(longest, 1, host, &port), 0);
    longest[255] = 'h';
    longest[256] = '\0';
    assert_int_equal(el_node_split_endpoint(longest, 1, host, &port), EL_EINVAL);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(all_that_may_be_said, clear),
        cmocka_unit_test_teardown(the_least, clear),
        cmocka_unit_test_teardown(mistakes, clear),
        cmocka_unit_test_teardown(no_two_are_the_same, clear),
        cmocka_unit_test_teardown(as_many_as_a_tunnel_has, clear),
        cmocka_unit_test_teardown(printed_and_read_again, clear),
        cmocka_unit_test_teardown(fast_where_it_is_possible, clear),
        cmocka_unit_test_teardown(psk_from_a_file, clear),
        cmocka_unit_test(endpoints),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
