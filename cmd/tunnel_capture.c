/* SPDX-License-Identifier: GPL-2.0-or-later */
/* el2w tunnel capture: a packet trace of a running tunnel's inner side. */
#include "applet.h"

#include "link/trace_client.h"
#include "node/control.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct capture {
    struct el_conf_common common;
    const char *output;
    uint64_t snaplen;
    uint64_t count;
    uint64_t for_ns;
    bool both;
    const char *network;
    const char *control;
    const char *peers[EL_CONTROL_PEERS];
    unsigned peer_count;
};

static int add_peer(void *values, const char *text, struct el_err *err)
{
    struct capture *capture = values;

    if (capture->peer_count == EL_CONTROL_PEERS)
        return el_err(err, EL_EFULL, "at most %d peers; without --peer all are shown",
                      EL_CONTROL_PEERS);
    if (!text[0] || strpbrk(text, " \t"))
        return el_err(err, EL_EINVAL, "\"%s\" is no peer's name", text);
    capture->peers[capture->peer_count++] = text;
    return 0;
}

#define AT(member) offsetof(struct capture, member)

static const struct el_conf_option options[] = {
    {.name = "output",
     .type = EL_CONF_STRING,
     .offset = AT(output),
     .metavar = "FILE",
     .help = "Where the trace goes, as pcapng; - is standard output. -o is short for it.",
     .required = true},
    {.name = "peer",
     .type = EL_CONF_CUSTOM,
     .parse = add_peer,
     .metavar = "NAME",
     .help = "Only what comes from this peer and goes to it.",
     .repeat = true},
    {.name = "both",
     .type = EL_CONF_FLAG,
     .offset = AT(both),
     .help = "Every frame also where it leaves; without this, only where it comes in."},
    {.name = "snaplen",
     .type = EL_CONF_UINT,
     .offset = AT(snaplen),
     .metavar = "BYTES",
     .fallback = "65600",
     .help = "Keep so much of each frame; the default is all of it.",
     .min = 14,
     .max = 65600},
    {.name = "count",
     .type = EL_CONF_UINT,
     .offset = AT(count),
     .metavar = "N",
     .fallback = "0",
     .help = "End after so many frames; 0: go on."},
    {.name = "for",
     .type = EL_CONF_DURATION,
     .offset = AT(for_ns),
     .metavar = "TIME",
     .fallback = "0",
     .help = "End after this time; 0: go on."},
    {.name = "network",
     .type = EL_CONF_STRING,
     .offset = AT(network),
     .metavar = "NAME",
     .help = "Of which network; it need not be said where only one tunnel runs."},
    {.name = "control",
     .type = EL_CONF_STRING,
     .offset = AT(control),
     .metavar = "PATH",
     .help = "The tunnel's control socket, if it was given another than its network's."},
};

static const struct el_conf_schema schema = {
    .name = "tunnel capture",
    .summary = "a packet trace of what passes inside a running tunnel",
    .usage = "-o FILE [--peer NAME]... [OPTIONS]",
    .manual =
        "Writes the Ethernet frames that pass a tunnel on this computer, by itself or under hub "
        "or spoke, into a file that tcpdump and Wireshark read. Ports and peers are interfaces of "
        "the trace, by their names; frames have a direction and the time in nanoseconds. Each "
        "frame is there once, where it comes in; --both shows it again where it leaves. Ctrl-C "
        "ends it, and the file is complete. Only root may ask.\n\n"
        "Large pieces of a TCP flow that are handed over uncut are shown so, with a comment. The "
        "tunnel does not wait for the trace: what comes faster than it can be written is missing "
        "and counted, in the trace (drop counts) and at its end.\n\n"
        "  # el2w tunnel capture -o trouble.pcapng --peer mars --for 30s\n"
        "  # el2w tunnel capture -o - --snaplen 128 | wireshark -k -i -\n"
        "  # ssh hub el2w tunnel capture -o - | tcpdump -nr -",
    .options = options,
    .count = sizeof options / sizeof options[0],
};

/* The only short option there is: everybody's fingers know it. */
static void spell_out(int argc, char **argv)
{
    static char output[] = "--output";

    for (int i = 0; i < argc; i++)
        if (strcmp(argv[i], "-o") == 0)
            argv[i] = output;
}

static int make_line(const struct capture *values, char line[EL_CONTROL_LINE], struct el_err *err)
{
    size_t len = (size_t)snprintf(line, EL_CONTROL_LINE, "capture snaplen=%llu count=%llu both=%s",
                                  (unsigned long long)values->snaplen,
                                  (unsigned long long)values->count, values->both ? "yes" : "no");

    for (unsigned i = 0; i < values->peer_count; i++) {
        if (len + strlen(values->peers[i]) + sizeof " peer=" > EL_CONTROL_LINE)
            return el_err(err, EL_EINVAL, "the names of the peers are too long");
        len += (size_t)sprintf(line + len, " peer=%s", values->peers[i]);
    }
    return 0;
}

static int capture(const struct capture *values, struct el_err *err)
{
    char path[EL_SYS_CONTROL_PATH];
    char line[EL_CONTROL_LINE];
    struct el_trace_client_config config = {path, line, values->output, values->for_ns};
    struct el_trace_client_sums sums;

    if (strcmp(values->output, "-") == 0 && isatty(STDOUT_FILENO))
        return el_err(err, EL_EINVAL,
                      "a trace is nothing to look at on a terminal: -o FILE, or | tcpdump -nr -");
    int rc = make_line(values, line, err);
    if (rc == 0)
        rc = el_control_find(values->control, values->network, path, err);
    if (rc < 0)
        return rc;
    rc = el_trace_client_run(&config, &sums, err);
    if (rc == 0)
        fprintf(stderr, "%llu frames%s", (unsigned long long)sums.frames, sums.lost ? "" : "\n");
    if (rc == 0 && sums.lost)
        fprintf(stderr, ", and %llu more that came too fast (a smaller --snaplen helps)\n",
                (unsigned long long)sums.lost);
    return rc;
}

static int run(int argc, char **argv)
{
    struct capture values = {0};
    struct el_err err = {""};
    struct el_conf *conf;

    spell_out(argc, argv);
    int code = el_cmd_begin(&schema, &values, argc, argv, &conf);
    if (code != EL_EXIT_GO_ON)
        return code;
    code = capture(&values, &err) < 0 ? el_cmd_fail(&schema, &err) : EL_EXIT_DONE;
    el_conf_free(conf);
    return code;
}

const struct el_applet el_applet_tunnel_capture = {.schema = &schema, .run = run};
