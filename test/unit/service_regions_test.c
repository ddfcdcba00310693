/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where machines are: the questions, the answers, and what is remembered of them. */
#include "base/err.h"
#include "node/locate.h"
#include "service/regions.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { VNI = 77 };

static struct el_mac machine(unsigned number)
{
    return (struct el_mac){{0x52, 0x54, 0, 0, (uint8_t)(number >> 8), (uint8_t)number}};
}

static void answer(int fd, unsigned number, const char *region)
{
    struct el_locate_answer message = {.mac = machine(number)};

    snprintf(message.region, sizeof message.region, "%s", region);
    assert_true(el_locate_reply(fd, &message));
}

static const char *find(const struct el_regions *regions, unsigned number)
{
    struct el_mac mac = machine(number);

    return el_regions_find(regions, &mac);
}

static void questions_and_answers(void **state)
{
    struct el_locate_question question;
    struct el_mac mac = machine(1);
    int fds[2];

    (void)state;
    assert_int_equal(el_locate_pair(fds), 0);
    for (unsigned i = 0; i < 2; i++) {
        assert_true(fcntl(fds[i], F_GETFD) & FD_CLOEXEC);
        assert_true(fcntl(fds[i], F_GETFL) & O_NONBLOCK);
    }
    struct el_regions *regions = el_regions_new(fds[0], VNI);
    assert_non_null(regions);
    assert_int_equal(el_regions_fd(regions), fds[0]);
    assert_string_equal(find(regions, 1), "unknown");

    el_regions_ask(regions, &mac);
    assert_string_equal(find(regions, 1), "unknown");
    assert_true(el_locate_next_question(fds[1], &question));
    assert_int_equal(question.vni, VNI);
    assert_true(el_mac_equal(&question.mac, &mac));
    assert_false(el_locate_next_question(fds[1], &question));

    answer(fds[1], 1, "mars");
    el_regions_listen(regions);
    assert_string_equal(find(regions, 1), "mars");
    answer(fds[1], 1, "venus"); /* it was carried away */
    answer(fds[1], 2, "mars");
    el_regions_listen(regions);
    assert_string_equal(find(regions, 1), "venus");
    assert_string_equal(find(regions, 2), "mars");
    answer(fds[1], 1, ""); /* and is behind no spoke now */
    el_regions_listen(regions);
    assert_string_equal(find(regions, 1), "unknown");
    el_regions_free(regions);
    close(fds[1]);
}

/* When all places are taken, the oldest goes, whoever was asked for again. */
static void the_oldest_is_forgotten(void **state)
{
    int fds[2];

    (void)state;
    assert_int_equal(el_locate_pair(fds), 0);
    struct el_regions *regions = el_regions_new(fds[0], VNI);
    assert_non_null(regions);
    for (unsigned i = 0; i < EL_REGIONS_MACHINES; i++) {
        answer(fds[1], i, "mars");
        el_regions_listen(regions);
    }
    answer(fds[1], 0, "venus"); /* known: nobody has to go */
    el_regions_listen(regions);
    assert_string_equal(find(regions, 1), "mars");
    for (unsigned round = 0; round < 3 * EL_REGIONS_MACHINES; round++) {
        unsigned newest = EL_REGIONS_MACHINES + round;
        answer(fds[1], newest, "pluto");
        el_regions_listen(regions);
        assert_string_equal(find(regions, newest), "pluto");
        assert_string_equal(find(regions, newest - EL_REGIONS_MACHINES), "unknown");
        assert_string_not_equal(find(regions, newest - EL_REGIONS_MACHINES + 1), "unknown");
    }
    el_regions_free(regions);
    close(fds[1]);
}

/* A full channel loses a question, a message of another size is none, a name has an end; the other
 * side may be gone, or never have been. */
static void faults(void **state)
{
    struct el_locate_answer hostile;
    struct el_locate_question question = {.vni = VNI};
    struct el_mac mac = machine(1);
    unsigned sent = 0, received = 0;
    int fds[2];

    (void)state;
    assert_int_equal(el_locate_pair(fds), 0);
    struct el_regions *regions = el_regions_new(fds[0], VNI);
    while (sent < 100000 && el_locate_ask(fds[0], &question))
        sent++;
    assert_in_range(sent, 1, 99999);
    el_regions_ask(regions, &mac); /* does not wait */
    while (el_locate_next_question(fds[1], &question))
        received++;
    assert_int_equal(received, sent);

    memset(&hostile, 'x', sizeof hostile);
    hostile.mac = mac;
    assert_int_equal(send(fds[1], &hostile, sizeof hostile - 1, 0), sizeof hostile - 1);
    assert_int_equal(send(fds[1], "", 0, 0), 0);
    el_regions_listen(regions);
    el_regions_listen(regions);
    assert_string_equal(find(regions, 1), "unknown");
    assert_true(el_locate_reply(fds[1], &hostile));
    el_regions_listen(regions);
    assert_int_equal(strlen(find(regions, 1)), EL_LOCATE_NAME_BYTES - 1);

    close(fds[1]);
    el_regions_ask(regions, &mac);
    el_regions_listen(regions);
    el_regions_free(regions);

    regions = el_regions_new(-1, VNI);
    assert_int_equal(el_regions_fd(regions), -1);
    el_regions_ask(regions, &mac);
    el_regions_listen(regions);
    assert_string_equal(find(regions, 1), "unknown");
    el_regions_free(regions);
    el_regions_free(NULL);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(questions_and_answers),
        cmocka_unit_test(the_oldest_is_forgotten),
        cmocka_unit_test(faults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
