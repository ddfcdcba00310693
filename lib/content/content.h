/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Named content: what a file server hands out, wherever the bytes come from.
 *
 * A server asks a source to open a name and gets a file: either bytes in memory (a loader inside
 * our own binary, a generated script) or an open descriptor. TFTP and HTTP serve from this and
 * know nothing else about storage; content_io.h is the source that stands on a directory.
 *
 * Names are normalised by el_content_name() before a source sees them: segments separated by single
 * slashes, no leading slash, no "." or "..", nothing that is not printable.
 */
#ifndef EL_CONTENT_CONTENT_H
#define EL_CONTENT_CONTENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    EL_CONTENT_NAME_MAX = 1024, /* a normalised name with its NUL */
};

/* Bytes of a file that stand in its descriptor in a row: LEN of them from FD_OFFSET. */
struct el_content_stretch {
    uint64_t fd_offset;
    uint64_t len;
};

/* Something that is open. Whoever opened it closes it, once. */
struct el_content_file {
    uint64_t size;        /* bytes, at the time of opening */
    const uint8_t *bytes; /* in memory, living at least as long as the source; else NULL */
    int fd;               /* an open regular file that holds it; -1 if in memory */
    uint64_t fd_offset;   /* where in FD it begins: not 0 for a file inside an image of a disk */

    /* For a file that does not stand in FD in one row: the stretch at OFFSET, which is less than
     * SIZE; at least one byte long. NULL: all of it stands at FD_OFFSET. */
    struct el_content_stretch (*stretch)(const struct el_content_file *file, uint64_t offset);
    void *holder; /* the source's own, for its functions */

    /* What tells one version from another (HTTP's validators). MTIME_S 0: not known. */
    int64_t mtime_s;
    uint32_t mtime_ns;
    uint64_t inode;

    /* Reads up to LEN bytes at OFFSET: the count, less than LEN only at the end of the file, or a
     * negative error. NULL for memory. */
    int (*read)(const struct el_content_file *file, uint64_t offset, uint8_t *to, size_t len);
    void (*close)(struct el_content_file *file); /* NULL: nothing to do */
};

/* One name in a directory. */
struct el_content_entry {
    const char *name; /* one segment; valid during the call */
    bool directory;
    uint64_t size;
    int64_t mtime_s;
};

typedef void el_content_entry_cb(void *arg, const struct el_content_entry *entry);

/* A source: a table of functions and what they work on. Owned by whoever made it; the servers that
 * use it must have ended before it does. */
struct el_content {
    /* Opens a normalised NAME. 0; EL_ENOENT; EL_ENOTSUP: it is a directory; EL_EPERM: it is there
     * and must not be served (a link, a device, unreadable); or another error. */
    int (*open)(void *arg, const char *name, struct el_content_file *file);

    /* Calls back for each servable entry of the directory NAME ("" is the top), in no order. 0 or
     * an error as above. NULL: this source cannot be listed. */
    int (*list)(void *arg, const char *name, el_content_entry_cb *cb, void *cb_arg);

    void *arg;
};

/* Normalises a name as a client wrote it. A leading slash and a backslash (which PXE clients of
 * Windows deployments write) are allowed, "." and empty segments vanish. The length of the result,
 * or EL_EINVAL: a ".." segment, a control character, nothing left, or too long. */
int el_content_name(const char *written, char name[EL_CONTENT_NAME_MAX]);

int el_content_open(const struct el_content *content, const char *name,
                    struct el_content_file *file);

/* Reads from memory or file as el_content_file.read does. LEN at most INT_MAX. */
int el_content_read(const struct el_content_file *file, uint64_t offset, uint8_t *to, size_t len);

/* Where the byte at OFFSET, which is less than the size, stands in the descriptor, and how many
 * bytes of the file stand in a row from there. Only for a file that is not in memory. */
struct el_content_stretch el_content_stretch(const struct el_content_file *file, uint64_t offset);

/* Closes and forgets; a file that was never opened must have fd -1 and no close function. */
void el_content_close(struct el_content_file *file);

/* -- sources in memory -- */

/* A table of names, ended by a NULL name; the caller keeps it and the bytes. MTIME_S is one for
 * all, for instance the time of the build. */
struct el_content_memory_entry {
    const char *name;
    const uint8_t *bytes;
    size_t len;
};

struct el_content_memory {
    const struct el_content_memory_entry *entries;
    int64_t mtime_s;
};

struct el_content el_content_memory(const struct el_content_memory *memory);

/* Several sources, asked in order until one has the name; ended by a NULL. */
struct el_content el_content_chain(const struct el_content *const *sources);

#endif
