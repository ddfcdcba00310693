/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A value that tries to get out of its place. The first byte says how it is quoted; who reads the
 * place has to read exactly the value, and nothing behind it.
 */
#include "profile/profile_internal.h"

#include <jansson.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

/* As a POSIX shell reads one word of single quotes and escaped quotes. */
static void check_shell(const char *text, const char *value)
{
    bool quoted = false;

    for (; *text; text++) {
        if (*text == '\'')
            quoted = !quoted;
        else if (!quoted && *text == '\\')
            must(*++text == *value++);
        else
            must(quoted && *text == *value++);
    }
    must(!quoted && !*value);
}

static void check_json(const char *text, const char *value)
{
    json_t *json = json_loads(text, JSON_DECODE_ANY, NULL);

    /* A control character is escaped, which is all the same to who reads it. */
    must(json && strcmp(json_string_value(json), value) == 0);
    json_decref(json);
}

static void check_xml(const char *text, const char *value)
{
    static const struct {
        const char *entity;
        char c;
    } entities[] = {{"&amp;", '&'},  {"&lt;", '<'},    {"&gt;", '>'},
                    {"&quot;", '"'}, {"&apos;", '\''}, {"&#13;", '\r'}};

    while (*text) {
        char c = *text;
        size_t len = 1;
        for (size_t i = 0; c == '&' && i < sizeof entities / sizeof entities[0]; i++)
            if (strncmp(text, entities[i].entity, strlen(entities[i].entity)) == 0) {
                c = entities[i].c;
                len = strlen(entities[i].entity);
            }
        must(len > 1 || !strchr("&<>\"'\r", c));
        must(c == *value++);
        text += len;
    }
    must(!*value);
}

static void check_url(const char *text, const char *value)
{
    for (; *text; value++) {
        char c = *text;
        if (c == '%') {
            char hex[] = {text[1], text[2], '\0'};
            c = (char)strtoul(hex, NULL, 16);
            text += 2;
        } else {
            must(!strchr(" &?#/+=\"'<>\\", c));
        }
        must(c == *value);
        text++;
    }
    must(!*value);
}

static void check_base64(const char *text, const char *value)
{
    unsigned char bytes[EL_PROFILE_VALUE];
    size_t len;

    must(sodium_base642bin(bytes, sizeof bytes, text, strlen(text), NULL, &len, NULL,
                           sodium_base64_VARIANT_ORIGINAL) == 0);
    must(len == strlen(value) && memcmp(bytes, value, len) == 0);
}

static void check(enum el_profile_quote quote, const char *text, const char *value)
{
    switch (quote) {
    case EL_PROFILE_AS_WORDS:
        must(!strpbrk(text, "\r\n"));
        check_shell(text, value);
        return;
    case EL_PROFILE_AS_SHELL: check_shell(text, value); return;
    case EL_PROFILE_AS_YAML:
    case EL_PROFILE_AS_JSON: check_json(text, value); return;
    case EL_PROFILE_AS_XML: check_xml(text, value); return;
    case EL_PROFILE_AS_URL: check_url(text, value); return;
    case EL_PROFILE_AS_BASE64: check_base64(text, value); return;
    case EL_PROFILE_AS_ARGS: must(!strpbrk(text, " \t\r\n\"'$;&|#\\{}<>`")); break;
    case EL_PROFILE_AS_LINE:
        must(!strpbrk(text, "\r\n") && (!*text || text[strlen(text) - 1] != '\\'));
        break;
    default: break;
    }
    must(strcmp(text, value) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct el_profile_out out = {0};
    char value[EL_PROFILE_VALUE];

    if (size < 1 || size >= sizeof value)
        return 0;
    enum el_profile_quote quote = (enum el_profile_quote)(data[0] % EL_PROFILE_QUOTES);
    memcpy(value, data + 1, size - 1);
    value[size - 1] = '\0';
    const char *wrong = el_profile_text_wrong(value);
    if (wrong) {
        /* It does not come so far; what is before it does. */
        value[wrong - value] = '\0';
        must(!el_profile_text_wrong(value));
    }
    if (!el_profile_quote(&out, quote, value, false)) {
        must(out.rc == 0);
        check(quote, out.text ? out.text : "", value);
    }
    el_profile_out_clear(&out);
    return 0;
}
