/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * XDR (RFC 4506) on the wire cursor: what is not a plain number. Everything stands on multiples of
 * four bytes; what fills them up is zero when written and not looked at when read.
 */
#ifndef EL_NFS_XDR_H
#define EL_NFS_XDR_H

#include "base/wire.h"

/* Bytes that follow LEN bytes of opaque data. */
static inline size_t el_nfs_xdr_pad(size_t len)
{
    return (4 - len % 4) % 4;
}

/* A boolean; any other number than 0 and 1 fails (RFC 4506 §4.4). */
static inline bool el_nfs_xdr_bool(struct el_wire *w)
{
    uint32_t value = el_wire_be32(w);

    if (value > 1)
        el_wire_fail(w);
    return value == 1;
}

/* Opaque data of at most MAX bytes, in place; NULL if it is longer or does not fit. */
static inline const uint8_t *el_nfs_xdr_opaque(struct el_wire *w, size_t max, size_t *len)
{
    uint32_t said = el_wire_be32(w);

    *len = 0;
    if (said > max) {
        el_wire_fail(w);
        return NULL;
    }
    const uint8_t *bytes = el_wire_take(w, said);
    el_wire_skip(w, el_nfs_xdr_pad(said));
    if (!el_wire_ok(w))
        return NULL;
    *len = said;
    return bytes;
}

/* A string of at most CAPACITY - 1 bytes with a NUL behind it. One with a NUL inside fails: no name
 * has one. */
static inline void el_nfs_xdr_string(struct el_wire *w, char *to, size_t capacity)
{
    size_t len;
    const uint8_t *bytes = el_nfs_xdr_opaque(w, capacity - 1, &len);

    to[0] = '\0';
    if (!bytes)
        return;
    if (memchr(bytes, '\0', len)) {
        el_wire_fail(w);
        return;
    }
    memcpy(to, bytes, len);
    to[len] = '\0';
}

static inline void el_nfs_xdr_put_opaque(struct el_wire *w, const void *bytes, size_t len)
{
    el_wire_put_be32(w, (uint32_t)len);
    el_wire_put(w, bytes, len);
    el_wire_put_zero(w, el_nfs_xdr_pad(len));
}

static inline void el_nfs_xdr_put_string(struct el_wire *w, const char *text)
{
    el_nfs_xdr_put_opaque(w, text, strlen(text));
}

#endif
