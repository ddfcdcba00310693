/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files inside images of disks: those of the fuzz corpus, which hold what no tool writes. */
#include "base/civil.h"
#include "base/wire.h"
#include "media/media_io.h"
#include "media/names.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { BLOCK = 2048, INPUT_MAX = 1 << 17 };

struct place {
    struct el_media *media;
    struct el_content content;
};

/* An unlinked file with the image of one corpus entry (test/fuzz/media_image.h says how). */
static int expand(const char *name)
{
    static uint8_t input[INPUT_MAX];
    char path[] = "/tmp/el_media_XXXXXX";
    int from = open(name, O_RDONLY), to = mkstemp(path);

    assert_true(from >= 0 && to >= 0);
    ssize_t len = read(from, input, sizeof input);
    assert_true(len > 0);
    struct el_wire w = el_wire_read(input, (size_t)len);
    assert_int_equal(ftruncate(to, el_wire_be16(&w) * (off_t)BLOCK), 0);
    while (el_wire_left(&w) > 0) {
        off_t at = el_wire_be16(&w) * (off_t)BLOCK;
        struct el_wire bytes = el_wire_sub(&w, el_wire_be16(&w));
        assert_int_equal(pwrite(to, bytes.at, el_wire_left(&bytes), at), el_wire_left(&bytes));
    }
    assert_true(el_wire_ok(&w));
    close(from);
    unlink(path);
    return to;
}

static void open_image(struct place *place, const char *name)
{
    struct el_err err = {""};

    place->media = el_media_open(expand(name), name, &err);
    assert_string_equal(err.text, "");
    assert_non_null(place->media);
    place->content = el_media_content(place->media);
}

static int open_status(struct place *place, const char *name)
{
    struct el_content_file file;
    int r = el_content_open(&place->content, name, &file);

    if (r == 0)
        el_content_close(&file);
    return r;
}

/* The file's text is LEN bytes, in runs of the bytes RUNS, each BLOCK long but the last. */
static void expect_runs(struct place *place, const char *name, const char *runs, size_t len)
{
    struct el_content_file file;
    uint8_t bytes[6 * BLOCK];

    assert_int_equal(el_content_open(&place->content, name, &file), 0);
    assert_int_equal(file.size, len);
    assert_int_equal(el_content_read(&file, 0, bytes, sizeof bytes), len);
    for (size_t i = 0; i < len; i++)
        if (bytes[i] != (uint8_t)runs[i / BLOCK])
            fail_msg("%s: byte %zu is %d", name, i, bytes[i]);
    /* Across a border, and up to the end. */
    assert_int_equal(el_content_read(&file, BLOCK - 1, bytes, 2), 2);
    assert_int_equal(bytes[0], (uint8_t)runs[0]);
    assert_int_equal(bytes[1], (uint8_t)runs[1]);
    assert_int_equal(el_content_read(&file, len - 1, bytes, 2), 1);
    assert_int_equal(el_content_read(&file, len, bytes, 2), 0);
    /* What HTTP sends is the same bytes. */
    for (uint64_t at = 0; at < len;) {
        struct el_content_stretch stretch = el_content_stretch(&file, at);
        assert_true(stretch.len > 0 && stretch.len <= len - at);
        assert_int_equal(pread(file.fd, bytes, 1, (off_t)stretch.fd_offset), 1);
        assert_int_equal(bytes[0], (uint8_t)runs[at / BLOCK]);
        at += stretch.len;
    }
    el_content_close(&file);
}

static void expect_text(struct place *place, const char *name, const char *text)
{
    struct el_content_file file;
    char bytes[64] = "";

    assert_int_equal(el_content_open(&place->content, name, &file), 0);
    assert_int_equal(el_content_read(&file, 0, (uint8_t *)bytes, sizeof bytes - 1), strlen(text));
    assert_string_equal(bytes, text);
    el_content_close(&file);
}

static void count_entry(void *arg, const struct el_content_entry *entry)
{
    unsigned *count = arg;

    (*count)++;
    assert_true(el_media_name_is_good(entry->name));
}

static unsigned count_in(struct place *place, const char *name)
{
    unsigned count = 0;

    assert_int_equal(place->content.list(place->content.arg, name, count_entry, &count), 0);
    return count;
}

static void iso9660_in_several_extents(void **state)
{
    struct place p;
    char path[EL_CONTENT_NAME_MAX] = "";

    (void)state;
    open_image(&p, EL_CORPUS "/media_iso/by-hand");
    assert_string_equal(el_media_info(p.media).format, "iso9660");
    assert_string_equal(el_media_info(p.media).label, "BY HAND");
    expect_runs(&p, "big", "123", 2 * BLOCK + 100);
    expect_text(&p, "loop/loop/read_me.txt", "hello\n");
    expect_text(&p, "LOOP/Read_Me.TXT", "hello\n");
    assert_int_equal(open_status(&p, "loop"), EL_ENOTSUP);
    assert_int_equal(open_status(&p, "assoc"), EL_ENOENT);
    assert_int_equal(open_status(&p, "far"), EL_ESHORT);
    assert_int_equal(open_status(&p, "big/x"), EL_ENOENT);
    assert_int_equal(count_in(&p, "loop"), 4);
    /* A directory that is in itself is entered so many times, and no more. */
    for (int i = 0; i < 63; i++)
        strcat(path, "loop/");
    strcat(path, "big");
    assert_int_equal(open_status(&p, path), 0);
    memmove(path + 5, path, strlen(path) + 1);
    memcpy(path, "loop/", 5);
    assert_int_equal(open_status(&p, path), EL_ENOENT);
    el_media_close(p.media);
}

/* Behind what 32 bits can count; the file is sparse. */
static void beyond_4_gib(void **state)
{
    static const char text[] = "far away\n";
    const off_t at = 3000000 * (off_t)BLOCK;
    int fd = expand(EL_CORPUS "/media_iso/by-hand");
    struct el_content_file file;
    uint8_t bytes[16];

    (void)state;
    if (pwrite(fd, text, 9, at) != 9)
        skip(); /* a file system without such files */
    struct el_media *media = el_media_open(fd, "far.iso", NULL);
    assert_non_null(media);
    struct el_content content = el_media_content(media);
    assert_int_equal(el_content_open(&content, "far", &file), 0);
    assert_true(file.fd_offset == (uint64_t)at);
    assert_int_equal(el_content_read(&file, 0, bytes, sizeof bytes), 9);
    assert_memory_equal(bytes, text, 9);
    el_content_close(&file);
    el_media_close(media);
}

static void udf_in_all_its_forms(void **state)
{
    const struct el_civil written = {2024, 2, 29, 12, 14, 15, 0};
    struct place p;
    struct el_content_file file;

    (void)state;
    open_image(&p, EL_CORPUS "/media_udf/by-hand");
    assert_string_equal(el_media_info(p.media).format, "udf");
    assert_string_equal(el_media_info(p.media).label, "BY HAND");
    expect_runs(&p, "short", "\x14\x16", 3000);
    expect_runs(&p, "long", "\x14\x15", 2 * BLOCK);
    expect_runs(&p, "many", "\x1e\x1c\x1a\x18", 4 * BLOCK);
    expect_text(&p, "inline", "inline");
    expect_text(&p,
                "Gr\xc3\xbc\xc3\x9f"
                "e",
                "inline");
    expect_text(&p, "sub/file-059", "inline");
    assert_int_equal(count_in(&p, "sub"), 60);
    assert_int_equal(count_in(&p, ""), 7);
    assert_int_equal(open_status(&p, "hole"), EL_EPERM);
    assert_int_equal(open_status(&p, "gone"), EL_ENOENT);
    assert_int_equal(el_content_open(&p.content, "short", &file), 0);
    assert_int_equal(file.mtime_s, el_civil_seconds(&written));
    el_content_close(&file);
    el_media_close(p.media);
}

static void rock_ridge_by_foreign_tools(void **state)
{
    static const char *const images[] = {"rock-ridge", "xorriso"};
    char long_name[201];

    (void)state;
    memset(long_name, 'n', 200);
    long_name[200] = '\0';
    for (size_t i = 0; i < 2; i++) {
        struct place p;
        char name[128];
        snprintf(name, sizeof name, "%s/media_iso/%s", EL_CORPUS, images[i]);
        open_image(&p, name);
        assert_string_equal(el_media_info(p.media).format, "iso9660+rockridge");
        expect_text(&p, "a/b/c/d/e/f/g/h/i/deep", "deep\n");
        expect_text(&p, "a/link/c/d/e/f/g/h/i/deep", "deep\n");
        expect_text(&p, long_name, "long\n");
        assert_int_equal(open_status(&p, "empty"), 0);
        assert_int_equal(open_status(&p, "circle"), EL_ENOENT);
        assert_int_equal(open_status(&p, "long-link"), EL_ENOENT);
        el_media_close(p.media);
    }
}

static void a_file_holds_its_image(void **state)
{
    struct place p;
    struct el_content_file one, several;
    uint8_t bytes[8];

    (void)state;
    open_image(&p, EL_CORPUS "/media_iso/by-hand");
    assert_int_equal(el_content_open(&p.content, "read_me.txt", &one), 0);
    assert_int_equal(el_content_open(&p.content, "big", &several), 0);
    assert_true(one.inode != several.inode);
    el_media_close(p.media);
    assert_int_equal(el_content_read(&one, 0, bytes, sizeof bytes), 6);
    el_content_close(&one);
    assert_int_equal(el_content_read(&several, BLOCK, bytes, 1), 1);
    assert_int_equal(bytes[0], '2');
    el_content_close(&several);
    el_media_close(NULL);
}

static void what_is_no_image_is_named(void **state)
{
    struct el_err err = {""};

    (void)state;
    assert_null(el_media_open(open("/dev/null", O_RDONLY), "null", &err));
    assert_string_equal(err.text, "null: not a regular file");
    int fd = expand(EL_CORPUS "/media_iso/by-hand");
    assert_int_equal(ftruncate(fd, 18 * BLOCK), 0);
    assert_null(el_media_open(fd, "x.iso", &err));
    assert_non_null(strstr(err.text, "x.iso: cut short"));
    fd = expand(EL_CORPUS "/media_iso/by-hand");
    assert_int_equal(ftruncate(fd, 16 * BLOCK), 0);
    assert_null(el_media_open(fd, "x.iso", &err));
    assert_string_equal(err.text,
                        "x.iso: no image of a disk: there is neither ISO 9660 nor UDF in it");
}

static void names_become_utf8(void **state)
{
    static const uint8_t utf16[] = {0, 'a', 0xd8, 0x3d, 0xde, 0x00, 0xdc, 0x00, 0x20, 0xac, 0xd8};
    static const struct {
        const char *written, *stripped;
    } versions[] = {{"A.TXT;1", "A.TXT"}, {"A.;1", "A"}, {"A;", "A;"},
                    {"A;x", "A;x"},       {".;1", "."},  {"a;b;12", "a;b"}};
    char name[32];

    (void)state;
    el_media_name_utf16(utf16, sizeof utf16, name, sizeof name);
    assert_string_equal(name, "a\xf0\x9f\x98\x80\xef\xbf\xbd\xe2\x82\xac");
    el_media_name_utf16(utf16, sizeof utf16, name, 5); /* never half a character */
    assert_string_equal(name, "a");
    el_media_name_latin1((const uint8_t *)"a\xfc", 2, name, sizeof name);
    assert_string_equal(name, "a\xc3\xbc");
    for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++) {
        strcpy(name, versions[i].written);
        el_media_name_strip_version(name);
        assert_string_equal(name, versions[i].stripped);
    }
    assert_true(el_media_name_same_folded("BootMGR", "bootmgr"));
    assert_false(el_media_name_same_folded("boot", "bootmgr"));
    assert_false(el_media_name_is_good("..") || el_media_name_is_good("a/b") ||
                 el_media_name_is_good("") || el_media_name_is_good("a\nb"));
    strcpy(name, "LA\tBEL   ");
    el_media_label_tidy(name);
    assert_string_equal(name, "LA?BEL");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(iso9660_in_several_extents), cmocka_unit_test(beyond_4_gib),
        cmocka_unit_test(udf_in_all_its_forms),       cmocka_unit_test(rock_ridge_by_foreign_tools),
        cmocka_unit_test(a_file_holds_its_image),     cmocka_unit_test(what_is_no_image_is_named),
        cmocka_unit_test(names_become_utf8),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
