/* SPDX-License-Identifier: GPL-2.0-or-later */
/* entry.conf: text to struct, with a sentence about every mistake. */
#include "boot/boot_entry.h"

#include "boot/boot_script.h"

#include <stdlib.h>
#include <string.h>

enum { LINE_BYTES = 1200, ORDER_MAX = 100000, SIZE_DIGITS_MAX = 18 };

/* Where the parser stands. */
struct parser {
    const char *file;
    unsigned line;
    struct el_boot_entry *entry;
    struct el_err *err;
};

static const char name_characters[] =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
static const char path_characters[] =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-+~/";

bool el_boot_entry_is_name(const char *name)
{
    size_t len = strlen(name);

    return len > 0 && len < EL_BOOT_NAME_BYTES && name[0] != '.' &&
           strspn(name, name_characters) == len;
}

bool el_boot_entry_is_path(const char *path)
{
    for (const char *part = path; part; part = strchr(part, '/')) {
        part += *part == '/' && part != path;
        size_t len = strcspn(part, "/");
        if (len == 0 || part[0] == '.')
            return false;
    }
    return strspn(path, path_characters) == strlen(path);
}

/* -- keys -- */

static int too_long(struct parser *p, const char *key, size_t capacity)
{
    return el_err(p->err, EL_EINVAL, "%s:%u: %s: longer than %zu characters", p->file, p->line, key,
                  capacity - 1);
}

static int set_text(struct parser *p, const char *key, const char *value, char *to, size_t capacity)
{
    if (to[0])
        return el_err(p->err, EL_EEXIST, "%s:%u: %s: given twice", p->file, p->line, key);
    if (strlen(value) >= capacity)
        return too_long(p, key, capacity);
    memcpy(to, value, strlen(value) + 1);
    return 0;
}

static int set_path(struct parser *p, const char *key, const char *value, char *to)
{
    if (!el_boot_entry_is_path(value))
        return el_err(p->err, EL_EINVAL,
                      "%s:%u: %s = %.80s: not a file below this directory (letters, digits and "
                      "._-+~ only, no part beginning with a dot)",
                      p->file, p->line, key, value);
    return set_text(p, key, value, to, EL_BOOT_PATH_BYTES);
}

static int set_title(struct parser *p, const char *key, const char *value)
{
    return set_text(p, key, value, p->entry->title, sizeof p->entry->title);
}

static int set_kernel(struct parser *p, const char *key, const char *value)
{
    return set_path(p, key, value, p->entry->kernel);
}

static int set_chain(struct parser *p, const char *key, const char *value)
{
    return set_path(p, key, value, p->entry->chain);
}

static int set_initrd(struct parser *p, const char *key, const char *value)
{
    if (p->entry->initrd_count == EL_BOOT_INITRDS_MAX)
        return el_err(p->err, EL_EFULL, "%s:%u: more than %d initrd lines", p->file, p->line,
                      EL_BOOT_INITRDS_MAX);
    int rc = set_path(p, key, value, p->entry->initrd[p->entry->initrd_count]);
    p->entry->initrd_count += rc == 0;
    return rc;
}

static int set_args(struct parser *p, const char *key, const char *value)
{
    const char *wrong = el_boot_script_refuses(value);

    if (wrong)
        return el_err(p->err, EL_EINVAL,
                      "%s:%u: %s: iPXE gives %s a meaning of its own; leave it "
                      "out, or put it into a file that the system reads",
                      p->file, p->line, key, wrong);
    return set_text(p, key, value, p->entry->args, sizeof p->entry->args);
}

static int set_media(struct parser *p, const char *key, const char *value)
{
    if (strchr(value, '/'))
        return el_err(p->err, EL_EINVAL, "%s:%u: %s = %.80s: not a file beside this one", p->file,
                      p->line, key, value);
    return set_path(p, key, value, p->entry->media);
}

/* One word of people's making: a name without spaces. */
static int set_name(struct parser *p, const char *key, const char *value, char *to)
{
    if (strspn(value, name_characters) != strlen(value))
        return el_err(p->err, EL_EINVAL,
                      "%s:%u: %s = %.40s: not one word of letters, digits and "
                      "._-",
                      p->file, p->line, key, value);
    return set_text(p, key, value, to, EL_BOOT_WORD_BYTES);
}

static int set_installer(struct parser *p, const char *key, const char *value)
{
    return set_name(p, key, value, p->entry->installer);
}

static int set_distribution(struct parser *p, const char *key, const char *value)
{
    return set_name(p, key, value, p->entry->distribution);
}

static int set_version(struct parser *p, const char *key, const char *value)
{
    return set_name(p, key, value, p->entry->version);
}

static int set_sha256(struct parser *p, const char *key, const char *value)
{
    if (strspn(value, "0123456789abcdef") != EL_BOOT_SHA256_BYTES - 1 ||
        strlen(value) != EL_BOOT_SHA256_BYTES - 1)
        return el_err(p->err, EL_EINVAL, "%s:%u: %s = %.80s: not 64 hexadecimal digits (0-9, a-f)",
                      p->file, p->line, key, value);
    return set_text(p, key, value, p->entry->sha256, sizeof p->entry->sha256);
}

static int set_size(struct parser *p, const char *key, const char *value)
{
    size_t digits = strspn(value, "0123456789");

    if (digits != strlen(value) || digits > SIZE_DIGITS_MAX)
        return el_err(p->err, EL_EINVAL, "%s:%u: %s = %.40s: not a number of bytes", p->file,
                      p->line, key, value);
    p->entry->size = strtoull(value, NULL, 10);
    return 0;
}

/* One of a few words; NONE ends the list. */
struct word {
    const char *text;
    int value;
};

static int set_word(struct parser *p, const char *key, const char *value, const struct word *words)
{
    char have[80] = "";

    for (const struct word *w = words; w->text; w++)
        if (strcmp(w->text, value) == 0)
            return w->value;
    for (const struct word *w = words; w->text; w++) {
        strncat(have, w == words ? "" : ", ", sizeof have - strlen(have) - 1);
        strncat(have, w->text, sizeof have - strlen(have) - 1);
    }
    return el_err(p->err, EL_EINVAL, "%s:%u: %s = %.40s: unknown (have: %s)", p->file, p->line, key,
                  value, have);
}

static int set_arch(struct parser *p, const char *key, const char *value)
{
    static const struct word words[] = {
        {"any", EL_BOOT_ANY_ARCH}, {"x86_64", EL_BOOT_X86_64}, {"arm64", EL_BOOT_ARM64}, {NULL, 0}};
    int found = set_word(p, key, value, words);

    if (found >= 0)
        p->entry->arch = (enum el_boot_arch)found;
    return found < 0 ? found : 0;
}

static int set_platform(struct parser *p, const char *key, const char *value)
{
    static const struct word words[] = {
        {"any", EL_BOOT_ANY_PLATFORM}, {"bios", EL_BOOT_BIOS}, {"efi", EL_BOOT_EFI}, {NULL, 0}};
    int found = set_word(p, key, value, words);

    if (found >= 0)
        p->entry->platform = (enum el_boot_platform)found;
    return found < 0 ? found : 0;
}

static int set_default(struct parser *p, const char *key, const char *value)
{
    static const struct word words[] = {{"no", 0}, {"yes", 1}, {NULL, 0}};
    int found = set_word(p, key, value, words);

    p->entry->is_default = found == 1;
    return found < 0 ? found : 0;
}

static int set_order(struct parser *p, const char *key, const char *value)
{
    char *end;
    long order = strtol(value, &end, 10);

    if (*end || order < -ORDER_MAX || order > ORDER_MAX)
        return el_err(p->err, EL_EINVAL, "%s:%u: %s = %.40s: not a number from %d to %d", p->file,
                      p->line, key, value, -ORDER_MAX, ORDER_MAX);
    p->entry->order = (int)order;
    return 0;
}

static const struct key {
    const char *name;
    int (*set)(struct parser *p, const char *key, const char *value);
} keys[] = {
    {"title", set_title},       {"kernel", set_kernel},       {"initrd", set_initrd},
    {"args", set_args},         {"chain", set_chain},         {"arch", set_arch},
    {"platform", set_platform}, {"order", set_order},         {"default", set_default},
    {"media", set_media},       {"installer", set_installer}, {"distribution", set_distribution},
    {"version", set_version},   {"size", set_size},           {"sha256", set_sha256},
};

/* -- lines -- */

static char *trim(char *text)
{
    size_t len;

    text += strspn(text, " \t");
    len = strlen(text);
    while (len > 0 && strchr(" \t\r", text[len - 1]))
        text[--len] = 0;
    return text;
}

static int parse_line(struct parser *p, char *line)
{
    char *key = trim(line);
    char *equals = strchr(key, '=');

    if (!*key || *key == '#' || *key == ';')
        return 0;
    if (!equals)
        return el_err(p->err, EL_EINVAL, "%s:%u: %.40s: not KEY = VALUE", p->file, p->line, key);
    *equals = 0;
    key = trim(key);
    char *value = trim(equals + 1);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (strcmp(keys[i].name, key) == 0)
            return *value ? keys[i].set(p, key, value)
                          : el_err(p->err, EL_EINVAL, "%s:%u: %s: no value", p->file, p->line, key);
    return el_err(
        p->err, EL_EINVAL,
        "%s:%u: %.40s: no such key (have: title, kernel, initrd, args, chain, arch, "
        "platform, order, default, media, installer, distribution, version, size, sha256)",
        p->file, p->line, key);
}

static int check_whole(const struct parser *p)
{
    struct el_boot_entry *entry = p->entry;

    if (!entry->kernel[0] && !entry->chain[0])
        return el_err(p->err, EL_EINVAL, "%s: names neither a kernel nor a program to chain",
                      p->file);
    if (entry->chain[0] && (entry->kernel[0] || entry->initrd_count > 0))
        return el_err(p->err, EL_EINVAL, "%s: chain excludes kernel and initrd", p->file);
    if (!entry->title[0])
        memcpy(entry->title, entry->name, sizeof entry->name);
    return 0;
}

int el_boot_entry_parse(const char *name, const char *file, const char *text, size_t len,
                        struct el_boot_entry *entry, struct el_err *err)
{
    struct parser p = {.file = file, .entry = entry, .err = err};
    const char *end = text + len;

    memset(entry, 0, sizeof *entry);
    entry->order = 100;
    if (!el_boot_entry_is_name(name))
        return el_err(err, EL_EINVAL,
                      "%s: the directory's name may have letters, digits and ._- only, 64 at most",
                      file);
    memcpy(entry->name, name, strlen(name) + 1);
    if (len > EL_BOOT_CONF_BYTES || memchr(text, 0, len))
        return el_err(err, EL_EINVAL, "%s: not a text file of at most %d bytes", file,
                      EL_BOOT_CONF_BYTES);
    while (text < end) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        size_t line_len = (size_t)((newline ? newline : end) - text);
        char line[LINE_BYTES];
        p.line++;
        if (line_len >= sizeof line)
            return too_long(&p, "line", sizeof line);
        memcpy(line, text, line_len);
        line[line_len] = 0;
        int rc = parse_line(&p, line);
        if (rc != 0)
            return rc;
        text += line_len + (newline ? 1 : 0);
    }
    return check_whole(&p);
}

int el_boot_entry_compare(const void *a, const void *b)
{
    const struct el_boot_entry *x = a, *y = b;

    if (x->order != y->order)
        return x->order < y->order ? -1 : 1;
    int by_title = strcmp(x->title, y->title);
    return by_title ? by_title : strcmp(x->name, y->name);
}
