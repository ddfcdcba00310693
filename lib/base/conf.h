/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Configuration: one table per applet gives the command line, the INI file, the defaults, the
 * error messages, --show-config and the manual.
 *
 *     struct echo { struct el_conf_common common; const char *name; uint64_t count; };
 *     static const struct el_conf_option options[] = {
 *         {.name = "name", .type = EL_CONF_STRING, .offset = offsetof(struct echo, name),
 *          .metavar = "NAME", .help = "Whom to greet."},
 *         {.name = "count", .type = EL_CONF_UINT, .offset = offsetof(struct echo, count),
 *          .metavar = "N", .fallback = "1", .help = "How often.", .min = 1, .max = 1000},
 *     };
 *
 * A value is said as `--name VALUE` or `--name=VALUE` (the second form if it begins with two
 * dashes), or as `name = VALUE` in the section of the applet (or in none) of an INI file. A flag is
 * said as `--name` or, like any other option, with yes or no. A value is one line; white space
 * around it does not count; it goes to the end of the line, `=` and `#` included.
 *
 * The command line wins over the file, the file over the default, and what is said last over what
 * was said before it; what has lost is not looked at. Of an option that may repeat, all values
 * count, the file's first.
 *
 * Values are kept as they were said; the strings belong to the struct el_conf.
 */
#ifndef EL_BASE_CONF_H
#define EL_BASE_CONF_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum el_conf_type {
    EL_CONF_FLAG,     /* bool */
    EL_CONF_STRING,   /* const char * */
    EL_CONF_UINT,     /* uint64_t, from min to max */
    EL_CONF_DURATION, /* uint64_t nanoseconds; "90", "90s", "15m", "8h", "2d", "20ms";
                       * min and max are seconds */
    EL_CONF_IP,       /* struct el_ip */
    EL_CONF_PREFIX,   /* struct el_prefix */
    EL_CONF_CHOICE,   /* unsigned: the index in choices */
    EL_CONF_CUSTOM,   /* parse() stores it; may repeat */
};

struct el_conf_option {
    const char *name;
    enum el_conf_type type;
    size_t offset;        /* of the member in the applet's struct; unused by EL_CONF_CUSTOM */
    const char *metavar;  /* how the manual calls the value; NULL for a flag */
    const char *fallback; /* the default, in the same notation; NULL: the member is left alone */
    const char *help;     /* one or two sentences */
    uint64_t min, max;    /* max 0: no limit */
    const char *const *choices; /* NULL-terminated */
    /* Stores one value in VALUES (the applet's struct); the string lives as long as the el_conf.
     * 0, or an error with what is wrong with the value. */
    int (*parse)(void *values, const char *text, struct el_err *err);
    bool required;
    bool repeat;
};

/* Sections with a name, which are in files only:
 *
 *     [network lab2]
 *     vni = 78
 *
 * Each gives a struct of its own. Two with the same name are one. */
struct el_conf_section {
    const char *name;    /* "network" */
    const char *metavar; /* how the manual calls the name that follows */
    const char *help;
    const struct el_conf_option *options;
    size_t count;
    bool alone; /* without a name it is another applet's section */
    /* The struct in which NAME's options are stored next, at their offsets, or by their parse(): it
     * may move afterwards. NULL with what is wrong with NAME. */
    void *(*add)(void *values, const char *name, struct el_err *err);
};

enum { EL_CONF_SECTIONS = 4 }; /* of one applet */

struct el_conf_schema {
    const char *name;    /* of the applet, and of its section in the file */
    const char *summary; /* half a line, for the list of applets */
    const char *usage;   /* what follows the name in the usage line */
    const char *manual;  /* paragraphs */
    const struct el_conf_option *options;
    size_t count;
    /* Options of a struct that is a member of several applets', at PART_OFFSET of this one's, which
     * their own offsets do not count. */
    const struct el_conf_option *part;
    size_t part_count, part_offset;
    /* Options that another applet has too, at the same offsets: what a supervisor passes on. */
    const struct el_conf_option *shared;
    size_t shared_count;
    const struct el_conf_section *sections;
    size_t section_count;
    unsigned positional_min, positional_max; /* arguments that are not options */
    bool service; /* it stays and has a state: there are --check and --diff */
};

struct el_conf;

/* Makes an empty configuration that will be stored in VALUES, which must outlive it. SCHEMA's
 * options are followed by those that every applet has. NULL if out of memory. */
struct el_conf *el_conf_new(const struct el_conf_schema *schema, void *values);
void el_conf_free(struct el_conf *conf); /* NULL is allowed */

/* Reads ARGV (without the applet's name), once; it must outlive the el_conf. 0, or EL_EINVAL with
 * the sentence. */
int el_conf_args(struct el_conf *conf, int argc, char *const *argv, struct el_err *err);

/* Reads the text of an INI file; ORIGIN (its name) stands in messages. */
int el_conf_file(struct el_conf *conf, const char *text, const char *origin, struct el_err *err);

/* Stores what counts and checks what is required; only `help` if that was said. */
int el_conf_finish(struct el_conf *conf, struct el_err *err);

/* What stood on the command line that is not an option. */
unsigned el_conf_positionals(const struct el_conf *conf, const char *const **texts);

/* What counts of what was said for NAME (the last value of an option that may repeat), without
 * looking at the default; NULL if nothing. */
const char *el_conf_said(const struct el_conf *conf, const char *name);

/* The effective configuration as an INI file, which has the same effect when it is read again; the
 * result is the caller's to free. */
char *el_conf_print(const struct el_conf *conf);

/* Only the shared options, or only those about the log, without a section's name: what a supervisor
 * passes to its applets. The result is the caller's to free. */
char *el_conf_print_shared(const struct el_conf *conf);
char *el_conf_print_common(const struct el_conf *conf);

/* Prints what differs between two texts of el_conf_print(), by option: lines that begin with '-'
 * are in FROM only, with '+' in TO only. An option of [network lab2] is called network.lab2.vni. If
 * there is nothing but another order of values of one option, these are all of them. Returns how
 * many lines that were. */
unsigned el_conf_diff(FILE *out, const char *from, const char *to);

/* The manual of an applet: for a terminal, or as a man page (section 8, man(7) macros). The result
 * is the caller's to free. */
char *el_conf_manual(const struct el_conf_schema *schema, bool roff);

/* Options that every applet has; in values of this type at the start of each applet's struct. */
struct el_conf_common {
    const char *config; /* the INI file, or NULL */
    unsigned log_level;
    unsigned log_format;
    bool show_config;
    bool check, diff; /* of a service */
    bool help;
};

/* The member of NAMES (NULL-terminated) that is nearest to WORD, if it is near enough to be a slip
 * of the fingers, else NULL. */
const char *el_conf_nearest(const char *word, const char *const *names);

#endif
