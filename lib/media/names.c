/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "media/names.h"

#include <string.h>

enum { REPLACEMENT = 0xfffd };

struct text {
    char *at, *end; /* END: where the NUL goes at the latest */
};

static void put(struct text *text, uint32_t c)
{
    uint8_t bytes[4];
    size_t len;

    if (c < 0x80) {
        bytes[0] = (uint8_t)c;
        len = 1;
    } else if (c < 0x800) {
        bytes[0] = (uint8_t)(0xc0 | c >> 6);
        len = 2;
    } else if (c < 0x10000) {
        bytes[0] = (uint8_t)(0xe0 | c >> 12);
        len = 3;
    } else {
        bytes[0] = (uint8_t)(0xf0 | c >> 18);
        len = 4;
    }
    for (size_t i = 1; i < len; i++)
        bytes[i] = (uint8_t)(0x80 | (c >> 6 * (len - 1 - i) & 0x3f));
    if ((size_t)(text->end - text->at) < len) {
        text->end = text->at; /* nothing shorter may follow what was left out */
        return;
    }
    memcpy(text->at, bytes, len);
    text->at += len;
}

void el_media_name_utf16(const uint8_t *bytes, size_t len, char *name, size_t size)
{
    struct text text = {name, name + size - 1};

    for (size_t i = 0; i + 1 < len; i += 2) {
        uint32_t c = (uint32_t)bytes[i] << 8 | bytes[i + 1];
        if (c >= 0xd800 && c < 0xe000) {
            uint32_t low = i + 3 < len ? (uint32_t)bytes[i + 2] << 8 | bytes[i + 3] : 0;
            bool pair = c < 0xdc00 && low >= 0xdc00 && low < 0xe000;
            c = pair ? 0x10000 + ((c & 0x3ff) << 10) + (low & 0x3ff) : REPLACEMENT;
            i += pair ? 2 : 0;
        }
        put(&text, c ? c : REPLACEMENT);
    }
    *text.at = '\0';
}

void el_media_name_latin1(const uint8_t *bytes, size_t len, char *name, size_t size)
{
    struct text text = {name, name + size - 1};

    for (size_t i = 0; i < len; i++)
        put(&text, bytes[i] ? bytes[i] : REPLACEMENT);
    *text.at = '\0';
}

bool el_media_name_is_good(const char *name)
{
    if (!*name || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return false;
    for (const char *at = name; *at; at++)
        if ((unsigned char)*at < 0x20 || *at == 0x7f || *at == '/' || *at == '\\')
            return false;
    return true;
}

void el_media_name_strip_version(char *name)
{
    char *semicolon = strrchr(name, ';');

    if (semicolon && semicolon[1] && strspn(semicolon + 1, "0123456789") == strlen(semicolon + 1))
        *semicolon = '\0';
    size_t len = strlen(name);
    if (len > 1 && name[len - 1] == '.')
        name[len - 1] = '\0';
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

void el_media_name_lower(char *name)
{
    for (; *name; name++)
        *name = lower(*name);
}

bool el_media_name_same_folded(const char *a, const char *b)
{
    while (*a && lower(*a) == lower(*b)) {
        a++;
        b++;
    }
    return *a == *b;
}

void el_media_label_tidy(char *label)
{
    size_t len = strlen(label);

    while (len > 0 && label[len - 1] == ' ')
        label[--len] = '\0';
    for (char *at = label; *at; at++)
        if ((unsigned char)*at < 0x20 || *at == 0x7f)
            *at = '?';
}
