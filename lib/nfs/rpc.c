/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Calls, replies, records. */
#include "nfs/rpc.h"

enum {
    RPC_VERSION = 2,
    MSG_CALL = 0,
    MSG_REPLY = 1,
    REPLY_ACCEPTED = 0,
    REPLY_DENIED = 1,
    DENIED_MISMATCH = 0,
    DENIED_AUTH = 1,
    AUTH_NONE = 0,
    AUTH_SYS = 1,
    AUTH_BADCRED = 1,
    AUTH_TOOWEAK = 5,
    AUTH_BYTES = 400,
    MACHINE_NAME = 255,
    MARK = 4,
};

#define LAST_FRAGMENT 0x80000000u

/* RFC 5531 appendix A. */
static bool decode_auth_sys(struct el_wire w, struct el_nfs_cred *cred)
{
    size_t name_len;

    el_wire_skip(&w, 4); /* stamp */
    (void)el_nfs_xdr_opaque(&w, MACHINE_NAME, &name_len);
    cred->uid = el_wire_be32(&w);
    cred->gid = el_wire_be32(&w);
    cred->group_count = el_wire_be32(&w);
    if (cred->group_count > EL_NFS_GROUPS)
        return false;
    for (uint32_t i = 0; i < cred->group_count; i++)
        cred->groups[i] = el_wire_be32(&w);
    return el_wire_ok(&w) && el_wire_left(&w) == 0;
}

enum el_nfs_verdict el_nfs_call_decode(const uint8_t *bytes, size_t len, struct el_nfs_call *call)
{
    struct el_wire w = el_wire_read(bytes, len);
    size_t cred_len, verifier_len;

    *call = (struct el_nfs_call){.cred = {.uid = EL_NFS_NOBODY, .gid = EL_NFS_NOBODY}};
    call->xid = el_wire_be32(&w);
    if (el_wire_be32(&w) != MSG_CALL || !el_wire_ok(&w))
        return EL_NFS_NO_CALL;
    if (el_wire_be32(&w) != RPC_VERSION)
        return el_wire_ok(&w) ? EL_NFS_RPC_MISMATCH : EL_NFS_NO_CALL;
    call->program = el_wire_be32(&w);
    call->version = el_wire_be32(&w);
    call->procedure = el_wire_be32(&w);
    uint32_t flavor = el_wire_be32(&w);
    const uint8_t *cred = el_nfs_xdr_opaque(&w, AUTH_BYTES, &cred_len);
    el_wire_skip(&w, 4); /* flavour of the verifier */
    (void)el_nfs_xdr_opaque(&w, AUTH_BYTES, &verifier_len);
    if (!el_wire_ok(&w))
        return EL_NFS_NO_CALL;
    call->args = el_wire_read(w.at, el_wire_left(&w));
    if (flavor == AUTH_SYS)
        return decode_auth_sys(el_wire_read(cred, cred_len), &call->cred) ? EL_NFS_CALL
                                                                          : EL_NFS_BAD_CRED;
    return flavor == AUTH_NONE ? EL_NFS_CALL : EL_NFS_WEAK_AUTH;
}

void el_nfs_reply_accept(struct el_wire *out, uint32_t xid, enum el_nfs_accept status, uint32_t low,
                         uint32_t high)
{
    el_wire_put_be32(out, xid);
    el_wire_put_be32(out, MSG_REPLY);
    el_wire_put_be32(out, REPLY_ACCEPTED);
    el_wire_put_be32(out, AUTH_NONE);
    el_wire_put_be32(out, 0);
    el_wire_put_be32(out, status);
    if (status == EL_NFS_PROG_MISMATCH) {
        el_wire_put_be32(out, low);
        el_wire_put_be32(out, high);
    }
}

void el_nfs_reply_deny(struct el_wire *out, uint32_t xid, enum el_nfs_verdict verdict)
{
    el_wire_put_be32(out, xid);
    el_wire_put_be32(out, MSG_REPLY);
    el_wire_put_be32(out, REPLY_DENIED);
    if (verdict == EL_NFS_RPC_MISMATCH) {
        el_wire_put_be32(out, DENIED_MISMATCH);
        el_wire_put_be32(out, RPC_VERSION);
        el_wire_put_be32(out, RPC_VERSION);
        return;
    }
    el_wire_put_be32(out, DENIED_AUTH);
    el_wire_put_be32(out, verdict == EL_NFS_BAD_CRED ? AUTH_BADCRED : AUTH_TOOWEAK);
}

/* Moves the fragments of a whole record together, behind the first one's mark. */
static void join(uint8_t *bytes, struct el_nfs_record *record)
{
    struct el_wire w = el_wire_read(bytes, record->taken);

    record->bytes = bytes + MARK;
    record->len = 0;
    while (el_wire_left(&w)) {
        size_t len = el_wire_be32(&w) & ~LAST_FRAGMENT;
        const uint8_t *fragment = el_wire_take(&w, len);
        if (len && fragment != record->bytes + record->len)
            memmove(record->bytes + record->len, fragment, len);
        record->len += len;
    }
}

int el_nfs_record_next(uint8_t *bytes, size_t len, size_t max, struct el_nfs_record *record)
{
    struct el_wire w = el_wire_read(bytes, len);
    size_t total = 0;

    for (unsigned fragments = 0; fragments < EL_NFS_FRAGMENTS; fragments++) {
        if (el_wire_left(&w) < MARK) {
            record->need = el_wire_done(&w) + MARK;
            return 0;
        }
        uint32_t mark = el_wire_be32(&w);
        size_t fragment = mark & ~LAST_FRAGMENT;
        if (fragment > max - total)
            return EL_EPROTO;
        total += fragment;
        if (el_wire_left(&w) < fragment) {
            record->need = el_wire_done(&w) + fragment;
            return 0;
        }
        el_wire_skip(&w, fragment);
        if (mark & LAST_FRAGMENT) {
            record->taken = el_wire_done(&w);
            join(bytes, record);
            return 1;
        }
    }
    return EL_EPROTO;
}

void el_nfs_record_mark(uint8_t mark[4], size_t len)
{
    struct el_wire w = el_wire_write(mark, MARK);

    el_wire_put_be32(&w, LAST_FRAGMENT | (uint32_t)len);
}
