/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The other spokes that a hub lets a spoke see: as JSON, as lines, and as what is no good. */
#include "spoke/agent_ways.h"
#include "spoke/spoke_peers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define KEY   "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define OTHER "AgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define PSK   "CQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define ZEROS "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

#define LINE "venus " KEY " 100.64.0.3 203.0.113.7:40000 fast 52 " PSK " 77,78"

#define JSON_OF(key, address, endpoint, wire, networks, for_s)             \
    "[{\"name\":\"venus\",\"key\":\"" key "\",\"address\":\"" address      \
    "\",\"endpoints\":[" endpoint "],\"psk\":\"" PSK "\",\"wire\":\"" wire \
    "\",\"networks\":[" networks "],\"for_s\":" for_s "}]"
#define JSON JSON_OF(KEY, "100.64.0.3", "\"203.0.113.7:40000\"", "fast", "77,78", "52")

static int read_json(const char *text, struct el_spoke_peers *peers)
{
    struct el_err err = {""};
    json_t *array = el_json_parse(text, strlen(text), &err);

    if (!array)
        fail_msg("%s: %s", text, err.text);
    peers->count = 0;
    int rc = el_spoke_peers_read_json(peers, array, &err);
    json_decref(array);
    assert_int_equal(rc < 0, err.text[0] != '\0');
    return rc;
}

static char *print(const struct el_spoke_peers *peers)
{
    char *text;
    size_t len;
    FILE *out = open_memstream(&text, &len);

    el_spoke_peers_print(out, peers);
    fclose(out);
    return text;
}

static void json_and_lines_say_the_same(void **state)
{
    struct el_spoke_peers peers, again = {.count = 0};
    struct el_err err = {""};
    uint8_t nobody[32] = {7};

    (void)state;
    assert_int_equal(read_json(JSON, &peers), 0);
    assert_int_equal(peers.count, 1);
    const struct el_spoke_peer *venus = &peers.items[0];
    assert_string_equal(venus->name, "venus");
    assert_int_equal(venus->key[0], 1);
    assert_int_equal(venus->psk[0], 9);
    assert_int_equal(el_ip4_number(&venus->address), 0x64400003);
    assert_int_equal(venus->endpoint.port, 40000);
    assert_int_equal(venus->wire, EL_TUNNEL_FAST);
    assert_int_equal(venus->for_s, 52);
    assert_true(venus->network_count == 2 && venus->networks[1] == 78);
    assert_ptr_equal(el_spoke_peers_find(&peers, venus->key), venus);
    assert_null(el_spoke_peers_find(&peers, nobody));
    char *text = print(&peers);
    assert_string_equal(text, "peer = " LINE "\n");
    free(text);
    assert_int_equal(el_spoke_peers_read(&again, LINE, &err), 0);
    assert_memory_equal(&again.items[0], venus, sizeof *venus);

    /* Nowhere at the moment. */
    assert_int_equal(read_json(JSON_OF(KEY, "100.64.0.3", "", "compact", "77", "0"), &peers), 0);
    assert_int_equal(peers.items[0].endpoint.ip.family, 0);
    text = print(&peers);
    assert_string_equal(text, "peer = venus " KEY " 100.64.0.3 - compact 0 " PSK " 77\n");
    free(text);
}

static void nonsense_in_json(void **state)
{
    static const char *const texts[] = {
        "[7]",
        "[{}]",
        JSON_OF(ZEROS, "100.64.0.3", "", "fast", "77", "52"),
        JSON_OF("x", "100.64.0.3", "", "fast", "77", "52"),
        JSON_OF(KEY, "100.64.0.1", "", "fast", "77", "52"), /* the hub's */
        JSON_OF(KEY, "10.0.0.1", "", "fast", "77", "52"),
        JSON_OF(KEY, "100.128.0.1", "", "fast", "77", "52"),
        JSON_OF(KEY, "fd00::1", "", "fast", "77", "52"),
        JSON_OF(KEY, "100.64.0.3", "\"venus.example\"", "fast", "77", "52"),
        JSON_OF(KEY, "100.64.0.3", "\"203.0.113.7\"", "fast", "77", "52"), /* no port */
        JSON_OF(KEY, "100.64.0.3", "", "standard", "77", "52"),
        JSON_OF(KEY, "100.64.0.3", "", "faster", "77", "52"),
        JSON_OF(KEY, "100.64.0.3", "", "fast", "", "52"),
        JSON_OF(KEY, "100.64.0.3", "", "fast", "77,77", "52"),
        JSON_OF(KEY, "100.64.0.3", "", "fast", "16777216", "52"),
        JSON_OF(KEY, "100.64.0.3", "", "fast", "1,2,3,4,5,6,7,8,9", "52"),
        JSON_OF(KEY, "100.64.0.3", "", "fast", "77", "601"),
        JSON_OF(KEY, "100.64.0.3", "", "fast", "77", "-1"),
    };
    struct el_spoke_peers peers;

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (read_json(texts[i], &peers) >= 0 || peers.count > 0)
            fail_msg("taken: %s", texts[i]);
}

static void nonsense_in_lines(void **state)
{
    static const char *const lines[] = {
        "",
        "venus",
        LINE " ",
        LINE ",",
        LINE ",77",
        " " LINE,
        "venus  " KEY " 100.64.0.3 - fast 52 " PSK " 77",
        "venus " KEY " 100.64.0.3 - fast 52s " PSK " 77",
        "venus " KEY " 100.64.0.3 - fast  " PSK " 77",
        "venus " KEY " 100.64.0.3 - fast 52 " ZEROS " 77",
        "venus " KEY " 100.64.0.3 - fast 52 " PSK " -1",
        "venus " KEY " 100.64.0.3 - fast 18446744073709551617 " PSK " 77",
        "ve/nus " KEY " 100.64.0.3 - fast 52 " PSK " 77",
    };
    struct el_spoke_peers peers = {.count = 0};
    struct el_err err = {""};

    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        if (el_spoke_peers_read(&peers, lines[i], &err) >= 0)
            fail_msg("taken: %s", lines[i]);
    assert_int_equal(peers.count, 0);
}

static void nobody_is_there_twice(void **state)
{
    struct el_spoke_peers peers = {.count = 0};
    struct el_err err = {""};
    char line[256];

    (void)state;
    assert_int_equal(el_spoke_peers_read(&peers, LINE, &err), 0);
    assert_int_equal(el_spoke_peers_read(&peers, LINE, &err), EL_EINVAL);
    assert_int_equal(
        el_spoke_peers_read(&peers, "pluto " OTHER " 100.64.0.3 - fast 52 " PSK " 77", &err),
        EL_EINVAL);
    for (unsigned i = 1; i < EL_SPOKE_PEERS + 1; i++) {
        char key[EL_TUNNEL_KEY_TEXT];
        uint8_t bytes[32] = {1, (uint8_t)i};
        el_tunnel_key_text(bytes, key);
        snprintf(line, sizeof line, "p%u %s 100.64.1.%u - fast 52 " PSK " 77", i, key, i);
        int rc = el_spoke_peers_read(&peers, line, &err);
        assert_int_equal(rc, i < EL_SPOKE_PEERS ? 0 : EL_EINVAL);
    }
}

static void ways_become_a_report(void **state)
{
    struct el_spoke_way ways[EL_SPOKE_PEERS] = {{.key = {1}, .live = true, .used = true},
                                                {.key = {2}, .live = true}};
    char text[EL_AGENT_WAYS_TEXT];
    size_t len;

    (void)state;
    el_agent_ways_text(ways, 2, text);
    assert_string_equal(text, KEY " live used\n" OTHER " live idle\n");
    json_t *json = el_agent_ways_json(text);
    char *as_text = el_json_text(json, &len);
    assert_string_equal(as_text, "{\"peers\":[{\"key\":\"" KEY "\",\"live\":true,\"used\":true},"
                                 "{\"key\":\"" OTHER "\",\"live\":true,\"used\":false}]}");
    free(as_text);
    json_decref(json);
    el_agent_ways_text(ways, EL_SPOKE_PEERS, text);
    json = el_agent_ways_json(text);
    assert_int_equal(json_array_size(json_object_get(json, "peers")), EL_SPOKE_PEERS);
    json_decref(json);
    assert_null(el_agent_ways_json("x"));
    assert_null(el_agent_ways_json(KEY " alive used\n"));
    assert_null(el_agent_ways_json(KEY " live\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_and_lines_say_the_same), cmocka_unit_test(nonsense_in_json),
        cmocka_unit_test(nonsense_in_lines),           cmocka_unit_test(nobody_is_there_twice),
        cmocka_unit_test(ways_become_a_report),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
