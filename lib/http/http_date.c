/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Dates: the calendar is base/civil.h; here are their forms. */
#include "http/http_date.h"

#include "base/civil.h"
#include "base/err.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const char day_names[7][10] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                      "Thursday", "Friday", "Saturday"};
static const char month_names[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

char *el_http_date_text(int64_t seconds, char text[EL_HTTP_DATE_TEXT])
{
    struct el_civil c = el_civil(seconds);

    snprintf(text, EL_HTTP_DATE_TEXT, "%.3s, %02u %s %04u %02u:%02u:%02u GMT", day_names[c.weekday],
             (unsigned)c.day % 100, month_names[c.month - 1], (unsigned)c.year % 10000,
             (unsigned)c.hour % 100, (unsigned)c.minute % 100, (unsigned)c.second % 100);
    return text;
}

/* -- parsing: each step passes what it has understood, or fails for good -- */

struct scan {
    const char *at;
    bool failed;
};

static bool take(struct scan *s, const char *word)
{
    size_t len = strlen(word);

    if (s->failed || strncmp(s->at, word, len) != 0)
        return false;
    s->at += len;
    return true;
}

static void expect(struct scan *s, const char *word)
{
    if (!take(s, word))
        s->failed = true;
}

static int number(struct scan *s, int digits)
{
    int n = 0;

    for (; digits > 0; digits--) {
        if (s->failed || *s->at < '0' || *s->at > '9') {
            s->failed = true;
            return 0;
        }
        n = n * 10 + (*s->at++ - '0');
    }
    return n;
}

static int month(struct scan *s)
{
    for (int i = 0; i < 12; i++)
        if (take(s, month_names[i]))
            return i + 1;
    s->failed = true;
    return 1;
}

static void time_of_day(struct scan *s, struct el_civil *c)
{
    c->hour = number(s, 2);
    expect(s, ":");
    c->minute = number(s, 2);
    expect(s, ":");
    c->second = number(s, 2);
}

/* 06 Nov 1994 08:49:37 GMT */
static void imf_fixdate(struct scan *s, struct el_civil *c)
{
    c->day = number(s, 2);
    expect(s, " ");
    c->month = month(s);
    expect(s, " ");
    c->year = number(s, 4);
    expect(s, " ");
    time_of_day(s, c);
    expect(s, " GMT");
}

/* 06-Nov-94 08:49:37 GMT */
static void rfc850(struct scan *s, struct el_civil *c, int64_t now)
{
    int this_year = el_civil(now).year;

    c->day = number(s, 2);
    expect(s, "-");
    c->month = month(s);
    expect(s, "-");
    c->year = this_year - this_year % 100 + number(s, 2);
    if (c->year > this_year + 50)
        c->year -= 100;
    expect(s, " ");
    time_of_day(s, c);
    expect(s, " GMT");
}

/* Nov  6 08:49:37 1994 */
static void asctime_date(struct scan *s, struct el_civil *c)
{
    c->month = month(s);
    expect(s, " ");
    c->day = take(s, " ") ? number(s, 1) : number(s, 2);
    expect(s, " ");
    time_of_day(s, c);
    expect(s, " ");
    c->year = number(s, 4);
}

int el_http_date_parse(const char *text, int64_t now, int64_t *seconds)
{
    struct scan s = {.at = text};
    struct el_civil c = {0};
    int day = 0;

    while (day < 7 && strncmp(text, day_names[day], 3) != 0)
        day++;
    if (day == 7)
        return EL_EINVAL;
    if (take(&s, day_names[day])) {
        expect(&s, ", ");
        rfc850(&s, &c, now);
    } else {
        s.at += 3;
        if (take(&s, ", "))
            imf_fixdate(&s, &c);
        else {
            expect(&s, " ");
            asctime_date(&s, &c);
        }
    }
    /* 60 is a leap second. A day that the month does not have counts on into the next. */
    if (s.failed || *s.at || c.day < 1 || c.day > 31 || c.hour > 23 || c.minute > 59 ||
        c.second > 60)
        return EL_EINVAL;
    *seconds = el_civil_seconds(&c);
    return 0;
}
