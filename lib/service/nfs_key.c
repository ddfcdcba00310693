/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The key of NFS handles. */
#include "service/nfs_key.h"

#include "base/csprng.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define NAME "nfs.key"
#define NEW  "nfs.key.new"

/* Under its name only when it is whole and on disk. */
static int make(int state_dir, uint8_t key[EL_NFS_KEY], struct el_err *err)
{
    int fd = openat(state_dir, NEW, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);

    if (fd < 0)
        return el_err_os(err, errno, "nfs: cannot make %s in the state directory", NAME);
    el_random(key, EL_NFS_KEY);
    bool written = write(fd, key, EL_NFS_KEY) == EL_NFS_KEY && fsync(fd) == 0;
    int reason = errno;
    close(fd);
    if (written && renameat(state_dir, NEW, state_dir, NAME) == 0 && fsync(state_dir) == 0)
        return 0;
    return el_err_os(err, written ? errno : reason, "nfs: cannot keep %s in the state directory",
                     NAME);
}

int el_nfs_key_load(int state_dir, uint8_t key[EL_NFS_KEY], struct el_err *err)
{
    if (state_dir < 0) {
        el_random(key, EL_NFS_KEY);
        return 0;
    }
    int fd = openat(state_dir, NAME, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT)
        return make(state_dir, key, err);
    if (fd < 0)
        return el_err_os(err, errno, "nfs: cannot read %s of the state directory", NAME);
    ssize_t got = read(fd, key, EL_NFS_KEY);
    close(fd);
    if (got == EL_NFS_KEY)
        return 0;
    return el_err(err, EL_EINVAL,
                  "nfs: %s of the state directory is damaged: remove it, and let "
                  "the machines mount anew",
                  NAME);
}
