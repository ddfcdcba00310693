/* SPDX-License-Identifier: GPL-2.0-or-later */
/* DHCP: addresses, and the boot room says what a machine boots. */
#include "base/log.h"
#include "service/boot_part.h"
#include "sys/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How long an address is asked for before it is offered: around the world and back, with a little
 * room. */
enum { PROBE_MS = 350, REGION_MS = 500 };

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
    struct el_boot_parts *s = arg;
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

/* What it asks for tells how far a machine has come. */
static void seen(void *arg, const struct el_dhcp_seen *seen)
{
    struct el_boot_parts *s = arg;
    bool boots = seen->client->kind != EL_DHCP_CLIENT_OS;
    struct el_life_event event = {.kind = boots ? EL_LIFE_SEEN : EL_LIFE_ASKED,
                                  .now_s = (int64_t)(el_sys_wall_ns() / EL_S)};
    struct el_err err = {""};

    el_boot_part_dns_seen(s, seen);
    if (s->dhcp_seen)
        s->dhcp_seen(s->dhcp_seen_arg, seen);
    if (seen->kind != EL_DHCP_SEEN_REQUEST || el_mac_is_zero(&seen->client->mac))
        return;
    if (el_machines_event(s->machines, &seen->client->mac, &event, NULL, &err) < 0)
        EL_LOG(EL_LOG_WARN, "boot", "life", EL_MAC("mac", &seen->client->mac),
               EL_STR("error", err.text));
}

static const char *region_of(void *arg, const struct el_mac *mac)
{
    struct el_boot_parts *s = arg;

    el_regions_ask(s->regions, mac);
    return el_regions_find(s->regions, mac);
}

static int convert_reservations(struct el_boot_parts *s, struct el_err *err)
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

/* -- others who give addresses -- */

/* In the log, and to who watches the hub. */
static void say_rogue(struct el_boot_parts *s, const struct el_dhcp_heard *server,
                      const struct el_log_field *fields)
{
    struct el_order_server order = {
        .mac = server->mac, .address = server->ip, .gives = server->offered};

    snprintf(order.region, sizeof order.region, "%s", el_regions_find(s->regions, &server->mac));
    el_log_write(EL_LOG_WARN, "dhcp", "rogue-dhcp", fields);
    el_orders_service_server(s->orders, &order);
}

static void tell_foreign(void *arg)
{
    struct el_boot_parts *s = arg;
    const struct el_dhcp_heard *server = &s->foreign;
    unsigned mode = s->config->options->dhcp;
    bool welcome = el_dhcp_mode(el_dhcp_io_server(s->dhcp)) == EL_DHCP_MODE_PROXY;
    struct el_log_field fields[5];
    size_t count = 0;

    if (!server->ip.family)
        return;
    fields[count++] = EL_IP("server", &server->ip);
    fields[count++] = EL_MAC("mac", &server->mac);
    fields[count++] = EL_STR("region", el_regions_find(s->regions, &server->mac));
    if (server->offered.family)
        fields[count++] = EL_IP("gives", &server->offered);
    fields[count].key = NULL;
    /* Beside another server we are the guest, and so it is no rogue. */
    if (welcome || mode == EL_BOOT_DHCP_PROXY || mode == EL_BOOT_DHCP_RELAY)
        el_log_write(EL_LOG_INFO, "dhcp", "other-server", fields);
    else
        say_rogue(s, server, fields);
    s->foreign.ip.family = 0;
}

/* It is reported when it is known where it is: who is asked answers in a moment, or not at all. */
static void foreign(void *arg, const struct el_dhcp_heard *server)
{
    struct el_boot_parts *s = arg;

    tell_foreign(s); /* one that waits still */
    s->foreign = *server;
    el_regions_ask(s->regions, &server->mac);
    el_net_timer_set(s->foreign_told, el_net_now_ns(s->net) + REGION_MS * EL_MS);
}

static void see(void *arg, const uint8_t *frame, size_t len)
{
    struct el_boot_parts *s = arg;

    if (s->dhcp)
        el_dhcp_io_frame(s->dhcp, frame, len);
}

/* -- coming and going -- */

static void describe(struct el_boot_parts *s, struct el_dhcp_config *server)
{
    const struct el_boot_options *options = s->config->options;

    *server = (struct el_dhcp_config){
        .subnet = s->config->address,
        .server = s->config->address.ip,
        .relayed = options->relayed,
        .relayed_count = options->relayed_count,
        .router = options->router,
        .domain = options->domain,
        .search = options->search,
        .routes = options->routes,
        .route_count = options->route_count,
        .reservations = s->reservations,
        .reservation_count = options->reservation_count,
        .lease_s = (uint32_t)(options->lease_ns / EL_S),
        .probe_ms = PROBE_MS,
        .rules = options->rules,
        .rule_count = options->rule_count,
        .network = s->config->network,
        .region = region_of,
        .region_arg = s,
        .by_client_id = options->by_client_id,
        .choose = choose,
        .choose_arg = s,
        .seen = seen,
        .seen_arg = s,
    };
    _Static_assert((int)EL_BOOT_OPTION_SERVERS == (int)EL_DHCP_SERVERS_MAX, "one length");
    memcpy(server->ranges, options->ranges, sizeof server->ranges);
    memcpy(server->dns, options->dns, sizeof server->dns);
    if (options->dns_count == 0 && el_boot_part_dns_serves(s))
        server->dns[0] = s->config->address.ip;
    memcpy(server->ntp, options->ntp, sizeof server->ntp);
}

static int start(struct el_boot_parts *s, struct el_err *err)
{
    const struct el_boot_options *options = s->config->options;
    bool proxy = options->dhcp == EL_BOOT_DHCP_PROXY || options->dhcp == EL_BOOT_DHCP_RELAY;
    struct el_dhcp_io_config config = {
        .device = s->config->network,
        .inherited_fd = s->ground.dhcp,
        .inherited_binl_fd = s->ground.binl,
        .port = s->ground.port,
        .port_mac = s->ground.mac,
        .mode = proxy ? EL_DHCP_MODE_PROXY : EL_DHCP_MODE_SERVER,
        .judge = options->dhcp == EL_BOOT_DHCP_AUTO,
        .relay_to = options->dhcp_server,
        .relay_net = s->kernel,
        .relay_fd = s->ground.relay,
        .foreign = foreign,
        .foreign_arg = s,
    };

    if (options->dhcp == EL_BOOT_DHCP_OFF)
        return 0;
    int rc = convert_reservations(s, err);
    if (rc < 0)
        return rc;
    describe(s, &config.server);
    if (s->state)
        el_state_lease_store(s->state, &config.store);
    s->foreign_told = el_net_timer_new(s->net, tell_foreign, s);
    if (!s->foreign_told)
        return el_err(err, EL_ENOMEM, "out of memory");
    s->dhcp = el_dhcp_io_start(s->net, &config, err);
    if (!s->dhcp)
        return EL_EIO;
    return el_boot_watch_new(s->kernel, &s->ground, see, s, &s->watch, err);
}

static void stop(struct el_boot_parts *s)
{
    el_boot_watch_free(s->watch);
    el_net_timer_free(s->foreign_told);
    el_dhcp_io_stop(s->dhcp);
    free(s->reservations);
}

const struct el_boot_part el_boot_part_dhcp = {.start = start, .stop = stop};
