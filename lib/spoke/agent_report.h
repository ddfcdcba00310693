/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a spoke has made of the networks that its hub has for it, as it says it with its question
 * (POST /v1/self), and before that as a text from its supervisor to the applet that asks:
 *
 *     {"ports": [{"vni": 77, "interface": "eth1.30"},
 *                {"vni": 78, "problem": "lab2: the site does not allow eth0"}]}
 *
 *     [report]
 *     port = 77 eth1.30
 *     problem = 78 lab2: the site does not allow eth0
 */
#ifndef EL_SPOKE_AGENT_REPORT_H
#define EL_SPOKE_AGENT_REPORT_H

#include "base/err.h"
#include "control/json.h"
#include "spoke/spoke_networks.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    EL_AGENT_PROBLEM = 200,      /* bytes of a sentence, with its NUL */
    EL_AGENT_REPORT_TEXT = 4096, /* no text is longer, with its NUL */
};

struct el_agent_port {
    uint32_t vni;
    char interface[EL_SPOKE_NETWORK_LAN]; /* where it is; "": nowhere, and */
    char problem[EL_AGENT_PROBLEM];       /* why, in printable ASCII */
};

struct el_agent_report {
    unsigned count;
    struct el_agent_port ports[EL_SPOKE_NETWORKS];
};

/* Adds a port, or a problem (INTERFACE is NULL then, and what is not ASCII's own in PROBLEM is
 * replaced). Beyond EL_SPOKE_NETWORKS nothing is added. */
void el_agent_report_add(struct el_agent_report *report, uint32_t vni, const char *interface,
                         const char *problem);

bool el_agent_report_equal(const struct el_agent_report *a, const struct el_agent_report *b);

/* As the question's body: new, the caller's; NULL: out of memory. */
json_t *el_agent_report_json(const struct el_agent_report *report);

/* Text to report: 0, or EL_EINVAL and what is wrong, and then it is zeros; and back. */
int el_agent_report_parse(const char *text, struct el_agent_report *report, struct el_err *err);
int el_agent_report_text(const struct el_agent_report *report, char text[EL_AGENT_REPORT_TEXT]);

#endif
