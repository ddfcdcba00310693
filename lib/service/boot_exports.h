/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a boot service exports over NFS: how it is opened, and passed on from a supervisor.
 */
#ifndef EL_SERVICE_BOOT_EXPORTS_H
#define EL_SERVICE_BOOT_EXPORTS_H

#include "service/boot_options.h"

enum { EL_BOOT_EXPORT_FD = 48 };

/* Whether anything is, here: also the images that were passed on to us. */
bool el_boot_exports_any(const struct el_boot_options *options);

/* What the export's descriptor, or that of its overlay, is called when it is passed on. NAME. */
const char *el_boot_export_fd(const struct el_boot_option_export *export, bool overlay,
                              char name[EL_BOOT_EXPORT_FD]);

/* Opens the directory, or the image, to be read. */
int el_boot_export_open(const struct el_boot_option_export *export, struct el_err *err);

#endif
