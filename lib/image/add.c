/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One image's way in. It is read before it is copied: what cannot be booted costs no time. That the
 * same image is there already is seen by its SHA-256, before it is copied where that is known or
 * worth finding out, and again under the lock, right before it gets its name.
 */
#include "image/add.h"

#include "fetch/url.h"
#include "image/arrival.h"
#include "image/manifest.h"
#include "image/recognise.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { OTHER_WAYS_MAX = 4 };

/* On its way. */
struct adding {
    const struct el_image_add *add;
    struct el_image_added *added;
    char path[PATH_MAX];           /* of a file or directory here; "": it is downloaded */
    char file[EL_BOOT_PATH_BYTES]; /* what the disk image is called */
    int fd;
    uint64_t size;
    bool is_directory;
    unsigned variant; /* which way to boot it: 0 for most people */
    struct el_image_download download;
    struct el_image_arrival arrival;
    struct el_media_facts facts;
    struct el_err *err;
};

/* -- is it there? -- */

struct same {
    const char *sha256;
    uint64_t size;
    struct el_image_added *added; /* NULL: only whether one could be */
    bool found;
};

static void compare(void *arg, const char *name, const struct el_boot_entry *entry, const char *why)
{
    struct same *same = arg;

    (void)why;
    if (!entry || same->found)
        return;
    same->found = same->sha256 ? strcmp(entry->sha256, same->sha256) == 0
                               : entry->sha256[0] && entry->media[0] && entry->size == same->size;
    if (!same->found || !same->added)
        return;
    snprintf(same->added->name, sizeof same->added->name, "%s", name);
    same->added->entry = *entry;
    same->added->existed = true;
}

/* Whether an image with this SHA-256 is there, which is then what was added. */
static bool is_there(struct adding *a, const char *sha256)
{
    struct same same = {.sha256 = sha256, .added = a->added};

    (void)el_image_library_list(a->add->library, compare, &same, NULL);
    return same.found;
}

/* A name that was said is that image's, or there is none of it. */
static int check_name(struct adding *a)
{
    const char *said = a->add->said.name;

    if (!said || strcmp(said, a->added->name) == 0)
        return 0;
    a->added->existed = false;
    return el_err(a->err, EL_EEXIST, "it is there already, as %s", a->added->name);
}

/* -- getting hold of it -- */

static int open_local(struct adding *a)
{
    struct stat status;

    a->fd = open(a->path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (a->fd < 0 || fstat(a->fd, &status) < 0)
        return el_err_os(a->err, errno, "%.300s", a->path);
    a->is_directory = S_ISDIR(status.st_mode);
    a->size = (uint64_t)status.st_size;
    if (!a->is_directory && !S_ISREG(status.st_mode))
        return el_err(a->err, EL_EINVAL, "%.300s: neither a file nor a directory", a->path);
    if (!a->is_directory && a->size == 0)
        return el_err(a->err, EL_EINVAL, "%.300s: an empty file", a->path);
    return 0;
}

static int fetch(struct adding *a)
{
    const struct el_image_add *add = a->add;
    struct el_image_source source = {.url = add->file, .ca = add->ca};
    struct stat status;

    if (!add->sha256 && strncasecmp(add->file, "https:", 6) != 0)
        return el_err(a->err, EL_EINVAL,
                      "%.200s: over plain http anybody on the way can change it: say what it must "
                      "be, with --sha256",
                      add->file);
    int rc = el_image_download(add->library, &source, a->file, add->progress, &a->download, a->err);
    if (rc < 0)
        return rc;
    a->fd = a->download.fd;
    if (fstat(a->fd, &status) < 0)
        return el_err_os(a->err, errno, "%s", a->file);
    a->size = (uint64_t)status.st_size;
    return 0;
}

static int find(struct adding *a)
{
    const char *file = a->add->file;
    bool is_url = strstr(file, "://") != NULL;
    int rc = is_url ? el_fetch_url_file(file, a->path, sizeof a->path, a->err) : 0;

    if (rc < 0 && rc != EL_ENOENT)
        return rc;
    if (!is_url && strlen(file) >= sizeof a->path)
        return el_err(a->err, EL_EINVAL, "%.100s…: too long", file);
    if (!is_url)
        strcpy(a->path, file);
    for (size_t len = strlen(a->path); len > 1 && a->path[len - 1] == '/'; len--)
        a->path[len - 1] = '\0';
    el_image_file_name(a->path[0] ? a->path : file, a->file);
    return a->path[0] ? open_local(a) : fetch(a);
}

/* -- what it is -- */

static int recognise(struct adding *a, int fd)
{
    const struct el_image_said *said = &a->add->said;
    struct el_image_question question = {
        .fd = fd, .is_media = !a->is_directory, .name = a->file, .variant = a->variant};
    unsigned count = 0;

    if (said->kernel)
        question.wanted[count++] = said->kernel;
    for (unsigned i = 0; i < said->initrd_count; i++)
        question.wanted[count++] = said->initrds[i];
    int rc = el_image_recognise(&question, a->add->progress, &a->facts, a->err);
    return rc < 0 ? rc : el_image_entry_fill(said, &a->facts, a->file, &a->added->entry, a->err);
}

/* The file that was made of one inside, if there is one: it is not to replace any. */
static int write_made_file(struct adding *a)
{
    const char *name = a->facts.file_name;

    if (!name[0] || a->add->said.kernel)
        return 0;
    if (!el_boot_entry_is_path(name) || strchr(name, '/') || strncmp(name, "entry.", 6) == 0)
        return el_err(a->err, EL_EPROTO, "%s: what reads it makes no sense", a->file);
    if (el_image_arrival_hash(&a->arrival, name))
        return 0;
    return el_image_arrival_write(&a->arrival, name, a->facts.file_text, strlen(a->facts.file_text),
                                  a->err);
}

static int check_sha256(struct adding *a, const char *got)
{
    const char *expected = a->add->sha256;

    if (!expected || strcmp(expected, got) == 0)
        return 0;
    return el_err(a->err, EL_EPROTO,
                  "%s: its SHA-256 is %s, which is not what was said: it is not what you wanted",
                  a->file, got);
}

/* A file of which one with the same size is there is read first: it may be that very one. 1: it is.
 */
static int look_before_copying(struct adding *a)
{
    struct same same = {.size = a->size};
    char text[EL_IMAGE_SHA256_TEXT];

    (void)el_image_library_list(a->add->library, compare, &same, NULL);
    if (!same.found)
        return 0;
    struct el_image_hash *hash =
        el_image_hash_file(a->fd, "comparing", a->file, a->add->progress, a->err);
    if (!hash)
        return EL_EIO;
    el_image_sha256_text(el_image_hash_whole(hash), text);
    el_image_hash_free(hash);
    int rc = check_sha256(a, text);
    return rc < 0 ? rc : is_there(a, text);
}

/* -- its way in -- */

/* The disk image arrives, is what it should be, and is described. */
static int take_media(struct adding *a)
{
    struct el_boot_entry *entry = &a->added->entry;
    bool local = a->path[0];
    int rc = recognise(a, a->fd);

    if (rc == 0 && local)
        rc = el_image_arrival_fits(a->add->library, a->size, a->err);
    if (rc == 0)
        rc =
            el_image_arrival_begin(&a->arrival, a->add->library, a->file, a->add->progress, a->err);
    if (rc == 0)
        rc = local ? el_image_arrival_copy(&a->arrival, a->fd, a->file, a->err)
                   : el_image_arrival_move(&a->arrival, a->download.file, a->fd, a->file, a->err);
    if (rc < 0)
        return rc;
    const struct el_image_hash *hash = el_image_arrival_hash(&a->arrival, a->file);
    el_image_sha256_text(el_image_hash_whole(hash), entry->sha256);
    entry->size = el_image_hash_size(hash);
    snprintf(entry->media, sizeof entry->media, "%s", a->file);
    return check_sha256(a, entry->sha256);
}

/* A directory with an entry.conf says itself what it is. 1: it does. */
static int read_conf(struct adding *a)
{
    struct el_boot_entry *entry = &a->added->entry;
    char *text = NULL;
    struct el_err why = {""};

    if (a->add->said.kernel)
        return 0;
    int len =
        el_image_library_text(AT_FDCWD, a->path, EL_IMAGE_CONF, EL_BOOT_CONF_BYTES, &text, &why);
    if (len == EL_ENOENT)
        return 0;
    if (len < 0)
        return el_err(a->err, len, "%s", why.text);
    int rc = el_boot_entry_parse(a->file, EL_IMAGE_CONF, text, (size_t)len, entry, a->err);
    free(text);
    if (rc == 0 && a->add->said.title)
        snprintf(entry->title, sizeof entry->title, "%s", a->add->said.title);
    entry->sha256[0] = '\0';
    entry->size = 0;
    return rc < 0 ? rc : 1;
}

/* The digest of a directory's disk image, or of its manifest. */
static void note_digest(struct adding *a, const uint8_t manifest[EL_IMAGE_SHA256])
{
    struct el_boot_entry *entry = &a->added->entry;
    const struct el_image_hash *hash =
        entry->media[0] ? el_image_arrival_hash(&a->arrival, entry->media) : NULL;

    if (hash)
        entry->size = el_image_hash_size(hash);
    el_image_sha256_text(hash ? el_image_hash_whole(hash) : manifest, entry->sha256);
}

static int take_directory(struct adding *a)
{
    if (a->add->sha256)
        return el_err(a->err, EL_EINVAL, "%s: sha256 is for a file", a->file);
    int described = read_conf(a);
    int rc = described < 0 ? described
                           : el_image_arrival_begin(&a->arrival, a->add->library, a->file,
                                                    a->add->progress, a->err);
    if (rc == 0)
        rc = el_image_arrival_tree(&a->arrival, a->fd, a->err);
    return rc == 0 && described == 0 ? recognise(a, a->arrival.fd) : rc;
}

/* Names it, the first way that is free. */
static int name_it(struct adding *a, const char *conf)
{
    const char *said = a->add->said.name;
    struct el_image_added *added = a->added;
    int rc = EL_EEXIST;

    if (said) {
        snprintf(added->name, sizeof added->name, "%s", said);
        return el_image_arrival_name(&a->arrival, conf, said, a->err);
    }
    for (unsigned i = 0; el_image_entry_name(&added->entry, a->file, i, added->name); i++) {
        struct stat status;
        if (fstatat(a->add->library, added->name, &status, AT_SYMLINK_NOFOLLOW) < 0)
            return el_image_arrival_name(&a->arrival, conf, added->name, a->err);
    }
    return el_err(a->err, rc, "%s: too many images are called %s: say --name", a->file,
                  added->name);
}

static int finish(struct adding *a)
{
    uint8_t sha256[EL_IMAGE_SHA256];
    char *conf = NULL;
    int rc = write_made_file(a);

    if (rc == 0)
        rc = el_image_arrival_seal(&a->arrival, sha256, a->err);
    if (rc == 0 && a->is_directory)
        note_digest(a, sha256);
    if (rc == 0)
        rc = el_image_entry_text(&a->added->entry, &conf, a->err);
    if (rc < 0)
        return rc;
    int lock = el_image_library_lock(a->add->library, a->err);
    if (lock < 0)
        rc = lock;
    else if (is_there(a, a->added->entry.sha256))
        rc = check_name(a);
    else
        rc = name_it(a, conf);
    if (lock >= 0)
        close(lock);
    free(conf);
    snprintf(a->added->note, sizeof a->added->note, "%s", a->facts.note);
    return rc;
}

/* -- other ways to boot the same medium: images of their own, with the same bytes on the disk -- */

/* What sets WAY apart from FIRST in its name; NULL: nothing, so that it is of no use. */
static const char *difference(const struct adding *way, const struct adding *first)
{
    enum el_boot_platform platform = way->added->entry.platform;

    if (platform != first->added->entry.platform && platform != EL_BOOT_ANY_PLATFORM)
        return platform == EL_BOOT_EFI ? "efi" : "bios";
    return strcmp(way->facts.arch, first->facts.arch) != 0 ? way->facts.arch : NULL;
}

/* The disk image that has got a name, once more. */
static int link_media(struct adding *way, const struct adding *first)
{
    struct el_boot_entry *entry = &way->added->entry;
    const struct el_boot_entry *same = &first->added->entry;
    int named = openat(way->add->library, first->added->name,
                       O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    int rc = named < 0 ? el_err_os(way->err, errno, "image %s", first->added->name)
                       : el_image_arrival_begin(&way->arrival, way->add->library, way->file,
                                                way->add->progress, way->err);

    if (rc == 0)
        rc = el_image_arrival_link(&way->arrival, named, way->file, way->err);
    if (named >= 0)
        close(named);
    memcpy(entry->media, same->media, sizeof entry->media);
    memcpy(entry->sha256, same->sha256, sizeof entry->sha256);
    entry->size = same->size;
    return rc;
}

static int add_way(struct adding *way, const struct adding *first, const char *suffix)
{
    const struct el_image_progress *progress = way->add->progress;
    uint8_t sha256[EL_IMAGE_SHA256];
    char *conf = NULL, text[EL_BOOT_NAME_BYTES + 80];
    int rc = link_media(way, first);

    if (rc == 0)
        rc = write_made_file(way);
    if (rc == 0)
        rc = el_image_arrival_seal(&way->arrival, sha256, way->err);
    if (rc == 0)
        rc = el_image_entry_text(&way->added->entry, &conf, way->err);
    snprintf(way->added->name, sizeof way->added->name, "%.50s-%.13s", first->added->name, suffix);
    int lock = rc == 0 ? el_image_library_lock(way->add->library, way->err) : rc;
    if (lock >= 0) {
        rc = el_image_arrival_name(&way->arrival, conf, way->added->name, way->err);
        close(lock);
    }
    free(conf);
    snprintf(text, sizeof text, "%s: the same, for another kind of machine", way->added->name);
    if (rc == 0 && lock >= 0)
        progress->say(progress->arg, text);
    return lock < 0 ? lock : rc;
}

/* The image itself is in: whatever goes wrong here is no more than said. */
static void add_other_ways(struct adding *first)
{
    const struct el_image_progress *progress = first->add->progress;
    bool known = true;

    for (unsigned variant = 1; variant <= OTHER_WAYS_MAX && known; variant++) {
        struct el_image_added added = {.name = ""};
        struct el_err err = {""};
        struct adding way = {
            .add = first->add, .added = &added, .fd = first->fd, .variant = variant, .err = &err};
        way.arrival.fd = way.download.fd = -1;
        memcpy(way.file, first->file, sizeof way.file);
        known = recognise(&way, way.fd) == 0 && way.facts.title[0];
        const char *suffix = known ? difference(&way, first) : NULL;
        if (suffix && el_boot_entry_is_name(suffix) && add_way(&way, first, suffix) < 0)
            progress->say(progress->arg, err.text);
        el_image_arrival_end(&way.arrival);
    }
}

static int go(struct adding *a)
{
    if (a->add->sha256 && is_there(a, a->add->sha256))
        return check_name(a);
    int rc = find(a);
    if (rc == 0 && !a->is_directory && a->path[0]) {
        rc = look_before_copying(a);
        if (rc == 1)
            return check_name(a);
    }
    if (rc == 0)
        rc = a->is_directory ? take_directory(a) : take_media(a);
    if (rc == 0)
        rc = finish(a);
    if (rc == 0 && !a->is_directory && !a->added->existed && !a->add->said.kernel)
        add_other_ways(a);
    return rc;
}

/* What is written into entry.conf as it was said. */
static int check_said(const struct el_image_said *said, struct el_err *err)
{
    const char *bad = said->kernel && !el_boot_entry_is_path(said->kernel) ? said->kernel : NULL;

    for (unsigned i = 0; i < said->initrd_count; i++)
        if (!el_boot_entry_is_path(said->initrds[i]))
            bad = said->initrds[i];
    if (bad)
        return el_err(err, EL_EINVAL,
                      "%.100s: not a path inside it (letters, digits and ._-+~ only, no part "
                      "beginning with a dot)",
                      bad);
    if (said->name && !el_boot_entry_is_name(said->name))
        return el_err(err, EL_EINVAL,
                      "name: letters, digits and ._- are expected, 64 at most, the first no dot");
    return 0;
}

int el_image_add(const struct el_image_add *add, struct el_image_added *added, struct el_err *err)
{
    struct adding a = {.add = add, .added = added, .fd = -1, .err = err};
    uint8_t sha256[EL_IMAGE_SHA256];

    memset(added, 0, sizeof *added);
    a.arrival.fd = a.download.fd = -1;
    if (add->sha256 && el_image_sha256_parse(add->sha256, sha256) < 0)
        return el_err(err, EL_EINVAL, "sha256: 64 hexadecimal digits in lower case are expected");
    int rc = check_said(&add->said, err);
    if (rc < 0)
        return rc;
    int lock = el_image_library_lock(add->library, err);
    if (lock < 0)
        return lock;
    el_image_library_sweep(add->library, time(NULL));
    close(lock);

    rc = go(&a);
    el_image_arrival_end(&a.arrival);
    /* What a download has brought is of use to another try, which may say more of it, unless it is
     * the wrong thing, or in the way. */
    bool kept = rc < 0 && rc != EL_EPROTO && rc != EL_EFULL;
    if (a.fd >= 0 && a.fd != a.download.fd)
        close(a.fd);
    el_image_download_end(add->library, &a.download, kept);
    return rc;
}
