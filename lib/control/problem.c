/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Problem details. */
#include "control/problem.h"

#include <stdio.h>

const struct el_problem el_problem_malformed = {400, NULL, "Bad Request"};
const struct el_problem el_problem_forbidden = {403, NULL, "Forbidden"};
const struct el_problem el_problem_not_found = {404, NULL, "Not Found"};
const struct el_problem el_problem_method = {405, NULL, "Method Not Allowed"};
const struct el_problem el_problem_conflict = {409, NULL, "Conflict"};
const struct el_problem el_problem_too_large = {413, NULL, "Content Too Large"};
const struct el_problem el_problem_media_type = {415, NULL, "Unsupported Media Type"};
const struct el_problem el_problem_invalid = {422, "invalid", "The request is not as it should be"};
const struct el_problem el_problem_internal = {500, NULL, "Internal Server Error"};
const struct el_problem el_problem_unavailable = {503, NULL, "Service Unavailable"};

json_t *el_problem_document(const struct el_problem *problem, const char *detail)
{
    char type[128] = "about:blank";
    json_t *document = json_object();

    if (problem->name)
        snprintf(type, sizeof type, EL_PROBLEM_PREFIX "%s", problem->name);
    if (json_object_set_new(document, "type", json_string(type)) == 0 &&
        json_object_set_new(document, "title", json_string(problem->title)) == 0 &&
        json_object_set_new(document, "status", json_integer(problem->status)) == 0 &&
        (!detail || json_object_set_new(document, "detail", el_json_string(detail)) == 0))
        return document;
    json_decref(document);
    return NULL;
}
