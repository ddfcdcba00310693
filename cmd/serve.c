/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Serving a directory until told to stop. */
#include "serve.h"

#include "applet.h"

#define AT(member) offsetof(struct el_cmd_serve, config.member)

const struct el_conf_option el_cmd_serve_options[EL_CMD_SERVE_OPTIONS] = {
    {.name = "root",
     .type = EL_CONF_STRING,
     .offset = AT(root),
     .metavar = "DIR|IMAGE",
     .help = "The directory to serve; or a disk image (ISO 9660, UDF), whose files are then "
             "served.",
     .required = true},
    {.name = "bind",
     .type = EL_CONF_IP,
     .offset = AT(ip),
     .metavar = "IP",
     .fallback = "0.0.0.0",
     .help = "The address to serve at."},
    {.name = "port",
     .type = EL_CONF_UINT,
     .offset = AT(port),
     .metavar = "PORT",
     .help = "The port to serve at, instead of the protocol's own.",
     .min = 1,
     .max = 65535},
    {.name = "device",
     .type = EL_CONF_STRING,
     .offset = AT(device),
     .metavar = "INTERFACE",
     .help = "Serve on this interface only."},
};

int el_cmd_serve(const struct el_conf_schema *schema, enum el_file_protocol protocol, int argc,
                 char **argv)
{
    struct el_cmd_serve values = {0};
    struct el_err err = {""};
    struct el_conf *conf;
    int code = el_cmd_begin(schema, &values, argc, argv, &conf);

    if (code != EL_EXIT_GO_ON)
        return code;
    code = EL_EXIT_DONE;
    if (el_file_service_run(protocol, &values.config, &err) < 0)
        code = el_cmd_fail(schema, &err);
    el_conf_free(conf);
    return code;
}
