/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is written about an image that is added: its entry.conf, and its name. */
#ifndef EL_IMAGE_ENTRY_H
#define EL_IMAGE_ENTRY_H

#include "base/err.h"
#include "boot/boot_entry.h"
#include "media/media.h"

enum { EL_IMAGE_NAMES = 16 }; /* ways to call an image */

/* What a person has said; NULL: nothing. */
struct el_image_said {
    const char *name, *title, *kernel, *args;
    const char *initrds[EL_BOOT_INITRDS_MAX];
    unsigned initrd_count;
};

/* Puts into ENTRY what FACTS have found out, but for what was SAID: who names a kernel names its
 * initrds and arguments too. 0, or EL_EINVAL: neither knows how it is booted. */
int el_image_entry_fill(const struct el_image_said *said, const struct el_media_facts *facts,
                        const char *file, struct el_boot_entry *entry, struct el_err *err);

/* ENTRY as the text of an entry.conf, which has been read again: what is not right there is an
 * error. *TEXT is the caller's to free. */
int el_image_entry_text(const struct el_boot_entry *entry, char **text, struct el_err *err);

/* The INDEXth way to call what ENTRY describes and came as FILE, while others are taken:
 * "debian-12", "debian-12.5.0", "debian-12-2", … False: there are no more. */
bool el_image_entry_name(const struct el_boot_entry *entry, const char *file, unsigned index,
                         char name[EL_BOOT_NAME_BYTES]);

/* The last part of a path or URL's path as the name of a file beside entry.conf, or "image.iso" if
 * that cannot be one. */
void el_image_file_name(const char *path, char name[EL_BOOT_PATH_BYTES]);

#endif
