/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Calls find their program, handles their volume. */
#include "nfs/nfs.h"

#include "base/csprng.h"
#include "base/log.h"
#include "nfs/exchange.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct el_nfs_program *const programs[] = {
    &el_nfs_program_nfs,  &el_nfs_program_mount1,   &el_nfs_program_mount3,
    &el_nfs_program_lock, &el_nfs_program_portmap2, &el_nfs_program_portmap3,
};

bool el_nfs_serve_null(struct el_nfs_exchange *x)
{
    (void)x;
    return true;
}

/* -- exports -- */

static bool is_export_path(const char *path)
{
    size_t len = strlen(path);

    if (path[0] != '/' || len >= EL_NFS_EXPORT_PATH || (len > 1 && path[len - 1] == '/'))
        return false;
    for (const char *at = path; *at; at++) {
        size_t name = at[0] == '/' ? strcspn(at + 1, "/") : 1;
        if ((unsigned char)*at < ' ' || (name == 0 && len > 1) ||
            (name == 1 && at[0] == '/' && at[1] == '.') ||
            (name == 2 && at[1] == '.' && at[2] == '.'))
            return false;
    }
    return true;
}

int el_nfs_export(struct el_nfs *nfs, const char *path, const struct el_nfs_source *source,
                  const struct el_nfs_overlays *overlays)
{
    struct el_nfs_exported *exported = &nfs->exports[nfs->export_count];
    int rc = is_export_path(path) ? 0 : EL_EINVAL;

    for (size_t i = 0; i < nfs->export_count; i++)
        if (strcmp(nfs->exports[i].path, path) == 0)
            rc = EL_EEXIST;
    if (rc == 0 && nfs->export_count == EL_NFS_EXPORTS)
        rc = EL_EFULL;
    if (rc < 0) {
        if (source->close)
            source->close(source->arg);
        return rc;
    }
    uint64_t id = el_nfs_hash(&nfs->keys, path, strlen(path) + 1);
    exported->tree = el_nfs_tree_new(source, id, &nfs->keys, nfs->files);
    if (!exported->tree)
        return EL_EIO;
    snprintf(exported->path, sizeof exported->path, "%s", path);
    exported->overlays = overlays;
    nfs->export_count++;
    return 0;
}

bool el_nfs_writes(const struct el_nfs *nfs)
{
    for (size_t i = 0; i < nfs->export_count; i++)
        if (nfs->exports[i].overlays)
            return true;
    return false;
}

/* -- volumes -- */

/* The number of an export's volume for whoever asks. */
static uint64_t volume_id(const struct el_nfs_exchange *x, const struct el_nfs_exported *exported,
                          char machine[EL_NFS_MACHINE])
{
    const struct el_nfs_config *config = &x->nfs->config;
    char text[EL_NFS_EXPORT_PATH + EL_NFS_MACHINE];
    char ip[EL_IP_TEXT];

    machine[0] = '\0';
    if (!exported->overlays)
        return el_nfs_tree_volume(exported->tree)->id;
    if (config->machine)
        config->machine(config->arg, &x->question->from.ip, machine);
    if (!machine[0])
        snprintf(machine, EL_NFS_MACHINE, "%s", el_ip_text(&x->question->from.ip, ip));
    int len = snprintf(text, sizeof text, "%s%c%s", exported->path, '\0', machine);
    return el_nfs_hash(&x->nfs->keys, text, (size_t)len);
}

static enum el_nfs_status open_overlay(struct el_nfs_exchange *x,
                                       const struct el_nfs_exported *exported, uint64_t id,
                                       const char *machine, struct el_nfs_volume **volume)
{
    struct el_nfs *nfs = x->nfs;
    struct el_nfs_opened *place = &nfs->overlays[0];

    for (size_t i = 0; i < EL_NFS_OVERLAYS; i++) {
        struct el_nfs_opened *opened = &nfs->overlays[i];
        if (opened->volume && opened->volume->id == id) {
            opened->asked = ++nfs->asked;
            *volume = opened->volume;
            return EL_NFS_OK;
        }
        if (!opened->volume ? place->volume != NULL : place->volume && opened->asked < place->asked)
            place = opened;
    }
    enum el_nfs_status status =
        exported->overlays->open(exported->overlays->arg, exported->tree, id, machine, volume);
    if (status != EL_NFS_OK)
        return status;
    if (place->volume)
        place->volume->ops->close(place->volume);
    *place = (struct el_nfs_opened){*volume, ++nfs->asked};
    return EL_NFS_OK;
}

static enum el_nfs_status volume_of(struct el_nfs_exchange *x,
                                    const struct el_nfs_exported *exported, uint64_t id,
                                    const char *machine, struct el_nfs_volume **volume)
{
    if (exported->overlays)
        return open_overlay(x, exported, id, machine, volume);
    *volume = el_nfs_tree_volume(exported->tree);
    return EL_NFS_OK;
}

enum el_nfs_status el_nfs_volume_for(struct el_nfs_exchange *x, struct el_nfs_exported *exported,
                                     struct el_nfs_volume **volume)
{
    char machine[EL_NFS_MACHINE];
    uint64_t id = volume_id(x, exported, machine);

    return volume_of(x, exported, id, machine, volume);
}

enum el_nfs_status el_nfs_volume_by_id(struct el_nfs_exchange *x, uint64_t id,
                                       struct el_nfs_volume **volume)
{
    char machine[EL_NFS_MACHINE];

    for (size_t i = 0; i < x->nfs->export_count; i++) {
        const struct el_nfs_exported *exported = &x->nfs->exports[i];
        if (volume_id(x, exported, machine) == id)
            return volume_of(x, exported, id, machine, volume);
    }
    return EL_NFS_E_STALE;
}

/* -- calls -- */

static const struct el_nfs_program *find_program(const struct el_nfs_call *call, bool portmap,
                                                 uint32_t *low, uint32_t *high)
{
    *low = *high = 0;
    for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++) {
        const struct el_nfs_program *program = programs[i];
        if (program->number != call->program ||
            (portmap && program->number != EL_NFS_PROGRAM_PORTMAP))
            continue;
        if (call->version >= program->low && call->version <= program->high)
            return program;
        if (*low == 0)
            *low = program->low;
        *high = program->high;
    }
    return NULL;
}

static void serve(struct el_nfs_exchange *x, const struct el_nfs_call *call)
{
    uint32_t low, high;
    const struct el_nfs_program *program = find_program(call, x->question->portmap, &low, &high);

    if (!program) {
        el_nfs_reply_accept(x->out, call->xid, low ? EL_NFS_PROG_MISMATCH : EL_NFS_PROG_UNAVAIL,
                            low, high);
        return;
    }
    el_nfs_serve *procedure =
        call->procedure < program->procedure_count ? program->procedures[call->procedure] : NULL;
    if (!procedure) {
        el_nfs_reply_accept(x->out, call->xid, EL_NFS_PROC_UNAVAIL, 0, 0);
        return;
    }
    const struct el_wire before = *x->out;
    el_nfs_reply_accept(x->out, call->xid, EL_NFS_SUCCESS, 0, 0);
    bool understood = procedure(x);
    if (understood && el_wire_ok(x->out))
        return;
    el_nfs_file_release(x->reply->file);
    x->reply->file = NULL;
    *x->out = before;
    el_nfs_reply_accept(x->out, call->xid, understood ? EL_NFS_SYSTEM_ERR : EL_NFS_GARBAGE_ARGS, 0,
                        0);
}

/* Whether a second call like this one is answered with the first one's reply. */
static bool is_done_once(const struct el_nfs_call *call)
{
    return call->program == el_nfs_program_nfs.number && call->procedure < 64 &&
           (el_nfs_program_nfs.once >> call->procedure & 1);
}

void el_nfs_answer(struct el_nfs *nfs, const struct el_nfs_question *question, const uint8_t *bytes,
                   size_t len, struct el_nfs_reply *reply)
{
    struct el_nfs_call call;

    reply->file = NULL;
    if (nfs->config.clients.ip.family &&
        !el_prefix_contains(&nfs->config.clients, &question->from.ip)) {
        EL_LOG(EL_LOG_DEBUG, "nfs", "stranger", EL_ENDPOINT("client", &question->from));
        return;
    }
    enum el_nfs_verdict verdict = el_nfs_call_decode(bytes, len, &call);
    if (verdict == EL_NFS_NO_CALL)
        return;
    if (verdict != EL_NFS_CALL) {
        el_nfs_reply_deny(&reply->out, call.xid, verdict);
        return;
    }
    bool once = is_done_once(&call);
    uint64_t key = once ? el_nfs_replay_key(&nfs->keys, &question->from.ip, bytes, len) : 0;
    size_t kept_len;
    const uint8_t *kept =
        once ? el_nfs_replay_find(nfs->replay, key, question->now_ns, &kept_len) : NULL;
    if (kept) {
        el_wire_put(&reply->out, kept, kept_len);
        return;
    }
    struct el_nfs_exchange x = {.nfs = nfs,
                                .question = question,
                                .cred = &call.cred,
                                .args = call.args,
                                .out = &reply->out,
                                .reply = reply};
    serve(&x, &call);
    if (once)
        el_nfs_replay_keep(nfs->replay, key, question->now_ns, reply->out.start,
                           el_wire_done(&reply->out));
}

/* -- life -- */

struct el_nfs *el_nfs_new(const struct el_nfs_config *config)
{
    struct el_nfs *nfs = calloc(1, sizeof *nfs);

    if (!nfs)
        return NULL;
    nfs->config = *config;
    el_nfs_keys_derive(&nfs->keys, config->key);
    memset(nfs->config.key, 0, sizeof nfs->config.key);
    el_random(&nfs->write_verifier, sizeof nfs->write_verifier);
    nfs->files = el_nfs_files_new();
    nfs->listings = el_nfs_listings_new();
    nfs->replay = el_nfs_replay_new();
    if (nfs->files && nfs->listings && nfs->replay)
        return nfs;
    el_nfs_free(nfs);
    return NULL;
}

void el_nfs_free(struct el_nfs *nfs)
{
    if (!nfs)
        return;
    for (size_t i = 0; i < EL_NFS_OVERLAYS; i++)
        if (nfs->overlays[i].volume)
            nfs->overlays[i].volume->ops->close(nfs->overlays[i].volume);
    for (size_t i = 0; i < nfs->export_count; i++) {
        struct el_nfs_volume *volume = el_nfs_tree_volume(nfs->exports[i].tree);
        volume->ops->close(volume);
    }
    el_nfs_replay_free(nfs->replay);
    el_nfs_listings_free(nfs->listings);
    el_nfs_files_free(nfs->files);
    el_nfs_keys_wipe(&nfs->keys);
    free(nfs);
}

const struct el_nfs_keys *el_nfs_keys(const struct el_nfs *nfs)
{
    return &nfs->keys;
}

struct el_nfs_files *el_nfs_files(struct el_nfs *nfs)
{
    return nfs->files;
}
