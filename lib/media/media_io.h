/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An image of a disk as a source of content: the files inside an ISO, served without unpacking it.
 *
 * The image is an open descriptor; nothing is copied, little is kept. A file inside it is opened as
 * the stretch of the descriptor where it stands, so that HTTP sends it with sendfile. Every file
 * that is open holds the image open: it may be closed, and its file unlinked or replaced, while
 * machines are still fetching from it.
 *
 * Of what an image offers, the first of these is used: Rock Ridge names on ISO 9660, UDF, Joliet,
 * plain ISO 9660 (in lower case, without versions). Unless the names are Rock Ridge's, upper and
 * lower case are one where no name is spelled exactly as it was asked for. Symbolic links are
 * followed within the image.
 *
 * Everything in the image may be hostile (iso9660.h, udf.h say how that is met). One thread only.
 */
#ifndef EL_MEDIA_MEDIA_IO_H
#define EL_MEDIA_MEDIA_IO_H

#include "base/err.h"
#include "content/content.h"

enum { EL_MEDIA_LABEL_BYTES = 129 };

struct el_media;

struct el_media_info {
    const char *format;               /* "iso9660+rockridge", "udf", "iso9660+joliet", "iso9660" */
    char label[EL_MEDIA_LABEL_BYTES]; /* the volume's identifier, UTF-8, no control characters */
    uint64_t size;                    /* of the image's file, bytes */
    uint64_t announced;               /* what the file system inside says that it occupies */
};

/* Reads FD, an open regular file, which is the medium's from now on, also if this fails; NAME is
 * how ERR calls it. NULL, with ERR saying why: no image that we can read, or one that ends before
 * the file system inside it does, as after a download that was cut off. */
struct el_media *el_media_open(int fd, const char *name, struct el_err *err);

/* Gives it up; NULL is allowed. Files that are open stay so until they are closed. */
void el_media_close(struct el_media *media);

struct el_media_info el_media_info(const struct el_media *media);

/* The source. A file's mtime is what the image says; its inode tells images and places apart, so
 * that an image that was replaced is another version. */
struct el_content el_media_content(struct el_media *media);

#endif
