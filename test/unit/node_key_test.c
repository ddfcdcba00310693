/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Key files, and the address that follows from a key. */
#include "base/csprng.h"
#include "node/key.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define KEY "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA="

static char directory[] = "/tmp/el2w-key-test-XXXXXX";
static struct el_err err;

static const char *in_directory(const char *name)
{
    static char path[100];

    snprintf(path, sizeof path, "%s/%s", directory, name);
    return path;
}

static int make_directory(void **state)
{
    (void)state;
    return mkdtemp(directory) ? 0 : -1;
}

static int remove_directory(void **state)
{
    (void)state;
    unlink(in_directory("key"));
    unlink(in_directory("hub.key"));
    return rmdir(directory);
}

static void write_key(const char *text, size_t len)
{
    FILE *file = fopen(in_directory("key"), "w");

    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, len, file), len);
    fclose(file);
    chmod(in_directory("key"), 0600);
}

/* Both sides compute it, of any version: it is part of the protocol, so to say. */
static void an_address_never_changes(void **state)
{
    uint8_t key[EL_TUNNEL_KEY_BYTES];

    (void)state;
    assert_int_equal(el_tunnel_key_parse(KEY, key), 0);
    assert_int_equal(el_node_key_address(key), 0x6478f097);
    key[31] ^= 1;
    assert_int_not_equal(el_node_key_address(key), 0x6478f097);
}

/* In 100.64.0.0/10, beyond the first 256 and not the last, and spread over all of it. */
static void addresses_are_in_range(void **state)
{
    unsigned sixteenths[16] = {0};

    (void)state;
    el_random_seed_for_test(1);
    for (unsigned i = 0; i < 100000; i++) {
        uint8_t key[EL_TUNNEL_KEY_BYTES];
        el_random(key, sizeof key);
        uint32_t address = el_node_key_address(key);
        assert_in_range(address, 0x64400100, 0x647ffffe);
        sixteenths[address >> 18 & 15]++;
    }
    for (unsigned i = 0; i < 16; i++)
        assert_in_range(sixteenths[i], 5900, 6600);
}

static void files(void **state)
{
    static const struct {
        const char *text;
        int rc;
    } rows[] = {
        {KEY, 0},
        {KEY "\n", 0},
        {KEY " \r\n\n", 0},
        {"", EL_EINVAL},
        {"\n", EL_EINVAL},
        {"AQID\n", EL_EINVAL},
        {KEY KEY, EL_EINVAL},
        {KEY "\n" KEY, EL_EINVAL},
        {" " KEY, EL_EINVAL},
    };
    uint8_t key[EL_TUNNEL_KEY_BYTES], expected[EL_TUNNEL_KEY_BYTES];

    (void)state;
    el_tunnel_key_parse(KEY, expected);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        write_key(rows[i].text, strlen(rows[i].text));
        memset(key, 0, sizeof key);
        assert_int_equal(el_node_key_read(-1, in_directory("key"), key, &err), rows[i].rc);
        if (rows[i].rc == 0)
            assert_memory_equal(key, expected, sizeof key);
        else
            assert_non_null(strstr(err.text, in_directory("key")));
    }
    char large[4096];
    memset(large, 'A', sizeof large);
    write_key(large, sizeof large);
    assert_true(el_node_key_read(-1, in_directory("key"), key, &err) < 0);
    assert_int_equal(el_node_key_read(-1, in_directory("none"), key, &err), EL_ENOENT);
}

/* The first start makes a key that only its owner reads, and the next one finds it. */
static void a_key_is_made_once(void **state)
{
    uint8_t first[EL_TUNNEL_KEY_BYTES], second[EL_TUNNEL_KEY_BYTES], secret[EL_TUNNEL_KEY_BYTES];
    struct stat status;

    (void)state;
    int fd = el_node_key_open(NULL, directory, "hub", first, &err);
    assert_true(fd >= 0);
    assert_int_equal(fstat(fd, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    lseek(fd, 10, SEEK_SET); /* whoever reads it from the descriptor begins at its beginning */
    assert_int_equal(el_node_key_read(fd, NULL, secret, &err), 0);
    el_tunnel_key_public(secret, second);
    assert_memory_equal(first, second, sizeof first);
    close(fd);

    memset(second, 0, sizeof second);
    fd = el_node_key_open(NULL, directory, "hub", second, &err);
    assert_true(fd >= 0);
    assert_memory_equal(first, second, sizeof first);
    close(fd);

    assert_true(el_node_key_open(in_directory("none"), directory, "hub", second, &err) < 0);
    assert_non_null(strstr(err.text, "none"));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_never_changes),
        cmocka_unit_test(addresses_are_in_range),
        cmocka_unit_test(files),
        cmocka_unit_test(a_key_is_made_once),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
