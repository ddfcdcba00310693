/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of this room share. */
#ifndef EL_BOOT_BOOT_INTERNAL_H
#define EL_BOOT_BOOT_INTERNAL_H

#include "base/map.h"
#include "boot/boot.h"

enum { EL_BOOT_START_TEXT = 17 }; /* the number of a start in hexadecimal, and NUL */

struct el_boot {
    struct el_boot_config config;
    struct el_map *by_mac;
    struct el_boot_machine *oldest, *newest; /* by when they were seen */
    size_t count;
    struct el_boot_machine machines[EL_BOOT_MACHINES_MAX];
};

/* The machine, new or known, moved to the end of the list. Never NULL. */
struct el_boot_machine *el_boot_machine_seen(struct el_boot *boot, const struct el_mac *mac,
                                             uint64_t now_ns);

#endif
