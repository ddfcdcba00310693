/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Adding an image to the library: a disk image of this computer or of a server, or a directory. It
 * is recognised, copied, and in the menu from the moment on which all of it is on the disk; until
 * then nothing of it is to be seen, and nothing stays if it cannot be.
 */
#ifndef EL_IMAGE_ADD_H
#define EL_IMAGE_ADD_H

#include "image/download.h"
#include "image/entry.h"
#include "image/progress.h"

struct el_image_add {
    int library;
    const char *file;   /* a path, or a URL of http, https or file */
    const char *sha256; /* that it must have: 64 hexadecimal digits; NULL: nobody knows. Plain
                           http needs one */
    const char *ca;     /* see image/download.h */
    struct el_image_said said; /* by a person */
    const struct el_image_progress *progress;
};

struct el_image_added {
    char name[EL_BOOT_NAME_BYTES];
    struct el_boot_entry entry;
    char note[EL_MEDIA_NOTE_BYTES]; /* what must be known before it boots; "": nothing */
    bool existed;                   /* it has been there: nothing has changed */
};

/* 0 with what has been ADDED, or an error with its sentence: EL_EEXIST: another image has the name
 * that was said; EL_EFULL: no room; EL_ECLOSED: stopped. A medium that is booted in several ways
 * (by BIOS and by UEFI) becomes an image for each, of the same bytes on the disk; the others are
 * said.
 */
int el_image_add(const struct el_image_add *add, struct el_image_added *added, struct el_err *err);

#endif
