/* SPDX-License-Identifier: GPL-2.0-or-later */
/* el2w second-factor: what a hub asks for beside the token. */
#include "ask.h"

#include "enrol/qr.h"
#include "enrol/second_factor.h"

#include <stdio.h>
#include <stdlib.h>

struct factor {
    struct el_cmd_ask ask;
    bool qr, new_secret;
};

static const struct el_conf_option options[] = {
    {.name = "qr",
     .type = EL_CONF_FLAG,
     .offset = offsetof(struct factor, qr),
     .help = "Show the authenticator's secret as a QR code too."},
    {.name = "new-secret",
     .type = EL_CONF_FLAG,
     .offset = offsetof(struct factor, new_secret),
     .help = "Replace the authenticator's secret: the old one is worthless from now on."},
};

static const struct el_conf_schema schema = {
    .name = "second-factor",
    .summary = "what a hub asks for beside the token",
    .usage = "[none | totp,approval,program] [--qr] [OPTIONS]",
    .manual =
        "Alone it says what is asked for. Otherwise it sets that: none; totp, a six-digit code of "
        "an authenticator (RFC 6238), which whoever sits at the spoke is told by whoever has it; "
        "approval, an operator who agrees with el2w approve; program, the one that the hub was "
        "started with (el2w hub --second-factor-exec PROGRAM, which switches it on by itself); or "
        "several of them, separated by commas, which then all have to agree.\n\n"
        "When totp is switched on for the first time, the secret for the authenticator is shown, "
        "this once; --new-secret makes another one.\n\n"
        "The program is run for each spoke that comes with a token, as\n\n"
        "  PROGRAM NAME FINGERPRINT FROM\n\n"
        "NAME is what the spoke will be called, FINGERPRINT of its key what it shows at its side, "
        "FROM its address and port (or -); they are also in EL2W_SPOKE, EL2W_FINGERPRINT and "
        "EL2W_FROM, its public key in EL2W_KEY. Exit status 0 says yes, another one no, and so "
        "does taking longer than 120 s; five times no, and the token is worthless. If it crashes "
        "or cannot be started, nobody is let in, and the token stays good. It runs without a "
        "shell, in /, as nobody or the hub's --second-factor-user, with no way to other rights "
        "(sudo will not work); what it prints goes to the hub's log. At most eight run at once, "
        "one for each token.",
    .options = options,
    .count = sizeof options / sizeof options[0],
    EL_CMD_ASK_PART,
    .positional_max = 1,
};

/* NAMES, "totp,approval" or "none", as what is on and what is off; NULL: it is neither, or there is
 * no memory. */
static json_t *change_of(const char *names, struct el_err *err)
{
    (void)el_err(err, EL_ENOMEM, "out of memory");
    int factors = el_enrol_factors_parse(names, err);

    return factors < 0 ? NULL
                       : json_pack("{s:b, s:b, s:b}", "totp", factors & EL_ENROL_TOTP, "approval",
                                   factors & EL_ENROL_APPROVAL, "program", factors & EL_ENROL_EXEC);
}

static int print_secret(const struct factor *values, const json_t *answer, struct el_err *err)
{
    const char *uri = json_string_value(json_object_get(answer, "uri"));
    const char *secret = json_string_value(json_object_get(answer, "secret"));
    char *lines;

    if (!uri || !secret)
        return 0;
    printf("The authenticator's secret, shown this once: %s\n%s\n", secret, uri);
    if (!values->qr)
        return 0;
    int rc = el_enrol_qr(uri, EL_ENROL_QR_COLOUR, &lines, err);
    if (rc < 0)
        return rc;
    fputs(lines, stdout);
    free(lines);
    return 0;
}

static void print_factors(const json_t *answer)
{
    static const char *const known[] = {"totp", "approval", "program"};
    unsigned count = 0;

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (json_is_true(json_object_get(answer, known[i])))
            printf("%s%s", count++ ? "," : "", known[i]);
    puts(count ? "" : "none");
}

static int second_factor(const struct el_cmd_ask *ask, const struct el_conf *conf,
                         struct el_err *err)
{
    const char *names = el_cmd_argument(conf, 0);
    bool new_secret = ((const struct factor *)ask)->new_secret;
    json_t *answer, *body = names ? change_of(names, err) : new_secret ? json_object() : NULL;

    if (names && !body)
        return EL_EINVAL;
    if (new_secret)
        json_object_set_new(body, "new_secret", json_true());
    int rc = el_cmd_ask(ask, body ? "PATCH" : "GET", el_cmd_path("/v1/second-factor"), body,
                        &answer, err);
    if (rc < 0)
        return rc;
    if (ask->json)
        el_cmd_print_json(answer);
    else
        print_factors(answer);
    if (!ask->json)
        rc = print_secret((const struct factor *)ask, answer, err);
    json_decref(answer);
    return rc;
}

static int run(int argc, char **argv)
{
    struct factor values = {0};

    return el_cmd_ask_main(&schema, &values.ask, argc, argv, second_factor);
}

const struct el_applet el_applet_second_factor = {.schema = &schema, .run = run};
