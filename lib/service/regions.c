/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where machines are. */
#include "service/regions.h"

#include "base/map.h"
#include "node/locate.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct region {
    struct el_mac mac;
    char name[EL_LOCATE_NAME_BYTES];
};

struct el_regions {
    int fd;
    uint32_t vni;
    struct el_map *by_mac;
    struct region machines[EL_REGIONS_MACHINES]; /* a ring: the newest takes the oldest's place */
    unsigned next;
};

struct el_regions *el_regions_new(int locate_fd, uint32_t vni)
{
    struct el_regions *regions = calloc(1, sizeof *regions);

    if (!regions)
        return NULL;
    regions->fd = locate_fd;
    regions->vni = vni;
    regions->by_mac = el_map_new(sizeof(struct el_mac), EL_REGIONS_MACHINES);
    if (!regions->by_mac) {
        free(regions);
        return NULL;
    }
    return regions;
}

void el_regions_free(struct el_regions *regions)
{
    if (!regions)
        return;
    if (regions->fd >= 0)
        close(regions->fd);
    el_map_free(regions->by_mac);
    free(regions);
}

int el_regions_fd(const struct el_regions *regions)
{
    return regions->fd;
}

void el_regions_ask(struct el_regions *regions, const struct el_mac *mac)
{
    el_locate_ask(regions->fd, &(struct el_locate_question){.vni = regions->vni, .mac = *mac});
}

/* The place of MAC: its own, or the oldest one's, which is forgotten. */
static struct region *place_for(struct el_regions *regions, const struct el_mac *mac)
{
    struct region *region = el_map_get(regions->by_mac, mac);

    if (region)
        return region;
    region = &regions->machines[regions->next];
    regions->next = (regions->next + 1) % EL_REGIONS_MACHINES;
    if (el_map_get(regions->by_mac, &region->mac) == region)
        el_map_del(regions->by_mac, &region->mac);
    region->mac = *mac;
    el_map_put(regions->by_mac, mac, region);
    return region;
}

void el_regions_listen(struct el_regions *regions)
{
    struct el_locate_answer answer;

    while (el_locate_next_answer(regions->fd, &answer))
        memcpy(place_for(regions, &answer.mac)->name, answer.region, sizeof answer.region);
}

const char *el_regions_find(const struct el_regions *regions, const struct el_mac *mac)
{
    const struct region *region = el_map_get(regions->by_mac, mac);

    return region && region->name[0] ? region->name : "unknown";
}
