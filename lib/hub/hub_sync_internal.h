/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What hub_sync.c (the channels, peers) and hub_sync_ports.c (networks and their ports) share. */
#ifndef EL_HUB_HUB_SYNC_INTERNAL_H
#define EL_HUB_HUB_SYNC_INTERNAL_H

#include "base/map.h"
#include "hub/errand.h"
#include "hub/hub_network.h"
#include "hub/hub_ports.h"
#include "hub/hub_sync.h"
#include "link/manage_client.h"

enum {
    PLACELESS = 4,
    PLACES = EL_REGISTRY_NETWORKS + EL_HUB_PORTS,
};

/* A network that has, or shall have, a port; or another port of a network, which has no boot
 * service. */
struct network {
    struct el_hub_sync *sync;
    bool used;
    bool additional; /* about has the port's name */
    bool asking;     /* the tunnel or the supervisor has a question to answer */
    bool again;      /* and what was asked is out of date by now */
    uint32_t errand; /* of the question to the supervisor; 0: it is the tunnel's */
    struct el_errand_network about;
    bool open;       /* wanted: frames pass */
    bool serve;      /* wanted: its boot service runs */
    bool there;      /* the supervisor has made it, */
    bool serving;    /* its boot service is ready, */
    bool gate_known; /* the tunnel has confirmed its gate, */
    bool gate_open;  /* which is open */
    struct el_mac own;
    bool framed;       /* its queues are socket pairs */
    uint64_t wait_ms;  /* before the last retry; 0: it works */
    uint64_t retry_ms; /* of the loop's clock; 0: nothing is to be tried again */
};

/* A peer that the tunnel was asked to set and has not answered for, in their order. */
struct setting {
    struct setting *next;
    uint8_t key[EL_REGISTRY_KEY_BYTES];
};

struct el_hub_sync {
    struct el_hub_sync_config config;
    struct el_registry *registry;
    struct el_manage_client *tunnel;
    uv_poll_t *errands;
    uv_timer_t *retries;
    uint32_t sequence;
    bool closed;  /* the channel to the tunnel */
    bool telling; /* from BEGIN to COMPLETE */
    struct network networks[PLACES];
    struct el_map *peers;                           /* struct el_hub_peer by key */
    struct el_errand_question placeless[PLACELESS]; /* to be asked; no name: none */
    struct setting *settings, *last_setting;
};

/* -- hub_sync.c -- */

/* Asks the supervisor; either of the last two may be NULL. The errand has the number
 * sync->sequence. */
int el_hub_sync_errand(struct el_hub_sync *sync, uint32_t kind,
                       const struct el_errand_network *about,
                       const struct el_errand_question *question);

/* Asks the tunnel MESSAGE, which is wiped; nobody waits for the answer. */
void el_hub_sync_ask_tunnel(struct el_hub_sync *sync, struct el_manage_message *message);
/* An answer that nobody waits for. */
void el_hub_sync_answered(void *arg, int code, const char *text);

/* If everything has been told but for what is asked: when nothing is, says COMPLETE. */
void el_hub_sync_complete(struct el_hub_sync *sync);

/* -- hub_sync_ports.c -- */

int el_hub_sync_make_retries(struct el_hub_sync *sync, struct el_err *err);

/* Effects of the registry. */
void el_hub_sync_want_network(struct el_hub_sync *sync, const struct el_registry_effect *effect);
void el_hub_sync_remove_network(struct el_hub_sync *sync, const struct el_registry_network *about);
void el_hub_sync_want_service(struct el_hub_sync *sync, const struct el_registry_effect *effect);
void el_hub_sync_close_port(struct el_hub_sync *sync, const struct el_registry_port *port);

/* What the supervisor says: an answer about a network or port, and of a boot service. */
void el_hub_sync_supervisor_answers(struct el_hub_sync *sync, const struct el_errand *answer,
                                    const int *fds, unsigned count);
void el_hub_sync_service_says(struct el_hub_sync *sync, const char *name, bool serving);

/* What the tunnel says; ARG is the sync. */
void el_hub_sync_network_gone(void *arg, uint32_t vni);
void el_hub_sync_port_gone(void *arg, const char *name);

#endif
