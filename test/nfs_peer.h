/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A client of the server machine, for tests: builds calls, reads replies.
 */
#ifndef EL_TEST_NFS_PEER_H
#define EL_TEST_NFS_PEER_H

#include "nfs/nfs.h"
#include "nfs/rpc.h"

struct nfs_peer {
    struct el_nfs *nfs;
    struct el_nfs_question question;
    uint32_t xid, uid; /* AUTH_SYS of this user */
    uint8_t call[EL_NFS_CALL_MAX];
    struct el_wire args; /* the call being built */
    uint8_t bytes[EL_NFS_REPLY];
    struct el_nfs_reply reply;
    struct el_wire results; /* behind the accepted reply's head */
};

struct nfs_handle {
    uint8_t bytes[EL_NFS_HANDLE_MAX];
    size_t len;
};

/* Begins a call: arguments go to peer->args. */
static inline struct el_wire *nfs_call(struct nfs_peer *peer, uint32_t program, uint32_t version,
                                       uint32_t procedure)
{
    const uint32_t head[] = {++peer->xid, 0, 2,         program,   version, procedure, 1, 20,
                             0,           0, peer->uid, peer->uid, 0,       0,         0};

    peer->args = el_wire_write(peer->call, sizeof peer->call);
    for (size_t i = 0; i < sizeof head / sizeof head[0]; i++)
        el_wire_put_be32(&peer->args, head[i]);
    return &peer->args;
}

/* Sends what was built (once more, if it was sent before): the accept_stat, or -1 for no or another
 * answer. */
static inline int nfs_send(struct nfs_peer *peer)
{
    el_nfs_file_release(peer->reply.file);
    peer->reply = (struct el_nfs_reply){.out = el_wire_write(peer->bytes, sizeof peer->bytes)};
    el_nfs_answer(peer->nfs, &peer->question, peer->call, el_wire_done(&peer->args), &peer->reply);
    peer->results = el_wire_read(peer->bytes, el_wire_done(&peer->reply.out));
    uint32_t xid = el_wire_be32(&peer->results);
    uint32_t type = el_wire_be32(&peer->results);
    uint32_t denied = el_wire_be32(&peer->results);
    if (!el_wire_ok(&peer->results) || xid != peer->xid || type != 1 || denied)
        return -1;
    el_wire_skip(&peer->results, 8);
    return (int)el_wire_be32(&peer->results);
}

/* Sends, and reads the status of an NFS or MOUNT result; -1: it was not even accepted. */
static inline int nfs_status(struct nfs_peer *peer)
{
    return nfs_send(peer) == EL_NFS_SUCCESS ? (int)el_wire_be32(&peer->results) : -1;
}

static inline struct nfs_handle nfs_take_handle(struct el_wire *w)
{
    struct nfs_handle handle = {.len = 0};
    const uint8_t *bytes = el_nfs_xdr_opaque(w, sizeof handle.bytes, &handle.len);

    if (bytes)
        memcpy(handle.bytes, bytes, handle.len);
    return handle;
}

static inline struct el_wire *nfs_call3(struct nfs_peer *peer, uint32_t procedure,
                                        const struct nfs_handle *handle)
{
    nfs_call(peer, EL_NFS_PROGRAM_NFS, 3, procedure);
    el_nfs_xdr_put_opaque(&peer->args, handle->bytes, handle->len);
    return &peer->args;
}

/* MNT: the status. */
static inline int nfs_mount(struct nfs_peer *peer, const char *path, struct nfs_handle *handle)
{
    nfs_call(peer, EL_NFS_PROGRAM_MOUNT, 3, 1);
    el_nfs_xdr_put_string(&peer->args, path);
    int status = nfs_status(peer);
    if (status == EL_NFS_OK)
        *handle = nfs_take_handle(&peer->results);
    return status;
}

static inline int nfs_lookup(struct nfs_peer *peer, const struct nfs_handle *dir, const char *name,
                             struct nfs_handle *handle)
{
    nfs_call3(peer, EL_NFS_LOOKUP, dir);
    el_nfs_xdr_put_string(&peer->args, name);
    int status = nfs_status(peer);
    if (status == EL_NFS_OK)
        *handle = nfs_take_handle(&peer->results);
    return status;
}

/* What a fattr3 says, as far as tests ask. */
struct nfs_attr {
    uint32_t type, mode, nlink, uid, gid;
    uint64_t size, id;
};

static inline struct nfs_attr nfs_take_attr(struct el_wire *w)
{
    struct nfs_attr attr = {.type = el_wire_be32(w)};

    attr.mode = el_wire_be32(w);
    attr.nlink = el_wire_be32(w);
    attr.uid = el_wire_be32(w);
    attr.gid = el_wire_be32(w);
    attr.size = el_wire_be64(w);
    el_wire_skip(w, 24);
    attr.id = el_wire_be64(w);
    el_wire_skip(w, 24);
    return attr;
}

static inline int nfs_getattr(struct nfs_peer *peer, const struct nfs_handle *handle,
                              struct nfs_attr *attr)
{
    nfs_call3(peer, EL_NFS_GETATTR, handle);
    int status = nfs_status(peer);
    if (status == EL_NFS_OK)
        *attr = nfs_take_attr(&peer->results);
    return status;
}

/* READ of at most LEN bytes: how many came, or the negative status. */
static inline int nfs_read(struct nfs_peer *peer, const struct nfs_handle *handle, uint64_t offset,
                           void *to, uint32_t len, bool *end)
{
    nfs_call3(peer, EL_NFS_READ, handle);
    el_wire_put_be64(&peer->args, offset);
    el_wire_put_be32(&peer->args, len);
    int status = nfs_status(peer);
    if (status != EL_NFS_OK)
        return -status;
    el_wire_skip(&peer->results, 4 + 84);
    uint32_t got = el_wire_be32(&peer->results);
    *end = el_wire_be32(&peer->results);
    el_wire_skip(&peer->results, 4);
    if (!peer->reply.file) {
        el_wire_copy(&peer->results, to, got);
        return (int)got;
    }
    struct el_content_file whole = peer->reply.file->content;
    uint64_t at = peer->reply.file_offset - whole.fd_offset;
    return peer->reply.file_len == got ? el_content_read(&whole, at, to, got) : -1;
}

#endif
