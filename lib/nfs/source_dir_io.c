/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A directory as a source. */
#include "nfs/source_dir_io.h"

#include "sys/beneath.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

enum {
    LOOK = O_PATH | O_NOFOLLOW | O_CLOEXEC,
    /* O_NONBLOCK: a FIFO that took the file's place makes nobody wait. */
    READ = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
    PERMISSIONS = 07777,
    STAT_BLOCK = 512,
};

struct source {
    int root_fd;
    bool walk;
    dev_t device; /* of the top */
};

enum el_nfs_status el_nfs_status_of_errno(int reason)
{
    static const struct {
        int reason;
        enum el_nfs_status status;
    } known[] = {
        {EPERM, EL_NFS_E_PERM},
        {ENOENT, EL_NFS_E_NOENT},
        {EIO, EL_NFS_E_IO},
        {EACCES, EL_NFS_E_ACCES},
        {ELOOP, EL_NFS_E_ACCES}, /* a link, an escape and a socket are there and stay closed */
        {EXDEV, EL_NFS_E_ACCES},
        {ENXIO, EL_NFS_E_ACCES},
        {EEXIST, EL_NFS_E_EXIST},
        {ENOTDIR, EL_NFS_E_NOENT},
        {EISDIR, EL_NFS_E_ISDIR},
        {EINVAL, EL_NFS_E_INVAL},
        {EFBIG, EL_NFS_E_FBIG},
        {ENOSPC, EL_NFS_E_NOSPC},
        {EDQUOT, EL_NFS_E_DQUOT},
        {EROFS, EL_NFS_E_ROFS},
        {ENAMETOOLONG, EL_NFS_E_NAMETOOLONG},
        {ENOTEMPTY, EL_NFS_E_NOTEMPTY},
        {EMFILE, EL_NFS_E_JUKEBOX}, /* passes: the client tries again */
        {ENFILE, EL_NFS_E_JUKEBOX},
        {ENOMEM, EL_NFS_E_JUKEBOX},
    };

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (known[i].reason == reason)
            return known[i].status;
    return EL_NFS_E_IO;
}

static enum el_nfs_type type_of(mode_t mode)
{
    switch (mode & S_IFMT) {
    case S_IFDIR: return EL_NFS_DIR;
    case S_IFLNK: return EL_NFS_LNK;
    case S_IFBLK: return EL_NFS_BLK;
    case S_IFCHR: return EL_NFS_CHR;
    case S_IFSOCK: return EL_NFS_SOCK;
    case S_IFIFO: return EL_NFS_FIFO;
    default: return EL_NFS_REG;
    }
}

void el_nfs_attr_of_stat(const struct stat *st, struct el_nfs_attr *attr)
{
    *attr = (struct el_nfs_attr){
        .type = type_of(st->st_mode),
        .mode = st->st_mode & PERMISSIONS,
        .nlink = (uint32_t)st->st_nlink,
        .uid = st->st_uid,
        .gid = st->st_gid,
        .size = (uint64_t)st->st_size,
        .used = (uint64_t)st->st_blocks * STAT_BLOCK,
        .rdev_major = major(st->st_rdev),
        .rdev_minor = minor(st->st_rdev),
        .atime = {st->st_atim.tv_sec, (uint32_t)st->st_atim.tv_nsec},
        .mtime = {st->st_mtim.tv_sec, (uint32_t)st->st_mtim.tv_nsec},
        .ctime = {st->st_ctim.tv_sec, (uint32_t)st->st_ctim.tv_nsec},
    };
}

/* The number of a file. One of another file system that is mounted beneath may have the same inode
 * number as one of ours. */
static uint64_t id_of(const struct source *source, const struct stat *st)
{
    static const uint8_t key[crypto_shorthash_KEYBYTES] = "el2w nfs inode";
    const uint64_t both[2] = {st->st_dev, st->st_ino};
    uint64_t id = st->st_ino;

    if (st->st_dev != source->device || id > EL_NFS_SOURCE_IDS)
        crypto_shorthash((uint8_t *)&id, (const uint8_t *)both, sizeof both, key);
    id &= EL_NFS_SOURCE_IDS;
    return id ? id : 1;
}

static void describe(const struct source *source, const struct stat *st, struct el_nfs_attr *attr)
{
    el_nfs_attr_of_stat(st, attr);
    attr->id = id_of(source, st);
}

static int open_path(struct source *source, const char *path, int flags)
{
    return el_sys_beneath_open(source->root_fd, &source->walk, *path ? path : ".", flags);
}

static enum el_nfs_status dir_stat(void *arg, const char *path, struct el_nfs_attr *attr)
{
    struct source *source = arg;
    struct stat st;
    int fd = open_path(source, path, LOOK);

    if (fd < 0)
        return el_nfs_status_of_errno(errno);
    int failed = fstat(fd, &st);
    close(fd);
    if (failed)
        return EL_NFS_E_IO;
    describe(source, &st, attr);
    return EL_NFS_OK;
}

static enum el_nfs_status dir_readlink(void *arg, const char *path, char target[EL_NFS_PATH_MAX])
{
    int fd = open_path(arg, path, LOOK);

    if (fd < 0)
        return el_nfs_status_of_errno(errno);
    ssize_t len = readlinkat(fd, "", target, EL_NFS_PATH_MAX - 1);
    int reason = errno;
    close(fd);
    if (len < 0)
        return reason == ENOENT ? EL_NFS_E_INVAL : el_nfs_status_of_errno(reason);
    target[len] = '\0';
    return EL_NFS_OK;
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

static enum el_nfs_status dir_fstat(void *arg, const struct el_nfs_file *file,
                                    struct el_nfs_attr *attr)
{
    struct stat st;

    if (fstat(file->content.fd, &st) != 0)
        return EL_NFS_E_IO;
    describe(arg, &st, attr);
    return st.st_nlink ? EL_NFS_OK : EL_NFS_E_STALE;
}

static enum el_nfs_status dir_open(void *arg, const char *path, struct el_nfs_file *file,
                                   struct el_nfs_attr *attr)
{
    struct stat st;
    int fd = open_path(arg, path, READ);

    if (fd < 0)
        return el_nfs_status_of_errno(errno);
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        close(fd);
        return EL_NFS_E_INVAL;
    }
    describe(arg, &st, attr);
    *file = (struct el_nfs_file){
        .content = {.fd = fd, .size = attr->size, .read = file_read, .close = file_close},
    };
    return EL_NFS_OK;
}

static enum el_nfs_status dir_list(void *arg, const char *path, el_nfs_name_cb *cb, void *cb_arg)
{
    int fd = open_path(arg, path, READ | O_DIRECTORY);

    if (fd < 0)
        return errno == ENOTDIR ? EL_NFS_E_NOTDIR : el_nfs_status_of_errno(errno);
    DIR *stream = fdopendir(fd);
    if (!stream) {
        close(fd);
        return EL_NFS_E_JUKEBOX;
    }
    for (const struct dirent *entry; (entry = readdir(stream)) != NULL;)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            cb(cb_arg, entry->d_name);
    closedir(stream);
    return EL_NFS_OK;
}

static int dir_enter(void *arg, const char *path)
{
    return open_path(arg, path, LOOK | O_DIRECTORY);
}

static enum el_nfs_status dir_stat_in(void *arg, int dir, const char *name,
                                      struct el_nfs_attr *attr)
{
    struct stat st;

    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return el_nfs_status_of_errno(errno);
    describe(arg, &st, attr);
    return EL_NFS_OK;
}

static void dir_leave(void *arg, int dir)
{
    (void)arg;
    close(dir);
}

static enum el_nfs_status dir_space(void *arg, struct el_nfs_space *space)
{
    struct source *source = arg;
    struct statvfs vfs;

    if (fstatvfs(source->root_fd, &vfs) != 0)
        return EL_NFS_E_IO;
    *space = (struct el_nfs_space){
        .total_bytes = (uint64_t)vfs.f_blocks * vfs.f_frsize,
        .free_bytes = (uint64_t)vfs.f_bavail * vfs.f_frsize,
        .total_files = vfs.f_files,
        .free_files = vfs.f_favail,
    };
    return EL_NFS_OK;
}

static void dir_close(void *arg)
{
    struct source *source = arg;

    close(source->root_fd);
    free(source);
}

int el_nfs_source_dir(int fd, struct el_nfs_source *result)
{
    struct source *source = calloc(1, sizeof *source);
    struct stat st;

    int rc = !source                ? EL_ENOMEM
             : fstat(fd, &st) != 0  ? EL_EIO
             : !S_ISDIR(st.st_mode) ? EL_EINVAL
                                    : 0;
    if (rc < 0) {
        free(source);
        close(fd);
        return rc;
    }
    source->root_fd = fd;
    source->device = st.st_dev;
    *result = (struct el_nfs_source){
        .stat = dir_stat,
        .readlink = dir_readlink,
        .open = dir_open,
        .fstat = dir_fstat,
        .list = dir_list,
        .enter = dir_enter,
        .stat_in = dir_stat_in,
        .leave = dir_leave,
        .space = dir_space,
        .close = dir_close,
        .arg = source,
    };
    return 0;
}
