/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a JSON object may hold: small static tables, from which come both the check of what is asked
 * and answered, and the OpenAPI document (openapi.h).
 *
 *     static const struct el_schema_field fields[] = {
 *         {.name = "name", .format = EL_FORMAT_NAME, .required = true, .about = "of the spoke"},
 *         {.name = "for_s", .type = EL_SCHEMA_INTEGER, .min = 60, .max = 31536000,
 *          .about = "how long it is good, in seconds"},
 *         {0}};
 *     static const struct el_schema token_new = {"TokenNew", "A token to be made.", fields};
 *
 * Members that are not in the table are refused; an optional one may be absent, but null only if it
 * says so. Lengths of texts are counted in characters (JSON Schema's maxLength).
 */
#ifndef EL_CONTROL_SCHEMA_H
#define EL_CONTROL_SCHEMA_H

#include "control/json.h"

#include <stdbool.h>
#include <stdint.h>

enum el_schema_type {
    EL_SCHEMA_STRING,
    EL_SCHEMA_INTEGER,
    EL_SCHEMA_BOOLEAN,
    EL_SCHEMA_OBJECT,
    EL_SCHEMA_ARRAY,
    EL_SCHEMA_ANY, /* any value, not looked into: answers only */
};

/* Of texts. Those but TEXT and LINES have their lengths in themselves. */
enum el_schema_format {
    EL_FORMAT_TEXT,      /* for people: no control characters */
    EL_FORMAT_LINES,     /* the same, but for line breaks and tabs */
    EL_FORMAT_NAME,      /* of a spoke or token: a letter or digit, then these and - . _ ; 63 */
    EL_FORMAT_INTERFACE, /* of a network or interface: like a name, 15 at most */
    EL_FORMAT_KEY,       /* 32 bytes in base64 */
    EL_FORMAT_IP,        /* 100.64.0.2 or fd00::2 */
    EL_FORMAT_CIDR,      /* 192.168.78.0/24 */
    EL_FORMAT_ENDPOINT,  /* 203.0.113.5:51820, [2001:db8::5]:51820 */
    EL_FORMAT_DATE_TIME, /* 2026-11-21T17:20:00Z (RFC 3339, UTC, whole seconds) */
    EL_FORMAT_CODE,      /* of a second factor: 6 to 8 digits */
    EL_FORMATS,
};

enum {
    EL_SCHEMA_TEXT_MAX = 4096, /* characters of a TEXT or LINES that names no max */
    EL_SCHEMA_ITEMS_MAX = 4096 /* items of an array that names no max */
};

struct el_schema;

struct el_schema_field {
    const char *name; /* NULL ends a table */
    enum el_schema_type type;
    bool required;
    bool nullable;
    enum el_schema_format format; /* of a string */
    const char *const *values;    /* of a string: those it may be, NULL at the end */
    int64_t min, max; /* of an integer: its range; of a TEXT or LINES: its length; of an array: its
                         items. Say both; both 0: whatever fits 64 bits, or the bounds above */
    const struct el_schema *object;      /* of an OBJECT */
    const struct el_schema_field *items; /* of an ARRAY: what each is; its name does not matter */
    const char *about;                   /* one line, for the document */
};

struct el_schema {
    const char *name;  /* in the document: "SpokeNew" */
    const char *about; /* a sentence */
    const struct el_schema_field *fields;
};

/* What is wrong, and where: a JSON pointer (RFC 6901), "" for the whole. */
struct el_schema_fault {
    char pointer[160];
    char detail[160];
};

/* 0, or EL_EINVAL with the first fault. */
int el_schema_check(const struct el_schema *schema, const json_t *value,
                    struct el_schema_fault *fault);

/* The same for one value of a path or query, which are texts: "7" and "true" are an integer and a
 * boolean. The fault has no pointer. */
int el_schema_check_text(const struct el_schema_field *field, const char *text,
                         struct el_schema_fault *fault);

/* Whether TEXT has FORMAT; and the same as a regular expression (ECMA-262), if it can be said as
 * one, and as one of the formats that JSON Schema knows, else NULL. */
bool el_format_matches(enum el_schema_format format, const char *text);
const char *el_format_pattern(enum el_schema_format format);
const char *el_format_name(enum el_schema_format format);

#endif
