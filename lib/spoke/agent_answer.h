/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a hub answers to GET /v1/self, as what it means to the spoke that asked, and as the text in
 * which the applet that asked passes it on to its supervisor.
 *
 *     200 {"name": "mars", "state": "enrolled", ...,
 *          "networks": [{"name": "boot", "vni": 77, "published": true, "lan": "eth1.30"}],
 *          "peers": [{"name": "venus", "key": "J6mu...", ...}],
 *          "notices": [{"kind": "network-expiring", "network": "boot", "text": "..."}]}
 *     403 key-revoked
 *     other problems    not now
 *
 *     [self]
 *     network = 77 boot published eth1.30           (spoke/spoke_networks.h)
 *     peer = venus J6mu...                          (spoke/spoke_peers.h)
 *     notice = network-expiring boot it ends at 2026-11-21T20:00:00Z, in less than 10 minutes
 *
 * Both are the state of things and no history: who has missed ten answers knows all from the next.
 * Both are read strictly; members that a later hub has besides these are no harm, lines are.
 */
#ifndef EL_SPOKE_AGENT_ANSWER_H
#define EL_SPOKE_AGENT_ANSWER_H

#include "base/err.h"
#include "control/json.h"
#include "spoke/spoke_networks.h"
#include "spoke/spoke_peers.h"

enum {
    EL_AGENT_NOTICES = 16,
    EL_AGENT_NOTICE_KIND = 32,  /* with its NUL */
    EL_AGENT_NOTICE_TEXT = 160, /* with its NUL */
    EL_AGENT_TEXT = 16384,      /* no text is longer, with its NUL */
};

/* What the operator of this spoke should know, as long as it is so. */
struct el_agent_notice {
    char kind[EL_AGENT_NOTICE_KIND];     /* a word: "network-expiring" */
    char network[EL_SPOKE_NETWORK_NAME]; /* that it is about; "-": none */
    char text[EL_AGENT_NOTICE_TEXT];     /* a sentence of printable ASCII */
};

struct el_agent_self {
    struct el_spoke_networks networks;
    unsigned notice_count;
    struct el_agent_notice notices[EL_AGENT_NOTICES];
    struct el_spoke_peers peers; /* with secrets */
};

enum el_agent_verdict {
    EL_AGENT_SELF,    /* that is how it is */
    EL_AGENT_REVOKED, /* our key is good for nothing any more, and never will be */
    EL_AGENT_LATER,   /* the hub cannot, just now, or its answer makes no sense */
};

struct el_agent_answer {
    enum el_agent_verdict verdict;
    struct el_err sentence; /* why, unless it is EL_AGENT_SELF */
    struct el_agent_self self;
};

/* STATUS and BODY (NULL: none) as HTTP had them. Wipe it after. */
void el_agent_answer_read(int status, const json_t *body, struct el_agent_answer *answer);

/* Text to self: 0, or EL_EINVAL and what is wrong, and then it is zeros. */
int el_agent_self_parse(const char *text, struct el_agent_self *self, struct el_err *err);

/* And back: what el_agent_self_parse() takes. EL_EFULL if it is longer than any text. */
int el_agent_self_text(const struct el_agent_self *self, char text[EL_AGENT_TEXT]);

#endif
