/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The Range header (RFC 9110 §14): which bytes of a representation are asked for.
 *
 * What is broken, in another unit, or not worth serving piecemeal is ignored, as §14.2 allows: the
 * client then gets the whole, which it must be able to take. Not worth it are more than
 * EL_HTTP_RANGES_MAX ranges, ranges that overlap, and more than two that do not ascend.
 */
#ifndef EL_HTTP_HTTP_RANGE_H
#define EL_HTTP_HTTP_RANGE_H

#include <stddef.h>
#include <stdint.h>

enum { EL_HTTP_RANGES_MAX = 16 };

struct el_http_range {
    uint64_t first, last; /* both inclusive, both inside the representation */
};

/* The ranges that VALUE asks of SIZE bytes, in its order: their number; 0: ignore the header;
 * EL_EINVAL: none of them touches the representation (416). */
int el_http_range_parse(const char *value, uint64_t size,
                        struct el_http_range ranges[EL_HTTP_RANGES_MAX]);

#endif
