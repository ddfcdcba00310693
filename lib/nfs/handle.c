/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Handles that nobody else can make. */
#include "nfs/handle.h"

#include "base/wire.h"

#include <sodium.h>

enum { VERSION = 1, MAC = 16, SEALED = EL_NFS_HANDLE_MAX - MAC };

_Static_assert(20 + EL_NFS_TRAIL == SEALED, "the trail fills the handle");
_Static_assert(sizeof((struct el_nfs_keys *)0)->name == crypto_shorthash_KEYBYTES, "SipHash");

void el_nfs_keys_derive(struct el_nfs_keys *keys, const uint8_t key[EL_NFS_KEY])
{
    static const uint8_t handle[] = "el2w nfs handle";
    static const uint8_t name[] = "el2w nfs name";

    crypto_generichash(keys->handle, sizeof keys->handle, handle, sizeof handle, key, EL_NFS_KEY);
    crypto_generichash(keys->name, sizeof keys->name, name, sizeof name, key, EL_NFS_KEY);
}

void el_nfs_keys_wipe(struct el_nfs_keys *keys)
{
    sodium_memzero(keys, sizeof *keys);
}

uint64_t el_nfs_hash(const struct el_nfs_keys *keys, const void *bytes, size_t len)
{
    uint64_t hash;

    crypto_shorthash((uint8_t *)&hash, bytes, len, keys->name);
    return hash;
}

static void mac(const struct el_nfs_keys *keys, const uint8_t *sealed, uint8_t tag[MAC])
{
    crypto_generichash(tag, MAC, sealed, SEALED, keys->handle, sizeof keys->handle);
}

void el_nfs_handle_seal(const struct el_nfs_keys *keys, uint64_t volume,
                        const struct el_nfs_node *node, uint8_t handle[EL_NFS_HANDLE_MAX])
{
    struct el_wire w = el_wire_write(handle, EL_NFS_HANDLE_MAX);
    uint8_t steps = node->steps <= EL_NFS_TRAIL ? node->steps : 0;

    el_wire_put_u8(&w, VERSION);
    el_wire_put_u8(&w, node->steps);
    el_wire_put_be16(&w, 0);
    el_wire_put_be64(&w, volume);
    el_wire_put_be64(&w, node->id);
    el_wire_put(&w, node->trail, steps);
    el_wire_put_zero(&w, (size_t)EL_NFS_TRAIL - steps);
    mac(keys, handle, w.at);
}

bool el_nfs_handle_open(const struct el_nfs_keys *keys, const uint8_t *handle, size_t len,
                        uint64_t *volume, struct el_nfs_node *node)
{
    struct el_wire w = el_wire_read(handle, len);
    uint8_t tag[MAC];

    if (len != EL_NFS_HANDLE_MAX)
        return false;
    mac(keys, handle, tag);
    if (sodium_memcmp(tag, handle + SEALED, MAC) != 0 || el_wire_u8(&w) != VERSION)
        return false;
    node->steps = el_wire_u8(&w);
    el_wire_skip(&w, 2);
    *volume = el_wire_be64(&w);
    node->id = el_wire_be64(&w);
    el_wire_copy(&w, node->trail, sizeof node->trail);
    return true;
}

void el_nfs_node_step(const struct el_nfs_keys *keys, const struct el_nfs_node *parent,
                      const char *name, struct el_nfs_node *child)
{
    uint8_t steps = parent->steps;
    uint8_t hash = (uint8_t)el_nfs_hash(keys, name, strlen(name));

    if (child != parent)
        *child = *parent;
    if (steps >= EL_NFS_TRAIL) {
        child->steps = EL_NFS_NO_TRAIL;
        return;
    }
    child->trail[steps] = hash;
    child->steps = (uint8_t)(steps + 1);
}

void el_nfs_node_path(const struct el_nfs_keys *keys, const char *path, struct el_nfs_node *node)
{
    char name[EL_NFS_NAME_MAX + 1];

    *node = (struct el_nfs_node){.steps = 0};
    while (*path) {
        size_t len = strcspn(path, "/");
        size_t kept = len < sizeof name ? len : sizeof name - 1;
        memcpy(name, path, kept);
        name[kept] = '\0';
        el_nfs_node_step(keys, node, name, node);
        path += len + (path[len] == '/');
    }
}
