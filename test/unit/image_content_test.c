/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The images directory as it is served: beside, then inside; and at once what it is now. */
#include "base/log.h"
#include "service/image_content.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char directory[] = "/tmp/image_content_test.XXXXXX";
static struct el_content_dir dir;
static struct el_image_content *images;
static struct el_content source;

static void run(const char *command)
{
    char whole[900];

    snprintf(whole, sizeof whole, "cd %s && %s", directory, command);
    assert_int_equal(system(whole), 0);
}

/* An image NAME whose disk image has the file "inside" with TEXT in it. */
static void make_image(const char *name, const char *text)
{
    char command[500];

    snprintf(command, sizeof command,
             "mkdir -p tree/sub %s && echo %s >tree/inside && echo deep >tree/sub/file && "
             "echo shadow >tree/both && genisoimage -quiet -R -o new.iso tree 2>/dev/null && "
             "mv new.iso %s/d.iso && printf 'kernel = inside\\nmedia = d.iso\\n' >%s/entry.conf && "
             "echo beside >%s/both",
             name, text, name, name, name);
    run(command);
}

static int begin(void **state)
{
    struct el_err err = {""};

    (void)state;
    if (system("command -v genisoimage >/dev/null") != 0)
        return 0; /* each test says so */
    el_log_setup(EL_LOG_ERROR, EL_LOG_TEXT);
    strcpy(strrchr(directory, '.'), ".XXXXXX");
    assert_non_null(mkdtemp(directory));
    make_image("one", "first");
    assert_int_equal(el_content_dir_open(&dir, directory, &err), 0);
    images = el_image_content_new(&dir);
    source = el_image_content(images);
    return 0;
}

static int end(void **state)
{
    char command[100];

    (void)state;
    if (!images)
        return 0;
    el_image_content_free(images);
    el_content_dir_close(&dir);
    images = NULL;
    snprintf(command, sizeof command, "rm -r %s", directory);
    return system(command);
}

/* The first line of a file, or "!" and the error. */
static const char *line_of(const char *name)
{
    static char text[64];
    struct el_content_file file = {.fd = -1};
    int rc = el_content_open(&source, name, &file);

    if (rc < 0) {
        snprintf(text, sizeof text, "!%d", rc);
        return text;
    }
    int len = el_content_read(&file, 0, (uint8_t *)text, sizeof text - 1);
    assert_true(len >= 0);
    text[len] = '\0';
    text[strcspn(text, "\n")] = '\0';
    el_content_close(&file);
    return text;
}

static void note(void *arg, const struct el_content_entry *entry)
{
    strcat(strcat(arg, entry->name), entry->directory ? "/ " : " ");
}

#define NEEDS_ISO() \
    if (!images)    \
    skip()

static void files_are_beside_and_then_inside(void **state)
{
    (void)state;
    NEEDS_ISO();
    char all[200] = "";
    assert_string_equal(line_of("one/inside"), "first");
    assert_string_equal(line_of("one/sub/file"), "deep");
    assert_string_equal(line_of("one/both"), "beside");
    assert_string_equal(line_of("one/entry.conf"), "kernel = inside");
    assert_string_equal(line_of("one/nothing"), "!-4");
    assert_string_equal(line_of("two/inside"), "!-4");
    assert_string_equal(line_of("one/sub"), "!-9");
    assert_string_equal(line_of("one"), "!-9");
    run("mkdir .adding-1 && cp one/entry.conf .adding-1");
    assert_string_equal(line_of(".adding-1/entry.conf"), "!-4");
    assert_int_equal(source.list(source.arg, "one", note, all), 0);
    assert_non_null(strstr(all, "inside "));
    assert_non_null(strstr(all, "sub/ "));
    assert_non_null(strstr(all, "d.iso "));
    char *both = strstr(all, "both ");
    assert_non_null(both);
    assert_null(strstr(both + 1, "both ")); /* once */
    all[0] = '\0';
    assert_int_equal(source.list(source.arg, "one/sub", note, all), 0);
    assert_string_equal(all, "file ");
    assert_int_equal(source.list(source.arg, "two", note, all), EL_ENOENT);
}

static void what_changes_has_changed(void **state)
{
    (void)state;
    NEEDS_ISO();
    struct el_content_file held = {.fd = -1};
    char text[8] = "";
    assert_string_equal(line_of("one/inside"), "first");
    assert_int_equal(el_content_open(&source, "one/inside", &held), 0);
    make_image("one", "second");
    assert_string_equal(line_of("one/inside"), "second");
    assert_int_equal(el_content_read(&held, 0, (uint8_t *)text, 5), 5); /* as it was */
    assert_string_equal(text, "first");
    el_content_close(&held);
    run("echo 'kernel = k' >one/entry.conf");
    assert_string_equal(line_of("one/inside"), "!-4");
    make_image("one", "third");
    assert_string_equal(line_of("one/inside"), "third");
    run("rm -r one");
    assert_string_equal(line_of("one/inside"), "!-4");
    make_image("two", "new");
    assert_string_equal(line_of("two/inside"), "new");
    run("echo cut >two/d.iso");
    assert_string_equal(line_of("two/inside"), "!-4");
    assert_string_equal(line_of("two/both"), "beside");
}

static void more_images_than_are_kept_open(void **state)
{
    (void)state;
    NEEDS_ISO();
    run("for i in $(seq 40); do cp -r one copy$i; done");
    for (int round = 0; round < 2; round++)
        for (int i = 1; i <= 40; i++) {
            char name[40];
            snprintf(name, sizeof name, "copy%d/inside", i);
            assert_string_equal(line_of(name), "first");
        }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(files_are_beside_and_then_inside),
        TEST(what_changes_has_changed),
        TEST(more_images_than_are_kept_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
