/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What differs between two configurations as el_conf_print() writes them: lines `name = value`, all
 * of one name together. What was not said (`# name =`) is not there. Names may be in one text only:
 * the other may be of an older or newer program.
 */
#include "base/conf.h"

#include <string.h>

/* A line, without its newline; at its end AT is the text's end. */
struct line {
    const char *at;
    size_t len;
};

static struct line first_line(const char *text)
{
    return (struct line){text, strcspn(text, "\n")};
}

static struct line next_line(struct line line)
{
    return first_line(line.at + line.len + (line.at[line.len] == '\n'));
}

static bool is_value(struct line line)
{
    return line.len && line.at[0] != '#' && line.at[0] != '[';
}

static size_t name_length(struct line line)
{
    return strcspn(line.at, " =\n");
}

static bool same_name(struct line a, struct line b)
{
    return is_value(a) && is_value(b) && name_length(a) == name_length(b) &&
           memcmp(a.at, b.at, name_length(a)) == 0;
}

static bool same(struct line a, struct line b)
{
    return a.len == b.len && memcmp(a.at, b.at, a.len) == 0;
}

static unsigned count_of(const char *text, struct line wanted)
{
    unsigned count = 0;

    for (struct line line = first_line(text); *line.at; line = next_line(line))
        count += is_value(line) && same(line, wanted);
    return count;
}

/* Prints, behind SIGN, the lines of NAMED's option in TEXT; those that OTHER has as often, only if
 * ALL. How many. */
static unsigned print_lines(FILE *out, char sign, const char *text, const char *other,
                            struct line named, bool all)
{
    unsigned count = 0;

    for (struct line line = first_line(text); *line.at; line = next_line(line)) {
        if (!same_name(line, named) || (!all && count_of(text, line) == count_of(other, line)))
            continue;
        if (out)
            fprintf(out, "%c%.*s\n", sign, (int)line.len, line.at);
        count++;
    }
    return count;
}

/* Whether the lines of NAMED's option are the same in both texts, in the same order. */
static bool same_order(const char *from, const char *to, struct line named)
{
    struct line a = first_line(from), b = first_line(to);

    for (;; a = next_line(a), b = next_line(b)) {
        while (*a.at && !same_name(a, named))
            a = next_line(a);
        while (*b.at && !same_name(b, named))
            b = next_line(b);
        if (!*a.at || !*b.at)
            return !*a.at && !*b.at;
        if (!same(a, b))
            return false;
    }
}

static unsigned diff_option(FILE *out, const char *from, const char *to, struct line named)
{
    if (same_order(from, to, named))
        return 0;
    bool all = print_lines(NULL, '-', from, to, named, false) == 0 &&
               print_lines(NULL, '+', to, from, named, false) == 0;
    unsigned count = print_lines(out, '-', from, to, named, all);
    return count + print_lines(out, '+', to, from, named, all);
}

/* Whether LINE is the first of TEXT with its option. */
static bool is_first(const char *text, struct line line)
{
    for (struct line before = first_line(text); before.at < line.at; before = next_line(before))
        if (same_name(before, line))
            return false;
    return is_value(line);
}

static bool has_option(const char *text, struct line named)
{
    for (struct line line = first_line(text); *line.at; line = next_line(line))
        if (same_name(line, named))
            return true;
    return false;
}

unsigned el_conf_diff(FILE *out, const char *from, const char *to)
{
    unsigned count = 0;

    for (struct line line = first_line(from); *line.at; line = next_line(line))
        if (is_first(from, line))
            count += diff_option(out, from, to, line);
    for (struct line line = first_line(to); *line.at; line = next_line(line))
        if (is_first(to, line) && !has_option(from, line))
            count += diff_option(out, from, to, line);
    return count;
}
