/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Seconds since 1970 as date and time of day (UTC, the proleptic Gregorian calendar) and back,
 * without the C library's clock, zone or locale.
 */
#ifndef EL_BASE_CIVIL_H
#define EL_BASE_CIVIL_H

#include <stdint.h>

/* The seconds of the first moment of year 0 and of the last of year 9999: what has four digits. */
#define EL_CIVIL_FIRST INT64_C(-62167219200)
#define EL_CIVIL_LAST  INT64_C(253402300799)

enum { EL_CIVIL_TEXT = 21 }; /* "1994-11-06T08:49:37Z" and NUL */

struct el_civil {
    int year, month, day; /* month and day from 1 */
    int hour, minute, second;
    int weekday; /* 0 is Sunday; not read by el_civil_seconds() */
};

/* SECONDS outside the years 0 to 9999 count as the nearest moment inside. */
struct el_civil el_civil(int64_t seconds);

/* A day that its month does not have counts on into the next, second 60 into the next minute. */
int64_t el_civil_seconds(const struct el_civil *civil);

/* The form of RFC 3339 §5.6. */
char *el_civil_text(int64_t seconds, char text[EL_CIVIL_TEXT]);

/* Exactly that form. 0 or EL_EINVAL, also for a day that does not exist. */
int el_civil_parse(const char *text, int64_t *seconds);

#endif
