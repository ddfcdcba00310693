/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The lock manager, version 4 (X/Open XNFS chapter 14): grants every lock. What can be written is
 * one machine's alone, and its kernel keeps its own processes apart; of what is only read, locks
 * decide nothing. A client without `nolock` would wait for ever if nobody answered.
 */
#include "nfs/exchange.h"

enum {
    TEST = 1,
    LOCK = 2,
    CANCEL = 3,
    UNLOCK = 4,
    GRANTED = 5,
    SHARE = 20,
    UNSHARE = 21,
    NM_LOCK = 22,
    FREE_ALL = 23,
    COOKIE_MAX = 1024, /* maxnetobj */
    NLM4_GRANTED = 0,
};

static bool put_cookie(struct el_nfs_exchange *x)
{
    size_t len;
    const uint8_t *cookie = el_nfs_xdr_opaque(&x->args, COOKIE_MAX, &len);

    if (!el_wire_ok(&x->args))
        return false;
    el_nfs_xdr_put_opaque(x->out, cookie, len);
    return true;
}

/* nlm4_res: the question's cookie, and yes. */
static bool grant(struct el_nfs_exchange *x)
{
    if (!put_cookie(x))
        return false;
    el_wire_put_be32(x->out, NLM4_GRANTED);
    return true;
}

/* nlm4_shareres: a sequence number besides. */
static bool share(struct el_nfs_exchange *x)
{
    if (!grant(x))
        return false;
    el_wire_put_be32(x->out, 0);
    return true;
}

static el_nfs_serve *const procedures[] = {el_nfs_serve_null, [TEST] = grant,
                                           [LOCK] = grant,    [CANCEL] = grant,
                                           [UNLOCK] = grant,  [GRANTED] = grant,
                                           [SHARE] = share,   [UNSHARE] = share,
                                           [NM_LOCK] = grant, [FREE_ALL] = el_nfs_serve_null};

const struct el_nfs_program el_nfs_program_lock = {
    .number = EL_NFS_PROGRAM_LOCK,
    .low = 4,
    .high = 4,
    .procedures = procedures,
    .procedure_count = sizeof procedures / sizeof procedures[0],
};
