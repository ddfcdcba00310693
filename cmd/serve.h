/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the applets that serve a directory have in common: tftpd and httpd. */
#ifndef EL_CMD_SERVE_H
#define EL_CMD_SERVE_H

#include "base/conf.h"
#include "service/file_service.h"

struct el_cmd_serve {
    struct el_conf_common common;
    struct el_file_service_config config;
};

/* --root, --bind, --port, --device. */
enum { EL_CMD_SERVE_OPTIONS = 4 };
extern const struct el_conf_option el_cmd_serve_options[EL_CMD_SERVE_OPTIONS];

/* Reads the options of SCHEMA and serves. The exit code. */
int el_cmd_serve(const struct el_conf_schema *schema, enum el_file_protocol protocol, int argc,
                 char **argv);

#endif
