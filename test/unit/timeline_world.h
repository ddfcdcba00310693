/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A machine that starts, for tests of timelines: what is told, when, and what there is then. */
#ifndef EL_TEST_TIMELINE_WORLD_H
#define EL_TEST_TIMELINE_WORLD_H

#include "timeline/timeline.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/time.h"

enum { VNI = 77 };

static struct el_timeline *timeline;
static uint64_t now_ns;

static struct el_mac machine(unsigned number)
{
    return (struct el_mac){{0x52, 0x54, 0, 0, (uint8_t)(number >> 8), (uint8_t)number}};
}

static struct el_timeline_clock clock_now(void)
{
    return (struct el_timeline_clock){now_ns, 1700000000000 + (int64_t)(now_ns / EL_MS)};
}

static void begin(size_t machines)
{
    struct el_timeline_config config = {.vni = VNI, .hub = "192.168.77.1", .machines = machines};

    now_ns = 1000 * EL_S;
    timeline = el_timeline_new(&config);
    assert_non_null(timeline);
}

static void end(void)
{
    el_timeline_free(timeline);
    timeline = NULL;
}

/* Time passes, and what is due meanwhile happens. */
static inline void pass(unsigned seconds)
{
    uint64_t until_ns = now_ns + seconds * EL_S;

    for (uint64_t at; (at = el_timeline_deadline(timeline)) <= until_ns;) {
        now_ns = at > now_ns ? at : now_ns;
        el_timeline_tick(timeline, clock_now());
        while (el_timeline_due(timeline, now_ns))
            el_timeline_told(timeline);
    }
    now_ns = until_ns;
}

static void tell(struct el_timeline_news news)
{
    if (el_mac_is_zero(&news.mac))
        news.mac = machine(1);
    el_timeline_tell(timeline, clock_now(), &news);
}

#define TELL(...) tell((struct el_timeline_news){__VA_ARGS__})

static size_t steps_of(unsigned number, const struct el_timeline_step *steps[EL_TIMELINE_STEPS])
{
    struct el_mac mac = machine(number);

    return el_timeline_steps(timeline, VNI, &mac, steps);
}

#endif
