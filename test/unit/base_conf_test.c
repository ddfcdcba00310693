/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Configuration: what may be said on the command line and in a file, what counts, what is told to a
 * person who slipped, and that a printed configuration has the effect of the original. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/addr.h"
#include "base/conf.h"
#include "base/time.h"

enum { ARGS_MAX = 24, WORDS_MAX = 8 };

struct echo {
    struct el_conf_common common;
    const char *name;
    uint64_t count;
    uint64_t wait_ns;
    uint64_t any_ns;
    struct el_ip ip;
    struct el_prefix range;
    unsigned colour;
    bool loud;
    const char *words[WORDS_MAX];
    unsigned word_count;
    struct tail {
        const char *how;
        uint64_t high;
    } tail;
    uint64_t shared;
};

static int add_word(void *values, const char *text, struct el_err *err)
{
    struct echo *echo = values;

    if (strcmp(text, "swear") == 0)
        return el_err(err, EL_EINVAL, "%s: not here", text);
    if (echo->word_count == WORDS_MAX)
        return el_err(err, EL_EFULL, "too many words");
    echo->words[echo->word_count++] = text;
    return 0;
}

static const char *const colours[] = {"red", "green", "blue", NULL};

#define AT(member) offsetof(struct echo, member)

static const struct el_conf_option options[] = {
    {.name = "name",
     .type = EL_CONF_STRING,
     .offset = AT(name),
     .metavar = "NAME",
     .help = "Whom to greet."},
    {.name = "count",
     .type = EL_CONF_UINT,
     .offset = AT(count),
     .metavar = "N",
     .fallback = "1",
     .help = "How often.",
     .min = 1,
     .max = 1000},
    {.name = "wait",
     .type = EL_CONF_DURATION,
     .offset = AT(wait_ns),
     .metavar = "TIME",
     .fallback = "2s",
     .help = "How long.",
     .min = 1,
     .max = 3600},
    {.name = "any",
     .type = EL_CONF_DURATION,
     .offset = AT(any_ns),
     .metavar = "TIME",
     .help = "Any time."},
    {.name = "ip", .type = EL_CONF_IP, .offset = AT(ip), .metavar = "IP", .help = "Where."},
    {.name = "range",
     .type = EL_CONF_PREFIX,
     .offset = AT(range),
     .metavar = "RANGE",
     .fallback = "10.0.0.0/8",
     .help = "Which."},
    {.name = "colour",
     .type = EL_CONF_CHOICE,
     .offset = AT(colour),
     .metavar = "COLOUR",
     .fallback = "green",
     .help = "In which colour.",
     .choices = colours},
    {.name = "loud", .type = EL_CONF_FLAG, .offset = AT(loud), .help = "Shout."},
    {.name = "word",
     .type = EL_CONF_CUSTOM,
     .metavar = "WORD",
     .fallback = "hello",
     .help = "What to say.",
     .parse = add_word,
     .repeat = true},
};

static const struct el_conf_option part[] = {
    {.name = "high",
     .type = EL_CONF_UINT,
     .offset = offsetof(struct tail, high),
     .metavar = "N",
     .fallback = "3",
     .help = "Of a tail."},
};

static const struct el_conf_option shared[] = {
    {.name = "shared",
     .type = EL_CONF_UINT,
     .offset = AT(shared),
     .metavar = "N",
     .fallback = "5",
     .help = "Another applet has it too."},
};

static const struct el_conf_schema schema = {
    .name = "echo",
    .summary = "say it again",
    .usage = "[OPTIONS] [PLACE]",
    .manual = "Says a word.\n\n  example # 1\n  example # 2\n\n.dots and 'quotes' \\ `~^ are text.",
    .options = options,
    .count = sizeof options / sizeof options[0],
    .part = part,
    .part_count = 1,
    .part_offset = AT(tail),
    .shared = shared,
    .shared_count = 1,
    .positional_max = 1,
};

static const struct el_conf_option needed[] = {
    {.name = "hub",
     .type = EL_CONF_STRING,
     .metavar = "HOST",
     .offset = AT(name),
     .help = "Where the hub is.",
     .required = true},
};

static const struct el_conf_schema strict = {
    .name = "strict",
    .summary = "needs things",
    .usage = "--hub HOST FILE",
    .manual = "Needs.",
    .options = needed,
    .count = 1,
    .positional_min = 1,
    .positional_max = 1,
};

/* One configuration and what came of it. */
struct said {
    struct echo values;
    struct el_conf *conf;
    struct el_err err;
    int rc;
};

/* Reads ARGS (separated by '|'; NULL: none), then FILE (NULL: none). */
static void say_to(struct said *said, const struct el_conf_schema *to, const char *args,
                   const char *file)
{
    static char words[400];
    char *argv[ARGS_MAX];
    int argc = 0;

    *said = (struct said){.err = {""}};
    said->conf = el_conf_new(to, &said->values);
    assert_non_null(said->conf);
    snprintf(words, sizeof words, "%s", args ? args : "");
    for (char *at = words; args && at; argc++) {
        argv[argc] = at;
        at = strchr(at, '|');
        if (at)
            *at++ = '\0';
    }
    said->rc = el_conf_args(said->conf, argc, argv, &said->err);
    if (said->rc == 0 && file)
        said->rc = el_conf_file(said->conf, file, "f.ini", &said->err);
    if (said->rc == 0)
        said->rc = el_conf_finish(said->conf, &said->err);
}

/* The same for a configuration that is right. */
static const struct echo *hear(struct said *said, const char *args, const char *file)
{
    say_to(said, &schema, args, file);
    if (said->rc < 0)
        fail_msg("refused: %s", said->err.text);
    return &said->values;
}

static void refused(const char *args, const char *file, const char *message)
{
    struct said said;

    say_to(&said, &schema, args, file);
    assert_int_equal(said.rc, EL_EINVAL);
    assert_string_equal(said.err.text, message);
    el_conf_free(said.conf);
}

static void defaults_hold_without_a_word(void **state)
{
    struct said said;
    const struct echo *v = hear(&said, NULL, NULL);
    char text[EL_PREFIX_TEXT];

    (void)state;
    assert_null(v->name);
    assert_int_equal(v->count, 1);
    assert_int_equal(v->wait_ns, 2 * EL_S);
    assert_int_equal(v->any_ns, 0);
    assert_int_equal(v->ip.family, 0);
    assert_string_equal(el_prefix_text(&v->range, text), "10.0.0.0/8");
    assert_int_equal(v->colour, 1);
    assert_false(v->loud);
    assert_int_equal(v->word_count, 1);
    assert_string_equal(v->words[0], "hello");
    assert_int_equal(v->tail.high, 3);
    assert_null(v->tail.how);
    assert_int_equal(v->shared, 5);
    assert_int_equal(v->common.log_level, 2);
    assert_null(el_conf_said(said.conf, "count"));
    assert_null(el_conf_said(said.conf, "nonsense"));
    el_conf_free(said.conf);
    el_conf_free(NULL);
}

static void check_every_type(const char *args, const char *file)
{
    struct said said;
    const struct echo *v = hear(&said, args, file);
    char text[EL_PREFIX_TEXT];

    assert_string_equal(v->name, "a=b # c");
    assert_int_equal(v->count, 7);
    assert_int_equal(v->wait_ns, 1500 * EL_MS);
    assert_int_equal(v->any_ns, 0);
    assert_string_equal(el_ip_text(&v->ip, text), "::1");
    assert_string_equal(el_prefix_text(&v->range, text), "fd00::/8");
    assert_int_equal(v->colour, 2);
    assert_true(v->loud);
    assert_int_equal(v->tail.high, 8);
    assert_int_equal(v->shared, 6);
    assert_int_equal(v->common.log_level, 3);
    assert_string_equal(el_conf_said(said.conf, "count"), "7");
    el_conf_free(said.conf);
}

static void both_places_take_every_type(void **state)
{
    (void)state;
    check_every_type(
        "--name=a=b # c|--count|7|--wait|1500ms|--any|0|--ip|::1|--range=fd00::/8|--colour"
        "|blue|--loud|--high|8|--shared|6|--log-level|debug",
        NULL);
    check_every_type(NULL, "name = a=b # c\ncount=7\n wait\t=  1500ms \r\nany = 0\nip=::1\n"
                           "range=fd00::/8\ncolour = blue\nloud = on\nhigh = 8\nshared = 6\n"
                           "log-level = debug");
}

static void the_command_line_wins(void **state)
{
    struct said said;
    const struct echo *v = hear(&said, "--count|2|--count|3", "count = 4\nname = file\n");

    (void)state;
    assert_int_equal(v->count, 3);
    assert_string_equal(v->name, "file");
    assert_string_equal(el_conf_said(said.conf, "count"), "3");
    el_conf_free(said.conf);
    v = hear(&said, NULL, "count = 4\nloud = yes\ncount = 5\nloud = no");
    assert_int_equal(v->count, 5);
    assert_false(v->loud);
    el_conf_free(said.conf);
    v = hear(&said, "--count|2|--loud=no",
             "count = banana\nloud = yes"); /* has lost: not looked at */
    assert_int_equal(v->count, 2);
    assert_false(v->loud);
    el_conf_free(said.conf);
}

static void what_repeats_adds_up(void **state)
{
    struct said said;
    const struct echo *v = hear(&said, "--word|c|--count|2|--word|d", "word = a\nword = b\n");

    (void)state;
    assert_int_equal(v->word_count, 4); /* and not the default */
    for (unsigned i = 0; i < 4; i++)
        assert_string_equal(v->words[i], &"a\0b\0c\0d"[2 * i]);
    assert_string_equal(el_conf_said(said.conf, "word"), "d");
    el_conf_free(said.conf);
}

static void positionals_stand_anywhere(void **state)
{
    const char *const *texts;
    struct said said;

    (void)state;
    (void)hear(&said, "--count|2|mars|--loud", NULL);
    assert_int_equal(el_conf_positionals(said.conf, &texts), 1);
    assert_string_equal(texts[0], "mars");
    el_conf_free(said.conf);
    (void)hear(&said, "--|--loud", NULL);
    assert_false(said.values.loud);
    assert_int_equal(el_conf_positionals(said.conf, &texts), 1);
    assert_string_equal(texts[0], "--loud");
    el_conf_free(said.conf);
    (void)hear(&said, "-", NULL); /* standard input, by custom */
    assert_int_equal(el_conf_positionals(said.conf, &texts), 1);
    el_conf_free(said.conf);
    (void)hear(&said, NULL, NULL);
    assert_int_equal(el_conf_positionals(said.conf, &texts), 0);
    assert_null(texts[0]);
    el_conf_free(said.conf);
    refused("a|b", NULL, "b: one argument too many; usage: el2w echo [OPTIONS] [PLACE]");
}

static void values_may_look_odd(void **state)
{
    struct said said;

    (void)state;
    assert_string_equal(hear(&said, "--name=", NULL)->name, "");
    el_conf_free(said.conf);
    assert_string_equal(hear(&said, "--name|", NULL)->name, "");
    el_conf_free(said.conf);
    assert_string_equal(hear(&said, "--name|-", NULL)->name, "-");
    el_conf_free(said.conf);
    assert_string_equal(hear(&said, "--name=--loud", NULL)->name, "--loud");
    el_conf_free(said.conf);
    assert_string_equal(hear(&said, "--name|  a b \t", NULL)->name, "a b");
    el_conf_free(said.conf);
    assert_string_equal(hear(&said, NULL, "name=\r\n")->name, "");
    el_conf_free(said.conf);
    assert_string_equal(hear(&said, NULL, "name = [x]")->name, "[x]");
    el_conf_free(said.conf);
    refused("--name|a\nloud = yes", NULL, "--name: the value has a line break in it");
}

/* -- sections with a name -- */

enum { ROOMS = 4 };

struct house {
    struct el_conf_common common;
    uint64_t floors;
    struct room {
        const char *name;
        uint64_t windows;
        const char *doors[ROOMS];
        unsigned door_count;
    } rooms[ROOMS];
    unsigned room_count;
};

static void *add_room(void *values, const char *name, struct el_err *err)
{
    struct house *house = values;

    if (strcmp(name, "hell") == 0) {
        el_err(err, EL_EINVAL, "hell: not here");
        return NULL;
    }
    house->rooms[house->room_count].name = name;
    return &house->rooms[house->room_count++];
}

static int add_door(void *room, const char *text, struct el_err *err)
{
    struct room *to = room;

    (void)err;
    to->doors[to->door_count++] = text;
    return 0;
}

static const struct el_conf_option room_options[] = {
    {.name = "windows",
     .type = EL_CONF_UINT,
     .offset = offsetof(struct room, windows),
     .metavar = "N",
     .fallback = "1",
     .help = "How many."},
    {.name = "door",
     .type = EL_CONF_CUSTOM,
     .metavar = "WHERE",
     .help = "A door.",
     .parse = add_door,
     .required = true,
     .repeat = true},
};

static const struct el_conf_section house_sections[] = {{.name = "room",
                                                         .metavar = "NAME",
                                                         .help = "A room.",
                                                         .options = room_options,
                                                         .count = 2,
                                                         .add = add_room}};

static const struct el_conf_option house_options[] = {{.name = "floors",
                                                       .type = EL_CONF_UINT,
                                                       .offset = offsetof(struct house, floors),
                                                       .metavar = "N",
                                                       .fallback = "1",
                                                       .help = "How many."}};

static const struct el_conf_schema house_schema = {.name = "house",
                                                   .summary = "a house",
                                                   .usage = "",
                                                   .manual = "A house.",
                                                   .options = house_options,
                                                   .count = 1,
                                                   .sections = house_sections,
                                                   .section_count = 1};

/* The caller's to free; NULL: refused, with ERR. */
static struct el_conf *build(struct house *house, const char *file, struct el_err *err)
{
    struct el_conf *conf = el_conf_new(&house_schema, house);

    *house = (struct house){0};
    assert_non_null(conf);
    int rc = el_conf_file(conf, file, "f.ini", err);
    if (rc == 0)
        rc = el_conf_finish(conf, err);
    if (rc == 0)
        return conf;
    assert_int_equal(rc, EL_EINVAL);
    el_conf_free(conf);
    return NULL;
}

static void a_section_with_a_name_is_a_struct(void **state)
{
    struct house house, again;
    struct el_err err;
    struct el_conf *conf =
        build(&house,
              "[room bath]\ndoor = hall\nwindows = 0\n[house]\nfloors = 2\n"
              "[ room\thall ]\ndoor = bath\ndoor = street\n[other]\nx = y\n[room bath]\n"
              "windows = 3\n",
              &err);

    (void)state;
    assert_non_null(conf);
    assert_int_equal(house.floors, 2);
    assert_int_equal(house.room_count, 2);
    assert_string_equal(house.rooms[0].name, "bath");
    assert_int_equal(house.rooms[0].windows, 3);
    assert_int_equal(house.rooms[0].door_count, 1);
    assert_string_equal(house.rooms[1].name, "hall");
    assert_int_equal(house.rooms[1].windows, 1);
    assert_string_equal(house.rooms[1].doors[1], "street");
    char *text = el_conf_print(conf);
    assert_non_null(strstr(text, "\n[room hall]\nwindows = 1\ndoor = bath\ndoor = street\n"));
    struct el_conf *printed = build(&again, text, &err);
    assert_non_null(printed);
    char *text_again = el_conf_print(printed);
    assert_string_equal(text_again, text);
    free(text_again);
    free(text);
    el_conf_free(printed);
    el_conf_free(conf);
}

static void what_is_wrong_in_a_section(void **state)
{
    static const struct {
        const char *file, *message;
    } table[] = {
        {"[roon bath]\n", "f.ini:1: unknown section [roon ...] (did you mean [room ...]?)"},
        {"[garden back]\n", "f.ini:1: unknown section [garden ...]"},
        {"[room bath]\ndoors = 1\n", "f.ini:2: unknown option doors (did you mean door?)"},
        {"\n[room bath]\n", "f.ini:2: door = WHERE is missing in [room bath]"},
        {"[room bath]\ndoor = x\nwindows = many\n",
         "f.ini:3: windows: \"many\" is not a number from 0"},
        {"[room hell]\ndoor = x\n", "f.ini:1: hell: not here"},
        {"[room]\n", "f.ini:1: which one? [room NAME]"},
        {"[ room ]\n", "f.ini:1: which one? [room NAME]"},
        {"[room a b\n", "f.ini:1: the section's name does not end with ]"},
    };
    struct house house;

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct el_err err = {""};
        assert_null(build(&house, table[i].file, &err));
        assert_string_equal(err.text, table[i].message);
    }
    struct said said; /* one without such sections leaves them to others */
    hear(&said, NULL, "[room bath]\nnonsense\n");
    el_conf_free(said.conf);
}

static void the_manual_has_the_sections(void **state)
{
    char *text = el_conf_manual(&house_schema, false);
    char *page = el_conf_manual(&house_schema, true);

    (void)state;
    assert_non_null(strstr(text, "below [room NAME]:\n\nA room.\n\n  windows = N\n"));
    assert_non_null(strstr(page, ".TP\n\\fBdoor\\fR = \\fIWHERE\\fR\nA door."));
    free(text);
    free(page);
}

static void sections_choose_the_applet(void **state)
{
    static const struct {
        const char *file;
        unsigned count;
    } table[] = {
        {"", 1},
        {"\n\r\n \t\n", 1},
        {"# count = 2\n; count = 3\n  # count = 4", 1},
        {"count = 2", 2},
        {"[echo]\ncount = 2\n", 2},
        {"[echo]\r\ncount = 2\r\n", 2},
        {" [ echo ] \ncount = 2", 2},
        {"[other]\ncount = 2\nnonsense\nfoo = bar\n", 1},
        {"[other]\ncount = 2\n[echo]\ncount = 3", 3},
        {"count = 2\n[other]\ncount = 3", 2},
        {"[echo]\ncount = 2\n[other]\ncount = 3\n[echo]\n", 2},
        {"[]\ncount = 2", 1},
        {"[ech]\ncount = 2\n[echoo]\ncount = 3", 1},
        {"\xef\xbb\xbf[echo]\ncount = 2", 2},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct said said;
        assert_int_equal(hear(&said, NULL, table[i].file)->count, table[i].count);
        el_conf_free(said.conf);
    }
}

static void a_slip_gets_an_answer(void **state)
{
    (void)state;
    refused("--colur|red", NULL, "unknown option --colur (did you mean --colour?)");
    refused("--shred=1", NULL, "unknown option --shred (did you mean --shared?)");
    refused("--log-levle|info", NULL, "unknown option --log-levle (did you mean --log-level?)");
    refused("--nonsense", NULL, "unknown option --nonsense (el2w help echo lists them)");
    refused("--=x", NULL, "unknown option -- (el2w help echo lists them)");
    refused("--coun", NULL, "unknown option --coun (did you mean --count?)");
    refused("-v", NULL, "-v: there are long options only, such as --help");
    refused("--count", NULL, "--count needs a value: --count N");
    refused("--count|--loud", NULL, "--count needs a value: --count N");
    refused("--loud=perhaps", NULL, "--loud: \"perhaps\" is not yes or no");
    refused("--word|swear", NULL, "--word: swear: not here");

    refused(NULL, "\n\ncolur = red", "f.ini:3: unknown option colur (did you mean colour?)");
    refused(NULL, "zzzzzz=", "f.ini:1: unknown option zzzzzz (el2w help echo lists them)");
    refused(NULL, "count", "f.ini:1: expected `name = value`");
    refused(NULL, "= 5", "f.ini:1: unknown option  (el2w help echo lists them)");
    refused(NULL, "[", "f.ini:1: the section's name does not end with ]");
    refused(NULL, "[echo", "f.ini:1: the section's name does not end with ]");
    refused(NULL, "[echo] # ours", "f.ini:1: the section's name does not end with ]");
    refused(NULL, "count = 0\n", "f.ini:1: count: \"0\" is not a number from 1 to 1000");
    refused(NULL, "word = swear", "f.ini:1: word: swear: not here");
    refused(NULL, "config = f.ini", "f.ini:1: config is for the command line only");
    refused(NULL, "help = yes", "f.ini:1: help is for the command line only");
    refused(NULL, "show-config = no", "f.ini:1: show-config is for the command line only");
}

static void values_are_checked(void **state)
{
    static const char *const counts[] = {
        "", "0", "1001", "-1", "+1", "0x1", "1.0", "1 1", "one", "1e2", "18446744073709551617"};
    static const char *const times[] = {"",           "s",   "0",       "999ms",
                                        "3601",       "61m", "1.5h",    "-5s",
                                        "5 s",        "5S",  "213504d", "99999999999999999999",
                                        "18446744074"};
    char args[80], message[200];

    (void)state;
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        snprintf(args, sizeof args, "--count=%s", counts[i]);
        snprintf(message, sizeof message, "--count: \"%s\" is not a number from 1 to 1000",
                 counts[i]);
        refused(args, NULL, message);
    }
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        snprintf(args, sizeof args, "--wait=%s", times[i]);
        snprintf(message, sizeof message,
                 "--wait: \"%s\" is not a time such as 90s, 15m or 8h, from 1s to 3600s", times[i]);
        refused(args, NULL, message);
    }
    refused("--any|213504d", NULL, /* 2^64 nanoseconds are 213503.98 days */
            "--any: \"213504d\" is not a time such as 90s, 15m or 8h, from 0s");
    refused("--shared|-", NULL, "--shared: \"-\" is not a number from 0");
    refused("--ip|10.0.0.0/8", NULL, "--ip: \"10.0.0.0/8\" is not an IP address");
    refused("--range|10.0.0.0", NULL,
            "--range: \"10.0.0.0\" is not a range such as 192.168.77.0/24");
    refused("--colour|Red", NULL, "--colour: \"Red\" is not one of red, green, blue");
}

static void times_have_units(void **state)
{
    static const struct {
        const char *text;
        uint64_t ns;
    } table[] = {
        {"90", 90 * EL_S},   {"90s", 90 * EL_S},   {"20ms", 20 * EL_MS},
        {"15m", 900 * EL_S}, {"8h", 28800 * EL_S}, {"2d", 172800 * EL_S},
        {"007", 7 * EL_S},   {"0ms", 0},           {"213503d", UINT64_C(213503) * 86400 * EL_S},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct said said;
        char args[40];
        snprintf(args, sizeof args, "--any=%s", table[i].text);
        assert_true(hear(&said, args, NULL)->any_ns == table[i].ns);
        el_conf_free(said.conf);
    }
}

static void what_is_required_is_asked_for(void **state)
{
    struct said said;

    (void)state;
    say_to(&said, &strict, "file", NULL);
    assert_int_equal(said.rc, EL_EINVAL);
    assert_string_equal(said.err.text, "--hub HOST is missing: Where the hub is.");
    el_conf_free(said.conf);
    say_to(&said, &strict, NULL, "hub = h");
    assert_int_equal(said.rc, EL_EINVAL);
    assert_string_equal(said.err.text, "usage: el2w strict --hub HOST FILE");
    el_conf_free(said.conf);
    say_to(&said, &strict, "file", "hub = h");
    assert_int_equal(said.rc, 0);
    el_conf_free(said.conf);
    /* Who asks for help is told nothing else. */
    say_to(&said, &strict, "-h", NULL);
    assert_int_equal(said.rc, 0);
    assert_true(said.values.common.help);
    el_conf_free(said.conf);
    say_to(&said, &schema, "--count|0|--help", NULL);
    assert_int_equal(said.rc, 0);
    assert_true(said.values.common.help);
    el_conf_free(said.conf);
}

/* What is printed, read again, prints the same; and it is complete. */
static void what_is_printed_has_the_same_effect(void **state)
{
    struct said said, again;

    (void)state;
    (void)hear(&said, "--name| a=b #c |--word|y|--loud|--word|x", "word = z\ncount = 1000\n");
    char *text = el_conf_print(said.conf);
    assert_string_equal(text,
                        "[echo]\nname = a=b #c\ncount = 1000\nwait = 2s\n# any =\n# ip =\n"
                        "range = 10.0.0.0/8\ncolour = green\nloud = yes\nword = z\nword = y\n"
                        "word = x\nhigh = 3\nshared = 5\nlog-level = info\nlog-format = text\n");
    (void)hear(&again, NULL, text);
    char *text_again = el_conf_print(again.conf);
    assert_string_equal(text_again, text);
    assert_int_equal(again.values.word_count, 3);
    assert_string_equal(again.values.words[0], "z");
    assert_string_equal(again.values.words[2], "x");
    assert_true(again.values.loud);
    free(text);
    free(text_again);

    text = el_conf_print_shared(said.conf);
    assert_string_equal(text, "shared = 5\n");
    free(text);
    text = el_conf_print_common(said.conf);
    assert_string_equal(text, "log-level = info\nlog-format = text\n");
    free(text);
    el_conf_free(said.conf);
    el_conf_free(again.conf);
}

static void the_manual_names_every_option(void **state)
{
    static const char *const names[] = {
        "--name NAME",   "--count N",       "--wait TIME", "--any TIME",  "--ip IP",
        "--range RANGE", "--colour COLOUR", "--loud",      "--word WORD", "--high N",
        "--shared N",    "--config FILE",   "--help"};
    char *text = el_conf_manual(&schema, false);
    unsigned line = 0;

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        assert_non_null(strstr(text, names[i]));
    assert_non_null(
        strstr(text, "el2w echo: say it again\n\nUsage: el2w echo [OPTIONS] [PLACE]\n"));
    assert_non_null(strstr(text, "\n\n  example # 1\n  example # 2\n\n"));
    assert_non_null(strstr(text, "How often. From 1 to 1000. Default: 1.\n"));
    assert_non_null(strstr(text, "How long. From 1s to 3600s. Default: 2s.\n"));
    assert_non_null(strstr(text, "One of red, green, blue."));
    assert_non_null(strstr(text, "May be given several times."));
    for (const char *at = text; *at; at++) {
        line = *at == '\n' ? 0 : line + 1;
        assert_true(line <= 80);
    }
    free(text);
}

static void the_man_page_is_roff(void **state)
{
    char *text = el_conf_manual(&schema, true);

    (void)state;
    assert_int_equal(strncmp(text, ".TH EL2W-echo 8 ", 16), 0);
    assert_non_null(strstr(text, ".nf\n  example # 1\n  example # 2\n.PP\n.fi\n"
                                 "\\&.dots and 'quotes' \\e \\(ga\\(ti\\(ha are text.\n"));
    assert_non_null(strstr(text, ".TP\n\\fB\\-\\-log\\-level\\fR \\fILEVEL\\fR\n"));
    assert_non_null(strstr(text, ".TP\n\\fB\\-\\-loud\\fR\nShout.\n"));
    free(text);
}

static void the_nearest_name_is_a_slip_away(void **state)
{
    static const char *const names[] = {"hub",          "spoke", "tunnel", "keygen",
                                        "boot-service", "lan",   NULL};
    static const struct {
        const char *word, *nearest;
    } table[] = {
        {"hub", "hub"},
        {"hbu", "hub"},
        {"hubb", "hub"},
        {"hb", "hub"},
        {"hug", "hub"},
        {"man", "lan"},
        {"hug0", NULL},
        {"gug", NULL},
        {"x", NULL},
        {"", NULL},
        {"spoek", "spoke"},
        {"sopek", "spoke"},
        {"psoek", "spoke"},
        {"poek", NULL},
        {"tunel", "tunnel"},
        {"tunnle", "tunnel"},
        {"keygn", "keygen"},
        {"kegyne", "keygen"},
        {"bootservice", "boot-service"},
        {"boot_service", "boot-service"},
        {"zzzzzz", NULL},
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        const char *near = el_conf_nearest(table[i].word, names);
        if (!near != !table[i].nearest || (near && strcmp(near, table[i].nearest) != 0))
            fail_msg("\"%s\": %s", table[i].word, near ? near : "(none)");
    }
}

/* What el_conf_diff() prints for two texts. */
static void assert_diff(const char *from, const char *to, const char *expected)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    unsigned lines = 0;

    assert_non_null(out);
    unsigned count = el_conf_diff(out, from, to);
    assert_int_equal(fclose(out), 0);
    assert_string_equal(text, expected);
    for (size_t i = 0; i < len; i++)
        lines += text[i] == '\n';
    assert_int_equal(count, lines);
    free(text);
}

static void what_differs_is_told_by_option(void **state)
{
    (void)state;
    assert_diff("[echo]\nname = a\ncount = 1\n", "[echo]\nname = a\ncount = 1\n", "");
    assert_diff("name = a\ncount = 1\n", "name = b\ncount = 1\n", "-name = a\n+name = b\n");
    /* What was not said is not there, whichever way round. */
    assert_diff("# name =\ncount = 1\n", "name = b\ncount = 1\n", "+name = b\n");
    assert_diff("name = b\n", "# name =\n", "-name = b\n");
    /* Of an option that repeats only what is not in both; in another order, all. */
    assert_diff("word = a\nword = b\n", "word = b\nword = c\n", "-word = a\n+word = c\n");
    assert_diff("word = a\nword = b\n", "word = b\nword = a\n",
                "-word = a\n-word = b\n+word = b\n+word = a\n");
    assert_diff("word = a\nword = a\n", "word = a\n", "-word = a\n-word = a\n+word = a\n");
    /* A name that begins as another does; an option that only one of the programs knows. */
    assert_diff("word = a\nwords = a\nold = 1\n", "word = a\nwords = b\nnew = 1\n",
                "-words = a\n+words = b\n-old = 1\n+new = 1\n");
    assert_diff("name = a", "name = b", "-name = a\n+name = b\n");
    assert_diff("", "", "");
    /* Below a section that has a name. */
    assert_diff("[hub]\nvni = 1\n\n[network a]\nvni = 1\n",
                "[hub]\nvni = 2\n\n[network a]\nvni = 1\n", "-vni = 1\n+vni = 2\n");
    assert_diff("[network a]\nvni = 1\n", "[network a]\nvni = 2\n\n[network b]\nvni = 1\n# x =\n",
                "-network.a.vni = 1\n+network.a.vni = 2\n+network.b.vni = 1\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_differs_is_told_by_option),
        cmocka_unit_test(defaults_hold_without_a_word),
        cmocka_unit_test(both_places_take_every_type),
        cmocka_unit_test(the_command_line_wins),
        cmocka_unit_test(what_repeats_adds_up),
        cmocka_unit_test(positionals_stand_anywhere),
        cmocka_unit_test(values_may_look_odd),
        cmocka_unit_test(sections_choose_the_applet),
        cmocka_unit_test(a_section_with_a_name_is_a_struct),
        cmocka_unit_test(what_is_wrong_in_a_section),
        cmocka_unit_test(the_manual_has_the_sections),
        cmocka_unit_test(a_slip_gets_an_answer),
        cmocka_unit_test(values_are_checked),
        cmocka_unit_test(times_have_units),
        cmocka_unit_test(what_is_required_is_asked_for),
        cmocka_unit_test(what_is_printed_has_the_same_effect),
        cmocka_unit_test(the_manual_names_every_option),
        cmocka_unit_test(the_man_page_is_roff),
        cmocka_unit_test(the_nearest_name_is_a_slip_away),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
