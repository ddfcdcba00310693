/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The images directory as a source of content: what is asked for as NAME/PATH is looked for beside
 * the image's entry.conf, and then inside the disk image that this names (media/media_io.h).
 *
 * Nothing is believed for longer than one question: an image that has been removed, replaced or
 * changed is so at the next one. A file that is open stays what it was. Of the disk images that
 * were asked for last, EL_IMAGE_CONTENT_OPEN are kept open. What begins with a dot is not there:
 * that is where images come and go (image/library.h).
 */
#ifndef EL_SERVICE_IMAGE_CONTENT_H
#define EL_SERVICE_IMAGE_CONTENT_H

#include "content/content_io.h"

enum { EL_IMAGE_CONTENT_OPEN = 16 };

struct el_image_content;

/* DIR must outlive it. NULL: out of memory. */
struct el_image_content *el_image_content_new(struct el_content_dir *dir);
void el_image_content_free(struct el_image_content *images); /* NULL is allowed */

/* The source. */
struct el_content el_image_content(struct el_image_content *images);

#endif
