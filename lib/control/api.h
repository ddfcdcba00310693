/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The control API: a table of operations, and everything that is the same for all of them.
 *
 *     static void show(void *arg, const struct el_api_request *request,
 *                      struct el_api_answer *answer)
 *     {
 *         const struct spoke *spoke = find(arg, el_api_path(request, "name"));
 *
 *         if (!spoke)
 *             el_api_refuse(answer, &el_problem_not_found, "%s: no such spoke", …);
 *         else
 *             el_api_answer(answer, 200, spoke_json(spoke));
 *     }
 *
 *     static const struct el_api_operation operations[] = {
 *         {.method = EL_API_GET, .path = "/v1/spokes/{name}", .id = "showSpoke",
 *          .about = "One spoke", .scopes = EL_API_OPERATOR, .params = by_name,
 *          .responses = spoke_or_404, .handler = show},
 *         {0}};
 *
 * From the table come the routes, who may ask what, the checks of what is asked and the OpenAPI
 * document (openapi.h). A handler sees only requests that may be asked and are as their schemas
 * say, and nothing has changed before it is called. Everything is synchronous and on one thread.
 *
 * This is a machine: a request goes in, a reply comes out. HTTP is api_io.h's.
 */
#ifndef EL_CONTROL_API_H
#define EL_CONTROL_API_H

#include "base/addr.h"
#include "control/events.h"
#include "control/problem.h"
#include "control/schema.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum el_api_method {
    EL_API_GET = 1, /* brings HEAD */
    EL_API_POST = 2,
    EL_API_PUT = 4,
    EL_API_PATCH = 8,
    EL_API_DELETE = 16,
    EL_API_OPTIONS = 32, /* answered here; not in a table */
};

/* Who asks, as whoever took the request knows from the way that it came. */
enum el_api_scope {
    EL_API_OPERATOR = 1,  /* the operator, over the Unix socket */
    EL_API_SPOKE = 2,     /* an enrolled spoke, through the tunnel */
    EL_API_ENROLMENT = 4, /* the holder of a token, through the tunnel */
};

enum {
    EL_API_BODY_MAX = 65536, /* bytes of a request's body */
    EL_API_PATH_MAX = 512,   /* bytes of a path; longer ones are not found */
    EL_API_PARAMS_MAX = 8,   /* of a path and query together */
    EL_API_TABLES = 8,
};

struct el_api_asker {
    enum el_api_scope scope; /* 0: nobody knows; may ask nothing */
    uint8_t key[32]; /* the spoke's, or the enrolment key of the token; zeros: the operator */
    struct el_endpoint from; /* inside the tunnel; family 0: the operator */
};

struct el_api_request {
    const struct el_api_operation *operation;
    const struct el_api_asker *asker;
    const json_t *body; /* an object, as the operation's request schema says; {} if it has none */
    const char
        *params[EL_API_PARAMS_MAX]; /* by their places in the operation's table; NULL: absent */
    int64_t wall_s;                 /* now */
};

/* The value of a parameter in the path or the query. NULL if it was not given. */
const char *el_api_param(const struct el_api_request *request, const char *name);

/* The same as the number that it is, or OTHERWISE if it was not given. */
int64_t el_api_param_integer(const struct el_api_request *request, const char *name,
                             int64_t otherwise);

/* A member of the body; NULL, OTHERWISE or false if it is absent or null. */
const char *el_api_string(const struct el_api_request *request, const char *member);
int64_t el_api_integer(const struct el_api_request *request, const char *member, int64_t otherwise);
bool el_api_boolean(const struct el_api_request *request, const char *member);

/* What a handler says: exactly one of the three below. */
struct el_api_answer {
    int status;
    json_t *body;   /* owned */
    uint8_t *bytes; /* or these, of the response's type; owned */
    size_t len;
    const char *type;
    char *location;                   /* of what was made (201); owned */
    const struct el_problem *problem; /* NULL: none */
};

/* STATUS with BODY, which is the answer's from here on. A BODY of NULL with another status than 204
 * means that memory has run out: the answer is a 500. */
void el_api_answer(struct el_api_answer *answer, int status, json_t *body);

/* STATUS with LEN BYTES from malloc(), which are the answer's from here on, of media type TYPE,
 * which lives on. NULL: memory has run out, as above. */
void el_api_answer_bytes(struct el_api_answer *answer, int status, const char *type, uint8_t *bytes,
                         size_t len);

/* A problem, with a sentence for people; NULL: none. */
void el_api_refuse(struct el_api_answer *answer, const struct el_problem *problem,
                   const char *detail, ...) __attribute__((format(printf, 3, 4)));

/* A further member of the problem ("tries-left"); VALUE is the answer's. */
void el_api_refuse_member(struct el_api_answer *answer, const char *name, json_t *value);

/* Where the thing is that was made: a path. Copied. */
void el_api_location(struct el_api_answer *answer, const char *path);

typedef void el_api_handler(void *arg, const struct el_api_request *request,
                            struct el_api_answer *answer);

/* What an operation may answer with, beside problems. */
struct el_api_response {
    int status;                     /* 0 ends a table */
    const struct el_schema *schema; /* NULL: no body with 204, else one that is not looked into */
    const char *about;
    const char *type; /* NULL: application/json */
};

struct el_api_operation {
    enum el_api_method method; /* 0 ends a table */
    const char *path;  /* "/v1/spokes/{name}": a parameter is a whole segment. The first operation
                          whose path matches is meant */
    const char *id;    /* OpenAPI's operationId */
    const char *about; /* a line: what it does */
    unsigned scopes;   /* who may: enum el_api_scope */
    const struct el_schema_field
        *params;                     /* those in the path are required, others are the query's */
    const struct el_schema *request; /* NULL: no body, or {} */
    const struct el_api_response *responses;
    const struct el_problem *const *problems; /* of its own, for the document; NULL at the end */
    el_api_handler *handler;
};

struct el_api_config {
    const char *title, *version, *about; /* of the document */
    /* Tables of operations, one for each topic, up to the first NULL. */
    const struct el_api_operation *operations[EL_API_TABLES];
    void *arg;                /* of the handlers */
    struct el_events *events; /* GET /v1/events, for the operator; NULL: there is none */
    /* GET /v1/steps, likewise: what is much and small has a ring of its own, so that it pushes
     * nothing else out. */
    struct el_events *steps;
    bool strict; /* an answer that is not as its schema says becomes a 500: for tests */
};

struct el_api;

/* What CONFIG points to must live as long. The framework adds /v1/openapi.json, /v1/events and
 * /v1/steps. 0,
 * EL_ENOMEM, or EL_EINVAL with a sentence: the table is wrong. */
int el_api_new(const struct el_api_config *config, struct el_api **api, struct el_err *err);
void el_api_free(struct el_api *api); /* NULL is allowed */

/* A request as it came. */
struct el_api_call {
    enum el_api_method method;
    const char *path; /* decoded, without the query */
    const struct el_api_query {
        const char *name, *value;
    } * query;
    size_t query_count;
    const char *content_type;  /* NULL: none was said */
    const char *last_event_id; /* likewise */
    const uint8_t *body;
    size_t body_len;
    struct el_api_asker asker;
    int64_t wall_s;
};

/* What goes back. */
struct el_api_reply {
    int status;
    const char *type; /* media type; NULL: no body */
    char *text;       /* from malloc(); the caller's */
    size_t len;
    char *location; /* likewise; NULL: none */
    unsigned allow; /* methods for Allow, with 405 and OPTIONS */
    bool is_stream; /* 200 text/event-stream: send what READER gets of EVENTS, and go on */
    struct el_events *events;
    struct el_events_reader reader;
};

/* Never fails: what cannot be answered is a 500. */
void el_api_handle(struct el_api *api, const struct el_api_call *call, struct el_api_reply *reply);

void el_api_reply_clear(struct el_api_reply *reply);

/* All operations, the framework's own too, NULL at the end: for who writes a document of them. */
const struct el_api_operation *const *el_api_operations(const struct el_api *api);
const struct el_api_config *el_api_config(const struct el_api *api);

/* "GET", … */
const char *el_api_method_name(enum el_api_method method);

#endif
