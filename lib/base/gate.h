/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How a machine that several threads use asks to be alone.
 *
 * The threads are called lanes and have numbers. A lane that looks at what all share is in *shared*
 * mode; whoever changes it is in *exclusive* mode, and then nobody else is in any. A machine cannot
 * wait for other threads, so its caller lends it these functions (sys/gate.h has them); zeros mean
 * that there is one thread only.
 *
 * Each of the first two is followed by one resume(), which goes back to what the lane was in
 * before. They nest: in exclusive mode nothing happens. Going from shared to exclusive, others may
 * come first: whatever was read before has to be read again.
 */
#ifndef EL_BASE_GATE_H
#define EL_BASE_GATE_H

struct el_gate {
    void (*shared)(void *arg, unsigned lane);
    void (*exclusive)(void *arg, unsigned lane);
    void (*resume)(void *arg, unsigned lane);
    void *arg;
};

static inline void el_gate_shared(const struct el_gate *gate, unsigned lane)
{
    if (gate->shared)
        gate->shared(gate->arg, lane);
}

static inline void el_gate_exclusive(const struct el_gate *gate, unsigned lane)
{
    if (gate->exclusive)
        gate->exclusive(gate->arg, lane);
}

static inline void el_gate_resume(const struct el_gate *gate, unsigned lane)
{
    if (gate->resume)
        gate->resume(gate->arg, lane);
}

#endif
