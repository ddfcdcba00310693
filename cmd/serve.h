/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the applets that serve a directory have in common: tftpd and httpd. */
#ifndef EL_CMD_SERVE_H
#define EL_CMD_SERVE_H

#include "base/addr.h"
#include "base/conf.h"
#include "content/content.h"
#include "net/net.h"

struct el_cmd_serve {
    struct el_conf_common common;
    const char *root;
    struct el_ip ip;
    uint64_t port;
    const char *device;
};

/* --root, --bind, --port, --device, for structs that begin with a struct el_cmd_serve. */
enum { EL_CMD_SERVE_OPTIONS = 4 };
extern const struct el_conf_option el_cmd_serve_options[EL_CMD_SERVE_OPTIONS];

typedef int el_cmd_serve_start(struct el_net *net, struct el_cmd_serve *serve,
                               const struct el_content *content, void **server, struct el_err *err);

/* Opens the root, starts the server, gives up privileges, and runs until SIGTERM or SIGINT. The
 * exit code. */
int el_cmd_serve(const struct el_conf_schema *schema, struct el_cmd_serve *serve,
                 el_cmd_serve_start *start, void (*stop)(void *server));

#endif
