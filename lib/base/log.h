/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The log: one line per event, for people or, the same line, for programs.
 *
 *     EL_LOG(EL_LOG_INFO, "dhcp", "ack", EL_MAC("mac", &mac), EL_IP("ip", &lease->ip));
 *
 *     10:42:07.318 dhcp: ack mac=52:54:00:12:34:56 ip=192.168.77.100
 *     {"time":"2026-11-21T10:42:07.318Z","level":"info","room":"dhcp","event":"ack","mac":…}
 *
 * An event is a short fixed word; what varies is in typed fields, so that nothing that comes from
 * the network can forge a line: control characters and quotes are escaped in both forms, and what
 * is not UTF-8 is replaced. A field that would make the line too long is left out.
 *
 * Lines of INFO and WARN are limited, for the whole process, and no line waits for a reader who has
 * stopped: how many were not written is said before the next one that is.
 */
#ifndef EL_BASE_LOG_H
#define EL_BASE_LOG_H

#include "base/addr.h"

#include <stdbool.h>
#include <stdint.h>

enum el_log_level {
    EL_LOG_ERROR, /* somebody has to do something */
    EL_LOG_WARN,  /* something is wrong and we go on */
    EL_LOG_INFO,  /* what an operator wants to see of normal life */
    EL_LOG_DEBUG, /* every packet, every decision */
};

enum {
    EL_LOG_BURST = 5000, /* lines that may come at once: the state of all peers, say */
    EL_LOG_PER_S = 200,  /* and in the long run */
};

enum el_log_format { EL_LOG_TEXT, EL_LOG_JSON };

struct el_log_field {
    const char *key; /* NULL ends the list */
    enum {
        EL_LOG_F_STRING,
        EL_LOG_F_UINT,
        EL_LOG_F_INT,
        EL_LOG_F_MAC,
        EL_LOG_F_IP,
        EL_LOG_F_ENDPOINT
    } kind;
    union {
        const char *string; /* NULL omits the field */
        uint64_t uint;
        int64_t sint;
        const struct el_mac *mac;
        const struct el_ip *ip;
        const struct el_endpoint *endpoint;
    } value;
};

#define EL_STR(k, v)      ((struct el_log_field){(k), EL_LOG_F_STRING, {.string = (v)}})
#define EL_UINT(k, v)     ((struct el_log_field){(k), EL_LOG_F_UINT, {.uint = (v)}})
#define EL_INT(k, v)      ((struct el_log_field){(k), EL_LOG_F_INT, {.sint = (v)}})
#define EL_MAC(k, v)      ((struct el_log_field){(k), EL_LOG_F_MAC, {.mac = (v)}})
#define EL_IP(k, v)       ((struct el_log_field){(k), EL_LOG_F_IP, {.ip = (v)}})
#define EL_ENDPOINT(k, v) ((struct el_log_field){(k), EL_LOG_F_ENDPOINT, {.endpoint = (v)}})

/* Logs EVENT of ROOM with one or more fields. Costs one comparison when the level is off. */
#define EL_LOG(level, room, event, ...)                                              \
    do {                                                                             \
        if (el_log_wants(level))                                                     \
            el_log_write((level), (room), (event),                                   \
                         (const struct el_log_field[]){__VA_ARGS__, {.key = NULL}}); \
    } while (0)

/* What is written, and how. Default: INFO, text, to standard error. Not thread-safe: call it
 * before threads start. */
void el_log_setup(enum el_log_level up_to, enum el_log_format format);

bool el_log_wants(enum el_log_level level);

/* The function behind EL_LOG. Thread-safe: a line is one write(2), which does not wait. */
void el_log_write(enum el_log_level level, const char *room, const char *event,
                  const struct el_log_field *fields);

/* Formats the line that el_log_write would write, with its newline, into TEXT; returns its
 * length, or 0 if not even the event fits into CAPACITY. TIME_NS is wall-clock nanoseconds since
 * 1970. */
size_t el_log_format_line(char *text, size_t capacity, enum el_log_format format, uint64_t time_ns,
                          enum el_log_level level, const char *room, const char *event,
                          const struct el_log_field *fields);

#endif
