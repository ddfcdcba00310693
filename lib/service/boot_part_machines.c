/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The machines: what is wanted of them, from control, and what becomes of it. */
#include "base/log.h"
#include "net/kernel.h"
#include "service/boot_part.h"
#include "service/boot_timeline.h"
#include "sys/clock.h"
#include "sys/fds.h"

#include <string.h>

static int64_t wall_s(void *arg)
{
    (void)arg;
    return (int64_t)(el_sys_wall_ns() / EL_S);
}

/* After a restart an address outside of the pool is no lease until its machine asks again. */
static int reserved_for(const struct el_boot_parts *s, const struct el_ip *ip, struct el_mac *mac)
{
    const struct el_order_machine *wanted;

    for (size_t i = 0; (wanted = el_machines_at(s->machines, i)) != NULL; i++)
        if (ip->family && el_ip_equal(&wanted->address, ip)) {
            *mac = wanted->mac;
            return 0;
        }
    return EL_ENOENT;
}

static int lease(void *arg, const struct el_ip *ip, struct el_mac *mac)
{
    const struct el_boot_parts *s = arg;
    const struct el_dhcp_leases *leases =
        s->dhcp ? el_dhcp_leases(el_dhcp_io_server(s->dhcp)) : NULL;
    const struct el_dhcp_lease *found =
        leases && ip->family == 4 ? el_dhcp_leases_at(leases, el_ip4_number(ip)) : NULL;

    if (!found || found->state != EL_DHCP_BOUND)
        return reserved_for(s, ip, mac);
    *mac = found->mac;
    return el_mac_is_zero(mac) ? EL_ENOENT : 0;
}

static const char *entry(void *arg, const char *name)
{
    const struct el_boot_parts *s = arg;

    return s->pages ? el_boot_pages_entry_fault(s->pages, name) : "is gone";
}

static void happened(void *arg, const struct el_mac *mac, const struct el_life_event *event,
                     const struct el_life_decision *decision)
{
    const struct el_boot_parts *s = arg;

    el_boot_timeline_life(s->timeline, mac, event, decision);
}

static void changed(void *arg, const struct el_life *life, const struct el_life *before)
{
    const struct el_boot_parts *s = arg;

    if (before && before->state != life->state)
        EL_LOG(EL_LOG_INFO, "boot", "life", EL_MAC("mac", &life->mac),
               EL_STR("state", el_life_state_names[life->state]),
               EL_STR("why", life->why[0] ? life->why : NULL));
    el_orders_service_life(s->orders, life);
}

/* What the command line reserves for MAC; NULL: nothing. */
static const struct el_dhcp_reservation *of_command_line(const struct el_boot_parts *s,
                                                         const struct el_mac *mac)
{
    for (size_t i = 0; s->reservations && i < s->config->options->reservation_count; i++)
        if (el_mac_equal(&s->reservations[i].mac, mac))
            return &s->reservations[i];
    return NULL;
}

/* An address that is wanted for a machine is reserved for it, as is its name. */
static void reserve(const struct el_boot_parts *s, const struct el_mac *mac)
{
    struct el_dhcp *dhcp = el_dhcp_io_server(s->dhcp);
    const struct el_dhcp_reservation *said = of_command_line(s, mac);
    struct el_machine machine;
    struct el_err err = {""};

    if (el_machines_by_mac(s->machines, mac, &machine) < 0 || !machine.intent) {
        el_dhcp_unreserve(dhcp, mac);
        if (said)
            (void)el_dhcp_reserve(dhcp, said, &err);
        return;
    }
    struct el_dhcp_reservation wanted = {.mac = *mac};
    if (el_prefix_contains(&s->config->address, &machine.intent->address))
        wanted.ip = machine.intent->address;
    else if (said)
        wanted.ip = said->ip;
    if (machine.intent->name[0])
        wanted.hostname = machine.intent->name;
    if (!wanted.ip.family && !wanted.hostname)
        el_dhcp_unreserve(dhcp, mac);
    else if (el_dhcp_reserve(dhcp, &wanted, &err) < 0)
        EL_LOG(EL_LOG_WARN, "dhcp", "not-reserved", EL_MAC("mac", mac),
               EL_STR("machine", machine.intent->name), EL_STR("error", err.text));
}

static void wanted(void *arg, const struct el_mac *mac)
{
    const struct el_boot_parts *s = arg;

    if (mac && s->dhcp)
        reserve(s, mac);
}

static int start(struct el_boot_parts *s, struct el_err *err)
{
    int fd = el_sys_fds_take("orders");
    struct el_machines_config config = {
        .has_control = fd >= 0,
        .wall_s = wall_s,
        .lease = lease,
        .entry = entry,
        .happened = happened,
        .changed = changed,
        .wanted = wanted,
        .arg = s,
    };

    if (s->state)
        el_state_life_store(s->state, &config.store);
    int rc = el_machines_new(&config, &s->machines, err);
    if (fd < 0)
        return rc;
    return rc == 0 ? el_orders_service_new(el_net_kernel_loop(s->kernel), fd, s->machines,
                                           &s->orders, err)
                   : rc;
}

static void stop(struct el_boot_parts *s)
{
    el_orders_service_free(s->orders);
    s->orders = NULL;
    el_machines_free(s->machines);
}

const struct el_boot_part el_boot_part_machines = {.start = start, .stop = stop};
