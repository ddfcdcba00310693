/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A response, whole, byte by byte and in pieces: the same comes out. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "http/http_response.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { BODY_MAX = 4096 };

static void hear(struct el_http_response *response, const uint8_t *data, size_t size, size_t step)
{
    el_http_response_init(response, BODY_MAX, size && data[0] == '!');
    for (size_t at = 0, len; at < size; at += len) {
        len = step ? step : 1 + at * 7 % 23;
        len = len < size - at ? len : size - at;
        (void)el_http_response_input(response, data + at, len);
        if (response->body_len > BODY_MAX)
            abort();
    }
    if (el_http_response_eof(response) == 0 && !response->complete)
        abort();
}

static void compare(const struct el_http_response *a, const struct el_http_response *b)
{
    if (a->failed != b->failed || a->complete != b->complete)
        abort();
    if (a->complete &&
        (a->status != b->status || strcmp(a->type, b->type) != 0 || a->body_len != b->body_len ||
         (a->body_len && memcmp(a->body, b->body, a->body_len) != 0)))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct el_http_response whole, bytes, pieces;

    hear(&whole, data, size, size);
    hear(&bytes, data, size, 1);
    hear(&pieces, data, size, 0);
    compare(&whole, &bytes);
    compare(&whole, &pieces);
    el_http_response_end(&whole);
    el_http_response_end(&bytes);
    el_http_response_end(&pieces);
    return 0;
}
