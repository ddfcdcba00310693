/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory that runs out at any allocation: the change is refused, and nothing of it has happened. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "registry_world.h"

/* The linker sends every allocation of the program here. */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);

static bool counting;
static unsigned left; /* allocations that succeed */

static bool fails(void)
{
    return counting && left-- == 0;
}

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    return fails() ? NULL : __real_realloc(old, size);
}

/* -- the changes, one after the other -- */

static unsigned number;

static int change_network(void)
{
    char name[16];

    snprintf(name, sizeof name, "lab%u", number);
    return make_network(name, number + 1, EL_REGISTRY_TO_NONE);
}

static int change_token(void)
{
    char name[16];

    snprintf(name, sizeof name, "s%u", number);
    return make_token(name, number + 1);
}

static int change_redeem(void)
{
    int verdict = redeem(number + 1, 10000 + number);

    return verdict == EL_REGISTRY_IS_ENROLLED ? 0 : verdict;
}

static int change_publish(void)
{
    char network[16], spoke[16];

    snprintf(network, sizeof network, "lab%u", number);
    snprintf(spoke, sizeof spoke, "s%u", number);
    return publish(network, spoke, true);
}

static int change_publish_all(void)
{
    char network[16];

    snprintf(network, sizeof network, "lab%u", number);
    return publish(network, NULL, false);
}

static int change_report(void)
{
    char port[16];

    snprintf(port, sizeof port, "lab%u", number);
    return el_registry_port_report(w.registry, port, EL_REGISTRY_VERIFIED, "", NOW, &w.err);
}

static int change_remove(void)
{
    char network[16];

    snprintf(network, sizeof network, "lab%u", number);
    return el_registry_network_remove(w.registry, network, NOW, &w.err);
}

static int change_revoke(void)
{
    char spoke[16];

    snprintf(spoke, sizeof spoke, "s%u", number);
    return el_registry_revoke(w.registry, spoke, NOW, &w.err);
}

static int change_reserve(void)
{
    char name[16];
    struct el_ip ip = el_ip4(0x64410000 + number);

    snprintf(name, sizeof name, "r%u", number);
    return el_registry_reserve(w.registry, name, key_of(20000 + number), &ip, &w.err);
}

/* The n-th allocation fails, for every n until none does. */
static unsigned exhaust(int (*change)(void))
{
    unsigned tried = 0;
    int rc;

    told();
    do {
        unsigned puts = w.puts;
        left = tried++;
        counting = true;
        rc = change();
        counting = false;
        if (rc < 0) {
            assert_int_equal(rc, EL_ENOMEM);
            assert_string_equal(told(), "");
            assert_int_equal(w.puts, puts); /* nothing has been written either */
        }
    } while (rc < 0);
    assert_int_equal(rc, 0);
    return tried - 1;
}

static void every_allocation_may_fail(void **unused)
{
    (void)unused;
    static int (*const changes[])(void) = {
        change_network, change_token,  change_redeem, change_publish, change_publish_all,
        change_report,  change_remove, change_revoke, change_reserve,
    };
    unsigned failed[sizeof changes / sizeof changes[0]] = {0};
    /* Often enough that every table and index has grown. */
    for (number = 0; number < 150; number++)
        for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++)
            failed[i] += exhaust(changes[i]);
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++)
        assert_true(failed[i] >= 150);
    assert_int_equal(el_registry_spoke_count(w.registry), 150);
    assert_int_equal(el_registry_token_count(w.registry), 150);
    assert_int_equal(el_registry_network_count(w.registry), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_allocation_may_fail, begin, end),
    };
    return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
