/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Procedures that look and change nothing (RFC 1813 §3.3). */
#include "nfs/nfs3.h"

#include <string.h>

enum { PREFERRED_UDP = 8192, PREFERRED_DIR = 32768, LINKS_MAX = 32000 };

bool el_nfs_getattr(struct el_nfs_exchange *x)
{
    struct el_nfs_given given = el_nfs_take_handle(&x->args);
    struct el_nfs_target target;

    if (!el_nfs_taken(x))
        return false;
    enum el_nfs_status status = el_nfs_find(x, &given, &target);
    el_nfs_put_status(x, status);
    if (status == EL_NFS_OK)
        el_nfs_put_attr(x, &target);
    return true;
}

static enum el_nfs_status look_up(struct el_nfs_exchange *x, const struct el_nfs_target *dir,
                                  const struct el_nfs_name *name, struct el_nfs_target *found)
{
    struct el_nfs_volume *volume = dir->volume;

    if (dir->attr.type != EL_NFS_DIR)
        return EL_NFS_E_NOTDIR;
    if (name->status != EL_NFS_OK)
        return name->status;
    if (!el_nfs_may(x->cred, &dir->attr, EL_NFS_MAY_EXEC))
        return EL_NFS_E_ACCES;
    found->volume = volume;
    if (strcmp(name->text, ".") == 0) {
        *found = *dir;
        return EL_NFS_OK;
    }
    enum el_nfs_status status =
        strcmp(name->text, "..") == 0
            ? volume->ops->parent(volume, &dir->node, &found->node, &found->attr)
            : volume->ops->lookup(volume, &dir->node, name->text, &found->node, &found->attr);
    found->known = status == EL_NFS_OK;
    return status;
}

bool el_nfs_lookup(struct el_nfs_exchange *x)
{
    struct el_nfs_given given = el_nfs_take_handle(&x->args);
    struct el_nfs_name name = el_nfs_take_name(&x->args);
    struct el_nfs_target dir, found = {.known = false};

    if (!el_nfs_taken(x))
        return false;
    enum el_nfs_status status = el_nfs_find(x, &given, &dir);
    if (status == EL_NFS_OK)
        status = look_up(x, &dir, &name, &found);
    el_nfs_put_status(x, status);
    if (status == EL_NFS_OK) {
        el_nfs_put_handle(x, found.volume, &found.node);
        el_nfs_put_post(x, &found);
    }
    el_nfs_put_post(x, &dir);
    return true;
}

static uint32_t accesses(const struct el_nfs_exchange *x, const struct el_nfs_target *target)
{
    bool writable = el_nfs_is_writable(target->volume);
    bool dir = target->attr.type == EL_NFS_DIR;
    uint32_t allowed = 0;

    if (el_nfs_may(x->cred, &target->attr, EL_NFS_MAY_READ))
        allowed |= EL_NFS_ACCESS_READ;
    if (el_nfs_may(x->cred, &target->attr, EL_NFS_MAY_EXEC))
        allowed |= dir ? EL_NFS_ACCESS_LOOKUP : EL_NFS_ACCESS_EXECUTE;
    if (writable && el_nfs_may(x->cred, &target->attr, EL_NFS_MAY_WRITE))
        allowed |= EL_NFS_ACCESS_MODIFY | EL_NFS_ACCESS_EXTEND | (dir ? EL_NFS_ACCESS_DELETE : 0);
    return allowed;
}

bool el_nfs_access(struct el_nfs_exchange *x)
{
    struct el_nfs_given given = el_nfs_take_handle(&x->args);
    uint32_t asked = el_wire_be32(&x->args);
    struct el_nfs_target target;

    if (!el_nfs_taken(x))
        return false;
    enum el_nfs_status status = el_nfs_find(x, &given, &target);
    el_nfs_put_status(x, status);
    el_nfs_put_post(x, &target);
    if (status == EL_NFS_OK)
        el_wire_put_be32(x->out, asked & accesses(x, &target));
    return true;
}

bool el_nfs_readlink(struct el_nfs_exchange *x)
{
    struct el_nfs_given given = el_nfs_take_handle(&x->args);
    char text[EL_NFS_PATH_MAX];
    struct el_nfs_target target;

    if (!el_nfs_taken(x))
        return false;
    enum el_nfs_status status = el_nfs_find(x, &given, &target);
    if (status == EL_NFS_OK)
        status = target.volume->ops->readlink(target.volume, &target.node, text);
    el_nfs_put_status(x, status);
    el_nfs_put_post(x, &target);
    if (status == EL_NFS_OK)
        el_nfs_xdr_put_string(x->out, text);
    return true;
}

bool el_nfs_fsstat(struct el_nfs_exchange *x)
{
    struct el_nfs_given given = el_nfs_take_handle(&x->args);
    struct el_nfs_space space;
    struct el_nfs_target target;

    if (!el_nfs_taken(x))
        return false;
    enum el_nfs_status status = el_nfs_find(x, &given, &target);
    if (status == EL_NFS_OK)
        status = target.volume->ops->space(target.volume, &space);
    el_nfs_put_status(x, status);
    el_nfs_put_post(x, &target);
    if (status != EL_NFS_OK)
        return true;
    el_wire_put_be64(x->out, space.total_bytes);
    el_wire_put_be64(x->out, space.free_bytes);
    el_wire_put_be64(x->out, space.free_bytes);
    el_wire_put_be64(x->out, space.total_files);
    el_wire_put_be64(x->out, space.free_files);
    el_wire_put_be64(x->out, space.free_files);
    el_wire_put_be32(x->out, 0); /* invarsec: it may change at any time */
    return true;
}

bool el_nfs_fsinfo(struct el_nfs_exchange *x)
{
    struct el_nfs_given given = el_nfs_take_handle(&x->args);
    uint32_t most = x->question->stream ? EL_NFS_IO_MAX : EL_NFS_IO_UDP;
    uint32_t preferred = x->question->stream ? EL_NFS_IO_MAX : PREFERRED_UDP;
    struct el_nfs_target target;

    if (!el_nfs_taken(x))
        return false;
    enum el_nfs_status status = el_nfs_find(x, &given, &target);
    el_nfs_put_status(x, status);
    el_nfs_put_post(x, &target);
    if (status != EL_NFS_OK)
        return true;
    for (int direction = 0; direction < 2; direction++) { /* reading, writing */
        el_wire_put_be32(x->out, most);
        el_wire_put_be32(x->out, preferred);
        el_wire_put_be32(x->out, 4096);
    }
    el_wire_put_be32(x->out, x->question->stream ? PREFERRED_DIR : PREFERRED_UDP);
    el_wire_put_be64(x->out, INT64_MAX);
    el_wire_put_be32(x->out, 0); /* times are as fine as they can be said: */
    el_wire_put_be32(x->out, 1);
    el_wire_put_be32(x->out, EL_NFS_FSF_LINK | EL_NFS_FSF_SYMLINK | EL_NFS_FSF_HOMOGENEOUS |
                                 EL_NFS_FSF_CANSETTIME);
    return true;
}

bool el_nfs_pathconf(struct el_nfs_exchange *x)
{
    struct el_nfs_given given = el_nfs_take_handle(&x->args);
    struct el_nfs_target target;

    if (!el_nfs_taken(x))
        return false;
    enum el_nfs_status status = el_nfs_find(x, &given, &target);
    el_nfs_put_status(x, status);
    el_nfs_put_post(x, &target);
    if (status != EL_NFS_OK)
        return true;
    el_wire_put_be32(x->out, LINKS_MAX);
    el_wire_put_be32(x->out, EL_NFS_NAME_MAX);
    el_wire_put_be32(x->out, true);  /* no_trunc */
    el_wire_put_be32(x->out, true);  /* chown_restricted */
    el_wire_put_be32(x->out, false); /* case_insensitive */
    el_wire_put_be32(x->out, true);  /* case_preserving */
    return true;
}
