/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Serving a directory until told to stop. */
#include "serve.h"

#include "applet.h"
#include "service.h"

#include "content/content_io.h"

#define AT(member) offsetof(struct el_cmd_serve, member)

const struct el_conf_option el_cmd_serve_options[EL_CMD_SERVE_OPTIONS] = {
    {.name = "root",
     .type = EL_CONF_STRING,
     .offset = AT(root),
     .metavar = "DIR",
     .help = "The directory to serve.",
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

int el_cmd_serve(const struct el_conf_schema *schema, struct el_cmd_serve *serve,
                 el_cmd_serve_start *start, void (*stop)(void *server))
{
    struct el_content_dir dir;
    struct el_err err = {""};
    void *server = NULL;
    struct el_cmd_service service;
    int rc = el_content_dir_open(&dir, serve->root, &err);

    if (rc < 0)
        return el_cmd_fail(schema, &err);
    struct el_content content = el_content_dir(&dir);
    rc = el_cmd_service_begin(&service, &err);
    if (rc == 0)
        rc = start(service.net, serve, &content, &server, &err);
    if (rc == 0)
        rc = el_cmd_service_run(&service, &err);
    if (server)
        stop(server);
    el_cmd_service_end(&service);
    el_content_dir_close(&dir);
    return rc < 0 ? el_cmd_fail(schema, &err) : EL_EXIT_DONE;
}
