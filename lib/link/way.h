/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ways to a host that is called: UDP first; inside TCP to the same port, and to that of HTTPS,
 * for who is where UDP is blocked.
 */
#ifndef EL_LINK_WAY_H
#define EL_LINK_WAY_H

#include "base/addr.h"

#include <stdint.h>

enum el_way { EL_WAY_UDP, EL_WAY_TCP, EL_WAY_HTTPS, EL_WAYS };

/* Where WAY leads, to UDP port PORT of IP. */
struct el_endpoint el_way_to(enum el_way way, const struct el_ip *ip, uint16_t port);

/* The one that is tried when WAY is not answered; EL_WAY_UDP after the last. None twice. */
enum el_way el_way_after(enum el_way way, uint16_t port);

#endif
