/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Orders as they are said and heard, and what a boot service knows by them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "service/orders_service.h"

static const struct el_mac mac = {{0x52, 0x54, 0, 0x12, 0x34, 0x56}};

/* -- what is said -- */

static void says_the_same(const struct el_order *order, bool from_control)
{
    struct el_order heard;
    struct el_err err = {""};
    size_t len;
    char *text = el_order_write(order, &len);

    assert_non_null(text);
    if (el_order_read(text, len, from_control, &heard, &err) < 0)
        fail_msg("%s: %s", text, err.text);
    assert_int_equal(heard.kind, order->kind);
    assert_memory_equal(&heard.machine, &order->machine, sizeof heard.machine);
    el_order_clear(&heard);
    assert_int_equal(el_order_read(text, len, !from_control, &heard, &err), EL_EINVAL);
    free(text);
}

static void orders_are_heard_as_they_were_said(void **state)
{
    (void)state;
    says_the_same(&(struct el_order){.kind = EL_ORDER_MACHINE,
                                     .machine = {.mac = mac,
                                                 .name = "n1",
                                                 .profile = "web",
                                                 .region = "mars",
                                                 .address = {4, {192, 168, 77, 20}},
                                                 .once = INT64_MAX,
                                                 .once_entry = "memtest",
                                                 .reinstall = 9,
                                                 .installed = true,
                                                 .option_count = 1,
                                                 .options = {"ntp=192.0.2.1"},
                                                 .quirk_count = 2,
                                                 .quirks = {"local=exit", "console=ttyS0"}}},
                  true);
    says_the_same(&(struct el_order){.kind = EL_ORDER_POLICY,
                                     .policy = {.unknown = EL_LIFE_UNKNOWN_INVENTORY,
                                                .inventory = "inv",
                                                .failed_local = true,
                                                .password = "$argon2id$"}},
                  true);
    says_the_same(&(struct el_order){.kind = EL_ORDER_LIFE,
                                     .life = {.mac = mac,
                                              .state = EL_LIFE_FAILED,
                                              .since_s = 5,
                                              .seen_s = 6,
                                              .attempts = 2,
                                              .profile = "web",
                                              .step = "partitions",
                                              .why = "no disk",
                                              .once = 3,
                                              .reinstall = 4,
                                              .uuid = "4c4c4544-0044-4410-8054-b4c04f565931",
                                              .platform = 2,
                                              .arch = 1}},
                  false);
    says_the_same(&(struct el_order){.kind = EL_ORDER_STEP,
                                     .step = {.source = 7,
                                              .step = {.mac = mac,
                                                       .id = 3,
                                                       .boot = 2,
                                                       .kind = EL_TIMELINE_LOADER,
                                                       .state = EL_TIMELINE_RUNNING,
                                                       .count = 4,
                                                       .began_ms = 1700000000000,
                                                       .last_ms = 1700000000001,
                                                       .done = 1,
                                                       .total = 2,
                                                       .text = "snponly.efi \"x\""}}},
                  false);
}

static void what_is_no_order_is_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "[]",
        "{}",
        "{\"order\":\"dance\"}",
        "{\"order\":\"begin\",\"more\":1}",
        "{\"order\":\"machine\"}",
        "{\"order\":\"machine\",\"mac\":\"ff:ff:ff:ff:ff:ff\"}",
        "{\"order\":\"machine\",\"mac\":\"52:54:00:12:34:56\",\"once\":-1}",
        "{\"order\":\"machine\",\"mac\":\"52:54:00:12:34:56\",\"name\":\"a\\u0000b\"}",
        "{\"order\":\"remove\"}",
        "{\"order\":\"profile\",\"name\":\"../x\"}"};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct el_order order;
        struct el_err err = {""};
        assert_int_equal(el_order_read(bad[i], strlen(bad[i]), true, &order, &err), EL_EINVAL);
        assert_true(err.text[0]);
        assert_null(order.body);
    }
}

/* From the boot service. */
static void what_is_no_step_is_refused(void **state)
{
    static const char *const bad[] = {
        "{\"order\":\"step\",\"mac\":\"52:54:00:12:34:56\",\"kind\":\"ack\"}",
        "{\"order\":\"step\",\"mac\":\"52:54:00:12:34:56\",\"kind\":\"dance\",\"source\":1,\"id\":"
        "1}",
        "{\"order\":\"step\",\"mac\":\"52:54:00:12:34:56\",\"kind\":\"ack\",\"source\":1,\"id\":0}",
        "{\"order\":\"step\",\"mac\":\"52:54:00:12:34:56\",\"kind\":\"ack\",\"source\":1,\"id\":1,"
        "\"state\":\"odd\"}",
        "{\"order\":\"step\",\"mac\":\"ff:ff:ff:ff:ff:ff\",\"kind\":\"ack\",\"source\":1,\"id\":"
        "1}"};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct el_order order;
        struct el_err err = {""};
        assert_int_equal(el_order_read(bad[i], strlen(bad[i]), false, &order, &err), EL_EINVAL);
    }
}

/* -- what is known -- */

static unsigned changes;
static bool image_is_gone;

static int64_t wall_s(void *arg)
{
    (void)arg;
    return 1000;
}

static int lease(void *arg, const struct el_ip *ip, struct el_mac *of)
{
    (void)arg;
    *of = mac;
    return ip->b[3] == 20 ? 0 : EL_ENOENT;
}

static const char *entry(void *arg, const char *name)
{
    (void)arg;
    (void)name;
    return image_is_gone ? "is gone" : NULL;
}

static void wanted(void *arg, const struct el_mac *of)
{
    (void)arg;
    (void)of;
    changes++;
}

static struct el_machines *make(void)
{
    static const struct el_machines_config config = {
        .has_control = true, .wall_s = wall_s, .lease = lease, .entry = entry, .wanted = wanted};
    struct el_machines *machines;

    assert_int_equal(el_machines_new(&config, &machines, NULL), 0);
    return machines;
}

static void order(struct el_machines *machines, const char *text)
{
    struct el_order heard;
    struct el_err err = {""};

    if (el_order_read(text, strlen(text), true, &heard, &err) < 0 ||
        el_machines_order(machines, &heard, &err) < 0)
        fail_msg("%s: %s", text, err.text);
    el_order_clear(&heard);
}

static struct el_life_decision visits(struct el_machines *machines, uint64_t boot)
{
    struct el_life_event event = {
        .kind = EL_LIFE_VISIT, .now_s = 1, .boot = boot, .fresh_token = "token"};
    struct el_life_decision decision;

    assert_int_equal(el_machines_event(machines, &mac, &event, &decision, NULL), 0);
    return decision;
}

static const char profile[] = "{\"order\":\"profile\",\"name\":\"web\",\"image\":\"debian\","
                              "\"tells\":true,\"document\":{\"name\":\"web\"}}";
static const char machine_n1[] = "{\"order\":\"machine\",\"mac\":\"52:54:00:12:34:56\","
                                 "\"name\":\"n1\",\"profile\":\"web\"}";

static void nobody_is_answered_before_everything_is_known(void **state)
{
    struct el_machines *machines = make();
    struct el_life_event event = {.kind = EL_LIFE_VISIT, .now_s = 1};
    struct el_life_decision decision;

    (void)state;
    order(machines, "{\"order\":\"begin\"}");
    order(machines, machine_n1);
    assert_int_equal(el_machines_event(machines, &mac, &event, &decision, NULL), EL_EAGAIN);
    order(machines, profile);
    order(machines, "{\"order\":\"complete\"}");
    assert_int_equal(visits(machines, 1).kind, EL_LIFE_GETS_INSTALLER);
    el_machines_free(machines);
}

static void who_is_who(void **state)
{
    struct el_machines *machines = make();
    struct el_machine machine;

    (void)state;
    order(machines, profile);
    order(machines, machine_n1);
    order(machines, "{\"order\":\"complete\"}");
    assert_int_equal(el_machines_by_token(machines, "token", &machine), EL_ENOENT);
    visits(machines, 1);
    assert_int_equal(el_machines_by_name(machines, "n1", &machine), 0);
    assert_string_equal(machine.intent->name, "n1");
    assert_string_equal(machine.profile->image, "debian");
    assert_non_null(machine.profile->document);
    assert_int_equal(el_machines_by_token(machines, "token", &machine), 0);
    assert_int_equal(machine.life->state, EL_LIFE_INSTALLING);
    assert_int_equal(el_machines_by_address(machines, &(struct el_ip){4, {1, 2, 3, 20}}, &machine),
                     0);
    assert_int_equal(el_machines_by_address(machines, &(struct el_ip){4, {1, 2, 3, 21}}, &machine),
                     EL_ENOENT);
    assert_int_equal(el_machines_by_name(machines, "", &machine), EL_ENOENT);
    struct el_life_event done = {.kind = EL_LIFE_DONE, .now_s = 2};
    assert_int_equal(el_machines_event(machines, &mac, &done, NULL, NULL), 0);
    assert_int_equal(el_machines_by_token(machines, "token", &machine), EL_ENOENT);
    el_machines_free(machines);
}

static void what_is_not_said_again_is_not_wanted(void **state)
{
    struct el_machines *machines = make();
    struct el_machine machine;

    (void)state;
    order(machines, profile);
    order(machines, machine_n1);
    order(machines, "{\"order\":\"complete\"}");
    changes = 0;
    order(machines, "{\"order\":\"begin\"}");
    order(machines, machine_n1);
    assert_int_equal(changes, 0); /* nothing new in it */
    order(machines, "{\"order\":\"complete\"}");
    assert_null(el_machines_profile(machines, "web"));
    struct el_life_decision decision = visits(machines, 1);
    assert_int_equal(decision.kind, EL_LIFE_GETS_MENU);
    assert_non_null(strstr(decision.why, "profile web: there is no such profile"));
    order(machines, "{\"order\":\"begin\"}");
    order(machines, "{\"order\":\"complete\"}");
    assert_int_equal(el_machines_count(machines), 0);
    assert_int_equal(el_machines_by_mac(machines, &mac, &machine), 0); /* it has a life */
    assert_null(machine.intent);
    assert_int_equal(machine.life->state, EL_LIFE_DISCOVERED);
    order(machines, "{\"order\":\"forget\",\"mac\":\"52:54:00:12:34:56\"}");
    assert_int_equal(el_machines_by_mac(machines, &mac, &machine), EL_ENOENT);
    el_machines_free(machines);
}

static void a_profile_whose_image_is_gone_is_said(void **state)
{
    struct el_machines *machines = make();

    (void)state;
    order(machines, profile);
    order(machines, machine_n1);
    order(machines, "{\"order\":\"complete\"}");
    image_is_gone = true;
    struct el_life_decision decision = visits(machines, 1);
    image_is_gone = false;
    assert_int_equal(decision.kind, EL_LIFE_GETS_MENU);
    assert_string_equal(decision.why, "profile web: image debian is gone");
    assert_int_equal(visits(machines, 2).kind, EL_LIFE_GETS_INSTALLER);
    el_machines_free(machines);
}

/* -- over the channel -- */

static void run(uv_loop_t *loop)
{
    for (int i = 0; i < 16; i++)
        uv_run(loop, UV_RUN_NOWAIT);
}

/* What control hears next of the kind KIND; others are passed over. */
static bool hears(int fd, enum el_order_kind kind, struct el_order *heard)
{
    static char bytes[EL_ORDER_BYTES];
    int len;

    while ((len = el_orders_receive(fd, bytes)) > 0) {
        assert_int_equal(el_order_read(bytes, (size_t)len, false, heard, NULL), 0);
        if (heard->kind == kind)
            return true;
        el_order_clear(heard);
    }
    return false;
}

static void control_that_comes_late_hears_everything(void **state)
{
    struct el_machines *machines = make();
    struct el_orders_service *service;
    struct el_order heard;
    uv_loop_t loop;
    int fds[2];

    (void)state;
    order(machines, "{\"order\":\"complete\"}");
    visits(machines, 1);
    assert_int_equal(el_orders_pair(fds), 0);
    assert_int_equal(el_orders_send(fds[0], "{\"order\":\"begin\"}", 17), 0); /* an old one */
    uv_loop_init(&loop);
    assert_int_equal(el_orders_service_new(&loop, fds[1], machines, &service, NULL), 0);
    run(&loop);
    assert_true(hears(fds[0], EL_ORDER_HELLO, &heard));
    el_order_clear(&heard);
    assert_false(hears(fds[0], EL_ORDER_LIFE, &heard));
    assert_int_equal(el_orders_send(fds[0], "{\"order\":\"begin\"}", 17), 0);
    run(&loop);
    assert_true(hears(fds[0], EL_ORDER_LIFE, &heard));
    assert_memory_equal(&heard.life.mac, &mac, sizeof mac);
    assert_int_equal(heard.life.token[0], 0); /* is nobody's business */
    el_order_clear(&heard);
    /* Nobody reads for a while: nothing waits, and then it is said as it is. */
    for (int i = 0; i < 5000; i++)
        el_orders_service_life(service, el_lives_find(el_machines_lives(machines), &mac));
    while (hears(fds[0], EL_ORDER_LIFE, &heard))
        el_order_clear(&heard);
    run(&loop);
    assert_true(hears(fds[0], EL_ORDER_LIFE, &heard));
    el_order_clear(&heard);
    el_orders_service_free(service);
    run(&loop);
    assert_int_equal(uv_loop_close(&loop), 0);
    close(fds[0]);
    el_machines_free(machines);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(orders_are_heard_as_they_were_said),
        cmocka_unit_test(what_is_no_order_is_refused),
        cmocka_unit_test(what_is_no_step_is_refused),
        cmocka_unit_test(nobody_is_answered_before_everything_is_known),
        cmocka_unit_test(who_is_who),
        cmocka_unit_test(what_is_not_said_again_is_not_wanted),
        cmocka_unit_test(a_profile_whose_image_is_gone_is_said),
        cmocka_unit_test(control_that_comes_late_hears_everything),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
