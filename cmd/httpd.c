/* SPDX-License-Identifier: GPL-2.0-or-later */
/* el2w httpd: a directory over HTTP. */
#include "applet.h"
#include "serve.h"

#include "http/http_io.h"

struct httpd {
    struct el_cmd_serve serve;
    bool listing;
    struct el_http_files files; /* what the route serves */
    struct el_http_route routes[2];
};

static const struct el_conf_option options[] = {
    {.name = "listing",
     .type = EL_CONF_FLAG,
     .offset = offsetof(struct httpd, listing),
     .help = "Let a directory's address give a list of what is in it."},
};

static const struct el_conf_schema schema = {
    .name = "httpd",
    .summary = "a directory over HTTP/1.1, read only",
    .usage = "--root DIR [--bind IP] [--port PORT] [--device INTERFACE] [--listing]",
    .manual = "Serves the files below DIR on port 80, or PORT: ranges, conditional requests, "
              "keep-alive, sendfile. Symbolic links are not followed and nothing outside DIR is "
              "ever opened. It gives up its privileges once the port is open, so the files must "
              "be readable by all.",
    .options = options,
    .count = sizeof options / sizeof options[0],
    .shared = el_cmd_serve_options,
    .shared_count = EL_CMD_SERVE_OPTIONS,
};

static int start(struct el_net *net, struct el_cmd_serve *serve, const struct el_content *content,
                 void **server, struct el_err *err)
{
    struct httpd *httpd = (struct httpd *)serve; /* its first member */
    struct el_http_server_config config = {
        .listen = {.bind = {serve->ip, (uint16_t)serve->port, 0},
                   .device = serve->device,
                   .inherited_fd = -1},
        .routes = httpd->routes,
    };

    httpd->files = (struct el_http_files){content, httpd->listing};
    httpd->routes[0] =
        (struct el_http_route){"/", EL_HTTP_GET, el_http_files_handler, &httpd->files, 0};
    return el_http_server_start(net, &config, (struct el_http_server **)server, err);
}

static void stop(void *server)
{
    el_http_server_stop(server);
}

static int run(int argc, char **argv)
{
    struct httpd values = {.serve.port = 80};
    struct el_conf *conf;
    int code = el_cmd_begin(&schema, &values, argc, argv, &conf);

    if (code != EL_EXIT_GO_ON)
        return code;
    code = el_cmd_serve(&schema, &values.serve, start, stop);
    el_conf_free(conf);
    return code;
}

const struct el_applet el_applet_httpd = {.schema = &schema, .run = run};
