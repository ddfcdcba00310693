/* SPDX-License-Identifier: GPL-2.0-or-later */
/* el2w token: what lets a new spoke in. */
#include "ask.h"

#include "base/time.h"
#include "enrol/qr.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* -- token create -- */

struct create {
    struct el_cmd_ask ask;
    uint64_t for_ns;
    bool qr;
    unsigned style;
};

static const char *const styles[] = {"colour", "dark", "light", "ascii", NULL};

static const struct el_conf_option create_options[] = {
    {.name = "for",
     .type = EL_CONF_DURATION,
     .offset = offsetof(struct create, for_ns),
     .metavar = "TIME",
     .fallback = "24h",
     .help = "How long it may be used.",
     .min = 60,
     .max = 31536000},
    {.name = "qr",
     .type = EL_CONF_FLAG,
     .offset = offsetof(struct create, qr),
     .help = "Show it as a QR code too."},
    {.name = "qr-style",
     .type = EL_CONF_CHOICE,
     .offset = offsetof(struct create, style),
     .metavar = "STYLE",
     .fallback = "colour",
     .choices = styles,
     .help = "How: in colours of its own, for a dark or a light terminal without colours, or in "
             "plain letters, for paper."},
};

static const struct el_conf_schema create_schema = {
    .name = "token create",
    .summary = "make a token, with which one spoke may join",
    .usage = "NAME [--for TIME] [--qr] [OPTIONS]",
    .manual = "Prints one line, to be given to whoever sits at the new spoke, which will be called "
              "NAME:\n\n"
              "  hub#   el2w token create mars --for 1h\n"
              "  spoke# el2w spoke --join TOKEN --lan eth1\n\n"
              "It lets in one spoke, once, until its time is over. It can be read over the "
              "telephone: upper "
              "and lower case are the same, dashes and spaces do not count, and a mistake is told "
              "with the "
              "number of its group. Who has it is, to this hub, the spoke that it was made for; "
              "where that "
              "is not enough, el2w second-factor asks for more.",
    .options = create_options,
    .count = sizeof create_options / sizeof create_options[0],
    EL_CMD_ASK_PART,
    .positional_min = 1,
    .positional_max = 1,
};

static int print_token(const struct create *values, const json_t *answer, struct el_err *err)
{
    static const enum el_enrol_qr_style by_choice[] = {EL_ENROL_QR_COLOUR, EL_ENROL_QR_ON_DARK,
                                                       EL_ENROL_QR_ON_LIGHT, EL_ENROL_QR_ASCII};
    const char *token = json_string_value(json_object_get(answer, "token"));
    char *lines;

    if (!token)
        return el_err(err, EL_EPROTO, "the hub's answer has no token in it");
    puts(token);
    if (!values->qr)
        return 0;
    int rc = el_enrol_qr(token, by_choice[values->style], &lines, err);
    if (rc < 0)
        return rc;
    fputs(lines, stdout);
    free(lines);
    return 0;
}

static int create(const struct el_cmd_ask *ask, const struct el_conf *conf, struct el_err *err)
{
    const struct create *values = (const struct create *)ask;
    json_t *answer, *body = json_pack("{s:s, s:I}", "name", el_cmd_argument(conf, 0), "for_s",
                                      (json_int_t)(values->for_ns / EL_S));

    if (!body)
        return el_err(err, EL_EINVAL, "this is no name for a spoke");
    int rc = el_cmd_ask(ask, "POST", el_cmd_path("/v1/tokens"), body, &answer, err);
    if (rc < 0)
        return rc;
    if (ask->json)
        el_cmd_print_json(answer);
    else
        rc = print_token(values, answer, err);
    json_decref(answer);
    return rc;
}

static int run_create(int argc, char **argv)
{
    struct create values = {0};

    return el_cmd_ask_main(&create_schema, &values.ask, argc, argv, create);
}

const struct el_applet el_applet_token_create = {.schema = &create_schema, .run = run_create};

/* -- token remove -- */

static const struct el_conf_schema remove_schema = {
    .name = "token remove",
    .summary = "take a token back that has not been used",
    .usage = "NAME [OPTIONS]",
    .manual =
        "The token for the spoke NAME is worthless from now on. A spoke that has joined with it is "
        "not touched: see el2w revoke.",
    EL_CMD_ASK_PART,
    .positional_min = 1,
    .positional_max = 1,
};

static int take_back(const struct el_cmd_ask *ask, const struct el_conf *conf, struct el_err *err)
{
    return el_cmd_ask_only(ask, "DELETE", el_cmd_path("/v1/tokens/%s", el_cmd_argument(conf, 0)),
                           NULL, err);
}

static int run_remove(int argc, char **argv)
{
    struct el_cmd_ask values = {0};

    return el_cmd_ask_main(&remove_schema, &values, argc, argv, take_back);
}

const struct el_applet el_applet_token_remove = {.schema = &remove_schema, .run = run_remove};

/* -- token -- */

static const struct el_conf_schema schema = {
    .name = "token",
    .summary = "the tokens of a hub, with which spokes join",
    .usage = "[create NAME | remove NAME] [OPTIONS]",
    .manual =
        "Alone it lists the tokens that there are, and what became of them; token create makes "
        "one, and token remove takes one back. A token itself is shown only once, when it is "
        "made: the hub does not keep it.",
    EL_CMD_ASK_PART,
};

static int list(const struct el_cmd_ask *ask, const struct el_conf *conf, struct el_err *err)
{
    static const struct el_cmd_column columns[] = {
        {"NAME", "name"}, {"STATE", "state"}, {"CREATED", "created"}, {"EXPIRES", "expires"}, {0}};

    (void)conf;
    return el_cmd_ask_list(ask, "/v1/tokens", "tokens", columns, err);
}

static int run(int argc, char **argv)
{
    struct el_cmd_ask values = {0};

    return el_cmd_ask_main(&schema, &values, argc, argv, list);
}

static const struct el_applet *const commands[] = {&el_applet_token_create, &el_applet_token_remove,
                                                   NULL};

const struct el_applet el_applet_token = {.schema = &schema, .run = run, .commands = commands};
