/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a spoke keeps of its enrolment. */
#include "spoke/enrolment.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define KEY "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA="
#define PSK "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8="

#define GOOD                                                                  \
    "[enrolled]\nname = mars\nkey = " KEY "\ntoken = " PSK "\nhub-key = " KEY \
    "\naddress = 100.71.3.9\nwire = compact\nendpoint = hub.example.org:51820\n"

static struct el_enrolment enrolment;
static struct el_err err;

static int parse(const char *text)
{
    err.text[0] = '\0';
    return el_enrolment_parse(text, "enrolled.conf", &enrolment, &err);
}

static void what_is_written_is_read(void **state)
{
    const char more[] = GOOD "psk = " PSK "\nendpoint = [2001:db8::1]:4000\nendpoint = 192.0.2.1\n"
                             "network = 77 boot\nnetwork = 16777215 lab.2 published eth1.30\n"
                             "network = 79 lab3 unpublished\nrevoked = yes\n";
    struct el_enrolment again;

    (void)state;
    assert_int_equal(parse(more), 0);
    assert_string_equal(enrolment.name, "mars");
    assert_int_equal(enrolment.wire, EL_TUNNEL_COMPACT);
    assert_int_equal(enrolment.endpoint_count, 3);
    assert_string_equal(enrolment.endpoints[1], "[2001:db8::1]:4000");
    assert_int_equal(enrolment.networks.count, 3);
    assert_true(enrolment.revoked);
    const struct el_spoke_network *lab = el_spoke_networks_find(&enrolment.networks, "lab.2");
    assert_int_equal(lab->vni, 16777215);
    assert_true(lab->published);
    assert_string_equal(lab->lan, "eth1.30");
    assert_ptr_equal(el_spoke_networks_find_vni(&enrolment.networks, 16777215), lab);
    assert_false(enrolment.networks.items[0].published);
    assert_null(el_spoke_networks_find(&enrolment.networks, "lab"));
    assert_int_equal(enrolment.psk[0], 0x20);

    char *text = el_enrolment_text(&enrolment);
    assert_non_null(text);
    assert_int_equal(el_enrolment_parse(text, "text", &again, &err), 0);
    assert_memory_equal(&enrolment, &again, sizeof again);
    free(text);
}

/* However much there is to say, it has room. */
static void the_longest_is_written(void **state)
{
    struct el_enrolment again, *e = &enrolment;
    char text[EL_NODE_ENDPOINT_TEXT];

    (void)state;
    assert_int_equal(parse(GOOD "psk = " PSK "\n"), 0);
    memset(e->name, 'x', sizeof e->name - 1);
    e->endpoint_count = 0;
    for (unsigned i = 0; i < EL_ENROLMENT_ENDPOINTS; i++) {
        memset(text, 'h', 253);
        strcpy(text + 253, ":51820");
        assert_int_equal(el_enrolment_add_endpoint(e, text, &err), 0);
    }
    assert_int_equal(el_enrolment_add_endpoint(e, "one.more", &err), EL_EINVAL);
    for (unsigned i = 0; i < EL_SPOKE_NETWORKS; i++) {
        struct el_spoke_network network = {.vni = 16777215 - i, .lan = "a-long-interface.4094"};
        snprintf(network.name, sizeof network.name, "network-%07u", i);
        assert_int_equal(el_spoke_networks_add(&e->networks, &network, &err), 0);
    }
    assert_int_equal(
        el_spoke_networks_add(&e->networks, &(struct el_spoke_network){.name = "more"}, &err),
        EL_EINVAL);
    char *written = el_enrolment_text(e);
    assert_non_null(written);
    assert_int_equal(el_enrolment_parse(written, "text", &again, &err), 0);
    assert_memory_equal(e, &again, sizeof again);
    free(written);
}

/* The hub's words become options of a process and names of interfaces. */
static void what_makes_no_sense_is_refused(void **state)
{
    static const struct {
        const char *text, *words;
    } bad[] = {
        {"", "there is no name"},
        {"[enrolled]\nname = mars\n", "there is no key"},
        {GOOD "nonsense = 1\n", "nonsense"},
        {GOOD "name = a b\n", "no name for a spoke"},
        {GOOD "name = a,ip=1.2.3.4\n", "no name for a spoke"},
        {GOOD "key = AQID\n", "no key"},
        {GOOD "psk = AQID\n", "no key"},
        {GOOD "address = 192.168.1.1\n", "no tunnel address"},
        {GOOD "address = 100.64.0.1\n", "no tunnel address"},
        {GOOD "address = 100.128.0.1\n", "no tunnel address"},
        {GOOD "address = fd00::1\n", "no tunnel address"},
        {GOOD "wire = quick\n", "quick"},
        {GOOD "endpoint = a:0\n", "not HOST"},
        {GOOD "endpoint = a,psk=/etc/shadow\n", "not HOST"},
        {GOOD "network = boot\n", "not VNI NAME"},
        {GOOD "network = -1 boot\n", "not VNI NAME"},
        {GOOD "network = 16777216 boot\n", "VNI"},
        {GOOD "network = 1 ../boot\n", "no name for a network"},
        {GOOD "network = 1 .\n", "no name for a network"},
        {GOOD "network = 1 -boot\n", "no name for a network"},
        {GOOD "network = 1 sixteen-letters-\n", "no name for a network"},
        {GOOD "network = 1 boot\nnetwork = 2 boot\n", "twice"},
        {GOOD "network = 1 boot\nnetwork = 1 lab\n", "twice"},
        {GOOD "network = 1 boot maybe\n", "not VNI NAME"},
        {GOOD "network = 1 boot  published\n", "not VNI NAME"},
        {GOOD "network = 1x boot\n", "not VNI NAME"},
        {GOOD "network = 1 boot published eth1 eth2\n", "no MAC address"},
        {GOOD "network = 1 boot published ../eth1\n", "no name for an interface"},
        {GOOD "network = 1 boot published an-interface-that-is-long\n", "no name for an interf"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct el_enrolment none = {.endpoint_count = 0};
        if (parse(bad[i].text) >= 0 || !strstr(err.text, bad[i].words))
            fail_msg("%s: %s", bad[i].text, err.text);
        assert_null(strstr(err.text, PSK));
        assert_memory_equal(&enrolment, &none, sizeof none);
    }
}

static void the_file_is_the_owners_alone(void **state)
{
    char directory[] = "/tmp/el2w-enrolment-test-XXXXXX";
    char path[64];
    struct el_enrolment again;
    struct stat file;

    (void)state;
    assert_non_null(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/enrolled.conf", directory);
    assert_int_equal(el_enrolment_read(directory, &again, &err), EL_ENOENT);
    assert_int_equal(parse(GOOD "psk = " PSK "\n"), 0);
    assert_int_equal(el_enrolment_write(directory, &enrolment, &err), 0);
    assert_int_equal(stat(path, &file), 0);
    assert_int_equal(file.st_mode & 0777, 0600);
    assert_int_equal(el_enrolment_read(directory, &again, &err), 0);
    assert_memory_equal(&enrolment, &again, sizeof again);

    assert_int_equal(truncate(path, 40), 0);
    assert_int_equal(el_enrolment_read(directory, &again, &err), EL_EINVAL);
    assert_int_equal(truncate(path, 1 << 16), 0);
    assert_true(el_enrolment_read(directory, &again, &err) < 0);
    unlink(path);
    assert_int_equal(rmdir(directory), 0);
    assert_true(el_enrolment_write(directory, &enrolment, &err) < 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(the_longest_is_written),
        cmocka_unit_test(what_makes_no_sense_is_refused),
        cmocka_unit_test(the_file_is_the_owners_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
