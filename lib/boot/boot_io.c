/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading the entries.
 *
 * Everything is opened relative to the directory's descriptor and without following symbolic links
 * for the directories' and entry.conf's own names, so that a link placed there by whoever may
 * write one directory cannot make us read another file as configuration.
 *
 * "Changed" is judged by a fingerprint over names, inodes, sizes and times of all entry.conf files.
 *
 * The files that the entries name are opened at each look too, and closed again: only that says
 * whether we may read them, who run as a user of our own. What is said of one is said once, until
 * it changes.
 */
#include "boot/boot_io.h"

#include "base/log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum state { READABLE = 0, MISSING, UNREADABLE, NO_FILE };

enum { FILES_MAX = 2 + EL_BOOT_INITRDS_MAX }; /* of one entry: program, disk image, initrds */

struct el_boot_entries {
    int fd;
    uint64_t fingerprint;
    size_t count;
    struct el_boot_entry list[EL_BOOT_ENTRIES_MAX];
    enum state said[EL_BOOT_ENTRIES_MAX][FILES_MAX]; /* as of the last look */
};

static uint64_t mix(uint64_t hash, const void *bytes, size_t len)
{
    for (const uint8_t *b = bytes; len > 0; b++, len--)
        hash = (hash ^ *b) * UINT64_C(0x100000001b3); /* FNV-1a */
    return hash;
}

static uint64_t mix_status(uint64_t hash, const char *name, const struct stat *status)
{
    hash = mix(hash, name, strlen(name) + 1);
    hash = mix(hash, &status->st_ino, sizeof status->st_ino);
    hash = mix(hash, &status->st_size, sizeof status->st_size);
    hash = mix(hash, &status->st_mtim, sizeof status->st_mtim);
    return mix(hash, &status->st_ctim, sizeof status->st_ctim);
}

/* Opens NAME/entry.conf. Negative where there is none: not every directory is an entry. */
static int open_conf(int directory, const char *name)
{
    int fd = openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    int conf = -1;

    if (fd >= 0) {
        conf = openat(fd, "entry.conf", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        close(fd);
    }
    return conf;
}

/* Calls EACH with every entry.conf, open. */
static void walk(const struct el_boot_entries *entries,
                 void (*each)(void *arg, const char *name, int conf), void *arg)
{
    int fd = openat(entries->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *stream = fd >= 0 ? fdopendir(fd) : NULL;

    if (!stream) {
        if (fd >= 0)
            close(fd);
        return;
    }
    for (const struct dirent *entry; (entry = readdir(stream)) != NULL;) {
        int conf = entry->d_name[0] == '.' ? -1 : open_conf(entries->fd, entry->d_name);
        if (conf < 0)
            continue;
        each(arg, entry->d_name, conf);
        close(conf);
    }
    closedir(stream);
}

static void look(void *arg, const char *name, int conf)
{
    uint64_t *fingerprint = arg;
    struct stat status;

    /* A sum, since the order of a directory is nobody's promise. */
    if (fstat(conf, &status) == 0)
        *fingerprint += mix_status(UINT64_C(0xcbf29ce484222325), name, &status);
}

static void take(void *arg, const char *name, int conf)
{
    struct el_boot_entries *entries = arg;
    char text[EL_BOOT_CONF_BYTES + 1], file[EL_BOOT_NAME_BYTES + 80];
    struct el_err err = {.text = ""};
    struct stat status;

    snprintf(file, sizeof file, "%.100s/entry.conf", name);
    if (fstat(conf, &status) != 0 || !S_ISREG(status.st_mode)) {
        EL_LOG(EL_LOG_WARN, "boot", "entry-refused", EL_STR("file", file),
               EL_STR("why", "not a regular file"));
        return;
    }
    ssize_t len = read(conf, text, sizeof text);
    if (entries->count == EL_BOOT_ENTRIES_MAX)
        el_err(&err, EL_EFULL, "%s: more than %d entries", file, EL_BOOT_ENTRIES_MAX);
    else if (len < 0)
        el_err_os(&err, errno, "%s", file);
    else if (el_boot_entry_parse(name, file, text, (size_t)len, &entries->list[entries->count],
                                 &err) == 0)
        entries->count++;
    if (err.text[0])
        EL_LOG(EL_LOG_WARN, "boot", "entry-refused", EL_STR("why", err.text));
}

/* -- the files that an entry names -- */

static enum state state_of(int directory, const char *file)
{
    struct stat status;
    int fd = openat(directory, file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

    if (fd < 0)
        switch (errno) {
        case ENOENT:
        case ENOTDIR: return MISSING;
        case ELOOP: /* HTTP follows no symbolic link (content/content_io.h) */
        case ENXIO: return NO_FILE;
        default: return UNREADABLE;
        }
    bool regular = fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
    close(fd);
    return regular ? READABLE : NO_FILE;
}

static void say(const struct el_boot_entry *entry, const char *file, enum state state)
{
    static const struct {
        const char *event, *why, *hint;
    } words[] = {
        [MISSING] = {"file-missing", NULL, NULL},
        [UNREADABLE] = {"file-unreadable", NULL, "make it readable by all: chmod a+r"},
        [NO_FILE] = {"file-unreadable", "not a regular file", NULL},
    };

    if (state != READABLE)
        EL_LOG(EL_LOG_WARN, "boot", words[state].event, EL_STR("entry", entry->name),
               EL_STR("file", file), EL_STR("why", words[state].why),
               EL_STR("hint", words[state].hint));
}

/* Warns of those files of ENTRY that a machine would ask for in vain. It stays in the menu: what is
 * missing may be on its way. */
static void check_files(int fd, const struct el_boot_entry *entry, enum state said[FILES_MAX])
{
    int directory = openat(fd, entry->name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    if (directory < 0)
        return; /* the next look finds no such entry */
    for (unsigned i = 0; i < 2 + entry->initrd_count; i++) {
        const char *program = entry->kernel[0] ? entry->kernel : entry->chain;
        const char *file = i == 0 ? program : i == 1 ? entry->media : entry->initrd[i - 2];
        enum state state = *file ? state_of(directory, file) : READABLE;

        if (state == MISSING && entry->media[0] && i != 1)
            state = READABLE; /* inside the disk image, which says so when it is asked */
        if (state != said[i])
            say(entry, file, state);
        said[i] = state;
    }
    close(directory);
}

struct el_boot_entries *el_boot_entries_open(int at, const char *directory, struct el_err *err)
{
    struct el_boot_entries *entries = calloc(1, sizeof *entries);
    const struct el_boot_entry *list;

    if (!entries) {
        el_err(err, EL_ENOMEM, "%s: out of memory", directory);
        return NULL;
    }
    entries->fd = openat(at, directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (entries->fd < 0) {
        el_err_os(err, errno, "images %s", directory);
        free(entries);
        return NULL;
    }
    el_boot_entries_get(entries, &list);
    return entries;
}

void el_boot_entries_close(struct el_boot_entries *entries)
{
    if (!entries)
        return;
    close(entries->fd);
    free(entries);
}

size_t el_boot_entries_get(struct el_boot_entries *entries, const struct el_boot_entry **list)
{
    uint64_t fingerprint = 1; /* so that an empty directory differs from one never read */

    walk(entries, look, &fingerprint);
    if (fingerprint != entries->fingerprint) {
        entries->fingerprint = fingerprint;
        entries->count = 0;
        walk(entries, take, entries);
        qsort(entries->list, entries->count, sizeof entries->list[0], el_boot_entry_compare);
        memset(entries->said, 0, sizeof entries->said);
        EL_LOG(EL_LOG_INFO, "boot", "entries", EL_UINT("count", entries->count));
    }
    for (size_t i = 0; i < entries->count; i++)
        check_files(entries->fd, &entries->list[i], entries->said[i]);
    *list = entries->list;
    return entries->count;
}
