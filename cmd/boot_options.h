/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The boot service's options, which the hub has too and passes on. */
#ifndef EL_CMD_BOOT_OPTIONS_H
#define EL_CMD_BOOT_OPTIONS_H

#include "base/conf.h"
#include "service/boot_options.h"

/* What the struct of an applet with these options begins with. */
struct el_cmd_boot {
    struct el_conf_common common;
    struct el_boot_options boot;
};

enum { EL_CMD_BOOT_OPTIONS = 25 };
extern const struct el_conf_option el_cmd_boot_options[EL_CMD_BOOT_OPTIONS];

#endif
