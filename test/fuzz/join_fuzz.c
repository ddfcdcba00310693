/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a hub answers to a spoke that joins, and the file that is kept of it. Input: a letter that
 * says which, and the text.
 *
 *     a{...} as 200    p{...} as 202    r{...} as 403    e[enrolled]...
 *
 * What is taken prints as text that reads as the same; what is not is nothing, and says why.
 */
#include "spoke/join_answer.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool promise)
{
    if (!promise)
        abort();
}

static void check_text(const struct el_enrolment *enrolment)
{
    struct el_enrolment again;
    char *text = el_enrolment_text(enrolment);
    struct el_err err = {""};

    require(text && strlen(text) < EL_ENROLMENT_TEXT);
    require(el_enrolment_parse(text, "again", &again, &err) == 0);
    require(memcmp(enrolment, &again, sizeof again) == 0);
    free(text);
}

static void check_file(const char *text)
{
    static const struct el_enrolment none;
    struct el_enrolment enrolment;
    struct el_err err = {""};

    if (el_enrolment_parse(text, "fuzz", &enrolment, &err) == 0)
        check_text(&enrolment);
    else
        require(err.text[0] && memcmp(&enrolment, &none, sizeof none) == 0);
}

static void check_answer(int status, const char *text)
{
    struct el_join_answer answer;
    json_t *body = el_json_parse(text, strlen(text), NULL);

    el_join_answer_read(status, body, 1790000000, &answer);
    json_decref(body);
    for (const char *c = answer.sentence.text; *c; c++)
        require(*c >= ' ' && *c <= '~');
    if (answer.verdict == EL_JOIN_ENROLLED) {
        memset(answer.enrolment.key, 1, 32); /* our own part of it */
        require(el_enrolment_add_endpoint(&answer.enrolment, "hub", NULL) == 0);
        check_text(&answer.enrolment);
    } else if (answer.verdict != EL_JOIN_PENDING && answer.verdict != EL_JOIN_ASKING) {
        require(answer.sentence.text[0]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);

    require(text);
    memcpy(text, data, size);
    text[size] = '\0';
    switch (text[0]) {
    case 'a': check_answer(200, text + 1); break;
    case 'p': check_answer(202, text + 1); break;
    case 'r': check_answer(403, text + 1); break;
    case 'e': check_file(text + 1); break;
    default: break;
    }
    free(text);
    return 0;
}
