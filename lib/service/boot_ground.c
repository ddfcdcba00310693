/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An interface of this host, or a port with a stack of our own. */
#include "service/boot_ground.h"

#include "base/log.h"
#include "dhcp/dhcp.h"
#include "ndp/ndp_io.h"
#include "node/interface.h"
#include "port/packet.h"
#include "port/pair.h"
#include "service/sockets.h"
#include "sys/fds.h"
#include "tftp/tftp.h"

#include <unistd.h>

enum { MTU = 1500 }; /* of a machine's Ethernet, always */

/* -- an interface -- */

static int take_or(int (*open_socket)(const char *, uint16_t, const char *, struct el_err *),
                   const char *device, uint16_t port, const char *name, struct el_err *err)
{
    int fd = el_sys_fds_take(name);

    return fd >= 0 ? fd : open_socket(device, port, name, err);
}

/* A host without IPv6 does without. */
static int open_ndp(const struct el_boot_ground_config *config)
{
    struct el_err why = {""};

    if (config->no_ra)
        return -1;
    int fd = el_sys_fds_take("ndp");
    if (fd < 0)
        fd = el_ndp_io_socket(config->device, &why);
    if (fd < 0)
        EL_LOG(EL_LOG_DEBUG, "ndp", "without", EL_STR("reason", why.text));
    return fd < 0 ? -1 : fd;
}

/* Without them other servers go unnoticed, and addresses unprobed: no reason not to serve. */
static void open_ears(struct el_boot_ground *ground)
{
    struct el_err why = {""};

    ground->arp = el_sys_fds_take("arp");
    ground->answers = el_sys_fds_take("answers");
    if (ground->arp < 0)
        ground->arp = el_packet_open_arp(ground->config.device, &why);
    if (ground->answers < 0)
        ground->answers = el_packet_open_udp(ground->config.device, EL_DHCP_PORT_CLIENT, &why);
    if (ground->arp < 0 || ground->answers < 0)
        EL_LOG(EL_LOG_WARN, "dhcp", "deaf", EL_STR("reason", why.text));
}

static int open_relay(struct el_boot_ground *ground, struct el_err *err)
{
    ground->relay = el_sys_fds_take("relay");
    if (ground->relay < 0)
        ground->relay = el_node_relay_socket(ground->dhcp, &ground->config.address.ip, err);
    return ground->relay;
}

static int open_dhcp(struct el_boot_ground *ground, struct el_err *err)
{
    const char *device = ground->config.device;
    int rc = ground->dhcp = take_or(el_node_udp_socket, device, EL_DHCP_PORT_SERVER, "dhcp", err);

    if (rc >= 0)
        rc = ground->binl = take_or(el_node_udp_socket, device, EL_DHCP_PORT_BINL, "binl", err);
    if (rc >= 0 && ground->config.relay)
        rc = open_relay(ground, err);
    if (rc >= 0)
        open_ears(ground);
    return rc < 0 ? rc : 0;
}

static int open_sockets(struct el_boot_ground *ground, struct el_err *err)
{
    const char *device = ground->config.device;
    int rc = ground->config.no_dhcp ? 0 : open_dhcp(ground, err);

    if (rc >= 0)
        rc = ground->tftp = take_or(el_node_udp_socket, device, EL_TFTP_PORT, "tftp", err);
    if (rc >= 0)
        rc = ground->http =
            take_or(el_node_tcp_socket, device, ground->config.http_port, "http", err);
    return rc < 0 ? rc : 0;
}

/* The port that reaches machines without an address, and the MAC it sends from. */
static int open_packet(struct el_boot_ground *ground, struct el_err *err)
{
    const char *device = ground->config.device;
    int fd = el_sys_fds_take("packet");

    if (fd < 0)
        fd = el_packet_open_to_send(device, err);
    if (fd < 0)
        return fd;
    int rc = el_port_from_packet(fd, device, EL_PACKET_ALL, &ground->port);
    if (rc < 0)
        return el_err(err, rc, "%s: cannot use the interface", device);
    return el_node_interface_mac(device, &ground->mac, err);
}

static void take_nfs(struct el_boot_ground *ground)
{
    for (unsigned i = 0; i < EL_NFS_SOCKETS; i++) {
        ground->nfs[i] = el_sys_fds_take(el_nfs_socket_names[i]);
        if (ground->nfs[i] < 0)
            ground->nfs[i] = el_nfs_socket(i, ground->config.device);
    }
}

static int open_interface(struct el_boot_ground *ground, struct el_err *err)
{
    int rc = open_sockets(ground, err);

    if (rc == 0)
        rc = open_packet(ground, err);
    if (rc == 0)
        ground->ndp = open_ndp(&ground->config);
    if (rc == 0 && ground->config.nfs)
        take_nfs(ground);
    return rc;
}

/* -- a port -- */

static int adopt_pair(struct el_boot_ground *ground, int fd, struct el_err *err)
{
    int rc = el_port_from_pair(fd, ground->config.device, &ground->port);

    if (rc < 0) {
        close(fd);
        return el_err(err, rc, "out of memory");
    }
    ground->own_stack = true;
    ground->mac = ground->config.mac;
    return 0;
}

/* -- whichever it is -- */

int el_boot_ground_open(struct el_boot_ground *ground, const struct el_boot_ground_config *config,
                        struct el_err *err)
{
    int pair = el_sys_fds_take("port");

    *ground = (struct el_boot_ground){.config = *config,
                                      .dhcp = -1,
                                      .binl = -1,
                                      .tftp = -1,
                                      .http = -1,
                                      .relay = -1,
                                      .arp = -1,
                                      .answers = -1,
                                      .ndp = -1};
    for (int i = 0; i < EL_NFS_SOCKETS; i++)
        ground->nfs[i] = -1;
    if (pair >= 0 && config->relay) {
        close(pair);
        return el_err(err, EL_EINVAL,
                      "dhcp = relay: a network without an interface has no way to another server");
    }
    return pair >= 0 ? adopt_pair(ground, pair, err) : open_interface(ground, err);
}

int el_boot_ground_stand(struct el_boot_ground *ground, struct el_net *kernel, struct el_err *err)
{
    const struct el_net_lwip_link_config config = {
        .network = {.address = ground->config.address, .mac = ground->mac, .mtu = MTU}};

    ground->net = kernel;
    if (!ground->own_stack)
        return 0;
    int rc = el_net_lwip_link_frames(kernel, &config, ground->port, &ground->link, err);
    if (rc == 0)
        ground->net = el_net_lwip_link_net(ground->link);
    return rc;
}

void el_boot_ground_leave(struct el_boot_ground *ground)
{
    el_net_lwip_link_close(ground->link);
    ground->link = NULL;
}

void el_boot_ground_close(struct el_boot_ground *ground)
{
    el_port_close(ground->port);
    ground->port = NULL;
}
