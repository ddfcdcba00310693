/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every vendored library links, runs, and is the version that its headers describe. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include <ares.h>
#include <blake2.h>
#include <llhttp.h>
#include <netlink/netlink.h>
#include <netlink/route/link.h>
#include <netlink/version.h>
#include <sodium.h>
#include <sqlite3.h>
#include <uv.h>

static void headers_and_libraries_are_of_one_version(void **state)
{
    (void)state;
    assert_int_equal(uv_version(), UV_VERSION_HEX);
    assert_string_equal(sodium_version_string(), SODIUM_VERSION_STRING);
    assert_string_equal(sqlite3_sourceid(), SQLITE_SOURCE_ID);
    assert_string_equal(ares_version(NULL), ARES_VERSION_STR);
    assert_int_equal(nl_ver_num, LIBNL_VER_NUM);
}

/* RFC 7693 appendix B. */
static void blake2s_gives_the_rfc_vector(void **state)
{
    (void)state;
    static const uint8_t expected[32] = {
        0x50, 0x8c, 0x5e, 0x8c, 0x32, 0x7c, 0x14, 0xe2, 0xe1, 0xa7, 0x2b,
        0xa3, 0x4e, 0xeb, 0x45, 0x2f, 0x37, 0x45, 0x8b, 0x20, 0x9e, 0xd6,
        0x3a, 0x29, 0x4d, 0x99, 0x9b, 0x4c, 0x86, 0x67, 0x59, 0x82,
    };
    uint8_t digest[32];
    assert_int_equal(blake2s(digest, "abc", NULL, sizeof digest, 3, 0), 0);
    assert_memory_equal(digest, expected, sizeof digest);
}

/* RFC 7693 appendix A. Two of the libraries have functions named blake2b, and the wrong one would
 * write beyond libsodium's state. */
static void blake2b_is_that_of_libsodium(void **state)
{
    (void)state;
    static const uint8_t expected[64] = {
        0xba, 0x80, 0xa5, 0x3f, 0x98, 0x1c, 0x4d, 0x0d, 0x6a, 0x27, 0x97, 0xb6, 0x9f,
        0x12, 0xf6, 0xe9, 0x4c, 0x21, 0x2f, 0x14, 0x68, 0x5a, 0xc4, 0xb7, 0x4b, 0x12,
        0xbb, 0x6f, 0xdb, 0xff, 0xa2, 0xd1, 0x7d, 0x87, 0xc5, 0x39, 0x2a, 0xab, 0x79,
        0x2d, 0xc2, 0x52, 0xd5, 0xde, 0x45, 0x33, 0xcc, 0x95, 0x18, 0xd3, 0x8a, 0xa8,
        0xdb, 0xf1, 0x92, 0x5a, 0xb9, 0x23, 0x86, 0xed, 0xd4, 0x00, 0x99, 0x23,
    };
    struct {
        crypto_generichash_state state;
        uint8_t behind[256];
    } hash;
    uint8_t digest[64], behind[sizeof hash.behind];

    assert_true(sodium_init() >= 0);
    memset(hash.behind, 0xee, sizeof hash.behind);
    memcpy(behind, hash.behind, sizeof behind);
    crypto_generichash_init(&hash.state, NULL, 0, sizeof digest);
    crypto_generichash_update(&hash.state, (const uint8_t *)"abc", 3);
    crypto_generichash_final(&hash.state, digest, sizeof digest);
    assert_memory_equal(digest, expected, sizeof digest);
    assert_memory_equal(hash.behind, behind, sizeof behind);
}

static void libraries_run(void **state)
{
    (void)state;
    assert_true(sodium_init() >= 0);

    uv_loop_t loop;
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(uv_loop_close(&loop), 0);

    sqlite3 *db;
    assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "create table lease(mac)", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);

    struct rtnl_link *link = rtnl_link_alloc();
    assert_non_null(link);
    rtnl_link_set_name(link, "boot");
    assert_string_equal(rtnl_link_get_name(link), "boot");
    rtnl_link_put(link);

    static const char request[] = "GET /menu HTTP/1.1\r\nHost: hub\r\n\r\n";
    llhttp_settings_t settings;
    llhttp_settings_init(&settings);
    llhttp_t parser;
    llhttp_init(&parser, HTTP_REQUEST, &settings);
    assert_int_equal(llhttp_execute(&parser, request, strlen(request)), HPE_OK);
    assert_int_equal(parser.method, HTTP_GET);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headers_and_libraries_are_of_one_version),
        cmocka_unit_test(blake2s_gives_the_rfc_vector),
        cmocka_unit_test(blake2b_is_that_of_libsodium),
        cmocka_unit_test(libraries_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
