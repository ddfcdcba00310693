/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Configuration: collecting what was said, then storing it. The manual is in conf_manual.c. */
#include "base/conf.h"

#include "base/conf_schema.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A section with a name, such as [network lab2]. */
struct block {
    const struct el_conf_section *section;
    char *name;
    char *origin; /* "file:line" */
};

/* One thing said: an option and its text. */
struct said {
    const struct el_conf_option *option;
    const struct block *block; /* NULL: it is the applet's */
    char *text;
    char *origin; /* "--name" or "file:line" */
    bool from_file;
};

struct el_conf {
    const struct el_conf_schema *schema;
    void *values;
    struct said *said; /* in order of appearance */
    size_t count;
    struct block **blocks; /* the same */
    size_t block_count;
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

static bool is_called(const char *name, struct span text)
{
    return strlen(name) == text.len && memcmp(name, text.at, text.len) == 0;
}

static const struct el_conf_option *find_option(const struct el_conf_schema *schema,
                                                struct span name)
{
    for (size_t i = 0; i < el_conf_option_count(schema); i++) {
        const struct el_conf_option *option = el_conf_option_at(schema, i);
        if (is_called(option->name, name))
            return option;
    }
    return NULL;
}

/* Options that may stand in BLOCK, or in the applet's own section. */
static size_t count_in(const struct el_conf *conf, const struct block *block)
{
    return block ? block->section->count : el_conf_option_count(conf->schema);
}

static const struct el_conf_option *option_in(const struct el_conf *conf, const struct block *block,
                                              size_t index)
{
    return block ? &block->section->options[index] : el_conf_option_at(conf->schema, index);
}

static const struct el_conf_option *find_in(const struct el_conf *conf, const struct block *block,
                                            struct span name)
{
    for (size_t i = 0; i < count_in(conf, block); i++)
        if (is_called(option_in(conf, block, i)->name, name))
            return option_in(conf, block, i);
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
        char *text = conf->said[i].text; /* NULL: there was no memory for it */
        if (text)
            explicit_bzero(text, strlen(text)); /* keys are among them */
        free(text);
        free(conf->said[i].origin);
    }
    for (size_t i = 0; i < conf->block_count; i++) {
        free(conf->blocks[i]->name);
        free(conf->blocks[i]->origin);
        free(conf->blocks[i]);
    }
    free(conf->blocks);
    free(conf->said);
    free(conf->positionals);
    free(conf);
}

/* "unknown option --lann (did you mean --lan?)" */
static int unknown_option(const struct el_conf *conf, const struct block *block, const char *origin,
                          struct span wrong, struct el_err *err)
{
    char name[64]; /* as much as a message needs */
    size_t count = count_in(conf, block);
    const char **names = calloc(count + 1, sizeof *names);
    const char *near = NULL;

    snprintf(name, sizeof name, "%.*s", (int)(wrong.len < 64 ? wrong.len : 64), wrong.at);
    if (names) {
        for (size_t i = 0; i < count; i++)
            names[i] = option_in(conf, block, i)->name;
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
static int say(struct el_conf *conf, const struct block *block, const struct el_conf_option *option,
               struct span text, const char *origin, bool from_file, struct el_err *err)
{
    if (memchr(text.at, '\n', text.len))
        return el_err(err, EL_EINVAL, "%s: the value has a line break in it", origin);
    text = trimmed(text.at, text.len);
    struct said *said = realloc(conf->said, (conf->count + 1) * sizeof *said);

    if (!said)
        return el_err(err, EL_ENOMEM, "out of memory");
    conf->said = said;
    said[conf->count] =
        (struct said){option, block, strndup(text.at, text.len), strdup(origin), from_file};
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
        return unknown_option(conf, NULL, "", name, err);
    if (!value && option->type == EL_CONF_FLAG)
        value = "yes";
    else if (!value && *index + 1 < argc && strncmp(argv[*index + 1], "--", 2) != 0)
        value = argv[++*index];
    if (!value)
        return el_err(err, EL_EINVAL, "--%s needs a value: --%s %s", option->name, option->name,
                      option->metavar);
    snprintf(origin, sizeof origin, "--%s", option->name);
    return say(conf, NULL, option, (struct span){value, strlen(value)}, origin, false, err);
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
            rc = say(conf, NULL, find_option(conf->schema, (struct span){"help", 4}),
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

/* Where a line of a file stands. */
struct place {
    bool ours;                 /* in a section that is for this applet */
    const struct block *block; /* that has a name of its own */
};

static int say_line(struct el_conf *conf, const struct block *block, struct span line,
                    const char *origin, struct el_err *err)
{
    const char *equals = memchr(line.at, '=', line.len);
    char where[300];

    if (!equals)
        return el_err(err, EL_EINVAL, "%s: expected `name = value`", origin);
    size_t before = (size_t)(equals - line.at);
    struct span name = trimmed(line.at, before);
    const struct el_conf_option *option = find_in(conf, block, name);
    snprintf(where, sizeof where, "%s: ", origin);
    if (!option)
        return unknown_option(conf, block, where, name, err);
    if (!block && only_on_command_line(option))
        return el_err(err, EL_EINVAL, "%s: %s is for the command line only", origin, option->name);
    snprintf(where, sizeof where, "%s: %s", origin, option->name);
    return say(conf, block, option, (struct span){equals + 1, line.len - before - 1}, where, true,
               err);
}

/* The block of SECTION called NAME, which may have begun before; NULL: out of memory. */
static const struct block *find_block(struct el_conf *conf, const struct el_conf_section *section,
                                      struct span name, const char *origin)
{
    for (size_t i = 0; i < conf->block_count; i++)
        if (conf->blocks[i]->section == section && is_called(conf->blocks[i]->name, name))
            return conf->blocks[i];
    struct block **blocks = realloc(conf->blocks, (conf->block_count + 1) * sizeof(struct block *));
    struct block *block = calloc(1, sizeof *block);
    if (blocks)
        conf->blocks = blocks;
    if (block)
        *block = (struct block){section, strndup(name.at, name.len), strdup(origin)};
    if (blocks && block)
        blocks[conf->block_count++] = block;
    else
        free(block);
    return blocks && block && block->name && block->origin ? block : NULL;
}

/* [KIND NAME], or another applet's [KIND]: who has no such sections leaves them to others. */
static int enter_block(struct el_conf *conf, struct span kind, struct span name, const char *origin,
                       struct place *place, struct el_err *err)
{
    const struct el_conf_schema *schema = conf->schema;
    const char *names[EL_CONF_SECTIONS + 1] = {0};
    char wrong[64];

    place->ours = false;
    for (size_t i = 0; i < schema->section_count; i++) {
        names[i] = schema->sections[i].name;
        if (!is_called(names[i], kind))
            continue;
        if (name.len == 0)
            return schema->sections[i].alone
                       ? 0
                       : el_err(err, EL_EINVAL, "%s: which one? [%s %s]", origin, names[i],
                                schema->sections[i].metavar);
        place->block = find_block(conf, &schema->sections[i], name, origin);
        place->ours = true;
        return place->block ? 0 : el_err(err, EL_ENOMEM, "out of memory");
    }
    if (schema->section_count == 0 || name.len == 0)
        return 0;
    snprintf(wrong, sizeof wrong, "%.*s", (int)(kind.len < 64 ? kind.len : 64), kind.at);
    const char *near = el_conf_nearest(wrong, names);
    return el_err(err, EL_EINVAL, "%s: unknown section [%s ...]%s%s%s", origin, wrong,
                  near ? " (did you mean [" : "", near ? near : "", near ? " ...]?)" : "");
}

/* A section's line: what follows is in PLACE. */
static int enter_section(struct el_conf *conf, struct span line, const char *origin,
                         struct place *place, struct el_err *err)
{
    if (line.at[line.len - 1] != ']')
        return el_err(err, EL_EINVAL, "%s: the section's name does not end with ]", origin);
    struct span name = trimmed(line.at + 1, line.len - 2);
    struct span kind = {name.at, 0};
    while (kind.len < name.len && name.at[kind.len] != ' ' && name.at[kind.len] != '\t')
        kind.len++;
    *place = (struct place){is_called(conf->schema->name, name), NULL};
    if (place->ours)
        return 0;
    return enter_block(conf, kind, trimmed(name.at + kind.len, name.len - kind.len), origin, place,
                       err);
}

int el_conf_file(struct el_conf *conf, const char *text, const char *origin, struct el_err *err)
{
    struct place place = {true, NULL}; /* before the first section, and in the applet's own */
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
            rc = enter_section(conf, line, where, &place, err);
        else if (place.ours && line.len && line.at[0] != '#' && line.at[0] != ';')
            rc = say_line(conf, place.block, line, where, err);
        text += len + (text[len] == '\n');
    }
    return rc;
}

/* The thing said for OPTION in BLOCK that counts if only one does, or NULL. */
static const struct said *last_said(const struct el_conf *conf, const struct block *block,
                                    const struct el_conf_option *option)
{
    const struct said *file = NULL;

    for (size_t i = conf->count; i-- > 0;) {
        const struct said *said = &conf->said[i];
        if (said->option != option || said->block != block)
            continue;
        if (!said->from_file)
            return said;
        file = file ? file : said;
    }
    return file;
}

/* Walks all that was said for OPTION, the file's before the command line's: start with *cursor = 0,
 * ends with NULL. */
static const struct said *next_said(const struct el_conf *conf, const struct block *block,
                                    const struct el_conf_option *option, size_t *cursor)
{
    while (*cursor < 2 * conf->count) {
        bool from_file = *cursor < conf->count;
        const struct said *said = &conf->said[(*cursor)++ % conf->count];
        if (said->option == option && said->block == block && said->from_file == from_file)
            return said;
    }
    return NULL;
}

const char *el_conf_said(const struct el_conf *conf, const char *name)
{
    const struct el_conf_option *option =
        find_option(conf->schema, (struct span){name, strlen(name)});
    const struct said *said = option ? last_said(conf, NULL, option) : NULL;

    return said ? said->text : NULL;
}

static int store(const struct el_conf *conf, const struct block *block, void *values,
                 const struct el_conf_option *option, const char *text, const char *origin,
                 struct el_err *err)
{
    void *member =
        block ? (char *)values + option->offset : member_of(conf->schema, values, option);

    return el_conf_store(option, member, values, text, origin, err);
}

/* Stores what counts for OPTION in VALUES, which is BLOCK's struct or the applet's. */
static int finish_option(const struct el_conf *conf, const struct block *block, void *values,
                         const struct el_conf_option *option, struct el_err *err)
{
    const struct said *said = last_said(conf, block, option);
    size_t cursor = 0;
    int rc = 0;

    if (!said)
        return option->fallback
                   ? store(conf, block, values, option, option->fallback, option->name, err)
                   : 0;
    if (!option->repeat)
        return store(conf, block, values, option, said->text, said->origin, err);
    while (rc == 0 && (said = next_said(conf, block, option, &cursor)))
        rc = store(conf, block, values, option, said->text, said->origin, err);
    return rc;
}

static int finish_block(const struct el_conf *conf, const struct block *block, struct el_err *err)
{
    const struct el_conf_section *section = block->section;
    struct el_err why = {""};
    void *values = section->add(conf->values, block->name, &why);
    int rc = values ? 0 : el_err(err, EL_EINVAL, "%s: %s", block->origin, why.text);

    for (size_t i = 0; rc == 0 && i < section->count; i++) {
        const struct el_conf_option *option = &section->options[i];
        rc = finish_option(conf, block, values, option, err);
        if (rc == 0 && option->required && !last_said(conf, block, option))
            rc = el_err(err, EL_EINVAL, "%s: %s = %s is missing in [%s %s]", block->origin,
                        option->name, option->metavar, section->name, block->name);
    }
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
    int rc = finish_option(conf, NULL, conf->values,
                           find_option(conf->schema, (struct span){"help", 4}), err);

    if (rc < 0 || common->help) /* who asks for help is not told what else is wrong */
        return rc;
    for (size_t i = 0; rc == 0 && i < el_conf_option_count(conf->schema); i++)
        rc = finish_option(conf, NULL, conf->values, el_conf_option_at(conf->schema, i), err);
    for (size_t i = 0; rc == 0 && i < conf->block_count; i++)
        rc = finish_block(conf, conf->blocks[i], err);
    return rc == 0 ? check_complete(conf, err) : rc;
}

unsigned el_conf_positionals(const struct el_conf *conf, const char *const **texts)
{
    *texts = conf->positionals;
    return conf->positional_count;
}

/* What counts for OPTION. */
static void print_option(FILE *out, const struct el_conf *conf, const struct block *block,
                         const struct el_conf_option *option)
{
    const struct said *said = last_said(conf, block, option);
    size_t cursor = 0;

    if (!said && option->fallback)
        fprintf(out, "%s = %s\n", option->name, option->fallback);
    else if (!said)
        fprintf(out, "# %s =\n", option->name);
    else if (!option->repeat)
        fprintf(out, "%s = %s\n", option->name, said->text);
    else
        while ((said = next_said(conf, block, option, &cursor)))
            fprintf(out, "%s = %s\n", option->name, said->text);
}

static void print_block(FILE *out, const struct el_conf *conf, const struct block *block)
{
    fprintf(out, "\n[%s %s]\n", block->section->name, block->name);
    for (size_t i = 0; i < block->section->count; i++)
        print_option(out, conf, block, &block->section->options[i]);
}

/* Options FIRST up to END, as lines of an INI file; under SECTION if there is one, and with the
 * sections that have names. */
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
            print_option(out, conf, NULL, option);
    }
    for (size_t i = 0; section && i < conf->block_count; i++)
        print_block(out, conf, conf->blocks[i]);
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
