/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers of an enrolment: everything in them was said by somebody else. */
#include "spoke/join_answer.h"

#include "base/civil.h"
#include "control/problem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *text_of(const json_t *body, const char *member)
{
    return json_string_value(json_object_get(body, member));
}

/* -- 200 -- */

static int read_wire(const char *text, struct el_enrolment *enrolment, struct el_err *err)
{
    for (unsigned i = 0; text && i < EL_TUNNEL_WIRES; i++)
        if (strcmp(text, el_tunnel_wire_names[i]) == 0) {
            enrolment->wire = i;
            return el_tunnel_wire_check((enum el_tunnel_wire)i, err);
        }
    return el_err(err, EL_EPROTO, "it does not say which wire form");
}

static int read_enrolment(const json_t *body, struct el_enrolment *enrolment, struct el_err *err)
{
    const char *name = text_of(body, "name");
    const char *address = text_of(body, "address");
    const char *psk = text_of(body, "psk");

    if (!name || !address)
        return el_err(err, EL_EPROTO, "it has no name or no address for us");
    int rc = el_enrolment_set_name(enrolment, name, err);
    if (rc == 0)
        rc = el_enrolment_set_address(enrolment, address, err);
    if (rc == 0)
        rc = read_wire(text_of(body, "wire"), enrolment, err);
    if (rc == 0 && psk && el_json_key_parse(psk, enrolment->psk) < 0)
        rc = el_err(err, EL_EPROTO, "its pre-shared key is none");
    return rc == 0 ? el_spoke_networks_read_json(&enrolment->networks,
                                                 json_object_get(body, "networks"), err)
                   : rc;
}

static void enrolled(const json_t *body, struct el_join_answer *answer)
{
    struct el_err why = {""};

    answer->verdict = EL_JOIN_ENROLLED;
    if (read_enrolment(body, &answer->enrolment, &why) == 0)
        return;
    answer->verdict = EL_JOIN_REFUSED;
    (void)el_err(&answer->sentence, EL_EPROTO, "the hub's answer makes no sense: %s", why.text);
}

/* -- 4xx, 5xx -- */

/* What is not a refusal for good. */
static const struct {
    const char *type;
    enum el_join_verdict verdict;
} types[] = {
    {"code-required", EL_JOIN_CODE},
    {"code-wrong", EL_JOIN_CODE},
    {"code-reused", EL_JOIN_CODE},
};

static const char *moment_of(const json_t *body, const char *member)
{
    const char *text = text_of(body, member);
    int64_t seconds;

    return text && el_civil_parse(text, &seconds) == 0 ? text : NULL;
}

/* A clock that is hours off is more frequent than a token that is late. */
static void add_clocks(const json_t *body, int64_t now_s, struct el_err *sentence)
{
    const char *expired = moment_of(body, "expired"), *hubs = moment_of(body, "time");
    char ours[EL_CIVIL_TEXT];
    struct el_err before = *sentence;

    if (expired && hubs)
        (void)el_err(sentence, EL_EPERM,
                     "%.200s (it expired at %s; by the hub's clock it is %s, by this computer's "
                     "%s)",
                     before.text, expired, hubs, el_civil_text(now_s, ours));
}

void el_join_answer_sentence(int status, const json_t *body, struct el_err *sentence)
{
    const char *detail = text_of(body, "detail");
    const char *title = text_of(body, "title");

    if (!detail && !title)
        (void)el_err(sentence, EL_EPROTO, "the hub answers with HTTP status %d", status);
    else
        (void)el_err(sentence, EL_EPERM, "%s", detail ? detail : title);
    for (char *c = sentence->text; *c; c++)
        if (*c < ' ' || *c > '~')
            *c = '?';
}

const char *el_join_answer_type(const json_t *body)
{
    const char *type = text_of(body, "type");
    const size_t prefix = strlen(EL_PROBLEM_PREFIX);

    return type && strncmp(type, EL_PROBLEM_PREFIX, prefix) == 0 ? type + prefix : "";
}

static void problem(int status, const json_t *body, int64_t now_s, struct el_join_answer *answer)
{
    const char *type = el_join_answer_type(body);

    answer->verdict = status >= 500 || status == 429 ? EL_JOIN_LATER : EL_JOIN_REFUSED;
    el_join_answer_sentence(status, body, &answer->sentence);
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (strcmp(type, types[i].type) == 0)
            answer->verdict = types[i].verdict;
    if (strcmp(type, "token-expired") == 0)
        add_clocks(body, now_s, &answer->sentence);
}

void el_join_answer_read(int status, const json_t *body, int64_t now_s,
                         struct el_join_answer *answer)
{
    const char *name = text_of(body, "name");
    const char *state = text_of(body, "state");

    *answer = (struct el_join_answer){.verdict = EL_JOIN_PENDING};
    if (status == 200) {
        enrolled(body, answer);
    } else if (status == 202) {
        if (state && strcmp(state, "asking") == 0)
            answer->verdict = EL_JOIN_ASKING;
        if (name)
            (void)el_enrolment_set_name(&answer->enrolment, name, NULL);
    } else {
        problem(status, body, now_s, answer);
    }
}
