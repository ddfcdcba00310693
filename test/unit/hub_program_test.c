/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The second factor's program, with real ones: scripts that this test writes. */
#include "hub/hub_program.h"

#include "enrol/fingerprint.h"

#include <fcntl.h>
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

enum { LONG_MS = 60000 };

static struct world {
    uv_loop_t loop;
    char directory[64], path[128];
    struct el_hub_program *program;
    unsigned answers;
    struct el_errand_question question; /* of the last answer */
    enum el_enrol_program said;
} w;

static void on_answered(void *arg, const struct el_errand_question *question,
                        enum el_enrol_program said)
{
    struct world *world = arg;

    world->answers++;
    world->question = *question;
    world->said = said;
}

static char *path_of(const char *name, char path[128])
{
    snprintf(path, 128, "%s/%s", w.directory, name);
    return path;
}

static int begin(void **state)
{
    (void)state;
    memset(&w, 0, sizeof w);
    strcpy(w.directory, "/tmp/el2w-program.XXXXXX");
    assert_non_null(mkdtemp(w.directory));
    assert_int_equal(uv_loop_init(&w.loop), 0);
    return 0;
}

static int end(void **state)
{
    static const char *const names[] = {"ask", "out", "pipe", "go"};
    char path[128];

    (void)state;
    el_hub_program_free(w.program);
    uv_run(&w.loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&w.loop), 0);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        unlink(path_of(names[i], path));
    assert_int_equal(rmdir(w.directory), 0);
    return 0;
}

/* The program is now SCRIPT, in which $DIR is the test's directory. */
static void program_is(const char *script, mode_t mode, uint64_t limit_ms)
{
    char path[128];
    FILE *file = fopen(path_of("ask", path), "w");

    assert_non_null(file);
    fprintf(file, "#!/bin/sh\nDIR=%s\n%s\n", w.directory, script);
    fclose(file);
    chmod(path, mode);
    memcpy(w.path, path, sizeof path);
    struct el_hub_program_config config = {
        .path = w.path, .limit_ms = limit_ms, .answered = on_answered, .arg = &w};
    struct el_err err;
    assert_int_equal(el_hub_program_new(&w.loop, &config, &w.program, &err), 0);
}

static struct el_errand_question about(const char *name, uint8_t token, uint8_t key)
{
    struct el_errand_question question = {.enrolment_key = {token}, .key = {key}};

    snprintf(question.name, sizeof question.name, "%s", name);
    el_endpoint_parse("198.51.100.7:47070", 0, &question.from);
    return question;
}

static int ask(const char *name, uint8_t token, uint8_t key)
{
    struct el_errand_question question = about(name, token, key);
    struct el_err err = {""};

    return el_hub_program_ask(w.program, &question, &err);
}

static void await(unsigned answers)
{
    while (w.answers < answers)
        uv_run(&w.loop, UV_RUN_ONCE);
}

static char *contents(const char *name)
{
    static char text[4096];
    char path[128];
    FILE *file = fopen(path_of(name, path), "r");

    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    return text;
}

/* -- answers -- */

static void exit_zero_is_yes(void **state)
{
    (void)state;
    program_is("exit 0", 0700, LONG_MS);
    assert_int_equal(ask("mars", 1, 2), 0);
    await(1);
    assert_int_equal(w.said, EL_ENROL_PROGRAM_YES);
    assert_string_equal(w.question.name, "mars");
    assert_int_equal(w.question.enrolment_key[0], 1);
    assert_int_equal(w.question.key[0], 2);
}

static void any_other_exit_is_no(void **state)
{
    (void)state;
    program_is("exit 127", 0700, LONG_MS);
    assert_int_equal(ask("mars", 1, 2), 0);
    await(1);
    assert_int_equal(w.said, EL_ENROL_PROGRAM_NO);
}

static void a_signal_is_no_answer(void **state)
{
    (void)state;
    program_is("kill -SEGV $$", 0700, LONG_MS);
    assert_int_equal(ask("mars", 1, 2), 0);
    await(1);
    assert_int_equal(w.said, EL_ENROL_PROGRAM_FAILED);
}

/* And what it has started is gone with it: nobody is left that could write. */
static void too_late_is_no(void **state)
{
    char path[128], byte;

    (void)state;
    assert_int_equal(mkfifo(path_of("pipe", path), 0600), 0);
    int fd = open(path, O_RDONLY | O_NONBLOCK);
    assert_true(fd >= 0);
    program_is("sleep 1000 >$DIR/pipe & wait", 0700, 500);
    assert_int_equal(ask("mars", 1, 2), 0);
    await(1);
    assert_int_equal(w.said, EL_ENROL_PROGRAM_NO);
    assert_int_equal(fcntl(fd, F_SETFL, 0), 0);
    assert_int_equal(read(fd, &byte, 1), 0);
    close(fd);
}

static void what_cannot_be_started(void **state)
{
    (void)state;
    program_is("exit 0", 0600, LONG_MS);
    assert_int_equal(ask("mars", 1, 2), EL_EPERM);
    unlink(w.path);
    assert_int_equal(ask("mars", 1, 2), EL_ENOENT);
    assert_int_equal(w.answers, 0);
}

/* -- what it is given -- */

static void it_knows_whom_it_is_asked_about(void **state)
{
    char fingerprint[EL_ENROL_FINGERPRINT_TEXT], expected[256];
    const uint8_t key[32] = {2};

    (void)state;
    setenv("EL2W_TEST_SECRET", "1", 1);
    program_is("echo \"$# $1 $2 $3 $EL2W_SPOKE $EL2W_FINGERPRINT $EL2W_FROM $EL2W_KEY "
               "$EL2W_TEST_SECRET $PWD $(ls /proc/self/fd | wc -l)\" >$DIR/out",
               0700, LONG_MS);
    assert_int_equal(ask("mars", 1, 2), 0);
    await(1);
    assert_int_equal(w.said, EL_ENROL_PROGRAM_YES);
    el_enrol_fingerprint(key, fingerprint);
    snprintf(expected, sizeof expected,
             "3 mars %s 198.51.100.7:47070 mars %s 198.51.100.7:47070 "
             "AgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=  / 4\n",
             fingerprint, fingerprint); /* 4: ls has its directory open */
    assert_string_equal(contents("out"), expected);
}

/* -- how many -- */

static void one_for_each_token(void **state)
{
    char path[128];

    (void)state;
    program_is("while [ ! -e $DIR/go ]; do sleep 0.02; done; echo x >>$DIR/out", 0700, LONG_MS);
    assert_int_equal(ask("mars", 1, 2), 0);
    assert_int_equal(ask("mars", 1, 2), 0); /* control has forgotten that it asked */
    assert_int_equal(ask("mars", 1, 3), EL_EEXIST);
    fclose(fopen(path_of("go", path), "w"));
    await(1);
    assert_string_equal(contents("out"), "x\n");
    assert_int_equal(ask("mars", 1, 3), 0);
    await(2);
    assert_int_equal(w.question.key[0], 3);
}

static void eight_at_once(void **state)
{
    (void)state;
    program_is("exec sleep 1000", 0700, LONG_MS);
    for (uint8_t i = 0; i < EL_HUB_PROGRAMS; i++)
        assert_int_equal(ask("mars", i, 2), 0);
    assert_int_equal(ask("mars", 100, 2), EL_EFULL);
    /* And none outlives the hub: see end(), which would wait for them. */
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(exit_zero_is_yes),       TEST(any_other_exit_is_no),
        TEST(a_signal_is_no_answer),  TEST(too_late_is_no),
        TEST(what_cannot_be_started), TEST(it_knows_whom_it_is_asked_about),
        TEST(one_for_each_token),     TEST(eight_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
