/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The entries of the boot menu, read from a directory of directories (boot_entry.h) and read again
 * when something there has changed. An entry that is broken is left out, with a warning that says
 * why, once per change; the others are not affected. One whose kernel or initrd is missing, or not
 * readable for us, stays; that too is said once per change.
 */
#ifndef EL_BOOT_BOOT_IO_H
#define EL_BOOT_BOOT_IO_H

#include "boot/boot_entry.h"

struct el_boot_entries;

/* Opens DIRECTORY, which must exist, and reads it; a relative path begins at the directory of the
 * descriptor AT (or AT_FDCWD). NULL, with the reason in ERR. */
struct el_boot_entries *el_boot_entries_open(int at, const char *directory, struct el_err *err);
void el_boot_entries_close(struct el_boot_entries *entries); /* NULL is allowed */

/* The entries as they are on disk now, in their order. Costs an open and a stat per file if nothing
 * has changed. The array is valid until the next call. Returns their number. */
size_t el_boot_entries_get(struct el_boot_entries *entries, const struct el_boot_entry **list);

#endif
