/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text in an iPXE script. */
#include "boot/boot_script.h"

const char *el_boot_script_refuses(const char *text)
{
    static const struct {
        const char *word, *shown;
    } words[] = {{"||", "the word ||"}, {"&&", "the word &&"}, {";", "the word ;"}};

    for (const char *c = text; *c; c++)
        if ((unsigned char)*c < ' ' || (unsigned char)*c > '~')
            return "a character that is not printable ASCII";
    if (strstr(text, "${"))
        return "${";
    for (const char *word = text; *word;) {
        size_t len = strcspn(word, " ");
        if (*word == '#')
            return "a word that begins with #";
        for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
            if (len == strlen(words[i].word) && memcmp(word, words[i].word, len) == 0)
                return words[i].shown;
        word += len;
        word += strspn(word, " ");
    }
    return NULL;
}

/* Each character is judged by the one that was written before it, so that nothing that is left out
 * can bring two others together. */
void el_boot_script_text(struct el_wire *w, const char *text)
{
    char before = ' ';

    for (; *text; text++) {
        char c = *text;
        if ((unsigned char)c < ' ' || c == 0x7f)
            c = ' ';
        else if ((unsigned char)c > '~')
            c = '?';
        else if (c == '{' && before == '$')
            c = '(';
        else if ((c == '|' || c == '&') && before == c)
            c = '/';
        else if ((c == '#' || c == ';') && before == ' ')
            c = '.';
        el_wire_put_u8(w, (uint8_t)c);
        before = c;
    }
}
