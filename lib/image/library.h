/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The library of images: a directory, in which each image is a directory with its files, an
 * entry.conf (boot/boot_entry.h) and, if el2w image add has made it, a manifest (image/manifest.h).
 *
 * What begins with a dot is nobody's image, and in no menu:
 *
 *     .adding-7f3a…    an image on its way in; whoever adds it holds a lock on it (flock)
 *     .removed-19c0…   an image on its way out
 *     .partial-52e1…   a download that is not finished, with what it needs to go on; likewise
 * locked
 *
 * An image comes and goes by one rename, so nobody sees a part of one. Whoever has a file of it
 * open goes on reading it. What was left behind by somebody who died is swept away by the next one
 * who adds or removes something; a download when it is a week old.
 */
#ifndef EL_IMAGE_LIBRARY_H
#define EL_IMAGE_LIBRARY_H

#include "base/err.h"
#include "boot/boot_entry.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define EL_IMAGE_ADDING  ".adding-"
#define EL_IMAGE_REMOVED ".removed-"
#define EL_IMAGE_PARTIAL ".partial-"

enum {
    EL_IMAGE_PARTIAL_S = 7 * 86400, /* so old a download is given up */
    EL_IMAGE_HIDDEN_BYTES = 40,     /* a name that begins with a dot, with its NUL */
    EL_IMAGE_LIBRARY_MODE = 0755,   /* who serves it is nobody in particular */
};

/* Opens the library at PATH. The descriptor, the caller's to close, or an error. */
int el_image_library_open(const char *path, struct el_err *err);

/* Reads the entry of the image NAME. 0; EL_ENOENT: there is no such image; or what is wrong with
 * it. A sentence in either case. */
int el_image_library_read(int library, const char *name, struct el_boot_entry *entry,
                          struct el_err *err);

/* Calls EACH for every image, in the order of their names. Of one whose entry.conf is wrong ENTRY
 * is NULL, and WHY says why. 0 or an error. */
typedef void el_image_each(void *arg, const char *name, const struct el_boot_entry *entry,
                           const char *why);
int el_image_library_list(int library, el_image_each *each, void *arg, struct el_err *err);

/* The text of a file of the image NAME, at most MAX bytes: *TEXT is the caller's to free and has a
 * NUL behind it. Its length, or an error. */
int el_image_library_text(int library, const char *name, const char *file, size_t max, char **text,
                          struct el_err *err);

/* Takes the image NAME out: it is gone at once, its bytes when nobody reads them any more. 0 or an
 * error; EL_ENOENT with a sentence that names what there is. */
int el_image_library_remove(int library, const char *name, struct el_err *err);

/* -- for those who add -- */

/* Locks the library against others who name or sweep; waits for them, and they do not take long.
 * The lock's descriptor, to be closed, or an error. */
int el_image_library_lock(int library, struct el_err *err);

/* Makes PREFIX and a random number a NAME. */
void el_image_hidden_name(const char *prefix, char name[EL_IMAGE_HIDDEN_BYTES]);

/* Under the lock: removes what nobody is at work on any more. */
void el_image_library_sweep(int library, int64_t now_s);

/* Removes the directory NAME in the directory AT with all that is in it, following no link. 0 or an
 * error. */
int el_image_remove_tree(int at, const char *name);

#endif
