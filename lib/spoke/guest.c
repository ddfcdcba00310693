/* SPDX-License-Identifier: GPL-2.0-or-later */
/* This computer as a guest in networks. */
#include "spoke/guest.h"

#include "base/log.h"
#include "dhcp/dhcp_wire.h"
#include "netlink/links.h"
#include "node/interface.h"
#include "port/packet.h"
#include "spoke/guest_message.h"
#include "sys/message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MESSAGES = 16, NAME_BYTES = 32 };

#define APPLET "guest"

struct visit {
    bool used;
    char interface[EL_NETLINK_NAME_BYTES];
    int channel;              /* our end */
    uv_poll_t *poll;          /* of it */
    struct el_prefix address; /* that is set; family 0: none */
};

struct el_guest {
    struct el_guest_config config;
    struct visit visits[EL_GUESTS];
};

/* -- what was given is set -- */

static void take_back(struct visit *visit, struct el_netlink *netlink)
{
    struct el_err err = {""};

    if (visit->address.ip.family &&
        el_netlink_remove_address(netlink, visit->interface, &visit->address, &err) < 0)
        EL_LOG(EL_LOG_WARN, "node", "address", EL_STR("error", err.text));
    visit->address = (struct el_prefix){.len = 0};
}

/* "192.168.77.1, 192.168.77.2" */
static const char *list_dns(const struct el_dhcp_host_lease *lease, char *text, size_t capacity)
{
    char ip[EL_IP_TEXT];
    size_t len = 0;

    text[0] = '\0';
    for (unsigned i = 0; i < lease->dns_count && len < capacity; i++)
        len += (size_t)snprintf(text + len, capacity - len, "%s%s", i ? ", " : "",
                                el_ip_text(&lease->dns[i], ip));
    return lease->dns_count ? text : NULL;
}

static void say(const struct visit *visit, const struct el_dhcp_host_lease *lease)
{
    char address[EL_PREFIX_TEXT], router[EL_IP_TEXT], dns[EL_DHCP_HOST_DNS * EL_IP_TEXT];

    EL_LOG(EL_LOG_INFO, "node", "address", EL_STR("interface", visit->interface),
           EL_STR("address", el_prefix_text(&lease->address, address)),
           EL_STR("router", lease->router.family ? el_ip_text(&lease->router, router) : NULL),
           EL_STR("name-servers", list_dns(lease, dns, sizeof dns)),
           EL_STR("domain", lease->domain[0] ? lease->domain : NULL),
           EL_UINT("seconds", lease->seconds));
}

/* Only where its range is not in use: what goes elsewhere by now must not come this way. */
static int set(struct visit *visit, struct el_netlink *netlink,
               const struct el_dhcp_host_lease *lease, struct el_err *err)
{
    const char *const except[] = {visit->interface, NULL};
    char what[EL_NETLINK_TEXT];
    int rc = el_netlink_find_overlap(netlink, &lease->address, except, what, err);

    if (rc == 1)
        return el_err(err, EL_EEXIST, "%s: the address that the network has for us is not set",
                      what);
    if (rc == 0)
        rc = el_netlink_add_address(netlink, visit->interface, &lease->address, err);
    if (rc < 0)
        return rc;
    visit->address = lease->address;
    say(visit, lease);
    return lease->router.family ? el_netlink_add_default_route(netlink, visit->interface,
                                                               &lease->router, EL_GUEST_METRIC, err)
                                : 0;
}

static bool is_same(const struct el_prefix *a, const struct el_prefix *b)
{
    return a->len == b->len && el_ip_equal(&a->ip, &b->ip);
}

static void on_message(struct visit *visit, const struct el_guest_message *message)
{
    const struct el_dhcp_host_lease *lease = &message->lease;
    struct el_netlink *netlink = NULL;
    struct el_err err = {""};
    int rc = el_netlink_open(&netlink, &err);

    if (rc == 0 && visit->address.ip.family &&
        (!message->has_lease || !is_same(&visit->address, &lease->address))) {
        EL_LOG(EL_LOG_INFO, "node", "address-gone", EL_STR("interface", visit->interface));
        take_back(visit, netlink);
    }
    if (rc == 0 && message->has_lease && !visit->address.ip.family)
        rc = set(visit, netlink, lease, &err);
    if (rc < 0)
        EL_LOG(EL_LOG_WARN, "node", "address", EL_STR("interface", visit->interface),
               EL_STR("error", err.text));
    el_netlink_close(netlink);
}

static void on_channel(uv_poll_t *poll, int status, int events)
{
    struct visit *visit = poll->data;
    struct el_guest_message message;
    int fds[EL_SYS_MESSAGE_FDS];
    unsigned count;
    int rc = status < 0 ? EL_ECLOSED : 0;

    (void)events;
    for (unsigned i = 0; i < MESSAGES && rc != EL_EAGAIN && rc != EL_ECLOSED; i++) {
        rc = el_sys_message_receive(visit->channel, &message, sizeof message, fds, &count);
        if (rc < 0)
            continue;
        while (count > 0)
            close(fds[--count]); /* nobody asked for them */
        if (el_guest_message_is_sound(&message))
            on_message(visit, &message);
        else
            EL_LOG(EL_LOG_WARN, "node", "address", EL_STR("interface", visit->interface),
                   EL_STR("error", "what was asked for makes no sense"));
    }
    if (rc == EL_ECLOSED)
        uv_poll_stop(poll);
}

/* -- visits -- */

static struct visit *find(struct el_guest *guest, const char *interface)
{
    for (unsigned i = 0; i < EL_GUESTS; i++)
        if (guest->visits[i].used && strcmp(guest->visits[i].interface, interface) == 0)
            return &guest->visits[i];
    return NULL;
}

static struct visit *free_place(struct el_guest *guest)
{
    for (unsigned i = 0; i < EL_GUESTS; i++)
        if (!guest->visits[i].used)
            return &guest->visits[i];
    return NULL;
}

static const char *name_of(const char *interface, char name[NAME_BYTES])
{
    snprintf(name, NAME_BYTES, APPLET "-%.15s", interface);
    return name;
}

static int start(struct el_guest *guest, const char *interface, int channel, struct el_err *err)
{
    const struct el_guest_config *config = &guest->config;
    struct el_launch_fds fds = {.count = 0};
    char *options = NULL, name[NAME_BYTES], mac_text[EL_MAC_TEXT];
    struct el_mac mac;
    int rc = el_launch_fds_add(&fds, "guest", channel);

    if (rc >= 0)
        rc = el_node_interface_mac(interface, &mac, err);
    if (rc >= 0)
        rc = el_launch_fds_add(&fds, "port",
                               el_packet_open_udp(interface, EL_DHCP_PORT_CLIENT, err));
    if (rc >= 0 && asprintf(&options, "%sinterface = %s\nmac = %s\n%s%s%s", config->log_options,
                            interface, el_mac_text(&mac, mac_text), config->name ? "name = " : "",
                            config->name ? config->name : "", config->name ? "\n" : "") < 0) {
        options = NULL;
        rc = el_err(err, EL_ENOMEM, "out of memory");
    }
    name_of(interface, name);
    int started =
        el_launch_applet(config->launch, APPLET, name, rc < 0 ? NULL : options, &fds, err);
    free(options);
    if (rc >= 0 && started == 0)
        el_launch_end_first(config->launch, name); /* by the tunnel it gives back what it has */
    return rc < 0 ? rc : started;
}

static void free_handle(uv_handle_t *handle)
{
    free(handle);
}

/* Our end, watched. */
static int open_channel(struct el_guest *guest, struct visit *visit, int *theirs,
                        struct el_err *err)
{
    uv_poll_t *poll = calloc(1, sizeof *poll);
    int fds[2];
    int rc = poll ? el_sys_message_pair(fds) : EL_ENOMEM;

    if (rc == 0 && uv_poll_init(el_launch_loop(guest->config.launch), poll, fds[0]) < 0) {
        close(fds[0]);
        close(fds[1]);
        rc = EL_ENOMEM;
    }
    if (rc < 0) {
        free(poll);
        return el_err(err, rc, "%s: %s", visit->interface, el_strerror(rc));
    }
    poll->data = visit;
    uv_poll_start(poll, UV_READABLE, on_channel);
    visit->poll = poll;
    visit->channel = fds[0];
    *theirs = fds[1];
    return 0;
}

static void close_visit(struct visit *visit)
{
    uv_close((uv_handle_t *)visit->poll, free_handle);
    close(visit->channel);
    *visit = (struct visit){.used = false};
}

int el_guest_add(struct el_guest *guest, const char *interface, struct el_err *err)
{
    struct visit *visit;
    int theirs;

    el_guest_remove(guest, interface); /* what it had has gone with the one before */
    visit = free_place(guest);
    if (!visit)
        return el_err(err, EL_EFULL, "%s: a guest in %d networks already", interface, EL_GUESTS);
    snprintf(visit->interface, sizeof visit->interface, "%s", interface);
    int rc = open_channel(guest, visit, &theirs, err);
    if (rc < 0)
        return rc;
    visit->used = true;
    rc = start(guest, interface, theirs, err);
    if (rc < 0)
        close_visit(visit);
    return rc;
}

void el_guest_hurry(struct el_guest *guest, const char *interface)
{
    const struct visit *visit = find(guest, interface);
    const uint32_t now = EL_GUEST_HURRY;

    if (visit) /* one that does not listen has died, and its successor asks at once */
        (void)el_sys_message_send(visit->channel, &now, sizeof now, NULL, 0);
}

void el_guest_remove(struct el_guest *guest, const char *interface)
{
    struct visit *visit = find(guest, interface);
    char name[NAME_BYTES];

    if (!visit)
        return;
    el_launch_remove(guest->config.launch, name_of(interface, name));
    close_visit(visit);
}

int el_guest_new(const struct el_guest_config *config, struct el_guest **guest, struct el_err *err)
{
    *guest = calloc(1, sizeof **guest);
    if (!*guest)
        return el_err(err, EL_ENOMEM, "out of memory");
    (*guest)->config = *config;
    return 0;
}

void el_guest_free(struct el_guest *guest)
{
    if (!guest)
        return;
    for (unsigned i = 0; i < EL_GUESTS; i++)
        if (guest->visits[i].used)
            close_visit(&guest->visits[i]);
    free(guest);
}
