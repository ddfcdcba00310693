/* SPDX-License-Identifier: GPL-2.0-or-later */
/* el2w spokes, approve, revoke: who has joined a hub, and who is let in, or out. */
#include "ask.h"

#include <stdio.h>
#include <string.h>

/* -- spokes -- */

static const struct el_conf_schema spokes_schema = {
    .name = "spokes",
    .summary = "the spokes of a hub: who they are, and how they stand",
    .usage = "[--json] [OPTIONS]",
    .manual =
        "A spoke is pending while an operator has to approve it, enrolled, or revoked; one that "
        "was named when the hub was started (el2w hub --spoke) is configured. Compare the "
        "fingerprint with the one that the spoke shows before you approve it. Under DIRECT are the "
        "spokes with which it exchanges frames directly; all others are relayed, through the "
        "hub.\n\n"
        "  hub# el2w spokes\n"
        "  hub# el2w spokes --json | jq -r '.spokes[] | select(.endpoint | not) | .name'",
    EL_CMD_ASK_PART,
};

static int list(const struct el_cmd_ask *ask, const struct el_conf *conf, struct el_err *err)
{
    static const struct el_cmd_column columns[] = {{"NAME", "name"},
                                                   {"STATE", "state"},
                                                   {"ADDRESS", "address"},
                                                   {"SINCE", "since"},
                                                   {"AT", "endpoint"},
                                                   {"DIRECT", "direct"},
                                                   {"FINGERPRINT", "fingerprint"},
                                                   {0}};

    (void)conf;
    return el_cmd_ask_list(ask, "/v1/spokes", "spokes", columns, err);
}

static int run_spokes(int argc, char **argv)
{
    struct el_cmd_ask values = {0};

    return el_cmd_ask_main(&spokes_schema, &values, argc, argv, list);
}

const struct el_applet el_applet_spokes = {.schema = &spokes_schema, .run = run_spokes};

/* -- approve -- */

struct approve {
    struct el_cmd_ask ask;
    const char *fingerprint;
};

static const struct el_conf_option approve_options[] = {
    {.name = "fingerprint",
     .type = EL_CONF_STRING,
     .offset = offsetof(struct approve, fingerprint),
     .metavar = "TEXT",
     .help =
         "What the spoke shows; for scripts, and for who has it on paper. Without it the one that "
         "waits now is shown and let in."},
};

static const struct el_conf_schema approve_schema = {
    .name = "approve",
    .summary = "let a spoke in that waits for it",
    .usage = "NAME [--fingerprint TEXT] [OPTIONS]",
    .manual =
        "For hubs where an operator has to agree (el2w second-factor): the spoke NAME, which has "
        "come with its token, is enrolled. What is approved is its key, not its name: compare the "
        "fingerprint with the one that the spoke shows.",
    .options = approve_options,
    .count = sizeof approve_options / sizeof approve_options[0],
    EL_CMD_ASK_PART,
    .positional_min = 1,
    .positional_max = 1,
};

/* The fingerprint of the one that waits under NAME; "" if nobody does. */
static int look_up(const struct el_cmd_ask *ask, const char *name, char fingerprint[64],
                   struct el_err *err)
{
    json_t *answer;
    int rc = el_cmd_ask(ask, "GET", el_cmd_path("/v1/spokes/%s", name), NULL, &answer, err);

    if (rc < 0)
        return rc;
    const char *text = json_string_value(json_object_get(answer, "fingerprint"));
    snprintf(fingerprint, 64, "%s", text ? text : "");
    json_decref(answer);
    return 0;
}

static int approve(const struct el_cmd_ask *ask, const struct el_conf *conf, struct el_err *err)
{
    const struct approve *values = (const struct approve *)ask;
    const char *name = el_cmd_argument(conf, 0);
    char fingerprint[64] = "";
    json_t *answer;

    if (values->fingerprint)
        snprintf(fingerprint, sizeof fingerprint, "%s", values->fingerprint);
    int rc = values->fingerprint ? 0 : look_up(ask, name, fingerprint, err);
    if (rc == 0)
        rc = el_cmd_ask(ask, "POST", el_cmd_path("/v1/spokes/%s/approve", name),
                        json_pack("{s:s}", "fingerprint", fingerprint), &answer, err);
    if (rc < 0)
        return rc;
    if (ask->json)
        el_cmd_print_json(answer);
    else
        printf("%s is enrolled: %s\n", name, fingerprint);
    json_decref(answer);
    return 0;
}

static int run_approve(int argc, char **argv)
{
    struct approve values = {0};

    return el_cmd_ask_main(&approve_schema, &values.ask, argc, argv, approve);
}

const struct el_applet el_applet_approve = {.schema = &approve_schema, .run = run_approve};

/* -- revoke -- */

static const struct el_conf_schema revoke_schema = {
    .name = "revoke",
    .summary = "shut a spoke out, at once and for good",
    .usage = "NAME [OPTIONS]",
    .manual =
        "Its session ends now, and its key is never taken again, with no token. The name is free: "
        "the same computer may join again, with a new token and a new key.",
    EL_CMD_ASK_PART,
    .positional_min = 1,
    .positional_max = 1,
};

static int shut_out(const struct el_cmd_ask *ask, const struct el_conf *conf, struct el_err *err)
{
    char *path = el_cmd_path("/v1/spokes/%s/revoke", el_cmd_argument(conf, 0));

    return el_cmd_ask_only(ask, "POST", path, NULL, err);
}

static int run_revoke(int argc, char **argv)
{
    struct el_cmd_ask values = {0};

    return el_cmd_ask_main(&revoke_schema, &values, argc, argv, shut_out);
}

const struct el_applet el_applet_revoke = {.schema = &revoke_schema, .run = run_revoke};
