/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ways to a host. */
#include "link/way.h"

#include "stream/stream_socket_io.h"

struct el_endpoint el_way_to(enum el_way way, const struct el_ip *ip, uint16_t port)
{
    struct el_endpoint to = {.ip = *ip, .port = port};

    if (way != EL_WAY_UDP)
        to.carrier = EL_CARRIER_TCP_CALLED;
    if (way == EL_WAY_HTTPS)
        to.port = EL_STREAM_HTTPS;
    return to;
}

enum el_way el_way_after(enum el_way way, uint16_t port)
{
    switch (way) {
    case EL_WAY_UDP: return EL_WAY_TCP;
    case EL_WAY_TCP: return port == EL_STREAM_HTTPS ? EL_WAY_UDP : EL_WAY_HTTPS;
    default: return EL_WAY_UDP;
    }
}
