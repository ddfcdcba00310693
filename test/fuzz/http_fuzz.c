/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a client sends on one connection. The same bytes are given whole, byte by byte, and in
 * pieces of changing length; what the server says must be the same each time. Limits on lengths may
 * be noticed earlier or later, so beyond them only crashes count.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/csprng.h"
#include "base/err.h"
#include "base/log.h"
#include "base/time.h"
#include "http/http_conn.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t alphabet[] = "abcdefghijklmnopqrstuvwxyz";
static const struct el_content_memory_entry entries[] = {
    {"abc.txt", alphabet, 26}, {"empty", alphabet, 0}, {0}};
static const struct el_content_memory memory = {entries, 784111677};

static void echo(void *arg, const struct el_http_request *request, struct el_http_answer *answer)
{
    (void)arg;
    el_http_answer_bytes(answer, 200, "text/plain", request->body, request->body_len);
}

/* A body in three pieces and its end. */
static int say_piece(void *arg, uint8_t *to)
{
    unsigned *said = arg;

    if (++*said > 3)
        return EL_ECLOSED;
    memset(to, 'a', *said);
    return (int)*said;
}

static void end_pieces(void *arg)
{
    *(unsigned *)arg = 0;
}

static void in_pieces(void *arg, const struct el_http_request *request,
                      struct el_http_answer *answer)
{
    (void)request;
    el_http_answer_feed(answer, "text/plain",
                        &(struct el_http_feed){.pull = say_piece, .end = end_pieces, .arg = arg});
}

/* A digest of all that is sent, and its length. */
struct said {
    uint64_t hash, len;
    enum el_http_wants wants;
};

static void collect(struct el_http_conn *conn, struct el_http_clock clock, struct said *said)
{
    struct el_http_piece piece;
    bool more;

    do {
        more = false;
        while (el_http_conn_output(conn, &piece)) {
            more = true;
            for (uint64_t i = 0; i < piece.len; i++)
                said->hash = (said->hash ^ piece.bytes[i]) * 0x100000001b3u;
            said->len += piece.len;
        }
        el_http_conn_sent(conn, clock);
    } while (more || el_http_conn_has_output(conn));
    enum el_http_wants wants = el_http_conn_wants(conn);
    if (said->wants != EL_HTTP_WANTS_FINISH)
        said->wants = wants;
}

static struct said converse(const uint8_t *data, size_t size, size_t step)
{
    struct el_content content = el_content_memory(&memory);
    struct el_http_files files = {&content, true};
    unsigned piece_count = 0;
    const struct el_http_route routes[] = {
        {"/", EL_HTTP_GET, el_http_files_handler, &files, 0},
        {"/echo", EL_HTTP_GET | EL_HTTP_POST, echo, NULL, 100},
        {"/pieces", EL_HTTP_GET, in_pieces, &piece_count, 0},
        {0},
    };
    static const struct el_http_timeouts timeouts = {0};
    const struct el_endpoint client = {.ip = {.family = 4}, .port = 1};
    const struct el_http_clock clock = {EL_S, 784111777};
    struct el_http_conn *conn = el_http_conn_new(routes, &timeouts, &client, clock);
    struct said said = {.hash = 0xcbf29ce484222325u};

    el_random_seed_for_test(1);
    for (size_t at = 0, len; at < size; at += len) {
        len = step ? step : 1 + at * 7 % 23;
        len = len < size - at ? len : size - at;
        el_http_conn_input(conn, clock, data + at, len);
        collect(conn, clock, &said);
    }
    el_http_conn_eof(conn);
    collect(conn, clock, &said);
    el_http_conn_free(conn, clock);
    return said;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    el_log_setup(EL_LOG_ERROR, EL_LOG_TEXT);
    struct said whole = converse(data, size, size);
    struct said bytes = converse(data, size, 1);
    struct said pieces = converse(data, size, 0);

    if (size >= EL_HTTP_TARGET_MAX)
        return 0;
    /* "100 Continue" is said only to a client whose body was not there yet. */
    if (memmem(data, size, "100-", 4))
        return 0;
    if (bytes.hash != whole.hash || bytes.len != whole.len || pieces.hash != whole.hash ||
        pieces.len != whole.len || bytes.wants != whole.wants)
        abort();
    return 0;
}
