/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads a script as iPXE does and finds what would not work there: unknown commands, labels that do
 * not exist, settings that iPXE does not have, menu items without a label, a place where execution
 * falls off the end.
 */
#ifndef EL_TEST_BOOT_IPXE_SCRIPT_H
#define EL_TEST_BOOT_IPXE_SCRIPT_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct ipxe_script {
    const char *text;
    size_t len;
    char wrong[512]; /* the first mistake; empty: none */
};

static inline bool ipxe_one_of(const char *word, size_t len, const char *const *list)
{
    for (; *list; list++)
        if (strlen(*list) == len && memcmp(*list, word, len) == 0)
            return true;
    return false;
}

static inline void ipxe_wrong(struct ipxe_script *s, const char *what, const char *at, size_t len)
{
    if (!s->wrong[0])
        snprintf(s->wrong, sizeof s->wrong, "%s: %.*s", what, (int)(len < 300 ? len : 300), at);
}

static inline bool ipxe_has_label(const struct ipxe_script *s, const char *label, size_t len)
{
    for (const char *line = s->text; line < s->text + s->len;) {
        const char *end = memchr(line, '\n', (size_t)(s->text + s->len - line));
        if (*line == ':' && (size_t)(end - line) == len + 1 && memcmp(line + 1, label, len) == 0)
            return true;
        line = end + 1;
    }
    return false;
}

static inline void ipxe_check_settings(struct ipxe_script *s, const char *line, size_t len)
{
    static const char *const known[] = {"serial",
                                        "password:uristring",
                                        "netX/mac:hexhyp",
                                        "uuid",
                                        "buildarch",
                                        "platform",
                                        "version:uristring",
                                        "product:uristring",
                                        "tries",
                                        "title",
                                        "selected",
                                        NULL};

    for (size_t i = 0; i + 1 < len; i++)
        if (line[i] == '$' && line[i + 1] == '{') {
            const char *close = memchr(line + i, '}', len - i);
            size_t name = close ? (size_t)(close - (line + i + 2)) : 0;
            if (!close || !ipxe_one_of(line + i + 2, name, known))
                ipxe_wrong(s, "unknown setting", line, len);
        }
}

/* One command, up to a joining word or the line's end. */
static inline void ipxe_check_command(struct ipxe_script *s, char *words[], unsigned count)
{
    static const char *const commands[] = {
        "set",   "inc",    "iseq",   "isset",  "goto",    "chain",    "dhcp",   "echo",  "sleep",
        "exit",  "menu",   "item",   "choose", "imgfree", "imgfetch", "login",  "isset", "clear",
        "cpair", "kernel", "initrd", "boot",   "sanboot", "shell",    "prompt", NULL};
    if (count == 0)
        return; /* nothing behind || is allowed: it succeeds */
    if (!ipxe_one_of(words[0], strlen(words[0]), commands))
        ipxe_wrong(s, "unknown command", words[0], strlen(words[0]));
    if (strcmp(words[0], "goto") == 0 &&
        (count != 2 ||
         (strcmp(words[1], "${selected}") != 0 && !ipxe_has_label(s, words[1], strlen(words[1])))))
        ipxe_wrong(s, "goto where", words[count - 1], strlen(words[count - 1]));
    if (strcmp(words[0], "item") == 0 && count > 1 && strcmp(words[1], "--gap") != 0 &&
        !ipxe_has_label(s, words[1], strlen(words[1])))
        ipxe_wrong(s, "item without label", words[1], strlen(words[1]));
    if (strcmp(words[0], "choose") == 0 && count > 2 &&
        !ipxe_has_label(s, words[2], strlen(words[2])))
        ipxe_wrong(s, "default without label", words[2], strlen(words[2]));
}

static inline void ipxe_check_line(struct ipxe_script *s, const char *line, size_t len)
{
    char copy[4096], *words[512];
    unsigned count = 0;

    for (size_t i = 0; i < len; i++)
        if ((unsigned char)line[i] < ' ' || (unsigned char)line[i] > '~')
            ipxe_wrong(s, "not printable", line, len);
    ipxe_check_settings(s, line, len);
    if (len == 0 || *line == '#' || *line == ':')
        return;
    if (len >= sizeof copy) {
        ipxe_wrong(s, "line too long", line, len);
        return;
    }
    memcpy(copy, line, len);
    copy[len] = 0;
    for (char *word = strtok(copy, " "); word && count < 511; word = strtok(NULL, " ")) {
        if (strcmp(word, "||") == 0 || strcmp(word, "&&") == 0 || strcmp(word, ";") == 0) {
            ipxe_check_command(s, words, count);
            count = 0;
            continue;
        }
        if (*word == '#')
            ipxe_wrong(s, "comment within a line", line, len);
        words[count++] = word;
    }
    ipxe_check_command(s, words, count);
}

/* True, or false with WRONG. */
static inline bool ipxe_script_ok(struct ipxe_script *s)
{
    const char *last = "", *end = s->text + s->len;

    s->wrong[0] = 0;
    if (s->len < 7 || memcmp(s->text, "#!ipxe\n", 7) != 0 || end[-1] != '\n')
        ipxe_wrong(s, "not a script", s->text, s->len);
    for (const char *line = s->text; line < end && !s->wrong[0];) {
        const char *newline = memchr(line, '\n', (size_t)(end - line));
        if (!newline)
            break;
        ipxe_check_line(s, line, (size_t)(newline - line));
        last = line;
        line = newline + 1;
    }
    if (!s->wrong[0] && strncmp(last, "goto ", 5) != 0 && strncmp(last, "exit ", 5) != 0)
        ipxe_wrong(s, "falls off its end", last, strlen("goto"));
    return !s->wrong[0];
}

#endif
