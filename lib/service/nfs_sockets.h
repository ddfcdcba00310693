/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sockets of a network's NFS: of the service itself and of the portmapper, datagrams and
 * streams. A host that serves NFS or has a portmapper itself may hold the ports on all its
 * interfaces; then the network does without, and says so.
 */
#ifndef EL_SERVICE_NFS_SOCKETS_H
#define EL_SERVICE_NFS_SOCKETS_H

enum el_nfs_socket_kind {
    EL_NFS_SOCKET_UDP,
    EL_NFS_SOCKET_TCP,
    EL_NFS_SOCKET_PORTMAP_UDP,
    EL_NFS_SOCKET_PORTMAP_TCP,
    EL_NFS_SOCKETS,
};

/* As they are passed on: "nfs-udp" and so on. */
extern const char *const el_nfs_socket_names[EL_NFS_SOCKETS];

/* Opens one on the interface DEVICE: the descriptor, or -1 after a line in the log. */
int el_nfs_socket(enum el_nfs_socket_kind kind, const char *device);

#endif
