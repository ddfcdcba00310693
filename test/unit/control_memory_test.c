/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory that runs out, at every place in turn where jansson asks for it: an error, never a crash,
 * a leak or half an answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "control/openapi.h"
#include "control_sample.h"

static long left; /* allocations that succeed; negative: all */
static long held; /* that have not been freed */

static void *take(size_t size)
{
    void *memory = left == 0 ? NULL : malloc(size);

    left -= left > 0;
    held += memory != NULL;
    return memory;
}

static void give(void *memory)
{
    held -= memory != NULL;
    free(memory);
}

static int setup(void **state)
{
    (void)state;
    json_set_alloc_funcs(take, give);
    return 0;
}

static void requests(void **state)
{
    static const char body[] = "{\"name\":\"mars\",\"tags\":[\"a\"],\"main\":null,"
                               "\"networks\":[{\"network\":\"boot\",\"published\":true}]}";
    static const char wrong[] = "{\"name\":\"mars\",\"tags\":[7]}";
    const char *const bodies[] = {body, wrong};
    const int statuses[] = {201, 422};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        bool done = false;
        for (long n = 0; !done; n++) {
            struct sample sample = {0};
            struct el_api *api = sample_api(&sample, NULL);
            struct el_api_reply reply;
            left = n;
            el_api_handle(api,
                          &(struct el_api_call){.method = EL_API_POST,
                                                .path = "/v1/spokes",
                                                .content_type = "application/json",
                                                .body = (const uint8_t *)bodies[i],
                                                .body_len = strlen(bodies[i]),
                                                .asker = {.scope = EL_API_OPERATOR}},
                          &reply);
            done = left > 0;
            left = -1;
            if (done)
                assert_int_equal(reply.status, statuses[i]);
            else if (reply.text) /* what it says is whole, be it a lesser problem */
                assert_int_equal(reply.text[reply.len - 1], '}');
            el_api_reply_clear(&reply);
            el_api_free(api);
            assert_int_equal(held, 0);
        }
    }
}

static void the_document(void **state)
{
    struct sample sample = {0};
    struct el_api *api = sample_api(&sample, NULL);
    json_t *document = NULL;

    (void)state;
    for (long n = 0; !document; n++) {
        left = n;
        document = el_openapi_document(api);
        left = -1;
        if (!document)
            assert_int_equal(held, 0);
    }
    json_decref(document);
    assert_int_equal(held, 0);
    el_api_free(api);
}

/* An event that finds no memory resets the readers. */
static void events_are_not_lost_in_silence(void **state)
{
    int r = -1;

    (void)state;
    for (long n = 0; r != 0; n++) {
        struct el_events *events = el_events_new(4, 1);
        struct el_events_reader reader = el_events_reader(events, NULL);
        struct el_event event;
        json_t *data = json_pack("{s:s}", "name", "mars");
        left = n;
        r = el_events_put(events, 0, "named", data);
        left = -1;
        assert_true(r == 0 || r == EL_ENOMEM);
        assert_true(el_events_next(events, &reader, &event));
        assert_string_equal(event.type, r == 0 ? "named" : "reset");
        el_events_free(events);
        assert_int_equal(held, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests),
        cmocka_unit_test(the_document),
        cmocka_unit_test(events_are_not_lost_in_silence),
    };

    return cmocka_run_group_tests(tests, setup, NULL);
}
