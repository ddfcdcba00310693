/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a hub has for a spoke, and the text of it that the supervisor reads; and what a spoke says
 * of itself. Input: a letter that says which, and the text.
 *
 *     a{...} as 200    r{...} as 403    t[self]...    p[report]...
 *
 * What is taken prints as text that reads as the same; what is not is nothing, and says why.
 */
#include "spoke/agent_answer.h"
#include "spoke/agent_report.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool promise)
{
    if (!promise)
        abort();
}

static void check_printable(const char *text)
{
    for (; *text; text++)
        require(*text >= ' ' && *text <= '~');
}

static void check_self(const struct el_agent_self *self)
{
    char text[EL_AGENT_TEXT], again_text[EL_AGENT_TEXT];
    struct el_agent_self again;
    struct el_err err = {""};

    for (unsigned i = 0; i < self->notice_count; i++)
        check_printable(self->notices[i].text);
    require(el_agent_self_text(self, text) == 0);
    require(el_agent_self_parse(text, &again, &err) == 0);
    require(el_spoke_networks_equal(&self->networks, &again.networks));
    require(self->notice_count == again.notice_count);
    require(el_agent_self_text(&again, again_text) == 0 && strcmp(text, again_text) == 0);
}

static void check_text(const char *text)
{
    static const struct el_agent_self none;
    struct el_agent_self self;
    struct el_err err = {""};

    if (el_agent_self_parse(text, &self, &err) == 0)
        check_self(&self);
    else
        require(err.text[0] && memcmp(&self, &none, sizeof none) == 0);
}

static void check_report(const char *text)
{
    struct el_agent_report report, again;
    char written[EL_AGENT_REPORT_TEXT];
    struct el_err err = {""};

    if (el_agent_report_parse(text, &report, &err) < 0) {
        require(err.text[0] && report.count == 0);
        return;
    }
    require(el_agent_report_text(&report, written) == 0);
    require(el_agent_report_parse(written, &again, &err) == 0);
    require(el_agent_report_equal(&report, &again));
}

static void check_answer(int status, const char *text)
{
    struct el_agent_answer answer;
    json_t *body = el_json_parse(text, strlen(text), NULL);

    el_agent_answer_read(status, body, &answer);
    json_decref(body);
    if (answer.verdict == EL_AGENT_SELF)
        check_self(&answer.self);
    else
        require(answer.sentence.text[0]);
    require(answer.verdict != EL_AGENT_REVOKED || status == 403);
    require(answer.verdict != EL_AGENT_SELF || status == 200);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);

    require(text);
    memcpy(text, data, size);
    text[size] = '\0';
    switch (text[0]) {
    case 'a': check_answer(200, text + 1); break;
    case 'r': check_answer(403, text + 1); break;
    case 't': check_text(text + 1); break;
    case 'p': check_report(text + 1); break;
    default: break;
    }
    free(text);
    return 0;
}
