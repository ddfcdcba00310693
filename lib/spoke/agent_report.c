/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a spoke has made of its networks. */
#include "spoke/agent_report.h"

#include "base/conf.h"
#include "node/peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VNI_MAX = 0xffffff };

/* -- reports -- */

static const char *or_nothing(const char *text)
{
    return text ? text : "";
}

/* It is for a terminal and a log. */
static void make_plain(char *text)
{
    for (char *c = text; *c; c++)
        if (*c < ' ' || *c > '~')
            *c = '?';
}

void el_agent_report_add(struct el_agent_report *report, uint32_t vni, const char *interface,
                         const char *problem)
{
    if (report->count == EL_SPOKE_NETWORKS)
        return;
    struct el_agent_port *port = &report->ports[report->count++];
    port->vni = vni;
    snprintf(port->interface, sizeof port->interface, "%s", or_nothing(interface));
    snprintf(port->problem, sizeof port->problem, "%s", interface ? "" : or_nothing(problem));
    make_plain(port->interface);
    make_plain(port->problem);
    if (!interface && !port->problem[strspn(port->problem, " ")])
        strcpy(port->problem, "?");
}

bool el_agent_report_equal(const struct el_agent_report *a, const struct el_agent_report *b)
{
    for (unsigned i = 0; i < a->count && i < b->count; i++)
        if (a->ports[i].vni != b->ports[i].vni ||
            strcmp(a->ports[i].interface, b->ports[i].interface) != 0 ||
            strcmp(a->ports[i].problem, b->ports[i].problem) != 0)
            return false;
    return a->count == b->count;
}

json_t *el_agent_report_json(const struct el_agent_report *report)
{
    json_t *list = json_array();

    for (unsigned i = 0; i < report->count; i++) {
        const struct el_agent_port *port = &report->ports[i];
        bool is_somewhere = port->interface[0];
        json_array_append_new(list, json_pack("{s:i, s:s}", "vni", (int)port->vni,
                                              is_somewhere ? "interface" : "problem",
                                              is_somewhere ? port->interface : port->problem));
    }
    return json_pack("{s:o}", "ports", list);
}

/* -- text -- */

struct reading {
    struct el_conf_common common;
    struct el_agent_report report;
};

/* "VNI REST": REST, or NULL. */
static const char *read_vni(struct reading *reading, const char *text, uint32_t *vni)
{
    char *end;
    unsigned long long number = strtoull(text, &end, 10);

    if (*text < '0' || *text > '9' || *end != ' ' || number > VNI_MAX || !end[1] ||
        reading->report.count == EL_SPOKE_NETWORKS)
        return NULL;
    *vni = (uint32_t)number;
    return end + 1;
}

static int read_port(void *values, const char *text, struct el_err *err)
{
    struct reading *reading = values;
    uint32_t vni = 0;
    const char *interface = read_vni(reading, text, &vni);

    if (!interface || !el_node_is_name(interface, strlen(interface)) ||
        strlen(interface) >= EL_SPOKE_NETWORK_LAN)
        return el_err(err, EL_EINVAL, "this is not VNI INTERFACE");
    el_agent_report_add(&reading->report, vni, interface, NULL);
    return 0;
}

static int read_problem(void *values, const char *text, struct el_err *err)
{
    struct reading *reading = values;
    uint32_t vni = 0;
    const char *problem = read_vni(reading, text, &vni);

    if (!problem)
        return el_err(err, EL_EINVAL, "this is not VNI SENTENCE");
    el_agent_report_add(&reading->report, vni, NULL, problem);
    return 0;
}

#define LINES(word, function) \
    .name = word, .type = EL_CONF_CUSTOM, .parse = function, .metavar = "X", .repeat = true

static const struct el_conf_option options[] = {
    {LINES("port", read_port)},
    {LINES("problem", read_problem)},
};

static const struct el_conf_schema schema = {
    .name = "report", .options = options, .count = sizeof options / sizeof options[0]};

int el_agent_report_parse(const char *text, struct el_agent_report *report, struct el_err *err)
{
    struct reading reading = {.report = {.count = 0}};
    struct el_conf *conf = el_conf_new(&schema, &reading);

    *report = (struct el_agent_report){.count = 0};
    if (!conf)
        return el_err(err, EL_ENOMEM, "out of memory");
    int rc = el_conf_file(conf, text, "report", err);
    if (rc == 0)
        rc = el_conf_finish(conf, err);
    el_conf_free(conf);
    if (rc == 0)
        *report = reading.report;
    return rc;
}

int el_agent_report_text(const struct el_agent_report *report, char text[EL_AGENT_REPORT_TEXT])
{
    size_t len = (size_t)snprintf(text, EL_AGENT_REPORT_TEXT, "[report]\n");

    for (unsigned i = 0; i < report->count && len < EL_AGENT_REPORT_TEXT; i++) {
        const struct el_agent_port *port = &report->ports[i];
        len += (size_t)snprintf(text + len, EL_AGENT_REPORT_TEXT - len, "%s = %u %s\n",
                                port->interface[0] ? "port" : "problem", (unsigned)port->vni,
                                port->interface[0] ? port->interface : port->problem);
    }
    return len < EL_AGENT_REPORT_TEXT ? 0 : EL_EFULL;
}
