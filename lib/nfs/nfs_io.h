/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The NFS server on a provider of datagrams and streams.
 *
 *     const struct el_net_udp_config udp = {.bind = {.port = EL_NFS_PORT}, .inherited_fd = -1};
 *     struct el_nfs_server_config config = {.nfs = nfs, .udp = &udp, …};
 *     el_nfs_server_start(net, &config, &server, &err);
 *
 * It logs to room "nfs": mounted, refused.
 */
#ifndef EL_NFS_NFS_IO_H
#define EL_NFS_NFS_IO_H

#include "base/err.h"
#include "net/net.h"
#include "nfs/nfs.h"

struct el_nfs_server;

enum {
    EL_NFS_CONNECTIONS = 256,
    EL_NFS_PER_CLIENT = 16, /* connections of one address; Linux makes one, or nconnect= */
};

/* All programs are at one port, over datagrams and streams; the portmapper at its own. NULL: not
 * there. */
struct el_nfs_server_config {
    struct el_nfs *nfs; /* must outlive the server */
    const struct el_net_udp_config *udp, *portmap_udp;
    const struct el_net_listen_config *tcp, *portmap_tcp;
};

/* 0, or an error with its sentence in ERR. */
int el_nfs_server_start(struct el_net *net, const struct el_nfs_server_config *config,
                        struct el_nfs_server **server, struct el_err *err);

/* Closes all connections at once. NULL is allowed. */
void el_nfs_server_stop(struct el_nfs_server *server);

#endif
