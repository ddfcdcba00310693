/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ISO 9660 (ECMA-119), with Joliet (UCS-2 names in a second tree) or Rock Ridge (POSIX names,
 * symbolic links, directories of any depth, in the System Use area of each record).
 *
 * A directory is a row of records in whole sectors. A file is an extent, or several records of the
 * same name with the multi-extent flag (files of 4 GiB and more). Numbers stand there in both byte
 * orders; the little-endian one is read, as Linux does.
 *
 * A hostile image is met by bounds: a record never crosses its sector, a directory has a largest
 * size, chains of continuation areas (CE) a largest length, each extent is inside the image, and
 * every operation has the budget of image.h. A directory that contains itself is harmless: it is
 * entered once per segment of a path, and paths are short.
 */
#ifndef EL_MEDIA_ISO9660_H
#define EL_MEDIA_ISO9660_H

#include "media/volume.h"

int el_media_rock_ridge_open(struct el_media_volume *volume, struct el_media_image *image);
int el_media_joliet_open(struct el_media_volume *volume, struct el_media_image *image);
int el_media_iso9660_open(struct el_media_volume *volume, struct el_media_image *image);

/* -- between iso9660.c and rock_ridge.c -- */

enum { EL_MEDIA_ISO_RECORD_MAX = 255 };

/* ECMA-119 9.1 */
struct el_media_iso_record {
    uint64_t place;  /* of the record itself, bytes */
    uint64_t offset; /* of the data, bytes */
    uint32_t size;
    uint8_t flags;
    bool interleaved;
    int64_t mtime_s;
    const uint8_t *name; /* in BYTES */
    unsigned name_len;
    const uint8_t *system_use; /* in BYTES */
    unsigned system_use_len;
    unsigned len;
    uint8_t bytes[EL_MEDIA_ISO_RECORD_MAX];
};

enum { EL_MEDIA_ISO_DIRECTORY = 0x02, EL_MEDIA_ISO_ASSOCIATED = 0x04, EL_MEDIA_ISO_MULTI = 0x80 };

/* Reads the record at PLACE, or the first behind it that is in a sector before END: 1; 0 if there
 * is none; or an error. */
int el_media_iso_record_read(struct el_media_volume *volume, uint64_t place, uint64_t end,
                             struct el_media_iso_record *record);

/* Seconds since 1970 of seven bytes (ECMA-119 9.1.5) or seventeen (8.4.26.1); 0 if they are no
 * date. */
int64_t el_media_iso_date(const uint8_t *bytes, size_t len);

#endif
