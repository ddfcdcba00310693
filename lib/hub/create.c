/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A port made by hand. */
#include "hub/create.h"

#include "netlink/vxlan.h"

#include <stdio.h>
#include <string.h>

struct port {
    const struct el_create_config *config;
    struct el_netlink *netlink;
    struct el_netlink_vxlan vxlan;
    char vxlan_name[EL_NETLINK_NAME_BYTES];
    bool made_bridge, made_vxlan; /* now, hence to be undone if the rest fails */
};

static int begin(struct port *port, const struct el_create_config *config, struct el_err *err)
{
    *port = (struct port){.config = config};
    int len = snprintf(port->vxlan_name, sizeof port->vxlan_name, "%s%s",
                       config->vxlan ? "" : "vx-", config->vxlan ? config->vxlan : config->name);
    if (len >= (int)sizeof port->vxlan_name)
        return el_err(err, EL_EINVAL,
                      "%s: too long for the VXLAN's interface: name one with --vxlan",
                      config->vxlan ? config->vxlan : config->name);
    if (strcmp(port->vxlan_name, config->name) == 0)
        return el_err(err, EL_EINVAL, "%s: the port and its VXLAN need different names",
                      config->name);
    port->vxlan = (struct el_netlink_vxlan){
        .name = port->vxlan_name,
        .vni = (uint32_t)config->vni,
        .underlay = config->underlay,
        .local = config->local,
        .peer = config->peer,
        .port = EL_NETLINK_VXLAN_PORT,
    };
    return el_netlink_open(&port->netlink, err);
}

/* -- what has to be so before -- */

static int check_underlay(const struct port *port, struct el_err *err)
{
    const struct el_create_config *config = port->config;
    char ip[EL_IP_TEXT];

    if (config->local.family != config->peer.family)
        return el_err(err, EL_EINVAL, "local, peer: one is IPv4 and the other IPv6");
    if (el_ip_equal(&config->local, &config->peer))
        return el_err(err, EL_EINVAL, "peer %s: that is this side's own",
                      el_ip_text(&config->peer, ip));
    int rc = el_netlink_has_address(port->netlink, config->underlay, &config->local, err);
    if (rc == 0)
        return el_err(err, EL_ENOENT, "underlay %s: it does not have the address %s",
                      config->underlay, el_ip_text(&config->local, ip));
    return rc < 0 ? rc : 0;
}

/* The hub's address in the network. */
static struct el_prefix hub_address(const struct el_create_config *config)
{
    uint32_t network = el_ip4_number(&config->cidr.ip) & el_prefix_mask4(config->cidr.len);

    return (struct el_prefix){el_ip4(network + 1), config->cidr.len};
}

static int check_range(const struct port *port, struct el_err *err)
{
    const struct el_create_config *config = port->config;
    const char *const own[] = {config->name, NULL};
    char what[EL_NETLINK_TEXT];

    if (config->role != EL_CREATE_HUB)
        return 0;
    if (config->cidr.ip.family != 4 || config->cidr.len < 8 || config->cidr.len > 29)
        return el_err(err, EL_EINVAL, "cidr: expected an IPv4 range from /8 to /29");
    int rc = el_netlink_find_overlap(port->netlink, &config->cidr, own, what, err);
    return rc == 1 ? el_err(err, EL_EEXIST, "cidr %s: choose another range with --cidr", what) : rc;
}

/* -- making -- */

/* A spoke has no business of its own in the network. */
static int make_bridge(struct port *port, struct el_err *err)
{
    const struct el_create_config *config = port->config;
    struct el_prefix address = hub_address(config);
    int rc = el_netlink_make_bridge(port->netlink, config->name, err);

    if (rc < 0)
        return rc;
    port->made_bridge = rc == 1;
    el_netlink_harden(config->name);
    if (config->role == EL_CREATE_SPOKE) {
        el_netlink_mute(config->name);
        return 0;
    }
    return el_netlink_add_address(port->netlink, config->name, &address, err);
}

/* Guarded before it is up. */
static int make_vxlan(struct port *port, struct el_err *err)
{
    int rc = el_netlink_make_vxlan(port->netlink, &port->vxlan, err);

    if (rc < 0)
        return rc;
    port->made_vxlan = rc == 1;
    el_netlink_mute(port->vxlan_name);
    rc = el_netlink_guard_vxlan(&port->vxlan, err);
    return rc < 0 ? rc
                  : el_netlink_attach(port->netlink, port->vxlan_name, port->config->name, err);
}

static int make(struct port *port, struct el_err *err)
{
    const struct el_create_config *config = port->config;
    int made = 0, rc = make_bridge(port, err);

    if (rc == 0)
        made = rc = make_vxlan(port, err);
    if (rc >= 0 && config->lan) {
        rc = el_netlink_attach(port->netlink, config->lan, config->name, err);
        made |= rc;
        if (rc >= 0)
            rc = el_netlink_set_up(port->netlink, config->lan, err);
    }
    if (rc >= 0)
        rc = el_netlink_set_up(port->netlink, port->vxlan_name, err);
    if (rc >= 0)
        rc = el_netlink_set_up(port->netlink, config->name, err);
    return rc < 0 ? rc : made || port->made_bridge || port->made_vxlan;
}

static void undo(const struct port *port)
{
    if (port->made_vxlan) {
        el_netlink_remove(port->netlink, port->vxlan_name, "vxlan", NULL);
        el_netlink_unguard_vxlan(port->vxlan_name, NULL);
    }
    if (port->made_bridge)
        el_netlink_remove(port->netlink, port->config->name, "bridge", NULL);
}

int el_create_run(const struct el_create_config *config, struct el_err *err)
{
    struct port port;
    int rc = begin(&port, config, err);

    if (rc < 0)
        return rc;
    rc = check_underlay(&port, err);
    if (rc == 0)
        rc = check_range(&port, err);
    if (rc == 0) {
        rc = make(&port, err);
        if (rc < 0)
            undo(&port);
    }
    el_netlink_close(port.netlink);
    return rc;
}

/* -- removing -- */

static int remove_bridge(const struct port *port, struct el_err *err)
{
    const char *name = port->config->name;
    struct el_err none;

    if (el_netlink_link(port->netlink, name, NULL, &none) == EL_ENOENT)
        return 0;
    int others = el_netlink_count_vxlans(port->netlink, name, err);
    return others == 0 ? el_netlink_remove(port->netlink, name, "bridge", err)
                       : (others < 0 ? others : 0);
}

int el_create_remove(const struct el_create_config *config, struct el_err *err)
{
    struct port port;
    int rc = begin(&port, config, err);

    if (rc < 0)
        return rc;
    int vxlan = rc = el_netlink_remove(port.netlink, port.vxlan_name, "vxlan", err);
    if (rc >= 0)
        rc = el_netlink_unguard_vxlan(port.vxlan_name, err);
    if (rc >= 0)
        rc = remove_bridge(&port, err);
    el_netlink_close(port.netlink);
    return rc < 0 ? rc : vxlan || rc;
}
