/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Groups of symbols to and from text, and what is said of a text that is wrong.
 *
 * Reading stops at the first group that does not fit. Why it does not is found out by looking on
 * from there: a group left out or read twice moves all that follow by one, a character left out
 * shows in the length of what stands between two separators, and a plain mistake leaves the others
 * right.
 */
#include "enrol/token_text.h"

#include "enrol/base32.h"
#include "enrol/token.h"

#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum {
    HEAD = 3,  /* symbols for version and number of groups */
    DATA = 5,  /* symbols of a group, */
    GROUP = 6, /* and with the one that checks them */
    GROUPS_MIN = EL_ENROL_GROUPS(EL_ENROL_TOKEN_BYTES_MIN),
    GROUPS_MAX = EL_ENROL_GROUPS(EL_ENROL_TOKEN_BYTES_MAX),
    RUN_MAX = 2 * GROUP, /* a longer one is a text without separators */
    WRONG_LISTED = 5,    /* wrong groups that are named; with more, it is something else */
};

_Static_assert(GROUPS_MAX *(GROUP + 1) == EL_ENROL_TOKEN_TEXT, "the longest text");

static const char separators[] = " -\t\r\n";

struct group {
    uint8_t symbols[GROUP];
    unsigned count; /* of symbols; fewer than GROUP before the text's end or a stranger */
    char stranger;  /* a character that is no symbol, or NUL */
    size_t run;     /* characters between the two separators around the group's first */
};

/* What is known of a text while it is read. */
struct reading {
    const char *at;
    unsigned index; /* of the group that begins there */
    unsigned total; /* groups that there should be; 0 before the first one is read */
};

/* -- groups -- */

static uint8_t twice(uint8_t x)
{
    return (uint8_t)((x << 1 ^ (x & 16 ? 0x25 : 0)) & 31);
}

/* The weights are 2^5 for the first symbol to 2 for the last, and 1 for the check itself. The mark
 * of the group's number also makes sure that six zeros are no first group. */
static uint8_t check_symbol(const uint8_t symbols[DATA], unsigned index)
{
    uint8_t sum = 0;

    for (unsigned i = 0; i < DATA; i++)
        sum = twice(sum ^ symbols[i]);
    return sum ^ (31 - index % 32);
}

static bool fits(const struct group *group, unsigned index)
{
    return group->count == GROUP && group->symbols[DATA] == check_symbol(group->symbols, index);
}

static struct group next_group(const char **at)
{
    struct group group = {0};

    *at += strspn(*at, separators);
    group.run = strcspn(*at, separators);
    while (**at && group.count < GROUP) {
        int value = el_enrol_crockford_value(**at);
        if (value < 0) {
            group.stranger = **at;
            break;
        }
        group.symbols[group.count++] = (uint8_t)value;
        *at += 1;
        *at += strspn(*at, separators);
    }
    return group;
}

/* -- what is wrong -- */

/* "group 4 of 23" */
static const char *name_group(char name[32], const struct reading *r)
{
    if (r->total)
        snprintf(name, 32, "group %u of %u", r->index + 1, r->total);
    else
        snprintf(name, 32, "group %u", r->index + 1);
    return name;
}

static int say_stranger(const struct reading *r, char stranger, struct el_err *err)
{
    char group[32];

    name_group(group, r);
    if (stranger > ' ' && stranger < 0x7f)
        return el_err(
            err, EL_EINVAL,
            "token: %s has a '%c' in it: read it again; there are digits and letters, but "
            "no U",
            group, stranger);
    return el_err(err, EL_EINVAL,
                  "token: %s has a character in it that no keyboard shows (0x%02x): type it anew",
                  group, (unsigned char)stranger);
}

static int say_ended(const struct reading *r, unsigned count, struct el_err *err)
{
    char group[32];

    if (r->index == 0 && count == 0)
        return el_err(err, EL_ESHORT,
                      "token: nothing is there: give the line that `el2w token create` printed");
    if (count)
        return el_err(err, EL_ESHORT, "token: it ends in the middle of %s: copy all of it",
                      name_group(group, r));
    return el_err(err, EL_ESHORT, "token: it ends after group %u of %u: copy all of it", r->index,
                  r->total);
}

/* True if all groups from AT to the text's end fit, the first of them as number INDEX, and that is
 * where the token ends; where that is not known, two will do. */
static bool all_fit(const char *at, unsigned index, unsigned total)
{
    unsigned from = index;
    struct group group = next_group(&at);

    for (; fits(&group, index); group = next_group(&at))
        index++;
    if (group.count || group.stranger)
        return false;
    return total ? index == total && index > from : index - from >= 2;
}

/* Names the wrong groups, of which the first one is where R stands. */
static int say_mistyped(struct reading r, struct el_err *err)
{
    char list[WRONG_LISTED * sizeof ", 533"];
    unsigned first = r.index + 1, wrong = 0;
    size_t used = 0;

    for (; r.index < r.total || wrong == 0; r.index++) {
        struct group group = next_group(&r.at);
        if (group.count < GROUP)
            break;
        if (fits(&group, r.index))
            continue;
        if (++wrong > WRONG_LISTED)
            return el_err(err, EL_EINVAL,
                          "token: group %u of %u does not fit, and most behind it neither: read it "
                          "again; a character may be missing, or one too many",
                          first, r.total);
        used += (size_t)snprintf(list + used, sizeof list - used, "%s%u", wrong > 1 ? ", " : "",
                                 r.index + 1);
    }
    if (wrong > 1)
        return el_err(err, EL_EINVAL, "token: groups %s of %u are mistyped: read them again", list,
                      r.total);
    r.index = first - 1;
    char group[32];
    return el_err(err, EL_EINVAL, "token: %s is mistyped: read it again", name_group(group, &r));
}

/* GROUP, which begins where R stands, does not fit. */
static int say_wrong(const struct reading *r, const struct group *group, struct el_err *err)
{
    const char *behind = r->at;
    char name[32];

    name_group(name, r);
    if (group->stranger)
        return say_stranger(r, group->stranger, err);
    if (group->count < GROUP)
        return say_ended(r, group->count, err);
    if (all_fit(r->at, r->index + 1, r->total))
        return el_err(err, EL_ESHORT, "token: %s is missing", name);
    (void)next_group(&behind);
    if (r->total && all_fit(behind, r->index, r->total))
        return el_err(err, EL_EINVAL,
                      "token: between the groups %u and %u of %u stands one too many: leave it out",
                      r->index, r->index + 1, r->total);
    struct group next = next_group(&behind);
    bool in_step = fits(&next, r->index + 1);
    if (!in_step && group->run != GROUP && group->run < RUN_MAX)
        return el_err(err, EL_EINVAL, "token: %s has %zu characters instead of %d: read it again",
                      name, group->run, GROUP);
    return say_mistyped(*r, err);
}

/* The first group tells the version, which decides about all the rest, and the number of groups. */
static int read_head(const struct group *group, unsigned *total, struct el_err *err)
{
    if (group->symbols[0] != EL_ENROL_TOKEN_VERSION)
        return el_err(err, EL_ENOTSUP,
                      "token: it is of version %u, and this el2w knows version %d: use the same "
                      "el2w here as on the hub",
                      group->symbols[0], EL_ENROL_TOKEN_VERSION);
    *total = group->symbols[1] * 32u + group->symbols[2];
    if (*total < GROUPS_MIN || *total > GROUPS_MAX)
        return el_err(err, EL_EPROTO,
                      "token: it is said to have %u groups, and none has: make a new one", *total);
    return 0;
}

/* -- whole texts -- */

size_t el_enrol_token_text(const uint8_t *bytes, size_t len, char *text)
{
    uint8_t symbols[GROUPS_MAX * DATA] = {0};
    unsigned groups = (unsigned)EL_ENROL_GROUPS(len);
    char *to = text;

    symbols[0] = EL_ENROL_TOKEN_VERSION;
    symbols[1] = groups / 32 & 31;
    symbols[2] = groups % 32;
    el_enrol_to_symbols(bytes, len, symbols + HEAD);
    for (unsigned index = 0; index < groups; index++) {
        const uint8_t *group = symbols + (size_t)index * DATA;
        for (unsigned i = 0; i < DATA; i++)
            *to++ = el_enrol_crockford[group[i]];
        *to++ = el_enrol_crockford[check_symbol(group, index)];
        *to++ = '-';
    }
    *--to = '\0';
    sodium_memzero(symbols, sizeof symbols);
    return (size_t)(to - text);
}

static int read_symbols(const char *text, uint8_t symbols[GROUPS_MAX * DATA], struct el_err *err)
{
    struct reading r = {.at = text};

    do {
        const char *at = r.at;
        struct group group = next_group(&at);
        if (!fits(&group, r.index))
            return say_wrong(&r, &group, err);
        int failed = r.index == 0 ? read_head(&group, &r.total, err) : 0;
        if (failed)
            return failed;
        memcpy(symbols + (size_t)r.index * DATA, group.symbols, DATA);
        sodium_memzero(&group, sizeof group);
        r.at = at;
        r.index++;
    } while (r.index < r.total);
    if (*r.at)
        return el_err(err, EL_EINVAL,
                      "token: behind its %u groups stands something more: leave it out", r.total);
    return (int)r.total;
}

int el_enrol_token_text_read(const char *text, uint8_t bytes[EL_ENROL_TOKEN_BYTES_MAX],
                             struct el_err *err)
{
    uint8_t symbols[GROUPS_MAX * DATA];
    int groups = read_symbols(text, symbols, err);
    int result = groups < 0 ? groups : EL_ENROL_GROUP_ROOM(groups);

    if (groups > 0 && !el_enrol_from_symbols(symbols + HEAD, (size_t)groups * DATA - HEAD, bytes))
        result = el_err(err, EL_EPROTO, "token: its end is none: make a new one");
    sodium_memzero(symbols, sizeof symbols);
    return result;
}

int el_enrol_token_group(const char *text, unsigned index, unsigned *count, struct el_err *err)
{
    struct reading r = {.at = text, .index = index};
    const char *at = text;
    struct group group = next_group(&at);
    unsigned total = 0;
    int result = 0;

    if (group.stranger)
        result = say_stranger(&r, group.stranger, err);
    else if (group.count < GROUP)
        result = el_err(err, EL_ESHORT, "token: group %u has %u characters instead of %d",
                        index + 1, group.count, GROUP);
    else if (*at)
        result =
            el_err(err, EL_EINVAL, "token: group %u has more than %d characters", index + 1, GROUP);
    else if (!fits(&group, index))
        result = el_err(err, EL_EINVAL, "token: group %u is mistyped: read it again", index + 1);
    else if (index == 0)
        result = read_head(&group, &total, err);
    if (result == 0 && count && index == 0)
        *count = total;
    sodium_memzero(&group, sizeof group);
    return result;
}
