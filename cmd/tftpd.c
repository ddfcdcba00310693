/* SPDX-License-Identifier: GPL-2.0-or-later */
/* el2w tftpd: a directory over TFTP. */
#include "applet.h"
#include "serve.h"

static const struct el_conf_schema schema = {
    .name = "tftpd",
    .summary = "a directory over TFTP, read only",
    .usage = "--root DIR|IMAGE [--bind IP] [--port PORT] [--device INTERFACE]",
    .manual = "Serves the files below DIR: RFC 1350 with the options blksize, tsize, timeout, "
              "windowsize and rollover. Symbolic links are not followed and nothing outside DIR is "
              "ever opened. DIR may be an image of a disk, whose files are then served in place. "
              "It gives up its privileges once the port is open, so the files must "
              "be readable by all.",
    .shared = el_cmd_serve_options,
    .shared_count = EL_CMD_SERVE_OPTIONS,
};

static int run(int argc, char **argv)
{
    return el_cmd_serve(&schema, EL_FILE_TFTP, argc, argv);
}

const struct el_applet el_applet_tftpd = {.schema = &schema, .run = run};
