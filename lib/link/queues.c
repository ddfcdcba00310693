/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the data path's lanes work on. */
#include "link/queues.h"

#include "sys/fds.h"

#include <unistd.h>

int el_node_lanes(uint64_t said, struct el_err *err)
{
    unsigned lanes = 1;

    if (said > EL_TUNNEL_LANES_MAX || (said & (said - 1)) != 0)
        return el_err(err, EL_EINVAL, "workers %llu: 1, 2, 4, 8 or 16 are possible; 0: as we think",
                      (unsigned long long)said);
    if (said > 0)
        return (int)said;
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    while (lanes < EL_TUNNEL_LANES_MAX && (long)lanes * 4 <= cpus)
        lanes *= 2;
    return (int)lanes;
}

int el_node_queues_open_udp(struct el_node_queues *queues, uint16_t port,
                            const struct el_tunnel_io_options *options, struct el_err *err)
{
    int rc = el_tunnel_io_sockets(4, port, queues->lanes, queues->udp4, options, err);

    if (rc < 0)
        return rc;
    if (el_tunnel_io_sockets(6, port, queues->lanes, queues->udp6, options, NULL) < 0)
        for (unsigned i = 0; i < queues->lanes; i++)
            queues->udp6[i] = -1;
    return 0;
}

/* How many there were. */
static unsigned take_all(const char *name, int list[EL_TUNNEL_LANES_MAX])
{
    unsigned count = 0;

    while (count < EL_TUNNEL_LANES_MAX && (list[count] = el_sys_fds_take(name)) >= 0)
        count++;
    for (unsigned i = count; i < EL_TUNNEL_LANES_MAX; i++)
        list[i] = -1;
    return count;
}

int el_node_queues_take(struct el_node_queues *queues, const char *port, struct el_err *err)
{
    unsigned udp4 = take_all("udp4", queues->udp4);
    unsigned udp6 = take_all("udp6", queues->udp6);

    queues->lanes = take_all(port, queues->port);
    if (udp6 > udp4 || (udp6 && udp6 != udp4) || (queues->lanes && udp4 && queues->lanes != udp4))
        return el_err(
            err, EL_EINVAL,
            "given: %u queues of the interface, %u sockets for IPv4, %u for IPv6: as many "
            "of each are needed",
            queues->lanes, udp4, udp6);
    return 0;
}

int el_node_queues_pass(struct el_launch_fds *fds, const char *name, const int *list,
                        unsigned count, struct el_err *err)
{
    unsigned refused = 0;

    for (unsigned i = 0; i < count; i++)
        refused += list[i] >= 0 && el_launch_fds_add(fds, name, list[i]) < 0;
    return refused ? el_err(err, EL_EFULL, "%s: %u descriptors too many to pass on", name, refused)
                   : 0;
}

int el_node_queues_pass_udp(struct el_launch_fds *fds, const struct el_node_queues *queues,
                            struct el_err *err)
{
    int rc4 = el_node_queues_pass(fds, "udp4", queues->udp4, queues->lanes, err);
    int rc6 = el_node_queues_pass(fds, "udp6", queues->udp6, queues->lanes, err);

    return rc4 < 0 ? rc4 : rc6;
}
