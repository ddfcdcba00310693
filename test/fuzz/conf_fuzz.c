/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A command line and an INI file. Input: the arguments, one a line (a byte 1 stands for a line
 * break in one), an empty line, the file. What is accepted is printed; that, read as a file, gives
 * the same values and prints the same. What is refused has a sentence of one line.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "base/conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ARGS_MAX = 32, WORDS_MAX = 16 };

struct values {
    struct el_conf_common common;
    const char *string, *fallback;
    uint64_t number, any, time;
    struct el_ip ip;
    struct el_prefix range;
    unsigned choice;
    bool flag;
    const char *words[WORDS_MAX];
    unsigned count;
    struct part {
        uint64_t size;
        const char *of;
    } parts[WORDS_MAX];
    unsigned part_count;
};

static int add_word(void *values, const char *text, struct el_err *err)
{
    struct values *v = values;

    if (v->count == WORDS_MAX)
        return el_err(err, EL_EFULL, "%s: one too many", text);
    v->words[v->count++] = text;
    return 0;
}

static const char *const choices[] = {"left", "right", NULL};

#define AT(member) .offset = offsetof(struct values, member)

static const struct el_conf_option options[] = {
    {.name = "string", .type = EL_CONF_STRING, AT(string), .metavar = "TEXT", .help = "."},
    {.name = "fallback",
     .type = EL_CONF_STRING,
     AT(fallback),
     .metavar = "TEXT",
     .fallback = "f",
     .help = "."},
    {.name = "number",
     .type = EL_CONF_UINT,
     AT(number),
     .metavar = "N",
     .fallback = "7",
     .help = ".",
     .min = 2,
     .max = 99},
    {.name = "any", .type = EL_CONF_UINT, AT(any), .metavar = "N", .help = "."},
    {.name = "time", .type = EL_CONF_DURATION, AT(time), .metavar = "TIME", .help = "."},
    {.name = "ip", .type = EL_CONF_IP, AT(ip), .metavar = "IP", .help = "."},
    {.name = "range", .type = EL_CONF_PREFIX, AT(range), .metavar = "RANGE", .help = "."},
    {.name = "choice",
     .type = EL_CONF_CHOICE,
     AT(choice),
     .metavar = "SIDE",
     .help = ".",
     .choices = choices},
    {.name = "flag", .type = EL_CONF_FLAG, AT(flag), .help = "."},
    {.name = "word",
     .type = EL_CONF_CUSTOM,
     .metavar = "WORD",
     .fallback = "w",
     .help = ".",
     .parse = add_word,
     .repeat = true},
};

static void *add_part(void *values, const char *name, struct el_err *err)
{
    struct values *v = values;

    if (v->part_count < WORDS_MAX)
        return &v->parts[v->part_count++];
    el_err(err, EL_EFULL, "%s: one too many", name);
    return NULL;
}

static const struct el_conf_option part_options[] = {
    {.name = "size",
     .type = EL_CONF_UINT,
     .offset = offsetof(struct part, size),
     .metavar = "N",
     .fallback = "1",
     .help = "."},
    {.name = "of",
     .type = EL_CONF_STRING,
     .offset = offsetof(struct part, of),
     .metavar = "TEXT",
     .help = "."},
};

static const struct el_conf_section sections[] = {{.name = "part",
                                                   .metavar = "NAME",
                                                   .help = ".",
                                                   .options = part_options,
                                                   .count = 2,
                                                   .add = add_part}};

static const struct el_conf_schema schema = {
    .name = "fuzz",
    .summary = ".",
    .usage = ".",
    .manual = ".",
    .options = options,
    .count = sizeof options / sizeof options[0],
    .sections = sections,
    .section_count = 1,
    .positional_max = ARGS_MAX,
};

static void check(int holds)
{
    if (!holds)
        abort();
}

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static void check_same(const struct values *a, const struct values *b)
{
    check(same_text(a->string, b->string) && same_text(a->fallback, b->fallback));
    check(a->number == b->number && a->any == b->any && a->time == b->time);
    check(el_ip_equal(&a->ip, &b->ip) && el_ip_equal(&a->range.ip, &b->range.ip));
    check(a->range.len == b->range.len && a->choice == b->choice && a->flag == b->flag);
    check(a->common.log_level == b->common.log_level);
    check(a->common.log_format == b->common.log_format);
    check(a->count == b->count);
    for (unsigned i = 0; i < a->count; i++)
        check(same_text(a->words[i], b->words[i]));
    check(a->part_count == b->part_count);
    for (unsigned i = 0; i < a->part_count; i++)
        check(a->parts[i].size == b->parts[i].size && same_text(a->parts[i].of, b->parts[i].of));
}

static void check_printed(const struct el_conf *conf, const struct values *values)
{
    struct values values_again = {0};
    struct el_conf *again = el_conf_new(&schema, &values_again);
    char *text = el_conf_print(conf);

    check(again && text);
    check(el_conf_file(again, text, "printed", NULL) == 0);
    check(el_conf_finish(again, NULL) == 0);
    check_same(values, &values_again);
    char *text_again = el_conf_print(again);
    check(same_text(text, text_again));
    free(text);
    free(text_again);
    el_conf_free(again);
}

/* Cuts the arguments off *TEXT, in place; their number. */
static int cut_arguments(char **text, char **argv)
{
    int argc = 0;

    while (argc < ARGS_MAX && **text && **text != '\n') {
        char *arg = argv[argc++] = *text;
        *text += strcspn(*text, "\n");
        if (**text)
            *(*text)++ = '\0';
        while ((arg = strchr(arg, 1)))
            *arg = '\n';
    }
    *text += **text == '\n';
    return argc;
}

static void play(char *text)
{
    struct values values = {0};
    struct el_conf *conf = el_conf_new(&schema, &values);
    struct el_err err = {""};
    char *argv[ARGS_MAX];

    check(conf != NULL);
    int argc = cut_arguments(&text, argv);
    int rc = el_conf_args(conf, argc, argv, &err);
    if (rc == 0)
        rc = el_conf_file(conf, text, "file", &err);
    if (rc == 0)
        rc = el_conf_finish(conf, &err);
    check(rc == 0 || (err.text[0] && !strpbrk(err.text, "\n\r\x1b")));
    if (rc == 0) {
        check(values.common.help || (values.number >= 2 && values.number <= 99));
        if (!values.common.help)
            check_printed(conf, &values);
    }
    el_conf_free(conf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);

    if (!text)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    play(text);
    free(text);
    return 0;
}
