/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "media/probe.h"

#include "base/err.h"
#include "media/names.h"

#include <stdio.h>
#include <string.h>

/* -- files -- */

static bool open_file(struct el_media_probe *probe, const char *path, struct el_content_file *file)
{
    int r = el_content_open(probe->tree, path, file);

    if (r < 0 && r != EL_ENOENT && r != EL_ENOTSUP && r != EL_EPERM && !probe->error)
        probe->error = r;
    return r == 0;
}

bool el_media_has(struct el_media_probe *probe, const char *path)
{
    struct el_content_file file;
    bool has = open_file(probe, path, &file);

    if (has)
        el_content_close(&file);
    return has;
}

bool el_media_first(struct el_media_probe *probe, const char *choice,
                    char path[EL_MEDIA_PATH_BYTES])
{
    for (const char *at = choice + strspn(choice, " "); *at; at += strspn(at, " ")) {
        size_t len = strcspn(at, " ");
        if (len < EL_MEDIA_PATH_BYTES) {
            memcpy(path, at, len);
            path[len] = '\0';
            if (el_media_has(probe, path))
                return true;
        }
        at += len;
    }
    path[0] = '\0';
    return false;
}

bool el_media_read_text(struct el_media_probe *probe, const char *path)
{
    struct el_content_file file;

    probe->text[0] = '\0';
    if (!open_file(probe, path, &file))
        return false;
    int len = el_content_read(&file, 0, (uint8_t *)probe->text, sizeof probe->text - 1);
    el_content_close(&file);
    if (len < 0 && !probe->error)
        probe->error = len;
    for (int i = 0; i < len; i++)
        if (!probe->text[i])
            probe->text[i] = ' ';
    probe->text[len < 0 ? 0 : len] = '\0';
    return len >= 0;
}

int el_media_read_bytes(struct el_media_probe *probe, const char *path, uint64_t offset, void *to,
                        size_t len)
{
    struct el_content_file file;

    if (!open_file(probe, path, &file))
        return EL_ENOENT;
    int n = offset < file.size ? el_content_read(&file, offset, to, len) : 0;
    el_content_close(&file);
    return n >= 0 && (size_t)n == len ? 0 : EL_ENOENT;
}

/* -- lines -- */

static const char blanks[] = " \t\r";

static const char *skip_blanks(const char *at)
{
    return at + strspn(at, blanks);
}

/* Copies what is between AT and END, without the blanks and quotes around it. */
static void copy_value(const char *at, const char *end, char *value, size_t size)
{
    at = skip_blanks(at);
    while (end > at && strchr(blanks, end[-1]))
        end--;
    if (end - at >= 2 && (*at == '"' || *at == '\'') && end[-1] == *at) {
        at++;
        end--;
    }
    size_t len = end > at ? (size_t)(end - at) : 0;
    if (len >= size)
        len = size - 1;
    memcpy(value, at, len);
    value[len] = '\0';
}

bool el_media_value(const char *text, const char *section, const char *key, char *value,
                    size_t size)
{
    bool here = !section;

    value[0] = '\0';
    for (const char *line = text; *line; line += strspn(line, "\n")) {
        const char *end = line + strcspn(line, "\n");
        const char *at = skip_blanks(line);
        size_t len = strlen(key);
        if (*at == '[' && section)
            here = strncmp(at + 1, section, strlen(section)) == 0 && at[1 + strlen(section)] == ']';
        else if (here && strncmp(at, key, len) == 0 && *skip_blanks(at + len) == '=') {
            copy_value(skip_blanks(at + len) + 1, end, value, size);
            return true;
        }
        line = end;
    }
    return false;
}

/* -- making fit -- */

void el_media_append(char *to, size_t size, const char *from)
{
    size_t have = strlen(to), len = strlen(from);

    if (len >= size - have)
        len = size - have - 1;
    memcpy(to + have, from, len);
    to[have + len] = '\0';
}

void el_media_copy(char *to, size_t size, const char *from)
{
    to[0] = '\0';
    el_media_append(to, size, from);
}

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS  "0123456789"

void el_media_take_word(char *to, size_t size, const char *from)
{
    size_t len = strspn(from, LETTERS DIGITS "._-");

    if (len >= size)
        len = size - 1;
    memcpy(to, from, len);
    to[len] = '\0';
}

void el_media_take_line(char *to, size_t size, const char *from)
{
    size_t len = 0;

    for (; from[len] && from[len] != '\n' && len + 1 < size; len++)
        to[len] = from[len] < ' ' || from[len] > '~' ? '?' : from[len];
    to[len] = '\0';
}

/* As boot_entry.c asks of paths. */
bool el_media_take_path(char to[EL_MEDIA_PATH_BYTES], const char *from)
{
    from += strspn(from, "/");
    size_t len = strlen(from);

    to[0] = '\0';
    if (len == 0 || len >= EL_MEDIA_PATH_BYTES || strspn(from, LETTERS DIGITS "._-+~/") != len)
        return false;
    for (const char *part = from; part; part = strchr(part, '/')) {
        part += *part == '/' && part != from;
        if (*part == '.' || *part == '/' || !*part)
            return false;
    }
    memcpy(to, from, len + 1);
    return true;
}

/* Words that neither iPXE nor a shell would take for their own (boot_script.h). */
static bool is_plain_word(const char *word, size_t len)
{
    if (*word == '#' || (*word == ';' && len == 1))
        return false;
    for (size_t i = 0; i < len; i++)
        if (word[i] <= ' ' || word[i] > '~' || strchr("${}|&<>()`\\\"'", word[i]))
            return false;
    return true;
}

void el_media_add_args(char args[EL_MEDIA_ARGS_BYTES], const char *from)
{
    for (const char *at = skip_blanks(from); *at && *at != '\n'; at = skip_blanks(at)) {
        size_t len = strcspn(at, " \t\r\n"), have = strlen(args);
        if (is_plain_word(at, len) && have + 1 + len < EL_MEDIA_ARGS_BYTES) {
            if (have)
                args[have++] = ' ';
            memcpy(args + have, at, len);
            args[have + len] = '\0';
        }
        at += len;
    }
}

bool el_media_find_version(const char *text, char *to, size_t size)
{
    const char *number = NULL;

    for (const char *at = text; *at && *at != '\n'; at++) {
        bool begins =
            *at >= '0' && *at <= '9' && (at == text || !strchr(LETTERS DIGITS ".", at[-1]));
        if (!begins)
            continue;
        if (at[strspn(at, DIGITS)] == '.') {
            number = at;
            break;
        }
        if (!number)
            number = at;
    }
    el_media_take_word(to, size, number ? number : "");
    return number != NULL;
}

const char *el_media_find_arch(const char *text)
{
    static const struct {
        const char *written, *arch;
    } names[] = {
        {"x86_64", "x86_64"},   {"amd64", "x86_64"}, {"x64", "x86_64"},      {"x86-64", "x86_64"},
        {"aarch64", "arm64"},   {"arm64", "arm64"},  {"armhf", "armhf"},     {"i386", "i386"},
        {"i586", "i386"},       {"i686", "i386"},    {"ppc64le", "ppc64le"}, {"ppc64el", "ppc64le"},
        {"riscv64", "riscv64"}, {"s390x", "s390x"},
    };
    char word[EL_MEDIA_WORD_BYTES];

    for (const char *at = text; *at && *at != '\n';) {
        size_t len = strspn(at, LETTERS DIGITS);
        /* These two have a separator in their names. */
        if (strncmp(at, "x86_64", 6) == 0 || strncmp(at, "x86-64", 6) == 0)
            len = 6;
        snprintf(word, sizeof word, "%.*s", (int)(len < sizeof word ? len : 0), at);
        el_media_name_lower(word);
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
            if (strcmp(word, names[i].written) == 0)
                return names[i].arch;
        at += len ? len : 1;
    }
    return "";
}
