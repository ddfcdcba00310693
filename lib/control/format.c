/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The formats of texts: each as a check, and as what JSON Schema can say of it. */
#include "control/schema.h"

#include "base/addr.h"
#include "base/civil.h"

#include <string.h>

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS  "0123456789"

static bool is_text(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            return false;
    return true;
}

static bool is_lines(const char *text)
{
    for (; *text; text++)
        if (((unsigned char)*text < ' ' && *text != '\n' && *text != '\t') || *text == 0x7f)
            return false;
    return true;
}

/* Names stand in files' names, command lines and menus: they never begin with - or a dot. */
static bool is_word(const char *text, size_t longest)
{
    size_t len = strlen(text);

    return len > 0 && len <= longest && strspn(text, LETTERS DIGITS) > 0 &&
           strspn(text, LETTERS DIGITS "-._") == len;
}

static bool is_name(const char *text)
{
    return is_word(text, 63);
}

static bool is_interface(const char *text)
{
    return is_word(text, 15);
}

static bool is_key(const char *text)
{
    uint8_t key[32];

    return el_json_key_parse(text, key) == 0;
}

static bool is_ip(const char *text)
{
    struct el_ip ip;

    return el_ip_parse(text, &ip) == 0;
}

static bool is_cidr(const char *text)
{
    struct el_prefix prefix;

    return strchr(text, '/') && el_prefix_parse(text, &prefix) == 0;
}

static bool is_endpoint(const char *text)
{
    struct el_endpoint endpoint;

    return el_endpoint_parse(text, 0, &endpoint) == 0 && endpoint.port != 0;
}

static bool is_date_time(const char *text)
{
    int64_t seconds;

    return el_civil_parse(text, &seconds) == 0;
}

static bool is_code(const char *text)
{
    size_t len = strlen(text);

    return len >= 6 && len <= 8 && strspn(text, DIGITS) == len;
}

static const struct {
    bool (*matches)(const char *text);
    const char *pattern;
    const char *name;
} formats[EL_FORMATS] = {
    [EL_FORMAT_TEXT] = {is_text, "^[^\\u0000-\\u001f\\u007f]*$", NULL},
    [EL_FORMAT_LINES] = {is_lines, "^[^\\u0000-\\u0008\\u000b-\\u001f\\u007f]*$", NULL},
    [EL_FORMAT_NAME] = {is_name, "^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$", NULL},
    [EL_FORMAT_INTERFACE] = {is_interface, "^[A-Za-z0-9][A-Za-z0-9._-]{0,14}$", NULL},
    [EL_FORMAT_KEY] = {is_key, "^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$", NULL},
    [EL_FORMAT_IP] = {is_ip, "^[0-9a-fA-F.:]{2,45}$", NULL},
    [EL_FORMAT_CIDR] = {is_cidr, "^[0-9a-fA-F.:]{2,45}/[0-9]{1,3}$", NULL},
    [EL_FORMAT_ENDPOINT] = {is_endpoint, "^([0-9.]+|\\[[0-9a-fA-F.:%]+\\]):[0-9]{1,5}(/tcp)?$",
                            NULL},
    [EL_FORMAT_DATE_TIME] = {is_date_time,
                             "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$",
                             "date-time"},
    [EL_FORMAT_CODE] = {is_code, "^[0-9]{6,8}$", NULL},
};

bool el_format_matches(enum el_schema_format format, const char *text)
{
    return formats[format].matches(text);
}

const char *el_format_pattern(enum el_schema_format format)
{
    return formats[format].pattern;
}

const char *el_format_name(enum el_schema_format format)
{
    return formats[format].name;
}
