/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Loops: two ports of a switch in one network whose far sides are one LAN, as when two spokes
 * bridge the same one. Every frame that is flooded would come back through the other port and be
 * flooded again, for ever.
 *
 * The idea is that of switches' loop guards (and of the Configuration Testing Protocol before them:
 * Ethernet V2.0, 1982, §8): from time to time a *probe* is sent out through each port; one that
 * comes in at another port of its network shows a loop, and of the two ports the one that came
 * later is *blocked* until probes stop coming through. So of all ports into one LAN the first
 * carries, and when it goes, the next. There is no spanning tree: what the LANs' own bridges do
 * among each other is theirs, and our probes, which are for a group that no bridge keeps for
 * itself, go through them.
 *
 * Who has the key of this machine, which it makes for itself, makes its probes: a machine on a LAN
 * can hold one back, or carry it to another LAN while it is fresh (EL_LOOP_FRESH_S), as a cable
 * would, and with it whatever else it likes; it can make none.
 *
 * A machine without I/O that decides and touches no gate: the caller shuts and opens what it is
 * told to, sends a blocked port's probes past the gate, and takes those that come in before it. In
 * shared mode (switch/switch.h) any number of lanes may ask what takes a const machine; all else is
 * for one thread alone.
 */
#ifndef EL_SWITCH_LOOP_H
#define EL_SWITCH_LOOP_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    EL_LOOP_FRAME_BYTES = 60,   /* a probe: Ethernet's shortest, without its check sum */
    EL_LOOP_ETHERTYPE = 0x88b5, /* for local experiments (IEEE 802-2014 §9.2.4) */
    EL_LOOP_PERIOD_S = 5,       /* between two probes of a port, if nothing is suspicious */
    EL_LOOP_HOLD_S = 3 * EL_LOOP_PERIOD_S + 1, /* a blocked port is opened so long after the last */
    EL_LOOP_FRESH_S = 2,                       /* a probe that took longer is none */
};

struct el_loop;

/* For ports 0..ports_max-1. 0 or EL_ENOMEM. */
int el_loop_new(unsigned ports_max, struct el_loop **loop);
void el_loop_free(struct el_loop *loop); /* wipes the key; NULL is allowed */

/* PORT takes part in network VNI from now on, as the last who came; it is probed at once. Nothing
 * happens if it does already. EL_EINVAL: no such port. */
int el_loop_join(struct el_loop *loop, unsigned port, uint32_t vni);
/* It does no longer, and is not blocked any more. */
void el_loop_leave(struct el_loop *loop, unsigned port);
/* The same, and its number may be another's next: nothing is told of it any more. */
void el_loop_forget(struct el_loop *loop, unsigned port);

bool el_loop_is_blocked(const struct el_loop *loop, unsigned port);

/* Addresses wander to PORT, as they do in a loop: it is probed now, but no more than once a second.
 */
void el_loop_suspect(struct el_loop *loop, uint64_t now_ns, unsigned port);

/* What a port does at its turn. */
struct el_loop_turn {
    unsigned port;
    bool opens;  /* it is blocked no longer, */
    bool probes; /* and sends FRAME: others are in its network */
    uint8_t frame[EL_LOOP_FRAME_BYTES];
};

/* Whose turn it is: false if it is nobody's before the deadline. */
bool el_loop_turn(struct el_loop *loop, uint64_t now_ns, struct el_loop_turn *turn);

/* EL_NEVER (base/time.h) when idle. */
uint64_t el_loop_deadline_ns(const struct el_loop *loop);

/* Whether a frame of at least 14 bytes may be a probe, ours or somebody else's. */
static inline bool el_loop_is_probe(const uint8_t *frame)
{
    return (frame[12] << 8 | frame[13]) == EL_LOOP_ETHERTYPE;
}

/* Whether such a frame is, or says that it is, one of ours, which goes no further. */
bool el_loop_is_ours(const struct el_loop *loop, const uint8_t *frame);

/* Whether the frame that came in at PORT is a probe of ours that shows a loop, and one that is to
 * be given to el_loop_input(): of what keeps coming through only some is, so that nobody can have
 * all lanes stopped for each. */
bool el_loop_shows(const struct el_loop *loop, uint64_t now_ns, unsigned port, const uint8_t *frame,
                   size_t len);

/* Takes such a frame: the port that is to be blocked from now on, or EL_ENOENT: it is already. */
int el_loop_input(struct el_loop *loop, uint64_t now_ns, unsigned port, const uint8_t *frame,
                  size_t len);

/* What is to be told: PORT is blocked, as it is in one LAN with OTHER, or is no longer. */
struct el_loop_news {
    unsigned port, other;
    bool blocked;
};

/* The next of them, until it is said to have been told; false: there are none. */
bool el_loop_news(const struct el_loop *loop, struct el_loop_news *news);
void el_loop_told(struct el_loop *loop, const struct el_loop_news *news);

#endif
