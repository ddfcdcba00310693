/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What boot services have reported of machines: the life of each, and in which network. In memory
 * alone: who reports says it again.
 *
 * Two networks may have a machine of the same MAC: it is where it was seen last.
 */
#ifndef EL_HUB_HUB_LIVES_H
#define EL_HUB_HUB_LIVES_H

#include "base/addr.h"
#include "boot/life.h"

enum { EL_HUB_LIVES_MAX = 16384 };

struct el_hub_life {
    uint32_t vni;
    struct el_life life; /* as orders.h has it: without token */
};

struct el_hub_lives;

struct el_hub_lives *el_hub_lives_new(void);        /* NULL: out of memory */
void el_hub_lives_free(struct el_hub_lives *lives); /* NULL is allowed */

/* LIFE was reported from network VNI. What it was before, in BEFORE, if that is not NULL: true; it
 * is new: false. One more than EL_HUB_LIVES_MAX is not taken. */
bool el_hub_lives_put(struct el_hub_lives *lives, uint32_t vni, const struct el_life *life,
                      struct el_life *before);
/* Nothing is known of it (in VNI) any more. */
void el_hub_lives_remove(struct el_hub_lives *lives, uint32_t vni, const struct el_mac *mac);
/* All that network VNI has reported is forgotten: it is gone, or says everything again. */
void el_hub_lives_clear(struct el_hub_lives *lives, uint32_t vni);

/* NULL: not there. Valid until the next change. */
const struct el_hub_life *el_hub_lives_find(const struct el_hub_lives *lives,
                                            const struct el_mac *mac);
/* The next one; *CURSOR is 0 at first. NULL: that was all. */
const struct el_hub_life *el_hub_lives_next(const struct el_hub_lives *lives, size_t *cursor);

#endif
