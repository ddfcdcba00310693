/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Copying into the library. Nothing is named before all of it, and its directories, have been
 * fsync'ed: after a power cut the image is there as a whole, or there is a hidden directory for the
 * next sweep.
 */
#include "image/arrival.h"

#include "content/content.h"
#include "image/manifest.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { PIECE_BYTES = 1 << 20, DEPTH_MAX = 32, DIRECTORY_MODE = 0755, FILE_MODE = 0644 };

struct el_image_item {
    char *path;
    struct el_image_hash *hash;
};

/* The disk being full is not just any error. */
static int fail_os(struct el_err *err, int why, const char *name, const char *path)
{
    const char *slash = path ? "/" : "";

    if (why == ENOSPC || why == EDQUOT || why == EFBIG)
        return el_err(err, EL_EFULL, "%s%s%s: %s; nothing of it is kept", name, slash,
                      path ? path : "", strerror(why));
    return el_err_os(err, why, "%s%s%s", name, slash, path ? path : "");
}

/* -- beginning -- */

int el_image_arrival_begin(struct el_image_arrival *a, int library, const char *name,
                           const struct el_image_progress *progress, struct el_err *err)
{
    *a =
        (struct el_image_arrival){.library = library, .fd = -1, .name = name, .progress = progress};
    int lock = el_image_library_lock(library, err);
    if (lock < 0)
        return lock;
    el_image_hidden_name(EL_IMAGE_ADDING, a->hidden);
    int rc = mkdirat(library, a->hidden, 0700) < 0 ? fail_os(err, errno, "images", a->hidden) : 0;
    if (rc == 0) {
        a->fd = openat(library, a->hidden, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (a->fd < 0 || flock(a->fd, LOCK_EX | LOCK_NB) < 0)
            rc = fail_os(err, errno, "images", a->hidden);
        /* Who recognises what is in it may be anybody. */
        else if (fchmod(a->fd, DIRECTORY_MODE) < 0)
            rc = fail_os(err, errno, "images", a->hidden);
    }
    close(lock);
    if (rc < 0)
        el_image_arrival_end(a);
    return rc;
}

int el_image_arrival_fits(int library, uint64_t bytes, struct el_err *err)
{
    struct statvfs status;

    if (fstatvfs(library, &status) < 0)
        return 0; /* the disk will say it itself */
    uint64_t free_bytes = (uint64_t)status.f_bavail * status.f_frsize;
    if (bytes <= free_bytes)
        return 0;
    return el_err(err, EL_EFULL,
                  "there is no room for it: %llu MB are needed and %llu MB are free where the "
                  "images are",
                  (unsigned long long)(bytes >> 20) + 1, (unsigned long long)(free_bytes >> 20));
}

/* -- bytes -- */

static int note(struct el_image_arrival *a, const char *path, struct el_image_hash *hash,
                struct el_err *err)
{
    struct el_image_item *larger = realloc(a->items, (a->count + 1) * sizeof *larger);
    char *copy = strdup(path);

    if (larger)
        a->items = larger;
    if (!larger || !copy) {
        free(copy);
        el_image_hash_free(hash);
        return el_err(err, EL_ENOMEM, "out of memory");
    }
    a->items[a->count++] = (struct el_image_item){copy, hash};
    return 0;
}

static int write_all(int fd, const uint8_t *bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, bytes, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        bytes += n;
        len -= (size_t)n;
    }
    return 0;
}

/* One piece of FROM at OFFSET: into HASH and, unless it is negative, into TO. The bytes read. */
static ssize_t pass_piece(int from, uint64_t offset, uint8_t *piece, int to,
                          struct el_image_hash *hash)
{
    ssize_t n;

    do
        n = pread(from, piece, PIECE_BYTES, (off_t)offset);
    while (n < 0 && errno == EINTR);
    if (n > 0 && to >= 0 && write_all(to, piece, (size_t)n) < 0)
        return -1;
    if (n > 0 && el_image_hash_add(hash, piece, (size_t)n) < 0) {
        errno = ENOMEM;
        return -1;
    }
    return n;
}

/* Passes all of FROM; TO is negative if only its digests are of interest. */
static int pass(int from, int to, struct el_image_hash *hash, const char *doing, const char *name,
                const struct el_image_progress *progress, struct el_err *err)
{
    uint8_t *piece = malloc(PIECE_BYTES);
    struct stat status;
    uint64_t done = 0;
    ssize_t n = -1;
    int rc = piece && fstat(from, &status) == 0 ? 0 : el_err(err, EL_ENOMEM, "out of memory");

    while (rc == 0 && (n = pass_piece(from, done, piece, to, hash)) > 0) {
        done += (uint64_t)n;
        progress->step(progress->arg, doing, name, done, (uint64_t)status.st_size);
        if (progress->stopped(progress->arg))
            rc = el_err(err, EL_ECLOSED, "stopped; nothing of it is kept");
    }
    if (rc == 0 && n < 0)
        rc = fail_os(err, errno, name, NULL);
    free(piece);
    if (rc == 0 && el_image_hash_finish(hash) < 0)
        rc = el_err(err, EL_ENOMEM, "out of memory");
    return rc;
}

struct el_image_hash *el_image_hash_file(int fd, const char *doing, const char *name,
                                         const struct el_image_progress *progress,
                                         struct el_err *err)
{
    struct el_image_hash *hash = el_image_hash_new();

    if (!hash) {
        el_err(err, EL_ENOMEM, "out of memory");
        return NULL;
    }
    if (pass(fd, -1, hash, doing, name, progress, err) < 0) {
        el_image_hash_free(hash);
        return NULL;
    }
    return hash;
}

/* Brings it to the disk, readable for all. */
static int settle(struct el_image_arrival *a, int fd, const char *path, struct el_err *err)
{
    if (fchmod(fd, FILE_MODE) < 0 || fsync(fd) < 0)
        return fail_os(err, errno, a->name, path);
    return 0;
}

static int make_file(struct el_image_arrival *a, const char *path, struct el_err *err)
{
    int fd = openat(a->fd, path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, FILE_MODE);

    return fd < 0 ? fail_os(err, errno, a->name, path) : fd;
}

int el_image_arrival_copy(struct el_image_arrival *a, int from, const char *path,
                          struct el_err *err)
{
    struct el_image_hash *hash = el_image_hash_new();
    int to = make_file(a, path, err);
    int rc = to < 0 ? to : hash ? 0 : el_err(err, EL_ENOMEM, "out of memory");

    if (rc == 0) {
        bool cloned = ioctl(to, FICLONE, from) == 0;
        rc = pass(cloned ? to : from, cloned ? -1 : to, hash, "copying", a->name, a->progress, err);
    }
    if (rc == 0)
        rc = settle(a, to, path, err);
    if (to >= 0 && close(to) < 0 && rc == 0)
        rc = fail_os(err, errno, a->name, path);
    if (rc == 0)
        return note(a, path, hash, err);
    el_image_hash_free(hash);
    return rc;
}

int el_image_arrival_move(struct el_image_arrival *a, const char *name, int fd, const char *path,
                          struct el_err *err)
{
    struct el_image_hash *hash = el_image_hash_file(fd, "checking", a->name, a->progress, err);

    if (!hash)
        return EL_EIO;
    int rc = settle(a, fd, path, err);
    if (rc == 0 && renameat(a->library, name, a->fd, path) < 0)
        rc = fail_os(err, errno, a->name, path);
    if (rc == 0)
        return note(a, path, hash, err);
    el_image_hash_free(hash);
    return rc;
}

int el_image_arrival_link(struct el_image_arrival *a, int at, const char *path, struct el_err *err)
{
    int fd = openat(at, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    int rc =
        fd < 0 || linkat(at, path, a->fd, path, 0) < 0 ? fail_os(err, errno, a->name, path) : 0;
    struct el_image_hash *hash =
        rc == 0 ? el_image_hash_file(fd, "checking", a->name, a->progress, err) : NULL;

    if (rc == 0)
        rc = hash ? note(a, path, hash, err) : EL_EIO;
    if (fd >= 0)
        close(fd);
    return rc;
}

/* Without a place in the manifest. */
static int write_plain(struct el_image_arrival *a, const char *path, const void *bytes, size_t len,
                       struct el_err *err)
{
    int fd = make_file(a, path, err);
    int rc = fd < 0 ? fd : write_all(fd, bytes, len) < 0 ? fail_os(err, errno, a->name, path) : 0;

    if (rc == 0)
        rc = settle(a, fd, path, err);
    if (fd >= 0 && close(fd) < 0 && rc == 0)
        rc = fail_os(err, errno, a->name, path);
    return rc;
}

int el_image_arrival_write(struct el_image_arrival *a, const char *path, const void *bytes,
                           size_t len, struct el_err *err)
{
    struct el_image_hash *hash = el_image_hash_new();

    if (!hash || el_image_hash_add(hash, bytes, len) < 0 || el_image_hash_finish(hash) < 0) {
        el_image_hash_free(hash);
        return el_err(err, EL_ENOMEM, "out of memory");
    }
    int rc = write_plain(a, path, bytes, len, err);
    if (rc == 0)
        return note(a, path, hash, err);
    el_image_hash_free(hash);
    return rc;
}

/* -- trees -- */

struct walk {
    struct el_image_arrival *arrival;
    int from;                       /* its top */
    char path[EL_CONTENT_NAME_MAX]; /* of what is looked at, below it */
    unsigned depth;
    struct el_err *err;
};

static void say_skipped(struct walk *walk, const char *why)
{
    const struct el_image_progress *progress = walk->arrival->progress;
    char text[EL_CONTENT_NAME_MAX + 100];

    snprintf(text, sizeof text, "%s: left out: %s", walk->path, why);
    for (char *c = text; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            *c = '?';
    progress->say(progress->arg, text);
}

/* Opens what the walk looks at, following links as long as they stay below the top. */
static int open_here(const struct walk *walk, int flags)
{
    struct open_how how = {.flags = (unsigned)(O_RDONLY | O_NONBLOCK | O_CLOEXEC | flags),
                           .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS};

    return (int)syscall(SYS_openat2, walk->from, walk->path[0] ? walk->path : ".", &how,
                        sizeof how);
}

static int walk_directory(struct walk *walk);

static int take_file(struct walk *walk)
{
    struct stat status;
    int fd = open_here(walk, 0), rc = 0;

    if (fd < 0 || fstat(fd, &status) < 0 || !S_ISREG(status.st_mode))
        say_skipped(walk, fd < 0 ? strerror(errno) : "not a file");
    else if (walk->arrival->count == EL_IMAGE_FILES_MAX)
        rc = el_err(walk->err, EL_EFULL, "%s: more than %d files", walk->arrival->name,
                    EL_IMAGE_FILES_MAX);
    else
        rc = el_image_arrival_copy(walk->arrival, fd, walk->path, walk->err);
    if (fd >= 0)
        close(fd);
    return rc;
}

static int enter(struct walk *walk)
{
    if (walk->depth == DEPTH_MAX) {
        say_skipped(walk, "too deep");
        return 0;
    }
    if (mkdirat(walk->arrival->fd, walk->path, DIRECTORY_MODE) < 0)
        return fail_os(walk->err, errno, walk->arrival->name, walk->path);
    if (fchmodat(walk->arrival->fd, walk->path, DIRECTORY_MODE, 0) < 0)
        return fail_os(walk->err, errno, walk->arrival->name, walk->path);
    walk->depth++;
    int rc = walk_directory(walk);
    walk->depth--;
    return rc;
}

/* What stands at the walk's path, which is NAME in DIRECTORY. */
static int take_one(struct walk *walk, int directory, const char *name)
{
    char normal[EL_CONTENT_NAME_MAX];
    struct stat status;
    bool ours = walk->depth == 0 &&
                (strcmp(name, EL_IMAGE_CONF) == 0 || strcmp(name, EL_IMAGE_MANIFEST) == 0);

    if (name[0] == '.' || ours)
        return 0;
    if (el_content_name(walk->path, normal) < 0 || strcmp(walk->path, normal) != 0) {
        say_skipped(walk, "nobody could ask for a file of this name");
        return 0;
    }
    if (fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
        return fail_os(walk->err, errno, walk->arrival->name, walk->path);
    return S_ISDIR(status.st_mode) ? enter(walk) : take_file(walk);
}

static int walk_directory(struct walk *walk)
{
    int fd = open_here(walk, O_DIRECTORY);
    DIR *stream = fd >= 0 ? fdopendir(fd) : NULL;
    size_t len = strlen(walk->path);
    int rc = 0;

    if (!stream) {
        rc = fail_os(walk->err, errno, walk->arrival->name, walk->path);
        if (fd >= 0)
            close(fd);
        return rc;
    }
    for (const struct dirent *entry; rc == 0 && (entry = readdir(stream)) != NULL;) {
        if (len + 1 + strlen(entry->d_name) >= sizeof walk->path) {
            say_skipped(walk, "a name in it is too long");
            continue;
        }
        sprintf(walk->path + len, "%s%s", len > 0 ? "/" : "", entry->d_name);
        rc = take_one(walk, fd, entry->d_name);
        walk->path[len] = '\0';
    }
    closedir(stream);
    return rc;
}

int el_image_arrival_tree(struct el_image_arrival *a, int from, struct el_err *err)
{
    struct walk walk = {.arrival = a, .from = from, .err = err};
    int rc = walk_directory(&walk);

    return rc == 0 && a->count == 0 ? el_err(err, EL_EINVAL, "%s: there is no file in it", a->name)
                                    : rc;
}

/* -- the end -- */

const struct el_image_hash *el_image_arrival_hash(const struct el_image_arrival *a,
                                                  const char *path)
{
    for (size_t i = 0; i < a->count; i++)
        if (strcmp(a->items[i].path, path) == 0)
            return a->items[i].hash;
    return NULL;
}

static int by_path(const void *x, const void *y)
{
    const struct el_image_item *a = x, *b = y;

    return strcmp(a->path, b->path);
}

int el_image_arrival_seal(struct el_image_arrival *a, uint8_t sha256[EL_IMAGE_SHA256],
                          struct el_err *err)
{
    FILE *out = open_memstream(&a->manifest, &a->manifest_len);
    struct el_image_hash *hash = el_image_hash_new();

    if (out) {
        qsort(a->items, a->count, sizeof a->items[0], by_path);
        el_image_manifest_begin(out);
        for (size_t i = 0; i < a->count; i++)
            el_image_manifest_put(out, a->items[i].path, a->items[i].hash);
        el_image_manifest_end(out, (unsigned)a->count);
    }
    int rc = out && fclose(out) == 0 && hash &&
                     el_image_hash_add(hash, (uint8_t *)a->manifest, a->manifest_len) == 0 &&
                     el_image_hash_finish(hash) == 0
                 ? 0
                 : el_err(err, EL_ENOMEM, "out of memory");
    if (rc == 0)
        memcpy(sha256, el_image_hash_whole(hash), EL_IMAGE_SHA256);
    el_image_hash_free(hash);
    return rc == 0 ? write_plain(a, EL_IMAGE_MANIFEST, a->manifest, a->manifest_len, err) : rc;
}

/* The directories of all files: each once, since the files are in order. */
static int sync_directories(struct el_image_arrival *a, struct el_err *err)
{
    char last[EL_CONTENT_NAME_MAX] = "";

    for (size_t i = 0; i < a->count; i++) {
        char path[EL_CONTENT_NAME_MAX];
        snprintf(path, sizeof path, "%s", a->items[i].path);
        for (char *slash = strrchr(path, '/'); slash; slash = strrchr(path, '/')) {
            *slash = '\0';
            if (strcmp(path, last) == 0)
                break;
            int fd = openat(a->fd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
            int failed = fd < 0 || fsync(fd) < 0;
            int why = errno;
            if (fd >= 0)
                close(fd);
            if (failed)
                return fail_os(err, why, a->name, path);
        }
        snprintf(last, sizeof last, "%s", a->items[i].path);
        char *slash = strrchr(last, '/');
        *(slash ? slash : last) = '\0';
    }
    return fsync(a->fd) < 0 ? fail_os(err, errno, a->name, NULL) : 0;
}

/* A file system that cannot refuse to replace is asked first; we hold the lock. */
static int rename_to(const struct el_image_arrival *a, const char *name)
{
    struct stat status;

    if (renameat2(a->library, a->hidden, a->library, name, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno != EINVAL && errno != ENOSYS)
        return -1;
    if (fstatat(a->library, name, &status, AT_SYMLINK_NOFOLLOW) == 0) {
        errno = EEXIST;
        return -1;
    }
    return renameat(a->library, a->hidden, a->library, name);
}

int el_image_arrival_name(struct el_image_arrival *a, const char *conf, const char *name,
                          struct el_err *err)
{
    int rc = write_plain(a, EL_IMAGE_CONF, conf, strlen(conf), err);

    if (rc == 0)
        rc = sync_directories(a, err);
    if (rc == 0 && rename_to(a, name) < 0)
        rc = errno == EEXIST || errno == ENOTEMPTY
                 ? el_err(err, EL_EEXIST, "image %s: there is another of this name", name)
                 : fail_os(err, errno, name, NULL);
    if (rc < 0)
        return rc;
    close(a->fd); /* and with it the lock: it is nobody's work any more */
    a->fd = -1;
    return fsync(a->library) < 0 ? fail_os(err, errno, name, NULL) : 0;
}

void el_image_arrival_end(struct el_image_arrival *a)
{
    if (a->fd >= 0) {
        (void)el_image_remove_tree(a->library, a->hidden);
        close(a->fd);
        a->fd = -1;
    }
    for (size_t i = 0; i < a->count; i++) {
        free(a->items[i].path);
        el_image_hash_free(a->items[i].hash);
    }
    free(a->items);
    free(a->manifest);
    a->items = NULL;
    a->count = 0;
    a->manifest = NULL;
}
