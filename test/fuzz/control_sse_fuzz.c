/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A stream of events, whole, byte by byte and in pieces of changing length: they must be the same.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "control/sse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct heard {
    uint64_t hash;
    unsigned count;
    bool failed;
};

static void mix(struct heard *heard, const char *text)
{
    do {
        heard->hash = (heard->hash ^ (uint8_t)*text) * 0x100000001b3u;
    } while (*text++);
}

static struct heard hear(struct el_sse_reader *reader, const uint8_t *data, size_t size,
                         size_t step)
{
    struct heard heard = {.hash = 0xcbf29ce484222325u};
    struct el_sse_event event;

    memset(reader, 0, sizeof *reader);
    for (size_t at = 0; at < size;) {
        size_t len = step ? step : 1 + at * 7 % 23;
        at += el_sse_read(reader, data + at, len < size - at ? len : size - at, &event);
        if (!event.data)
            continue;
        mix(&heard, event.type);
        mix(&heard, event.data);
        mix(&heard, reader->last_id);
        heard.count++;
    }
    heard.failed = reader->failed;
    return heard;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct el_sse_reader *reader = malloc(sizeof *reader);
    struct heard whole = hear(reader, data, size, size);
    struct heard bytes = hear(reader, data, size, 1);
    struct heard pieces = hear(reader, data, size, 0);

    if (whole.hash != bytes.hash || whole.hash != pieces.hash || whole.failed != bytes.failed ||
        whole.failed != pieces.failed)
        abort();
    free(reader);
    return 0;
}
