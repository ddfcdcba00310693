/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bytes of an overlay's files.
 *
 * A file that is ours has its bytes in data/ID; one that is missing there is empty, so that nothing
 * has to be on disk when a file is made. A copy of what was below is whole and on disk before the
 * database says that it counts.
 */
#include "nfs/overlay_volume_io.h"
#include "nfs/source_dir_io.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAME_BYTES = 24, COPY_BYTES = 1 << 18 };

static const char *name_of(uint64_t id, char name[NAME_BYTES])
{
    snprintf(name, NAME_BYTES, "%016" PRIx64, id);
    return name;
}

static int file_read(const struct el_content_file *file, uint64_t offset, uint8_t *to, size_t len)
{
    size_t done = 0;

    while (done < len) {
        ssize_t n = pread(file->fd, to + done, len - done, (off_t)(offset + done));
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

static void file_close(struct el_content_file *file)
{
    close(file->fd);
}

/* The bytes of one that is ours, kept open. */
static enum el_nfs_status open_own(struct el_nfs_overlay *o, uint64_t id, struct el_nfs_file **file)
{
    char name[NAME_BYTES];

    *file = el_nfs_files_get(o->files, o->volume.id, id);
    if (*file)
        return EL_NFS_OK;
    int fd = openat(o->data, name_of(id, name), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return el_nfs_status_of_errno(errno);
    const struct el_nfs_file opened = {
        .content = {.fd = fd, .read = file_read, .close = file_close}};
    *file = el_nfs_files_put(o->files, o->volume.id, id, &opened);
    return *file ? EL_NFS_OK : EL_NFS_E_JUKEBOX;
}

static bool is_later(const struct el_nfs_time *a, const struct el_nfs_time *b)
{
    return a->s != b->s ? a->s > b->s : a->ns > b->ns;
}

enum el_nfs_status el_nfs_overlay_measure(struct el_nfs_overlay *o, struct el_nfs_inode *inode)
{
    struct el_nfs_file *file;
    struct el_nfs_attr bytes;
    struct stat st;
    enum el_nfs_status status = open_own(o, inode->attr.id, &file);

    if (status != EL_NFS_OK)
        return status;
    int failed = fstat(file->content.fd, &st);
    el_nfs_file_release(file);
    if (failed)
        return EL_NFS_E_IO;
    el_nfs_attr_of_stat(&st, &bytes);
    inode->attr.size = bytes.size;
    inode->attr.used = bytes.used;
    inode->attr.atime = bytes.atime;
    inode->attr.mtime = bytes.mtime;
    if (is_later(&bytes.ctime, &inode->attr.ctime))
        inode->attr.ctime = bytes.ctime;
    return EL_NFS_OK;
}

/* -- reading -- */

enum el_nfs_status el_nfs_overlay_open(struct el_nfs_volume *volume, const struct el_nfs_node *node,
                                       struct el_nfs_file **file, struct el_nfs_attr *attr)
{
    struct el_nfs_overlay *o = el_nfs_overlay_of(volume);
    struct el_nfs_attr below;
    struct el_nfs_inode inode;
    enum el_nfs_status status = el_nfs_overlay_look(o, node, &inode);

    if (status != EL_NFS_OK)
        return status;
    *attr = inode.attr;
    if (attr->type != EL_NFS_REG)
        return attr->type == EL_NFS_DIR ? EL_NFS_E_ISDIR : EL_NFS_E_INVAL;
    return inode.own ? open_own(o, node->id, file)
                     : o->lower->ops->open(o->lower, node, file, &below);
}

/* -- becoming ours -- */

static enum el_nfs_status write_all(int fd, const uint8_t *bytes, size_t len, uint64_t offset)
{
    while (len) {
        ssize_t n = pwrite(fd, bytes, len, (off_t)offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return el_nfs_status_of_errno(errno);
        bytes += n;
        len -= (size_t)n;
        offset += (uint64_t)n;
    }
    return EL_NFS_OK;
}

/* Blocks of zeros stay holes. */
static enum el_nfs_status copy_bytes(const struct el_content_file *from, int to, uint64_t limit)
{
    static uint8_t buffer[COPY_BYTES];
    enum el_nfs_status status = EL_NFS_OK;
    uint64_t at = 0;

    while (status == EL_NFS_OK && at < limit) {
        size_t part = limit - at < COPY_BYTES ? (size_t)(limit - at) : COPY_BYTES;
        int got = el_content_read(from, at, buffer, part);
        if (got <= 0)
            return got < 0 ? EL_NFS_E_IO : EL_NFS_OK;
        bool zeros = buffer[0] == 0 && memcmp(buffer, buffer + 1, (size_t)got - 1) == 0;
        if (!zeros)
            status = write_all(to, buffer, (size_t)got, at);
        at += (uint64_t)got;
    }
    return status;
}

static enum el_nfs_status copy_up(struct el_nfs_overlay *o, const struct el_nfs_inode *inode,
                                  int to, uint64_t limit)
{
    const struct el_nfs_source *source = el_nfs_tree_source(o->tree);
    const struct timespec times[2] = {{inode->attr.atime.s, inode->attr.atime.ns},
                                      {inode->attr.mtime.s, inode->attr.mtime.ns}};
    struct el_nfs_file from;
    struct el_nfs_attr attr;

    if (limit > inode->attr.size)
        limit = inode->attr.size;
    if (limit && inode->has_lower) {
        enum el_nfs_status status = source->open(source->arg, inode->lower, &from, &attr);
        if (status != EL_NFS_OK)
            return status;
        status = copy_bytes(&from.content, to, limit);
        el_content_close(&from.content);
        if (status != EL_NFS_OK)
            return status;
    }
    if (ftruncate(to, (off_t)limit) != 0 || futimens(to, times) != 0 || fsync(to) != 0)
        return el_nfs_status_of_errno(errno);
    return EL_NFS_OK;
}

enum el_nfs_status el_nfs_overlay_own(struct el_nfs_overlay *o, struct el_nfs_inode *inode,
                                      uint64_t limit)
{
    char name[NAME_BYTES];

    if (inode->own)
        return EL_NFS_OK;
    /* One that is there was left by a copy that came to nothing. */
    int fd = openat(o->data, name_of(inode->attr.id, name),
                    O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return el_nfs_status_of_errno(errno);
    enum el_nfs_status status = copy_up(o, inode, fd, limit);
    close(fd);
    if (status == EL_NFS_OK && fsync(o->data) != 0)
        status = el_nfs_status_of_errno(errno);
    if (status != EL_NFS_OK) {
        unlinkat(o->data, name, 0);
        return status;
    }
    inode->own = true;
    return EL_NFS_OK;
}

enum el_nfs_status el_nfs_overlay_resize(struct el_nfs_overlay *o, uint64_t id, uint64_t size)
{
    struct el_nfs_file *file;
    enum el_nfs_status status = open_own(o, id, &file);

    if (status != EL_NFS_OK)
        return status;
    if (ftruncate(file->content.fd, (off_t)size) != 0 || fsync(file->content.fd) != 0)
        status = el_nfs_status_of_errno(errno);
    el_nfs_file_release(file);
    return status;
}

static struct timespec time_to_set(bool set, bool now, const struct el_nfs_time *time)
{
    if (!set)
        return (struct timespec){.tv_nsec = UTIME_OMIT};
    if (now)
        return (struct timespec){.tv_nsec = UTIME_NOW};
    return (struct timespec){.tv_sec = time->s, .tv_nsec = time->ns};
}

enum el_nfs_status el_nfs_overlay_set_times(struct el_nfs_overlay *o, uint64_t id,
                                            const struct el_nfs_change *change)
{
    const struct timespec times[2] = {
        time_to_set(change->set_atime, change->atime_now, &change->atime),
        time_to_set(change->set_mtime, change->mtime_now, &change->mtime)};
    struct el_nfs_file *file;
    enum el_nfs_status status = open_own(o, id, &file);

    if (status != EL_NFS_OK)
        return status;
    if (futimens(file->content.fd, times) != 0)
        status = el_nfs_status_of_errno(errno);
    el_nfs_file_release(file);
    return status;
}

void el_nfs_overlay_discard(struct el_nfs_overlay *o, uint64_t id)
{
    char name[NAME_BYTES];

    el_nfs_files_forget(o->files, o->volume.id, id);
    unlinkat(o->data, name_of(id, name), 0);
}

/* -- writing -- */

static enum el_nfs_status make_own(struct el_nfs_overlay *o, struct el_nfs_inode *inode)
{
    if (inode->own)
        return EL_NFS_OK;
    enum el_nfs_status status = el_nfs_store_begin(o->store);
    if (status != EL_NFS_OK)
        return status;
    status = el_nfs_overlay_own(o, inode, UINT64_MAX);
    if (status == EL_NFS_OK)
        status = el_nfs_store_put(o->store, inode);
    return el_nfs_store_end(o->store, status);
}

enum el_nfs_status el_nfs_overlay_write(struct el_nfs_volume *volume,
                                        const struct el_nfs_node *node, uint64_t offset,
                                        const uint8_t *bytes, size_t len, bool sync,
                                        struct el_nfs_attr *attr)
{
    struct el_nfs_overlay *o = el_nfs_overlay_of(volume);
    struct el_nfs_file *file;
    struct el_nfs_inode inode;
    enum el_nfs_status status = el_nfs_overlay_look(o, node, &inode);

    if (status == EL_NFS_OK)
        status = make_own(o, &inode);
    if (status == EL_NFS_OK)
        status = open_own(o, node->id, &file);
    if (status != EL_NFS_OK)
        return status;
    status = write_all(file->content.fd, bytes, len, offset);
    el_nfs_file_release(file);
    if (status == EL_NFS_OK && sync)
        status = el_nfs_overlay_commit(volume, node);
    if (status == EL_NFS_OK)
        status = el_nfs_overlay_measure(o, &inode);
    *attr = inode.attr;
    return status;
}

enum el_nfs_status el_nfs_overlay_commit(struct el_nfs_volume *volume,
                                         const struct el_nfs_node *node)
{
    struct el_nfs_overlay *o = el_nfs_overlay_of(volume);
    struct el_nfs_file *file;
    struct el_nfs_inode inode;
    enum el_nfs_status status = el_nfs_overlay_get(o, node->id, &inode);

    if (status == EL_NFS_E_NOENT || (status == EL_NFS_OK && !inode.own))
        return EL_NFS_OK;
    if (status == EL_NFS_OK)
        status = open_own(o, node->id, &file);
    if (status != EL_NFS_OK)
        return status;
    if (fsync(file->content.fd) != 0 || fsync(o->data) != 0)
        status = el_nfs_status_of_errno(errno);
    el_nfs_file_release(file);
    return status;
}
