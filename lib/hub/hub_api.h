/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hub's API: the operations of control/api.h on a registry.
 *
 *     operator, on the Unix socket    everything but /v1/enrol and /v1/self
 *     holder of a token, in the       POST /v1/enrol, and nothing else
 *       tunnel, by its key
 *     spoke, in the tunnel,           GET /v1/self, and nothing else: what it reads is its own
 *       by its key
 *
 * A secret is answered once: a token when it is made, TOTP's secret when it is made, a spoke's
 * pre-shared key to that spoke alone.
 *
 * No clock, no socket, no process: times come with the requests, and what takes time (the second
 * factor's program) is asked for through the configuration, and its answer brought back here.
 */
#ifndef EL_HUB_HUB_API_H
#define EL_HUB_HUB_API_H

#include "control/api.h"
#include "enrol/second_factor.h"
#include "enrol/token.h"
#include "hub/hub_direct.h"
#include "hub/hub_lives.h"
#include "hub/hub_profiles.h"
#include "hub/hub_recent.h"
#include "hub/hub_timeline.h"
#include "node/peer.h"
#include "registry/registry.h"
#include "service/orders.h"

enum {
    EL_NODE_HUB_QUESTIONS = 16,        /* programs that run at once */
    EL_NODE_HUB_QUESTION_S = 150,      /* so long an answer is waited for, or fetched */
    EL_NODE_HUB_TOLD_S = 5,            /* after so long a revoked spoke has got its answer */
    EL_NODE_HUB_TOKEN_DEFAULT_S = 3600 /* the life of a token of which nothing else is said */
};

/* For the second factor's program. */
struct el_node_hub_question {
    const char *name; /* of the spoke to be */
    const uint8_t *enrolment_key, *key;
    const struct el_endpoint *from; /* where it is called from; family 0: not known */
};

enum el_node_hub_loop { EL_NODE_HUB_NO_LOOP, EL_NODE_HUB_SHUT_OUT, EL_NODE_HUB_LET_IN };

struct el_node_hub_api_config {
    struct el_registry *registry;
    struct el_events *events; /* for GET /v1/events and el_node_hub_api_event(); NULL: none */
    const char *version;      /* of this program */
    uint8_t key[32];          /* the hub's, public */
    const struct el_enrol_endpoint *endpoints; /* where it can be called, the best one first */
    unsigned endpoint_count;
    const struct el_node_peers
        *given;                /* spokes of the command line, which is all they are; NULL: */
    const char *given_network; /* none. What they see. */
    int64_t started_s;
    bool fast;   /* this computer has what the fast wire needs (el_tunnel_wire_check) */
    bool strict; /* answers that break their schema are errors: for tests */

    /* Where the peer of KEY is now, outside the tunnel: 0, or EL_ENOENT. NULL: nobody knows. */
    int (*where)(void *arg, const uint8_t key[32], struct el_endpoint *endpoint);
    /* Whether the peer of KEY bridges the same LAN of network VNI as OTHER, so that one of them is
     * shut out. NULL: nobody does. */
    enum el_node_hub_loop (*loop)(void *arg, const uint8_t key[32], uint32_t vni,
                                  const char **other);
    /* The hub's own address in network VNI: 0, or EL_ENOENT. NULL: nobody knows. */
    int (*own)(void *arg, uint32_t vni, struct el_mac *mac);
    /* The leases of spokes on each other; NULL: none are granted. */
    struct el_hub_direct *direct;
    /* What boot services report of machines; NULL: nothing. */
    const struct el_hub_lives *lives;
    /* And step by step; also GET /v1/steps. NULL: nothing. */
    const struct el_hub_timeline *timeline;
    /* The last frames of networks; NULL: none are kept. */
    const struct el_hub_recent *recent;
    /* Profiles: its registry is set here; templates are NULL where there are none. */
    struct el_hub_profiles profiles;
    /* Asks the site's program, whose answer comes with el_node_hub_api_answer(), later. NULL: there
     * is none, and the factor cannot be switched on; where it is on, nobody is let in. */
    int (*ask)(void *arg, const struct el_node_hub_question *question, struct el_err *err);
    /* el_node_hub_api_deadline_s() has become earlier. NULL: it is asked often enough. */
    void (*due)(void *arg);
    int images;              /* the directory of images, readable; 0 or less: there is none */
    const char *images_path; /* … as people know it; or NULL */
    void *arg;
};

struct el_node_hub_api;

/* CONFIG is copied; what it points to outlives this. */
int el_node_hub_api_new(const struct el_node_hub_api_config *config, struct el_node_hub_api **hub,
                        struct el_err *err);
void el_node_hub_api_free(struct el_node_hub_api *hub); /* NULL is allowed */

/* What a server asks (control/api_io.h). */
struct el_api *el_node_hub_api(const struct el_node_hub_api *hub);

/* Who asks from address FROM in the tunnel: 0 with ASKER, or EL_ENOENT: nobody that may ask. */
int el_node_hub_api_asker(const struct el_node_hub_api *hub, const struct el_endpoint *from,
                          struct el_api_asker *asker);

/* For the registry's observer: puts its event among those that are watched. */
void el_node_hub_api_event(struct el_node_hub_api *hub, const struct el_registry_event *event);

/* A machine's life has changed from BEFORE (NULL: it is new): the same. */
void el_node_hub_api_life(struct el_node_hub_api *hub, const struct el_hub_life *life,
                          const struct el_life *before, int64_t now_s);

/* Another DHCP server has answered on network VNI: the event "rogue-dhcp". */
void el_node_hub_api_server(struct el_node_hub_api *hub, uint32_t vni,
                            const struct el_order_server *server, int64_t now_s);

/* What the program has SAID (YES, NO or FAILED) about the KEY that came with a token. A no is a
 * wrong answer of the token's at once, whether anybody comes to hear it or not: else who has a
 * stolen token could have a telephone ring as often as he likes. Whoever is not asked about (any
 * more) is ignored. */
void el_node_hub_api_answer(struct el_node_hub_api *hub, const uint8_t enrolment_key[32],
                            const uint8_t key[32], enum el_enrol_program said, int64_t now_s);

/* What is due besides the registry's own: a revoked spoke that has had its answer is a peer no
 * more. An answer to a spoke may bring a deadline, without an event: config.due says so. */
int64_t el_node_hub_api_deadline_s(const struct el_node_hub_api *hub); /* INT64_MAX: nothing */
int el_node_hub_api_tick(struct el_node_hub_api *hub, int64_t now_s, struct el_err *err);

#endif
