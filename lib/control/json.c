/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What jansson leaves to its user: a bound on depth, a seed, and sentences. */
#include "control/json.h"

#include "base/civil.h"
#include "base/csprng.h"

#include <sodium.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_TEXT = 45 };

/* jansson would take the seed of its hash tables from a file that a confined process cannot open,
 * and then from the clock, which who floods the tables can guess. */
static void seed_once(void)
{
    static atomic_bool seeded; /* twice does no harm */
    size_t seed;

    if (seeded)
        return;
    el_random(&seed, sizeof seed);
    json_object_seed(seed ? seed : 1); /* 0 means: choose one yourself */
    seeded = true;
}

/* Before anything is built: a deep text costs the stack of whoever reads it. */
static bool too_deep(const char *text, size_t len)
{
    unsigned depth = 0;
    bool quoted = false;

    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        if (quoted) {
            if (c == '\\')
                i++;
            else if (c == '"')
                quoted = false;
        } else if (c == '"') {
            quoted = true;
        } else if (c == '[' || c == '{') {
            if (++depth > EL_JSON_DEPTH)
                return true;
        } else if ((c == ']' || c == '}') && depth > 0) {
            depth--;
        }
    }
    return false;
}

/* Our own words: jansson's quote the text, and cut it anywhere. */
static const char *reason(const json_error_t *error)
{
    switch (json_error_code(error)) {
    case json_error_out_of_memory: return "out of memory";
    case json_error_invalid_utf8: return "not UTF-8";
    case json_error_premature_end_of_input: return "it ends too early";
    case json_error_end_of_input_expected: return "something follows behind its end";
    case json_error_null_character: return "a NUL in a text";
    case json_error_duplicate_key: return "a member is there twice";
    case json_error_numeric_overflow: return "a number is too large";
    default: return "not JSON";
    }
}

json_t *el_json_parse(const void *bytes, size_t len, struct el_err *err)
{
    json_error_t error = {.line = 0};

    seed_once();
    if (too_deep(bytes, len)) {
        el_err(err, EL_EINVAL, "it is nested more than %d deep", EL_JSON_DEPTH);
        return NULL;
    }
    json_t *value = json_loadb(bytes, len, JSON_REJECT_DUPLICATES, &error);
    if (!value)
        el_err(err, json_error_code(&error) == json_error_out_of_memory ? EL_ENOMEM : EL_EINVAL,
               "line %d, column %d: %s", error.line, error.column, reason(&error));
    return value;
}

char *el_json_text(const json_t *value, size_t *len)
{
    size_t size = json_dumpb(value, NULL, 0, JSON_COMPACT | JSON_ENCODE_ANY);
    char *text = size ? malloc(size + 1) : NULL;

    /* Either pass may find no memory for its own needs. */
    if (!text || json_dumpb(value, text, size, JSON_COMPACT | JSON_ENCODE_ANY) != size) {
        free(text);
        return NULL;
    }
    text[size] = '\0';
    *len = size;
    return text;
}

json_t *el_json_string(const char *text)
{
    json_t *value = json_string(text);
    char *plain = value ? NULL : strdup(text);

    if (!plain)
        return value;
    for (char *c = plain; *c; c++)
        if (*c & 0x80)
            *c = '?';
    value = json_string(plain);
    free(plain);
    return value;
}

json_t *el_json_time(int64_t seconds)
{
    char text[EL_CIVIL_TEXT];

    return json_string(el_civil_text(seconds, text));
}

json_t *el_json_key(const uint8_t key[32])
{
    char text[KEY_TEXT];

    return json_string(
        sodium_bin2base64(text, sizeof text, key, 32, sodium_base64_VARIANT_ORIGINAL));
}

int el_json_key_parse(const char *text, uint8_t key[32])
{
    char again[KEY_TEXT];
    size_t len;

    if (!text || strlen(text) != KEY_TEXT - 1 ||
        sodium_base642bin(key, 32, text, KEY_TEXT - 1, NULL, &len, NULL,
                          sodium_base64_VARIANT_ORIGINAL) != 0 ||
        len != 32)
        return EL_EINVAL;
    /* One key, one text: a decoder may overlook bits behind the last byte. */
    sodium_bin2base64(again, sizeof again, key, 32, sodium_base64_VARIANT_ORIGINAL);
    return strcmp(again, text) == 0 ? 0 : EL_EINVAL;
}
