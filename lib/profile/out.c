/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Texts that may hold secrets: no byte of them stays behind in freed memory. */
#include "profile/profile_internal.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static bool make_room(struct el_profile_out *out, size_t more)
{
    enum { AT_FIRST = 1024 };
    size_t capacity = out->capacity ? out->capacity : AT_FIRST;

    while (capacity < out->len + more + 1)
        capacity *= 2;
    if (capacity == out->capacity)
        return true;
    char *text = calloc(1, capacity);
    if (!text)
        return false;
    if (out->text)
        memcpy(text, out->text, out->len);
    el_profile_text_free(out->text, out->len);
    out->text = text;
    out->capacity = capacity;
    return true;
}

void el_profile_out_put(struct el_profile_out *out, const void *bytes, size_t len)
{
    if (out->rc == 0 && len > EL_PROFILE_RENDERED_BYTES - out->len)
        out->rc = EL_EFULL;
    if (out->rc == 0 && !make_room(out, len))
        out->rc = EL_ENOMEM;
    if (out->rc < 0 || len == 0)
        return;
    memcpy(out->text + out->len, bytes, len);
    out->len += len;
    out->text[out->len] = '\0';
}

void el_profile_out_text(struct el_profile_out *out, const char *text)
{
    el_profile_out_put(out, text, strlen(text));
}

void el_profile_out_clear(struct el_profile_out *out)
{
    el_profile_text_free(out->text, out->len);
    *out = (struct el_profile_out){0};
}

void el_profile_text_free(char *text, size_t len)
{
    if (text)
        sodium_memzero(text, len);
    free(text);
}

void el_profile_forget(char *text)
{
    el_profile_text_free(text, text ? strlen(text) : 0);
}

/* -- what may stand in a value or a name -- */

/* The length of the character at TEXT, with its CODE; 0: it is not UTF-8 (RFC 3629 §4). */
static size_t character(const unsigned char *text, uint32_t *code)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t len = text[0] < 0x80   ? 1
                 : text[0] < 0xc2 ? 0
                 : text[0] < 0xe0 ? 2
                 : text[0] < 0xf0 ? 3
                                  : 4;

    if (text[0] > 0xf4 || len == 0)
        return 0;
    *code = len == 1 ? text[0] : text[0] & (0xffu >> (len + 1));
    for (size_t i = 1; i < len; i++) {
        if ((text[i] & 0xc0) != 0x80)
            return 0;
        *code = *code << 6 | (text[i] & 0x3fu);
    }
    bool surrogate = *code >= 0xd800 && *code <= 0xdfff;
    return *code < least[len] || *code > 0x10ffff || surrogate ? 0 : len;
}

const char *el_profile_text_wrong(const char *text)
{
    uint32_t code;

    for (const char *at = text; *at;) {
        size_t len = character((const unsigned char *)at, &code);
        bool control =
            code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0xfffe || code == 0xffff;
        if (len == 0 || (control && *at != '\n' && *at != '\t'))
            return at;
        at += len;
    }
    return NULL;
}

int el_profile_name_check(const char *what, const char *name, size_t capacity, struct el_err *err)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    static const char rest[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._";
    size_t len = strlen(name);

    if (len == 0)
        return el_err(err, EL_EINVAL, "%s: a name is missing", what);
    if (len >= capacity)
        return el_err(err, EL_EINVAL, "%s: a name has at most %zu characters", what, capacity - 1);
    if (!strchr(letters, name[0]) || strspn(name, rest) != len)
        return el_err(err, EL_EINVAL,
                      "%s: a name has letters, digits, '-', '.' and '_', and begins with a letter "
                      "or a digit",
                      what);
    return 0;
}
