/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Locks, files, inherited descriptors, back-off, clocks. */
#include "base/log.h"
#include "sys/backoff.h"
#include "sys/clock.h"
#include "sys/drop.h"
#include "sys/fds.h"
#include "sys/files.h"
#include "sys/lock.h"
#include "sys/notify.h"
#include "sys/program.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char directory[] = "/tmp/el2w-sys-test-XXXXXX";

static const char *in_directory(const char *name)
{
    static char path[100];

    snprintf(path, sizeof path, "%s/%s", directory, name);
    return path;
}

static int remove_directory(void **state)
{
    char command[300];

    (void)state;
    snprintf(command, sizeof command, "rm -rf '%s'", directory);
    return system(command);
}

static int make_directory(void **state)
{
    (void)state;
    return mkdtemp(directory) ? 0 : -1;
}

/* -- programs of the site's -- */

static void users_by_name_and_number(void **state)
{
    struct el_sys_user user;
    struct el_err err = {""};

    (void)state;
    assert_int_equal(el_sys_user_find("nobody", &user, &err), 0);
    assert_int_equal(user.uid, 65534);
    assert_int_equal(el_sys_user_find("1001", &user, &err), 0);
    assert_int_equal(user.uid, 1001);
    assert_int_equal(user.gid, 1001);
    assert_int_equal(el_sys_user_find("root", &user, &err), EL_EINVAL);
    assert_int_equal(el_sys_user_find("0", &user, &err), EL_EINVAL);
    assert_int_equal(el_sys_user_find("4294967295", &user, &err), EL_EINVAL); /* "do not change" */
    assert_int_equal(el_sys_user_find("nobody-is-called-so", &user, &err), EL_ENOENT);
    assert_int_equal(el_sys_user_find("", &user, &err), EL_ENOENT);
    assert_int_equal(el_sys_user_find("12x", &user, &err), EL_ENOENT);
}

static void programs_that_can_be_run(void **state)
{
    struct el_sys_user nobody = {65534, 65534};
    const char *path = in_directory("program");
    struct el_err err = {""};

    (void)state;
    assert_int_equal(el_sys_program_check(path, &nobody, &err), EL_ENOENT);
    assert_int_equal(el_sys_file_write(path, "x", 1, 0755, &err), 0);
    assert_int_equal(chmod(path, 0755), 0);
    assert_int_equal(el_sys_program_check(path, &nobody, &err), 0);
    assert_int_equal(chmod(path, 0744), 0);
    assert_int_equal(el_sys_program_check(path, &nobody, &err), EL_EPERM);
    assert_int_equal(el_sys_program_check("program", &nobody, &err), EL_EINVAL);
    assert_int_equal(el_sys_program_check(directory, &nobody, &err), EL_EINVAL);
}

/* -- back-off -- */

static void the_first_death_is_answered_at_once_the_next_later_and_later(void **state)
{
    static const uint64_t delays_ms[] = {0, 100, 200, 400, 800, 1600, 3200, 6400, 10000, 10000};
    struct el_sys_backoff backoff = {0};
    uint64_t now_ns = 1000 * EL_S;

    (void)state;
    for (size_t i = 0; i < sizeof delays_ms / sizeof delays_ms[0]; i++) {
        el_sys_backoff_started(&backoff, now_ns);
        now_ns += 9 * EL_S; /* it lives for less than 10 s each time */
        uint64_t start_ns = el_sys_backoff_died(&backoff, now_ns);
        assert_int_equal((start_ns - now_ns) / EL_MS, delays_ms[i]);
        now_ns = start_ns;
    }
    el_sys_backoff_started(&backoff, now_ns);
    now_ns += EL_SYS_BACKOFF_STABLE;
    assert_int_equal(el_sys_backoff_died(&backoff, now_ns), now_ns);
    el_sys_backoff_started(&backoff, now_ns);
    assert_int_equal(el_sys_backoff_died(&backoff, now_ns + EL_S) - now_ns - EL_S, 100 * EL_MS);
}

static void deaths_without_end_do_not_overflow(void **state)
{
    struct el_sys_backoff backoff = {.deaths = 1000000};

    (void)state;
    assert_int_equal(el_sys_backoff_died(&backoff, EL_S), EL_S + EL_SYS_BACKOFF_MAX);
}

/* -- inherited descriptors -- */

/* Nothing that is opened later may get the number where the log goes. */
static void closed_standard_descriptors_are_occupied(void **state)
{
    int status;
    pid_t child = fork();

    (void)state;
    if (child == 0) {
        struct el_err err;
        close_range(0, ~0U, 0);
        bool good = el_sys_fds_inherit(&err) == 0 && dup(STDERR_FILENO) == EL_SYS_FDS_FIRST &&
                    write(STDOUT_FILENO, "x", 1) == 1 && write(STDERR_FILENO, "x", 1) == 1 &&
                    read(STDIN_FILENO, &(char){0}, 1) == 0;
        _exit(!good);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void names_and_counts_must_fit(void **state)
{
    static const struct {
        const char *pid, *count, *names;
        int code;
        size_t fds;
        const char *first, *last;
    } cases[] = {
        {NULL, NULL, NULL, 0, 0, NULL, NULL},
        {"77", NULL, NULL, 0, 0, NULL, NULL},
        {NULL, "1", "a", 0, 0, NULL, NULL},
        {"78", "2", "a:b", 0, 0, NULL, NULL}, /* meant for somebody else */
        {"77", "2", "a:b", 0, 2, "a", "b"},
        {"77", "1", "dhcp-67.v4_x", 0, 1, "dhcp-67.v4_x", "dhcp-67.v4_x"},
        {"77", "2", NULL, 0, 2, "unknown", "unknown"},
        {"77", "3", "a::b", 0, 3, "a", "b"},
        {"77", "2", "a", 0, 2, "a", "unknown"},
        {"77", "1", "a:b", EL_EINVAL, 0, NULL, NULL},
        {"77", "0", "", 0, 0, NULL, NULL},
        {"77", "0", "a", EL_EINVAL, 0, NULL, NULL},
        {"77", "96", NULL, 0, 96, "unknown", "unknown"},
        {"77", "97", NULL, EL_EINVAL, 0, NULL, NULL},
        {"77", "-1", NULL, EL_EINVAL, 0, NULL, NULL},
        {"77", "1x", "a", EL_EINVAL, 0, NULL, NULL},
        {"77", "", "a", EL_EINVAL, 0, NULL, NULL},
        {"77", "99999999999999999999999", "a", EL_EINVAL, 0, NULL, NULL},
        {"7x", "1", "a", EL_EINVAL, 0, NULL, NULL},
        {" 77", "1", "a", EL_EINVAL, 0, NULL, NULL},
        {"77", "1", "0123456789012345678901234567890123456789012345678901234567890123", EL_EINVAL,
         0, NULL, NULL},
        {"77", "1", "012345678901234567890123456789012345678901234567890123456789012", 0, 1,
         "012345678901234567890123456789012345678901234567890123456789012", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct el_sys_fds fds;

        assert_int_equal(el_sys_fds_parse(cases[i].pid, cases[i].count, cases[i].names, 77, &fds),
                         cases[i].code);
        assert_int_equal(fds.count, cases[i].fds);
        if (cases[i].first)
            assert_string_equal(fds.names[0], cases[i].first);
        if (cases[i].last)
            assert_string_equal(fds.names[fds.count - 1], cases[i].last);
    }
}

/* -- readiness towards systemd -- */

static void systemd_is_told_that_we_are_ready(void **state)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    char text[32] = "";

    (void)state;
    assert_int_equal(el_sys_notify_ready(), 0); /* nobody wants to know */
    snprintf(address.sun_path, sizeof address.sun_path, "%s", in_directory("notify"));
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    setenv("NOTIFY_SOCKET", address.sun_path, 1);
    assert_int_equal(el_sys_notify_ready(), 0);
    assert_true(recv(fd, text, sizeof text - 1, MSG_DONTWAIT) > 0);
    assert_string_equal(text, "READY=1\n");
    setenv("NOTIFY_SOCKET", in_directory("nobody"), 1);
    assert_true(el_sys_notify_ready() < 0);
    setenv("NOTIFY_SOCKET", "relative", 1);
    assert_true(el_sys_notify_stopping() < 0);
    unsetenv("NOTIFY_SOCKET");
    close(fd);
}

/* -- locks -- */

static void a_second_one_is_told_who_runs(void **state)
{
    struct el_err err;
    int fd = el_sys_lock(directory, "hub", &err);
    char expected[64];

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(el_sys_lock(directory, "hub", &err), EL_EEXIST);
    snprintf(expected, sizeof expected, "hub: already running (pid %d) on %s", (int)getpid(),
             directory);
    assert_non_null(strstr(err.text, expected));
    assert_int_equal(el_sys_lock_held(directory, "hub", &err), 1);
    assert_non_null(strstr(err.text, expected));
    assert_int_equal(el_sys_lock_held(directory, "spoke", &err), 0);
    assert_int_equal(el_sys_lock_held(in_directory("missing"), "hub", &err), 0);
    int other = el_sys_lock(directory, "spoke", &err);
    assert_true(other >= 0);
    el_sys_lock_release(other);
    el_sys_lock_release(fd);
    assert_int_equal(el_sys_lock_held(directory, "hub", &err), 0);
    fd = el_sys_lock(directory, "hub", &err);
    assert_true(fd >= 0);
    el_sys_lock_release(fd);
    assert_int_equal(el_sys_lock(in_directory("missing"), "hub", &err), EL_ENOENT);
}

static void a_killed_holder_leaves_no_lock(void **state)
{
    struct el_err err;
    int ready[2];
    char byte;

    (void)state;
    assert_int_equal(pipe(ready), 0);
    pid_t pid = fork();
    if (pid == 0) {
        byte = el_sys_lock(directory, "hub", &err) >= 0 ? 'y' : 'n';
        if (write(ready[1], &byte, 1) == 1)
            pause();
        _exit(1);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_int_equal(byte, 'y');
    assert_int_equal(el_sys_lock(directory, "hub", &err), EL_EEXIST);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    int fd = el_sys_lock(directory, "hub", &err);
    assert_true(fd >= 0);
    el_sys_lock_release(fd);
    close(ready[0]);
    close(ready[1]);
}

/* -- files -- */

static unsigned files_in_directory(void)
{
    DIR *dir = opendir(directory);
    unsigned count = 0;

    while (readdir(dir))
        count++;
    closedir(dir);
    return count;
}

static void what_is_written_is_read_and_bounded(void **state)
{
    char bytes[16];
    struct stat status;
    struct el_err err;

    (void)state;
    assert_int_equal(el_sys_file_write(in_directory("f"), "0123456789", 10, 0640, &err), 0);
    assert_int_equal(stat(in_directory("f"), &status), 0);
    assert_int_equal(status.st_mode & 07777, 0640);
    assert_int_equal(el_sys_file_read(in_directory("f"), bytes, sizeof bytes, &err), 10);
    assert_memory_equal(bytes, "0123456789", 10);
    assert_int_equal(el_sys_file_read(in_directory("f"), bytes, 10, &err), 10);
    assert_int_equal(el_sys_file_read(in_directory("f"), bytes, 9, &err), EL_EFULL);
    assert_non_null(strstr(err.text, "larger than 9 bytes"));
    assert_int_equal(el_sys_file_write(in_directory("f"), "new", 3, 0600, &err), 0);
    assert_int_equal(el_sys_file_read(in_directory("f"), bytes, sizeof bytes, &err), 3);
    assert_int_equal(el_sys_file_write(in_directory("f"), NULL, 0, 0600, &err), 0);
    assert_int_equal(el_sys_file_read(in_directory("f"), bytes, sizeof bytes, &err), 0);
    assert_int_equal(el_sys_file_read(in_directory("none"), bytes, sizeof bytes, &err), EL_ENOENT);
    assert_true(el_sys_file_read(directory, bytes, sizeof bytes, &err) < 0);
}

static void a_failed_write_leaves_the_old_file_and_no_other(void **state)
{
    struct el_err err;
    char bytes[8];

    (void)state;
    assert_int_equal(el_sys_dir_make(in_directory("taken"), 0700, &err), 0);
    assert_int_equal(el_sys_file_write(in_directory("taken/x"), "old", 3, 0600, &err), 0);
    unsigned before = files_in_directory();
    assert_true(el_sys_file_write(in_directory("taken"), "new", 3, 0600, &err) < 0);
    assert_int_equal(files_in_directory(), before);
    assert_int_equal(el_sys_file_read(in_directory("taken/x"), bytes, sizeof bytes, &err), 3);
    assert_int_equal(el_sys_file_write(in_directory("none/x"), "new", 3, 0600, &err), EL_ENOENT);
}

static void a_key_that_others_can_read_is_complained_about(void **state)
{
    struct el_err err;
    char bytes[64];
    char log[512] = "";
    int saved = dup(STDERR_FILENO);
    int fd = open(in_directory("log"), O_RDWR | O_CREAT | O_TRUNC, 0600);

    (void)state;
    assert_int_equal(el_sys_file_write(in_directory("key"), "k", 1, 0600, &err), 0);
    fflush(stderr);
    dup2(fd, STDERR_FILENO);
    int good = el_sys_file_read_secret(in_directory("key"), bytes, sizeof bytes, &err);
    off_t quiet = lseek(fd, 0, SEEK_CUR);
    chmod(in_directory("key"), 0640);
    int bad = el_sys_file_read_secret(in_directory("key"), bytes, sizeof bytes, &err);
    dup2(saved, STDERR_FILENO);
    close(saved);
    assert_int_equal(good, 1);
    assert_int_equal(bad, 1);
    assert_int_equal(quiet, 0);
    assert_true(pread(fd, log, sizeof log - 1, 0) > 0);
    assert_non_null(strstr(log, "key-open-to-others"));
    assert_non_null(strstr(log, "mode=0640"));
    close(fd);
}

static mode_t mode_of(const char *path)
{
    struct stat status;

    assert_int_equal(stat(path, &status), 0);
    return status.st_mode & 07777;
}

static void directories_get_their_mode_whatever_the_umask(void **state)
{
    struct el_err err;
    mode_t before = umask(0177);

    (void)state;
    int code = el_sys_dir_make(in_directory("a/b/c/"), 0710, &err);
    umask(before);
    assert_int_equal(code, 0);
    assert_int_equal(mode_of(in_directory("a")), 0755);
    assert_int_equal(mode_of(in_directory("a/b/c")), 0710);
    assert_int_equal(el_sys_dir_make(in_directory("a/b"), 0700, &err), 0);
    assert_int_equal(mode_of(in_directory("a/b")), 0755); /* left as it is */
    assert_int_equal(el_sys_file_write(in_directory("a/file"), "", 0, 0600, &err), 0);
    assert_true(el_sys_dir_make(in_directory("a/file"), 0700, &err) < 0);
    assert_true(el_sys_dir_make(in_directory("a/file/b"), 0700, &err) < 0);
}

/* -- user ids, clocks -- */

static void applets_of_one_node_have_different_ids_in_the_range(void **state)
{
    (void)state;
    for (unsigned i = 0; i < EL_SYS_UIDS; i++) {
        uid_t uid = el_sys_drop_uid("/var/lib/el2w", i);

        assert_in_range(uid, EL_SYS_UID_FIRST, EL_SYS_UID_LAST);
        assert_int_equal(uid, el_sys_drop_uid("/var/lib/el2w", 0) + i);
    }
    assert_int_not_equal(el_sys_drop_uid("/var/lib/el2w", 0), el_sys_drop_uid("/tmp/lab/hub", 0));
}

static void the_clock_goes_forward(void **state)
{
    uint64_t before_ns = el_sys_now_ns();

    (void)state;
    assert_true(el_sys_now_ns() >= before_ns);
    assert_true(el_sys_wall_ns() / EL_S > 1700000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(users_by_name_and_number),
        cmocka_unit_test(programs_that_can_be_run),
        cmocka_unit_test(the_first_death_is_answered_at_once_the_next_later_and_later),
        cmocka_unit_test(deaths_without_end_do_not_overflow),
        cmocka_unit_test(closed_standard_descriptors_are_occupied),
        cmocka_unit_test(names_and_counts_must_fit),
        cmocka_unit_test(systemd_is_told_that_we_are_ready),
        cmocka_unit_test(a_second_one_is_told_who_runs),
        cmocka_unit_test(a_killed_holder_leaves_no_lock),
        cmocka_unit_test(what_is_written_is_read_and_bounded),
        cmocka_unit_test(a_failed_write_leaves_the_old_file_and_no_other),
        cmocka_unit_test(a_key_that_others_can_read_is_complained_about),
        cmocka_unit_test(directories_get_their_mode_whatever_the_umask),
        cmocka_unit_test(applets_of_one_node_have_different_ids_in_the_range),
        cmocka_unit_test(the_clock_goes_forward),
    };

    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
