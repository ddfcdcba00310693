/* SPDX-License-Identifier: GPL-2.0-or-later */
/* el2w boot-service start, stop, publish, unpublish, status: a network's boot service, under a hub.
 */
#include "ask.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { PATIENCE = 250, PAUSE_NS = 20000000 }; /* 5 s */

static const char *network_of(const struct el_conf *conf)
{
    const char *said = el_cmd_argument(conf, 0);

    return said ? said : "boot";
}

static void print_port(const struct el_cmd_ask *ask, const json_t *port)
{
    const char *why = json_string_value(json_object_get(port, "why"));

    if (ask->json) {
        el_cmd_print_json(port);
        return;
    }
    printf("%s: %s since %s%s%s\n", json_string_value(json_object_get(port, "name")),
           json_string_value(json_object_get(port, "state")),
           json_string_value(json_object_get(port, "since")), why && why[0] ? ": " : "",
           why ? why : "");
}

static bool has_settled(const json_t *port)
{
    const char *state = json_string_value(json_object_get(port, "state"));
    const char *wanted = json_string_value(json_object_get(port, "wanted"));

    return !state || !wanted || strcmp(state, wanted) == 0;
}

/* Waits until the port is what was asked for, for a while: then it says what it is. */
static int await(const struct el_cmd_ask *ask, const char *name, json_t **port, struct el_err *err)
{
    int rc = 0;

    for (unsigned i = 0; rc == 0 && i < PATIENCE && !has_settled(*port); i++) {
        nanosleep(&(struct timespec){.tv_nsec = PAUSE_NS}, NULL);
        json_decref(*port);
        rc = el_cmd_ask(ask, "GET", el_cmd_path("/v1/ports/%s", name), NULL, port, err);
    }
    return rc;
}

/* VERB is the operation, or NULL to look only. */
static int ask_port(const struct el_cmd_ask *ask, const struct el_conf *conf, const char *verb,
                    struct el_err *err)
{
    const char *name = network_of(conf);
    char *path =
        verb ? el_cmd_path("/v1/ports/%s/%s", name, verb) : el_cmd_path("/v1/ports/%s", name);
    json_t *port;
    int rc = el_cmd_ask(ask, verb ? "POST" : "GET", path, NULL, &port, err);

    if (rc == 0 && verb)
        rc = await(ask, name, &port, err);
    if (rc == 0)
        print_port(ask, port);
    json_decref(port);
    return rc;
}

#define COMMAND(word, what, text)                                                     \
    static const struct el_conf_schema word##_schema = {                              \
        .name = "boot-service " #word,                                                \
        .summary = what,                                                              \
        .usage = "[NETWORK] [OPTIONS]",                                               \
        .manual = text,                                                               \
        EL_CMD_ASK_PART,                                                              \
        .positional_max = 1,                                                          \
    };                                                                                \
    static int run_##word(int argc, char **argv)                                      \
    {                                                                                 \
        struct el_cmd_ask values = {0};                                               \
                                                                                      \
        return el_cmd_ask_main(&word##_schema, &values, argc, argv, word);            \
    }                                                                                 \
    const struct el_applet el_applet_boot_service_##word = {.schema = &word##_schema, \
                                                            .run = run_##word}

static int status(const struct el_cmd_ask *ask, const struct el_conf *conf, struct el_err *err)
{
    return ask_port(ask, conf, NULL, err);
}

static int start(const struct el_cmd_ask *ask, const struct el_conf *conf, struct el_err *err)
{
    return ask_port(ask, conf, "start", err);
}

static int stop(const struct el_cmd_ask *ask, const struct el_conf *conf, struct el_err *err)
{
    return ask_port(ask, conf, "stop", err);
}

static int publish(const struct el_cmd_ask *ask, const struct el_conf *conf, struct el_err *err)
{
    return ask_port(ask, conf, "publish", err);
}

static int unpublish(const struct el_cmd_ask *ask, const struct el_conf *conf, struct el_err *err)
{
    return ask_port(ask, conf, "unpublish", err);
}

COMMAND(status, "how far a network's boot service has come, since when, and why",
        "Of NETWORK, or boot. The states are down; verified (its interface is there); loaded; "
        "started; up "
        "(it answers); secured (the switch has confirmed that not one frame passes); published.");
COMMAND(start, "start a network's boot service, unpublished",
        "Of NETWORK, or boot. It runs, and not one frame passes between it and anybody until it is "
        "published.");
COMMAND(stop, "stop a network's boot service", "Of NETWORK, or boot. It is unpublished first.");
COMMAND(publish, "let frames pass to a network's boot service",
        "Of NETWORK, or boot: whoever sees the network sees its boot service.");
COMMAND(unpublish, "let not one frame pass to a network's boot service",
        "Of NETWORK, or boot. The service runs on, and can be tested from the hub.");
