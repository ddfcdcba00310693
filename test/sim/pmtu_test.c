/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Path MTU discovery on a simulated WAN that loses, delays, narrows and widens: how soon the right
 * size is in use, how long a wrong one is, and how many probes that takes.
 */
#include "base/csprng.h"
#include "base/time.h"
#include "overlay/pmtu.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { IDENT = 0x4242, REPLIES = 64 };

struct reply {
    uint64_t at_ns; /* EL_NEVER: free */
    struct el_pmtu_probe probe;
};

/* One peer, the path to it, and what went over it. */
struct wan {
    struct el_pmtu pmtu;
    bool outer6;
    uint64_t now_ns;
    size_t mtu;
    size_t interface_mtu; /* our own interface: EMSGSIZE; 0: no limit */
    bool curt;            /* ... which does not say what it would take */
    uint64_t rtt_ns;
    unsigned loss_percent; /* each way */
    bool answers;
    uint64_t traffic_ns; /* a full packet that often; 0: none */
    uint64_t next_traffic_ns;
    struct reply replies[REPLIES];
    unsigned probes;
    size_t largest_probe;  /* outer */
    uint64_t too_large_ns; /* time with a size in use that does not pass, while there is traffic */
};

/* What the tunnel adds, and to what it pads: WireGuard's form, or those of two el2w. */
static const struct form {
    size_t sealing, padding;
} forms[] = {{32, 16}, {32, 1}, {48, 1}};

static const struct form *form = &forms[0];

static size_t outer_of(const struct wan *wan, size_t inner)
{
    return inner + 8 + form->sealing + (wan->outer6 ? 40 : 20);
}

static bool is_lost(const struct wan *wan)
{
    return el_random_below(100) < wan->loss_percent;
}

static void send_probe(struct wan *wan, const struct el_pmtu_probe *probe)
{
    size_t outer = outer_of(wan, probe->len);

    assert_int_equal(probe->len % form->padding, 0);
    assert_true(probe->len <= EL_PMTU_PROBE_MAX);
    if (wan->interface_mtu && outer > wan->interface_mtu) {
        if (wan->curt)
            el_pmtu_refused(&wan->pmtu, wan->now_ns, outer);
        else
            el_pmtu_too_big(&wan->pmtu, wan->now_ns, wan->interface_mtu);
        return;
    }
    wan->probes++;
    if (outer > wan->largest_probe)
        wan->largest_probe = outer;
    if (!wan->answers || outer > wan->mtu || is_lost(wan) || is_lost(wan))
        return;
    for (unsigned i = 0; i < REPLIES; i++)
        if (wan->replies[i].at_ns == EL_NEVER) {
            wan->replies[i] = (struct reply){wan->now_ns + wan->rtt_ns, *probe};
            return;
        }
    fail_msg("more than %d probes under way", REPLIES);
}

static void send_traffic(struct wan *wan)
{
    size_t inner = el_pmtu_inner_bytes(&wan->pmtu);

    assert_int_equal(inner % form->padding, 0);
    assert_true(outer_of(wan, inner) <= el_pmtu_outer_bytes(&wan->pmtu));
    if (wan->interface_mtu && outer_of(wan, inner) > wan->interface_mtu)
        el_pmtu_too_big(&wan->pmtu, wan->now_ns, wan->interface_mtu);
    el_pmtu_sent(&wan->pmtu, inner);
    if (outer_of(wan, inner) > wan->mtu)
        wan->too_large_ns += wan->traffic_ns;
    wan->next_traffic_ns += wan->traffic_ns;
}

static void run(struct wan *wan, uint64_t for_ns)
{
    uint64_t end_ns = wan->now_ns + for_ns;

    wan->next_traffic_ns = wan->now_ns;
    for (;;) {
        struct el_pmtu_probe probe;
        while (el_pmtu_output(&wan->pmtu, wan->now_ns, &probe))
            send_probe(wan, &probe);
        uint64_t next_ns = el_pmtu_deadline_ns(&wan->pmtu);
        assert_true(next_ns > wan->now_ns); /* no deadline that nothing comes of */
        struct reply *reply = NULL;
        for (unsigned i = 0; i < REPLIES; i++)
            if (wan->replies[i].at_ns < next_ns) {
                reply = &wan->replies[i];
                next_ns = reply->at_ns;
            }
        bool traffic = wan->traffic_ns && wan->next_traffic_ns < next_ns;
        if (traffic)
            next_ns = wan->next_traffic_ns;
        if (next_ns >= end_ns)
            break;
        wan->now_ns = next_ns;
        if (traffic) {
            send_traffic(wan);
        } else if (reply) {
            el_pmtu_input_reply(&wan->pmtu, wan->now_ns, reply->probe.ident, reply->probe.sequence,
                                reply->probe.len);
            reply->at_ns = EL_NEVER;
        }
    }
    wan->now_ns = end_ns;
}

static struct wan new_wan(size_t mtu, bool outer6)
{
    struct wan wan = {.mtu = mtu, .outer6 = outer6, .rtt_ns = 24 * EL_MS, .answers = true};

    for (unsigned i = 0; i < REPLIES; i++)
        wan.replies[i].at_ns = EL_NEVER;
    wan.now_ns = EL_S;
    el_pmtu_init(&wan.pmtu, IDENT, form->sealing, form->padding);
    return wan;
}

static struct wan started(size_t mtu, bool outer6)
{
    struct wan wan = new_wan(mtu, outer6);

    el_pmtu_start(&wan.pmtu, wan.now_ns, outer6);
    return wan;
}

static size_t in_use(const struct wan *wan)
{
    return outer_of(wan, el_pmtu_inner_bytes(&wan->pmtu));
}

static void nothing_without_a_session(void **state)
{
    struct wan wan = new_wan(1500, false);

    (void)state;
    assert_true(el_pmtu_deadline_ns(&wan.pmtu) == EL_NEVER);
    assert_true(in_use(&wan) <= EL_PMTU_BASE);
    wan.traffic_ns = 10 * EL_MS;
    run(&wan, EL_S);
    assert_int_equal(wan.probes, 0);
    el_pmtu_start(&wan.pmtu, wan.now_ns, false);
    run(&wan, EL_S);
    assert_int_equal(in_use(&wan), 1500);
    el_pmtu_stop(&wan.pmtu);
    wan.probes = 0;
    run(&wan, 3600 * EL_S);
    assert_int_equal(wan.probes, 0);
    assert_true(in_use(&wan) <= EL_PMTU_BASE);
}

static void finds_paths(void)
{
    for (int outer6 = 0; outer6 < 2; outer6++)
        for (size_t mtu = 1280; mtu <= 1700; mtu++) {
            struct wan wan = started(mtu, outer6);
            assert_true(in_use(&wan) <= EL_PMTU_BASE);
            /* Whatever passes is in use within a round trip for each size below it ... */
            run(&wan, 11 * wan.rtt_ns);
            size_t found = in_use(&wan);
            assert_true(found <= mtu);
            assert_true(found + 80 + 15 >= (mtu < 1500 ? mtu : 1500));
            if (mtu == 1280 || mtu == 1360 || mtu == 1400 || mtu == 1420 || mtu == 1440 ||
                mtu == 1460 || mtu == 1480 || mtu == 1492 || mtu == 1500 || mtu >= EL_PMTU_MAX)
                assert_true(found + form->padding > (mtu < EL_PMTU_MAX ? mtu : EL_PMTU_MAX));
            /* ... and the rest of the search finds nothing better, costs three probes, and ends. */
            run(&wan, 4 * EL_S);
            assert_int_equal(in_use(&wan), found);
            assert_int_equal(wan.pmtu.state, EL_PMTU_COMPLETE);
            assert_true(wan.probes <= 10 + EL_PMTU_TRIES);
            assert_true(wan.largest_probe <= EL_PMTU_MAX);
        }
}

static void finds_every_path(void **state)
{
    (void)state;
    for (size_t i = sizeof forms / sizeof forms[0]; i-- > 0;) {
        form = &forms[i];
        finds_paths();
    }
}

static void ethernet_and_pppoe_are_used_whole(void **state)
{
    struct wan ethernet = started(1500, false), pppoe = started(1492, false);
    struct wan ethernet6 = started(1500, true);

    (void)state;
    run(&ethernet, EL_S);
    run(&ethernet6, EL_S);
    run(&pppoe, EL_S);
    assert_int_equal(el_pmtu_inner_bytes(&ethernet.pmtu), 1440);
    assert_int_equal(el_pmtu_inner_bytes(&ethernet6.pmtu), 1408); /* 1420, less the padding */
    assert_int_equal(el_pmtu_inner_bytes(&pppoe.pmtu), 1424);     /* 1432, less the padding */
    form = &forms[1];
    pppoe = started(1492, false);
    run(&pppoe, EL_S);
    assert_int_equal(el_pmtu_inner_bytes(&pppoe.pmtu), 1432);
    form = &forms[0];
}

static void idle_path_costs_nothing(void **state)
{
    struct wan wan = started(1500, false);

    (void)state;
    run(&wan, 10 * EL_S);
    wan.probes = 0;
    assert_true(el_pmtu_deadline_ns(&wan.pmtu) == EL_NEVER);
    /* Acknowledgements and keepalives are no reason to ask. */
    assert_false(el_pmtu_sent(&wan.pmtu, 100));
    run(&wan, 86400 * EL_S);
    assert_int_equal(wan.probes, 0);
    /* The first full packet is. */
    assert_true(el_pmtu_sent(&wan.pmtu, 1440));
    assert_false(el_pmtu_sent(&wan.pmtu, 1440));
    run(&wan, EL_S);
    assert_true(wan.probes > 0);
}

static void black_hole_is_left_in_time(void **state)
{
    uint64_t worst_ns = 0;

    (void)state;
    el_random_seed_for_test(2923);
    for (unsigned round = 0; round < 2000; round++) {
        static const size_t narrower[] = {1280, 1300, 1372, 1420, 1480, 1499, 1100, 600};
        struct wan wan = started(1500, round % 2);
        wan.rtt_ns = (1 + el_random_below(600)) * EL_MS;
        wan.traffic_ns = 10 * EL_MS;
        /* At any moment, also while growth is being tried. */
        run(&wan, 20 * EL_S + el_random_below(3000) * EL_MS);
        if (round % 4 == 0)
            run(&wan, 600 * EL_S - 10 * EL_S);
        wan.mtu = narrower[round % 8];
        wan.too_large_ns = 0;
        run(&wan, 60 * EL_S);
        if (wan.too_large_ns > worst_ns)
            worst_ns = wan.too_large_ns;
        assert_true(wan.too_large_ns < 5 * EL_S);
        assert_true(in_use(&wan) <= wan.mtu);
        assert_true(in_use(&wan) + 80 + 15 >= wan.mtu);
    }
    print_message("longest time in a black hole: %u ms\n", (unsigned)(worst_ns / EL_MS));
}

static void growth_is_found(void **state)
{
    struct wan wan = started(1400, false);

    (void)state;
    wan.traffic_ns = 100 * EL_MS;
    run(&wan, 60 * EL_S);
    assert_true(in_use(&wan) <= 1400);
    wan.mtu = 1500;
    run(&wan, 500 * EL_S);
    assert_true(in_use(&wan) <= 1400);
    run(&wan, 60 * EL_S);
    assert_int_equal(in_use(&wan), 1500);
    /* Nothing to gain any more but jumbo frames: three probes in ten minutes, besides the
     * confirmations. */
    wan.probes = 0;
    run(&wan, 600 * EL_S);
    assert_in_range(wan.probes, 350, 405);
    assert_int_equal(wan.too_large_ns, 0);
}

/* An hour of full traffic. What is lost by chance must neither keep the path small nor stop the
 * search for good. */
static void loss_is_no_black_hole(void **state)
{
    struct wan wan = started(1500, false);
    unsigned seconds_at_full_size = 0;

    (void)state;
    el_random_seed_for_test(5);
    wan.loss_percent = 5;
    wan.traffic_ns = 20 * EL_MS;
    run(&wan, 20 * EL_S);
    assert_int_equal(in_use(&wan), 1500);
    for (unsigned sample = 0; sample < 3600; sample++) {
        run(&wan, EL_S);
        seconds_at_full_size += in_use(&wan) == 1500;
    }
    assert_true(seconds_at_full_size > 3600 * 99 / 100);
    assert_int_equal(wan.too_large_ns, 0);
}

static void own_interface_is_believed_at_once(void **state)
{
    struct wan wan = started(1500, false);

    (void)state;
    wan.interface_mtu = 1470;
    wan.traffic_ns = 10 * EL_MS;
    run(&wan, 9 * wan.rtt_ns);
    assert_int_equal(wan.pmtu.state, EL_PMTU_COMPLETE);     /* no three seconds of silence */
    assert_int_equal(el_pmtu_outer_bytes(&wan.pmtu), 1470); /* to the byte, which no table has */
    assert_true(wan.largest_probe <= 1470);

    /* It may shrink below what the Internet guarantees ... */
    wan.interface_mtu = 1200;
    run(&wan, EL_S);
    assert_true(in_use(&wan) <= 1200 && in_use(&wan) + 16 > 1200);
    /* ... but not to nothing. */
    el_pmtu_too_big(&wan.pmtu, wan.now_ns, 0);
    assert_int_equal(el_pmtu_outer_bytes(&wan.pmtu), EL_PMTU_MIN);
    /* And grow again, in time. */
    wan.interface_mtu = 0;
    run(&wan, 620 * EL_S);
    assert_int_equal(in_use(&wan), 1500);

    /* One that only says no is asked step by step, without a packet or a second lost. */
    wan = started(1500, false);
    wan.interface_mtu = 1500;
    wan.curt = true;
    run(&wan, 11 * wan.rtt_ns);
    assert_int_equal(wan.pmtu.state, EL_PMTU_COMPLETE);
    assert_int_equal(in_use(&wan), 1500);
    assert_true(wan.probes <= 10);

    /* An interface that is narrow from the start. */
    wan = started(1500, true);
    wan.interface_mtu = 1200;
    run(&wan, EL_S);
    assert_int_equal(wan.pmtu.state, EL_PMTU_COMPLETE);
    assert_int_equal(el_pmtu_outer_bytes(&wan.pmtu), 1200);
    assert_true(wan.largest_probe <= 1200);
}

static void path_below_1280_is_survived(void **state)
{
    struct wan wan = started(1100, false);

    (void)state;
    wan.traffic_ns = 10 * EL_MS;
    run(&wan, 12 * EL_S);
    assert_true(in_use(&wan) <= 1024 && in_use(&wan) + 16 > 1024);
    assert_true(wan.too_large_ns < 5 * EL_S);

    /* Also when it becomes that narrow later. */
    wan = started(1500, false);
    wan.traffic_ns = 10 * EL_MS;
    run(&wan, 10 * EL_S);
    wan.mtu = 700;
    run(&wan, 20 * EL_S);
    assert_true(in_use(&wan) <= 700);
    assert_true(wan.too_large_ns < 5 * EL_S);
    /* And narrower again: what was less than EL_PMTU_BASE is no ground to stand on. */
    wan.mtu = 1100;
    run(&wan, 620 * EL_S);
    assert_true(in_use(&wan) <= 1024 && in_use(&wan) + 16 > 1024);
    wan.mtu = 600;
    wan.too_large_ns = 0;
    run(&wan, 20 * EL_S);
    assert_true(in_use(&wan) <= EL_PMTU_MIN);
    assert_true(wan.too_large_ns < 5 * EL_S);
    wan.mtu = 1500;
    run(&wan, 620 * EL_S);
    assert_int_equal(in_use(&wan), 1500);
}

static void silent_peer_is_left_alone(void **state)
{
    struct wan wan = started(1500, false);

    (void)state;
    wan.answers = false;
    run(&wan, 10 * EL_S);
    assert_int_equal(wan.probes, 2 * EL_PMTU_TRIES);
    assert_int_equal(el_pmtu_outer_bytes(&wan.pmtu), EL_PMTU_BASE);
    assert_true(el_pmtu_deadline_ns(&wan.pmtu) == EL_NEVER);
    /* Under traffic it is asked again now and then, at most six small packets a minute. */
    wan.traffic_ns = 10 * EL_MS;
    wan.probes = 0;
    run(&wan, 600 * EL_S);
    assert_in_range(wan.probes, 30, 60);
    assert_true(wan.largest_probe <= EL_PMTU_BASE);
    assert_int_equal(el_pmtu_outer_bytes(&wan.pmtu), EL_PMTU_BASE);
    /* Not without. */
    wan.traffic_ns = 0;
    run(&wan, 60 * EL_S);
    wan.probes = 0;
    run(&wan, 86400 * EL_S);
    assert_int_equal(wan.probes, 0);
    wan.traffic_ns = 10 * EL_MS;
    wan.answers = true;
    run(&wan, 70 * EL_S);
    assert_int_equal(in_use(&wan), 1500);
}

/* A black hole of all sizes is none: the smallest is in use as long as that is not known. */
static void peer_that_falls_silent_keeps_the_base(void **state)
{
    struct wan wan = started(1500, false);

    (void)state;
    wan.traffic_ns = 10 * EL_MS;
    run(&wan, 10 * EL_S);
    wan.answers = false;
    run(&wan, 5 * EL_S);
    assert_int_equal(el_pmtu_outer_bytes(&wan.pmtu), EL_PMTU_MIN);
    run(&wan, 6 * EL_S);
    assert_int_equal(el_pmtu_outer_bytes(&wan.pmtu), EL_PMTU_BASE);
    wan.answers = true;
    run(&wan, 70 * EL_S);
    assert_int_equal(in_use(&wan), 1500);

    /* Or what was less. */
    wan.mtu = 1100;
    run(&wan, 20 * EL_S);
    wan.answers = false;
    run(&wan, 20 * EL_S);
    assert_int_equal(el_pmtu_outer_bytes(&wan.pmtu), 1024);
}

static void roaming_starts_over(void **state)
{
    struct wan wan = started(1500, false);

    (void)state;
    run(&wan, 5 * EL_S);
    assert_int_equal(in_use(&wan), 1500);
    wan.mtu = 1360;
    wan.outer6 = true;
    el_pmtu_start(&wan.pmtu, wan.now_ns, true);
    assert_true(in_use(&wan) <= EL_PMTU_BASE);
    run(&wan, 5 * EL_S);
    assert_int_equal(in_use(&wan), 1360);
}

/* An endpoint that changes with every packet, as a man in the middle may have it. */
static void flapping_endpoint_is_no_amplifier(void **state)
{
    struct wan wan = started(1500, false);

    (void)state;
    wan.answers = false;
    for (unsigned n = 0; n < 10000; n++) {
        run(&wan, EL_MS);
        el_pmtu_start(&wan.pmtu, wan.now_ns, false);
    }
    assert_in_range(wan.probes, 9, 11);
    wan.answers = true;
    run(&wan, 2 * EL_S);
    assert_int_equal(in_use(&wan), 1500);
}

static void only_the_right_answer_counts(void **state)
{
    struct wan wan = new_wan(1500, false);
    struct el_pmtu_probe probe[EL_PMTU_TRIES], none;

    (void)state;
    el_pmtu_start(&wan.pmtu, 0, false);
    assert_true(el_pmtu_output(&wan.pmtu, 0, &probe[0]));
    assert_false(el_pmtu_output(&wan.pmtu, EL_S - 1, &none));
    assert_true(el_pmtu_output(&wan.pmtu, EL_S, &probe[1]));
    uint16_t sequence = probe[0].sequence;
    assert_false(el_pmtu_input_reply(&wan.pmtu, EL_S, IDENT + 1, sequence, probe[0].len));
    assert_false(el_pmtu_input_reply(&wan.pmtu, EL_S, IDENT, sequence - 1, probe[0].len));
    assert_false(el_pmtu_input_reply(&wan.pmtu, EL_S, IDENT, sequence + 2, probe[0].len));
    assert_false(el_pmtu_input_reply(&wan.pmtu, EL_S, IDENT, sequence, probe[0].len - 16));
    assert_int_equal(wan.pmtu.state, EL_PMTU_BASING);
    /* A path of 2.9 s: the answer to the first comes after the third. */
    assert_true(el_pmtu_output(&wan.pmtu, 2 * EL_S, &probe[2]));
    assert_true(el_pmtu_input_reply(&wan.pmtu, 2900 * EL_MS, IDENT, sequence, probe[0].len));
    assert_int_equal(wan.pmtu.state, EL_PMTU_SEARCHING);
    /* A question is answered once. */
    assert_false(el_pmtu_input_reply(&wan.pmtu, 2900 * EL_MS, IDENT, sequence, probe[0].len));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_without_a_session),
        cmocka_unit_test(finds_every_path),
        cmocka_unit_test(ethernet_and_pppoe_are_used_whole),
        cmocka_unit_test(idle_path_costs_nothing),
        cmocka_unit_test(black_hole_is_left_in_time),
        cmocka_unit_test(growth_is_found),
        cmocka_unit_test(loss_is_no_black_hole),
        cmocka_unit_test(own_interface_is_believed_at_once),
        cmocka_unit_test(path_below_1280_is_survived),
        cmocka_unit_test(silent_peer_is_left_alone),
        cmocka_unit_test(peer_that_falls_silent_keeps_the_base),
        cmocka_unit_test(roaming_starts_over),
        cmocka_unit_test(flapping_endpoint_is_no_amplifier),
        cmocka_unit_test(only_the_right_answer_counts),
    };

    return cmocka_run_group_tests_name("pmtu", tests, NULL, NULL);
}
