/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The NFS server on a provider of datagrams and streams.
 *
 *     struct el_nfs_server_config config = {
 *         .nfs = nfs, .udp = {.bind = {.port = EL_NFS_PORT}, .inherited_fd = -1}, …};
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

/* All programs are at one port, over datagrams and streams; the portmapper at its own. */
struct el_nfs_server_config {
    struct el_nfs *nfs; /* must outlive the server */
    struct el_net_udp_config udp;
    struct el_net_listen_config tcp;
    bool portmap; /* be the portmapper as well, at: */
    struct el_net_udp_config portmap_udp;
    struct el_net_listen_config portmap_tcp;
};

/* 0, or an error with its sentence in ERR. */
int el_nfs_server_start(struct el_net *net, const struct el_nfs_server_config *config,
                        struct el_nfs_server **server, struct el_err *err);

/* Closes all connections at once. NULL is allowed. */
void el_nfs_server_stop(struct el_nfs_server *server);

#endif
