/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ONC RPC, version 2 (RFC 5531), as a server meets it: calls, replies, and the records of a stream.
 *
 * Who a call says it comes from (AUTH_SYS) is what a machine says about its own users: it serves to
 * keep these apart, and is no proof of anything.
 */
#ifndef EL_NFS_RPC_H
#define EL_NFS_RPC_H

#include "base/err.h"
#include "nfs/nfs_wire.h"
#include "nfs/xdr.h"

enum {
    EL_NFS_GROUPS = 16, /* of AUTH_SYS */
    EL_NFS_NOBODY = 65534,
    EL_NFS_FRAGMENTS = 64, /* of one record; clients send one */
};

struct el_nfs_cred {
    uint32_t uid, gid;
    uint32_t groups[EL_NFS_GROUPS];
    uint32_t group_count;
};

struct el_nfs_call {
    uint32_t xid, program, version, procedure;
    struct el_nfs_cred cred; /* AUTH_NONE: nobody */
    struct el_wire args;     /* over the bytes of the call */
};

enum el_nfs_verdict {
    EL_NFS_CALL,         /* to be answered by its program */
    EL_NFS_NO_CALL,      /* a reply, or nonsense: not to be answered */
    EL_NFS_RPC_MISMATCH, /* another version of RPC: denied */
    EL_NFS_BAD_CRED,     /* credentials that are none: denied */
    EL_NFS_WEAK_AUTH,    /* a flavour that we do not speak: denied */
};

enum el_nfs_verdict el_nfs_call_decode(const uint8_t *bytes, size_t len, struct el_nfs_call *call);

/* The head of an accepted reply; results follow. LOW and HIGH are told with EL_NFS_PROG_MISMATCH.
 */
void el_nfs_reply_accept(struct el_wire *out, uint32_t xid, enum el_nfs_accept status, uint32_t low,
                         uint32_t high);

/* A denied reply, whole, for the verdicts that deny. */
void el_nfs_reply_deny(struct el_wire *out, uint32_t xid, enum el_nfs_verdict verdict);

/* Record marking (RFC 5531 §11). */
struct el_nfs_record {
    uint8_t *bytes;
    size_t len;
    size_t taken; /* bytes of the stream that it took, marks included */
    size_t need;  /* of an incomplete one: bytes of the stream that are known to be needed */
};

/* Looks for a whole record of at most MAX bytes where BYTES begin; its fragments are moved together
 * in place. 1: there it is; 0: more bytes are needed; EL_EPROTO: the stream makes no sense, or is a
 * bomb. */
int el_nfs_record_next(uint8_t *bytes, size_t len, size_t max, struct el_nfs_record *record);

/* The mark in front of a reply of LEN bytes that is one record. */
void el_nfs_record_mark(uint8_t mark[4], size_t len);

#endif
