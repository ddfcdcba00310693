/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A directory as a source of content. */
#include "content/content_io.h"

#include "sys/beneath.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* O_NONBLOCK: opening a FIFO returns at once, to be refused. It means nothing to a regular file. */
enum { OPEN_FLAGS = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC };

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

/* What a failed open says about the name. A link (ELOOP), an escape (EXDEV) and a socket (ENXIO)
 * are there and are not served. */
static int refusal(int reason)
{
    switch (reason) {
    case ENOENT:
    case ENOTDIR:
    case ENAMETOOLONG: return EL_ENOENT;
    case ELOOP:
    case EXDEV:
    case ENXIO:
    case EACCES:
    case EPERM: return EL_EPERM;
    default: return el_errno_from_os(reason);
    }
}

static int dir_open(void *arg, const char *name, struct el_content_file *file)
{
    struct el_content_dir *dir = arg;
    struct stat st;
    int fd = el_sys_beneath_open(dir->root_fd, &dir->walk, name, OPEN_FLAGS);

    if (fd < 0)
        return refusal(errno);
    int result = fstat(fd, &st) != 0    ? EL_EIO
                 : S_ISDIR(st.st_mode)  ? EL_ENOTSUP
                 : !S_ISREG(st.st_mode) ? EL_EPERM
                                        : 0;
    if (result < 0) {
        close(fd);
        return result;
    }
    *file = (struct el_content_file){
        .size = (uint64_t)st.st_size,
        .fd = fd,
        .mtime_s = st.st_mtim.tv_sec,
        .mtime_ns = (uint32_t)st.st_mtim.tv_nsec,
        .inode = st.st_ino,
        .read = file_read,
        .close = file_close,
    };
    return 0;
}

static int dir_list(void *arg, const char *name, el_content_entry_cb *cb, void *cb_arg)
{
    struct el_content_dir *dir = arg;
    int fd =
        el_sys_beneath_open(dir->root_fd, &dir->walk, *name ? name : ".", OPEN_FLAGS | O_DIRECTORY);

    if (fd < 0)
        return refusal(errno);
    DIR *stream = fdopendir(fd);
    if (!stream) {
        close(fd);
        return EL_EIO;
    }
    for (const struct dirent *entry; (entry = readdir(stream)) != NULL;) {
        struct stat st;
        if (entry->d_name[0] == '.' || fstatat(fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
            (!S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode)))
            continue;
        cb(cb_arg, &(struct el_content_entry){
                       .name = entry->d_name,
                       .directory = S_ISDIR(st.st_mode),
                       .size = (uint64_t)st.st_size,
                       .mtime_s = st.st_mtim.tv_sec,
                   });
    }
    closedir(stream);
    return 0;
}

int el_content_dir_open(struct el_content_dir *dir, const char *path, struct el_err *err)
{
    *dir = (struct el_content_dir){.root_fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC)};
    if (dir->root_fd < 0)
        return el_err_os(err, errno, "directory %s", path);
    return 0;
}

void el_content_dir_close(struct el_content_dir *dir)
{
    if (dir->root_fd >= 0)
        close(dir->root_fd);
    dir->root_fd = -1;
}

struct el_content el_content_dir(struct el_content_dir *dir)
{
    return (struct el_content){dir_open, dir_list, dir};
}
