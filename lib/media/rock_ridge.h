/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The System Use area of a directory record: SUSP (IEEE P1281) and Rock Ridge (IEEE P1282).
 *
 * The area is a row of entries, which goes on elsewhere in the image where a CE entry says so.
 * Understood are NM (name), SL (symbolic link), PX (mode), TF (times), CL and RE (a directory that
 * was moved because it was too deep); a file with ZF or SF (compressed, sparse) is refused, since
 * its bytes are not what its reader expects.
 */
#ifndef EL_MEDIA_ROCK_RIDGE_H
#define EL_MEDIA_ROCK_RIDGE_H

#include "media/iso9660.h"

struct el_media_rock {
    char name[EL_MEDIA_NAME_BYTES]; /* empty: none */
    char target[EL_MEDIA_TARGET_BYTES];
    uint32_t mode; /* POSIX; 0: not said */
    int64_t mtime_s;
    uint64_t child; /* CL: where the directory really is, in bytes; 0: here */
    bool relocated; /* RE: this is the place of a directory that belongs elsewhere */
    bool encoded;
};

/* Whether RECORD, the root's first, says that Rock Ridge is used; sets what SP says. */
bool el_media_rock_begins(struct el_media_volume *volume, const struct el_media_iso_record *record);

/* 0 or an error. Values that make no sense count as not said. */
int el_media_rock_parse(struct el_media_volume *volume, const struct el_media_iso_record *record,
                        struct el_media_rock *rock);

/* What ROCK says about the record that NODE was made of. */
void el_media_rock_apply(struct el_media_volume *volume, const struct el_media_rock *rock,
                         struct el_media_node *node);

#endif
