/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which network has which interface of a spoke. */
#include "node/lan.h"

#include "port/packet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* -- places and rules -- */

static void places_are_read_and_written(void **state)
{
    static const struct {
        const char *text, *interface;
        uint16_t vid;
    } good[] = {
        {"eth1", "eth1", 0},
        {"eth1.30", "eth1", 30},
        {"enp0s31f6.4094", "enp0s31f6", 4094},
        {"a23456789012345.1", "a23456789012345", 1},
        {"br-lan.sta1", "br-lan.sta1", 0},
        {"br.1.2", "br.1", 2},
    };
    static const char *const bad[] = {"",
                                      ".",
                                      ".30",
                                      "..",
                                      "-eth1",
                                      "eth1.0",
                                      "eth1.030",
                                      "eth1.4095",
                                      "eth1.99999999999999999999",
                                      "eth 1",
                                      "a234567890123456",
                                      "eth1/2",
                                      "eth1,30",
                                      "eth1\n",
                                      "\x01",
                                      "eth1:0",
                                      "eth1=boot"};
    char text[EL_LAN_TEXT];
    struct el_lan_place place;
    struct el_err err;

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_int_equal(el_lan_place_parse(good[i].text, &place, &err), 0);
        assert_string_equal(place.interface, good[i].interface);
        assert_int_equal(place.vid, good[i].vid);
        assert_string_equal(el_lan_place_text(&place, text), good[i].text);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        err.text[0] = '\0';
        assert_int_equal(el_lan_place_parse(bad[i], &place, &err), EL_EINVAL);
        assert_non_null(strstr(err.text, "lan"));
    }
}

static void a_site_says_each_thing_once(void **state)
{
    struct el_lan_site site = {.count = 0};
    struct el_err err;
    char text[8] = "eth00";

    (void)state;
    assert_int_equal(el_lan_add(&site, "eth1", &err), 0);
    assert_int_equal(el_lan_add(&site, "eth1.30=lab2", &err), 0);
    assert_string_equal(site.rules[1].network, "lab2");
    assert_int_equal(el_lan_add(&site, "eth1", &err), 0); /* in the file and as an option */
    assert_int_equal(el_lan_add(&site, "eth1.30=lab2", &err), 0);
    assert_int_equal(el_lan_add(&site, "eth1.30", &err), EL_EEXIST);
    assert_string_equal(err.text, "lan eth1.30: is said twice");
    assert_int_equal(el_lan_add(&site, "eth2=lab2", &err), EL_EEXIST);
    assert_string_equal(err.text, "lan eth2: the network lab2 has eth1.30 already");
    assert_int_equal(el_lan_add(&site, "eth2=", &err), EL_EINVAL);
    assert_int_equal(el_lan_add(&site, "eth2=a234567890123456", &err), EL_EINVAL);
    assert_int_equal(el_lan_add(&site, "eth2=a b", &err), EL_EINVAL);
    assert_int_equal(el_lan_add(&site, "=lab", &err), EL_EINVAL);
    assert_int_equal(site.count, 2);
    while (site.count < EL_LAN_RULES) {
        text[3] = (char)('0' + site.count / 10);
        text[4] = (char)('0' + site.count % 10);
        assert_int_equal(el_lan_add(&site, text, &err), 0);
    }
    assert_int_equal(el_lan_add(&site, "eth99", &err), EL_EFULL);
}

/* -- the table -- */

/* RULES and NETWORKS with spaces between; a network is NAME or NAME@PLACE. What comes of it:
 * "NAME=PLACE " for each port as it comes, with "-" before a PLACE that has no tagged frames, and
 * "NAME! " for each problem. */
static struct el_lan_plan plan;

static const char *resolve(const char *rules, const char *networks, const char *first)
{
    static char result[512];
    struct el_lan_site site = {.count = 0};
    struct el_lan_network list[EL_LAN_NETWORKS + 1];
    unsigned count = 0;
    char words[256], place[EL_LAN_TEXT];

    memset(list, 0, sizeof list);
    strcpy(words, rules);
    for (char *word = strtok(words, " "); word; word = strtok(NULL, " "))
        assert_int_equal(el_lan_add(&site, word, NULL), 0);
    strcpy(words, networks);
    for (char *word = strtok(words, " "); word; word = strtok(NULL, " ")) {
        char *at = strchr(word, '@');
        if (at) {
            *at = '\0';
            strcpy(list[count].lan, at + 1);
        }
        strcpy(list[count].name, word);
        list[count].vni = 100 + count;
        count++;
    }
    memset(&plan, 0xff, sizeof plan);
    el_lan_resolve(&site, list, count, first, &plan);
    result[0] = '\0';
    for (unsigned i = 0; i < plan.port_count; i++) {
        const struct el_lan_port *port = &plan.ports[i];
        strcat(strcat(result, list[port->vni - 100].name), "=");
        strcat(result, port->vid == EL_PACKET_UNTAGGED ? "-" : "");
        strcat(strcat(result, el_lan_place_text(&port->place, place)), " ");
        assert_int_equal(port->vid > 0 ? port->vid : 0, port->place.vid);
    }
    for (unsigned i = 0; i < plan.problem_count; i++)
        strcat(strcat(result, list[plan.problems[i].vni - 100].name), "! ");
    return result;
}

static void the_hub_decides_within_what_the_site_allows(void **state)
{
    (void)state;
    assert_string_equal(resolve("eth1", "boot", NULL), "boot=eth1 ");
    assert_string_equal(resolve("eth1", "boot@eth1", NULL), "boot=eth1 ");
    assert_string_equal(resolve("eth1", "boot@eth1.30", NULL), "boot=eth1.30 ");
    assert_string_equal(resolve("eth1 eth2", "boot@eth2", NULL), "boot=eth2 ");
    assert_string_equal(resolve("eth1=boot eth2=lab2", "boot@eth2 lab2@eth1", NULL),
                        "boot=eth2 lab2=eth1 ");

    assert_string_equal(resolve("eth1.30", "boot@eth1", NULL), "boot! ");
    assert_string_equal(resolve("eth1.30", "boot@eth1.31", NULL), "boot! ");
    assert_string_equal(resolve("eth1", "boot@eth0", NULL), "boot! ");
    assert_string_equal(plan.problems[0].sentence,
                        "network boot: the hub wants eth0 for it, and --lan here allows eth1");
    assert_string_equal(resolve("eth1", "boot@eth1.30.40", NULL), "boot! ");
    assert_string_equal(resolve("eth1", "boot@../eth1", NULL), "boot! ");
    assert_string_equal(plan.problems[0].sentence,
                        "network boot: what the hub says of its place is no interface");
    /* What was told a place that it may not have gets no other. */
    assert_string_equal(resolve("eth1 eth2=boot", "boot@eth0", NULL), "boot! ");
}

static void wishes_count_where_the_hub_says_nothing(void **state)
{
    (void)state;
    assert_string_equal(resolve("eth1=boot eth2=lab2", "lab2 boot", NULL), "lab2=eth2 boot=eth1 ");
    assert_string_equal(resolve("eth2=lab2", "boot lab2", NULL), "lab2=eth2 boot! ");
    assert_string_equal(resolve("eth2=lab2", "boot", NULL), "boot! ");
    assert_string_equal(resolve("eth2=lab2 eth1", "lab2 boot", NULL), "lab2=eth2 boot=eth1 ");
    assert_string_equal(resolve("eth1=lab2", "boot@eth1 lab2", NULL), "boot=eth1 lab2! ");
    assert_string_equal(plan.problems[0].sentence,
                        "network lab2: eth1 belongs to the network boot already");
}

static void the_rest_is_for_the_first(void **state)
{
    (void)state;
    assert_string_equal(resolve("eth1", "boot lab2 lab3", NULL), "boot=eth1 lab2! lab3! ");
    assert_string_equal(resolve("eth1", "boot lab2 lab3", "lab2"), "lab2=eth1 boot! lab3! ");
    assert_string_equal(resolve("eth1", "boot", "elsewhere"), "boot=eth1 ");
    /* Two interfaces: nobody guesses what the second one is for. */
    assert_string_equal(resolve("eth1 eth2", "boot lab2", NULL), "boot=eth1 lab2! ");
    assert_non_null(strstr(plan.problems[0].sentence, "el2w publish NETWORK --to SPOKE --lan"));
    assert_string_equal(resolve("eth1 eth2", "boot lab2@eth1", NULL), "boot=eth2 lab2=eth1 ");
    /* The one that --network says has its place already. */
    assert_string_equal(resolve("eth1 eth2", "boot lab2@eth1", "lab2"), "lab2=eth1 boot! ");
}

static void no_frame_is_in_two_networks(void **state)
{
    (void)state;
    assert_string_equal(resolve("eth1", "boot@eth1 lab2@eth1", NULL), "boot=eth1 lab2! ");
    /* Tags belong to eth1 until one of them is a place of its own; those as such come first. */
    assert_string_equal(resolve("eth1", "lab2@eth1.30 boot", NULL), "boot=-eth1 lab2=eth1.30 ");
    assert_string_equal(resolve("eth1 eth1.30=lab2", "boot", NULL), "boot=-eth1 ");
    assert_string_equal(resolve("eth1 eth2.30=lab2", "boot", NULL), "boot=eth1 ");
    assert_string_equal(resolve("eth1", "a@eth1.2 b@eth1.3 c@eth1.4", NULL),
                        "a=eth1.2 b=eth1.3 c=eth1.4 ");
}

static void without_a_lan_there_are_no_places(void **state)
{
    (void)state;
    assert_string_equal(resolve("", "boot lab2@eth1", NULL), "");
    assert_string_equal(resolve("eth1", "", NULL), "");
    assert_string_equal(resolve("eth1", "a b c d e f g h i", NULL),
                        "a=eth1 b! c! d! e! f! g! h! "); /* and no more */
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(places_are_read_and_written),
        cmocka_unit_test(a_site_says_each_thing_once),
        cmocka_unit_test(the_hub_decides_within_what_the_site_allows),
        cmocka_unit_test(wishes_count_where_the_hub_says_nothing),
        cmocka_unit_test(the_rest_is_for_the_first),
        cmocka_unit_test(no_frame_is_in_two_networks),
        cmocka_unit_test(without_a_lan_there_are_no_places),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
