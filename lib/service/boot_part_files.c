/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is handed out by name, and its two servers: TFTP and HTTP. */
#include "service/boot_part.h"
#include "service/boot_timeline.h"
#include "sys/fds.h"

#include <errno.h>
#include <fcntl.h>

/* -- what there is -- */

static int open_images(struct el_boot_parts *s, struct el_err *err)
{
    const char *path = s->config->options->images;

    s->images = el_sys_fds_take("images");
    if (s->images < 0 && path)
        s->images = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (s->images < 0 && path)
        return el_err_os(err, errno, "images %s: cannot open the directory", path);
    s->places[s->place_count++] = (struct el_sys_place){s->images, false};
    return 0;
}

static void on_region(void *arg, const struct el_mac *mac, const char *region)
{
    const struct el_boot_parts *s = arg;

    el_orders_service_region(s->orders, mac, region);
}

static int start_pages(struct el_boot_parts *s, struct el_err *err)
{
    int rc = el_boot_pages_new(s->net, s->boot, s->regions, s->machines, s->images, &s->pages, err);

    if (rc == 0)
        el_boot_pages_on_region(s->pages, on_region, s);
    return rc;
}

static void stop_pages(struct el_boot_parts *s)
{
    el_boot_pages_free(s->pages);
}

const struct el_boot_part el_boot_part_pages = {
    .open = open_images, .start = start_pages, .stop = stop_pages};

/* -- who hands it out -- */

static int start_tftp(struct el_boot_parts *s, struct el_err *err)
{
    struct el_tftp_config config = {
        .listen = {.bind = {.port = EL_TFTP_PORT},
                   .device = s->config->network,
                   .inherited_fd = s->ground.tftp},
        .content = el_boot_pages_tftp(s->pages),
    };

    el_boot_timeline_watch_tftp(s->timeline, &config);
    return el_tftp_server_start(s->net, &config, &s->tftp, err);
}

static int start_http(struct el_boot_parts *s, struct el_err *err)
{
    struct el_http_server_config config = {
        .listen = {.bind = {.port = (uint16_t)s->config->options->http_port},
                   .device = s->config->network,
                   .inherited_fd = s->ground.http},
        .routes = el_boot_pages_routes(s->pages),
    };

    el_boot_timeline_watch_http(s->timeline, &config);
    return el_http_server_start(s->net, &config, &s->http, err);
}

static void stop_tftp(struct el_boot_parts *s)
{
    el_tftp_server_stop(s->tftp);
}

const struct el_boot_part el_boot_part_tftp = {.start = start_tftp, .stop = stop_tftp};

static void stop_http(struct el_boot_parts *s)
{
    el_http_server_stop(s->http);
}

const struct el_boot_part el_boot_part_http = {.start = start_http, .stop = stop_http};
