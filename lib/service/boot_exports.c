/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Exports, opened and passed on. */
#include "service/boot_exports.h"

#include "sys/fds.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

bool el_boot_exports_any(const struct el_boot_options *options)
{
    return !options->no_nfs &&
           (options->images || options->export_count || el_sys_fds_peek("images") >= 0);
}

const char *el_boot_export_fd(const struct el_boot_option_export *export, bool overlay,
                              char name[EL_BOOT_EXPORT_FD])
{
    snprintf(name, EL_BOOT_EXPORT_FD, "%s-%s", overlay ? "overlay" : "export", export->name);
    return name;
}

int el_boot_export_open(const struct el_boot_option_export *export, struct el_err *err)
{
    int fd = open(export->path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

    return fd < 0 ? el_err_os(err, errno, "export %s: %s", export->name, export->path) : fd;
}
