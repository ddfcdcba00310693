/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lives by MAC. */
#include "hub/hub_lives.h"

#include "base/map.h"

#include <stdlib.h>

struct el_hub_lives {
    struct el_map *by_mac; /* struct el_hub_life, owned */
};

struct el_hub_lives *el_hub_lives_new(void)
{
    struct el_hub_lives *lives = calloc(1, sizeof *lives);

    if (lives)
        lives->by_mac = el_map_new(sizeof(struct el_mac), EL_HUB_LIVES_MAX);
    if (lives && !lives->by_mac) {
        free(lives);
        lives = NULL;
    }
    return lives;
}

void el_hub_lives_free(struct el_hub_lives *lives)
{
    size_t cursor = 0;

    if (!lives)
        return;
    for (void *life; (life = el_map_next(lives->by_mac, &cursor)) != NULL;)
        free(life);
    el_map_free(lives->by_mac);
    free(lives);
}

bool el_hub_lives_put(struct el_hub_lives *lives, uint32_t vni, const struct el_life *life,
                      struct el_life *before)
{
    struct el_hub_life *there = el_map_get(lives->by_mac, &life->mac);
    bool known = there != NULL;

    if (known && before)
        *before = there->life;
    if (!known)
        there = malloc(sizeof *there);
    if (!there)
        return false;
    *there = (struct el_hub_life){vni, *life};
    if (!known && el_map_put(lives->by_mac, &life->mac, there) < 0)
        free(there);
    return known;
}

void el_hub_lives_remove(struct el_hub_lives *lives, uint32_t vni, const struct el_mac *mac)
{
    const struct el_hub_life *there = el_map_get(lives->by_mac, mac);

    if (there && there->vni == vni)
        free(el_map_del(lives->by_mac, mac));
}

/* Deleting moves others, so each round begins anew behind what it has passed. */
void el_hub_lives_clear(struct el_hub_lives *lives, uint32_t vni)
{
    bool again = true;

    while (again) {
        size_t cursor = 0;
        again = false;
        for (struct el_hub_life *life; (life = el_map_next(lives->by_mac, &cursor)) != NULL;)
            if (life->vni == vni) {
                el_map_del(lives->by_mac, &life->life.mac);
                free(life);
                again = true;
            }
    }
}

const struct el_hub_life *el_hub_lives_find(const struct el_hub_lives *lives,
                                            const struct el_mac *mac)
{
    return el_map_get(lives->by_mac, mac);
}

const struct el_hub_life *el_hub_lives_next(const struct el_hub_lives *lives, size_t *cursor)
{
    return el_map_next(lives->by_mac, cursor);
}
