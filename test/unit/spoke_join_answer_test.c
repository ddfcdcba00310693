/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a hub answers to a spoke that joins, good and bad. */
#include "spoke/join_answer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { NOW = 1790000000 }; /* 2026-09-21T14:13:20Z */

#define IS_IN "\"state\":\"enrolled\",\"name\":\"mars\",\"address\":\"100.71.3.9\""

static struct el_join_answer answer;

static void read_answer(int status, const char *text)
{
    struct el_err err = {""};
    json_t *body = text ? el_json_parse(text, strlen(text), &err) : NULL;

    if (text && !body)
        fail_msg("%s", err.text);
    el_join_answer_read(status, body, NOW, &answer);
    json_decref(body);
}

static void says(int status, const char *text, enum el_join_verdict verdict, const char *words)
{
    read_answer(status, text);
    if (answer.verdict != verdict || !strstr(answer.sentence.text, words))
        fail_msg("%s: verdict %d: %s", text ? text : "nothing", (int)answer.verdict,
                 answer.sentence.text);
}

static void enrolled(void **state)
{
    (void)state;
    says(200, "{" IS_IN ",\"wire\":\"standard\",\"networks\":[]}", EL_JOIN_ENROLLED, "");
    assert_string_equal(answer.enrolment.name, "mars");
    /* What a later hub may add is no harm. */
    says(200, "{" IS_IN ",\"wire\":\"compact\",\"more\":{}}", EL_JOIN_ENROLLED, "");
    says(200,
         "{" IS_IN ",\"wire\":\"compact\",\"networks\":[{\"name\":\"boot\",\"vni\":77,"
         "\"published\":false},{\"name\":\"lab\",\"vni\":78,\"published\":true}]}",
         EL_JOIN_ENROLLED, "");
    assert_string_equal(answer.enrolment.networks.items[0].name, "lab");
    assert_string_equal(answer.enrolment.networks.items[1].name, "boot");
}

static void nonsense(void **state)
{
    static const char *const bodies[] = {
        NULL,
        "{}",
        "[]",
        "{\"name\":\"mars\"}",
        "{\"name\":7,\"address\":\"100.71.3.9\",\"wire\":\"compact\"}",
        "{" IS_IN "}",
        "{" IS_IN ",\"wire\":\"quick\"}",
        "{" IS_IN ",\"wire\":\"compact\",\"psk\":\"short\"}",
        "{" IS_IN ",\"wire\":\"compact\",\"networks\":[7]}",
        "{" IS_IN ",\"wire\":\"compact\",\"networks\":[{\"name\":\"boot\",\"vni\":-1}]}",
        "{" IS_IN ",\"wire\":\"compact\",\"networks\":[{\"name\":\"boot\",\"vni\":16777216}]}",
        "{" IS_IN ",\"wire\":\"compact\",\"networks\":[{\"name\":\"a b\",\"vni\":1}]}",
        "{\"name\":\"mars\\nlan = eth0\",\"address\":\"100.71.3.9\",\"wire\":\"compact\"}",
        "{\"name\":\"mars\",\"address\":\"10.0.0.1\",\"wire\":\"compact\"}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++)
        says(200, bodies[i], EL_JOIN_REFUSED, "makes no sense");
}

static void not_yet(void **state)
{
    (void)state;
    says(202, NULL, EL_JOIN_PENDING, "");
    says(202, "{\"state\":\"pending\",\"name\":\"mars\"}", EL_JOIN_PENDING, "");
    assert_string_equal(answer.enrolment.name, "mars");
    says(202, "{\"state\":\"asking\",\"name\":\"mars\"}", EL_JOIN_ASKING, "");
    says(202, "{\"name\":\"a b\"}", EL_JOIN_PENDING, "");
    assert_string_equal(answer.enrolment.name, "");
    says(503, NULL, EL_JOIN_LATER, "503");
    says(429, "{\"title\":\"Slowly\"}", EL_JOIN_LATER, "Slowly");
}

#define TYPE(name) "\"type\":\"urn:el2w:problem:" name "\""

static void refusals(void **state)
{
    (void)state;
    says(404, NULL, EL_JOIN_REFUSED, "HTTP status 404");
    says(409, "{" TYPE("token-used") ",\"title\":\"T\",\"detail\":\"it was used\"}",
         EL_JOIN_REFUSED, "it was used");
    says(403, "{" TYPE("code-required") ",\"detail\":\"a code\"}", EL_JOIN_CODE, "a code");
    says(403, "{" TYPE("code-wrong") ",\"detail\":\"no\",\"tries_left\":3}", EL_JOIN_CODE, "no");
    says(403, "{" TYPE("code-reused") ",\"detail\":\"no\"}", EL_JOIN_CODE, "no");
    says(403, "{\"type\":\"code-wrong\",\"detail\":\"no\"}", EL_JOIN_REFUSED, "no");
    says(403, "{\"detail\":\"\\u001b[2J\\u009b red\"}", EL_JOIN_REFUSED, "?[2J?? red");
}

static void clocks(void **state)
{
    (void)state;
    says(410,
         "{" TYPE("token-expired") ",\"detail\":\"old\",\"expired\":\"2026-09-21T12:00:00Z\","
                                   "\"time\":\"2026-09-21T13:00:00Z\"}",
         EL_JOIN_REFUSED,
         "old (it expired at 2026-09-21T12:00:00Z; by the hub's clock it is 2026-09-21T13:00:00Z, "
         "by this computer's 2026-09-21T14:13:20Z)");
    says(410, "{" TYPE("token-expired") ",\"detail\":\"old\",\"time\":\"yesterday\"}",
         EL_JOIN_REFUSED, "old");
    assert_null(strstr(answer.sentence.text, "yesterday"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(enrolled), cmocka_unit_test(nonsense), cmocka_unit_test(not_yet),
        cmocka_unit_test(refusals), cmocka_unit_test(clocks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
