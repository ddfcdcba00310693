/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names are normalised or refused; nothing outside a root is served, with and without openat2. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "content/content_io.h"

static void names_are_normalised(void **state)
{
    static const struct {
        const char *written;
        const char *name; /* NULL: refused */
    } cases[] = {
        {"a", "a"},
        {"/a/b.efi", "a/b.efi"},
        {"\\Boot\\x64\\wdsnbp.com", "Boot/x64/wdsnbp.com"},
        {"//a///b/./c/", "a/b/c"},
        {"./.hidden", ".hidden"},
        {"a..b/...", "a..b/..."},
        {"", NULL},
        {"/", NULL},
        {".", NULL},
        {"..", NULL},
        {"a/../b", NULL},
        {"a\\..\\b", NULL},
        {"a/..", NULL},
        {"a\nb", NULL},
        {"a\x7f", NULL},
    };
    char name[EL_CONTENT_NAME_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int r = el_content_name(cases[i].written, name);
        if (!cases[i].name) {
            assert_int_equal(r, EL_EINVAL);
            continue;
        }
        assert_string_equal(name, cases[i].name);
        assert_int_equal(r, strlen(name));
    }
}

static void a_name_of_the_longest_length_fits_and_no_longer(void **state)
{
    char written[EL_CONTENT_NAME_MAX + 1];
    char name[EL_CONTENT_NAME_MAX];

    (void)state;
    memset(written, 'a', sizeof written);
    written[EL_CONTENT_NAME_MAX - 1] = '\0';
    assert_int_equal(el_content_name(written, name), EL_CONTENT_NAME_MAX - 1);
    written[EL_CONTENT_NAME_MAX - 1] = 'a';
    written[EL_CONTENT_NAME_MAX] = '\0';
    assert_int_equal(el_content_name(written, name), EL_EINVAL);
}

static void memory_and_chain(void **state)
{
    static const struct el_content_memory_entry one[] = {{"a", (const uint8_t *)"first", 5}, {0}};
    static const struct el_content_memory_entry two[] = {
        {"a", (const uint8_t *)"hidden", 6}, {"b", (const uint8_t *)"second", 6}, {0}};
    const struct el_content_memory m1 = {one, 7};
    const struct el_content_memory m2 = {two, 8};
    const struct el_content c1 = el_content_memory(&m1);
    const struct el_content c2 = el_content_memory(&m2);
    const struct el_content *const both[] = {&c1, &c2, NULL};
    const struct el_content chain = el_content_chain(both);
    struct el_content_file file;
    uint8_t bytes[16];

    (void)state;
    assert_int_equal(el_content_open(&chain, "a", &file), 0);
    assert_int_equal(file.size, 5);
    assert_int_equal(file.mtime_s, 7);
    assert_int_equal(el_content_read(&file, 2, bytes, sizeof bytes), 3);
    assert_memory_equal(bytes, "rst", 3);
    assert_int_equal(el_content_read(&file, 5, bytes, sizeof bytes), 0);
    assert_int_equal(el_content_read(&file, UINT64_MAX, bytes, sizeof bytes), 0);
    el_content_close(&file);
    assert_int_equal(el_content_open(&chain, "b", &file), 0);
    assert_memory_equal(file.bytes, "second", 6);
    assert_int_equal(el_content_open(&chain, "c", &file), EL_ENOENT);
}

/* -- a directory -- */

struct place {
    char path[64];
    char outside[96];
    struct el_content_dir dir;
    struct el_content content;
};

static void put(int at, const char *name, const char *text)
{
    int fd = openat(at, name, O_WRONLY | O_CREAT | O_TRUNC, 0644);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

static void place_make(struct place *p)
{
    strcpy(p->path, "/tmp/el_content_XXXXXX");
    assert_non_null(mkdtemp(p->path));
    snprintf(p->outside, sizeof p->outside, "%s.out", p->path);
    int out = open(p->outside, O_CREAT | O_WRONLY, 0644);
    assert_true(out >= 0);
    close(out);
    int at = open(p->path, O_PATH | O_DIRECTORY);
    assert_int_equal(mkdirat(at, "sub", 0755), 0);
    put(at, "file", "hello");
    put(at, "sub/deep", "deeper");
    put(at, ".dot", "");
    assert_int_equal(symlinkat(p->outside, at, "link-out"), 0);
    assert_int_equal(symlinkat("file", at, "link-in"), 0);
    assert_int_equal(symlinkat("sub", at, "link-dir"), 0);
    assert_int_equal(mkfifoat(at, "fifo", 0644), 0);
    struct sockaddr_un sun = {.sun_family = AF_UNIX};
    snprintf(sun.sun_path, sizeof sun.sun_path, "%s/socket", p->path);
    int s = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(s, (struct sockaddr *)&sun, sizeof sun), 0);
    close(s);
    close(at);
    assert_int_equal(el_content_dir_open(&p->dir, p->path, NULL), 0);
    p->content = el_content_dir(&p->dir);
}

static void place_remove(struct place *p)
{
    static const char *const names[] = {"file",    "sub/deep", ".dot", "link-out",
                                        "link-in", "link-dir", "fifo", "socket"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        unlinkat(p->dir.root_fd, names[i], 0);
    unlinkat(p->dir.root_fd, "sub", AT_REMOVEDIR);
    el_content_dir_close(&p->dir);
    assert_int_equal(rmdir(p->path), 0);
    unlink(p->outside);
}

static void nothing_but_regular_files_beneath_the_root(void **state)
{
    static const struct {
        const char *name;
        int result;
    } cases[] = {
        {"file", 0},
        {"sub/deep", 0},
        {"sub", EL_ENOTSUP},
        {"none", EL_ENOENT},
        {"file/x", EL_ENOENT},
        {"link-out", EL_EPERM},
        {"link-in", EL_EPERM},
        {"fifo", EL_EPERM},
        {"socket", EL_EPERM},
        /* A source is given normalised names; should one not be, it still does not get out. */
        {"../etc/passwd", EL_EPERM},
        {"/etc/passwd", EL_EPERM},
    };

    (void)state;
    for (int walk = 0; walk < 2; walk++) {
        struct place p = {0};
        place_make(&p);
        p.dir.walk = walk;
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
            struct el_content_file file;
            int r = el_content_open(&p.content, cases[i].name, &file);
            if (cases[i].result == EL_EPERM ? r != EL_EPERM && r != EL_ENOENT
                                            : r != cases[i].result)
                fail_msg("%s (walk %d): %d", cases[i].name, walk, r);
            if (r == 0)
                el_content_close(&file);
        }
        struct el_content_file file;
        int r = el_content_open(&p.content, "link-dir/deep", &file);
        assert_true(r == EL_EPERM || (walk && r == EL_ENOENT));
        place_remove(&p);
    }
}

static void a_file_reads_and_knows_its_version(void **state)
{
    struct place p = {0};
    struct el_content_file file;
    uint8_t bytes[16];

    (void)state;
    place_make(&p);
    assert_int_equal(el_content_open(&p.content, "sub/deep", &file), 0);
    assert_int_equal(file.size, 6);
    assert_true(file.mtime_s > 0 && file.inode > 0);
    assert_int_equal(el_content_read(&file, 1, bytes, sizeof bytes), 5);
    assert_memory_equal(bytes, "eeper", 5);
    el_content_close(&file);
    assert_int_equal(file.fd, -1);
    place_remove(&p);
}

/* Every byte stands alone, from the end to the start. */
static struct el_content_stretch backwards(const struct el_content_file *file, uint64_t offset)
{
    return (struct el_content_stretch){file->fd_offset - offset, 1};
}

static void a_file_may_stand_anywhere_in_its_descriptor(void **state)
{
    struct el_content_file file = {.size = 10, .fd = 3};

    (void)state;
    assert_int_equal(el_content_stretch(&file, 4).fd_offset, 4);
    assert_int_equal(el_content_stretch(&file, 4).len, 6);
    file.fd_offset = 2048;
    assert_int_equal(el_content_stretch(&file, 9).fd_offset, 2057);
    assert_int_equal(el_content_stretch(&file, 9).len, 1);
    file.stretch = backwards;
    assert_int_equal(el_content_stretch(&file, 9).fd_offset, 2039);
    assert_int_equal(el_content_stretch(&file, 9).len, 1);
}

struct seen {
    int files, directories;
};

static void see(void *arg, const struct el_content_entry *entry)
{
    struct seen *seen = arg;

    assert_true(entry->name[0] != '.');
    entry->directory ? seen->directories++ : seen->files++;
}

static void a_listing_names_what_would_be_served(void **state)
{
    struct place p = {0};

    (void)state;
    place_make(&p);
    for (int walk = 0; walk < 2; walk++) {
        struct seen seen = {0};
        p.dir.walk = walk;
        assert_int_equal(p.content.list(p.content.arg, "", see, &seen), 0);
        assert_int_equal(seen.files, 1);
        assert_int_equal(seen.directories, 1);
        assert_int_equal(p.content.list(p.content.arg, "sub", see, &seen), 0);
        assert_int_equal(seen.files, 2);
        assert_int_equal(p.content.list(p.content.arg, "file", see, &seen), EL_ENOENT);
        assert_true(p.content.list(p.content.arg, "link-dir", see, &seen) < 0);
    }
    place_remove(&p);
}

static void a_root_that_is_not_there_is_named(void **state)
{
    struct el_content_dir dir;
    struct el_err err;

    (void)state;
    assert_int_equal(el_content_dir_open(&dir, "/nonexistent/root", &err), EL_ENOENT);
    assert_string_equal(err.text, "directory /nonexistent/root: No such file or directory");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_normalised),
        cmocka_unit_test(a_name_of_the_longest_length_fits_and_no_longer),
        cmocka_unit_test(memory_and_chain),
        cmocka_unit_test(nothing_but_regular_files_beneath_the_root),
        cmocka_unit_test(a_file_reads_and_knows_its_version),
        cmocka_unit_test(a_file_may_stand_anywhere_in_its_descriptor),
        cmocka_unit_test(a_listing_names_what_would_be_served),
        cmocka_unit_test(a_root_that_is_not_there_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
