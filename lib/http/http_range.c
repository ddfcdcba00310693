/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Byte ranges. */
#include "http/http_range.h"

#include "base/err.h"

#include <stdbool.h>

static const char *skip_space(const char *at)
{
    while (*at == ' ' || *at == '\t')
        at++;
    return at;
}

/* Digits, as far as there are any; a number beyond 64 bits is the largest there is, which is past
 * the end of everything. */
static const char *take_number(const char *at, uint64_t *value, bool *present)
{
    uint64_t n = 0;

    *present = *at >= '0' && *at <= '9';
    for (; *at >= '0' && *at <= '9'; at++) {
        unsigned digit = (unsigned)(*at - '0');
        n = n > (UINT64_MAX - digit) / 10 ? UINT64_MAX : n * 10 + digit;
    }
    *value = n;
    return at;
}

/* One range-spec: where it ends, or NULL if it is not one. SATISFIABLE: RANGE holds it. */
static const char *take_range(const char *at, uint64_t size, struct el_http_range *range,
                              bool *satisfiable)
{
    uint64_t first, last;
    bool has_first, has_last;

    at = take_number(at, &first, &has_first);
    if (*at != '-')
        return NULL;
    at = take_number(at + 1, &last, &has_last);
    if ((!has_first && !has_last) || (has_first && has_last && last < first))
        return NULL;
    if (!has_first) { /* the last so many bytes */
        *satisfiable = last > 0 && size > 0;
        range->first = last < size ? size - last : 0;
        range->last = size - 1;
        return at;
    }
    *satisfiable = first < size;
    range->first = first;
    range->last = has_last && last < size ? last : size - 1;
    return at;
}

static bool worth_it(const struct el_http_range *ranges, int count)
{
    bool ascending = true;

    for (int i = 0; i < count; i++) {
        if (i && ranges[i].first < ranges[i - 1].first)
            ascending = false;
        for (int k = 0; k < i; k++)
            if (ranges[i].first <= ranges[k].last && ranges[k].first <= ranges[i].last)
                return false;
    }
    return ascending || count <= 2;
}

int el_http_range_parse(const char *value, uint64_t size,
                        struct el_http_range ranges[EL_HTTP_RANGES_MAX])
{
    int asked = 0, count = 0;

    for (const char *unit = "bytes"; *unit; unit++, value++)
        if ((*value | 0x20) != *unit)
            return 0;
    if (*value != '=')
        return 0;
    for (const char *at = value + 1;;) {
        at = skip_space(at);
        if (*at && *at != ',') { /* an empty list element is allowed (RFC 9110 §5.6.1) */
            struct el_http_range range;
            bool satisfiable;
            at = take_range(at, size, &range, &satisfiable);
            if (!at || ++asked > EL_HTTP_RANGES_MAX)
                return 0;
            if (satisfiable)
                ranges[count++] = range;
            at = skip_space(at);
        }
        if (*at == '\0')
            break;
        if (*at++ != ',')
            return 0;
    }
    if (asked == 0)
        return 0;
    if (count == 0)
        return EL_EINVAL;
    return worth_it(ranges, count) ? count : 0;
}
