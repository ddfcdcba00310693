/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A switch whose ports and stations do what they like. Each record is an operation, a port and two
 * bytes. Lanes change and count nothing where they need the exclusive mode. Frames never leave
 * their network, never go back, never reach a port that is not there or not published, and never
 * pass between isolated ports. Flooded ones reach no shortcut, and group ones leave none.
 */
#include "base/csprng.h"
#include "base/time.h"
#include "base/wire.h"
#include "switch/switch.h"

#include <stdlib.h>

enum { PORTS = 8, NETWORKS = 3, FIRST_VNI = 77 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

struct model {
    bool used, published, isolate, shortcut;
    unsigned vni;
};

static struct el_mac station(uint8_t number)
{
    /* 0 and 1 are addresses that may not send; 2 and up are stations. */
    if (number == 0)
        return (struct el_mac){{0}};
    if (number == 1)
        return (struct el_mac){{0x01, 0x80, 0xc2, 0, 0, 0x0e}};
    return (struct el_mac){{0x52, 0x54, 0, 0, 0, (uint8_t)(number % 32)}};
}

static void add(struct el_switch *sw, struct model *model, uint8_t a, uint8_t b)
{
    bool shortcut = (a & 8) != 0;
    struct model made = {true, a & 1, shortcut || (a & 2) != 0, shortcut, FIRST_VNI + b % NETWORKS};
    int port = el_switch_add_port(sw, &(struct el_switch_port_config){.vni = made.vni,
                                                                      .addresses_max = a >> 4,
                                                                      .flood_per_s = b,
                                                                      .protect = (a & 4) != 0,
                                                                      .isolate = (a & 2) != 0,
                                                                      .shortcut = shortcut,
                                                                      .published = made.published});
    if (port < 0)
        return;
    require(port < PORTS && !model[port].used);
    model[port] = made;
}

static uint64_t counted(const struct el_switch *sw)
{
    uint64_t sum = 0;

    for (enum el_switch_counter c = 0; c < EL_SWITCH_COUNTERS; c++)
        sum += el_switch_count(sw, c);
    return sum;
}

static void frame(struct el_switch *sw, const struct model *model, uint64_t now_ns, unsigned port,
                  uint8_t a, uint8_t b)
{
    struct el_mac src = station(a), dst = station(b);
    struct el_switch_out out;
    unsigned seen = 0;

    unsigned lane = (unsigned)b % EL_SWITCH_LANES;
    uint64_t before = counted(sw);
    int rc = el_switch_forward(sw, now_ns, lane, port, &src, &dst, &out);
    if (rc == EL_SWITCH_NEEDS_CHANGE) {
        require(out.count == 0 && counted(sw) == before);
        rc = el_switch_forward_exclusive(sw, now_ns, lane, port, &src, &dst, &out);
        require(rc <= 0 && counted(sw) == before + 2); /* learned or moved; and what became of it */
    }
    if (rc < 0) {
        require(out.count == 0);
        return;
    }
    require(model[port].used && model[port].published);
    require(!(model[port].shortcut && el_mac_is_group(&dst)));
    for (unsigned i = 0; i < out.count; i++) {
        unsigned to = out.ports[i];
        require(to < PORTS && to != port && !(seen & 1u << to));
        require(model[to].used && model[to].published && model[to].vni == model[port].vni);
        require(!(model[to].isolate && model[port].isolate));
        require(!(model[to].shortcut && out.flooded));
        seen |= 1u << to;
    }
    int where = el_switch_find(sw, now_ns, model[port].vni, &src);
    require(where < 0 || (model[where].used && model[where].vni == model[port].vni));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct el_switch_config config = {PORTS, 12, 10 * EL_S};
    struct el_wire input = el_wire_read(data, size);
    struct model model[PORTS] = {{0}};
    struct el_switch *sw;
    uint64_t now_ns = 0;

    el_random_seed_for_test(0);
    if (el_switch_new(&config, &sw) < 0)
        abort();
    while (el_wire_left(&input) >= 4) {
        uint8_t operation = el_wire_u8(&input);
        unsigned port = el_wire_u8(&input) % (PORTS + 1); /* one is out of range */
        uint8_t a = el_wire_u8(&input), b = el_wire_u8(&input);
        struct el_mac pinned = station(a);
        switch (operation % 9) {
        case 0: add(sw, model, a, b); break;
        case 1:
            el_switch_remove_port(sw, port);
            if (port < PORTS)
                model[port].used = false;
            break;
        case 2:
            el_switch_publish(sw, port, a & 1);
            if (port < PORTS && model[port].used)
                model[port].published = a & 1;
            break;
        case 3: now_ns += (uint64_t)(a << 8 | b) * EL_MS; break;
        case 4: el_switch_age(sw, now_ns); break;
        case 5: el_switch_pin(sw, port, &pinned); break;
        case 8: el_switch_flush(sw, port); break;
        default: frame(sw, model, now_ns, port, a, b); break;
        }
        uint64_t deadline_ns = el_switch_deadline_ns(sw);
        if (operation % 9 == 4)
            require(deadline_ns > now_ns);
    }
    for (unsigned port = 0; port < PORTS; port++)
        el_switch_remove_port(sw, port);
    require(el_switch_deadline_ns(sw) == EL_NEVER);
    el_switch_free(sw);
    return 0;
}
