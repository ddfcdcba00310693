/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Control's end of the channel to a boot service: what it tells, and what it takes from it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "hub/hub_orders.h"

static struct {
    uv_loop_t loop;
    struct el_registry *registry;
    struct el_hub_lives *lives;
    struct el_hub_orders *orders;
    int service; /* the boot service's end */
    unsigned lives_told, steps;
} w;

static const struct el_mac mac = {{0x52, 0x54, 0, 0x12, 0x34, 0x56}};

static int64_t wall_s(void *arg)
{
    (void)arg;
    return 1000;
}

static bool profile(void *arg, size_t i, struct el_order_profile *to)
{
    (void)arg;
    *to = (struct el_order_profile){.name = "web", .image = "debian-12"};
    if (i == 0)
        to->document = json_pack("{s:s}", "name", "web");
    return i == 0;
}

static void on_life(void *arg, uint32_t vni, const struct el_life *life,
                    const struct el_life *before)
{
    (void)arg;
    (void)before;
    assert_int_equal(vni, 77);
    assert_memory_equal(&life->mac, &mac, sizeof mac);
    w.lives_told++;
}

static void on_step(void *arg, uint32_t vni, const struct el_order_step *step)
{
    (void)arg;
    (void)vni;
    assert_memory_equal(&step->step.mac, &mac, sizeof mac);
    w.steps++;
}

static void on_effect(void *arg, const struct el_registry_effect *effect)
{
    (void)arg;
    if (w.orders)
        el_hub_orders_effect(w.orders, effect);
}

static void on_event(void *arg, const struct el_registry_event *event)
{
    (void)arg;
    (void)event;
}

static void run(void)
{
    for (int i = 0; i < 8; i++)
        uv_run(&w.loop, UV_RUN_NOWAIT);
}

static void open_channel(void)
{
    int fds[2];

    assert_int_equal(el_orders_pair(fds), 0);
    if (w.service >= 0)
        close(w.service);
    w.service = fds[1];
    el_hub_orders_channel(w.orders, 77, fds[0]);
}

static int begin(void **state)
{
    static const struct el_registry_observer observer = {on_effect, on_event, NULL};
    struct el_hub_orders_config config = {.loop = &w.loop,
                                          .policy = {.unknown = EL_LIFE_UNKNOWN_WAIT},
                                          .wall_s = wall_s,
                                          .profile = profile,
                                          .life = on_life,
                                          .step = on_step};

    (void)state;
    memset(&w, 0, sizeof w);
    w.service = -1;
    uv_loop_init(&w.loop);
    if (el_registry_new(NULL, &observer, &w.registry, NULL) < 0)
        return -1;
    w.lives = config.lives = el_hub_lives_new();
    config.registry = w.registry;
    if (el_hub_orders_new(&config, &w.orders, NULL) < 0)
        return -1;
    open_channel();
    return 0;
}

static int end(void **state)
{
    (void)state;
    el_hub_orders_free(w.orders);
    run();
    el_registry_free(w.registry);
    el_hub_lives_free(w.lives);
    close(w.service);
    return uv_loop_close(&w.loop);
}

/* -- the boot service -- */

static void says(const char *text)
{
    assert_int_equal(el_orders_send(w.service, text, strlen(text)), 0);
    run();
}

/* All that waits for it, as their names in one text. */
static const char *hears_all(void)
{
    static char all[65536], bytes[EL_ORDER_BYTES];
    struct el_order order;
    int len;

    all[0] = '\0';
    run();
    while ((len = el_orders_receive(w.service, bytes)) > 0) {
        assert_int_equal(el_order_read(bytes, (size_t)len, true, &order, NULL), 0);
        strcat(all, all[0] ? " " : "");
        strcat(all, el_order_names[order.kind]);
        if (order.kind == EL_ORDER_MACHINE) {
            strcat(all, ":");
            strcat(all, order.machine.name);
        }
        el_order_clear(&order);
        run();
    }
    return all;
}

static void name_machine(const char *name)
{
    const struct el_registry_machine_change change = {.name = name};

    assert_int_equal(el_registry_machine_set(w.registry, &mac, &change, 1, NULL), 0);
}

/* -- tests -- */

static void everything_is_told_to_who_says_hello(void **state)
{
    (void)state;
    name_machine("n1");
    assert_string_equal(hears_all(), "again");
    says("{\"order\":\"hello\"}");
    assert_string_equal(hears_all(), "begin policy profile machine:n1 complete");
    name_machine("n2");
    assert_string_equal(hears_all(), "machine:n2");
    assert_int_equal(el_registry_machine_forget(w.registry, &mac, 1, NULL), 0);
    assert_string_equal(hears_all(), "forget");
    el_hub_orders_again(w.orders);
    assert_string_equal(hears_all(), "begin policy profile complete");
    says("{\"order\":\"hello\"}");
    assert_string_equal(hears_all(), "begin policy profile complete");
}

static void nobody_who_does_not_read_is_waited_for(void **state)
{
    char name[32];

    (void)state;
    says("{\"order\":\"hello\"}");
    for (int i = 0; i < 3000; i++) {
        snprintf(name, sizeof name, "n%d", i);
        name_machine(name);
    }
    /* Whatever was lost, the last that is said is how it is. */
    const char *last = NULL, *all = hears_all();
    for (const char *at = all; (at = strstr(at, "machine:")); at++)
        last = at;
    assert_non_null(last);
    assert_memory_equal(last, "machine:n2999", 13);
}

static void what_happened_is_taken_in(void **state)
{
    static const char life[] = "{\"order\":\"life\",\"mac\":\"52:54:00:12:34:56\","
                               "\"state\":\"installed\",\"once\":%llu}";
    char text[256];

    (void)state;
    name_machine("n1");
    assert_int_equal(el_registry_machine_boot(w.registry, &mac, "memtest", 1, NULL), 0);
    says("{\"order\":\"hello\"}");
    const struct el_registry_machine *machine = el_registry_machine(w.registry, &mac);
    snprintf(text, sizeof text, life, (unsigned long long)machine->once);
    says(text);
    assert_int_equal(machine->once, 0);
    assert_true(machine->installed);
    assert_int_equal(el_hub_lives_find(w.lives, &mac)->life.state, EL_LIFE_INSTALLED);
    assert_int_equal(w.lives_told, 1);
    says("{\"order\":\"step\",\"mac\":\"52:54:00:12:34:56\",\"kind\":\"loader\",\"state\":"
         "\"running\",\"text\":\"snponly.efi\",\"source\":7,\"id\":1,\"boot\":1,\"count\":1,"
         "\"began_ms\":"
         "1700000000000,\"last_ms\":1700000000000,\"done\":5,\"total\":10}");
    assert_int_equal(w.steps, 1);
    says("{\"order\":\"gone\",\"mac\":\"52:54:00:12:34:56\"}");
    assert_null(el_hub_lives_find(w.lives, &mac));
}

static void a_person_chooses_a_region(void **state)
{
    static const uint8_t key[32] = {9};
    const struct el_registry_adoption mars = {
        .name = "mars", .key = key, .ip = {4, {100, 64, 1, 1}}};
    static const char choice[] = "{\"order\":\"region\",\"mac\":\"52:54:00:12:34:56\","
                                 "\"region\":\"%s\"}";
    char text[128];

    (void)state;
    assert_int_equal(el_registry_adopt(w.registry, &mars, 1, NULL), 0);
    says("{\"order\":\"hello\"}");
    snprintf(text, sizeof text, choice, "venus");
    says(text);
    assert_null(el_registry_machine(w.registry, &mac)); /* there is no such spoke */
    snprintf(text, sizeof text, choice, "mars");
    says(text);
    assert_string_equal(el_registry_machine(w.registry, &mac)->region, "mars");
}

static void a_boot_service_gives_no_orders(void **state)
{
    (void)state;
    name_machine("n1");
    says("{\"order\":\"hello\"}");
    hears_all();
    says("{\"order\":\"forget\",\"mac\":\"52:54:00:12:34:56\"}");
    says("{\"order\":\"machine\",\"mac\":\"52:54:00:12:34:56\",\"name\":\"evil\"}");
    says("nonsense");
    assert_string_equal(el_registry_machine(w.registry, &mac)->name, "n1");
    assert_string_equal(hears_all(), "");
    assert_int_equal(w.lives_told, 0);
}

static void a_new_channel_takes_the_place_of_the_old_one(void **state)
{
    (void)state;
    says("{\"order\":\"hello\"}");
    hears_all();
    open_channel();
    name_machine("n1");
    assert_string_equal(hears_all(), "again");
    says("{\"order\":\"hello\"}");
    assert_string_equal(hears_all(), "begin policy profile machine:n1 complete");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(everything_is_told_to_who_says_hello),
        TEST(nobody_who_does_not_read_is_waited_for),
        TEST(what_happened_is_taken_in),
        TEST(a_person_chooses_a_region),
        TEST(a_boot_service_gives_no_orders),
        TEST(a_new_channel_takes_the_place_of_the_old_one),
    };
    el_log_setup(EL_LOG_ERROR, EL_LOG_TEXT);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
