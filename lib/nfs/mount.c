/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * MOUNT, versions 1 and 3 (RFC 1813 §5): from a path to the first handle. Any directory of an
 * export can be mounted. Who has mounted what is not kept: nobody who vanishes says so.
 *
 * Version 1 hands out handles of NFS version 2, which we do not speak; it is there for the lists.
 */
#include "base/log.h"
#include "nfs/nfs3.h"

#include <stdio.h>

enum { MNT = 1, DUMP = 2, UMNT = 3, UMNTALL = 4, EXPORT = 5, AUTH_NONE = 0, AUTH_SYS = 1 };

/* The path without doubled slashes, "." and a slash at the end, which is never longer; false if it
 * has
 * ".." or does not begin at the top. */
static bool tidy(char *path)
{
    char *to = path;

    if (path[0] && path[0] != '/')
        return false;
    for (const char *at = path; *at;) {
        size_t len = strcspn(at, "/");
        if (len == 2 && memcmp(at, "..", 2) == 0)
            return false;
        if (len && !(len == 1 && *at == '.')) {
            *to++ = '/';
            memmove(to, at, len);
            to += len;
            at += len;
        } else {
            at += len;
        }
        at += *at == '/';
    }
    *to = '\0';
    return true;
}

/* The export that PATH is in: the one with the longest path; *REST is what remains behind it. */
static struct el_nfs_exported *find_export(struct el_nfs *nfs, const char *path, const char **rest)
{
    struct el_nfs_exported *found = NULL;
    size_t found_len = 0;

    *rest = path;
    for (size_t i = 0; i < nfs->export_count; i++) {
        struct el_nfs_exported *exported = &nfs->exports[i];
        size_t len = strcmp(exported->path, "/") == 0 ? 0 : strlen(exported->path);
        if (strncmp(path, exported->path, len) != 0 || (path[len] != '/' && path[len] != '\0') ||
            (found && len < found_len))
            continue;
        found = exported;
        found_len = len;
        *rest = path + len;
    }
    return found;
}

static enum el_nfs_status descend(struct el_nfs_volume *volume, const char *rest,
                                  struct el_nfs_target *target)
{
    char name[EL_NFS_NAME_MAX + 1];

    *target = (struct el_nfs_target){.volume = volume, .node = volume->root, .known = true};
    enum el_nfs_status status = volume->ops->getattr(volume, &target->node, &target->attr);
    while (status == EL_NFS_OK && *rest == '/') {
        size_t len = strcspn(++rest, "/");
        if (len > EL_NFS_NAME_MAX)
            return EL_NFS_E_NAMETOOLONG;
        memcpy(name, rest, len);
        name[len] = '\0';
        rest += len;
        struct el_nfs_node dir = target->node;
        status = volume->ops->lookup(volume, &dir, name, &target->node, &target->attr);
    }
    if (status == EL_NFS_OK && target->attr.type != EL_NFS_DIR)
        return EL_NFS_E_NOTDIR;
    return status;
}

static enum el_nfs_status mount(struct el_nfs_exchange *x, char *path, struct el_nfs_target *target)
{
    struct el_nfs_volume *volume;
    const char *rest;

    if (!tidy(path))
        return EL_NFS_E_ACCES;
    struct el_nfs_exported *exported = find_export(x->nfs, path, &rest);
    if (!exported)
        return EL_NFS_E_NOENT;
    enum el_nfs_status status = el_nfs_volume_for(x, exported, &volume);
    return status == EL_NFS_OK ? descend(volume, rest, target) : status;
}

static void log_mount(const struct el_nfs_exchange *x, const char *path, enum el_nfs_status status)
{
    static const struct {
        enum el_nfs_status status;
        const char *reason;
    } reasons[] = {
        {EL_NFS_E_NOENT, "no such export"},
        {EL_NFS_E_ACCES, "not allowed"},
        {EL_NFS_E_NOTDIR, "not a directory"},
    };
    const char *reason = "cannot be read";

    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
        if (reasons[i].status == status)
            reason = reasons[i].reason;
    EL_LOG(status == EL_NFS_OK ? EL_LOG_INFO : EL_LOG_WARN, "nfs",
           status == EL_NFS_OK ? "mounted" : "refused", EL_STR("path", path),
           EL_STR("reason", status == EL_NFS_OK ? NULL : reason),
           EL_ENDPOINT("client", &x->question->from));
}

static bool serve_mount3(struct el_nfs_exchange *x)
{
    char path[EL_NFS_MOUNT_PATH + 1];
    struct el_nfs_target target;

    el_nfs_xdr_string(&x->args, path, sizeof path);
    if (!el_nfs_taken(x))
        return false;
    enum el_nfs_status status = mount(x, path, &target);
    log_mount(x, path, status);
    /* mountstat3 has the same numbers, but fewer of them. */
    if (status == EL_NFS_E_STALE || status > EL_NFS_E_NAMETOOLONG)
        status = EL_NFS_E_SERVERFAULT;
    el_nfs_put_status(x, status);
    if (status != EL_NFS_OK)
        return true;
    el_nfs_put_handle(x, target.volume, &target.node);
    el_wire_put_be32(x->out, 2);
    el_wire_put_be32(x->out, AUTH_SYS);
    el_wire_put_be32(x->out, AUTH_NONE);
    return true;
}

static bool serve_mount1(struct el_nfs_exchange *x)
{
    char path[EL_NFS_MOUNT_PATH + 1];

    el_nfs_xdr_string(&x->args, path, sizeof path);
    if (!el_nfs_taken(x))
        return false;
    EL_LOG(EL_LOG_WARN, "nfs", "refused", EL_STR("path", path),
           EL_STR("reason", "NFS version 2 is asked for; version 3 is spoken (nfsvers=3)"),
           EL_ENDPOINT("client", &x->question->from));
    el_nfs_put_status(x, EL_NFS_E_ACCES);
    return true;
}

/* Nobody is kept in a list, so nobody is told of. */
static bool serve_dump(struct el_nfs_exchange *x)
{
    el_wire_put_be32(x->out, false);
    return true;
}

static bool serve_umount(struct el_nfs_exchange *x)
{
    char path[EL_NFS_MOUNT_PATH + 1];

    el_nfs_xdr_string(&x->args, path, sizeof path);
    return el_nfs_taken(x);
}

/* Exports, each for everybody who is answered at all. */
static bool serve_export(struct el_nfs_exchange *x)
{
    for (size_t i = 0; i < x->nfs->export_count; i++) {
        el_wire_put_be32(x->out, true);
        el_nfs_xdr_put_string(x->out, x->nfs->exports[i].path);
        el_wire_put_be32(x->out, false);
    }
    el_wire_put_be32(x->out, false);
    return true;
}

static el_nfs_serve *const procedures3[] = {
    el_nfs_serve_null,     [MNT] = serve_mount3,          [DUMP] = serve_dump,
    [UMNT] = serve_umount, [UMNTALL] = el_nfs_serve_null, [EXPORT] = serve_export};

static el_nfs_serve *const procedures1[] = {
    el_nfs_serve_null,     [MNT] = serve_mount1,          [DUMP] = serve_dump,
    [UMNT] = serve_umount, [UMNTALL] = el_nfs_serve_null, [EXPORT] = serve_export};

const struct el_nfs_program el_nfs_program_mount3 = {
    .number = EL_NFS_PROGRAM_MOUNT,
    .low = 3,
    .high = 3,
    .procedures = procedures3,
    .procedure_count = sizeof procedures3 / sizeof procedures3[0],
};

const struct el_nfs_program el_nfs_program_mount1 = {
    .number = EL_NFS_PROGRAM_MOUNT,
    .low = 1,
    .high = 1,
    .procedures = procedures1,
    .procedure_count = sizeof procedures1 / sizeof procedures1[0],
};
