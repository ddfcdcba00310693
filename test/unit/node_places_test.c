/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where things are unless it is said. */
#include "node/places.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { SOMEBODY = 65534 };

/* Tests run as root or not: a plain user is played by root's becoming one for a while. */
static int become_plain(void **state)
{
    (void)state;
    return geteuid() == 0 ? seteuid(SOMEBODY) : 0;
}

static int be_again(void **state)
{
    (void)state;
    return getuid() == 0 ? seteuid(0) : 0;
}

static void home_is_where_state_goes(void **state)
{
    char path[EL_PLACES_PATH];
    struct el_err err;

    (void)state;
    setenv("HOME", "/home/ada", 1);
    unsetenv("XDG_STATE_HOME");
    assert_int_equal(el_places_state(path, &err), 0);
    assert_string_equal(path, "/home/ada/.local/state/el2w");
    setenv("XDG_STATE_HOME", "relative/does/not/count", 1);
    assert_int_equal(el_places_state(path, &err), 0);
    assert_string_equal(path, "/home/ada/.local/state/el2w");
    setenv("XDG_STATE_HOME", "/srv/ada", 1);
    assert_int_equal(el_places_state(path, &err), 0);
    assert_string_equal(path, "/srv/ada/el2w");
}

static void who_has_no_home_is_told(void **state)
{
    char path[EL_PLACES_PATH];
    struct el_err err = {""};

    (void)state;
    unsetenv("HOME");
    unsetenv("XDG_STATE_HOME");
    assert_int_equal(el_places_state(path, &err), EL_ENOENT);
    assert_non_null(strstr(err.text, "--state"));
}

static void sockets_are_found(void **state)
{
    char path[EL_SYS_CONTROL_PATH];
    struct el_err err;

    (void)state;
    setenv("HOME", "/home/ada", 1);
    unsetenv("XDG_STATE_HOME");
    setenv("XDG_RUNTIME_DIR", "/run/user/1000", 1);
    assert_int_equal(el_places_api(NULL, path, &err), 0);
    assert_string_equal(path, "/run/user/1000/el2w/hub.sock");
    unsetenv("XDG_RUNTIME_DIR");
    assert_int_equal(el_places_api(NULL, path, &err), 0);
    assert_string_equal(path, "/home/ada/.local/state/el2w/hub.sock");
    assert_int_equal(el_places_api("said", path, &err), 0);
    assert_string_equal(path, "said");
}

static void a_socket_needs_a_short_path(void **state)
{
    char long_path[EL_SYS_CONTROL_PATH + 1], path[EL_SYS_CONTROL_PATH];
    struct el_err err;

    (void)state;
    memset(long_path, 'x', sizeof long_path);
    long_path[0] = '/';
    long_path[sizeof long_path - 1] = '\0';
    assert_int_equal(el_places_api(long_path, path, &err), EL_EINVAL);
    setenv("XDG_RUNTIME_DIR", long_path, 1);
    assert_int_equal(el_places_api(NULL, path, &err), EL_EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(home_is_where_state_goes),
        cmocka_unit_test(who_has_no_home_is_told),
        cmocka_unit_test(sockets_are_found),
        cmocka_unit_test(a_socket_needs_a_short_path),
    };

    return cmocka_run_group_tests(tests, become_plain, be_again);
}
