/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a disk image or a directory holds, found out aside (image/aside.h). */
#ifndef EL_IMAGE_RECOGNISE_H
#define EL_IMAGE_RECOGNISE_H

#include "image/progress.h"
#include "media/media.h"

#include "base/err.h"

enum { EL_IMAGE_WANTED = 1 + EL_MEDIA_INITRDS_MAX };

struct el_image_question {
    int fd;           /* of the disk image, or of the directory */
    bool is_media;    /* it is a disk image */
    const char *name; /* how messages call it */
    unsigned variant; /* as el_media_recognise() has it */
    /* Files that somebody has named: that they are there is looked up too. NULL ends them. */
    const char *wanted[EL_IMAGE_WANTED + 1];
};

/* 1 with FACTS, in which all texts end; 0 with empty ones: it can be read, and is not known here;
 * or an error with its sentence: it is no disk image, is cut off, lacks a file. */
int el_image_recognise(const struct el_image_question *question,
                       const struct el_image_progress *progress, struct el_media_facts *facts,
                       struct el_err *err);

#endif
