/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Headers of responses. */
#include "fetch/fetch_head_io.h"

#include <stdbool.h>
#include <string.h>

void el_fetch_fields_begin(struct el_fetch_fields *fields, struct el_http_response *response)
{
    const struct el_http_wanted wanted[] = {
        {"location", fields->location, sizeof fields->location},
        {"content-length", fields->length, sizeof fields->length},
        {"content-range", fields->range, sizeof fields->range},
        {"content-encoding", fields->encoding, sizeof fields->encoding},
        {"etag", fields->etag, sizeof fields->etag},
        {"last-modified", fields->modified, sizeof fields->modified},
    };

    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
        wanted[i].value[0] = '\0';
    memcpy(fields->wanted, wanted, sizeof wanted);
    response->wanted = fields->wanted;
    response->wanted_count = sizeof wanted / sizeof wanted[0];
}

/* A decimal number, behind which *TEXT stands afterwards. False if there is none, or too large. */
static bool take_number(const char **text, uint64_t *number)
{
    const char *begin = *text;

    for (*number = 0; **text >= '0' && **text <= '9'; (*text)++) {
        if (*number > (uint64_t)INT64_MAX / 10 - 1)
            return false;
        *number = *number * 10 + (uint64_t)(**text - '0');
    }
    return *text > begin;
}

static bool take_text(const char **text, const char *expected)
{
    size_t len = strlen(expected);

    if (strncmp(*text, expected, len) != 0)
        return false;
    *text += len;
    return true;
}

/* "bytes 100-999/1000", "bytes 100-999/ *": what stands in the answer, and of how much. */
static bool read_range(const char *text, uint64_t *offset, uint64_t *total)
{
    uint64_t last;

    *total = EL_FETCH_UNKNOWN;
    if (!take_text(&text, "bytes ") || !take_number(&text, offset) || !take_text(&text, "-") ||
        !take_number(&text, &last) || last < *offset || !take_text(&text, "/"))
        return false;
    if (strcmp(text, "*") == 0)
        return true;
    return take_number(&text, total) && *text == '\0' && last < *total;
}

/* "bytes * /1000": what a server says that has nothing behind 1000. */
static bool read_unsatisfied(const char *text, uint64_t *total)
{
    return take_text(&text, "bytes */") && take_number(&text, total) && *text == '\0';
}

static enum el_fetch_verdict read_part(const struct el_fetch_fields *fields, uint64_t here,
                                       struct el_fetch_head *head)
{
    if (here == 0 || !read_range(fields->range, &head->offset, &head->total))
        return EL_FETCH_NONSENSE;
    return head->offset == here ? EL_FETCH_TAKE : EL_FETCH_NONSENSE;
}

static enum el_fetch_verdict judge(const struct el_fetch_fields *fields, uint64_t here,
                                   struct el_fetch_head *head)
{
    const char *length = fields->length;
    uint64_t total;

    switch (head->status) {
    case 200:
        if (take_number(&length, &total) && *length == '\0')
            head->total = total;
        return EL_FETCH_TAKE;
    case 206: return read_part(fields, here, head);
    case 301:
    case 302:
    case 303:
    case 307:
    case 308: return fields->location[0] ? EL_FETCH_REDIRECT : EL_FETCH_NONSENSE;
    case 416:
        if (here > 0 && read_unsatisfied(fields->range, &total) && total == here) {
            head->offset = head->total = here;
            return EL_FETCH_WHOLE;
        }
        return here > 0 ? EL_FETCH_ANEW : EL_FETCH_REFUSED;
    case 408:
    case 425:
    case 429:
    case 500:
    case 502:
    case 503:
    case 504: return EL_FETCH_LATER;
    default: return head->status < 300 ? EL_FETCH_NONSENSE : EL_FETCH_REFUSED;
    }
}

/* Whether it can be sent back. */
static bool is_printable(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || (unsigned char)*text >= 0x7f)
            return false;
    return true;
}

void el_fetch_head_read(const struct el_http_response *response,
                        const struct el_fetch_fields *fields, uint64_t here,
                        struct el_fetch_head *head)
{
    bool strong = fields->etag[0] == '"';

    *head = (struct el_fetch_head){.status = response->status,
                                   .total = EL_FETCH_UNKNOWN,
                                   .location = fields->location,
                                   .validator = strong ? fields->etag : fields->modified};
    if (!is_printable(head->validator))
        head->validator = "";
    head->verdict = judge(fields, here, head);
    if (head->verdict == EL_FETCH_TAKE && fields->encoding[0] &&
        strcmp(fields->encoding, "identity") != 0)
        head->verdict = EL_FETCH_NONSENSE; /* a length of something else */
}
