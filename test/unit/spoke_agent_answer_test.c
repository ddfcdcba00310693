/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a hub has for a spoke, from its answer to the supervisor's hands. */
#include "spoke/agent_answer.h"
#include "spoke/agent_message.h"
#include "spoke/agent_report.h"
#include "spoke/spoke_news.h"
#include "sys/message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define ENROLLED "{\"name\":\"mars\",\"state\":\"enrolled\",\"networks\":"
#define BOOT     "{\"name\":\"boot\",\"vni\":77,\"published\":true}"
#define LAB      "{\"name\":\"lab\",\"vni\":78,\"published\":false,\"lan\":\"eth1.30\"}"

#define KEY "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define VENUS                                                                              \
    "{\"name\":\"venus\",\"key\":\"" KEY "\",\"address\":\"100.64.0.3\",\"endpoints\":[]," \
    "\"psk\":\"" KEY "\",\"wire\":\"fast\",\"networks\":[77],\"for_s\":52}"

static struct el_agent_answer answer;

static void answers(int status, const char *text, enum el_agent_verdict verdict, const char *words)
{
    struct el_err err = {""};
    json_t *body = text ? el_json_parse(text, strlen(text), &err) : NULL;

    if (text && !body)
        fail_msg("%s: %s", text, err.text);
    el_agent_answer_read(status, body, &answer);
    json_decref(body);
    if (answer.verdict != verdict || !strstr(answer.sentence.text, words))
        fail_msg("%s: verdict %d: %s", text ? text : "nothing", (int)answer.verdict,
                 answer.sentence.text);
}

static void how_it_stands(void **state)
{
    (void)state;
    answers(200, ENROLLED "[" LAB "," BOOT "],\"more\":{}}", EL_AGENT_SELF, "");
    assert_int_equal(answer.self.networks.count, 2);
    assert_string_equal(answer.self.networks.items[0].name, "boot"); /* it is published */
    assert_string_equal(answer.self.networks.items[1].lan, "eth1.30");
    assert_int_equal(answer.self.notice_count, 0);
    answers(200,
            ENROLLED
            "[],\"notices\":[{\"kind\":\"loop\",\"network\":\"boot\",\"text\":\" \\u0007a\\n"
            "b\\u001b[31m\\u00e4 \"},{\"kind\":\"x\",\"text\":\"y\"}]}",
            EL_AGENT_SELF, "");
    assert_int_equal(answer.self.notice_count, 2);
    assert_string_equal(answer.self.notices[0].text, "a b [31m");
    assert_string_equal(answer.self.notices[1].network, "-");
    answers(200,
            ENROLLED
            "[{\"name\":\"boot\",\"vni\":77,\"published\":true,\"mac\":\"52:54:00:12:34:56\"}],"
            "\"peers\":[" VENUS "]}",
            EL_AGENT_SELF, "");
    assert_int_equal(answer.self.networks.items[0].mac.b[5], 0x56);
    assert_int_equal(answer.self.peers.count, 1);
    assert_string_equal(answer.self.peers.items[0].name, "venus");
}

static void nonsense_is_not_now(void **state)
{
    static const char *const bodies[] = {
        NULL,
        "{}",
        "[]",
        "{\"state\":\"enrolled\"}",
        "{\"state\":\"pending\",\"networks\":[]}",
        ENROLLED "{}}",
        ENROLLED "[7]}",
        ENROLLED "[" BOOT "," BOOT "]}",
        ENROLLED "[{\"name\":\"boot\",\"vni\":16777216}]}",
        ENROLLED "[{\"name\":\"boot\",\"vni\":1,\"lan\":\"a b\"}]}",
        ENROLLED "[{\"name\":\"boot\",\"vni\":1,\"lan\":\"an-interface-that-is-too-long\"}]}",
        ENROLLED "[{\"name\":\"boot\\nnetwork = 1 x\",\"vni\":1}]}",
        ENROLLED "[{\"name\":\"boot\",\"vni\":1,\"mac\":\"01:00:5e:00:00:01\"}]}",
        ENROLLED "[{\"name\":\"boot\",\"vni\":1,\"mac\":\"here\"}]}",
        ENROLLED "[],\"peers\":[{}]}",
        ENROLLED "[],\"peers\":[" VENUS "," VENUS "]}",
        ENROLLED "[],\"notices\":[{\"kind\":\"a b\",\"text\":\"y\"}]}",
        ENROLLED "[],\"notices\":[{\"kind\":\"a\",\"network\":\"\",\"text\":\"y\"}]}",
        ENROLLED "[],\"notices\":[{\"kind\":\"a\",\"text\":\" \\n\"}]}",
    };
    static const struct el_agent_self none;

    (void)state;
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        answers(200, bodies[i], EL_AGENT_LATER, "makes no sense");
        assert_memory_equal(&answer.self, &none, sizeof none);
    }
}

static void problems(void **state)
{
    static const char revoked[] =
        "{\"type\":\"urn:el2w:problem:key-revoked\",\"detail\":\"never comes back\"}";

    (void)state;
    answers(403, revoked, EL_AGENT_REVOKED, "never comes back");
    answers(404, revoked, EL_AGENT_LATER, ""); /* not as the hub says it */
    answers(403, "{\"type\":\"key-revoked\"}", EL_AGENT_LATER, "403");
    answers(403, NULL, EL_AGENT_LATER, "403");
    answers(503, "{\"title\":\"later\"}", EL_AGENT_LATER, "later");
}

static int parse(const char *text, struct el_agent_self *self, struct el_err *err)
{
    *err = (struct el_err){""};
    return el_agent_self_parse(text, self, err);
}

static void what_is_written_is_read(void **state)
{
    struct el_agent_self again;
    char text[EL_AGENT_TEXT], once_more[EL_AGENT_TEXT];
    struct el_err err;

    (void)state;
    answers(200,
            ENROLLED "[" LAB "," BOOT "],\"notices\":[{\"kind\":\"loop\",\"network\":\"lab\","
                     "\"text\":\"it = [x] # a\"}]}",
            EL_AGENT_SELF, "");
    assert_int_equal(el_agent_self_text(&answer.self, text), 0);
    assert_string_equal(text, "[self]\nnetwork = 77 boot published\n"
                              "network = 78 lab unpublished eth1.30\nnotice = loop lab it = [x] "
                              "# a\n");
    assert_int_equal(parse(text, &again, &err), 0);
    assert_int_equal(el_agent_self_text(&again, once_more), 0);
    assert_string_equal(text, once_more);
}

/* However much there is to say, it has room. */
static void the_longest_is_written(void **state)
{
    struct el_agent_self self = {.notice_count = EL_AGENT_NOTICES}, again;
    char text[EL_AGENT_TEXT];
    struct el_err err;

    (void)state;
    for (unsigned i = 0; i < EL_SPOKE_NETWORKS; i++) {
        struct el_spoke_network network = {.vni = 16777215 - i, .lan = "a-long-interface.4094"};
        snprintf(network.name, sizeof network.name, "network-%07u", i);
        assert_int_equal(el_spoke_networks_add(&self.networks, &network, NULL), 0);
    }
    for (unsigned i = 0; i < EL_AGENT_NOTICES; i++) {
        memset(self.notices[i].kind, 'k', EL_AGENT_NOTICE_KIND - 1);
        memset(self.notices[i].network, 'n', EL_SPOKE_NETWORK_NAME - 1);
        memset(self.notices[i].text, 't', EL_AGENT_NOTICE_TEXT - 1);
    }
    assert_int_equal(el_agent_self_text(&self, text), 0);
    assert_int_equal(parse(text, &again, &err), 0);
    assert_int_equal(again.notice_count, EL_AGENT_NOTICES);
}

/* It was written by an applet that reads what the network says. */
static void what_makes_no_sense_is_refused(void **state)
{
    static const struct {
        const char *text, *words;
    } bad[] = {
        {"[self]\nnonsense = 1\n", "nonsense"},
        {"[other]\nnetwork = 1 boot\n", ""},
        {"[self]\nnetwork = 1 ../boot\n", "no name"},
        {"[self]\nnetwork = 1 boot\nnetwork = 1 lab\n", "twice"},
        {"[self]\nnotice = loop boot\n", "KIND NETWORK SENTENCE"},
        {"[self]\nnotice = loop  it\n", "KIND NETWORK SENTENCE"},
        {"[self]\nnotice = a-kind-that-is-longer-than-any-of-them - it\n", "KIND NETWORK SENTENCE"},
    };
    static const struct el_agent_self none;
    struct el_agent_self self;
    struct el_err err;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (parse(bad[i].text, &self, &err) >= 0 && bad[i].words[0])
            fail_msg("%s is taken", bad[i].text);
        if (!strstr(err.text, bad[i].words))
            fail_msg("%s: %s", bad[i].text, err.text);
        assert_memory_equal(&self, &none, sizeof none);
    }
}

static void what_has_changed_is_said(void **state)
{
    struct el_agent_self before, now;
    struct el_err err;

    (void)state;
    assert_int_equal(parse("network = 77 boot published\nnetwork = 78 lab\n", &before, &err), 0);
    assert_int_equal(el_spoke_news(&before, &before), 0);
    assert_int_equal(parse("network = 78 lab published\nnotice = loop lab it\n", &now, &err), 0);
    assert_int_equal(el_spoke_news(&before, &now), 3);
    assert_int_equal(el_spoke_news(&now, &before), 2); /* a notice that is over is no news */
    assert_int_equal(parse("network = 79 boot published\nnetwork = 78 lab\n", &now, &err), 0);
    assert_int_equal(el_spoke_news(&before, &now), 2); /* another of this name */
}

static void what_a_spoke_says_of_itself(void **state)
{
    static const char *const bad[] = {"port = 77\n",
                                      "port = eth1\n",
                                      "port = 77 a b\n",
                                      "port = 77 an-interface-that-is-too-long\n",
                                      "port = 16777216 eth1\n",
                                      "problem = 78 \n",
                                      "problem = -1 it\n",
                                      "more = 1\n"};
    struct el_agent_report report = {.count = 0}, again;
    char text[EL_AGENT_REPORT_TEXT];
    struct el_err err = {""};

    (void)state;
    el_agent_report_add(&report, 77, "eth1.30", "of no meaning");
    el_agent_report_add(&report, 78, NULL, "not allowed\n\033[31m");
    assert_int_equal(el_agent_report_text(&report, text), 0);
    assert_string_equal(text, "[report]\nport = 77 eth1.30\nproblem = 78 not allowed??[31m\n");
    assert_int_equal(el_agent_report_parse(text, &again, &err), 0);
    assert_true(el_agent_report_equal(&report, &again));
    again.ports[1].vni = 79;
    assert_false(el_agent_report_equal(&report, &again));
    json_t *body = el_agent_report_json(&report);
    size_t len;
    char *json = el_json_text(body, &len);
    assert_string_equal(json, "{\"ports\":[{\"vni\":77,\"interface\":\"eth1.30\"},"
                              "{\"vni\":78,\"problem\":\"not allowed??[31m\"}]}");
    free(json);
    json_decref(body);
    for (unsigned i = 0; i < 2 * EL_SPOKE_NETWORKS; i++) {
        char longest[EL_AGENT_PROBLEM + 1] = "";
        memset(longest, 'x', EL_AGENT_PROBLEM);
        el_agent_report_add(&report, 16777215, NULL, longest);
    }
    assert_int_equal(report.count, EL_SPOKE_NETWORKS);
    assert_int_equal(el_agent_report_text(&report, text), 0);
    again.count = 0;
    el_agent_report_add(&again, 77, "\033[2Jeth1\xc3\xa4", NULL); /* as a hub may be told */
    assert_string_equal(again.ports[0].interface, "?[2Jeth1??");
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (el_agent_report_parse(bad[i], &again, &err) != EL_EINVAL || again.count > 0)
            fail_msg("%s is taken", bad[i]);
}

static void messages_come_whole(void **state)
{
    static struct el_agent_message message;
    int fds[2];

    (void)state;
    assert_int_equal(el_sys_message_pair(fds), 0);
    assert_int_equal(el_agent_message_receive(fds[1], &message), EL_EAGAIN);
    assert_int_equal(el_agent_message_send(fds[0], EL_AGENT_MESSAGE_REVOKED, "why"), 0);
    assert_int_equal(el_agent_message_receive(fds[1], &message), 0);
    assert_int_equal(message.kind, EL_AGENT_MESSAGE_REVOKED);
    assert_string_equal(message.text, "why");
    memset(&message, 'x', sizeof message); /* a text without an end */
    assert_int_equal(el_sys_message_send(fds[0], &message, sizeof message, NULL, 0), 0);
    assert_int_equal(el_agent_message_receive(fds[1], &message), 0);
    assert_int_equal(strlen(message.text), EL_AGENT_TEXT - 1);
    assert_int_equal(el_sys_message_send(fds[0], &message, 100, NULL, 0), 0);
    assert_int_equal(el_agent_message_receive(fds[1], &message), EL_EINVAL);
    close(fds[0]);
    assert_int_equal(el_agent_message_receive(fds[1], &message), EL_ECLOSED);
    close(fds[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(how_it_stands),
        cmocka_unit_test(nonsense_is_not_now),
        cmocka_unit_test(problems),
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(the_longest_is_written),
        cmocka_unit_test(what_makes_no_sense_is_refused),
        cmocka_unit_test(what_has_changed_is_said),
        cmocka_unit_test(what_a_spoke_says_of_itself),
        cmocka_unit_test(messages_come_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
