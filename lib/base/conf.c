/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Configuration: collecting what was said, then storing it. The manual is in conf_manual.c. */
#include "base/conf.h"

#include "base/addr.h"
#include "base/conf_schema.h"
#include "base/time.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One thing said: an option and its text. */
struct said {
    const struct el_conf_option *option;
    char *text;
    char *origin; /* "--name" or "file:line" */
    bool from_file;
};

struct el_conf {
    const struct el_conf_schema *schema;
    void *values;
    struct said *said; /* in order of appearance */
    size_t count;
    const char **positionals;
    unsigned positional_count;
};

static const char *const log_levels[] = {"error", "warn", "info", "debug", NULL};
static const char *const log_formats[] = {"text", "json", NULL};

static const struct el_conf_option common_options[] = {
    {.name = "config",
     .type = EL_CONF_STRING,
     .offset = offsetof(struct el_conf_common, config),
     .metavar = "FILE",
     .help = "Read options from this INI file; the command line wins."},
    {.name = "log-level",
     .type = EL_CONF_CHOICE,
     .offset = offsetof(struct el_conf_common, log_level),
     .metavar = "LEVEL",
     .fallback = "info",
     .help = "Log what is at least this important.",
     .choices = log_levels},
    {.name = "log-format",
     .type = EL_CONF_CHOICE,
     .offset = offsetof(struct el_conf_common, log_format),
     .metavar = "FORMAT",
     .fallback = "text",
     .help = "Log for people, or one JSON object a line.",
     .choices = log_formats},
    {.name = "show-config",
     .type = EL_CONF_FLAG,
     .offset = offsetof(struct el_conf_common, show_config),
     .help = "Print the whole effective configuration as an INI file and exit."},
    {.name = "help",
     .type = EL_CONF_FLAG,
     .offset = offsetof(struct el_conf_common, help),
     .help = "Print this text and exit."},
};

enum { COMMON_COUNT = sizeof common_options / sizeof common_options[0] };

/* What only a service has, between its own options and the common ones. */
static const struct el_conf_option service_options[] = {
    {.name = "check",
     .type = EL_CONF_FLAG,
     .offset = offsetof(struct el_conf_common, check),
     .help = "Say whether the configuration is sound and what stands in its way, all of it; start "
             "and change nothing. Exit status 1 if anything does."},
    {.name = "diff",
     .type = EL_CONF_FLAG,
     .offset = offsetof(struct el_conf_common, diff),
     .help = "Print what differs between the configuration that runs (-) and this one (+); start "
             "and change nothing. Exit status 1 if anything does, or if none runs."},
};

enum { SERVICE_COUNT = sizeof service_options / sizeof service_options[0] };

static size_t service_count(const struct el_conf_schema *schema)
{
    return schema->service ? SERVICE_COUNT : 0;
}

/* These say what this one call shall do, so a file neither says nor shows them. */
static bool only_on_command_line(const struct el_conf_option *option)
{
    static const char *const names[] = {"config", "show-config", "check", "diff", "help"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(option->name, names[i]) == 0)
            return true;
    return false;
}

size_t el_conf_option_count(const struct el_conf_schema *schema)
{
    return schema->count + schema->part_count + schema->shared_count + service_count(schema) +
           COMMON_COUNT;
}

const struct el_conf_option *el_conf_option_at(const struct el_conf_schema *schema, size_t index)
{
    if (index < schema->count)
        return &schema->options[index];
    index -= schema->count;
    if (index < schema->part_count)
        return &schema->part[index];
    index -= schema->part_count;
    if (index < schema->shared_count)
        return &schema->shared[index];
    index -= schema->shared_count;
    size_t service = service_count(schema);
    return index < service ? &service_options[index] : &common_options[index - service];
}

/* Where the value of OPTION is in VALUES. */
static void *member_of(const struct el_conf_schema *schema, void *values,
                       const struct el_conf_option *option)
{
    size_t offset = option->offset;

    for (size_t i = 0; i < schema->part_count; i++)
        if (option == &schema->part[i])
            offset += schema->part_offset;
    return (char *)values + offset;
}

/* A piece of a longer text. */
struct span {
    const char *at;
    size_t len;
};

/* [text, text+len) without the white space at both ends. */
static struct span trimmed(const char *text, size_t len)
{
    static const char blank[] = " \t\r";

    while (len && strchr(blank, text[len - 1]))
        len--;
    while (len && strchr(blank, *text)) {
        text++;
        len--;
    }
    return (struct span){text, len};
}

static const struct el_conf_option *find_option(const struct el_conf_schema *schema,
                                                struct span name)
{
    for (size_t i = 0; i < el_conf_option_count(schema); i++) {
        const struct el_conf_option *option = el_conf_option_at(schema, i);
        if (strlen(option->name) == name.len && memcmp(option->name, name.at, name.len) == 0)
            return option;
    }
    return NULL;
}

struct el_conf *el_conf_new(const struct el_conf_schema *schema, void *values)
{
    struct el_conf *conf = calloc(1, sizeof *conf);

    if (conf) {
        conf->schema = schema;
        conf->values = values;
    }
    return conf;
}

void el_conf_free(struct el_conf *conf)
{
    if (!conf)
        return;
    for (size_t i = 0; i < conf->count; i++) {
        explicit_bzero(conf->said[i].text, strlen(conf->said[i].text)); /* keys are among them */
        free(conf->said[i].text);
        free(conf->said[i].origin);
    }
    free(conf->said);
    free(conf->positionals);
    free(conf);
}

/* "unknown option --lann (did you mean --lan?)" */
static int unknown_option(const struct el_conf *conf, const char *origin, struct span wrong,
                          struct el_err *err)
{
    char name[64]; /* as much as a message needs */
    size_t count = el_conf_option_count(conf->schema);
    const char **names = calloc(count + 1, sizeof *names);
    const char *near = NULL;

    snprintf(name, sizeof name, "%.*s", (int)(wrong.len < 64 ? wrong.len : 64), wrong.at);
    if (names) {
        for (size_t i = 0; i < count; i++)
            names[i] = el_conf_option_at(conf->schema, i)->name;
        near = el_conf_nearest(name, names);
    }
    free(names);
    const char *dashes = origin[0] ? "" : "--";
    if (near)
        return el_err(err, EL_EINVAL, "%sunknown option %s%s (did you mean %s%s?)", origin, dashes,
                      name, dashes, near);
    return el_err(err, EL_EINVAL, "%sunknown option %s%s (el2w help %s lists them)", origin, dashes,
                  name, conf->schema->name);
}

/* Keeps that TEXT was said. What would not survive in a file is not a value: line breaks are
 * refused, white space at the ends does not count. */
static int say(struct el_conf *conf, const struct el_conf_option *option, struct span text,
               const char *origin, bool from_file, struct el_err *err)
{
    if (memchr(text.at, '\n', text.len))
        return el_err(err, EL_EINVAL, "%s: the value has a line break in it", origin);
    text = trimmed(text.at, text.len);
    struct said *said = realloc(conf->said, (conf->count + 1) * sizeof *said);

    if (!said)
        return el_err(err, EL_ENOMEM, "out of memory");
    conf->said = said;
    said[conf->count] =
        (struct said){option, strndup(text.at, text.len), strdup(origin), from_file};
    conf->count++;
    if (!said[conf->count - 1].text || !said[conf->count - 1].origin)
        return el_err(err, EL_ENOMEM, "out of memory");
    return 0;
}

static int say_argument(struct el_conf *conf, int argc, char *const *argv, int *index,
                        struct el_err *err)
{
    const char *text = argv[*index] + 2;
    struct span name = {text, strcspn(text, "=")};
    const char *value = text[name.len] ? text + name.len + 1 : NULL;
    const struct el_conf_option *option = find_option(conf->schema, name);
    char origin[80];

    if (!option)
        return unknown_option(conf, "", name, err);
    if (!value && option->type == EL_CONF_FLAG)
        value = "yes";
    else if (!value && *index + 1 < argc && strncmp(argv[*index + 1], "--", 2) != 0)
        value = argv[++*index];
    if (!value)
        return el_err(err, EL_EINVAL, "--%s needs a value: --%s %s", option->name, option->name,
                      option->metavar);
    snprintf(origin, sizeof origin, "--%s", option->name);
    return say(conf, option, (struct span){value, strlen(value)}, origin, false, err);
}

int el_conf_args(struct el_conf *conf, int argc, char *const *argv, struct el_err *err)
{
    bool options = true;

    conf->positionals = calloc((size_t)argc + 1, sizeof *conf->positionals);
    if (!conf->positionals)
        return el_err(err, EL_ENOMEM, "out of memory");
    for (int i = 0; i < argc; i++) {
        int rc = 0;
        if (options && strcmp(argv[i], "--") == 0)
            options = false;
        else if (options && strcmp(argv[i], "-h") == 0)
            rc = say(conf, find_option(conf->schema, (struct span){"help", 4}),
                     (struct span){"yes", 3}, "-h", false, err);
        else if (options && strncmp(argv[i], "--", 2) == 0)
            rc = say_argument(conf, argc, argv, &i, err);
        else if (options && argv[i][0] == '-' && argv[i][1])
            rc = el_err(err, EL_EINVAL, "%s: there are long options only, such as --help", argv[i]);
        else
            conf->positionals[conf->positional_count++] = argv[i];
        if (rc < 0)
            return rc;
    }
    return 0;
}

static int say_line(struct el_conf *conf, struct span line, const char *origin, struct el_err *err)
{
    const char *equals = memchr(line.at, '=', line.len);
    char where[300];

    if (!equals)
        return el_err(err, EL_EINVAL, "%s: expected `name = value`", origin);
    size_t before = (size_t)(equals - line.at);
    struct span name = trimmed(line.at, before);
    const struct el_conf_option *option = find_option(conf->schema, name);
    snprintf(where, sizeof where, "%s: ", origin);
    if (!option)
        return unknown_option(conf, where, name, err);
    if (only_on_command_line(option))
        return el_err(err, EL_EINVAL, "%s: %s is for the command line only", origin, option->name);
    snprintf(where, sizeof where, "%s: %s", origin, option->name);
    return say(conf, option, (struct span){equals + 1, line.len - before - 1}, where, true, err);
}

/* A section's line: *OURS becomes whether what follows is for this applet. */
static int enter_section(const struct el_conf *conf, struct span line, const char *origin,
                         bool *ours, struct el_err *err)
{
    if (line.at[line.len - 1] != ']')
        return el_err(err, EL_EINVAL, "%s: the section's name does not end with ]", origin);
    struct span name = trimmed(line.at + 1, line.len - 2);
    *ours = strlen(conf->schema->name) == name.len &&
            memcmp(conf->schema->name, name.at, name.len) == 0;
    return 0;
}

int el_conf_file(struct el_conf *conf, const char *text, const char *origin, struct el_err *err)
{
    bool ours = true; /* before the first section, and in the applet's own */
    unsigned number = 0;
    int rc = 0;

    if (strncmp(text, "\xef\xbb\xbf", 3) == 0) /* the byte order mark of some editors */
        text += 3;
    while (*text && rc == 0) {
        size_t len = strcspn(text, "\n");
        struct span line = trimmed(text, len);
        char where[240];

        snprintf(where, sizeof where, "%.200s:%u", origin, ++number);
        if (line.len && line.at[0] == '[')
            rc = enter_section(conf, line, where, &ours, err);
        else if (ours && line.len && line.at[0] != '#' && line.at[0] != ';')
            rc = say_line(conf, line, where, err);
        text += len + (text[len] == '\n');
    }
    return rc;
}

static int parse_flag(const char *text, bool *value)
{
    static const char *const words[] = {"no", "yes", "false", "true", "off", "on", "0", "1"};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(text, words[i]) == 0) {
            *value = i & 1;
            return 0;
        }
    }
    return EL_EINVAL;
}

/* A decimal number at the start of TEXT; REST is what follows it. */
static int parse_uint(const char *text, const char **rest, uint64_t *value)
{
    char *end;

    if (*text < '0' || *text > '9')
        return EL_EINVAL;
    errno = 0;
    *value = strtoull(text, &end, 10);
    *rest = end;
    return errno ? EL_EINVAL : 0;
}

static bool in_range(const struct el_conf_option *option, uint64_t value, uint64_t unit)
{
    return value >= option->min * unit && (option->max == 0 || value <= option->max * unit);
}

static int parse_duration(const char *text, uint64_t *value)
{
    static const struct {
        const char *suffix;
        uint64_t unit;
    } units[] = {{"", EL_S},       {"s", EL_S},        {"ms", EL_MS},
                 {"m", 60 * EL_S}, {"h", 3600 * EL_S}, {"d", 86400 * EL_S}};
    const char *rest;
    uint64_t number;

    if (parse_uint(text, &rest, &number) < 0)
        return EL_EINVAL;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (strcmp(rest, units[i].suffix) == 0 && number <= UINT64_MAX / units[i].unit) {
            *value = number * units[i].unit;
            return 0;
        }
    }
    return EL_EINVAL;
}

static int parse_choice(const struct el_conf_option *option, const char *text, unsigned *value)
{
    for (unsigned i = 0; option->choices[i]; i++) {
        if (strcmp(text, option->choices[i]) == 0) {
            *value = i;
            return 0;
        }
    }
    return EL_EINVAL;
}

/* "--listen: "99999" is not a number from 1 to 65535" */
static int bad_value(const struct el_conf_option *option, const char *origin, const char *text,
                     struct el_err *err)
{
    static const char time[] = "a time such as 90s, 15m or 8h";
    unsigned long long min = option->min, max = option->max;
    char what[200] = "";

    switch (option->type) {
    case EL_CONF_FLAG: snprintf(what, sizeof what, "yes or no"); break;
    case EL_CONF_UINT:
        if (max)
            snprintf(what, sizeof what, "a number from %llu to %llu", min, max);
        else
            snprintf(what, sizeof what, "a number from %llu", min);
        break;
    case EL_CONF_DURATION:
        if (max)
            snprintf(what, sizeof what, "%s, from %llus to %llus", time, min, max);
        else
            snprintf(what, sizeof what, "%s, from %llus", time, min);
        break;
    case EL_CONF_IP: snprintf(what, sizeof what, "an IP address"); break;
    case EL_CONF_PREFIX: snprintf(what, sizeof what, "a range such as 192.168.77.0/24"); break;
    case EL_CONF_CHOICE:
        for (unsigned i = 0; option->choices[i]; i++) {
            size_t used = strlen(what);
            snprintf(what + used, sizeof what - used, "%s%s", i ? ", " : "one of ",
                     option->choices[i]);
        }
        break;
    case EL_CONF_STRING:
    case EL_CONF_CUSTOM: break; /* any text will do; says itself what is wrong */
    }
    return el_err(err, EL_EINVAL, "%s: \"%s\" is not %s", origin, text, what);
}

static int store(const struct el_conf *conf, const struct el_conf_option *option, const char *text,
                 const char *origin, struct el_err *err)
{
    void *member = member_of(conf->schema, conf->values, option);
    const char *rest = "";
    uint64_t number;
    int rc = 0;

    switch (option->type) {
    case EL_CONF_FLAG: rc = parse_flag(text, member); break;
    case EL_CONF_STRING: *(const char **)member = text; break;
    case EL_CONF_UINT:
        rc = parse_uint(text, &rest, &number);
        if (rc == 0 && (*rest || !in_range(option, number, 1)))
            rc = EL_EINVAL;
        if (rc == 0)
            *(uint64_t *)member = number;
        break;
    case EL_CONF_DURATION:
        rc = parse_duration(text, &number);
        if (rc == 0 && !in_range(option, number, EL_S))
            rc = EL_EINVAL;
        if (rc == 0)
            *(uint64_t *)member = number;
        break;
    case EL_CONF_IP: rc = el_ip_parse(text, member); break;
    case EL_CONF_PREFIX: rc = el_prefix_parse(text, member); break;
    case EL_CONF_CHOICE: rc = parse_choice(option, text, member); break;
    case EL_CONF_CUSTOM: {
        struct el_err why = {""};
        rc = option->parse(conf->values, text, &why);
        if (rc < 0)
            return el_err(err, rc, "%s: %s", origin, why.text);
        return 0;
    }
    }
    return rc < 0 ? bad_value(option, origin, text, err) : 0;
}

/* The thing said for OPTION that counts if only one does, or NULL. */
static const struct said *last_said(const struct el_conf *conf, const struct el_conf_option *option)
{
    const struct said *file = NULL;

    for (size_t i = conf->count; i-- > 0;) {
        const struct said *said = &conf->said[i];
        if (said->option != option)
            continue;
        if (!said->from_file)
            return said;
        file = file ? file : said;
    }
    return file;
}

/* Walks all that was said for OPTION, the file's before the command line's: start with *cursor = 0,
 * ends with NULL. */
static const struct said *next_said(const struct el_conf *conf, const struct el_conf_option *option,
                                    size_t *cursor)
{
    while (*cursor < 2 * conf->count) {
        bool from_file = *cursor < conf->count;
        const struct said *said = &conf->said[(*cursor)++ % conf->count];
        if (said->option == option && said->from_file == from_file)
            return said;
    }
    return NULL;
}

const char *el_conf_said(const struct el_conf *conf, const char *name)
{
    const struct el_conf_option *option =
        find_option(conf->schema, (struct span){name, strlen(name)});
    const struct said *said = option ? last_said(conf, option) : NULL;

    return said ? said->text : NULL;
}

/* Stores what counts for OPTION. */
static int finish_option(const struct el_conf *conf, const struct el_conf_option *option,
                         struct el_err *err)
{
    const struct said *said = last_said(conf, option);
    size_t cursor = 0;
    int rc = 0;

    if (!said)
        return option->fallback ? store(conf, option, option->fallback, option->name, err) : 0;
    if (!option->repeat)
        return store(conf, option, said->text, said->origin, err);
    while (rc == 0 && (said = next_said(conf, option, &cursor)))
        rc = store(conf, option, said->text, said->origin, err);
    return rc;
}

static int check_complete(const struct el_conf *conf, struct el_err *err)
{
    const struct el_conf_schema *schema = conf->schema;

    for (size_t i = 0; i < el_conf_option_count(schema); i++) {
        const struct el_conf_option *option = el_conf_option_at(schema, i);
        if (option->required && !el_conf_said(conf, option->name))
            return el_err(err, EL_EINVAL, "--%s %s is missing: %s", option->name,
                          option->metavar ? option->metavar : "", option->help);
    }
    if (conf->positional_count < schema->positional_min)
        return el_err(err, EL_EINVAL, "usage: el2w %s %s", schema->name, schema->usage);
    if (conf->positional_count > schema->positional_max)
        return el_err(err, EL_EINVAL, "%s: one argument too many; usage: el2w %s %s",
                      conf->positionals[schema->positional_max], schema->name, schema->usage);
    return 0;
}

int el_conf_finish(struct el_conf *conf, struct el_err *err)
{
    const struct el_conf_common *common = conf->values;
    int rc = finish_option(conf, find_option(conf->schema, (struct span){"help", 4}), err);

    if (rc < 0 || common->help) /* who asks for help is not told what else is wrong */
        return rc;
    for (size_t i = 0; rc == 0 && i < el_conf_option_count(conf->schema); i++)
        rc = finish_option(conf, el_conf_option_at(conf->schema, i), err);
    return rc == 0 ? check_complete(conf, err) : rc;
}

unsigned el_conf_positionals(const struct el_conf *conf, const char *const **texts)
{
    *texts = conf->positionals;
    return conf->positional_count;
}

/* What counts for OPTION. */
static void print_option(FILE *out, const struct el_conf *conf, const struct el_conf_option *option)
{
    const struct said *said = last_said(conf, option);
    size_t cursor = 0;

    if (!said && option->fallback)
        fprintf(out, "%s = %s\n", option->name, option->fallback);
    else if (!said)
        fprintf(out, "# %s =\n", option->name);
    else if (!option->repeat)
        fprintf(out, "%s = %s\n", option->name, said->text);
    else
        while ((said = next_said(conf, option, &cursor)))
            fprintf(out, "%s = %s\n", option->name, said->text);
}

/* Options FIRST up to END, as lines of an INI file, under SECTION if there is one. */
static char *print_range(const struct el_conf *conf, const char *section, size_t first, size_t end)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    if (!out)
        return NULL;
    if (section)
        fprintf(out, "[%s]\n", section);
    for (size_t i = first; i < end; i++) {
        const struct el_conf_option *option = el_conf_option_at(conf->schema, i);
        if (!only_on_command_line(option))
            print_option(out, conf, option);
    }
    if (fclose(out) != 0) {
        free(text);
        return NULL;
    }
    return text;
}

char *el_conf_print(const struct el_conf *conf)
{
    return print_range(conf, conf->schema->name, 0, el_conf_option_count(conf->schema));
}

char *el_conf_print_shared(const struct el_conf *conf)
{
    size_t first = conf->schema->count + conf->schema->part_count;

    return print_range(conf, NULL, first, first + conf->schema->shared_count);
}

char *el_conf_print_common(const struct el_conf *conf)
{
    size_t end = el_conf_option_count(conf->schema);

    return print_range(conf, NULL, end - COMMON_COUNT, end);
}
