/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * UDF (ECMA-167 with OSTA UDF 1.02 to 2.01), as installation media use it: alone (Windows), or as a
 * bridge beside ISO 9660; blocks of 2048 bytes, or of 512 and 4096 as tools for disks make them.
 *
 * The anchor (block 256, or the last) leads to the volume descriptors, these to the partitions and
 * the file set, that to the root. Each file or directory is an information control block (ICB) with
 * allocation descriptors; a directory is a stream of file identifier descriptors (FID).
 *
 * Not read: virtual, sparable and metadata partitions (what drives write to), strategy 4096, files
 * with holes. A hostile image is met as in iso9660.h: descriptors are known by tag and checksum,
 * chains and counts have a largest length, extents are inside the image.
 */
#ifndef EL_MEDIA_UDF_H
#define EL_MEDIA_UDF_H

#include "media/volume.h"

int el_media_udf_open(struct el_media_volume *volume, struct el_media_image *image);

#endif
