/* SPDX-License-Identifier: GPL-2.0-or-later */
/* el2w tftpd: a directory over TFTP. */
#include "applet.h"
#include "serve.h"

#include "tftp/tftp_io.h"

static const struct el_conf_schema schema = {
    .name = "tftpd",
    .summary = "a directory over TFTP, read only",
    .usage = "--root DIR [--bind IP] [--port PORT] [--device INTERFACE]",
    .manual = "Serves the files below DIR: RFC 1350 with the options blksize, tsize, timeout, "
              "windowsize and rollover. Symbolic links are not followed and nothing outside DIR is "
              "ever opened. It gives up its privileges once the port is open, so the files must "
              "be readable by all.",
    .shared = el_cmd_serve_options,
    .shared_count = EL_CMD_SERVE_OPTIONS,
};

static int start(struct el_net *net, struct el_cmd_serve *serve, const struct el_content *content,
                 void **server, struct el_err *err)
{
    struct el_tftp_config config = {
        .listen = {.bind = {serve->ip, (uint16_t)serve->port, 0},
                   .device = serve->device,
                   .inherited_fd = -1},
        .content = content,
    };

    return el_tftp_server_start(net, &config, (struct el_tftp_server **)server, err);
}

static void stop(void *server)
{
    el_tftp_server_stop(server);
}

static int run(int argc, char **argv)
{
    struct el_cmd_serve values = {.port = EL_TFTP_PORT};
    struct el_conf *conf;
    int code = el_cmd_begin(&schema, &values, argc, argv, &conf);

    if (code != EL_EXIT_GO_ON)
        return code;
    code = el_cmd_serve(&schema, &values, start, stop);
    el_conf_free(conf);
    return code;
}

const struct el_applet el_applet_tftpd = {.schema = &schema, .run = run};
