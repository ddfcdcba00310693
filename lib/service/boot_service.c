/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The boot service: sockets and servers, with the boot room in the middle. */
#include "service/boot_service.h"

#include "base/log.h"
#include "boot/boot.h"
#include "content/content_io.h"
#include "dhcp/dhcp_io.h"
#include "ndp/ndp_io.h"
#include "net/kernel.h"
#include "service/boot_ground.h"
#include "service/boot_pages.h"
#include "service/regions.h"
#include "state/state.h"
#include "sys/confine.h"
#include "sys/drop.h"
#include "sys/fds.h"
#include "sys/notify.h"
#include "sys/signals.h"
#include "tftp/tftp_io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

enum { HUB_TEXT = 32 };

struct service {
    const struct el_boot_service_config *config;
    char hub[HUB_TEXT]; /* "192.168.77.1", with the port if it is not 80 */
    struct el_boot_ground ground;
    struct el_net *kernel; /* the loop */
    struct el_net *net;    /* the ground's */
    struct el_sys_signals *signals;
    struct el_regions *regions;
    uv_poll_t answers;
    struct el_boot *boot;
    struct el_boot_pages *pages;
    int state_dir;
    struct el_state *state;
    struct el_dhcp_reservation *reservations;
    struct el_dhcp_io *dhcp;
    struct el_tftp_server *tftp;
    struct el_http_server *http;
    struct el_ndp_io *ndp; /* NULL: router solicitations are not answered */
};

/* -- DHCP asks the boot room -- */

static enum el_boot_firmware firmware_of(enum el_dhcp_client_kind kind)
{
    switch (kind) {
    case EL_DHCP_CLIENT_IPXE: return EL_BOOT_IPXE;
    case EL_DHCP_CLIENT_HTTP: return EL_BOOT_HTTP;
    case EL_DHCP_CLIENT_PXE:
    case EL_DHCP_CLIENT_OS: break;
    }
    return EL_BOOT_PXE;
}

static void choose(void *arg, const struct el_dhcp_client *client, struct el_dhcp_boot *boot)
{
    struct service *s = arg;
    struct el_boot_client facts = {
        .firmware = firmware_of(client->kind),
        .mac = client->mac,
        .xid = client->xid,
        .now_ns = client->now_ns,
        .final = client->type == EL_DHCP_REQUEST,
        .arch = client->arch,
        .raspberry_pi = client->raspberry_pi,
        .ipxe_http = client->ipxe.http,
        .ipxe_menu = client->ipxe.menu,
        .ipxe_has_version = client->ipxe.has_version,
    };
    struct el_boot_loader loader = {.file = ""};

    memcpy(facts.ipxe_version, client->ipxe.version, sizeof facts.ipxe_version);
    el_regions_ask(s->regions, &client->mac);
    el_boot_choose(s->boot, &facts, &loader);
    snprintf(boot->file, sizeof boot->file, "%s", loader.file);
    snprintf(boot->why, sizeof boot->why, "%s", loader.why);
}

static int convert_reservations(struct service *s, struct el_err *err)
{
    const struct el_boot_options *options = s->config->options;

    s->reservations = calloc(options->reservation_count + 1, sizeof *s->reservations);
    if (!s->reservations)
        return el_err(err, EL_ENOMEM, "out of memory");
    for (size_t i = 0; i < options->reservation_count; i++) {
        const struct el_boot_option_reservation *r = &options->reservations[i];
        s->reservations[i] = (struct el_dhcp_reservation){
            .mac = r->mac,
            .ip = r->ip,
            .hostname = r->hostname[0] ? r->hostname : NULL,
        };
    }
    return 0;
}

static int start_dhcp(struct service *s, struct el_err *err)
{
    const struct el_boot_options *options = s->config->options;
    struct el_dhcp_io_config config = {
        .server =
            {
                .subnet = s->config->address,
                .server = s->config->address.ip,
                .pool_first = options->first,
                .pool_last = options->last,
                .router = options->router,
                .domain = options->domain,
                .search = options->search,
                .routes = options->routes,
                .route_count = options->route_count,
                .reservations = s->reservations,
                .reservation_count = options->reservation_count,
                .lease_s = (uint32_t)(options->lease_ns / EL_S),
                .choose = choose,
                .choose_arg = s,
            },
        .device = s->config->network,
        .inherited_fd = s->ground.dhcp,
        .inherited_binl_fd = s->ground.binl,
        .port = s->ground.port,
        .port_mac = s->ground.mac,
    };

    _Static_assert((int)EL_BOOT_OPTION_SERVERS == (int)EL_DHCP_SERVERS_MAX, "one length");
    memcpy(config.server.dns, options->dns, sizeof config.server.dns);
    memcpy(config.server.ntp, options->ntp, sizeof config.server.ntp);
    if (s->state)
        el_state_lease_store(s->state, &config.store);
    s->dhcp = el_dhcp_io_start(s->net, &config, err);
    return s->dhcp ? 0 : EL_EIO;
}

/* -- TFTP and HTTP -- */

static int start_tftp(struct service *s, struct el_err *err)
{
    struct el_tftp_config config = {
        .listen = {.bind = {.port = EL_TFTP_PORT},
                   .device = s->config->network,
                   .inherited_fd = s->ground.tftp},
        .content = el_boot_pages_tftp(s->pages),
    };

    return el_tftp_server_start(s->net, &config, &s->tftp, err);
}

static int start_http(struct service *s, struct el_err *err)
{
    struct el_http_server_config config = {
        .listen = {.bind = {.port = (uint16_t)s->config->options->http_port},
                   .device = s->config->network,
                   .inherited_fd = s->ground.http},
        .routes = el_boot_pages_routes(s->pages),
    };

    return el_http_server_start(s->net, &config, &s->http, err);
}

/* -- IPv6: where its router is, or that there is none -- */

static int start_ndp(struct service *s, struct el_err *err)
{
    const struct el_boot_options *options = s->config->options;
    struct el_ndp_config config = {
        .mac = s->ground.mac, .prefix = s->config->prefix6, .dns_count = options->dns6_count};

    _Static_assert((int)EL_BOOT_OPTION_SERVERS == (int)EL_NDP_SERVERS, "one length");
    if (s->ground.ndp < 0)
        return 0;
    memcpy(config.dns, options->dns6, sizeof config.dns);
    return el_ndp_io_start(s->net, s->ground.ndp, &config, &s->ndp, err);
}

/* -- setting up -- */

static int open_images(const char *path, struct el_err *err)
{
    int fd = el_sys_fds_take("images");

    if (fd >= 0 || !path)
        return fd;
    fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? el_err_os(err, errno, "images %s: cannot open the directory", path) : fd;
}

/* Everything that may need privileges. The images' directory, or -1 if there are none. */
static int open_all(struct service *s, int *images, struct el_err *err)
{
    const struct el_boot_options *options = s->config->options;
    const struct el_boot_ground_config config = {
        .device = s->config->network,
        .address = s->config->address,
        .mac = s->config->mac,
        .http_port = (uint16_t)options->http_port,
        .no_ra = options->no_ra,
    };
    int rc = el_boot_ground_open(&s->ground, &config, err);

    if (rc < 0)
        return rc;
    *images = open_images(options->images, err);
    return *images < 0 && options->images ? *images : 0;
}

static int open_state(struct service *s, struct el_err *err)
{
    s->state_dir = el_sys_fds_take("state");
    if (s->state_dir < 0 && !s->config->state)
        return 0;
    s->state = el_state_open(EL_STATE_BOOT, s->state_dir,
                             s->config->state ? s->config->state : "state", err);
    return s->state ? 0 : EL_EIO;
}

static void on_answers(uv_poll_t *poll, int status, int events)
{
    struct service *s = poll->data;

    (void)status;
    (void)events;
    el_regions_listen(s->regions);
}

static void on_signal(void *arg, int signum)
{
    struct service *s = arg;

    if (signum != SIGHUP)
        el_net_kernel_stop(s->kernel);
}

static int make_loop(struct service *s, struct el_err *err)
{
    int rc = el_net_kernel_new(&s->kernel, err);

    if (rc == 0)
        rc = el_sys_signals_watch(el_net_kernel_loop(s->kernel), on_signal, s, &s->signals, err);
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
    s->answers.data = s;
    uv_poll_init(el_net_kernel_loop(s->kernel), &s->answers, el_regions_fd(s->regions));
    uv_poll_start(&s->answers, UV_READABLE, on_answers);
    return 0;
}

/* What a machine gets: the boot room, and the pages around it. */
static int make_boot(struct service *s, int images, struct el_err *err)
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
    if (!s->boot)
        return el_err(err, EL_ENOMEM, "out of memory");
    return el_boot_pages_new(s->net, s->boot, s->regions, images, &s->pages, err);
}

/* Its state and the images are all that the service opens by name; a state that was given as a
 * path, by hand, is anywhere. */
static int confine(const struct service *s, int images, struct el_err *err)
{
    struct el_sys_place places[] = {{el_sys_fds_peek("state"), true}, {images, false}};
    struct el_sys_confine_config config = {
        .places = places, .count = sizeof places / sizeof places[0], .resolver = false};

    return s->config->state ? 0 : el_sys_confine(&config, err);
}

static int set_up(struct service *s, struct el_err *err)
{
    struct el_sys_drop_config drop = {.uid = (uid_t)s->config->user, .gid = (gid_t)s->config->user};
    int images = -1;
    int rc = open_all(s, &images, err);

    if (rc == 0)
        rc = el_sys_drop(&drop, err);
    if (rc == 0)
        rc = confine(s, images, err);
    if (rc >= 0)
        rc = open_state(s, err);
    if (rc == 0)
        rc = make_loop(s, err);
    if (rc == 0)
        rc = make_boot(s, images, err);
    if (rc == 0)
        rc = convert_reservations(s, err);
    if (rc == 0)
        rc = start_dhcp(s, err);
    if (rc == 0)
        rc = start_tftp(s, err);
    if (rc == 0)
        rc = start_ndp(s, err);
    return rc == 0 ? start_http(s, err) : rc;
}

static void tear_down(struct service *s)
{
    el_ndp_io_stop(s->ndp);
    el_http_server_stop(s->http);
    el_tftp_server_stop(s->tftp);
    el_dhcp_io_stop(s->dhcp);
    el_boot_pages_free(s->pages);
    el_boot_free(s->boot);
    if (s->signals)
        el_sys_signals_free(s->signals);
    el_boot_ground_leave(&s->ground);
    el_net_kernel_free(s->kernel);
    el_regions_free(s->regions);
    el_state_close(s->state);
    if (s->state_dir >= 0)
        close(s->state_dir);
    el_boot_ground_close(&s->ground);
    free(s->reservations);
}

int el_boot_service_run(const struct el_boot_service_config *config, struct el_err *err)
{
    struct service service = {.config = config, .state_dir = -1};
    int rc = set_up(&service, err);

    if (rc == 0) {
        el_sys_notify_ready();
        el_sys_fds_close_rest();
        el_net_kernel_run(service.kernel);
    }
    tear_down(&service);
    return rc;
}
