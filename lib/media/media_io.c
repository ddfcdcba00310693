/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The descriptor of an image, and the files that are open in it. */
#include "media/media_io.h"

#include "media/tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What a burner may count and a file need not have: run-out and gaps of up to 300 sectors. */
enum { SLACK_BYTES = 300 * EL_MEDIA_BLOCK };

/* Names that were asked for of late, each in the one place where its hash puts it: machines ask for
 * the same files, and a directory of thousands takes a while to look through. */
enum { KNOWN = 128, KNOWN_NAME = 120 };

struct known {
    char name[KNOWN_NAME]; /* empty: none */
    struct el_media_node node;
};

struct el_media {
    int fd;
    unsigned holders; /* its owner, and each file that is open */
    uint64_t version; /* tells this image from another at the same place */
    int64_t mtime_s;
    struct el_media_image image;
    struct el_media_volume volume;
    struct known known[KNOWN];
};

/* A file that stands in several stretches. */
struct scattered {
    struct el_media *media;
    struct el_media_extents extents;
};

/* As much as there is of LEN bytes. */
static int read_at(int fd, uint64_t offset, uint8_t *to, size_t len)
{
    size_t done = 0;

    while (done < len) {
        ssize_t n = pread(fd, to + done, len - done, (off_t)(offset + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return EL_EIO;
        if (n == 0)
            break;
        done += (size_t)n;
    }
    return (int)done;
}

static int read_exactly(void *arg, uint64_t offset, uint8_t *to, size_t len)
{
    const struct el_media *media = arg;
    int n = read_at(media->fd, offset, to, len);

    return n < 0 ? n : (size_t)n == len ? 0 : EL_ESHORT;
}

/* Spreads what tells versions apart over all bits (the finalizer of MurmurHash3). */
static uint64_t mixed(uint64_t a, uint64_t b)
{
    uint64_t x = a ^ (b + UINT64_C(0x9e3779b97f4a7c15) + (a << 6));

    x = (x ^ x >> 33) * UINT64_C(0xff51afd7ed558ccd);
    x = (x ^ x >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
    return x ^ x >> 33;
}

/* -- the image -- */

static int open_volume(struct el_media *media, const char *name, struct el_err *err)
{
    int r = el_media_volume_open(&media->volume, &media->image);

    if (r == EL_ENOENT)
        return el_err(err, r, "%s: no image of a disk: there is neither ISO 9660 nor UDF in it",
                      name);
    const uint64_t have = media->image.size, announced = media->volume.announced;
    if (r == EL_ESHORT && announced <= have)
        return el_err(err, r, "%s: cut short: it has %llu bytes and refers to more; fetch it again",
                      name, (unsigned long long)have);
    if (r == EL_ESHORT || (r == 0 && announced > have + SLACK_BYTES))
        return el_err(err, EL_ESHORT,
                      "%s: cut short: it has %llu bytes and should have %llu; fetch it again", name,
                      (unsigned long long)have, (unsigned long long)announced);
    if (r == EL_ENOTSUP)
        return el_err(err, r, "%s: a form of UDF that only recorders write; this cannot be read",
                      name);
    if (r < 0)
        return el_err(err, r, "%s: a damaged image of a disk (%s)", name, el_strerror(r));
    return 0;
}

static void release(struct el_media *media)
{
    if (--media->holders > 0)
        return;
    close(media->fd);
    free(media);
}

struct el_media *el_media_open(int fd, const char *name, struct el_err *err)
{
    struct el_media *media = calloc(1, sizeof *media);
    struct stat st;

    if (!media) {
        close(fd);
        el_err(err, EL_ENOMEM, "%s: out of memory", name);
        return NULL;
    }
    *media = (struct el_media){.fd = fd, .holders = 1};
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        el_err(err, EL_EINVAL, "%s: not a regular file", name);
        release(media);
        return NULL;
    }
    media->mtime_s = st.st_mtim.tv_sec;
    media->version = mixed(mixed(st.st_dev, st.st_ino),
                           mixed((uint64_t)st.st_mtim.tv_sec, (uint64_t)st.st_mtim.tv_nsec));
    media->image.read = read_exactly;
    media->image.arg = media;
    media->image.size = (uint64_t)st.st_size;
    if (open_volume(media, name, err) < 0) {
        release(media);
        return NULL;
    }
    return media;
}

void el_media_close(struct el_media *media)
{
    if (media)
        release(media);
}

struct el_media_info el_media_info(const struct el_media *media)
{
    struct el_media_info info = {
        .format = media->volume.format->name,
        .size = media->image.size,
        .announced = media->volume.announced,
    };

    _Static_assert(sizeof info.label == sizeof media->volume.label, "one length for labels");
    memcpy(info.label, media->volume.label, sizeof info.label);
    return info;
}

/* -- files -- */

static int read_file(const struct el_content_file *file, uint64_t offset, uint8_t *to, size_t len)
{
    size_t done = 0;

    while (done < len && offset + done < file->size) {
        struct el_content_stretch stretch = el_content_stretch(file, offset + done);
        size_t part = len - done < stretch.len ? len - done : (size_t)stretch.len;
        int n = read_at(file->fd, stretch.fd_offset, to + done, part);
        if (n < 0)
            return n;
        done += (size_t)n;
        if ((size_t)n < part)
            break; /* the image has been cut short since it was opened */
    }
    return (int)done;
}

static void close_file(struct el_content_file *file)
{
    release(file->holder);
}

static void close_scattered(struct el_content_file *file)
{
    struct scattered *scattered = file->holder;

    release(scattered->media);
    el_media_extents_free(&scattered->extents);
    free(scattered);
}

static struct el_content_stretch find_stretch(const struct el_content_file *file, uint64_t offset)
{
    const struct scattered *scattered = file->holder;
    const struct el_media_extent *extent = el_media_extents_list(&scattered->extents);

    while (offset >= extent->len)
        offset -= extent++->len;
    return (struct el_content_stretch){extent->offset + offset, extent->len - offset};
}

/* Takes over EXTENTS. */
static int hold(struct el_media *media, struct el_media_extents *extents,
                struct el_content_file *file)
{
    if (extents->count <= 1) {
        file->fd_offset = extents->count ? el_media_extents_list(extents)->offset : 0;
        file->holder = media;
        file->close = close_file;
        el_media_extents_free(extents);
    } else {
        struct scattered *scattered = malloc(sizeof *scattered);
        if (!scattered) {
            el_media_extents_free(extents);
            return EL_ENOMEM;
        }
        *scattered = (struct scattered){media, *extents};
        file->holder = scattered;
        file->stretch = find_stretch;
        file->close = close_scattered;
    }
    media->holders++;
    return 0;
}

/* What the image does wrong, in the words of a source. */
static int refusal(int error)
{
    return error == EL_ENOTSUP ? EL_EPERM : error;
}

static struct known *known_place(struct el_media *media, const char *name)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a */

    for (const char *at = name; *at; at++)
        hash = (hash ^ (unsigned char)*at) * UINT64_C(0x100000001b3);
    return &media->known[(hash ^ hash >> 32) % KNOWN];
}

static int find(struct el_media *media, const char *name, struct el_media_node *node)
{
    struct known *known = known_place(media, name);

    if (*name && strcmp(known->name, name) == 0) {
        el_media_image_begin(&media->image);
        *node = known->node;
        return 0;
    }
    int r = el_media_tree_find(&media->volume, name, node);
    if (r == 0 && strlen(name) < KNOWN_NAME) {
        strcpy(known->name, name);
        known->node = *node;
    }
    return r;
}

static int media_open(void *arg, const char *name, struct el_content_file *file)
{
    struct el_media *media = arg;
    struct el_media_extents extents = {.count = 0};
    struct el_media_node node;
    int r = find(media, name, &node);

    if (r < 0)
        return refusal(r);
    if (node.kind == EL_MEDIA_DIRECTORY)
        return EL_ENOTSUP;
    if (node.kind != EL_MEDIA_FILE)
        return EL_EPERM;
    r = media->volume.format->extents(&media->volume, &node, &extents);
    if (r < 0) {
        el_media_extents_free(&extents);
        return refusal(r);
    }
    *file = (struct el_content_file){
        .size = node.size,
        .fd = media->fd,
        .mtime_s = node.mtime_s ? node.mtime_s : media->mtime_s,
        .inode = mixed(media->version, node.place),
        .read = read_file,
    };
    return hold(media, &extents, file);
}

static int media_list(void *arg, const char *name, el_content_entry_cb *cb, void *cb_arg)
{
    struct el_media *media = arg;

    return refusal(el_media_tree_list(&media->volume, name, cb, cb_arg));
}

struct el_content el_media_content(struct el_media *media)
{
    return (struct el_content){media_open, media_list, media};
}
