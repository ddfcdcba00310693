/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The framework of the control API: who may ask what, and what is refused before anything happens.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "control_sample.h"

#define KEY "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg="

static struct sample sample;
static struct el_events *events;
static struct el_api *api;
static struct el_api_reply reply;
static json_t *said; /* the reply's document */

static int setup(void **state)
{
    (void)state;
    sample = (struct sample){0};
    events = el_events_new(4, 1);
    api = sample_api(&sample, events);
    return api ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    json_decref(said);
    said = NULL;
    el_api_reply_clear(&reply);
    el_api_free(api);
    el_events_free(events);
    return 0;
}

static void call(struct el_api_call what)
{
    struct el_err err = {""};

    json_decref(said);
    el_api_reply_clear(&reply);
    if (!what.asker.scope)
        what.asker.scope = EL_API_OPERATOR;
    el_api_handle(api, &what, &reply);
    said = reply.text ? el_json_parse(reply.text, reply.len, &err) : NULL;
    if (reply.text && !said)
        fail_msg("%s: %s", err.text, reply.text);
}

static void ask(enum el_api_method method, const char *path)
{
    call((struct el_api_call){.method = method, .path = path});
}

static void post(const char *path, const char *body)
{
    call((struct el_api_call){.method = EL_API_POST,
                              .path = path,
                              .content_type = "application/json",
                              .body = (const uint8_t *)body,
                              .body_len = strlen(body)});
}

static const char *member(const char *name)
{
    const char *text = json_string_value(json_object_get(said, name));

    return text ? text : "(none)";
}

/* A problem, and nothing has happened. */
static void expect_refused(int status, const char *pointer, const char *detail)
{
    if (reply.status != status)
        fail_msg("%d expected, got %d: %s", status, reply.status, reply.text);
    assert_string_equal(reply.type, "application/problem+json");
    assert_int_equal(json_integer_value(json_object_get(said, "status")), status);
    assert_string_equal(member("pointer"), pointer ? pointer : "(none)");
    if (!strstr(member("detail"), detail))
        fail_msg("no \"%s\" in: %s", detail, reply.text);
    assert_int_equal(sample.called, 0);
}

static void a_request_finds_its_handler(void **state)
{
    (void)state;
    ask(EL_API_GET, "/v1/spokes/mars");
    assert_int_equal(reply.status, 200);
    assert_string_equal(reply.type, "application/json");
    assert_string_equal(reply.text, "{\"name\":\"mars\"}");
    ask(EL_API_POST, "/v1/spokes/mars/approve");
    assert_int_equal(reply.status, 202);
    ask(EL_API_DELETE, "/v1/spokes/venus");
    assert_int_equal(reply.status, 204);
    assert_null(reply.text);
    assert_string_equal(sample.name, "venus");
    post("/v1/spokes", "{\"name\":\"mars\",\"tags\":[\"a\",\"b\"]}");
    assert_int_equal(reply.status, 201);
    assert_string_equal(reply.location, "/v1/spokes/mars");
    assert_int_equal(sample.called, 4);
    post("/v1/spokes/mars/approve", "{}");
    assert_int_equal(reply.status, 202);
}

static void no_such_thing(void **state)
{
    static const char *const paths[] = {
        "/v1",
        "/v1/",
        "/v1/spoke",
        "/v1/spokes/",
        "/v1/spokes/a/b",
        "/v1/spokes/a/approve/",
        "/v1/spokes//approve",
        "/v2/spokes",
        "/",
        "/v1/spokes/.hidden",
        "/v1/spokes/-x",
        "/v1/spokes/a b",
        "/v1/spokes/\xff",
    };
    char long_path[700] = "/v1/spokes/";

    (void)state;
    memset(long_path + 11, 'a', 600);
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        ask(EL_API_GET, paths[i]);
        expect_refused(404, NULL, "");
    }
    ask(EL_API_GET, long_path);
    expect_refused(404, NULL, "");
}

static void methods(void **state)
{
    (void)state;
    ask(EL_API_PUT, "/v1/spokes/mars");
    assert_int_equal(reply.allow, EL_API_GET | EL_API_DELETE | EL_API_OPTIONS);
    expect_refused(405, NULL, "PUT");
    ask(EL_API_OPTIONS, "/v1/spokes");
    assert_int_equal(reply.status, 204);
    assert_int_equal(reply.allow, EL_API_GET | EL_API_POST | EL_API_OPTIONS);
    ask(EL_API_OPTIONS, "/v1/nothing");
    expect_refused(404, NULL, "");
    ask(EL_API_GET, "/v1/spokes/mars/approve");
    assert_int_equal(reply.allow, EL_API_POST | EL_API_OPTIONS);
    expect_refused(405, NULL, "GET");
}

/* Every operation with every identity: only the right one passes. */
static void who_may_ask(void **state)
{
    static const enum el_api_scope scopes[] = {EL_API_OPERATOR, EL_API_SPOKE, EL_API_ENROLMENT};

    (void)state;
    for (const struct el_api_operation *const *o = el_api_operations(api); *o; o++)
        for (size_t i = 0; i < 3; i++) {
            const bool named = strstr((*o)->path, "{name}");
            char path[64];
            snprintf(path, sizeof path, "%.*s%s%s", (int)strcspn((*o)->path, "{"), (*o)->path,
                     named ? "mars" : "", named ? strchr((*o)->path, '}') + 1 : "");
            sample.called = 0;
            call((struct el_api_call){.method = (*o)->method,
                                      .path = path,
                                      .content_type = "application/json",
                                      .body = (const uint8_t *)"{\"name\":\"mars\"}",
                                      .body_len = (*o)->request ? 15 : 0,
                                      .asker = {.scope = scopes[i]}});
            if ((*o)->scopes & scopes[i])
                assert_in_range(reply.status, 200, 299);
            else
                expect_refused(403, NULL, "only");
        }
}

static void the_asker_is_told_to_the_handler(void **state)
{
    struct el_api_call self = {
        .method = EL_API_GET, .path = "/v1/self", .asker = {.scope = EL_API_SPOKE}};

    (void)state;
    assert_int_equal(el_json_key_parse(KEY, self.asker.key), 0);
    call(self);
    assert_string_equal(member("key"), KEY);
}

static void bodies_that_are_no_json(void **state)
{
    static const char *const bodies[] = {
        "{",
        "",
        "[",
        "{\"name\":\"mars\"",
        "{\"name\":\"mars\"}}",
        "{\"name\":\"mars\",}",
        "{\"name\":\"mars\",\"name\":\"venus\"}",
        "{name:\"mars\"}",
        "{'name':'mars'}",
        "{\"name\":\"\xff\"}",
        "{\"name\":\"\xed\xa0\x80\"}",
        "{\"name\":\"a\\u0000b\"}",
        "{\"name\":\"\\ud800\"}",
        "{\"keepalive\":99999999999999999999}",
        "{\"keepalive\":01}",
        "{\"keepalive\":NaN}",
        "{\"keepalive\":1e999}",
        "// {}",
        "null",
        "7",
    };

    (void)state;
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        post("/v1/spokes", bodies[i]);
        if (bodies[i][0] == '\0') /* nothing is said, and the name is missed */
            expect_refused(422, "/name", "missing");
        else
            expect_refused(400, NULL, "body");
    }
}

static void depth_is_bounded(void **state)
{
    enum { DEEP = 30000 };
    static char body[2 * DEEP + 1];

    (void)state;
    memset(body, '[', DEEP);
    memset(body + DEEP, ']', DEEP);
    post("/v1/spokes", body);
    expect_refused(400, NULL, "deep");
    /* Brackets in a text are none. */
    post("/v1/spokes", "{\"name\":\"mars\",\"comment\":\"[[[[[[[[[[[[[[[[[[[\\\"\"}");
    assert_int_equal(reply.status, 201);
}

static void wrong_values_are_named(void **state)
{
    static const struct {
        const char *body, *pointer, *detail;
    } wrong[] = {
        {"[]", "", "object"},
        {"{}", "/name", "missing"},
        {"{\"name\":7}", "/name", "string"},
        {"{\"name\":null}", "/name", "string"},
        {"{\"name\":\"\"}", "/name", "name"},
        {"{\"name\":\"..\"}", "/name", "name"},
        {"{\"name\":\"a/b\"}", "/name", "name"},
        {"{\"name\":\"a\",\"colour\":1}", "/colour", "not known"},
        {"{\"name\":\"a\",\"a/b~c\":1}", "/a~1b~0c", "not known"},
        {"{\"name\":\"a\",\"keepalive\":\"7\"}", "/keepalive", "integer"},
        {"{\"name\":\"a\",\"keepalive\":7.0}", "/keepalive", "integer"},
        {"{\"name\":\"a\",\"keepalive\":-1}", "/keepalive", "between 0 and 65535"},
        {"{\"name\":\"a\",\"keepalive\":65536}", "/keepalive", "between"},
        {"{\"name\":\"a\",\"fast\":1}", "/fast", "boolean"},
        {"{\"name\":\"a\",\"wire\":\"quick\"}", "/wire", "values"},
        {"{\"name\":\"a\",\"comment\":\"\"}", "/comment", "characters"},
        {"{\"name\":\"a\",\"comment\":\"123456789012345678901\"}", "/comment", "21 characters"},
        {"{\"name\":\"a\",\"comment\":\"a\\nb\"}", "/comment", "control"},
        {"{\"name\":\"a\",\"tags\":\"x\"}", "/tags", "array"},
        {"{\"name\":\"a\",\"tags\":[\"x\",5]}", "/tags/1", "string"},
        {"{\"name\":\"a\",\"tags\":[\"1\",\"2\",\"3\",\"4\"]}", "/tags", "items"},
        {"{\"name\":\"a\",\"networks\":[{\"network\":\"b\",\"published\":true},{}]}",
         "/networks/1/network", "missing"},
        {"{\"name\":\"a\",\"networks\":[{\"network\":\"b\",\"published\":true,\"x\":0}]}",
         "/networks/0/x", "not known"},
        {"{\"name\":\"a\",\"main\":[]}", "/main", "object"},
        {"{\"name\":\"a\",\"key\":\"xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dh=\"}", "/key",
         "key"},
        {"{\"name\":\"a\",\"key\":\"xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg\"}", "/key", "key"},
        {"{\"name\":\"a\",\"address\":\"1.2.3\"}", "/address", "address"},
        {"{\"name\":\"a\",\"cidr\":\"1.2.3.4\"}", "/cidr", "CIDR"},
        {"{\"name\":\"a\",\"endpoint\":\"1.2.3.4\"}", "/endpoint", "port"},
        {"{\"name\":\"a\",\"expires\":\"2026-02-30T00:00:00Z\"}", "/expires", "UTC"},
        {"{\"name\":\"a\",\"code\":\"12345\"}", "/code", "digits"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        post("/v1/spokes", wrong[i].body);
        expect_refused(422, wrong[i].pointer, wrong[i].detail);
        assert_string_equal(member("type"), "urn:el2w:problem:invalid");
    }
    post("/v1/spokes/mars/approve", "{\"name\":\"x\"}");
    expect_refused(422, "/name", "not known");
}

static void all_values_right(void **state)
{
    static const char body[] =
        "{\"name\":\"mars-1.b_c\",\"key\":\"" KEY "\",\"keepalive\":65535,\"fast\":false,"
        "\"wire\":\"compact\",\"comment\":\"\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"
        "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\",\"tags\":[],"
        "\"networks\":[{\"network\":\"boot\",\"published\":true}],\"main\":null,"
        "\"address\":\"fd00::1\",\"cidr\":\"192.168.78.0/24\",\"endpoint\":\"[2001:db8::5]:1\","
        "\"expires\":\"2028-02-29T23:59:59Z\",\"code\":\"000000\"}";

    (void)state;
    post("/v1/spokes", body);
    assert_int_equal(reply.status, 201);
    assert_string_equal(reply.text, body);
}

static void types_of_bodies(void **state)
{
    static const struct {
        const char *type;
        int status;
    } types[] = {
        {NULL, 415},
        {"", 415},
        {"text/plain", 415},
        {"application/x-www-form-urlencoded", 415},
        {"application/jsonp", 415},
        {"Application/JSON", 201},
        {"application/json; charset=utf-8", 201},
        {"application/json ;charset=utf-8", 201},
    };
    static uint8_t large[EL_API_BODY_MAX + 1];
    struct el_api_call what = {.method = EL_API_POST,
                               .path = "/v1/spokes",
                               .body = (const uint8_t *)"{\"name\":\"a\"}",
                               .body_len = 12};

    (void)state;
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        what.content_type = types[i].type;
        call(what);
        assert_int_equal(reply.status, types[i].status);
    }
    sample.called = 0;
    memset(large, ' ', sizeof large);
    what.body = large;
    what.body_len = sizeof large;
    call(what);
    expect_refused(413, NULL, "65536");
}

static void queries(void **state)
{
    static const struct {
        struct el_api_query query[2];
        size_t count;
        const char *detail; /* NULL: it is good */
    } cases[] = {
        {{{"limit", "5"}}, 1, NULL},
        {{{"limit", "5"}, {"state", "pending"}}, 2, NULL},
        {{{"limit", "0"}}, 1, "limit is not between"},
        {{{"limit", "five"}}, 1, "integer"},
        {{{"limit", ""}}, 1, "integer"},
        {{{"limit", "99999999999999999999"}}, 1, "integer"},
        {{{"limit", "5"}, {"limit", "6"}}, 2, "twice"},
        {{{"state", "lost"}}, 1, "values"},
        {{{"colour", "red"}}, 1, "not known"},
        {{{"\xff", "red"}}, 1, "not known"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        sample.called = 0;
        call((struct el_api_call){.method = EL_API_GET,
                                  .path = "/v1/spokes",
                                  .query = cases[i].query,
                                  .query_count = cases[i].count});
        if (cases[i].detail) {
            expect_refused(400, NULL, cases[i].detail);
        } else {
            assert_int_equal(reply.status, 200);
            assert_int_equal(json_integer_value(json_object_get(said, "count")), 5);
        }
    }
    /* A parameter of the path is not one of the query. */
    sample.called = 0;
    call((struct el_api_call){.method = EL_API_GET,
                              .path = "/v1/spokes/mars",
                              .query = &(const struct el_api_query){"name", "venus"},
                              .query_count = 1});
    expect_refused(400, NULL, "not known");
}

static void problems_of_a_handler(void **state)
{
    (void)state;
    post("/v1/spokes", "{\"name\":\"used\"}");
    assert_int_equal(reply.status, 409);
    assert_string_equal(reply.text, "{\"type\":\"urn:el2w:problem:token-used\","
                                    "\"title\":\"The token has been used\",\"status\":409,"
                                    "\"detail\":\"by venus\",\"tries-left\":3}");
}

static void a_handler_that_breaks_its_word_is_found_out(void **state)
{
    (void)state;
    sample.lies = true;
    post("/v1/spokes", "{\"name\":\"mars\"}");
    assert_int_equal(reply.status, 500);
    assert_string_equal(member("detail"),
                        "the answer of createSpoke (201): /keepalive is not an integer");
}

static void events_are_a_stream(void **state)
{
    struct el_event event;

    (void)state;
    assert_int_equal(el_events_put(events, 0, "first", json_object()), 0);
    ask(EL_API_GET, "/v1/events");
    assert_int_equal(reply.status, 200);
    assert_true(reply.is_stream);
    assert_string_equal(reply.type, "text/event-stream");
    assert_false(el_events_next(events, &reply.reader, &event));
    call((struct el_api_call){.method = EL_API_GET, .path = "/v1/events", .last_event_id = "1-0"});
    assert_true(el_events_next(events, &reply.reader, &event));
    assert_string_equal(event.type, "first");
}

static void tables_that_are_wrong(void **state)
{
    static const struct el_api_operation good = {.method = EL_API_GET,
                                                 .path = "/v1/x/{name}",
                                                 .id = "x",
                                                 .about = "x",
                                                 .scopes = EL_API_OPERATOR,
                                                 .params = sample_by_name,
                                                 .responses = sample_shown,
                                                 .handler = sample_show};
    struct el_api_operation wrong[6][3];
    struct el_api *made = NULL;

    (void)state;
    for (size_t i = 0; i < 6; i++) {
        wrong[i][0] = good;
        wrong[i][1] = wrong[i][2] = (struct el_api_operation){0};
    }
    wrong[0][0].path = "/v2/x/{name}";
    wrong[1][0].params = NULL;
    wrong[2][0].scopes = 0;
    wrong[3][0].handler = NULL;
    wrong[4][0].request = &sample_spoke;
    wrong[5][1] = good;
    for (size_t i = 0; i < 6; i++) {
        struct el_err err = {""};
        const struct el_api_config config = {
            .title = "x", .version = "x", .about = "x", .operations = {wrong[i]}};
        assert_int_equal(el_api_new(&config, &made, &err), EL_EINVAL);
        assert_true(err.text[0]);
    }
}

/* Each operation is in the document with what it takes. */
static void the_document_has_everything(void **state)
{
    (void)state;
    ask(EL_API_GET, "/v1/openapi.json");
    assert_int_equal(reply.status, 200);
    for (const struct el_api_operation *const *o = el_api_operations(api); *o; o++) {
        char method[8] = "";
        const char *name = el_api_method_name((*o)->method);
        for (size_t i = 0; name[i]; i++)
            method[i] = (char)(name[i] | 0x20);
        const json_t *at =
            json_object_get(json_object_get(json_object_get(said, "paths"), (*o)->path), method);
        const char *id = json_string_value(json_object_get(at, "operationId"));
        assert_non_null(id);
        assert_string_equal(id, (*o)->id);
        if (!(*o)->request)
            continue;
        const json_t *schema = json_object_get(
            json_object_get(json_object_get(said, "components"), "schemas"), (*o)->request->name);
        for (const struct el_schema_field *f = (*o)->request->fields; f->name; f++)
            assert_non_null(json_object_get(json_object_get(schema, "properties"), f->name));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_request_finds_its_handler, setup, teardown),
        cmocka_unit_test_setup_teardown(no_such_thing, setup, teardown),
        cmocka_unit_test_setup_teardown(methods, setup, teardown),
        cmocka_unit_test_setup_teardown(who_may_ask, setup, teardown),
        cmocka_unit_test_setup_teardown(the_asker_is_told_to_the_handler, setup, teardown),
        cmocka_unit_test_setup_teardown(bodies_that_are_no_json, setup, teardown),
        cmocka_unit_test_setup_teardown(depth_is_bounded, setup, teardown),
        cmocka_unit_test_setup_teardown(wrong_values_are_named, setup, teardown),
        cmocka_unit_test_setup_teardown(all_values_right, setup, teardown),
        cmocka_unit_test_setup_teardown(types_of_bodies, setup, teardown),
        cmocka_unit_test_setup_teardown(queries, setup, teardown),
        cmocka_unit_test_setup_teardown(problems_of_a_handler, setup, teardown),
        cmocka_unit_test_setup_teardown(a_handler_that_breaks_its_word_is_found_out, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(events_are_a_stream, setup, teardown),
        cmocka_unit_test_setup_teardown(tables_that_are_wrong, setup, teardown),
        cmocka_unit_test_setup_teardown(the_document_has_everything, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
