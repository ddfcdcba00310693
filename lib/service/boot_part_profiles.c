/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Profiles: what machines are answered with while they are installed, and when they run. */
#include "base/time.h"
#include "profile/templates_io.h"
#include "service/boot_part.h"
#include "service/metadata_pages.h"
#include "sys/clock.h"
#include "sys/fds.h"

#include <stdlib.h>
#include <unistd.h>

static int64_t wall_s(void *arg)
{
    (void)arg;
    return (int64_t)(el_sys_wall_ns() / EL_S);
}

static int open_templates(struct el_boot_parts *s, struct el_err *err)
{
    (void)err;
    s->places[s->place_count++] = (struct el_sys_place){el_sys_fds_peek("templates"), false};
    return 0;
}

/* A person's own. */
static int read_templates(struct el_profile_pages *pages, struct el_err *err)
{
    int fd = el_sys_fds_take("templates");

    if (fd < 0)
        return 0;
    int rc = el_profile_templates_read(pages->templates, fd, err);
    close(fd);
    return rc < 0 ? rc : 0;
}

static int start(struct el_boot_parts *s, struct el_err *err)
{
    const struct el_boot_options *options = s->config->options;
    struct el_http_route routes[EL_METADATA_ROUTES];
    struct el_profile_pages_config config = {
        .machines = s->machines,
        .address = s->config->address,
        .router = options->router,
        .dns = options->dns,
        .dns_count = options->dns_count,
        .domain = options->domain,
        .hub = s->hub,
        .wall_s = wall_s,
    };

    s->profiles = calloc(1, sizeof *s->profiles);
    if (!s->profiles)
        return el_err(err, EL_ENOMEM, "out of memory");
    int rc = el_profile_pages_begin(s->profiles, &config, err);
    if (rc == 0)
        rc = read_templates(s->profiles, err);
    if (rc < 0)
        return rc;
    el_machines_set_page(s->machines, el_profile_pages_answer, s->profiles);
    el_machines_set_args(s->machines, el_profile_pages_args, s->profiles);
    el_metadata_pages_routes(s->profiles, routes);
    for (unsigned i = 0; rc == 0 && i < EL_METADATA_ROUTES; i++)
        rc = el_boot_pages_add(s->pages, &routes[i], err);
    return rc;
}

static void stop(struct el_boot_parts *s)
{
    if (!s->profiles)
        return;
    el_machines_set_page(s->machines, NULL, NULL);
    el_machines_set_args(s->machines, NULL, NULL);
    el_profile_pages_end(s->profiles);
    free(s->profiles);
    s->profiles = NULL;
}

const struct el_boot_part el_boot_part_profiles = {
    .open = open_templates, .start = start, .stop = stop};
