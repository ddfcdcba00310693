/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Exports of either kind. */
#include "service/nfs_export.h"

#include "media/media_io.h"
#include "nfs/source_content.h"
#include "nfs/source_dir_io.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* An image, open as long as its source is. */
struct image {
    struct el_content content; /* the source's argument: first */
    struct el_media *media;
};

static void close_image(void *arg)
{
    struct image *image = arg;

    el_media_close(image->media);
    free(image);
}

static int open_image(int fd, const char *path, struct el_nfs_source *source, struct el_err *err)
{
    struct image *image = calloc(1, sizeof *image);

    if (!image) {
        close(fd);
        return el_err(err, EL_ENOMEM, "export %s: out of memory", path);
    }
    image->media = el_media_open(fd, path, err);
    if (!image->media) {
        free(image);
        return EL_EINVAL;
    }
    image->content = el_media_content(image->media);
    *source = el_nfs_source_content(&image->content);
    source->close = close_image;
    return 0;
}

int el_nfs_export_fd(struct el_nfs *nfs, const char *path, int fd,
                     const struct el_nfs_overlays *overlays, struct el_err *err)
{
    struct el_nfs_source source;
    struct stat st;
    int rc;

    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
        rc = open_image(fd, path, &source, err);
    } else {
        rc = el_nfs_source_dir(fd, &source);
        if (rc < 0)
            (void)el_err(err, rc, "export %s: %s", path, el_strerror(rc));
    }
    if (rc < 0)
        return rc;
    rc = el_nfs_export(nfs, path, &source, overlays);
    return rc < 0 ? el_err(err, rc, "export %s: cannot be exported: %s", path, el_strerror(rc)) : 0;
}

int el_nfs_export_place(int fd)
{
    struct stat st;

    return fstat(fd, &st) == 0 && S_ISDIR(st.st_mode) ? fd : -1;
}
