/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Downloads into the library, which go on where they were cut off: by the same run, or by the next
 * one that asks for the same URL. Whoever speaks with the server does so aside (image/aside.h).
 */
#ifndef EL_IMAGE_DOWNLOAD_H
#define EL_IMAGE_DOWNLOAD_H

#include "image/library.h"
#include "image/progress.h"

struct el_image_source {
    const char *url; /* http or https */
    const char *ca;  /* a file of certificates to trust; NULL: those that the system does */
};

struct el_image_download {
    int fd;                           /* of the file, locked; -1: none */
    char file[EL_IMAGE_HIDDEN_BYTES]; /* its name in the library, until it is moved */
    char note[EL_IMAGE_HIDDEN_BYTES]; /* … and of what is noted about it */
};

/* Fetches it all, calling it NAME. 0, or an error with its sentence; what has come is kept for the
 * next time, unless the disk is full. EL_EEXIST: somebody else is fetching it. */
int el_image_download(int library, const struct el_image_source *source, const char *name,
                      const struct el_image_progress *progress, struct el_image_download *download,
                      struct el_err *err);

/* Lets go of it. What has not been moved by then is removed, unless it is to be KEPT. */
void el_image_download_end(int library, struct el_image_download *download, bool kept);

#endif
