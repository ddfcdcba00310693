/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Marks of congestion on their way out of the tunnel: RFC 6040's own table, and frames. */
#include "base/err.h"
#include "frame/csum.h"
#include "frame/ecn.h"
#include "unit/frame_sample.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { NOT_ECT = 0, ECT1 = 1, ECT0 = 2, CE = 3, DROP = EL_EPROTO };

/* RFC 6040 §4.2, figure 4, row by row as it stands there. */
static const struct {
    uint8_t inner;
    int when_not_ect, when_ect0, when_ect1, when_ce;
} figure4[] = {
    {NOT_ECT, NOT_ECT, NOT_ECT, NOT_ECT, DROP},
    {ECT0, ECT0, ECT0, ECT1, CE},
    {ECT1, ECT1, ECT1, ECT1, CE},
    {CE, CE, CE, CE, CE},
};

static void the_table_of_the_rfc(void **state)
{
    (void)state;
    for (size_t i = 0; i < 4; i++)
        for (unsigned dscp = 0; dscp < 256; dscp += 4) { /* which has no part in it */
            uint8_t inner = (uint8_t)(figure4[i].inner | dscp), other = (uint8_t)(0xfc ^ dscp);

            assert_int_equal(el_ecn_decap(inner, other | NOT_ECT), figure4[i].when_not_ect);
            assert_int_equal(el_ecn_decap(inner, other | ECT0), figure4[i].when_ect0);
            assert_int_equal(el_ecn_decap(inner, other | ECT1), figure4[i].when_ect1);
            assert_int_equal(el_ecn_decap(inner, other | CE), figure4[i].when_ce);
        }
}

static void frames_are_marked(void **state)
{
    static const uint8_t payload[32] = "x";
    uint8_t frame[200], want[200];

    (void)state;
    for (unsigned kind = 0; kind < 12; kind++)
        for (unsigned tos = 0; tos < 256; tos++)
            for (uint8_t outer = 0; outer < 4; outer++) {
                struct sample s = {.ip6 = kind & 1,
                                   .udp = kind & 2,
                                   .tags = kind / 4,
                                   .ttl = 64,
                                   .tos = (uint8_t)tos,
                                   .payload = payload,
                                   .payload_len = sizeof payload};
                size_t len = sample_build(frame, &s);
                struct el_layers layers, again;

                assert_int_equal(el_layers_read(frame, len, &layers), 0);
                assert_int_equal(el_layers_tos(&layers), tos);
                int ecn = el_ecn_decap((uint8_t)tos, outer);
                assert_int_equal(el_ecn_decap_frame(frame, &layers, outer), ecn < 0 ? ecn : 0);
                s.tos = ecn < 0 ? s.tos : (uint8_t)((tos & 0xfc) | (unsigned)ecn);
                sample_build(want, &s);
                assert_memory_equal(frame, want, len);
                assert_int_equal(el_layers_read(frame, len, &again), 0);
                assert_int_equal(el_layers_tos(&layers), el_layers_tos(&again));
                if (!s.ip6)
                    assert_int_equal(layers.ip4.csum, again.ip4.csum);
            }
}

/* What has no place for a mark loses nothing by one. */
static void other_frames_pass(void **state)
{
    uint8_t arp[60] = {[12] = 0x08, 0x06}, broken[20] = {[12] = 0x08, 0x00, 0x45, 0x00};
    struct el_layers layers;

    (void)state;
    assert_int_equal(el_layers_read(arp, sizeof arp, &layers), 0);
    assert_int_equal(el_layers_tos(&layers), 0);
    assert_int_equal(el_ecn_decap_frame(arp, &layers, CE), 0);
    assert_int_equal(el_layers_read(broken, sizeof broken, &layers), EL_EPROTO);
    assert_int_equal(el_layers_tos(&layers), 0);
    assert_int_equal(el_ecn_decap_frame(broken, &layers, CE), 0);
    assert_int_equal(broken[15], 0);
}

static void headers_are_marked(void **state)
{
    uint8_t ip[20] = {0x45, 0xb8, 0,  20, 0x12, 0x34, 0x20, 0, 64, 17,
                      0,    0,    10, 1,  2,    3,    10,   4, 5,  6};

    (void)state;
    sample_put(ip + 10, ~sample_sum(0, ip, sizeof ip) & 0xffff, 2);
    for (unsigned ecn = 0; ecn < 4; ecn++) {
        el_ecn_set4(ip, (enum el_ecn)ecn);
        assert_int_equal(ip[1], 0xb8 | ecn);
        assert_true(el_ip4_csum_ok(ip, sizeof ip));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_of_the_rfc),
        cmocka_unit_test(frames_are_marked),
        cmocka_unit_test(other_frames_pass),
        cmocka_unit_test(headers_are_marked),
    };

    return cmocka_run_group_tests_name("ecn", tests, NULL, NULL);
}
