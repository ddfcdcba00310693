/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What becomes of news: steps, more of the same, what is told onward, and that it is bounded. */
#include "timeline_world.h"

#include <stdio.h>

static void discover(unsigned number)
{
    TELL(.kind = EL_TIMELINE_DISCOVER, .mac = machine(number), .client = EL_TIMELINE_FIRMWARE,
         .text = "PXE x64-uefi");
}

static void take(unsigned number)
{
    discover(number);
    TELL(.kind = EL_TIMELINE_ACK, .mac = machine(number), .client = EL_TIMELINE_FIRMWARE,
         .ip = el_ip4(0x0a000000 + number));
}

/* What is told onward now. */
static unsigned told(struct el_timeline_step *last)
{
    const struct el_timeline_step *step;
    unsigned count = 0;

    while ((step = el_timeline_due(timeline, now_ns))) {
        if (last)
            *last = *step;
        el_timeline_told(timeline);
        count++;
    }
    return count;
}

static void again_is_not_another_step(void **state)
{
    const struct el_timeline_step *steps[EL_TIMELINE_STEPS];

    (void)state;
    begin(0);
    for (unsigned i = 0; i < 4; i++) {
        discover(1);
        TELL(.kind = EL_TIMELINE_OFFER, .ip = el_ip4(0x0a000001), .text = "10.0.0.1");
        now_ns += 4 * EL_S;
    }
    assert_int_equal(steps_of(1, steps), 2);
    assert_int_equal(steps[0]->kind, EL_TIMELINE_DISCOVER);
    assert_int_equal(steps[0]->count, 4);
    assert_int_equal(steps[0]->last_ms - steps[0]->began_ms, 12000);
    assert_int_equal(steps[1]->count, 4);
    end();
}

static void another_start_begins_anew(void **state)
{
    const struct el_timeline_step *steps[EL_TIMELINE_STEPS];

    (void)state;
    begin(0);
    take(1);
    take(1);
    assert_int_equal(steps_of(1, steps), 4);
    assert_int_equal(steps[0]->boot, 1);
    assert_int_equal(steps[2]->boot, 2);
    assert_int_equal(steps[3]->id, 4);
    end();
}

static void load(uint64_t done)
{
    TELL(.kind = EL_TIMELINE_KERNEL, .text = "debian/linux", .state = EL_TIMELINE_RUNNING,
         .is_new = done == 0, .done = done, .total = 100000);
}

static void progress_is_one_step(void **state)
{
    const struct el_timeline_step *steps[EL_TIMELINE_STEPS];
    struct el_timeline_step last;
    char line[EL_TIMELINE_LINE];

    (void)state;
    begin(0);
    load(0);
    assert_int_equal(told(NULL), 1);
    for (uint64_t done = 1000; done <= 34000; done += 1000)
        load(done);
    assert_int_equal(told(NULL), 0); /* not yet: a second has not passed */
    now_ns += EL_S;
    assert_int_equal(told(&last), 1);
    assert_int_equal(last.id, 1);
    assert_string_equal(el_timeline_words(&last, line), "debian/linux 34 % of 100 kB");
    TELL(.kind = EL_TIMELINE_KERNEL, .text = "debian/linux", .state = EL_TIMELINE_DONE,
         .done = 100000, .total = 100000);
    assert_int_equal(told(&last), 1); /* an end is told at once */
    assert_string_equal(el_timeline_words(&last, line), "debian/linux, 100 kB");
    load(34000); /* too late */
    assert_int_equal(steps_of(1, steps), 1);
    assert_int_equal(steps[0]->state, EL_TIMELINE_DONE);
    end();
}

static void a_question_for_the_size_is_no_attempt(void **state)
{
    const struct el_timeline_step *steps[EL_TIMELINE_STEPS];
    struct el_timeline_news news = {.kind = EL_TIMELINE_LOADER,
                                    .text = "snponly.efi",
                                    .state = EL_TIMELINE_RUNNING,
                                    .is_new = true,
                                    .total = 1000};

    (void)state;
    begin(0);
    tell(news);
    TELL(.kind = EL_TIMELINE_LOADER, .text = "snponly.efi", .state = EL_TIMELINE_PROBED,
         .total = 1000);
    tell(news);
    assert_int_equal(steps_of(1, steps), 1);
    assert_int_equal(steps[0]->count, 1);
    assert_int_equal(steps[0]->state, EL_TIMELINE_RUNNING);
    tell(news);
    assert_int_equal(steps[0]->count, 2);
    end();
}

static void renewals_are_silent(void **state)
{
    struct el_ip ip = el_ip4(0x0a000001);

    (void)state;
    begin(0);
    TELL(.kind = EL_TIMELINE_ACK, .ip = ip, .text = "10.0.0.1");
    assert_int_equal(told(NULL), 1);
    for (unsigned i = 0; i < 10; i++) {
        now_ns += 1800 * EL_S;
        TELL(.kind = EL_TIMELINE_ACK, .ip = ip, .text = "10.0.0.1");
        assert_int_equal(told(NULL), 0);
    }
    end();
}

static void an_address_is_its_last_holders(void **state)
{
    struct el_ip ip = el_ip4(0x0a000001), other = el_ip4(0x0a000002);
    struct el_mac mac, first = machine(1), second = machine(2);

    (void)state;
    begin(0);
    assert_int_equal(el_timeline_mac_of(timeline, &ip, &mac), EL_ENOENT);
    TELL(.kind = EL_TIMELINE_ACK, .mac = first, .ip = ip);
    assert_int_equal(el_timeline_mac_of(timeline, &ip, &mac), 0);
    assert_true(el_mac_equal(&mac, &first));
    TELL(.kind = EL_TIMELINE_ACK, .mac = second, .ip = ip);
    assert_int_equal(el_timeline_mac_of(timeline, &ip, &mac), 0);
    assert_true(el_mac_equal(&mac, &second));
    TELL(.kind = EL_TIMELINE_ACK, .mac = second, .ip = other);
    assert_int_equal(el_timeline_mac_of(timeline, &ip, &mac), EL_ENOENT);
    assert_int_equal(el_timeline_mac_of(timeline, &other, &mac), 0);
    end();
}

static void strangers_make_room_first(void **state)
{
    const struct el_timeline_step *steps[EL_TIMELINE_STEPS];

    (void)state;
    begin(8);
    for (unsigned i = 1; i <= 4; i++)
        take(i);
    for (unsigned i = 100; i < 1100; i++)
        discover(i);
    for (unsigned i = 1; i <= 4; i++)
        assert_int_equal(steps_of(i, steps), 2);
    assert_int_equal(steps_of(1099, steps), 1);
    assert_int_equal(steps_of(1000, steps), 0);
    /* Where all have had an address, whoever was silent for longest. */
    for (unsigned i = 5; i <= 9; i++)
        take(i);
    assert_int_equal(steps_of(1, steps), 0);
    assert_int_equal(steps_of(2, steps), 2);
    end();
}

static void a_flood_is_told_slowly_and_whole(void **state)
{
    (void)state;
    begin(0);
    for (unsigned i = 1; i <= 1000; i++)
        take(i); /* 2000 steps */
    unsigned at_once = told(NULL);
    assert_int_equal(at_once, EL_TIMELINE_BURST);
    assert_true(el_timeline_deadline(timeline) > now_ns);
    unsigned rest = 0, seconds = 0;
    while (rest < 1000 && seconds++ < 60) {
        now_ns += EL_S;
        unsigned count = told(NULL);
        assert_true(count <= EL_TIMELINE_PER_S);
        rest += count;
    }
    assert_int_equal(rest, 1000);
    assert_int_equal(told(NULL), 0);
    end();
}

static void a_machine_is_bounded(void **state)
{
    const struct el_timeline_step *steps[EL_TIMELINE_STEPS];
    char name[32];

    (void)state;
    begin(0);
    for (unsigned i = 0; i < 500; i++) {
        snprintf(name, sizeof name, "step-%u", i);
        TELL(.kind = EL_TIMELINE_REPORT, .text = name);
    }
    assert_int_equal(steps_of(1, steps), EL_TIMELINE_STEPS);
    assert_string_equal(steps[EL_TIMELINE_STEPS - 1]->text, "step-499");
    assert_int_equal(told(NULL), EL_TIMELINE_STEPS);
    end();
}

static void text_is_one_plain_line(void **state)
{
    const struct el_timeline_step *steps[EL_TIMELINE_STEPS];
    char longest[1000];

    (void)state;
    begin(0);
    TELL(.kind = EL_TIMELINE_REPORT, .text = "a\nb\033[2Jc\x7f\xc3\xa9");
    memset(longest, 'x', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    TELL(.kind = EL_TIMELINE_REPORT, .text = longest);
    assert_int_equal(steps_of(1, steps), 2);
    assert_string_equal(steps[0]->text, "a?b?[2Jc???");
    assert_int_equal(strlen(steps[1]->text), EL_TIMELINE_TEXT - 1);
    end();
}

static void all_is_told_again(void **state)
{
    (void)state;
    begin(0);
    take(1);
    take(2);
    assert_int_equal(told(NULL), 4);
    el_timeline_tell_again(timeline, now_ns);
    assert_int_equal(told(NULL), 4);
    assert_int_equal(told(NULL), 0);
    end();
}

/* -- the side that shows -- */

static void what_is_kept_is_replaced_by_more_of_it(void **state)
{
    const struct el_timeline_step *steps[EL_TIMELINE_STEPS];
    struct el_timeline_step step = {
        .vni = VNI, .mac = machine(1), .id = 7, .kind = EL_TIMELINE_KERNEL, .count = 1};

    (void)state;
    begin(0);
    const struct el_timeline_step *kept = el_timeline_keep(timeline, 1, &step);
    assert_non_null(kept);
    assert_int_equal(kept->id, 1);
    step.done = 50;
    assert_int_equal(el_timeline_keep(timeline, 1, &step)->id, 1);
    assert_int_equal(steps_of(1, steps), 1);
    assert_int_equal(steps[0]->done, 50);
    /* Another life of the boot service counts from the beginning. */
    assert_int_equal(el_timeline_keep(timeline, 2, &step)->id, 2);
    /* Another network is another machine. */
    step.vni = VNI + 1;
    assert_int_equal(el_timeline_keep(timeline, 1, &step)->id, 1);
    assert_int_equal(steps_of(1, steps), 2);
    assert_int_equal(el_timeline_deadline(timeline), EL_NEVER);
    struct el_mac mac = machine(1), nobody = machine(2);
    assert_int_equal(el_timeline_last(timeline, VNI, &mac)->id, 2);
    assert_null(el_timeline_last(timeline, VNI, &nobody));
    end();
}

static void names_have_a_way_back(void **state)
{
    enum el_timeline_kind kind;
    enum el_timeline_state s;

    (void)state;
    for (int i = 0; i < EL_TIMELINE_KINDS; i++) {
        assert_int_equal(
            el_timeline_kind_parse(el_timeline_kind_name((enum el_timeline_kind)i), &kind), 0);
        assert_int_equal(kind, i);
        assert_true(strlen(el_timeline_label(kind)) < EL_TIMELINE_LABEL);
    }
    for (int i = 0; i < EL_TIMELINE_STATES; i++) {
        assert_int_equal(
            el_timeline_state_parse(el_timeline_state_name((enum el_timeline_state)i), &s), 0);
        assert_int_equal(s, i);
    }
    assert_int_equal(el_timeline_kind_parse("no such", &kind), EL_ENOENT);
    assert_int_equal(el_timeline_state_parse("", &s), EL_ENOENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(again_is_not_another_step),
        cmocka_unit_test(another_start_begins_anew),
        cmocka_unit_test(progress_is_one_step),
        cmocka_unit_test(a_question_for_the_size_is_no_attempt),
        cmocka_unit_test(renewals_are_silent),
        cmocka_unit_test(an_address_is_its_last_holders),
        cmocka_unit_test(strangers_make_room_first),
        cmocka_unit_test(a_flood_is_told_slowly_and_whole),
        cmocka_unit_test(a_machine_is_bounded),
        cmocka_unit_test(text_is_one_plain_line),
        cmocka_unit_test(all_is_told_again),
        cmocka_unit_test(what_is_kept_is_replaced_by_more_of_it),
        cmocka_unit_test(names_have_a_way_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
