/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The boot service: what its parts stand on, and their coming and going. */
#include "service/boot_service.h"

#include "net/kernel.h"
#include "service/boot_exports.h"
#include "service/boot_part.h"
#include "sys/drop.h"
#include "sys/fds.h"
#include "sys/notify.h"
#include "sys/signals.h"

#include <stdio.h>
#include <unistd.h>
#include <uv.h>

/* In the order in which they are started. */
static const struct el_boot_part *const parts[] = {
    &el_boot_part_machines, &el_boot_part_pages,  &el_boot_part_profiles, &el_boot_part_timeline,
    &el_boot_part_dns,      &el_boot_part_recent, &el_boot_part_dhcp,     &el_boot_part_tftp,
    &el_boot_part_ndp,      &el_boot_part_http,   &el_boot_part_nfs,
};

enum { PARTS = sizeof parts / sizeof parts[0] };

struct service {
    struct el_boot_parts parts;
    struct el_sys_signals *signals;
    uv_poll_t answers;
    int state_dir;
};

/* -- setting up -- */

/* Everything that may need privileges. */
static int open_all(struct el_boot_parts *s, struct el_err *err)
{
    const struct el_boot_options *options = s->config->options;
    const struct el_boot_ground_config config = {
        .device = s->config->network,
        .address = s->config->address,
        .mac = s->config->mac,
        .http_port = (uint16_t)options->http_port,
        .nfs = el_boot_exports_any(options),
        .no_ra = options->no_ra,
        .no_dhcp = options->dhcp == EL_BOOT_DHCP_OFF,
        .relay = options->dhcp == EL_BOOT_DHCP_RELAY,
    };
    int rc = el_boot_ground_open(&s->ground, &config, err);

    for (size_t i = 0; i < PARTS && rc == 0; i++)
        if (parts[i]->open)
            rc = parts[i]->open(s, err);
    return rc;
}

static int open_state(struct service *service, struct el_err *err)
{
    struct el_boot_parts *s = &service->parts;

    service->state_dir = el_sys_fds_take("state");
    if (service->state_dir < 0 && !s->config->state)
        return 0;
    s->state = el_state_open(EL_STATE_BOOT, service->state_dir,
                             s->config->state ? s->config->state : "state", err);
    return s->state ? 0 : EL_EIO;
}

static void on_answers(uv_poll_t *poll, int status, int events)
{
    struct service *service = poll->data;

    (void)status;
    (void)events;
    el_regions_listen(service->parts.regions);
}

static void on_signal(void *arg, int signum)
{
    struct service *service = arg;

    if (signum != SIGHUP)
        el_net_kernel_stop(service->parts.kernel);
}

static int make_loop(struct service *service, struct el_err *err)
{
    struct el_boot_parts *s = &service->parts;
    int rc = el_net_kernel_new(&s->kernel, err);

    if (rc == 0)
        rc = el_sys_signals_watch(el_net_kernel_loop(s->kernel), on_signal, service,
                                  &service->signals, err);
    if (rc == 0)
        rc = el_boot_ground_stand(&s->ground, s->kernel, err);
    if (rc < 0)
        return rc;
    s->net = s->ground.net;
    s->regions = el_regions_new(el_sys_fds_take("locate"), (uint32_t)s->config->vni);
    if (!s->regions)
        return el_err(err, EL_ENOMEM, "out of memory");
    if (el_regions_fd(s->regions) < 0)
        return 0;
    service->answers.data = service;
    uv_poll_init(el_net_kernel_loop(s->kernel), &service->answers, el_regions_fd(s->regions));
    uv_poll_start(&service->answers, UV_READABLE, on_answers);
    return 0;
}

/* The boot room: what a machine gets. */
static int make_boot(struct el_boot_parts *s, struct el_err *err)
{
    const struct el_boot_options *options = s->config->options;
    char ip[EL_IP_TEXT];

    el_ip_text(&s->config->address.ip, ip);
    if (options->http_port == 80)
        snprintf(s->hub, sizeof s->hub, "%.15s", ip);
    else
        snprintf(s->hub, sizeof s->hub, "%.15s:%u", ip, (unsigned)options->http_port);
    struct el_boot_config config = {
        .hub = s->hub,
        .network = s->config->network,
        .timeout_s = (unsigned)options->menu_timeout_s,
        .default_entry = options->menu_default,
    };
    s->boot = el_boot_new(&config);
    return s->boot ? 0 : el_err(err, EL_ENOMEM, "out of memory");
}

/* A state that was given as a path, by hand, is anywhere. */
static int confine(const struct el_boot_parts *s, struct el_err *err)
{
    struct el_sys_confine_config config = {.places = s->places,
                                           .count = s->place_count,
                                           .resolver = s->resolver,
                                           .ports = s->connect_ports,
                                           .port_count = s->connect_port_count};

    return s->config->state ? 0 : el_sys_confine(&config, err);
}

static int set_up(struct service *service, struct el_err *err)
{
    struct el_boot_parts *s = &service->parts;
    struct el_sys_drop_config drop = {.uid = (uid_t)s->config->user, .gid = (gid_t)s->config->user};
    int rc = open_all(s, err);

    if (rc == 0)
        rc = el_sys_drop(&drop, err);
    if (rc == 0)
        rc = confine(s, err);
    if (rc >= 0)
        rc = open_state(service, err);
    if (rc == 0)
        rc = make_loop(service, err);
    if (rc == 0)
        rc = make_boot(s, err);
    for (size_t i = 0; i < PARTS && rc == 0; i++)
        rc = parts[i]->start(s, err);
    return rc;
}

static void tear_down(struct service *service)
{
    struct el_boot_parts *s = &service->parts;

    for (size_t i = PARTS; i-- > 0;)
        parts[i]->stop(s);
    el_boot_free(s->boot);
    if (service->signals)
        el_sys_signals_free(service->signals);
    el_boot_ground_leave(&s->ground);
    el_net_kernel_free(s->kernel);
    el_regions_free(s->regions);
    el_state_close(s->state);
    if (service->state_dir >= 0)
        close(service->state_dir);
    el_boot_ground_close(&s->ground);
}

int el_boot_service_run(const struct el_boot_service_config *config, struct el_err *err)
{
    struct service service = {.parts = {.config = config, .images = -1}, .state_dir = -1};

    /* The state's directory is one of the places. */
    service.parts.places[service.parts.place_count++] =
        (struct el_sys_place){el_sys_fds_peek("state"), true};
    int rc = set_up(&service, err);
    if (rc == 0) {
        el_sys_notify_ready();
        el_sys_fds_close_rest();
        el_net_kernel_run(service.parts.kernel);
    }
    tear_down(&service);
    return rc;
}
