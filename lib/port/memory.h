/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two ports connected by memory, for simulations: what is sent into one is received from the other.
 */
#ifndef EL_PORT_MEMORY_H
#define EL_PORT_MEMORY_H

#include "port/port.h"

enum { EL_PORT_MEMORY_QUEUE_MAX = 4096 };

/* Makes both ends, with room for QUEUE frames each way (1..EL_PORT_MEMORY_QUEUE_MAX). 0, EL_EINVAL
 * or EL_ENOMEM. Frames are copied when sent. Each end is closed on its own; the other then receives
 * what is still queued and after that EL_ECLOSED. */
int el_port_memory_pair(unsigned queue, struct el_port *ends[2]);

#endif
