/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a machine gets when it starts, over whole lives: installed once, failed twice and stopped,
 * started otherwise once, and all of it over a crash at any moment. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "boot/boot_entry.h"
#include "boot/lives.h"

/* -- a machine, and what is wanted of it -- */

static const struct el_mac mac = {{0x52, 0x54, 0, 0x12, 0x34, 0x56}};
static const char uuid[] = "4c4c4544-0044-4410-8054-b4c04f565931";

static struct el_life_intent with_profile(void)
{
    return (struct el_life_intent){.known = true, .profile = "web", .tells = true};
}

static struct el_life_event event_of(enum el_life_event_kind kind, const char *text)
{
    static int64_t now_s = 1000;

    return (struct el_life_event){.kind = kind, .now_s = ++now_s, .text = text};
}

static struct el_life_event visit_of(uint64_t boot)
{
    struct el_life_event event = event_of(EL_LIFE_VISIT, NULL);

    event.boot = boot;
    event.uuid = uuid;
    event.platform = EL_BOOT_BIOS;
    event.arch = EL_BOOT_X86_64;
    snprintf(event.fresh_token, sizeof event.fresh_token, "token%llu", (unsigned long long)boot);
    return event;
}

/* -- a store that is a disk, and may fail -- */

enum { DISK = 8 };

struct disk {
    struct el_life rows[DISK];
    unsigned count, puts;
    unsigned fails_at; /* the put of this number; 0: none */
    bool after;        /* it fails after it has been written: the crash came before the answer */
};

static int disk_put(void *arg, const struct el_life *life, bool remove, struct el_err *err)
{
    struct disk *disk = arg;
    bool fails = ++disk->puts == disk->fails_at;
    unsigned i = 0;

    if (fails && !disk->after)
        return el_err(err, EL_EIO, "no space left on the disk");
    while (i < disk->count && !el_mac_equal(&disk->rows[i].mac, &life->mac))
        i++;
    assert_true(i < DISK);
    if (!remove) {
        disk->rows[i] = *life;
        disk->count += i == disk->count;
    } else if (i < disk->count) {
        disk->rows[i] = disk->rows[--disk->count];
    }
    return fails ? el_err(err, EL_EIO, "and then the power went") : 0;
}

static int disk_load(void *arg, void (*each)(void *each_arg, const struct el_life *life),
                     void *each_arg, struct el_err *err)
{
    struct disk *disk = arg;

    (void)err;
    for (unsigned i = 0; i < disk->count; i++)
        each(each_arg, &disk->rows[i]);
    return 0;
}

static struct el_lives *open_lives(struct disk *disk)
{
    struct el_lives_config config = {.store = {disk_put, disk_load, disk}};
    struct el_lives *lives;

    assert_int_equal(el_lives_new(&config, &lives, NULL), 0);
    return lives;
}

/* -- lives -- */

static int happens(struct el_lives *lives, const struct el_life_intent *intent,
                   const struct el_life_event *event, struct el_life_decision *decision)
{
    struct el_err err = {""};

    return el_lives_event(lives, &mac, intent, event, decision, &err);
}

static struct el_life_decision visits(struct el_lives *lives, const struct el_life_intent *intent,
                                      uint64_t boot)
{
    struct el_life_event event = visit_of(boot);
    struct el_life_decision decision;

    assert_int_equal(happens(lives, intent, &event, &decision), 0);
    return decision;
}

static void tells(struct el_lives *lives, const struct el_life_intent *intent,
                  enum el_life_event_kind kind, const char *text)
{
    struct el_life_event event = event_of(kind, text);

    assert_int_equal(happens(lives, intent, &event, NULL), 0);
}

#define assert_gets(lives, intent, boot, what) \
    assert_int_equal(visits((lives), (intent), (boot)).kind, (what))
#define assert_is(lives, what) assert_int_equal(el_lives_find((lives), &mac)->state, (what))

static void test_an_installation_is_made_once(void **state)
{
    struct disk disk = {.count = 0};
    struct el_lives *lives = open_lives(&disk);
    struct el_life_intent nothing = {.known = false}, intent = with_profile();

    (void)state;
    assert_gets(lives, &nothing, 1, EL_LIFE_GETS_MENU);
    assert_is(lives, EL_LIFE_DISCOVERED);
    tells(lives, &(struct el_life_intent){.known = true}, EL_LIFE_INTENT, NULL);
    assert_is(lives, EL_LIFE_KNOWN);
    tells(lives, &intent, EL_LIFE_INTENT, NULL);
    assert_is(lives, EL_LIFE_ASSIGNED);
    assert_gets(lives, &intent, 2, EL_LIFE_GETS_INSTALLER);
    assert_is(lives, EL_LIFE_INSTALLING);
    assert_ptr_equal(el_lives_by_token(lives, "token2"), el_lives_find(lives, &mac));
    /* Its answer was lost. */
    assert_gets(lives, &intent, 2, EL_LIFE_GETS_INSTALLER);
    assert_int_equal(el_lives_find(lives, &mac)->attempts, 1);
    tells(lives, &intent, EL_LIFE_STEP_TOLD, "partitions");
    tells(lives, &intent, EL_LIFE_DONE, NULL);
    assert_is(lives, EL_LIFE_INSTALLED);
    for (uint64_t boot = 3; boot < 20; boot++)
        assert_gets(lives, &intent, boot, EL_LIFE_GETS_LOCAL);
    /* Not by another profile either, nor by none. */
    intent.profile = "db";
    assert_gets(lives, &intent, 20, EL_LIFE_GETS_LOCAL);
    assert_gets(lives, &nothing, 21, EL_LIFE_GETS_LOCAL);
    intent.reinstall = 7;
    assert_gets(lives, &intent, 22, EL_LIFE_GETS_INSTALLER);
    tells(lives, &intent, EL_LIFE_DONE, NULL);
    assert_gets(lives, &intent, 23, EL_LIFE_GETS_LOCAL);
    el_lives_free(lives);
}

static void test_it_stops_after_two_failures_and_says_where(void **state)
{
    struct disk disk = {.count = 0};
    struct el_lives *lives = open_lives(&disk);
    struct el_life_intent intent = with_profile();

    (void)state;
    assert_gets(lives, &intent, 1, EL_LIFE_GETS_INSTALLER);
    tells(lives, &intent, EL_LIFE_STEP_TOLD, "Partition disks");
    assert_gets(lives, &intent, 2, EL_LIFE_GETS_INSTALLER);
    assert_non_null(strstr(el_lives_find(lives, &mac)->why, "-artition-disks"));
    assert_null(el_lives_by_token(lives, "token1"));
    tells(lives, &intent, EL_LIFE_STEP_TOLD, "base-system");
    tells(lives, &intent, EL_LIFE_FAILURE, "no \"space\"\n");
    assert_is(lives, EL_LIFE_FAILED);
    assert_string_equal(el_lives_find(lives, &mac)->why,
                        "no \"space\"?; its last step: base-system");
    for (uint64_t boot = 3; boot < 20; boot++)
        assert_gets(lives, &intent, boot, EL_LIFE_GETS_MENU);
    intent.failed_local = true;
    assert_gets(lives, &intent, 20, EL_LIFE_GETS_LOCAL);
    intent.reinstall = 9;
    assert_gets(lives, &intent, 21, EL_LIFE_GETS_INSTALLER);
    assert_int_equal(el_lives_find(lives, &mac)->attempts, 1);
    el_lives_free(lives);
}

static void test_another_profile_is_another_try(void **state)
{
    struct disk disk = {.count = 0};
    struct el_lives *lives = open_lives(&disk);
    struct el_life_intent intent = with_profile();

    (void)state;
    assert_gets(lives, &intent, 1, EL_LIFE_GETS_INSTALLER);
    assert_gets(lives, &intent, 2, EL_LIFE_GETS_INSTALLER);
    assert_gets(lives, &intent, 3, EL_LIFE_GETS_MENU);
    assert_is(lives, EL_LIFE_FAILED);
    tells(lives, &intent, EL_LIFE_INTENT, NULL);
    assert_is(lives, EL_LIFE_FAILED);
    intent.profile = "db";
    tells(lives, &intent, EL_LIFE_INTENT, NULL);
    assert_is(lives, EL_LIFE_ASSIGNED);
    assert_gets(lives, &intent, 4, EL_LIFE_GETS_INSTALLER);
    assert_string_equal(el_lives_find(lives, &mac)->profile, "db");
    el_lives_free(lives);
}

/* Nobody says anything: what it asks DHCP is what there is to judge by. */
static void test_who_says_nothing_is_judged(void **state)
{
    struct disk disk = {.count = 0};
    struct el_lives *lives = open_lives(&disk);
    struct el_life_intent intent = with_profile();

    (void)state;
    intent.tells = false;
    assert_gets(lives, &intent, 1, EL_LIFE_GETS_INSTALLER);
    tells(lives, &intent, EL_LIFE_FETCHED, "kernel");
    assert_gets(lives, &intent, 2, EL_LIFE_GETS_INSTALLER); /* it fetched it and came back */
    assert_non_null(strstr(el_lives_find(lives, &mac)->why, "kernel"));
    tells(lives, &intent, EL_LIFE_ASKED, NULL);
    assert_gets(lives, &intent, 3, EL_LIFE_GETS_LOCAL);
    assert_is(lives, EL_LIFE_INSTALLED);
    assert_false(el_lives_find(lives, &mac)->told);
    el_lives_free(lives);
}

static void test_an_installer_may_start_anew_if_it_says_so(void **state)
{
    struct disk disk = {.count = 0};
    struct el_lives *lives = open_lives(&disk);
    struct el_life_intent intent = with_profile();

    (void)state;
    assert_gets(lives, &intent, 1, EL_LIFE_GETS_INSTALLER);
    tells(lives, &intent, EL_LIFE_STEP_TOLD, "reboot");
    assert_gets(lives, &intent, 2, EL_LIFE_GETS_LOCAL);
    assert_gets(lives, &intent, 2, EL_LIFE_GETS_LOCAL);
    assert_is(lives, EL_LIFE_INSTALLING);
    tells(lives, &intent, EL_LIFE_DONE, NULL);
    assert_gets(lives, &intent, 3, EL_LIFE_GETS_LOCAL);
    assert_is(lives, EL_LIFE_INSTALLED);
    el_lives_free(lives);
}

static void test_strangers_get_what_the_policy_says(void **state)
{
    struct disk disk = {.count = 0};
    struct el_lives *lives = open_lives(&disk);
    struct el_life_intent intent = {.unknown = EL_LIFE_UNKNOWN_WAIT, .inventory = "inv"};

    (void)state;
    assert_gets(lives, &intent, 1, EL_LIFE_GETS_WAIT);
    intent.unknown = EL_LIFE_UNKNOWN_INVENTORY;
    struct el_life_decision decision = visits(lives, &intent, 1);
    assert_int_equal(decision.kind, EL_LIFE_GETS_ENTRY);
    assert_string_equal(decision.entry, "inv");
    intent.known = true;
    assert_gets(lives, &intent, 1, EL_LIFE_GETS_MENU);
    el_lives_free(lives);
}

static void test_what_cannot_be_followed_is_said(void **state)
{
    struct disk disk = {.count = 0};
    struct el_lives *lives = open_lives(&disk);
    struct el_life_intent intent = with_profile();

    (void)state;
    intent.broken = "profile web: its image debian-12 is gone";
    struct el_life_decision decision = visits(lives, &intent, 1);
    assert_int_equal(decision.kind, EL_LIFE_GETS_MENU);
    assert_string_equal(decision.why, intent.broken);
    assert_is(lives, EL_LIFE_ASSIGNED);
    intent.broken = NULL;
    assert_gets(lives, &intent, 2, EL_LIFE_GETS_INSTALLER);
    el_lives_free(lives);
}

static void test_a_live_system_is_started_each_time(void **state)
{
    struct disk disk = {.count = 0};
    struct el_lives *lives = open_lives(&disk);
    struct el_life_intent intent = with_profile();

    (void)state;
    intent.live = true;
    for (uint64_t boot = 1; boot < 5; boot++)
        assert_gets(lives, &intent, boot, EL_LIFE_GETS_LIVE);
    assert_is(lives, EL_LIFE_ASSIGNED);
    el_lives_free(lives);
}

static void test_two_machines_with_one_mac(void **state)
{
    struct disk disk = {.count = 0};
    struct el_lives *lives = open_lives(&disk);
    struct el_life_intent intent = with_profile();
    struct el_life_event event = visit_of(2);
    struct el_life_decision decision;

    (void)state;
    assert_gets(lives, &intent, 1, EL_LIFE_GETS_INSTALLER);
    event.uuid = "11111111-2222-3333-4444-555555555555";
    assert_int_equal(happens(lives, &intent, &event, &decision), 0);
    assert_int_equal(decision.kind, EL_LIFE_GETS_MENU);
    assert_non_null(strstr(decision.why, uuid));
    assert_non_null(strstr(decision.why, event.uuid));
    assert_is(lives, EL_LIFE_INSTALLING); /* nothing has happened to the first */
    assert_string_equal(el_lives_find(lives, &mac)->other_uuid, event.uuid);
    /* The same one, said the other way round. */
    event.boot = 1;
    event.uuid = "44454C4C-4400-1044-8054-B4C04F565931";
    assert_int_equal(happens(lives, &intent, &event, &decision), 0);
    assert_int_equal(decision.kind, EL_LIFE_GETS_INSTALLER);
    el_lives_free(lives);
}

/* boot.db was damaged and begun anew: control knows better than to install again. */
static void test_a_lost_memory_installs_nothing_again(void **state)
{
    struct disk disk = {.count = 0};
    struct el_lives *lives = open_lives(&disk);
    struct el_life_intent intent = with_profile();

    (void)state;
    intent.installed = true;
    intent.reinstall = 4;
    assert_gets(lives, &intent, 1, EL_LIFE_GETS_LOCAL);
    assert_is(lives, EL_LIFE_INSTALLED);
    intent.installed = false;
    assert_gets(lives, &intent, 2, EL_LIFE_GETS_LOCAL);
    intent.reinstall = 5;
    assert_gets(lives, &intent, 3, EL_LIFE_GETS_INSTALLER);
    el_lives_free(lives);
}

/* -- crashes -- */

/* A machine starts up to six times, and asks again in each start until it is answered; the store
 * fails at its put number CRASH, or right after, and everything in memory is lost then. How often
 * it got `once`, the installer, and its disk at the end. */
static void live_through(unsigned crash, bool after, unsigned counts[4])
{
    struct disk disk = {.fails_at = crash, .after = after};
    struct el_lives *lives = open_lives(&disk);
    struct el_life_intent intent = with_profile();

    memset(counts, 0, 4 * sizeof *counts);
    for (uint64_t boot = 1; boot <= 6; boot++) {
        struct el_life_decision decision;
        struct el_life_event event = visit_of(boot);
        if (boot == 3) {
            intent.once = 77;
            intent.once_entry = "memtest";
        }
        while (happens(lives, &intent, &event, &decision) < 0) { /* it asks again */
            el_lives_free(lives);
            lives = open_lives(&disk);
        }
        counts[decision.kind == EL_LIFE_GETS_ENTRY       ? 0
               : decision.kind == EL_LIFE_GETS_INSTALLER ? 1
               : decision.kind == EL_LIFE_GETS_LOCAL     ? 2
                                                         : 3]++;
        if (decision.kind != EL_LIFE_GETS_INSTALLER)
            continue;
        struct el_life_event done = event_of(EL_LIFE_DONE, NULL);
        while (happens(lives, &intent, &done, NULL) < 0) {
            el_lives_free(lives);
            lives = open_lives(&disk);
        }
    }
    assert_is(lives, EL_LIFE_INSTALLED);
    el_lives_free(lives);
}

static void test_a_crash_at_any_moment_repeats_and_loses_nothing(void **state)
{
    unsigned counts[4];

    (void)state;
    for (unsigned crash = 0; crash < 10; crash++)
        for (int after = 0; after < 2; after++) {
            live_through(crash, after, counts);
            assert_int_equal(counts[0], 1); /* once */
            assert_int_equal(counts[1], 1); /* installed */
            assert_int_equal(counts[2], 4);
            assert_int_equal(counts[3], 0);
        }
}

/* -- every state, every event -- */

static struct el_life life_in(enum el_life_state in)
{
    struct el_life life = {.mac = mac, .state = in, .kept = true, .uuid = "", .attempts = 1};

    snprintf(life.profile, sizeof life.profile, "web");
    snprintf(life.token, sizeof life.token, "token");
    life.tells = true;
    life.boot = 1;
    life.answer = EL_LIFE_GETS_INSTALLER;
    return life;
}

static void test_every_event_in_every_state(void **state)
{
    /* Where it leads, for a machine with a profile that tells; visits are of another start. */
    static const enum el_life_state leads[EL_LIFE_STATES][EL_LIFE_INTENT + 1] = {
#define D EL_LIFE_DISCOVERED
#define K EL_LIFE_KNOWN
#define A EL_LIFE_ASSIGNED
#define I EL_LIFE_INSTALLING
#define O EL_LIFE_INSTALLED
#define F EL_LIFE_FAILED
        /*      seen visit fetched asked step done failure handed intent */
        [D] = {D, I, D, D, D, D, D, D, A}, [K] = {K, I, K, K, K, K, K, K, A},
        [A] = {A, I, A, A, A, A, A, A, A}, [I] = {I, I, I, I, I, O, I, I, I},
        [O] = {O, O, O, O, O, O, O, O, O}, [F] = {F, F, F, F, F, F, F, F, F},
    };
    struct el_life_intent intent = with_profile();

    (void)state;
    for (int in = 0; in < EL_LIFE_STATES; in++)
        for (int kind = 0; kind <= EL_LIFE_INTENT; kind++) {
            struct el_life life = life_in((enum el_life_state)in), next, again;
            struct el_life_event event = visit_of(2);
            event.kind = (enum el_life_event_kind)kind;
            event.text = "x";
            event.bit = 1;
            bool durable = el_life_next(&life, &intent, &event, &next, NULL);
            assert_int_equal(next.state, leads[in][kind]);
            assert_true(durable || next.state == life.state);
            /* The same once more, in the same start, leads nowhere else. */
            el_life_next(&next, &intent, &event, &again, NULL);
            if (kind != EL_LIFE_FAILURE)
                assert_int_equal(again.state, next.state);
            assert_int_equal(again.attempts, next.attempts);
        }
}

/* -- the table -- */

static void test_strangers_make_room_for_each_other(void **state)
{
    struct el_lives_config config = {.changed = NULL};
    struct el_life_intent nothing = {.known = false}, known = with_profile();
    struct el_lives *lives;

    (void)state;
    assert_int_equal(el_lives_new(&config, &lives, NULL), 0);
    assert_gets(lives, &known, 1, EL_LIFE_GETS_INSTALLER);
    for (unsigned i = 0; i < EL_LIVES_MAX + 100; i++) {
        struct el_mac other = {{2, 0, 0, 0, (uint8_t)(i >> 8), (uint8_t)i}};
        struct el_life_event event = event_of(EL_LIFE_SEEN, NULL);
        assert_int_equal(el_lives_event(lives, &other, &nothing, &event, NULL, NULL), 0);
    }
    assert_int_equal(el_lives_count(lives), EL_LIVES_MAX);
    assert_is(lives, EL_LIFE_INSTALLING);
    assert_int_equal(el_lives_forget(lives, &mac, NULL), 0);
    assert_null(el_lives_find(lives, &mac));
    assert_null(el_lives_by_token(lives, "token1"));
    assert_int_equal(el_lives_forget(lives, &mac, NULL), EL_ENOENT);
    el_lives_free(lives);
}

static void test_who_was_only_seen_is_not_written_down(void **state)
{
    struct disk disk = {.count = 0};
    struct el_lives *lives = open_lives(&disk);
    struct el_life_intent nothing = {.known = false};

    (void)state;
    tells(lives, &nothing, EL_LIFE_SEEN, NULL);
    tells(lives, &nothing, EL_LIFE_SEEN, NULL);
    assert_int_equal(disk.puts, 0);
    assert_gets(lives, &nothing, 1, EL_LIFE_GETS_MENU);
    assert_int_equal(disk.puts, 1);
    assert_gets(lives, &nothing, 2, EL_LIFE_GETS_MENU);
    assert_int_equal(disk.puts, 1);
    el_lives_free(lives);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_installation_is_made_once),
        cmocka_unit_test(test_it_stops_after_two_failures_and_says_where),
        cmocka_unit_test(test_another_profile_is_another_try),
        cmocka_unit_test(test_who_says_nothing_is_judged),
        cmocka_unit_test(test_an_installer_may_start_anew_if_it_says_so),
        cmocka_unit_test(test_strangers_get_what_the_policy_says),
        cmocka_unit_test(test_what_cannot_be_followed_is_said),
        cmocka_unit_test(test_a_live_system_is_started_each_time),
        cmocka_unit_test(test_two_machines_with_one_mac),
        cmocka_unit_test(test_a_lost_memory_installs_nothing_again),
        cmocka_unit_test(test_a_crash_at_any_moment_repeats_and_loses_nothing),
        cmocka_unit_test(test_every_event_in_every_state),
        cmocka_unit_test(test_strangers_make_room_for_each_other),
        cmocka_unit_test(test_who_was_only_seen_is_not_written_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
