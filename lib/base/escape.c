/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The escaping that JSON and terminals need. */
#include "base/escape.h"

/* The length of the character at TEXT if it may stand in a line as it is, else 0: ASCII that is not
 * a control character, and well-formed UTF-8 (RFC 3629 section 4) without the controls
 * U+0080..U+009F, which terminals obey. */
static size_t plain_character(const unsigned char *text)
{
    static const struct {
        unsigned char first_low, first_high, second_low, second_high;
        size_t len;
    } forms[] = {
        {0xc2, 0xc2, 0xa0, 0xbf, 2}, {0xc3, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
        {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
        {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
    };

    if (text[0] < 0x80)
        return text[0] >= ' ' && text[0] != 0x7f;
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        size_t len = 2;
        if (text[0] < forms[i].first_low || text[0] > forms[i].first_high ||
            text[1] < forms[i].second_low || text[1] > forms[i].second_high)
            continue;
        while (len < forms[i].len && (text[len] & 0xc0) == 0x80)
            len++;
        return len == forms[i].len ? len : 0;
    }
    return 0;
}

void el_escape(struct el_wire *w, const char *string)
{
    const unsigned char *text = (const unsigned char *)string;

    for (size_t len; *text && el_wire_ok(w); text += len) {
        len = plain_character(text);
        if (*text == '"' || *text == '\\')
            el_wire_printf(w, "\\%c", *text);
        else if (len)
            el_wire_put(w, text, len);
        else
            el_wire_printf(w, "\\u%04x", *text < 0x80 ? *text : 0xfffdu);
        len = len ? len : 1;
    }
}

bool el_escape_needed(const char *string)
{
    const unsigned char *text = (const unsigned char *)string;

    if (!*text)
        return true;
    for (; *text; text++)
        if (*text <= ' ' || *text >= 0x7f || *text == '"' || *text == '\\')
            return true;
    return false;
}
