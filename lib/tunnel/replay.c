/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The replay window. */
#include "tunnel/replay.h"

enum { BITS = 64 };

bool el_tunnel_replay_is_new(const struct el_tunnel_replay *replay, uint64_t counter)
{
    if (counter >= replay->next)
        return true;
    if (counter + EL_TUNNEL_REPLAY_WINDOW < replay->next)
        return false;
    return !(replay->words[counter / BITS % EL_TUNNEL_REPLAY_WORDS] >> counter % BITS & 1);
}

void el_tunnel_replay_mark(struct el_tunnel_replay *replay, uint64_t counter)
{
    uint64_t word = counter / BITS;

    if (counter >= replay->next) {
        /* Words after the newest one so far hold counters of a ring ago. At the start there is no
         * newest one, and the words are empty. */
        uint64_t stale = replay->next ? word - (replay->next - 1) / BITS : 0;
        if (stale > EL_TUNNEL_REPLAY_WORDS)
            stale = EL_TUNNEL_REPLAY_WORDS;
        for (uint64_t i = 0; i < stale; i++)
            replay->words[(word - i) % EL_TUNNEL_REPLAY_WORDS] = 0;
        replay->next = counter + 1;
    }
    replay->words[word % EL_TUNNEL_REPLAY_WORDS] |= UINT64_C(1) << counter % BITS;
}
