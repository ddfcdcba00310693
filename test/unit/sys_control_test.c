/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Control sockets: what is there already, who may ask, and what is left behind. */
#include "sys/control.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char directory[] = "/tmp/el2w-control-test-XXXXXX";
static char path[100], below[100];

static int make_directory(void **state)
{
    (void)state;
    if (!mkdtemp(directory))
        return -1;
    snprintf(path, sizeof path, "%s/a.sock", directory);
    snprintf(below, sizeof below, "%s/run", directory);
    return 0;
}

static int remove_directory(void **state)
{
    (void)state;
    return rmdir(directory);
}

static void is_made_asked_and_removed(void **state)
{
    struct el_sys_control control;
    struct el_err err = {""};
    struct stat stat;

    (void)state;
    assert_int_equal(el_sys_control_listen(path, &control, &err), 0);
    assert_int_equal(lstat(path, &stat), 0);
    assert_int_equal(stat.st_mode & 07777, 0600);
    int asker = el_sys_control_connect(path, &err);
    assert_true(asker >= 0);
    int answerer = accept(control.fd, NULL, NULL);
    assert_true(answerer >= 0);
    assert_true(el_sys_control_may_ask(answerer, getuid()));
    assert_int_equal(el_sys_control_may_ask(answerer, getuid() + 1), getuid() == 0);
    close(asker);
    close(answerer);
    el_sys_control_close(&control);
    assert_int_equal(lstat(path, &stat), -1);
    assert_int_equal(el_sys_control_connect(path, &err), EL_ENOENT);
}

static void a_live_one_is_not_replaced(void **state)
{
    struct el_sys_control control, other;
    struct el_err err = {""};
    char pid[32];

    (void)state;
    assert_int_equal(el_sys_control_listen(path, &control, &err), 0);
    assert_int_equal(el_sys_control_listen(path, &other, &err), EL_EEXIST);
    snprintf(pid, sizeof pid, "process %d ", (int)getpid());
    assert_non_null(strstr(err.text, pid));
    el_sys_control_close(&other);
    int asker = el_sys_control_connect(path, &err);
    assert_true(asker >= 0);
    close(asker);
    el_sys_control_close(&control);
}

/* Whoever was killed leaves its file; it is replaced, and who comes back does not remove it. */
static void a_dead_one_is_replaced(void **state)
{
    struct el_sys_control dead, control;
    struct el_err err = {""};
    struct stat stat;

    (void)state;
    assert_int_equal(el_sys_control_listen(path, &dead, &err), 0);
    close(dead.fd);
    dead.fd = -1;
    assert_int_equal(el_sys_control_connect(path, &err), EL_ENOENT);
    assert_int_equal(el_sys_control_listen(path, &control, &err), 0);
    if (dead.inode != control.inode) {
        el_sys_control_close(&dead);
        assert_int_equal(lstat(path, &stat), 0);
    }
    el_sys_control_close(&control);
    assert_int_equal(lstat(path, &stat), -1);
}

static void something_else_stays(void **state)
{
    struct el_sys_control control;
    struct el_err err = {""};
    FILE *file = fopen(path, "w");

    (void)state;
    assert_non_null(file);
    fclose(file);
    assert_int_equal(el_sys_control_listen(path, &control, &err), EL_EEXIST);
    el_sys_control_close(&control);
    assert_int_equal(unlink(path), 0);
}

static void its_directory_is_made(void **state)
{
    struct el_sys_control control;
    struct el_err err = {""};
    struct stat stat;
    char inside[120], long_path[300];

    (void)state;
    snprintf(inside, sizeof inside, "%s/b.sock", below);
    assert_int_equal(el_sys_control_listen(inside, &control, &err), 0);
    assert_int_equal(lstat(below, &stat), 0);
    assert_int_equal(stat.st_mode & 07777, 0700);
    el_sys_control_close(&control);
    assert_int_equal(rmdir(below), 0);
    memset(long_path, 'x', sizeof long_path - 1);
    long_path[0] = '/';
    long_path[sizeof long_path - 1] = '\0';
    assert_int_equal(el_sys_control_listen(long_path, &control, &err), EL_EINVAL);
    assert_int_equal(control.fd, -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_made_asked_and_removed), cmocka_unit_test(a_live_one_is_not_replaced),
        cmocka_unit_test(a_dead_one_is_replaced),    cmocka_unit_test(something_else_stays),
        cmocka_unit_test(its_directory_is_made),
    };

    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
