/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A person's own templates: good ones, broken ones, and what is no template at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "profile/templates_io.h"

static char directory[64];
static int at = -1;

static int begin(void **state)
{
    (void)state;
    snprintf(directory, sizeof directory, "/tmp/profile_templates.XXXXXX");
    if (!mkdtemp(directory))
        return -1;
    at = open(directory, O_RDONLY | O_DIRECTORY);
    return at < 0 ? -1 : 0;
}

static int end(void **state)
{
    char command[96];

    (void)state;
    close(at);
    snprintf(command, sizeof command, "rm -rf %s", directory);
    return system(command);
}

static void put(const char *path, const char *text, size_t len)
{
    char parent[64];

    snprintf(parent, sizeof parent, "%.*s", (int)(strrchr(path, '/') - path), path);
    mkdirat(at, parent, 0755);
    int fd = openat(at, path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, len), (ssize_t)len);
    close(fd);
}

static void write_text(const char *path, const char *text)
{
    put(path, text, strlen(text));
}

static void own_templates_are_read(void **state)
{
    static const char conf[] = "about = mine\n[file f]\nquote = text\n";
    static char large[EL_PROFILE_SOURCE_BYTES + 1];
    struct el_profile_templates *templates = el_profile_templates_new(NULL);
    struct el_err err = {""};

    (void)state;
    memset(large, 'x', sizeof large);
    write_text("mine/template.conf", conf);
    write_text("mine/f", "{{machine.name}}");
    write_text("mine/.f.swp", "\x01");
    write_text("mine/f~", "{{");
    write_text("debian/template.conf", conf); /* instead of the shipped one */
    write_text("debian/f", "x");
    write_text("broken/template.conf", conf);
    write_text("broken/f", "{{no-such}}");
    write_text("without/f", "x");
    write_text("large/template.conf", conf);
    put("large/f", large, sizeof large);
    write_text("linked/template.conf", conf);
    assert_int_equal(symlinkat("/etc/passwd", at, "linked/f"), 0);
    write_text("queue/template.conf", conf);
    assert_int_equal(mkfifoat(at, "queue/f", 0644), 0);
    assert_int_equal(symlinkat("mine", at, "link"), 0);
    write_text("bad name/template.conf", conf);
    write_text("bad name/f", "x");
    assert_int_equal(el_profile_templates_read(templates, at, &err), 2);
    assert_string_equal(el_profile_template_about(el_profile_templates_find(templates, "debian")),
                        "mine");
    assert_non_null(el_profile_templates_find(templates, "mine"));
    assert_non_null(el_profile_templates_find(templates, "redhat"));
    static const char *const left_out[] = {"broken", "without", "large",   "linked",
                                           "queue",  "link",    "bad name"};
    for (size_t i = 0; i < sizeof left_out / sizeof left_out[0]; i++)
        assert_null(el_profile_templates_find(templates, left_out[i]));
    assert_int_equal(el_profile_templates_read(templates, at, &err), 2); /* again */
    el_profile_templates_free(templates);
}

static void no_directory_is_an_error(void **state)
{
    struct el_profile_templates *templates = el_profile_templates_new(NULL);
    struct el_err err = {""};

    (void)state;
    assert_true(el_profile_templates_read(templates, -1, &err) < 0);
    assert_true(err.text[0]);
    el_profile_templates_free(templates);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(own_templates_are_read, begin, end),
        cmocka_unit_test(no_directory_is_an_error),
    };

    el_log_setup(EL_LOG_ERROR, EL_LOG_TEXT);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
