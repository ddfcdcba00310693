/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What differs between two configurations as el_conf_print() writes them: lines `name = value`, all
 * of one name together. What was not said (`# name =`) is not there. Names may be in one text only:
 * the other may be of an older or newer program.
 *
 * So that a line says where it stands, both texts are made flat first: below [network lab2], vni
 * becomes network.lab2.vni.
 */
#include "base/conf.h"

#include <stdlib.h>
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

static unsigned diff_flat(FILE *out, const char *from, const char *to)
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

/* Prints what stands before the options of the section that LINE begins: "network.lab2.", or
 * nothing for an applet's own, which has one word. */
static void print_prefix(FILE *out, struct line section)
{
    const char *space = section.len ? memchr(section.at, ' ', section.len) : NULL;

    if (!space)
        return;
    int kind = (int)(space - section.at) - 1, name = (int)section.len - kind - 3;
    fprintf(out, "%.*s.%.*s.", kind, section.at + 1, name, space + 1);
}

/* The caller's to free; NULL: out of memory. */
static char *flat(const char *text)
{
    struct line section = {"", 0};
    char *made = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&made, &len);

    if (!out)
        return NULL;
    for (struct line line = first_line(text); *line.at; line = next_line(line)) {
        if (line.len && line.at[0] == '[')
            section = line;
        if (!is_value(line))
            continue;
        print_prefix(out, section);
        fprintf(out, "%.*s\n", (int)line.len, line.at);
    }
    if (fclose(out) == 0)
        return made;
    free(made);
    return NULL;
}

unsigned el_conf_diff(FILE *out, const char *from, const char *to)
{
    char *flat_from = flat(from), *flat_to = flat(to);
    unsigned count = 1; /* who cannot compare does not say that all is the same */

    if (flat_from && flat_to)
        count = diff_flat(out, flat_from, flat_to);
    free(flat_from);
    free(flat_to);
    return count;
}
