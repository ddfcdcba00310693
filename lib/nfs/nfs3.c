/* SPDX-License-Identifier: GPL-2.0-or-later */
/* NFS version 3: handles, names, rights, attributes; the table of procedures. */
#include "nfs/nfs3.h"

#include <string.h>

/* -- arguments -- */

struct el_nfs_given el_nfs_take_handle(struct el_wire *args)
{
    struct el_nfs_given given = {.len = 0};

    given.bytes = el_nfs_xdr_opaque(args, EL_NFS_HANDLE_MAX, &given.len);
    return given;
}

struct el_nfs_name el_nfs_take_name(struct el_wire *args)
{
    struct el_nfs_name name = {.status = EL_NFS_OK};
    size_t len;
    const uint8_t *bytes = el_nfs_xdr_opaque(args, EL_NFS_PATH_MAX, &len);

    if (!bytes)
        return name;
    if (len > EL_NFS_NAME_MAX) {
        name.status = EL_NFS_E_NAMETOOLONG;
        return name;
    }
    memcpy(name.text, bytes, len);
    /* RFC 1813 §3.3: an empty name is ACCES; one with a slash or a NUL is nobody's. */
    if (len == 0 || memchr(bytes, '\0', len) || memchr(bytes, '/', len))
        name.status = EL_NFS_E_ACCES;
    return name;
}

bool el_nfs_taken(const struct el_nfs_exchange *x)
{
    return el_wire_ok(&x->args);
}

enum el_nfs_status el_nfs_aim(struct el_nfs_exchange *x, const struct el_nfs_given *given,
                              struct el_nfs_target *target)
{
    uint64_t id;

    *target = (struct el_nfs_target){.volume = NULL};
    if (!el_nfs_handle_open(&x->nfs->keys, given->bytes, given->len, &id, &target->node))
        return EL_NFS_E_BADHANDLE;
    return el_nfs_volume_by_id(x, id, &target->volume);
}

enum el_nfs_status el_nfs_find(struct el_nfs_exchange *x, const struct el_nfs_given *given,
                               struct el_nfs_target *target)
{
    enum el_nfs_status status = el_nfs_aim(x, given, target);

    if (status == EL_NFS_OK)
        status = target->volume->ops->getattr(target->volume, &target->node, &target->attr);
    target->known = status == EL_NFS_OK;
    return status;
}

void el_nfs_look_again(struct el_nfs_target *target)
{
    if (target->volume)
        target->known =
            target->volume->ops->getattr(target->volume, &target->node, &target->attr) == EL_NFS_OK;
}

/* -- rights -- */

bool el_nfs_in_group(const struct el_nfs_cred *cred, uint32_t gid)
{
    if (cred->gid == gid)
        return true;
    for (uint32_t i = 0; i < cred->group_count; i++)
        if (cred->groups[i] == gid)
            return true;
    return false;
}

bool el_nfs_owns(const struct el_nfs_cred *cred, const struct el_nfs_attr *attr)
{
    return cred->uid == 0 || cred->uid == attr->uid;
}

bool el_nfs_may(const struct el_nfs_cred *cred, const struct el_nfs_attr *attr, unsigned rights)
{
    unsigned mode = attr->mode;

    if (cred->uid == 0) /* root needs no rights, but a program must be one for somebody */
        return !(rights & EL_NFS_MAY_EXEC) || attr->type == EL_NFS_DIR || (mode & 0111);
    if (cred->uid == attr->uid)
        mode >>= 6;
    else if (el_nfs_in_group(cred, attr->gid))
        mode >>= 3;
    return (mode & rights) == rights;
}

/* -- results -- */

void el_nfs_put_status(struct el_nfs_exchange *x, enum el_nfs_status status)
{
    el_wire_put_be32(x->out, status);
}

static void put_time(struct el_wire *out, const struct el_nfs_time *time)
{
    int64_t s = time->s < 0 ? 0 : time->s > UINT32_MAX ? UINT32_MAX : time->s;

    el_wire_put_be32(out, (uint32_t)s);
    el_wire_put_be32(out, time->ns);
}

void el_nfs_put_attr(struct el_nfs_exchange *x, const struct el_nfs_target *target)
{
    const struct el_nfs_attr *attr = &target->attr;
    struct el_wire *out = x->out;

    el_wire_put_be32(out, attr->type);
    el_wire_put_be32(out, attr->mode);
    el_wire_put_be32(out, attr->nlink);
    el_wire_put_be32(out, attr->uid);
    el_wire_put_be32(out, attr->gid);
    el_wire_put_be64(out, attr->size);
    el_wire_put_be64(out, attr->used);
    el_wire_put_be32(out, attr->rdev_major);
    el_wire_put_be32(out, attr->rdev_minor);
    el_wire_put_be64(out, target->volume->id);
    el_wire_put_be64(out, attr->id);
    put_time(out, &attr->atime);
    put_time(out, &attr->mtime);
    put_time(out, &attr->ctime);
}

void el_nfs_put_post(struct el_nfs_exchange *x, const struct el_nfs_target *target)
{
    bool known = target && target->known;

    el_wire_put_be32(x->out, known);
    if (known)
        el_nfs_put_attr(x, target);
}

void el_nfs_put_handle(struct el_nfs_exchange *x, const struct el_nfs_volume *volume,
                       const struct el_nfs_node *node)
{
    uint8_t handle[EL_NFS_HANDLE_MAX];

    el_nfs_handle_seal(&x->nfs->keys, volume->id, node, handle);
    el_nfs_xdr_put_opaque(x->out, handle, sizeof handle);
}

void el_nfs_put_new(struct el_nfs_exchange *x, const struct el_nfs_target *target)
{
    el_wire_put_be32(x->out, true);
    el_nfs_put_handle(x, target->volume, &target->node);
    el_nfs_put_post(x, target);
}

void el_nfs_put_wcc(struct el_nfs_exchange *x, const struct el_nfs_attr *before,
                    const struct el_nfs_target *after)
{
    el_wire_put_be32(x->out, before != NULL);
    if (before) {
        el_wire_put_be64(x->out, before->size);
        put_time(x->out, &before->mtime);
        put_time(x->out, &before->ctime);
    }
    el_nfs_put_post(x, after);
}

/* -- the program -- */

static el_nfs_serve *const procedures[] = {
    [EL_NFS_NULL] = el_nfs_serve_null,   [EL_NFS_GETATTR] = el_nfs_getattr,
    [EL_NFS_SETATTR] = el_nfs_setattr,   [EL_NFS_LOOKUP] = el_nfs_lookup,
    [EL_NFS_ACCESS] = el_nfs_access,     [EL_NFS_READLINK] = el_nfs_readlink,
    [EL_NFS_READ] = el_nfs_read,         [EL_NFS_WRITE] = el_nfs_write,
    [EL_NFS_CREATE] = el_nfs_create,     [EL_NFS_MKDIR] = el_nfs_mkdir,
    [EL_NFS_SYMLINK] = el_nfs_symlink,   [EL_NFS_MKNOD] = el_nfs_mknod,
    [EL_NFS_REMOVE] = el_nfs_remove,     [EL_NFS_RMDIR] = el_nfs_rmdir,
    [EL_NFS_RENAME] = el_nfs_rename,     [EL_NFS_LINK] = el_nfs_link,
    [EL_NFS_READDIR] = el_nfs_readdir,   [EL_NFS_READDIRPLUS] = el_nfs_readdirplus,
    [EL_NFS_FSSTAT] = el_nfs_fsstat,     [EL_NFS_FSINFO] = el_nfs_fsinfo,
    [EL_NFS_PATHCONF] = el_nfs_pathconf, [EL_NFS_COMMIT] = el_nfs_commit,
};

const struct el_nfs_program el_nfs_program_nfs = {
    .number = EL_NFS_PROGRAM_NFS,
    .low = 3,
    .high = 3,
    .procedures = procedures,
    .procedure_count = sizeof procedures / sizeof procedures[0],
    .once = 1u << EL_NFS_SETATTR | 1u << EL_NFS_CREATE | 1u << EL_NFS_MKDIR | 1u << EL_NFS_SYMLINK |
            1u << EL_NFS_MKNOD | 1u << EL_NFS_REMOVE | 1u << EL_NFS_RMDIR | 1u << EL_NFS_RENAME |
            1u << EL_NFS_LINK,
};
