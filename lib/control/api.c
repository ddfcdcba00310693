/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a request to its operation, through all checks, to a reply. */
#include "control/api.h"

#include "control/openapi.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct el_api {
    struct el_api_config config;
    const struct el_api_operation **operations; /* NULL at the end */
};

/* -- the framework's own operations; their ARG is the api -- */

static void show_document(void *arg, const struct el_api_request *request,
                          struct el_api_answer *answer)
{
    (void)request;
    el_api_answer(answer, 200, el_openapi_document(arg));
}

static const struct el_api_response document_responses[] = {
    {200, NULL, "The document.", "application/json"}, {0}};

static const struct el_api_operation document_operation = {
    .method = EL_API_GET,
    .path = "/v1/openapi.json",
    .id = "showDocument",
    .about = "This interface as an OpenAPI document.",
    .scopes = EL_API_OPERATOR | EL_API_SPOKE | EL_API_ENROLMENT,
    .responses = document_responses,
    .handler = show_document,
};

static const struct el_api_response events_responses[] = {
    {200, NULL, "Server-sent events, for as long as the connection stays.", "text/event-stream"},
    {0}};

static const struct el_api_operation events_operation = {
    .method = EL_API_GET,
    .path = "/v1/events",
    .id = "watchEvents",
    .about =
        "What happens, as it happens. The header field Last-Event-ID resumes behind that event; "
        "after an event of the type \"reset\" events may be missing: read all state anew.",
    .scopes = EL_API_OPERATOR,
    .responses = events_responses,
};

static const struct el_api_operation steps_operation = {
    .method = EL_API_GET,
    .path = "/v1/steps",
    .id = "watchSteps",
    .about = "The steps of machines' starts, as they happen, in the same way as /v1/events; "
             "after \"reset\" all that there is comes once more. A step comes again, with the same "
             "number, when there is more of it.",
    .scopes = EL_API_OPERATOR,
    .responses = events_responses,
};

/* The ring that OPERATION streams; NULL: it is none of these. */
static struct el_events *streamed(const struct el_api *api,
                                  const struct el_api_operation *operation)
{
    if (operation == &events_operation)
        return api->config.events;
    return operation == &steps_operation ? api->config.steps : NULL;
}

/* -- answers -- */

static void answer_clear(struct el_api_answer *answer)
{
    json_decref(answer->body);
    free(answer->bytes);
    free(answer->location);
    *answer = (struct el_api_answer){.status = 0};
}

void el_api_answer(struct el_api_answer *answer, int status, json_t *body)
{
    answer_clear(answer);
    if (!body && status != 204) {
        el_api_refuse(answer, &el_problem_internal, "out of memory");
        return;
    }
    answer->status = status;
    answer->body = body;
}

void el_api_answer_bytes(struct el_api_answer *answer, int status, const char *type, uint8_t *bytes,
                         size_t len)
{
    answer_clear(answer);
    if (!bytes) {
        el_api_refuse(answer, &el_problem_internal, "out of memory");
        return;
    }
    *answer = (struct el_api_answer){.status = status, .bytes = bytes, .len = len, .type = type};
}

void el_api_refuse(struct el_api_answer *answer, const struct el_problem *problem,
                   const char *detail, ...)
{
    char text[480];
    va_list args;

    answer_clear(answer);
    if (detail) {
        va_start(args, detail);
        vsnprintf(text, sizeof text, detail, args);
        va_end(args);
    }
    answer->status = problem->status;
    answer->problem = problem;
    answer->body = el_problem_document(problem, detail ? text : NULL);
}

void el_api_refuse_member(struct el_api_answer *answer, const char *name, json_t *value)
{
    (void)json_object_set_new(answer->body, name, value);
}

void el_api_location(struct el_api_answer *answer, const char *path)
{
    free(answer->location);
    answer->location = strdup(path);
}

/* -- what a handler asks of its request -- */

const char *el_api_param(const struct el_api_request *request, const char *name)
{
    const struct el_schema_field *field = request->operation->params;

    for (size_t i = 0; field && field[i].name; i++)
        if (strcmp(field[i].name, name) == 0)
            return request->params[i];
    return NULL;
}

int64_t el_api_param_integer(const struct el_api_request *request, const char *name,
                             int64_t otherwise)
{
    const char *text = el_api_param(request, name);

    return text ? strtoll(text, NULL, 10) : otherwise;
}

const char *el_api_string(const struct el_api_request *request, const char *member)
{
    return json_string_value(json_object_get(request->body, member));
}

int64_t el_api_integer(const struct el_api_request *request, const char *member, int64_t otherwise)
{
    const json_t *value = json_object_get(request->body, member);

    return json_is_integer(value) ? json_integer_value(value) : otherwise;
}

bool el_api_boolean(const struct el_api_request *request, const char *member)
{
    return json_is_true(json_object_get(request->body, member));
}

/* -- routes -- */

/* What has been found out about a request; TEXT holds the parameters in the path, each with its
 * NUL, in the order of the template. */
struct handling {
    const struct el_api_call *call;
    struct el_api_request request;
    struct el_api_answer answer;
    unsigned allow;
    char text[EL_API_PATH_MAX];
};

/* Whether PATH is one of TEMPLATE; then TEXT, of EL_API_PATH_MAX bytes, has the parameters. */
static bool path_matches(const char *template, const char *path, char *text)
{
    if (strlen(path) >= EL_API_PATH_MAX)
        return false;
    while (*template && *path) {
        if (*template == '{') {
            size_t len = strcspn(path, "/");
            if (len == 0)
                return false;
            memcpy(text, path, len);
            text[len] = '\0';
            text += len + 1;
            path += len;
            template += strcspn(template, "}") + 1;
        } else if (*template ++ != *path++) {
            return false;
        }
    }
    return !*template && !*path;
}

/* False: refused, or answered. */
static bool route(const struct el_api *api, struct handling *h)
{
    const struct el_api_call *call = h->call;
    char text[EL_API_PATH_MAX];

    for (const struct el_api_operation *const *o = api->operations; *o; o++) {
        if (!path_matches((*o)->path, call->path, text))
            continue;
        h->allow |= (*o)->method | EL_API_OPTIONS;
        if ((*o)->method == call->method && !h->request.operation) {
            h->request.operation = *o;
            memcpy(h->text, text, sizeof text);
        }
    }
    if (h->request.operation)
        return true;
    if (!h->allow)
        el_api_refuse(&h->answer, &el_problem_not_found, "%s: there is nothing of this name",
                      call->path);
    else if (call->method == EL_API_OPTIONS)
        el_api_answer(&h->answer, 204, NULL);
    else
        el_api_refuse(&h->answer, &el_problem_method, "%s knows no %s", call->path,
                      el_api_method_name(call->method));
    return false;
}

/* Whom nobody knows is told nothing, not even what there is. */
static bool known(struct handling *h)
{
    if (h->call->asker.scope)
        return true;
    el_api_refuse(&h->answer, &el_problem_forbidden, "nobody knows who asks");
    return false;
}

static bool permitted(struct handling *h)
{
    unsigned scopes = h->request.operation->scopes;

    if (scopes & h->call->asker.scope)
        return true;
    el_api_refuse(&h->answer, &el_problem_forbidden, "only %s may ask for this",
                  scopes == EL_API_OPERATOR    ? "the operator"
                  : scopes == EL_API_SPOKE     ? "a spoke"
                  : scopes == EL_API_ENROLMENT ? "who has a token"
                                               : "others");
    return false;
}

/* -- parameters -- */

static bool is_in_path(const char *template, const char *name)
{
    size_t len = strlen(name);

    for (; (template = strchr(template, '{')); template ++)
        if (strncmp(template + 1, name, len) == 0 && template[len + 1] == '}')
            return true;
    return false;
}

/* Those in the path: one that cannot be is of something that does not exist. */
static bool take_path(struct handling *h)
{
    const struct el_schema_field *fields = h->request.operation->params;
    const char *at = h->request.operation->path;
    const char *text = h->text;
    struct el_schema_fault fault;

    for (; (at = strchr(at, '{')); at++, text += strlen(text) + 1) {
        size_t len = strcspn(at + 1, "}"), i = 0;
        while (strncmp(fields[i].name, at + 1, len) != 0 || fields[i].name[len])
            i++; /* el_api_new() has seen that it is there */
        h->request.params[i] = text;
        if (el_schema_check_text(&fields[i], text, &fault) < 0) {
            el_api_refuse(&h->answer, &el_problem_not_found, "%s in the path %s", fields[i].name,
                          fault.detail);
            return false;
        }
    }
    return true;
}

static bool take_query_one(struct handling *h, const struct el_api_query *query)
{
    const struct el_api_operation *operation = h->request.operation;
    const struct el_schema_field *fields = operation->params;
    struct el_schema_fault fault = {.detail = "is not known here"};

    for (size_t i = 0; fields && fields[i].name; i++) {
        if (strcmp(fields[i].name, query->name) != 0 || is_in_path(operation->path, fields[i].name))
            continue;
        if (h->request.params[i]) {
            strcpy(fault.detail, "is there twice");
            break;
        }
        h->request.params[i] = query->value;
        if (el_schema_check_text(&fields[i], query->value, &fault) == 0)
            return true;
        break;
    }
    el_api_refuse(&h->answer, &el_problem_malformed, "query: %.64s %s", query->name, fault.detail);
    return false;
}

static bool take_params(struct handling *h)
{
    const struct el_schema_field *fields = h->request.operation->params;

    if (!take_path(h))
        return false;
    for (size_t i = 0; i < h->call->query_count; i++)
        if (!take_query_one(h, &h->call->query[i]))
            return false;
    for (size_t i = 0; fields && fields[i].name; i++)
        if (fields[i].required && !h->request.params[i]) {
            el_api_refuse(&h->answer, &el_problem_malformed, "query: %s is missing",
                          fields[i].name);
            return false;
        }
    return true;
}

/* -- the body -- */

static bool is_json(const char *content_type)
{
    static const char json[] = "application/json";

    for (size_t i = 0; json[i]; i++, content_type++)
        if ((*content_type >= 'A' && *content_type <= 'Z' ? *content_type + 32 : *content_type) !=
            json[i])
            return false;
    content_type += strspn(content_type, " \t");
    return !*content_type || *content_type == ';';
}

static json_t *parse_body(struct handling *h)
{
    const struct el_api_call *call = h->call;
    struct el_err err = {""};

    if (call->body_len == 0)
        return json_object();
    if (call->body_len > EL_API_BODY_MAX) {
        el_api_refuse(&h->answer, &el_problem_too_large, "a body has at most %d bytes",
                      EL_API_BODY_MAX);
        return NULL;
    }
    /* Also what keeps a page in somebody's browser from asking in that person's place: it cannot
     * send this type to another origin unasked. */
    if (!call->content_type || !is_json(call->content_type)) {
        el_api_refuse(&h->answer, &el_problem_media_type, "the body has to be application/json");
        return NULL;
    }
    json_t *body = el_json_parse(call->body, call->body_len, &err);
    if (!body)
        el_api_refuse(&h->answer, &el_problem_malformed, "the body: %s", err.text);
    return body;
}

static bool take_body(struct handling *h, json_t **body)
{
    static const struct el_schema_field none[] = {{0}};
    static const struct el_schema empty = {"Empty", "Nothing.", none};
    const struct el_schema *schema = h->request.operation->request;
    struct el_schema_fault fault;

    *body = parse_body(h);
    h->request.body = *body;
    if (!*body) {
        if (!h->answer.status)
            el_api_refuse(&h->answer, &el_problem_internal, "out of memory");
        return false;
    }
    if (el_schema_check(schema ? schema : &empty, *body, &fault) == 0)
        return true;
    el_api_refuse(&h->answer, &el_problem_invalid, "%s %s",
                  fault.pointer[0] ? fault.pointer : "the body", fault.detail);
    el_api_refuse_member(&h->answer, "pointer", el_json_string(fault.pointer));
    return false;
}

/* -- replies -- */

static bool is_declared(const struct el_api_operation *operation, const struct el_problem *problem)
{
    static const struct el_problem *const common[] = {&el_problem_malformed,
                                                      &el_problem_forbidden,
                                                      &el_problem_not_found,
                                                      &el_problem_method,
                                                      &el_problem_conflict,
                                                      &el_problem_too_large,
                                                      &el_problem_media_type,
                                                      &el_problem_invalid,
                                                      &el_problem_internal,
                                                      &el_problem_unavailable,
                                                      NULL};

    for (const struct el_problem *const *p = common; *p; p++)
        if (*p == problem)
            return true;
    for (const struct el_problem *const *p = operation->problems; p && *p; p++)
        if (*p == problem)
            return true;
    return false;
}

/* Whether a handler has answered as its operation says. */
static bool keeps_word(const struct el_api_operation *operation, const struct el_api_answer *answer,
                       struct el_schema_fault *fault)
{
    const struct el_api_response *response = operation->responses;

    *fault = (struct el_schema_fault){.detail = "has a status that is not declared"};
    if (answer->problem)
        return is_declared(operation, answer->problem);
    while (response->status && response->status != answer->status)
        response++;
    if (!response->status)
        return false;
    return !response->schema || el_schema_check(response->schema, answer->body, fault) == 0;
}

static void call_handler(struct el_api *api, struct handling *h)
{
    const struct el_api_operation *operation = h->request.operation;
    bool own = operation == &document_operation;
    struct el_schema_fault fault;

    operation->handler(own ? api : api->config.arg, &h->request, &h->answer);
    if (!h->answer.status)
        el_api_refuse(&h->answer, &el_problem_internal, "%s has no answer", operation->id);
    if (api->config.strict && !keeps_word(operation, &h->answer, &fault))
        el_api_refuse(&h->answer, &el_problem_internal, "the answer of %s (%d): %s %s",
                      operation->id, h->answer.status, fault.pointer, fault.detail);
}

/* Hands over what the answer owns. */
static void make_reply(struct handling *h, struct el_api_reply *reply)
{
    struct el_api_answer *answer = &h->answer;

    reply->status = answer->status;
    if (reply->status == 405 || (reply->status == 204 && h->call->method == EL_API_OPTIONS))
        reply->allow = h->allow;
    reply->location = answer->location;
    answer->location = NULL;
    if (answer->body) {
        reply->text = el_json_text(answer->body, &reply->len);
    } else if (answer->bytes) {
        reply->text = (char *)answer->bytes;
        reply->len = answer->len;
        answer->bytes = NULL;
    }
    if (reply->text && answer->type)
        reply->type = answer->type;
    else if (reply->text)
        reply->type = answer->problem ? "application/problem+json" : "application/json";
    else if (reply->status != 204)
        reply->status = 500; /* out of memory; HTTP has words of its own for it */
    answer_clear(answer);
}

void el_api_handle(struct el_api *api, const struct el_api_call *call, struct el_api_reply *reply)
{
    struct handling h = {.call = call, .request = {.asker = &call->asker, .wall_s = call->wall_s}};
    json_t *body = NULL;

    *reply = (struct el_api_reply){.status = 500};
    bool good =
        known(&h) && route(api, &h) && permitted(&h) && take_params(&h) && take_body(&h, &body);
    struct el_events *events = good ? streamed(api, h.request.operation) : NULL;
    if (events) {
        reply->status = 200;
        reply->type = "text/event-stream";
        reply->is_stream = true;
        reply->events = events;
        reply->reader = events == api->config.steps
                            ? el_events_reader_of_all(events, call->last_event_id)
                            : el_events_reader(events, call->last_event_id);
    } else {
        if (good)
            call_handler(api, &h);
        make_reply(&h, reply);
    }
    json_decref(body);
}

void el_api_reply_clear(struct el_api_reply *reply)
{
    free(reply->text);
    free(reply->location);
    *reply = (struct el_api_reply){.status = 500};
}

/* -- the table -- */

static int check_params(const struct el_api_operation *o, struct el_err *err)
{
    size_t count = 0, in_path = 0, braces = 0;

    for (const struct el_schema_field *f = o->params; f && f->name; f++, count++)
        in_path += is_in_path(o->path, f->name);
    for (const char *at = o->path; (at = strchr(at, '{')); at++)
        braces++;
    if (count > EL_API_PARAMS_MAX || in_path != braces)
        return el_err(err, EL_EINVAL, "%s: parameters of %s", o->id, o->path);
    return 0;
}

static int check_operation(const struct el_api *api, const struct el_api_operation *o,
                           struct el_err *err)
{
    if (!o->id || !o->about || !o->path || strncmp(o->path, "/v1/", 4) != 0)
        return el_err(err, EL_EINVAL, "an operation without id, path or purpose");
    if (!o->scopes || !o->responses || (!o->handler && !streamed(api, o)))
        return el_err(err, EL_EINVAL, "%s: no scopes, responses or handler", o->id);
    if (o->request && (o->method == EL_API_GET || o->method == EL_API_DELETE))
        return el_err(err, EL_EINVAL, "%s: has a body, and no meaning for it", o->id);
    for (const struct el_api_operation *const *other = api->operations; *other != o; other++)
        if (strcmp((*other)->id, o->id) == 0 ||
            ((*other)->method == o->method && strcmp((*other)->path, o->path) == 0))
            return el_err(err, EL_EINVAL, "%s: is there twice", o->id);
    return check_params(o, err);
}

static size_t count_operations(const struct el_api_config *config)
{
    size_t count = 0;

    for (size_t t = 0; t < EL_API_TABLES && config->operations[t]; t++)
        for (const struct el_api_operation *o = config->operations[t]; o->method; o++)
            count++;
    return count;
}

int el_api_new(const struct el_api_config *config, struct el_api **result, struct el_err *err)
{
    size_t used = 0;
    struct el_api *api = calloc(1, sizeof *api);

    if (api)
        api->operations = calloc(count_operations(config) + 4, sizeof(void *));
    if (!api || !api->operations) {
        free(api);
        return el_err(err, EL_ENOMEM, "control: out of memory");
    }
    api->config = *config;
    for (size_t t = 0; t < EL_API_TABLES && config->operations[t]; t++)
        for (const struct el_api_operation *o = config->operations[t]; o->method; o++)
            api->operations[used++] = o;
    if (config->events)
        api->operations[used++] = &events_operation;
    if (config->steps)
        api->operations[used++] = &steps_operation;
    api->operations[used++] = &document_operation;
    for (size_t i = 0; i < used; i++) {
        int r = check_operation(api, api->operations[i], err);
        if (r < 0) {
            el_api_free(api);
            return r;
        }
    }
    *result = api;
    return 0;
}

void el_api_free(struct el_api *api)
{
    if (!api)
        return;
    free(api->operations);
    free(api);
}

const struct el_api_operation *const *el_api_operations(const struct el_api *api)
{
    return api->operations;
}

const struct el_api_config *el_api_config(const struct el_api *api)
{
    return &api->config;
}

const char *el_api_method_name(enum el_api_method method)
{
    switch (method) {
    case EL_API_GET: return "GET";
    case EL_API_POST: return "POST";
    case EL_API_PUT: return "PUT";
    case EL_API_PATCH: return "PATCH";
    case EL_API_DELETE: return "DELETE";
    case EL_API_OPTIONS: return "OPTIONS";
    }
    return "";
}
