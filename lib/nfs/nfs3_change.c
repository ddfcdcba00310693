/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Procedures that change attributes and names (RFC 1813 §3.3). A volume that is only read answers
 * each with NFS3ERR_ROFS, once the handle is known to be good.
 */
#include "nfs/nfs3.h"

#include <string.h>

enum { STICKY = 01000, SET_GID = 02000, FILE_MODE = 0644, DIR_MODE = 0755, LINK_MODE = 0777 };

enum { DONT_CHANGE, SET_TO_SERVER_TIME, SET_TO_CLIENT_TIME };

/* -- arguments -- */

static void take_time(struct el_wire *w, bool *set, bool *now, struct el_nfs_time *time)
{
    uint32_t how = el_wire_be32(w);

    *set = how != DONT_CHANGE;
    *now = how == SET_TO_SERVER_TIME;
    if (how == SET_TO_CLIENT_TIME) {
        time->s = el_wire_be32(w);
        time->ns = el_wire_be32(w);
    }
    if (how > SET_TO_CLIENT_TIME || time->ns >= 1000000000)
        el_wire_fail(w);
}

static struct el_nfs_change take_change(struct el_wire *w)
{
    struct el_nfs_change change = {.mode = 0};

    if ((change.set_mode = el_nfs_xdr_bool(w)))
        change.mode = el_wire_be32(w) & 07777;
    if ((change.set_uid = el_nfs_xdr_bool(w)))
        change.uid = el_wire_be32(w);
    if ((change.set_gid = el_nfs_xdr_bool(w)))
        change.gid = el_wire_be32(w);
    if ((change.set_size = el_nfs_xdr_bool(w)))
        change.size = el_wire_be64(w);
    take_time(w, &change.set_atime, &change.atime_now, &change.atime);
    take_time(w, &change.set_mtime, &change.mtime_now, &change.mtime);
    return change;
}

/* -- SETATTR -- */

static bool may_change(const struct el_nfs_cred *cred, const struct el_nfs_attr *attr,
                       const struct el_nfs_change *change)
{
    bool owns = el_nfs_owns(cred, attr);
    bool writes = owns || el_nfs_may(cred, attr, EL_NFS_MAY_WRITE);

    if (cred->uid == 0)
        return true;
    if (change->set_uid && change->uid != attr->uid)
        return false;
    if (change->set_gid && change->gid != attr->gid &&
        (!owns || !el_nfs_in_group(cred, change->gid)))
        return false;
    if ((change->set_mode || (change->set_atime && !change->atime_now) ||
         (change->set_mtime && !change->mtime_now)) &&
        !owns)
        return false;
    return writes || !(change->set_size || change->set_atime || change->set_mtime);
}

static enum el_nfs_status set_attributes(struct el_nfs_exchange *x, struct el_nfs_target *target,
                                         const struct el_nfs_change *change)
{
    struct el_nfs_volume *volume = target->volume;

    if (!el_nfs_is_writable(volume))
        return EL_NFS_E_ROFS;
    if (change->set_size && target->attr.type != EL_NFS_REG)
        return target->attr.type == EL_NFS_DIR ? EL_NFS_E_ISDIR : EL_NFS_E_INVAL;
    if (change->set_size && change->size > INT64_MAX)
        return EL_NFS_E_FBIG;
    if (!may_change(x->cred, &target->attr, change))
        return EL_NFS_E_PERM;
    return volume->ops->setattr(volume, &target->node, change, &target->attr);
}

bool el_nfs_setattr(struct el_nfs_exchange *x)
{
    struct el_nfs_given given = el_nfs_take_handle(&x->args);
    struct el_nfs_change change = take_change(&x->args);
    bool guarded = el_nfs_xdr_bool(&x->args);
    uint32_t s = guarded ? el_wire_be32(&x->args) : 0;
    uint32_t ns = guarded ? el_wire_be32(&x->args) : 0;
    struct el_nfs_target target;

    if (!el_nfs_taken(x))
        return false;
    enum el_nfs_status status = el_nfs_find(x, &given, &target);
    const struct el_nfs_attr before = target.attr;
    bool known = target.known;
    if (status == EL_NFS_OK && guarded && (before.ctime.s != s || before.ctime.ns != ns))
        status = EL_NFS_E_NOT_SYNC;
    if (status == EL_NFS_OK)
        status = set_attributes(x, &target, &change);
    el_nfs_put_status(x, status);
    el_nfs_put_wcc(x, known ? &before : NULL, &target);
    return true;
}

/* -- a name in a directory -- */

/* The directory of a change and how it was before. */
struct place {
    struct el_nfs_target dir;
    struct el_nfs_attr before;
    bool known; /* before is filled in */
};

static enum el_nfs_status enter(struct el_nfs_exchange *x, const struct el_nfs_given *given,
                                const struct el_nfs_name *name, struct place *place)
{
    enum el_nfs_status status = el_nfs_find(x, given, &place->dir);

    place->before = place->dir.attr;
    place->known = place->dir.known;
    if (status != EL_NFS_OK)
        return status;
    if (place->dir.attr.type != EL_NFS_DIR)
        return EL_NFS_E_NOTDIR;
    if (!el_nfs_is_writable(place->dir.volume))
        return EL_NFS_E_ROFS;
    if (name->status != EL_NFS_OK)
        return name->status;
    if (!el_nfs_may(x->cred, &place->dir.attr, EL_NFS_MAY_WRITE | EL_NFS_MAY_EXEC))
        return EL_NFS_E_ACCES;
    return EL_NFS_OK;
}

static bool is_dot(const struct el_nfs_name *name)
{
    return strcmp(name->text, ".") == 0 || strcmp(name->text, "..") == 0;
}

static void put_place(struct el_nfs_exchange *x, struct place *place)
{
    if (place->known)
        el_nfs_look_again(&place->dir);
    el_nfs_put_wcc(x, place->known ? &place->before : NULL, &place->dir);
}

/* In a directory like /tmp a name is its owner's. */
static enum el_nfs_status may_take_away(const struct el_nfs_exchange *x, const struct place *place,
                                        const char *name)
{
    struct el_nfs_volume *volume = place->dir.volume;
    struct el_nfs_node node;
    struct el_nfs_attr attr;

    if (!(place->dir.attr.mode & STICKY) || el_nfs_owns(x->cred, &place->dir.attr))
        return EL_NFS_OK;
    enum el_nfs_status status = volume->ops->lookup(volume, &place->dir.node, name, &node, &attr);
    return status == EL_NFS_OK && !el_nfs_owns(x->cred, &attr) ? EL_NFS_E_ACCES : status;
}

/* -- CREATE, MKDIR, SYMLINK, MKNOD -- */

static enum el_nfs_status make(struct el_nfs_exchange *x, const struct place *place,
                               const char *name, struct el_nfs_making *making,
                               struct el_nfs_target *made)
{
    struct el_nfs_volume *volume = place->dir.volume;
    bool inherit = place->dir.attr.mode & SET_GID;

    if (!making->change.set_mode) {
        making->change.set_mode = true;
        making->change.mode = making->type == EL_NFS_DIR   ? DIR_MODE
                              : making->type == EL_NFS_LNK ? LINK_MODE
                                                           : FILE_MODE;
    }
    if (inherit && making->type == EL_NFS_DIR)
        making->change.mode |= SET_GID;
    making->uid = x->cred->uid;
    making->gid = inherit ? place->dir.attr.gid : x->cred->gid;
    if (x->cred->uid != 0) { /* nobody gives files away */
        making->change.set_uid = false;
        making->change.set_gid =
            making->change.set_gid && el_nfs_in_group(x->cred, making->change.gid);
    }
    made->volume = volume;
    enum el_nfs_status status =
        volume->ops->make(volume, &place->dir.node, name, making, &made->node, &made->attr);
    made->known = status == EL_NFS_OK;
    return status;
}

static bool serve_making(struct el_nfs_exchange *x, const struct el_nfs_given *given,
                         const struct el_nfs_name *name, struct el_nfs_making *making)
{
    struct el_nfs_target made;
    struct place place;

    if (!el_nfs_taken(x))
        return false;
    enum el_nfs_status status = enter(x, given, name, &place);
    if (status == EL_NFS_OK && is_dot(name))
        status = EL_NFS_E_EXIST;
    if (status == EL_NFS_OK && x->cred->uid != 0 &&
        (making->type == EL_NFS_BLK || making->type == EL_NFS_CHR))
        status = EL_NFS_E_PERM;
    if (status == EL_NFS_OK)
        status = make(x, &place, name->text, making, &made);
    el_nfs_put_status(x, status);
    if (status == EL_NFS_OK)
        el_nfs_put_new(x, &made);
    put_place(x, &place);
    return true;
}

bool el_nfs_create(struct el_nfs_exchange *x)
{
    struct el_nfs_given given = el_nfs_take_handle(&x->args);
    struct el_nfs_name name = el_nfs_take_name(&x->args);
    struct el_nfs_making making = {.type = EL_NFS_REG};
    uint32_t how = el_wire_be32(&x->args);

    if (how > EL_NFS_EXCLUSIVE)
        return false;
    making.how = how;
    if (how == EL_NFS_EXCLUSIVE)
        making.verifier = el_wire_be64(&x->args);
    else
        making.change = take_change(&x->args);
    return serve_making(x, &given, &name, &making);
}

bool el_nfs_mkdir(struct el_nfs_exchange *x)
{
    struct el_nfs_given given = el_nfs_take_handle(&x->args);
    struct el_nfs_name name = el_nfs_take_name(&x->args);
    struct el_nfs_making making = {
        .type = EL_NFS_DIR, .how = EL_NFS_GUARDED, .change = take_change(&x->args)};

    return serve_making(x, &given, &name, &making);
}

bool el_nfs_symlink(struct el_nfs_exchange *x)
{
    struct el_nfs_given given = el_nfs_take_handle(&x->args);
    struct el_nfs_name name = el_nfs_take_name(&x->args);
    struct el_nfs_making making = {
        .type = EL_NFS_LNK, .how = EL_NFS_GUARDED, .change = take_change(&x->args)};
    char target[EL_NFS_PATH_MAX];

    el_nfs_xdr_string(&x->args, target, sizeof target);
    making.target = target;
    return serve_making(x, &given, &name, &making);
}

bool el_nfs_mknod(struct el_nfs_exchange *x)
{
    struct el_nfs_given given = el_nfs_take_handle(&x->args);
    struct el_nfs_name name = el_nfs_take_name(&x->args);
    uint32_t type = el_wire_be32(&x->args);
    struct el_nfs_making making = {.type = type, .how = EL_NFS_GUARDED};
    struct place place;

    if (type < EL_NFS_REG || type > EL_NFS_FIFO)
        return false;
    if (type == EL_NFS_REG || type == EL_NFS_DIR || type == EL_NFS_LNK) {
        if (!el_nfs_taken(x))
            return false;
        enum el_nfs_status status = enter(x, &given, &name, &place);
        el_nfs_put_status(x, status == EL_NFS_OK ? EL_NFS_E_BADTYPE : status);
        put_place(x, &place);
        return true;
    }
    making.change = take_change(&x->args);
    if (type == EL_NFS_BLK || type == EL_NFS_CHR) {
        making.rdev_major = el_wire_be32(&x->args);
        making.rdev_minor = el_wire_be32(&x->args);
    }
    return serve_making(x, &given, &name, &making);
}

/* -- REMOVE, RMDIR -- */

static bool serve_removal(struct el_nfs_exchange *x, bool directory)
{
    struct el_nfs_given given = el_nfs_take_handle(&x->args);
    struct el_nfs_name name = el_nfs_take_name(&x->args);
    struct place place;

    if (!el_nfs_taken(x))
        return false;
    enum el_nfs_status status = enter(x, &given, &name, &place);
    struct el_nfs_volume *volume = place.dir.volume;
    if (status == EL_NFS_OK && is_dot(&name))
        status = EL_NFS_E_INVAL;
    if (status == EL_NFS_OK)
        status = may_take_away(x, &place, name.text);
    if (status == EL_NFS_OK)
        status = volume->ops->remove(volume, &place.dir.node, name.text, directory);
    el_nfs_put_status(x, status);
    put_place(x, &place);
    return true;
}

bool el_nfs_remove(struct el_nfs_exchange *x)
{
    return serve_removal(x, false);
}

bool el_nfs_rmdir(struct el_nfs_exchange *x)
{
    return serve_removal(x, true);
}

/* -- RENAME, LINK -- */

bool el_nfs_rename(struct el_nfs_exchange *x)
{
    struct el_nfs_given from_given = el_nfs_take_handle(&x->args);
    struct el_nfs_name from_name = el_nfs_take_name(&x->args);
    struct el_nfs_given to_given = el_nfs_take_handle(&x->args);
    struct el_nfs_name to_name = el_nfs_take_name(&x->args);
    struct place from, to;

    if (!el_nfs_taken(x))
        return false;
    enum el_nfs_status from_status = enter(x, &from_given, &from_name, &from);
    enum el_nfs_status status = enter(x, &to_given, &to_name, &to);
    struct el_nfs_volume *volume = from.dir.volume;
    if (from_status != EL_NFS_OK)
        status = from_status;
    if (status == EL_NFS_OK && to.dir.volume != volume)
        status = EL_NFS_E_XDEV;
    if (status == EL_NFS_OK && (is_dot(&from_name) || is_dot(&to_name)))
        status = EL_NFS_E_INVAL;
    if (status == EL_NFS_OK)
        status = may_take_away(x, &from, from_name.text);
    if (status == EL_NFS_OK) {
        status = may_take_away(x, &to, to_name.text);
        status = status == EL_NFS_E_NOENT ? EL_NFS_OK : status;
    }
    if (status == EL_NFS_OK)
        status =
            volume->ops->rename(volume, &from.dir.node, from_name.text, &to.dir.node, to_name.text);
    el_nfs_put_status(x, status);
    put_place(x, &from);
    put_place(x, &to);
    return true;
}

bool el_nfs_link(struct el_nfs_exchange *x)
{
    struct el_nfs_given given = el_nfs_take_handle(&x->args);
    struct el_nfs_given dir_given = el_nfs_take_handle(&x->args);
    struct el_nfs_name name = el_nfs_take_name(&x->args);
    struct el_nfs_target target;
    struct place place;

    if (!el_nfs_taken(x))
        return false;
    enum el_nfs_status file_status = el_nfs_find(x, &given, &target);
    enum el_nfs_status status = enter(x, &dir_given, &name, &place);
    if (file_status != EL_NFS_OK)
        status = file_status;
    if (status == EL_NFS_OK && target.volume != place.dir.volume)
        status = EL_NFS_E_XDEV;
    if (status == EL_NFS_OK && is_dot(&name))
        status = EL_NFS_E_EXIST;
    if (status == EL_NFS_OK && target.attr.type == EL_NFS_DIR)
        status = EL_NFS_E_ISDIR;
    if (status == EL_NFS_OK)
        status = target.volume->ops->link(target.volume, &target.node, &place.dir.node, name.text);
    if (target.known)
        el_nfs_look_again(&target);
    el_nfs_put_status(x, status);
    el_nfs_put_post(x, &target);
    put_place(x, &place);
    return true;
}
