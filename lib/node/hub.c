/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hub: opens what needs privilege, then supervises its applets. */
#include "node/hub.h"

#include "base/log.h"
#include "ndp/ndp_io.h"
#include "node/interface.h"
#include "node/key.h"
#include "node/launch.h"
#include "node/locate.h"
#include "node/queues.h"
#include "node/sockets.h"
#include "port/packet.h"
#include "tunnel/tunnel_io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { DHCP_PORT = 67, BINL_PORT = 4011, TFTP_PORT = 69 };

/* What is being put together. */
struct hub {
    const struct el_hub_config *config;
    struct el_launch *launch;
    int key; /* the key file, until the tunnel has it */
    uint8_t public_key[EL_TUNNEL_KEY_BYTES];
    struct el_prefix address; /* ours in the network */
    int locate[2];            /* the tunnel's end, the boot service's */
};

static int check_network(struct hub *hub, struct el_err *err)
{
    const struct el_prefix *cidr = &hub->config->cidr;
    uint32_t network = el_ip4_number(&cidr->ip) & el_prefix_mask4(cidr->len);

    if (cidr->ip.family != 4 || cidr->len < 8 || cidr->len > 29)
        return el_err(err, EL_EINVAL, "cidr: expected an IPv4 range from /8 to /29");
    hub->address = (struct el_prefix){el_ip4(network + 1), cidr->len};
    return 0;
}

/* -- the tunnel applet -- */

static char *tunnel_options(const struct hub *hub)
{
    const struct el_hub_config *config = hub->config;
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    if (!out)
        return NULL;
    fprintf(out,
            "%snetwork = %s\nvni = %llu\naddress = 100.64.0.1\nprotect = yes\n"
            "control = none\n",
            config->log_options, config->network, (unsigned long long)config->vni);
    for (unsigned i = 0; i < config->spokes.count; i++) {
        fputs("peer = ", out);
        el_node_peer_print(out, &config->spokes.items[i]);
        fputc('\n', out);
    }
    return fclose(out) == 0 ? text : NULL;
}

static int open_for_tunnel(struct hub *hub, struct el_launch_fds *fds, struct el_err *err)
{
    const struct el_hub_config *config = hub->config;
    struct el_tunnel_io_options options = {(uint32_t)config->mark, config->device};
    struct el_node_queues queues;
    int rc = el_node_lanes(config->workers, err);

    if (rc >= 0)
        rc = el_node_interface_open(config->network, hub->public_key, (uint32_t)config->vni,
                                    &hub->address, (unsigned)rc, queues.port, err);
    if (rc < 0)
        return rc;
    queues.lanes = (unsigned)rc;
    el_node_queues_pass(fds, "tap", queues.port, queues.lanes);
    rc = el_node_queues_open_udp(&queues, (uint16_t)config->listen, &options, err);
    if (rc < 0)
        return rc;
    el_node_queues_pass(fds, "udp4", queues.udp4, queues.lanes);
    rc = el_node_queues_pass(fds, "udp6", queues.udp6, queues.lanes);
    if (rc >= 0)
        rc = el_launch_fds_add(fds, "state", el_launch_state_dir(hub->launch, "tunnel", err));
    if (rc >= 0)
        rc = el_launch_control(hub->launch, hub->config->control, hub->config->network, fds, err);
    return rc;
}

static int start_tunnel(struct hub *hub, struct el_err *err)
{
    struct el_launch_fds fds = {.count = 0};
    char *options = tunnel_options(hub);
    int rc = options ? 0 : el_err(err, EL_ENOMEM, "out of memory");

    el_launch_fds_add(&fds, "locate", hub->locate[0]);
    el_launch_fds_add(&fds, "key", hub->key);
    if (rc == 0)
        rc = open_for_tunnel(hub, &fds, err);
    int started = el_launch_applet(hub->launch, "tunnel", rc < 0 ? NULL : options, &fds, err);
    if (options)
        explicit_bzero(options, strlen(options)); /* pre-shared keys */
    free(options);
    return rc < 0 ? rc : started;
}

/* -- the boot service -- */

static char *boot_options(const struct hub *hub)
{
    const struct el_hub_config *config = hub->config;
    char address[EL_PREFIX_TEXT];
    char *text = NULL;

    el_prefix_text(&hub->address, address);
    if (asprintf(&text, "%s%snetwork = %s\nvni = %llu\naddress = %s\n", config->log_options,
                 config->boot_options, config->network, (unsigned long long)config->vni,
                 address) < 0)
        return NULL;
    return text;
}

static int open_images(const char *path, struct el_err *err)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    return fd < 0 ? el_err_os(err, errno, "images %s: cannot open the directory", path) : fd;
}

/* A host without IPv6 does without. */
static void open_for_ndp(struct hub *hub, struct el_launch_fds *fds)
{
    struct el_err why = {""};

    if (hub->config->no_ra)
        return;
    if (el_launch_fds_add(fds, "ndp", el_ndp_io_socket(hub->config->network, &why)) < 0)
        EL_LOG(EL_LOG_DEBUG, "ndp", "without", EL_STR("reason", why.text));
}

static int open_for_boot_service(struct hub *hub, struct el_launch_fds *fds, struct el_err *err)
{
    const struct el_hub_config *config = hub->config;
    const char *device = config->network;
    uint16_t http = (uint16_t)config->http_port;
    int rc = el_launch_fds_add(fds, "dhcp", el_node_udp_socket(device, DHCP_PORT, "dhcp", err));

    if (rc >= 0)
        rc = el_launch_fds_add(fds, "binl", el_node_udp_socket(device, BINL_PORT, "pxe", err));
    if (rc >= 0)
        rc = el_launch_fds_add(fds, "tftp", el_node_udp_socket(device, TFTP_PORT, "tftp", err));
    if (rc >= 0)
        rc = el_launch_fds_add(fds, "http", el_node_tcp_socket(device, http, "http", err));
    if (rc >= 0)
        rc = el_launch_fds_add(fds, "packet", el_packet_open_to_send(device, err));
    if (rc >= 0 && config->images)
        rc = el_launch_fds_add(fds, "images", open_images(config->images, err));
    if (rc >= 0)
        open_for_ndp(hub, fds);
    if (rc >= 0)
        rc = el_launch_fds_add(fds, "state", el_launch_state_dir(hub->launch, "boot-service", err));
    return rc;
}

static int start_boot_service(struct hub *hub, struct el_err *err)
{
    struct el_launch_fds fds = {.count = 0};
    char *options = boot_options(hub);
    int rc = options ? 0 : el_err(err, EL_ENOMEM, "out of memory");

    el_launch_fds_add(&fds, "locate", hub->locate[1]);
    if (rc == 0)
        rc = open_for_boot_service(hub, &fds, err);
    int started = el_launch_applet(hub->launch, "boot-service", rc < 0 ? NULL : options, &fds, err);
    free(options);
    return rc < 0 ? rc : started;
}

/* -- all of it -- */

static void say_what_next(const struct hub *hub)
{
    char key[EL_TUNNEL_KEY_TEXT];

    el_tunnel_key_text(hub->public_key, key);
    EL_LOG(EL_LOG_INFO, "node", "hub", EL_STR("public-key", key),
           EL_UINT("listen", hub->config->listen), EL_STR("network", hub->config->network),
           EL_IP("address", &hub->address.ip), EL_UINT("spokes", hub->config->spokes.count),
           EL_STR("hint", hub->config->spokes.count
                              ? NULL
                              : "no spoke may join yet: start with --spoke NAME=PUBLIC-KEY, which "
                                "el2w keygen prints there"));
}

static int start_all(struct hub *hub, struct el_err *err)
{
    int rc = check_network(hub, err);

    if (rc < 0)
        return rc;
    if (el_locate_pair(hub->locate) < 0)
        return el_err(err, EL_EIO, "no socket pair");
    hub->key = el_node_key_open(hub->config->key, hub->config->state, "hub", hub->public_key, err);
    rc = hub->key < 0 ? hub->key : start_tunnel(hub, err);
    if (rc < 0) {
        close(hub->locate[1]);
        return rc;
    }
    return start_boot_service(hub, err);
}

int el_hub_run(const struct el_hub_config *config, struct el_err *err)
{
    struct hub hub = {.config = config};

    if (geteuid() != 0)
        return el_err(err, EL_EPERM,
                      "needs root, to make the network interface and to use the ports of DHCP, "
                      "TFTP and HTTP: sudo el2w hub ...");
    int rc = el_launch_new("hub", config->state, config->options, &hub.launch, err);
    if (rc != 0)
        return rc;
    rc = start_all(&hub, err);
    if (rc == 0) {
        say_what_next(&hub);
        rc = el_launch_run(hub.launch);
    }
    el_launch_free(hub.launch);
    return rc;
}
