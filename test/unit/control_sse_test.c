/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Server-sent events, written and read, with the examples of the standard. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "control/sse.h"

static struct el_sse_reader reader;
static char told[4096]; /* type|data|last id, one event per line */

static void tell(const struct el_sse_event *event)
{
    size_t len = strlen(told);

    assert_true(len + 512 < sizeof told);
    strcat(told, event->type);
    strcat(told, "|");
    strcat(told, event->data);
    strcat(told, "|");
    strcat(told, reader.last_id);
    strcat(told, "\n");
}

static void read_pieces(const char *text, size_t total, size_t step)
{
    struct el_sse_event event;

    memset(&reader, 0, sizeof reader);
    told[0] = '\0';
    for (size_t at = 0; at < total;) {
        size_t len = total - at < step ? total - at : step;
        at += el_sse_read(&reader, (const uint8_t *)text + at, len, &event);
        if (event.data)
            tell(&event);
    }
}

static void expect(const char *text, const char *events)
{
    for (size_t step = 1; step < 40; step++) {
        read_pieces(text, strlen(text), step);
        assert_string_equal(told, events);
    }
}

/* WHATWG HTML, section 9.2.6. */
static void the_examples_of_the_standard(void **state)
{
    (void)state;
    expect("data: YHOO\ndata: +2\ndata: 10\n\n", "message|YHOO\n+2\n10|\n");
    expect(": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\n"
           "data:  third event\n\ndata: cut",
           "message|first event|1\nmessage|second event|\nmessage| third event|\n");
    expect("data\n\ndata\ndata\n\ndata:", "message||\nmessage|\n|\n");
    expect("data:test\n\ndata: test\n\n", "message|test|\nmessage|test|\n");
    expect("event: add\ndata: 73857293\n\nevent: remove\ndata: 2153\n\ndata: x\n\n",
           "add|73857293|\nremove|2153|\nmessage|x|\n");
}

static void ends_of_lines(void **state)
{
    (void)state;
    expect("data: a\r\n\r\ndata: b\r\rdata: c\n\n", "message|a|\nmessage|b|\nmessage|c|\n");
    expect("\xef\xbb\xbf"
           "data: a\n\n",
           "message|a|\n");
    expect("data: a\n\n\xef\xbb\xbf"
           "data: b\n\n",
           "message|a|\n");
    expect("", "");
    expect("\n\n\r\n", "");
}

static void other_fields(void **state)
{
    static const char nul[] = "id: 1\ndata: a\n\nid: x\0y\ndata: b\n\n";

    (void)state;
    expect("retry: 2000\nid: a-0\n\n", "");
    assert_int_equal(reader.retry_ms, 2000);
    assert_string_equal(reader.last_id, "a-0");
    expect("retry: 2s\ncolour: red\nDATA: x\n\ndata: y\n\n", "message|y|\n");
    assert_int_equal(reader.retry_ms, 0);
    read_pieces(nul, sizeof nul - 1, 3);
    assert_string_equal(told, "message|a|1\nmessage|b|1\n");
    /* A type without data is forgotten, and an id that was cut off was never seen. */
    expect("event: add\n\ndata: x\n\nid: 9\ndata: y\n", "message|x|\n");
    assert_string_equal(reader.last_id, "");
}

static void what_is_too_long(void **state)
{
    char *text = malloc(3 * EL_SSE_LINE_MAX);

    (void)state;
    memset(text, 'x', 3 * EL_SSE_LINE_MAX);
    read_pieces(text, EL_SSE_LINE_MAX + 1, 1000);
    assert_true(reader.failed);
    for (size_t i = 0; i + 5 <= 3 * EL_SSE_LINE_MAX; i += 5)
        memcpy(text + i, "data\n", 5);
    read_pieces(text, EL_SSE_LINE_MAX, 1000); /* line ends are all the data there is */
    assert_false(reader.failed);
    for (size_t i = 0; i + 8 <= 3 * EL_SSE_LINE_MAX; i += 8)
        memcpy(text + i, "data:xx\n", 8);
    read_pieces(text, 3 * EL_SSE_LINE_MAX, 1000);
    assert_true(reader.failed);
    strcpy(text, "id: ");
    memset(text + 4, 'x', EL_SSE_WORD_MAX);
    strcpy(text + 4 + EL_SSE_WORD_MAX, "\n");
    read_pieces(text, strlen(text), 1000);
    assert_true(reader.failed);
    free(text);
}

static void what_is_written_is_read(void **state)
{
    char text[256];
    struct el_wire w = el_wire_write(text, sizeof text);

    (void)state;
    el_sse_put(&w, "a-1", "spoke-enrolled", "{\"name\":\"mars\"}");
    el_sse_put(&w, NULL, NULL, "two\r\nlines\n");
    el_wire_put(&w, EL_SSE_HEARTBEAT, strlen(EL_SSE_HEARTBEAT));
    assert_true(el_wire_ok(&w));
    static const char expected[] = "id: a-1\nevent: spoke-enrolled\ndata: {\"name\":\"mars\"}\n\n"
                                   "data: two\ndata: lines\ndata: \n\n:\n";
    assert_int_equal(el_wire_done(&w), sizeof expected - 1);
    assert_memory_equal(text, expected, sizeof expected - 1);
    read_pieces(text, sizeof expected - 1, 7);
    assert_string_equal(told, "spoke-enrolled|{\"name\":\"mars\"}|a-1\nmessage|two\nlines\n|a-1\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_examples_of_the_standard),
        cmocka_unit_test(ends_of_lines),
        cmocka_unit_test(other_fields),
        cmocka_unit_test(what_is_too_long),
        cmocka_unit_test(what_is_written_is_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
