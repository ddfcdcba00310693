/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ports that come and go. */
#include "hub/hub_ports.h"

#include "node/interface.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct port {
    char name[EL_ERRAND_NAME]; /* empty: this place is free */
    uint32_t vni;
    int queues[EL_ERRAND_FDS];
    unsigned count;
};

struct el_hub_ports {
    uint8_t public_key[EL_TUNNEL_KEY_BYTES];
    unsigned lanes;
    struct port items[EL_HUB_PORTS];
};

struct el_hub_ports *el_hub_ports_new(const uint8_t public_key[EL_TUNNEL_KEY_BYTES], unsigned lanes)
{
    struct el_hub_ports *ports = calloc(1, sizeof *ports);

    if (!ports)
        return NULL;
    ports->lanes = lanes;
    memcpy(ports->public_key, public_key, sizeof ports->public_key);
    return ports;
}

static void close_port(struct port *port)
{
    while (port->count > 0)
        close(port->queues[--port->count]);
    *port = (struct port){.name = ""};
}

void el_hub_ports_free(struct el_hub_ports *ports)
{
    if (!ports)
        return;
    for (unsigned i = 0; i < EL_HUB_PORTS; i++)
        close_port(&ports->items[i]);
    free(ports);
}

/* The place of NAME; of "" a free one; NULL. */
static struct port *find(struct el_hub_ports *ports, const char *name)
{
    for (unsigned i = 0; i < EL_HUB_PORTS; i++)
        if (strcmp(ports->items[i].name, name) == 0)
            return &ports->items[i];
    return NULL;
}

/* Of what the interface's address is made, instead of a VNI: no network's, and each port's own. */
static uint32_t number_of(const char *name)
{
    uint32_t number;

    crypto_generichash((uint8_t *)&number, sizeof number, (const uint8_t *)name, strlen(name), NULL,
                       0);
    return number | UINT32_C(1) << 31;
}

int el_hub_port_open(struct el_hub_ports *ports, const char *name, uint32_t vni,
                     int fds[EL_ERRAND_FDS], struct el_err *err)
{
    struct port *port = find(ports, name);

    if (port && port->vni != vni)
        return el_err(err, EL_EEXIST, "port %s is there already, of another network", name);
    if (!port) {
        port = find(ports, "");
        if (!port)
            return el_err(err, EL_EFULL, "there are %d ports already", EL_HUB_PORTS);
        int rc = el_node_interface_open(name, ports->public_key, number_of(name), NULL, NULL,
                                        ports->lanes, port->queues, err);
        if (rc < 0)
            return rc;
        strncpy(port->name, name, sizeof port->name - 1);
        port->vni = vni;
        port->count = (unsigned)rc;
    }
    memcpy(fds, port->queues, port->count * sizeof *fds);
    return (int)port->count;
}

void el_hub_port_close(struct el_hub_ports *ports, const char *name)
{
    struct port *port = find(ports, name);

    if (port && name[0])
        close_port(port);
}
