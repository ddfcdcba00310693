/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * File handles (RFC 1813 §2.5): what a client gets to name a file by, and sends back, perhaps after
 * we were started anew, perhaps made up.
 *
 *     0   version
 *     1   steps of the trail; 255: none
 *     2   zero (2)
 *     4   volume (8): the export and, of one with an overlay, the machine
 *     12  file (8): its number in the volume
 *     20  trail (28)
 *     48  MAC (16): keyed BLAKE2b of all before
 *
 * We keep no table of handles on disk. The trail is what lets a file be found again: one byte for
 * each component of its path, a hash of the name. Along it at most a few names of each directory
 * fit, and the number tells the right one (the idea is unfs3's). A file deeper than the trail is
 * long is found as long as we run. Nobody else can make a handle: the key never leaves us.
 */
#ifndef EL_NFS_HANDLE_H
#define EL_NFS_HANDLE_H

#include "nfs/nfs_wire.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    EL_NFS_KEY = 32,   /* bytes */
    EL_NFS_TRAIL = 28, /* components */
    EL_NFS_NO_TRAIL = 255,
};

/* A file of a volume. */
struct el_nfs_node {
    uint64_t id;
    uint8_t steps; /* of the trail, or EL_NFS_NO_TRAIL */
    uint8_t trail[EL_NFS_TRAIL];
};

/* What is made of the key that is kept; a secret as long as it lives. */
struct el_nfs_keys {
    uint8_t handle[EL_NFS_KEY]; /* of the MAC */
    uint8_t name[16];           /* SipHash of names, for trails and cookies */
};

void el_nfs_keys_derive(struct el_nfs_keys *keys, const uint8_t key[EL_NFS_KEY]);
void el_nfs_keys_wipe(struct el_nfs_keys *keys);

/* A keyed hash of LEN bytes: of names, of volumes. */
uint64_t el_nfs_hash(const struct el_nfs_keys *keys, const void *bytes, size_t len);

/* Writes the EL_NFS_HANDLE_MAX bytes of a handle. */
void el_nfs_handle_seal(const struct el_nfs_keys *keys, uint64_t volume,
                        const struct el_nfs_node *node, uint8_t handle[EL_NFS_HANDLE_MAX]);

/* True if it is one of ours. */
bool el_nfs_handle_open(const struct el_nfs_keys *keys, const uint8_t *handle, size_t len,
                        uint64_t *volume, struct el_nfs_node *node);

/* The trail of NAME in the directory PARENT. The number stays to be set. */
void el_nfs_node_step(const struct el_nfs_keys *keys, const struct el_nfs_node *parent,
                      const char *name, struct el_nfs_node *child);

/* The trail of the whole PATH, "" for the top. */
void el_nfs_node_path(const struct el_nfs_keys *keys, const char *path, struct el_nfs_node *node);

#endif
