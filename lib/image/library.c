/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A directory of images. */
#include "image/library.h"

#include "base/csprng.h"
#include "image/manifest.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DEPTH_MAX = 64, NAMES_MAX = 4096 };

int el_image_library_open(const char *path, struct el_err *err)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    return fd < 0 ? el_err_os(err, errno, "images %s: cannot open the directory", path) : fd;
}

/* -- reading -- */

static int read_whole(int fd, size_t max, char **text, struct el_err *err, const char *what)
{
    struct stat status;
    size_t len = 0;

    if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) || (uint64_t)status.st_size > max)
        return el_err(err, EL_EFULL, "%s: not a file of at most %zu bytes", what, max);
    *text = malloc((size_t)status.st_size + 1);
    if (!*text)
        return el_err(err, EL_ENOMEM, "out of memory");
    while (len < (size_t)status.st_size) {
        ssize_t n = read(fd, *text + len, (size_t)status.st_size - len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            int why = errno;
            free(*text);
            return el_err_os(err, why, "%s", what);
        }
        if (n == 0)
            break;
        len += (size_t)n;
    }
    (*text)[len] = '\0';
    return (int)len;
}

int el_image_library_text(int library, const char *name, const char *file, size_t max, char **text,
                          struct el_err *err)
{
    char what[EL_BOOT_NAME_BYTES + EL_BOOT_PATH_BYTES];
    int fd = -1;

    snprintf(what, sizeof what, "%.64s/%.128s", name, file);
    int directory = openat(library, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (directory >= 0)
        fd = openat(directory, file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    int why = errno == ENOTDIR ? ENOENT : errno; /* a file, or a link, is no image */
    if (directory >= 0)
        close(directory);
    if (fd < 0)
        return el_err_os(err, why, "%s", what);
    int rc = read_whole(fd, max, text, err, what);
    close(fd);
    return rc;
}

int el_image_library_read(int library, const char *name, struct el_boot_entry *entry,
                          struct el_err *err)
{
    char what[EL_BOOT_NAME_BYTES + sizeof EL_IMAGE_CONF];
    char *text = NULL;

    if (!el_boot_entry_is_name(name))
        return el_err(err, EL_ENOENT, "image %.80s: no such image, nor could there be", name);
    int len = el_image_library_text(library, name, EL_IMAGE_CONF, EL_BOOT_CONF_BYTES, &text, err);
    if (len == EL_ENOENT)
        return el_err(err, EL_ENOENT, "image %s: no such image", name);
    if (len < 0)
        return len;
    snprintf(what, sizeof what, "%s/%s", name, EL_IMAGE_CONF);
    int rc = el_boot_entry_parse(name, what, text, (size_t)len, entry, err);
    free(text);
    return rc;
}

/* -- listing -- */

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The names in the directory, of images or of hidden things, in order. */
static size_t names_in(int library, bool hidden, char **names, struct el_err *err)
{
    int fd = openat(library, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *stream = fd >= 0 ? fdopendir(fd) : NULL;
    size_t count = 0;

    if (!stream) {
        el_err_os(err, errno, "images");
        if (fd >= 0)
            close(fd);
        return 0;
    }
    for (const struct dirent *entry; (entry = readdir(stream)) != NULL && count < NAMES_MAX;) {
        if (hidden ? entry->d_name[0] != '.' : !el_boot_entry_is_name(entry->d_name))
            continue;
        names[count] = strdup(entry->d_name);
        count += names[count] != NULL;
    }
    closedir(stream);
    qsort(names, count, sizeof names[0], by_name);
    return count;
}

static void each_name(int library, const char *name, el_image_each *each, void *arg)
{
    struct el_boot_entry entry;
    struct el_err why = {""};
    int rc = el_image_library_read(library, name, &entry, &why);

    if (rc == 0)
        each(arg, name, &entry, NULL);
    else if (rc != EL_ENOENT) /* not every directory is an image */
        each(arg, name, NULL, why.text);
}

int el_image_library_list(int library, el_image_each *each, void *arg, struct el_err *err)
{
    char **names = calloc(NAMES_MAX, sizeof *names);
    struct el_err why = {""};

    if (!names)
        return el_err(err, EL_ENOMEM, "out of memory");
    size_t count = names_in(library, false, names, &why);
    for (size_t i = 0; i < count; i++) {
        each_name(library, names[i], each, arg);
        free(names[i]);
    }
    free(names);
    return why.text[0] ? el_err(err, EL_EIO, "%s", why.text) : 0;
}

/* -- removing -- */

static int empty_tree(int directory, unsigned depth);

static int remove_one(int at, const char *name, unsigned depth)
{
    if (unlinkat(at, name, 0) == 0 || errno == ENOENT)
        return 0;
    if (errno != EISDIR && errno != EPERM)
        return el_errno_from_os(errno);
    int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return el_errno_from_os(errno);
    int rc = depth < DEPTH_MAX ? empty_tree(fd, depth + 1) : EL_EFULL;
    close(fd);
    if (rc == 0 && unlinkat(at, name, AT_REMOVEDIR) < 0)
        rc = el_errno_from_os(errno);
    return rc;
}

static int empty_tree(int directory, unsigned depth)
{
    int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *stream = fd >= 0 ? fdopendir(fd) : NULL;
    int rc = 0;

    if (!stream) {
        int why = errno;
        if (fd >= 0)
            close(fd);
        return el_errno_from_os(why);
    }
    for (const struct dirent *entry; rc == 0 && (entry = readdir(stream)) != NULL;)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            rc = remove_one(directory, entry->d_name, depth);
    closedir(stream);
    return rc;
}

int el_image_remove_tree(int at, const char *name)
{
    return remove_one(at, name, 0);
}

/* What there is, for who has asked for what there is not. */
struct names_text {
    char text[200];
    size_t len;
};

static void note_name(void *arg, const char *name, const struct el_boot_entry *entry,
                      const char *why)
{
    struct names_text *names = arg;

    (void)entry;
    (void)why;
    if (names->len + strlen(name) + 3 < sizeof names->text)
        names->len +=
            (size_t)sprintf(names->text + names->len, "%s%s", names->len > 0 ? ", " : "", name);
}

static int no_such_image(int library, const char *name, struct el_err *err)
{
    struct names_text names = {.len = 0};

    (void)el_image_library_list(library, note_name, &names, NULL);
    return el_err(err, EL_ENOENT, "image %.80s: no such image (have: %s)", name,
                  names.len > 0 ? names.text : "none");
}

int el_image_library_remove(int library, const char *name, struct el_err *err)
{
    char hidden[EL_IMAGE_HIDDEN_BYTES];
    struct stat status;

    if (!el_boot_entry_is_name(name) || fstatat(library, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
        return no_such_image(library, name, err);
    int lock = el_image_library_lock(library, err);
    if (lock < 0)
        return lock;
    el_image_hidden_name(EL_IMAGE_REMOVED, hidden);
    int rc = renameat(library, name, library, hidden) < 0
                 ? el_err_os(err, errno, "image %s: cannot be removed", name)
                 : 0;
    if (rc == 0 && fsync(library) < 0)
        rc = el_err_os(err, errno, "images");
    if (rc == 0)
        rc = el_image_remove_tree(library, hidden);
    if (rc < 0 && err && !err->text[0])
        el_err(err, rc, "image %s: it is out, but not all of its files are removed: %s", name,
               el_strerror(rc));
    close(lock);
    return rc;
}

/* -- for those who add -- */

int el_image_library_lock(int library, struct el_err *err)
{
    int fd = openat(library, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0 || flock(fd, LOCK_EX) < 0) {
        int why = errno;
        if (fd >= 0)
            close(fd);
        return el_err_os(err, why, "images: cannot lock the directory");
    }
    return fd;
}

void el_image_hidden_name(const char *prefix, char name[EL_IMAGE_HIDDEN_BYTES])
{
    uint64_t number;

    el_random(&number, sizeof number);
    snprintf(name, EL_IMAGE_HIDDEN_BYTES, "%.16s%016llx", prefix, (unsigned long long)number);
}

static bool begins(const char *name, const char *prefix)
{
    return strncmp(name, prefix, strlen(prefix)) == 0;
}

/* A download is left alone until it is old: somebody may go on with it. */
static bool is_due(const char *name, const struct stat *status, int64_t now_s)
{
    if (begins(name, EL_IMAGE_PARTIAL))
        return status->st_mtim.tv_sec + EL_IMAGE_PARTIAL_S < now_s;
    return begins(name, EL_IMAGE_ADDING) || begins(name, EL_IMAGE_REMOVED);
}

static void sweep_one(int library, const char *name, int64_t now_s)
{
    struct stat status;
    int fd = openat(library, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

    if (fd < 0)
        return;
    if (fstat(fd, &status) == 0 && is_due(name, &status, now_s) &&
        flock(fd, LOCK_EX | LOCK_NB) == 0)
        (void)el_image_remove_tree(library, name);
    close(fd);
}

void el_image_library_sweep(int library, int64_t now_s)
{
    char **names = calloc(NAMES_MAX, sizeof *names);
    size_t count = names ? names_in(library, true, names, NULL) : 0;

    for (size_t i = 0; i < count; i++) {
        sweep_one(library, names[i], now_s);
        free(names[i]);
    }
    free(names);
}
