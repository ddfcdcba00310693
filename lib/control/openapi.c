/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables to a document. Without memory a value is NULL, which jansson's setters pass on as failure:
 * it is remembered, and asked for once, at the end. */
#include "control/openapi.h"

#include <stdio.h>
#include <string.h>

struct document {
    json_t *root, *paths, *schemas;
    bool failed;
};

static void set(struct document *d, json_t *object, const char *name, json_t *value)
{
    if (json_object_set_new(object, name, value) < 0)
        d->failed = true;
}

static void append(struct document *d, json_t *array, json_t *value)
{
    if (json_array_append_new(array, value) < 0)
        d->failed = true;
}

/* A new object that is already the member NAME of OBJECT. */
static json_t *set_object(struct document *d, json_t *object, const char *name)
{
    json_t *member = json_object();

    set(d, object, name, member);
    return d->failed ? NULL : member;
}

/* -- schemas -- */

static json_t *reference(const char *schema)
{
    return json_sprintf("#/components/schemas/%s", schema);
}

static void add_schema(struct document *d, const struct el_schema *schema);
static void describe(struct document *d, json_t *to, const struct el_schema_field *field);

static void describe_string(struct document *d, json_t *to, const struct el_schema_field *field)
{
    if (field->values) {
        json_t *values = json_array();
        set(d, to, "enum", values);
        for (const char *const *value = field->values; *value; value++)
            append(d, values, json_string(*value));
        if (field->nullable)
            append(d, values, json_null());
        return;
    }
    set(d, to, "pattern", json_string(el_format_pattern(field->format)));
    if (el_format_name(field->format))
        set(d, to, "format", json_string(el_format_name(field->format)));
    if (field->format == EL_FORMAT_TEXT || field->format == EL_FORMAT_LINES) {
        if (field->min)
            set(d, to, "minLength", json_integer(field->min));
        set(d, to, "maxLength", json_integer(field->max ? field->max : EL_SCHEMA_TEXT_MAX));
    }
}

static void describe_array(struct document *d, json_t *to, const struct el_schema_field *field)
{
    if (field->min)
        set(d, to, "minItems", json_integer(field->min));
    set(d, to, "maxItems", json_integer(field->max ? field->max : EL_SCHEMA_ITEMS_MAX));
    describe(d, set_object(d, to, "items"), field->items);
}

/* A reference, beside which nothing but the description stands. */
static void describe_object(struct document *d, json_t *to, const struct el_schema_field *field)
{
    add_schema(d, field->object);
    if (!field->nullable) {
        set(d, to, "$ref", reference(field->object->name));
        return;
    }
    set(d, to, "oneOf",
        json_pack("[{s:o}, {s:s}]", "$ref", reference(field->object->name), "type", "null"));
}

static void describe(struct document *d, json_t *to, const struct el_schema_field *field)
{
    static const char *const types[] = {
        [EL_SCHEMA_STRING] = "string",   [EL_SCHEMA_INTEGER] = "integer",
        [EL_SCHEMA_BOOLEAN] = "boolean", [EL_SCHEMA_ARRAY] = "array",
        [EL_SCHEMA_ANY] = NULL,
    };
    const char *type = field->type == EL_SCHEMA_OBJECT ? NULL : types[field->type];

    if (type)
        set(d, to, "type", field->nullable ? json_pack("[s, s]", type, "null") : json_string(type));
    if (field->type == EL_SCHEMA_STRING)
        describe_string(d, to, field);
    else if (field->type == EL_SCHEMA_ARRAY)
        describe_array(d, to, field);
    else if (field->type == EL_SCHEMA_OBJECT)
        describe_object(d, to, field);
    if (field->type == EL_SCHEMA_INTEGER && (field->min || field->max)) {
        set(d, to, "minimum", json_integer(field->min));
        set(d, to, "maximum", json_integer(field->max));
    }
    if (field->about)
        set(d, to, "description", json_string(field->about));
}

static void add_schema(struct document *d, const struct el_schema *schema)
{
    json_t *required = NULL;

    if (json_object_get(d->schemas, schema->name))
        return;
    json_t *to = set_object(d, d->schemas, schema->name);
    set(d, to, "type", json_string("object"));
    if (schema->about)
        set(d, to, "description", json_string(schema->about));
    json_t *properties = set_object(d, to, "properties");
    for (const struct el_schema_field *f = schema->fields; f->name; f++) {
        describe(d, set_object(d, properties, f->name), f);
        if (!f->required)
            continue;
        if (!required)
            set(d, to, "required", required = json_array());
        append(d, required, json_string(f->name));
    }
    set(d, to, "additionalProperties", json_false());
}

static void add_problem_schema(struct document *d)
{
    static const struct el_schema_field fields[] = {
        {.name = "type", .required = true, .about = "a URI: what kind of problem it is"},
        {.name = "title", .required = true, .about = "the kind in words"},
        {.name = "status", .type = EL_SCHEMA_INTEGER, .required = true, .min = 400, .max = 599},
        {.name = "detail", .about = "what happened, to what, and what to do"},
        {.name = "pointer",
         .about = "a JSON pointer (RFC 6901) to the part of the request that is wrong"},
        {0},
    };
    static const struct el_schema problem = {"Problem", "Problem details (RFC 9457).", fields};

    add_schema(d, &problem);
    /* Kinds of problems have members of their own. */
    set(d, json_object_get(d->schemas, problem.name), "additionalProperties", json_true());
}

/* -- operations -- */

static json_t *content(const char *type, const char *schema)
{
    if (!schema)
        return json_pack("{s:{s:{}}}", type, "schema");
    return json_pack("{s:{s:{s:o}}}", type, "schema", "$ref", reference(schema));
}

static void add_params(struct document *d, json_t *to, const struct el_api_operation *operation)
{
    json_t *params = json_array();

    set(d, to, "parameters", params);
    for (const struct el_schema_field *f = operation->params; f->name; f++) {
        char braced[80];
        json_t *param = json_object();
        append(d, params, param);
        snprintf(braced, sizeof braced, "{%s}", f->name);
        bool in_path = strstr(operation->path, braced);
        set(d, param, "name", json_string(f->name));
        set(d, param, "in", json_string(in_path ? "path" : "query"));
        set(d, param, "required", json_boolean(in_path || f->required));
        describe(d, set_object(d, param, "schema"), f);
    }
}

static void add_request(struct document *d, json_t *to, const struct el_schema *schema)
{
    bool required = false;

    add_schema(d, schema);
    for (const struct el_schema_field *f = schema->fields; f->name; f++)
        required |= f->required;
    set(d, to, "requestBody",
        json_pack("{s:b, s:o}", "required", required, "content",
                  content("application/json", schema->name)));
}

/* Problems of one status share a response. */
static void add_problem(struct document *d, json_t *responses, const struct el_problem *problem)
{
    char status[16], name[128] = "";

    snprintf(status, sizeof status, "%d", problem->status);
    if (problem->name)
        snprintf(name, sizeof name, EL_PROBLEM_PREFIX "%s: ", problem->name);
    json_t *response = json_object_get(responses, status);
    if (response) {
        const char *before = json_string_value(json_object_get(response, "description"));
        set(d, response, "description",
            json_sprintf("%s; %s%s", before ? before : "", name, problem->title));
        return;
    }
    set(d, responses, status,
        json_pack("{s:o, s:o}", "description", json_sprintf("%s%s", name, problem->title),
                  "content", content("application/problem+json", "Problem")));
}

static void add_responses(struct document *d, json_t *to, const struct el_api_operation *operation)
{
    json_t *responses = set_object(d, to, "responses");
    char status[16];

    for (const struct el_api_response *r = operation->responses; r->status; r++) {
        snprintf(status, sizeof status, "%d", r->status);
        json_t *response = set_object(d, responses, status);
        set(d, response, "description", json_string(r->about));
        if (r->schema)
            add_schema(d, r->schema);
        if (r->schema || r->type)
            set(d, response, "content",
                content(r->type ? r->type : "application/json",
                        r->schema ? r->schema->name : NULL));
    }
    for (const struct el_problem *const *p = operation->problems; p && *p; p++)
        add_problem(d, responses, *p);
    set(d, responses, "default",
        json_pack("{s:s, s:o}", "description", "Any other problem.", "content",
                  content("application/problem+json", "Problem")));
}

static void add_scopes(struct document *d, json_t *to, unsigned scopes)
{
    static const struct {
        enum el_api_scope scope;
        const char *name;
    } names[] = {
        {EL_API_OPERATOR, "operator"}, {EL_API_SPOKE, "spoke"}, {EL_API_ENROLMENT, "enrolment"}};
    json_t *array = json_array();

    set(d, to, "x-el2w-scopes", array);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (scopes & names[i].scope)
            append(d, array, json_string(names[i].name));
}

static void add_operation(struct document *d, const struct el_api_operation *operation)
{
    static const struct {
        enum el_api_method method;
        const char *name;
    } methods[] = {{EL_API_GET, "get"},
                   {EL_API_POST, "post"},
                   {EL_API_PUT, "put"},
                   {EL_API_PATCH, "patch"},
                   {EL_API_DELETE, "delete"}};
    json_t *path = json_object_get(d->paths, operation->path);
    size_t i = 0;

    if (!path)
        path = set_object(d, d->paths, operation->path);
    while (methods[i].method != operation->method)
        i++;
    json_t *to = set_object(d, path, methods[i].name);
    set(d, to, "operationId", json_string(operation->id));
    set(d, to, "summary", json_string(operation->about));
    add_scopes(d, to, operation->scopes);
    if (operation->params)
        add_params(d, to, operation);
    if (operation->request)
        add_request(d, to, operation->request);
    add_responses(d, to, operation);
}

json_t *el_openapi_document(const struct el_api *api)
{
    const struct el_api_config *config = el_api_config(api);
    struct document d = {.root = json_object()};

    set(&d, d.root, "openapi", json_string("3.1.0"));
    set(&d, d.root, "info",
        json_pack("{s:s, s:s, s:s}", "title", config->title, "version", config->version,
                  "description", config->about));
    d.paths = set_object(&d, d.root, "paths");
    d.schemas = set_object(&d, set_object(&d, d.root, "components"), "schemas");
    add_problem_schema(&d);
    for (const struct el_api_operation *const *o = el_api_operations(api); *o; o++)
        add_operation(&d, *o);
    if (!d.failed)
        return d.root;
    json_decref(d.root);
    return NULL;
}
