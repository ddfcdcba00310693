/* SPDX-License-Identifier: GPL-2.0-or-later */
/* el2w machine capture: what a machine and its boot service said to each other lately. */
#include "ask.h"

#include "base/time.h"
#include "node/places.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct capture {
    struct el_cmd_ask ask;
    const char *output;
    uint64_t for_ns;
};

static const struct el_conf_option options[] = {
    {.name = "output",
     .type = EL_CONF_STRING,
     .offset = offsetof(struct capture, output),
     .metavar = "FILE",
     .help = "Where the trace goes, as pcapng; - is standard output. -o is short for it.",
     .required = true},
    {.name = "last",
     .type = EL_CONF_DURATION,
     .offset = offsetof(struct capture, for_ns),
     .metavar = "TIME",
     .fallback = "1m",
     .help = "As long ago at most.",
     .min = 1,
     .max = 86400},
};

static const struct el_conf_schema schema = {
    .name = "machine capture",
    .summary = "what a machine and its boot service said last, as a packet trace",
    .usage = "MAC|NAME -o FILE [--last TIME] [OPTIONS]",
    .manual =
        "A hub keeps the last frames of each network, 8 MiB of them, so that they are there when "
        "something went wrong: DHCP whole, the beginnings of other datagrams, of connections what "
        "opens and ends them and the heads of HTTP; of what is bulk, nothing. Each frame's "
        "original length is in the trace. A hub in user space keeps none. For all that passes from "
        "now on there is el2w tunnel capture.\n\n"
        "  hub# el2w machine capture n1 -o n1.pcapng\n"
        "  hub# el2w machine capture 52:54:00:12:34:56 -o - --last 10m | tcpdump -nr -",
    .options = options,
    .count = sizeof options / sizeof options[0],
    EL_CMD_ASK_PART,
    .positional_min = 1,
    .positional_max = 1,
};

static int write_trace(const char *path, const struct el_control_answer *answer, struct el_err *err)
{
    bool is_stdout = strcmp(path, "-") == 0;
    FILE *out = is_stdout ? stdout : fopen(path, "we");

    if (!out)
        return el_err_os(err, errno, "%s", path);
    size_t written = fwrite(answer->bytes, 1, answer->len, out);
    int failed = is_stdout ? fflush(out) : fclose(out);
    return written < answer->len || failed ? el_err_os(err, errno, "%s", path) : 0;
}

static int ask(const struct capture *values, const char *path, struct el_control_answer *answer,
               struct el_err *err)
{
    const struct el_control_question question = {.method = "GET", .path = path};
    char api[EL_SYS_CONTROL_PATH];
    int rc = el_places_api(values->ask.api, api, err);

    if (rc == 0)
        rc = el_control_call(api, &question, answer, err);
    if (rc == 0)
        rc = el_control_answer_check(answer, err);
    if (rc == 0 && !answer->bytes)
        rc = el_err(err, EL_EPROTO, "the hub sent no trace");
    return rc;
}

static int capture(const struct el_cmd_ask *asked, const struct el_conf *conf, struct el_err *err)
{
    const struct capture *values = (const struct capture *)asked;
    struct el_control_answer answer = {0};
    char seconds[24];

    if (strcmp(values->output, "-") == 0 && isatty(STDOUT_FILENO))
        return el_err(err, EL_EINVAL,
                      "a trace is nothing to look at on a terminal: -o FILE, or | tcpdump -nr -");
    snprintf(seconds, sizeof seconds, "%" PRIu64, values->for_ns / EL_S);
    char *path =
        el_cmd_path("/v1/machines/%s/capture?seconds=%s", el_cmd_argument(conf, 0), seconds);
    int rc = path ? ask(values, path, &answer, err) : el_err(err, EL_ENOMEM, "out of memory");
    if (rc == 0)
        rc = write_trace(values->output, &answer, err);
    if (rc == 0)
        fprintf(stderr, "%zu bytes\n", answer.len);
    el_control_answer_clear(&answer);
    free(path);
    return rc;
}

static int run(int argc, char **argv)
{
    static char output[] = "--output";
    struct capture values = {.output = NULL};

    for (int i = 0; i < argc; i++) /* everybody's fingers know it */
        if (strcmp(argv[i], "-o") == 0)
            argv[i] = output;
    return el_cmd_ask_main(&schema, &values.ask, argc, argv, capture);
}

const struct el_applet el_applet_machine_capture = {.schema = &schema, .run = run};
