/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is out of reach after el_sys_confine(), and what is not. Each look is a process of its own,
 * for there is no way back. */
#include "sys/confine.h"
#include "sys/drop.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { DONE, FAILED, CANNOT }; /* exit codes of a look */

static char directory[] = "/tmp/el2w-confine-test-XXXXXX";

static int remove_directory(void **state)
{
    char command[300];

    (void)state;
    snprintf(command, sizeof command, "rm -rf '%s'", directory);
    return system(command);
}

static int make_directory(void **state)
{
    char path[100];

    (void)state;
    if (!mkdtemp(directory))
        return -1;
    snprintf(path, sizeof path, "%s/other", directory);
    if (mkdir(path, 0700) < 0)
        return -1;
    snprintf(path, sizeof path, "%s/state", directory);
    if (mkdir(path, 0700) < 0)
        return -1;
    int fd = open(path, O_RDONLY | O_DIRECTORY);
    int file = openat(fd, "there", O_CREAT | O_WRONLY, 0600);
    close(file);
    close(fd);
    return file < 0 ? -1 : 0;
}

static int open_in(const char *name, int flags)
{
    char path[100];

    snprintf(path, sizeof path, "%s/%s", directory, name);
    return open(path, flags, 0600);
}

static const uint16_t *named; /* that may be connected to; NULL: none */

/* Runs LOOK confined to state, which it gets as a descriptor. */
static void confined(bool write, bool resolver, bool (*look)(int state))
{
    int status;
    pid_t child = fork();

    if (child == 0) {
        struct el_err err = {""};
        int fd = open_in("state", O_PATH | O_DIRECTORY);
        struct el_sys_place place = {fd, write};
        struct el_sys_confine_config config = {.places = &place,
                                               .count = 1,
                                               .resolver = resolver,
                                               .ports = named,
                                               .port_count = named != NULL};
        if (el_sys_drop(&(struct el_sys_drop_config){0}, &err) < 0)
            _exit(FAILED);
        int rc = el_sys_confine(&config, &err);
        _exit(rc == 0 ? CANNOT : rc == 1 && look(fd) ? DONE : FAILED);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == CANNOT)
        skip();
    assert_int_equal(WEXITSTATUS(status), DONE);
}

static bool denied(int result, int why)
{
    return result < 0 && errno == why;
}

static bool can_only_read(int state)
{
    return openat(state, "there", O_RDONLY) >= 0 && open_in("state/there", O_RDONLY) >= 0 &&
           denied(openat(state, "there", O_WRONLY), EACCES) &&
           denied(openat(state, "new", O_CREAT | O_WRONLY, 0600), EACCES) &&
           denied(unlinkat(state, "there", 0), EACCES);
}

static bool can_write(int state)
{
    return openat(state, "new", O_CREAT | O_RDWR | O_TRUNC, 0600) >= 0 &&
           unlinkat(state, "new", 0) == 0;
}

static bool cannot_leave(int state)
{
    char *const none[] = {NULL};

    return denied(openat(state, "../other", O_RDONLY | O_DIRECTORY), EACCES) &&
           denied(open("/etc/passwd", O_RDONLY), EACCES) &&
           denied(open("/proc/self/environ", O_RDONLY), EACCES) &&
           denied(open_in("other/x", O_CREAT | O_WRONLY), EACCES) &&
           denied(execve("/proc/self/exe", none, none), EACCES);
}

static bool resolves_names(int state)
{
    return open("/etc/passwd", O_RDONLY) >= 0 &&
           denied(open("/etc/x", O_CREAT | O_RDWR, 0600), EACCES) &&
           denied(openat(state, "../other", O_RDONLY | O_DIRECTORY), EACCES);
}

/* Nobody listens on these ports of the loopback: the kernel says so if it lets us ask. */
static int connect_to(uint16_t port)
{
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    return connect(fd, (struct sockaddr *)&to, sizeof to);
}

static bool knows_ports(void)
{
    return syscall(444 /* landlock_create_ruleset */, NULL, 0, 1) >= 4;
}

static bool cannot_connect(int state)
{
    (void)state;
    return !knows_ports() || (denied(connect_to(53), EACCES) && denied(connect_to(80), EACCES));
}

static bool connects_to_names_alone(int state)
{
    (void)state;
    return !knows_ports() || (!denied(connect_to(53), EACCES) && denied(connect_to(80), EACCES));
}

static bool connects_to_one_alone(int state)
{
    (void)state;
    return !knows_ports() || (denied(connect_to(53), EACCES) && !denied(connect_to(80), EACCES));
}

static void a_place_to_read(void **state)
{
    (void)state;
    confined(false, false, can_only_read);
}

static void a_place_to_write(void **state)
{
    (void)state;
    confined(true, false, can_write);
}

static void the_rest_is_out_of_reach(void **state)
{
    (void)state;
    confined(true, false, cannot_leave);
    confined(true, false, cannot_connect);
}

static void names_are_still_looked_up(void **state)
{
    (void)state;
    confined(true, true, resolves_names);
    confined(true, true, connects_to_names_alone);
}

static void a_port_that_is_named_is_called(void **state)
{
    static const uint16_t http = 80;

    (void)state;
    named = &http;
    confined(true, false, connects_to_one_alone);
    named = NULL;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_place_to_read),
        cmocka_unit_test(a_place_to_write),
        cmocka_unit_test(the_rest_is_out_of_reach),
        cmocka_unit_test(names_are_still_looked_up),
        cmocka_unit_test(a_port_that_is_named_is_called),
    };

    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
