/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What all kinds of ports have in common. */
#include "port/port.h"

const char *el_port_counter_name(enum el_port_counter counter)
{
    static const char *const names[EL_PORT_COUNTERS] = {
        [EL_PORT_DROP_LONG] = "drop-frame-long",
        [EL_PORT_DROP_OFFLOAD] = "drop-header",
        [EL_PORT_DROP_FULL] = "drop-receive-full",
    };

    return names[counter];
}

uint64_t el_port_count(const struct el_port *port, enum el_port_counter counter)
{
    if (counter == EL_PORT_DROP_FULL && port->ops->kernel_drops)
        return port->ops->kernel_drops(port);
    return port->counts[counter];
}
