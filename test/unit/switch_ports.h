/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A switch, its ports, and stations with numbers: what the switch's tests share. */
#ifndef EL_UNIT_SWITCH_PORTS_H
#define EL_UNIT_SWITCH_PORTS_H

#include "switch/switch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct el_mac broadcast = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};

static inline struct el_mac mac_of(uint32_t n)
{
    return (struct el_mac){
        {0x52, 0x54, (uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n}};
}

static inline struct el_switch *new_switch(unsigned ports_max, size_t addresses_max,
                                           uint64_t ageing_ns)
{
    struct el_switch *sw = NULL;
    const struct el_switch_config config = {ports_max, addresses_max, ageing_ns};

    assert_int_equal(el_switch_new(&config, &sw), 0);
    return sw;
}

static inline unsigned add_port(struct el_switch *sw, struct el_switch_port_config config)
{
    config.published = true;
    int port = el_switch_add_port(sw, &config);

    assert_true(port >= 0);
    return (unsigned)port;
}

static inline unsigned plain_port(struct el_switch *sw, uint32_t vni)
{
    return add_port(sw, (struct el_switch_port_config){.vni = vni});
}

static inline int forward(struct el_switch *sw, uint64_t now_ns, unsigned port, uint32_t src,
                          uint32_t dst, struct el_switch_out *out)
{
    struct el_mac from = mac_of(src), to = mac_of(dst);

    return el_switch_forward_exclusive(sw, now_ns, 0, port, &from, &to, out);
}

/* A broadcast from PORT by station SRC, as a host does when it comes up. */
static inline void announce(struct el_switch *sw, uint64_t now_ns, unsigned port, uint32_t src)
{
    struct el_switch_out out;
    struct el_mac from = mac_of(src);

    assert_int_equal(el_switch_forward_exclusive(sw, now_ns, 0, port, &from, &broadcast, &out), 0);
    assert_true(out.flooded);
}

static inline bool goes_to(const struct el_switch_out *out, unsigned port)
{
    for (unsigned i = 0; i < out->count; i++)
        if (out->ports[i] == port)
            return true;
    return false;
}

/* As a lane does: shared mode, and the exclusive one only if it has to be. */
static inline int lane_forward(struct el_switch *sw, uint64_t now_ns, unsigned lane, unsigned port,
                               const struct el_mac *src, const struct el_mac *dst,
                               struct el_switch_out *out)
{
    int rc = el_switch_forward(sw, now_ns, lane, port, src, dst, out);

    return rc == EL_SWITCH_NEEDS_CHANGE
               ? el_switch_forward_exclusive(sw, now_ns, lane, port, src, dst, out)
               : rc;
}

static inline int ask(struct el_switch *sw, uint64_t now_ns, unsigned lane, unsigned port,
                      uint32_t src, uint32_t dst, struct el_switch_out *out)
{
    struct el_mac from = mac_of(src), to = mac_of(dst);

    return el_switch_forward(sw, now_ns, lane, port, &from, &to, out);
}

/* How many frames of all kinds the switch has counted. */
static inline uint64_t counted(const struct el_switch *sw)
{
    uint64_t sum = 0;

    for (enum el_switch_counter c = 0; c < EL_SWITCH_COUNTERS; c++)
        sum += el_switch_count(sw, c);
    return sum;
}

static inline int find(const struct el_switch *sw, uint64_t now_ns, uint32_t vni, uint32_t station)
{
    struct el_mac mac = mac_of(station);

    return el_switch_find(sw, now_ns, vni, &mac);
}

#endif
