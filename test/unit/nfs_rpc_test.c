/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Calls of ONC RPC, its records, and what is no call. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "nfs/rpc.h"

/* A NULL call of NFS 3 as Linux sends it: AUTH_SYS, host "n1", uid 1000, gid 100, two groups. */
static const uint8_t linux_null[] = {
    0x1a, 0x2b, 0x3c, 0x4d, 0, 0, 0,    0,                                /* xid, CALL */
    0,    0,    0,    2,    0, 1, 0x86, 0xa3, 0,   0,   0, 3, 0, 0, 0, 0, /* RPC 2, NFS, 3, NULL */
    0,    0,    0,    1,    0, 0, 0,    32,                               /* AUTH_SYS, 32 bytes */
    1,    2,    3,    4,    0, 0, 0,    2,    'n', '1', 0, 0,             /* stamp, name */
    0,    0,    3,    0xe8, 0, 0, 0,    100,  0,   0,   0, 2, 0, 0, 0, 4,
    0,    0,    0,    24,   0, 0, 0,    0,    0,   0,   0, 0, /* verifier: AUTH_NONE */
};

static void a_call_is_understood(void **state)
{
    struct el_nfs_call call;

    (void)state;
    assert_int_equal(el_nfs_call_decode(linux_null, sizeof linux_null, &call), EL_NFS_CALL);
    assert_int_equal(call.xid, 0x1a2b3c4d);
    assert_int_equal(call.program, EL_NFS_PROGRAM_NFS);
    assert_int_equal(call.version, 3);
    assert_int_equal(call.procedure, EL_NFS_NULL);
    assert_int_equal(call.cred.uid, 1000);
    assert_int_equal(call.cred.gid, 100);
    assert_int_equal(call.cred.group_count, 2);
    assert_int_equal(call.cred.groups[1], 24);
    assert_int_equal(el_wire_left(&call.args), 0);
}

static void what_is_cut_is_no_call(void **state)
{
    struct el_nfs_call call;

    (void)state;
    for (size_t len = 0; len < sizeof linux_null; len++)
        assert_int_equal(el_nfs_call_decode(linux_null, len, &call), EL_NFS_NO_CALL);
}

static enum el_nfs_verdict with(size_t at, uint8_t value, struct el_nfs_call *call)
{
    static uint8_t bytes[sizeof linux_null];

    memcpy(bytes, linux_null, sizeof bytes);
    bytes[at] = value;
    return el_nfs_call_decode(bytes, sizeof bytes, call);
}

static void what_cannot_be_answered_is_denied_or_dropped(void **state)
{
    struct el_nfs_call call;

    (void)state;
    assert_int_equal(with(7, 1, &call), EL_NFS_NO_CALL); /* a reply: answering would loop */
    assert_int_equal(with(11, 3, &call), EL_NFS_RPC_MISMATCH);
    assert_int_equal(with(27, 6, &call), EL_NFS_WEAK_AUTH); /* RPCSEC_GSS */
    assert_int_equal(with(55, 17, &call), EL_NFS_BAD_CRED); /* 17 groups */
    assert_int_equal(with(55, 1, &call), EL_NFS_BAD_CRED);  /* fewer than there are */
    assert_int_equal(with(27, 0, &call), EL_NFS_CALL);
    assert_int_equal(call.cred.uid, EL_NFS_NOBODY);
}

static size_t put_fragment(uint8_t *to, bool last, const char *text)
{
    size_t len = strlen(text);

    el_nfs_record_mark(to, len);
    if (!last)
        to[0] = 0;
    memcpy(to + 4, text, len);
    return len + 4;
}

static void fragments_become_one_record(void **state)
{
    uint8_t stream[64];
    struct el_nfs_record record;
    size_t len = put_fragment(stream, false, "one ");

    (void)state;
    len += put_fragment(stream + len, false, "");
    len += put_fragment(stream + len, false, "two ");
    len += put_fragment(stream + len, true, "three");
    size_t whole = len;
    len += put_fragment(stream + len, true, "next");
    for (size_t some = 0; some < whole; some++) {
        assert_int_equal(el_nfs_record_next(stream, some, 100, &record), 0);
        assert_true(record.need > some && record.need <= whole);
    }
    assert_int_equal(el_nfs_record_next(stream, len, 100, &record), 1);
    assert_int_equal(record.taken, whole);
    assert_int_equal(record.len, 13);
    assert_memory_equal(record.bytes, "one two three", 13);
    assert_int_equal(el_nfs_record_next(stream + whole, len - whole, 100, &record), 1);
    assert_memory_equal(record.bytes, "next", 4);
}

static void bombs_do_not_go_off(void **state)
{
    static const uint8_t zeros[4 * 1000];
    uint8_t stream[64];
    struct el_nfs_record record;
    size_t len = put_fragment(stream, false, "0123456789");

    (void)state;
    assert_int_equal(el_nfs_record_next((uint8_t[4]){0x7f, 255, 255, 255}, 4, 1 << 20, &record),
                     EL_EPROTO);
    len += put_fragment(stream + len, true, "0123456789");
    assert_int_equal(el_nfs_record_next(stream, len, 19, &record), EL_EPROTO);
    assert_int_equal(el_nfs_record_next(stream, len, 20, &record), 1);
    uint8_t empty[sizeof zeros];
    memcpy(empty, zeros, sizeof empty);
    assert_int_equal(el_nfs_record_next(empty, sizeof empty, 1 << 20, &record), EL_EPROTO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_call_is_understood),
        cmocka_unit_test(what_is_cut_is_no_call),
        cmocka_unit_test(what_cannot_be_answered_is_denied_or_dropped),
        cmocka_unit_test(fragments_become_one_record),
        cmocka_unit_test(bombs_do_not_go_off),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
