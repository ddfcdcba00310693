/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One walk over a value and its schema, side by side; where it fails, the way there is the pointer.
 */
#include "control/schema.h"

#include "base/wire.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* From the value in hand up to the whole. */
struct way {
    const struct way *up;
    const char *member; /* NULL: INDEX of an array */
    size_t index;
};

/* RFC 6901 §3: / and ~ are escaped. */
static void put_member(struct el_wire *w, const char *member)
{
    for (; *member; member++) {
        if (*member == '~' || *member == '/')
            el_wire_printf(w, "~%c", *member == '~' ? '0' : '1');
        else
            el_wire_put_u8(w, (uint8_t)*member);
    }
}

static void put_way(struct el_wire *w, const struct way *way)
{
    if (!way)
        return;
    put_way(w, way->up);
    el_wire_put_u8(w, '/');
    if (way->member)
        put_member(w, way->member);
    else
        el_wire_printf(w, "%zu", way->index);
}

__attribute__((format(printf, 3, 4))) static int
fail(struct el_schema_fault *fault, const struct way *way, const char *format, ...)
{
    struct el_wire w = el_wire_write(fault->pointer, sizeof fault->pointer - 1);
    va_list args;

    put_way(&w, way);
    fault->pointer[el_wire_ok(&w) ? el_wire_done(&w) : 0] = '\0';
    va_start(args, format);
    vsnprintf(fault->detail, sizeof fault->detail, format, args);
    va_end(args);
    return EL_EINVAL;
}

/* -- single values -- */

static const char *type_name(enum el_schema_type type)
{
    static const char *const names[] = {
        [EL_SCHEMA_STRING] = "a string",   [EL_SCHEMA_INTEGER] = "an integer",
        [EL_SCHEMA_BOOLEAN] = "a boolean", [EL_SCHEMA_OBJECT] = "an object",
        [EL_SCHEMA_ARRAY] = "an array",    [EL_SCHEMA_ANY] = "anything",
    };

    return names[type];
}

static bool has_type(const json_t *value, enum el_schema_type type)
{
    switch (type) {
    case EL_SCHEMA_STRING: return json_is_string(value);
    case EL_SCHEMA_INTEGER: return json_is_integer(value);
    case EL_SCHEMA_BOOLEAN: return json_is_boolean(value);
    case EL_SCHEMA_OBJECT: return json_is_object(value);
    case EL_SCHEMA_ARRAY: return json_is_array(value);
    case EL_SCHEMA_ANY: return true;
    }
    return false;
}

static size_t characters(const char *text)
{
    size_t count = 0;

    for (; *text; text++)
        count += (*text & 0xc0) != 0x80;
    return count;
}

static const char *format_says(enum el_schema_format format)
{
    static const char *const says[EL_FORMATS] = {
        [EL_FORMAT_TEXT] = "a text without control characters",
        [EL_FORMAT_LINES] = "a text without control characters but line breaks and tabs",
        [EL_FORMAT_NAME] = "a name: 1 to 63 letters, digits, - . _, the first a letter or digit",
        [EL_FORMAT_INTERFACE] =
            "a name: 1 to 15 letters, digits, - . _, the first a letter or digit",
        [EL_FORMAT_KEY] = "a key: 32 bytes in base64",
        [EL_FORMAT_IP] = "an IP address",
        [EL_FORMAT_CIDR] = "a network in CIDR form, like 192.168.78.0/24",
        [EL_FORMAT_ENDPOINT] = "an address with its port, like 203.0.113.5:51820",
        [EL_FORMAT_DATE_TIME] = "a moment in UTC, like 2026-11-21T17:20:00Z",
        [EL_FORMAT_CODE] = "a code of 6 to 8 digits",
    };

    return says[format];
}

static int check_string(const struct el_schema_field *field, const char *text,
                        const struct way *way, struct el_schema_fault *fault)
{
    if (field->values) {
        const char *const *value = field->values;
        while (*value && strcmp(*value, text) != 0)
            value++;
        return *value ? 0 : fail(fault, way, "is none of the values that it may have");
    }
    if (!el_format_matches(field->format, text))
        return fail(fault, way, "is not %s", format_says(field->format));
    if (field->format == EL_FORMAT_TEXT || field->format == EL_FORMAT_LINES) {
        int64_t max = field->max ? field->max : EL_SCHEMA_TEXT_MAX;
        int64_t len = (int64_t)characters(text);
        if (len < field->min || len > max)
            return fail(fault, way, "has %" PRId64 " characters, not %" PRId64 " to %" PRId64, len,
                        field->min, max);
    }
    return 0;
}

static int check_integer(const struct el_schema_field *field, int64_t value, const struct way *way,
                         struct el_schema_fault *fault)
{
    if ((field->min || field->max) && (value < field->min || value > field->max))
        return fail(fault, way, "is not between %" PRId64 " and %" PRId64, field->min, field->max);
    return 0;
}

/* -- what holds others -- */

static int check_object(const struct el_schema *schema, const json_t *object, const struct way *way,
                        struct el_schema_fault *fault);

static int check_value(const struct el_schema_field *field, const json_t *value,
                       const struct way *way, struct el_schema_fault *fault);

static int check_array(const struct el_schema_field *field, const json_t *array,
                       const struct way *way, struct el_schema_fault *fault)
{
    size_t max = field->max ? (size_t)field->max : EL_SCHEMA_ITEMS_MAX;
    size_t count = json_array_size(array);
    int r = 0;

    if (count < (size_t)field->min || count > max)
        return fail(fault, way, "has %zu items, not %zu to %zu", count, (size_t)field->min, max);
    for (size_t i = 0; r == 0 && i < count; i++)
        r = check_value(field->items, json_array_get(array, i), &(struct way){way, NULL, i}, fault);
    return r;
}

static int check_value(const struct el_schema_field *field, const json_t *value,
                       const struct way *way, struct el_schema_fault *fault)
{
    if (json_is_null(value) && field->nullable)
        return 0;
    if (!has_type(value, field->type))
        return fail(fault, way, "is not %s", type_name(field->type));
    switch (field->type) {
    case EL_SCHEMA_STRING: return check_string(field, json_string_value(value), way, fault);
    case EL_SCHEMA_INTEGER: return check_integer(field, json_integer_value(value), way, fault);
    case EL_SCHEMA_OBJECT: return check_object(field->object, value, way, fault);
    case EL_SCHEMA_ARRAY: return check_array(field, value, way, fault);
    default: return 0;
    }
}

static const struct el_schema_field *find_field(const struct el_schema *schema, const char *name)
{
    for (const struct el_schema_field *field = schema->fields; field->name; field++)
        if (strcmp(field->name, name) == 0)
            return field;
    return NULL;
}

static int check_object(const struct el_schema *schema, const json_t *object, const struct way *way,
                        struct el_schema_fault *fault)
{
    json_t *object_ = (json_t *)(uintptr_t)object; /* jansson's loop reads only, and says not so */
    const char *name;
    json_t *value;

    json_object_foreach(object_, name, value)
    {
        const struct el_schema_field *field = find_field(schema, name);
        const struct way here = {way, name, 0};
        if (!field)
            return fail(fault, &here, "is not known here");
        int r = check_value(field, value, &here, fault);
        if (r < 0)
            return r;
    }
    for (const struct el_schema_field *field = schema->fields; field->name; field++)
        if (field->required && !json_object_get(object, field->name))
            return fail(fault, &(struct way){way, field->name, 0}, "is missing");
    return 0;
}

int el_schema_check(const struct el_schema *schema, const json_t *value,
                    struct el_schema_fault *fault)
{
    if (!json_is_object(value))
        return fail(fault, NULL, "is not an object");
    return check_object(schema, value, NULL, fault);
}

/* -- paths and queries -- */

static bool parse_integer(const char *text, int64_t *value)
{
    size_t sign = *text == '-';
    size_t digits = strspn(text + sign, "0123456789");
    int64_t number = 0;

    if (digits == 0 || digits > 18 || text[sign + digits])
        return false;
    for (size_t i = 0; i < digits; i++)
        number = number * 10 + (text[sign + i] - '0');
    *value = sign ? -number : number;
    return true;
}

int el_schema_check_text(const struct el_schema_field *field, const char *text,
                         struct el_schema_fault *fault)
{
    int64_t number;

    switch (field->type) {
    case EL_SCHEMA_STRING: return check_string(field, text, NULL, fault);
    case EL_SCHEMA_INTEGER:
        if (!parse_integer(text, &number))
            return fail(fault, NULL, "is not an integer");
        return check_integer(field, number, NULL, fault);
    case EL_SCHEMA_BOOLEAN:
        if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
            return fail(fault, NULL, "is neither true nor false");
        return 0;
    default: return fail(fault, NULL, "cannot be said here");
    }
}
