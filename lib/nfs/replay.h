/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Replies that are kept for calls that come twice: a client that has not heard the reply to its
 * REMOVE asks again, and must not be told that there is nothing to remove. Calls that do no harm
 * when they are done twice are not kept.
 */
#ifndef EL_NFS_REPLAY_H
#define EL_NFS_REPLAY_H

#include "base/addr.h"
#include "nfs/handle.h"

enum {
    EL_NFS_REPLAYS = 512,
    EL_NFS_REPLAY_MAX = 600, /* bytes of a reply that is kept; all that matter are shorter */
};

struct el_nfs_replay;

struct el_nfs_replay *el_nfs_replay_new(void); /* NULL if out of memory */
void el_nfs_replay_free(struct el_nfs_replay *replay);

/* What tells a call from all others, its transaction number included. */
uint64_t el_nfs_replay_key(const struct el_nfs_keys *keys, const struct el_ip *client,
                           const uint8_t *call, size_t len);

/* The reply that was given to this call within the last two minutes, or NULL. */
const uint8_t *el_nfs_replay_find(const struct el_nfs_replay *replay, uint64_t key, uint64_t now_ns,
                                  size_t *len);

void el_nfs_replay_keep(struct el_nfs_replay *replay, uint64_t key, uint64_t now_ns,
                        const uint8_t *reply, size_t len);

#endif
