/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files of templates/ at the top of the source tree, as they are there: made by this room's
 * CMakeLists.txt, those of one template together. */
#ifndef EL_PROFILE_SHIPPED_H
#define EL_PROFILE_SHIPPED_H

#include <stddef.h>
#include <stdint.h>

struct el_profile_shipped_file {
    const char *directory, *name;
    const uint8_t *bytes;
    const uint64_t *len;
};

extern const struct el_profile_shipped_file el_profile_shipped[];
extern const size_t el_profile_shipped_count;

#endif
