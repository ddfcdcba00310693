/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sockets of a network's NFS. */
#include "service/nfs_sockets.h"

#include "base/log.h"
#include "nfs/nfs_wire.h"
#include "service/sockets.h"

const char *const el_nfs_socket_names[EL_NFS_SOCKETS] = {"nfs-udp", "nfs-tcp", "portmap-udp",
                                                         "portmap-tcp"};

int el_nfs_socket(enum el_nfs_socket_kind kind, const char *device)
{
    bool portmap = kind >= EL_NFS_SOCKET_PORTMAP_UDP;
    bool udp = kind == EL_NFS_SOCKET_UDP || kind == EL_NFS_SOCKET_PORTMAP_UDP;
    uint16_t port = portmap ? EL_NFS_PORTMAP_PORT : EL_NFS_PORT;
    const char *service = portmap ? "portmapper" : "nfs";
    struct el_err err = {""};
    int fd = udp ? el_node_udp_socket(device, port, service, &err)
                 : el_node_tcp_socket(device, port, service, &err);

    if (fd >= 0)
        return fd;
    EL_LOG(EL_LOG_WARN, "nfs", "without", EL_STR("interface", device), EL_STR("reason", err.text));
    return -1;
}
