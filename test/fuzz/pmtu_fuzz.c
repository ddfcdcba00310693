/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A path MTU machine between a caller, a clock and a peer that all do what they like. Each byte is
 * an operation, some with an argument. It must never ask in a loop, never promise a size that no
 * probe or interface has shown, and always come to rest. Inputs of odd length have no padding.
 */
#include "base/time.h"
#include "base/wire.h"
#include "overlay/pmtu.h"

#include <stdlib.h>

enum { BURST_MAX = 4, IDENT = 7 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

struct run {
    struct el_pmtu pmtu;
    uint64_t now_ns;
    struct el_pmtu_probe last;
    size_t proven; /* the largest inner size that was answered, or taken for granted */
};

static void output(struct run *run)
{
    struct el_pmtu_probe probe;
    unsigned burst = 0;

    while (el_pmtu_output(&run->pmtu, run->now_ns, &probe)) {
        require(++burst <= BURST_MAX);
        require(probe.len >= 400 && probe.len <= EL_PMTU_PROBE_MAX);
        require(probe.len % run->pmtu.padding == 0);
        require(probe.ident == IDENT);
        run->last = probe;
    }
    require(el_pmtu_deadline_ns(&run->pmtu) > run->now_ns);
}

static void step(struct run *run, struct el_wire *input)
{
    switch (el_wire_u8(input) % 10) {
    case 0:
        el_pmtu_start(&run->pmtu, run->now_ns, el_wire_u8(input) & 1);
        run->proven = EL_PMTU_BASE - 60;
        break;
    case 1: el_pmtu_stop(&run->pmtu); break;
    case 2: run->now_ns += el_wire_u8(input) * 10 * EL_MS; break;
    case 3: run->now_ns += el_wire_u8(input) * 10 * EL_S; break;
    case 4:
        if (el_pmtu_deadline_ns(&run->pmtu) != EL_NEVER &&
            el_pmtu_deadline_ns(&run->pmtu) > run->now_ns)
            run->now_ns = el_pmtu_deadline_ns(&run->pmtu);
        break;
    case 5:
        if (el_pmtu_input_reply(&run->pmtu, run->now_ns, run->last.ident, run->last.sequence,
                                run->last.len) &&
            run->last.len > run->proven)
            run->proven = run->last.len;
        break;
    case 6: {
        uint16_t ident = el_wire_be16(input), sequence = el_wire_be16(input);
        size_t len = el_wire_be16(input);
        if (el_pmtu_input_reply(&run->pmtu, run->now_ns, ident, sequence, len) && len > run->proven)
            run->proven = len;
        break;
    }
    case 7: el_pmtu_too_big(&run->pmtu, run->now_ns, el_wire_be16(input)); break;
    case 9: el_pmtu_refused(&run->pmtu, run->now_ns, el_wire_be16(input)); break;
    default: el_pmtu_sent(&run->pmtu, el_wire_be16(input)); break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct el_wire input = el_wire_read(data, size);
    struct run run = {.now_ns = EL_S, .proven = EL_PMTU_BASE - 60};

    el_pmtu_init(&run.pmtu, IDENT, 32, size % 2 ? 1 : 16);
    while (el_wire_left(&input) > 0) {
        step(&run, &input);
        output(&run);
        require(el_pmtu_inner_bytes(&run.pmtu) <= run.proven);
        require(el_pmtu_inner_bytes(&run.pmtu) >= 400);
        require(el_pmtu_inner_bytes(&run.pmtu) % run.pmtu.padding == 0);
    }
    /* Left alone, it falls silent within a few rounds. */
    for (unsigned i = 0; el_pmtu_deadline_ns(&run.pmtu) != EL_NEVER; i++) {
        require(i < 100);
        run.now_ns = el_pmtu_deadline_ns(&run.pmtu);
        output(&run);
    }
    return 0;
}
