/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where machines are, as far as the tunnel has told (node/locate.h). The boot service asks when a
 * machine makes itself heard by DHCP; the answer is there long before the machine asks for its
 * menu.
 */
#ifndef EL_SERVICE_REGIONS_H
#define EL_SERVICE_REGIONS_H

#include "base/addr.h"

#include <stdint.h>

enum { EL_REGIONS_MACHINES = 4096 }; /* beyond, the one that was learned first is forgotten */

struct el_regions;

/* LOCATE_FD is ours from now on; -1: nobody to ask. NULL: out of memory. */
struct el_regions *el_regions_new(int locate_fd, uint32_t vni);
void el_regions_free(struct el_regions *regions); /* NULL is allowed */

/* Readable when an answer waits; -1: never. */
int el_regions_fd(const struct el_regions *regions);

/* Asks where MAC is. */
void el_regions_ask(struct el_regions *regions, const struct el_mac *mac);

/* Takes the answers that wait. */
void el_regions_listen(struct el_regions *regions);

/* The spoke that MAC is behind; "unknown" where no answer came or it is behind none. */
const char *el_regions_find(const struct el_regions *regions, const struct el_mac *mac);

#endif
