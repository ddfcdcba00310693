/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The calendar: days are counted in eras of 400 years, with years that begin in March. */
#include "base/civil.h"

#include "base/err.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

static int64_t days_from_civil(int year, int month, int day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = floor_div(y, 400);
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

    return era * 146097 + day_of_era - 719468;
}

struct el_civil el_civil(int64_t seconds)
{
    if (seconds < EL_CIVIL_FIRST)
        seconds = EL_CIVIL_FIRST;
    if (seconds > EL_CIVIL_LAST)
        seconds = EL_CIVIL_LAST;
    int64_t days = floor_div(seconds, 86400);
    int of_day = (int)(seconds - days * 86400);
    int64_t z = days + 719468;
    int64_t era = floor_div(z, 146097);
    int64_t day_of_era = z - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int month = (int)((5 * day_of_year + 2) / 153);
    int64_t from_thursday = days - floor_div(days, 7) * 7; /* 1970-01-01 was one */

    return (struct el_civil){
        .year = (int)(year_of_era + era * 400 + (month >= 10)),
        .month = month + (month < 10 ? 3 : -9),
        .day = (int)(day_of_year - (153 * month + 2) / 5 + 1),
        .hour = of_day / 3600,
        .minute = of_day / 60 % 60,
        .second = of_day % 60,
        .weekday = (int)(from_thursday + 4) % 7,
    };
}

int64_t el_civil_seconds(const struct el_civil *c)
{
    return days_from_civil(c->year, c->month, c->day) * 86400 +
           ((int64_t)c->hour * 60 + c->minute) * 60 + c->second;
}

char *el_civil_text(int64_t seconds, char text[EL_CIVIL_TEXT])
{
    struct el_civil c = el_civil(seconds);

    snprintf(text, EL_CIVIL_TEXT, "%04u-%02u-%02uT%02u:%02u:%02uZ", (unsigned)c.year % 10000,
             (unsigned)c.month % 100, (unsigned)c.day % 100, (unsigned)c.hour % 100,
             (unsigned)c.minute % 100, (unsigned)c.second % 100);
    return text;
}

int el_civil_parse(const char *text, int64_t *seconds)
{
    static const char form[] = "0000-00-00T00:00:00Z";
    int number[6] = {0};
    unsigned which = 0;
    char again[EL_CIVIL_TEXT];

    for (size_t i = 0; form[i]; i++) {
        if (form[i] != '0') {
            which++;
            if (text[i] != form[i])
                return EL_EINVAL;
        } else if (text[i] < '0' || text[i] > '9') {
            return EL_EINVAL;
        } else {
            number[which] = number[which] * 10 + (text[i] - '0');
        }
    }
    if (text[EL_CIVIL_TEXT - 1])
        return EL_EINVAL;
    const struct el_civil civil = {.year = number[0],
                                   .month = number[1],
                                   .day = number[2],
                                   .hour = number[3],
                                   .minute = number[4],
                                   .second = number[5]};
    if (civil.month < 1 || civil.month > 12)
        return EL_EINVAL;
    /* What does not come back as it went in has counted on into something else. */
    *seconds = el_civil_seconds(&civil);
    return strcmp(el_civil_text(*seconds, again), text) == 0 ? 0 : EL_EINVAL;
}
