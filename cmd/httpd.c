/* SPDX-License-Identifier: GPL-2.0-or-later */
/* el2w httpd: a directory over HTTP. */
#include "applet.h"
#include "serve.h"

static const struct el_conf_option options[] = {
    {.name = "listing",
     .type = EL_CONF_FLAG,
     .offset = offsetof(struct el_cmd_serve, config.listing),
     .help = "Let a directory's address give a list of what is in it."},
};

static const struct el_conf_schema schema = {
    .name = "httpd",
    .summary = "a directory over HTTP/1.1, read only",
    .usage = "--root DIR|IMAGE [--bind IP] [--port PORT] [--device INTERFACE] [--listing]",
    .manual = "Serves the files below DIR on port 80, or PORT: ranges, conditional requests, "
              "keep-alive, sendfile. Symbolic links are not followed and nothing outside DIR is "
              "ever opened. DIR may be an image of a disk (ISO 9660 with Rock Ridge or Joliet, "
              "UDF): then the files inside it are served, in place. It gives up its privileges "
              "once the port is open, so the files must "
              "be readable by all.",
    .options = options,
    .count = sizeof options / sizeof options[0],
    .shared = el_cmd_serve_options,
    .shared_count = EL_CMD_SERVE_OPTIONS,
};

static int run(int argc, char **argv)
{
    return el_cmd_serve(&schema, EL_FILE_HTTP, argc, argv);
}

const struct el_applet el_applet_httpd = {.schema = &schema, .run = run};
