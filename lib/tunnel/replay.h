/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The replay window: which of the last 8192 message counters have been seen (RFC 6479).
 *
 * One bit per counter in a ring of words. A word is cleared when the window moves over it, so that
 * nothing is ever shifted; the ring has one word more than the window, because the window's two
 * ends may share a word.
 */
#ifndef EL_TUNNEL_REPLAY_H
#define EL_TUNNEL_REPLAY_H

#include <stdbool.h>
#include <stdint.h>

enum { EL_TUNNEL_REPLAY_WINDOW = 8192, EL_TUNNEL_REPLAY_WORDS = EL_TUNNEL_REPLAY_WINDOW / 64 + 1 };

/* Zeroed: nothing seen. */
struct el_tunnel_replay {
    uint64_t next; /* the greatest counter seen, plus 1 */
    uint64_t words[EL_TUNNEL_REPLAY_WORDS];
};

/* Whether COUNTER is new: not seen, and not older than the window. COUNTER is below 2^64 - 8192. */
bool el_tunnel_replay_is_new(const struct el_tunnel_replay *replay, uint64_t counter);

/* Remembers COUNTER, which was new and has proved authentic. */
void el_tunnel_replay_mark(struct el_tunnel_replay *replay, uint64_t counter);

#endif
