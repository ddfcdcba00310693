/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The log: formats a line on the stack and writes it in one piece.
 *
 * Most lines are made by what somebody sends us. So that nobody fills a disk by sending, all but
 * errors (which are ours) and what was asked for to find a fault (debug) pass one token bucket,
 * kept as the time when it will be full again; threads share it without a lock.
 *
 * Nobody waits for whoever reads the log: a terminal may be stopped, a pipe full, and packets go on
 * all the same. So a line is written only if there is room, and one thread at a time looks and
 * writes: a pipe with room has room for the two lines that may follow (a page at least), and so has
 * a terminal that says it has.
 */
#include "base/log.h"

#include "base/escape.h"
#include "base/time.h"
#include "base/wire.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static enum el_log_level wanted = EL_LOG_INFO;
static enum el_log_format line_format = EL_LOG_TEXT;
static _Atomic uint64_t full_ns; /* when the bucket will be full again */
static _Atomic uint64_t untold;  /* lines that were not written, since one was */
static pthread_mutex_t writing = PTHREAD_MUTEX_INITIALIZER;

static const char *const level_names[] = {"error", "warn", "info", "debug"};

void el_log_setup(enum el_log_level up_to, enum el_log_format format)
{
    wanted = up_to;
    line_format = format;
}

bool el_log_wants(enum el_log_level level)
{
    return level <= wanted;
}

/* A line under construction. The last bytes are kept for the closing brace and the newline, and a
 * field that does not fit is left out whole, so the line stays well-formed. */
struct line {
    struct el_wire w;
    enum el_log_format format;
};

static void put(struct line *line, const char *text)
{
    for (; *text; text++)
        el_wire_put_u8(&line->w, (uint8_t)*text);
}

static void put_string(struct line *line, const char *text)
{
    bool quotes = line->format == EL_LOG_JSON || el_escape_needed(text);

    if (quotes)
        put(line, "\"");
    el_escape(&line->w, text);
    if (quotes)
        put(line, "\"");
}

static void put_value(struct line *line, const struct el_log_field *field)
{
    char text[EL_ENDPOINT_TEXT];

    switch (field->kind) {
    case EL_LOG_F_STRING: put_string(line, field->value.string); break;
    case EL_LOG_F_UINT:
        el_wire_printf(&line->w, "%llu", (unsigned long long)field->value.uint);
        break;
    case EL_LOG_F_INT: el_wire_printf(&line->w, "%lld", (long long)field->value.sint); break;
    case EL_LOG_F_MAC: put_string(line, el_mac_text(field->value.mac, text)); break;
    case EL_LOG_F_IP: put_string(line, el_ip_text(field->value.ip, text)); break;
    case EL_LOG_F_ENDPOINT: put_string(line, el_endpoint_text(field->value.endpoint, text)); break;
    }
}

static void put_field(struct line *line, const struct el_log_field *field)
{
    struct el_wire before = line->w;

    if (line->format == EL_LOG_JSON)
        el_wire_printf(&line->w, ",\"%s\":", field->key);
    else
        el_wire_printf(&line->w, " %s=", field->key);
    put_value(line, field);
    if (!el_wire_ok(&line->w))
        line->w = before;
}

static void put_head(struct line *line, uint64_t time_ns, enum el_log_level level, const char *room,
                     const char *event)
{
    time_t seconds = (time_t)(time_ns / 1000000000);
    unsigned milliseconds = (unsigned)(time_ns / 1000000 % 1000);
    char stamp[24];
    struct tm tm;

    if (line->format == EL_LOG_JSON) {
        gmtime_r(&seconds, &tm);
        strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", &tm);
        el_wire_printf(&line->w,
                       "{\"time\":\"%s.%03uZ\",\"level\":\"%s\",\"room\":\"%s\",\"event\":\"%s\"",
                       stamp, milliseconds, level_names[level], room, event);
        return;
    }
    localtime_r(&seconds, &tm);
    strftime(stamp, sizeof stamp, "%H:%M:%S", &tm);
    el_wire_printf(&line->w, "%s.%03u %s%s%s: %s", stamp, milliseconds,
                   level <= EL_LOG_WARN ? level_names[level] : "", level <= EL_LOG_WARN ? " " : "",
                   room, event);
}

size_t el_log_format_line(char *text, size_t capacity, enum el_log_format format, uint64_t time_ns,
                          enum el_log_level level, const char *room, const char *event,
                          const struct el_log_field *fields)
{
    static const size_t tail = 2; /* "}\n" */
    struct line line = {el_wire_write(text, capacity < tail ? 0 : capacity - tail), format};

    put_head(&line, time_ns, level, room, event);
    if (!el_wire_ok(&line.w))
        return 0;
    for (; fields->key; fields++)
        if (fields->kind != EL_LOG_F_STRING || fields->value.string)
            put_field(&line, fields);
    line.w.end += tail;
    put(&line, format == EL_LOG_JSON ? "}\n" : "\n");
    return el_wire_done(&line.w);
}

static uint64_t read_clock(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * EL_S + (uint64_t)now.tv_nsec;
}

static bool take_token(void)
{
    static const uint64_t step_ns = EL_S / EL_LOG_PER_S;
    uint64_t now_ns = read_clock(CLOCK_MONOTONIC);
    uint64_t full = atomic_load(&full_ns), next;

    do {
        next = (full > now_ns ? full : now_ns) + step_ns;
        if (next > now_ns + EL_LOG_BURST * step_ns)
            return false;
    } while (!atomic_compare_exchange_weak(&full_ns, &full, next));
    return true;
}

static void write_line(enum el_log_level level, const char *room, const char *event,
                       const struct el_log_field *fields)
{
    char text[1024];
    size_t len = el_log_format_line(text, sizeof text, line_format, read_clock(CLOCK_REALTIME),
                                    level, room, event, fields);
    ssize_t written = write(STDERR_FILENO, text, len);
    (void)written; /* nobody is left to tell */
}

/* Whether the reader takes a line now. What it will never take, it takes: the error is at once. */
static bool has_room(void)
{
    struct pollfd reader = {STDERR_FILENO, POLLOUT, 0};

    return poll(&reader, 1, 0) != 0;
}

void el_log_write(enum el_log_level level, const char *room, const char *event,
                  const struct el_log_field *fields)
{
    bool limited = level == EL_LOG_WARN || level == EL_LOG_INFO;

    if (limited && !take_token()) {
        atomic_fetch_add(&untold, 1);
        return;
    }
    pthread_mutex_lock(&writing);
    if (has_room()) {
        uint64_t lines = limited ? atomic_exchange(&untold, 0) : 0;
        if (lines > 0)
            write_line(
                EL_LOG_WARN, "log", "flood",
                (const struct el_log_field[]){EL_UINT("lines_not_written", lines), {.key = NULL}});
        write_line(level, room, event, fields);
    } else {
        atomic_fetch_add(&untold, 1);
    }
    pthread_mutex_unlock(&writing);
}
