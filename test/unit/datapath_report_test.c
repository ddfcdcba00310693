/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is said of a snapshot, whoever has asked. */
#include "base/time.h"
#include "datapath/report.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A tunnel with one peer that is up and one that nobody has heard. */
static char *tell(enum el_writer_form form)
{
    static const uint8_t key[EL_TUNNEL_KEY_BYTES] = {1};
    struct el_report_about about = {.network = "boot",
                                    .vni = 77,
                                    .public_key = key,
                                    .address = el_ip4(0x64400001),
                                    .started_ns = 10 * EL_S};
    struct el_report *report = el_report_new(2);
    struct el_writer *writer = el_writer_new();
    char *text = NULL;

    assert_non_null(report);
    assert_non_null(writer);
    report->peer_count = 2;
    report->peers[0] =
        (struct el_report_peer){.name = "mars",
                                .wire = EL_TUNNEL_COMPACT,
                                .ip = el_ip4(0x64400002),
                                .membership_count = 2,
                                .memberships = {{.vni = 77, .published = true}, {.vni = 78}}};
    report->peers[1] = (struct el_report_peer){
        .name = "venus", .role = EL_FORWARD_DIRECT, .live = true, .ip = el_ip4(0x64400003)};
    report->now_ns = 110 * EL_S;
    report->port_count = 1;
    report->ports[0] =
        (struct el_report_port){.name = "eth1", .vni = 77, .published = true, .down = true};
    report->peers[0].state = (struct el_tunnel_peer_state){
        .up = true,
        .up_since_ns = 20 * EL_S,
        .handshake_ns = 100 * EL_S,
        .keepalive_s = 25,
        .traffic = {.rx_packets = 3, .rx_bytes = 3000, .tx_packets = 4, .tx_bytes = 40},
    };
    report->peers[0].endpoint = (struct el_endpoint){.ip = el_ip4(0xc0000201), .port = 51820};
    report->peers[0].path_mtu = 1500;
    report->counter_count = 3;
    report->counters[0] = (struct el_report_counter){"tunnel", "drop-auth", 0};
    report->counters[1] = (struct el_report_counter){"tunnel", "drop-replay", 2};
    report->counters[2] = (struct el_report_counter){"switch", "drop-storm", 0};
    el_report_write(report, &about, writer);
    assert_true(el_writer_finish(writer, form, &text) > 0);
    el_writer_free(writer);
    free(report);
    return text;
}

static void expect(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("\"%s\" is not in: %s", part, text);
}

static void programs_are_told_all(void **state)
{
    char *text = tell(EL_WRITER_JSON);

    (void)state;
    expect(text, "\"running_for_s\":100,");
    expect(text, "\"ports\":[{\"name\":\"eth1\",\"vni\":77,\"published\":true,\"state\":\"down\",");
    expect(text, "{\"name\":\"mars\",\"up\":true,\"endpoint\":\"192.0.2.1:51820\",");
    expect(text,
           "\"wire\":\"compact\",\"role\":\"member\",\"up_for_s\":90,\"handshake_age_s\":10,"
           "\"received_packets\":3,\"received_bytes\":3000,\"sent_packets\":4,"
           "\"sent_bytes\":40,\"path_mtu\":1500,\"keepalive_s\":25,"
           "\"networks\":[{\"vni\":77,\"published\":true},{\"vni\":78,\"published\":false}]}");
    expect(text, "{\"name\":\"venus\",\"up\":false,\"endpoint\":null,");
    expect(text, "\"role\":\"direct\",\"frames\":\"direct\",");
    expect(text, "\"counters\":{\"tunnel\":{\"drop_auth\":0,\"drop_replay\":2},"
                 "\"switch\":{\"drop_storm\":0}}}");
    free(text);
}

static void people_are_told_what_there_is(void **state)
{
    char *text = tell(EL_WRITER_TEXT);

    (void)state;
    expect(text, "\npeer mars\n  up                yes\n  endpoint          192.0.2.1:51820\n");
    expect(text, "\nport eth1\n  vni        77\n  published  yes\n  state      down\n");
    expect(text, "\n  tunnel\n    drop replay  2\n");
    assert_null(strstr(text, "drop auth"));
    assert_null(strstr(text, "switch"));
    expect(text, "\npeer venus\n  up          no\n");
    assert_null(strstr(strstr(text, "peer venus"), "endpoint"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(programs_are_told_all),
        cmocka_unit_test(people_are_told_what_there_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
