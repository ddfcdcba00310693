/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether an image still is what it was when it was added. */
#ifndef EL_IMAGE_VERIFY_H
#define EL_IMAGE_VERIFY_H

#include "image/library.h"
#include "image/progress.h"

/* Reads all of the image NAME and compares it with its manifest, and that with entry.conf. What is
 * wrong is said, a line each. 0 with how many FAULTS that were; EL_ENOTSUP: it has no manifest; or
 * another error, with its sentence. */
int el_image_verify(int library, const char *name, const struct el_image_progress *progress,
                    unsigned *faults, struct el_err *err);

#endif
