/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A ring of replies. */
#include "nfs/replay.h"

#include "base/time.h"

#include <stdlib.h>
#include <string.h>

#define KEPT_NS (120 * EL_S)

struct kept {
    uint64_t key, at_ns;
    size_t len; /* 0: free */
    uint8_t reply[EL_NFS_REPLAY_MAX];
};

struct el_nfs_replay {
    size_t next;
    struct kept ring[EL_NFS_REPLAYS];
};

struct el_nfs_replay *el_nfs_replay_new(void)
{
    return calloc(1, sizeof(struct el_nfs_replay));
}

void el_nfs_replay_free(struct el_nfs_replay *replay)
{
    free(replay);
}

uint64_t el_nfs_replay_key(const struct el_nfs_keys *keys, const struct el_ip *client,
                           const uint8_t *call, size_t len)
{
    const uint64_t both[2] = {el_nfs_hash(keys, client->b, sizeof client->b),
                              el_nfs_hash(keys, call, len)};

    return el_nfs_hash(keys, both, sizeof both);
}

const uint8_t *el_nfs_replay_find(const struct el_nfs_replay *replay, uint64_t key, uint64_t now_ns,
                                  size_t *len)
{
    for (size_t i = 0; i < EL_NFS_REPLAYS; i++) {
        const struct kept *kept = &replay->ring[i];
        if (kept->len == 0 || kept->key != key || now_ns - kept->at_ns > KEPT_NS)
            continue;
        *len = kept->len;
        return kept->reply;
    }
    return NULL;
}

void el_nfs_replay_keep(struct el_nfs_replay *replay, uint64_t key, uint64_t now_ns,
                        const uint8_t *reply, size_t len)
{
    struct kept *kept = &replay->ring[replay->next];

    if (len == 0 || len > EL_NFS_REPLAY_MAX)
        return;
    replay->next = (replay->next + 1) % EL_NFS_REPLAYS;
    kept->key = key;
    kept->at_ns = now_ns;
    kept->len = len;
    memcpy(kept->reply, reply, len);
}
