/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The networks that a hub has for a spoke, as they come in its answers (control/api.h, Membership)
 * and as one line each of a text:
 *
 *     network = 77 boot
 *     network = 78 lab2 published eth1.30
 *     network = 79 lab3 published - 52:54:00:12:34:56
 *
 * Who is a member of a network that is not published to it sees nothing of it, but is ready. What
 * is read was said by somebody else, and becomes names of interfaces: it is strict. No list has a
 * name or a VNI twice.
 */
#ifndef EL_SPOKE_SPOKE_NETWORKS_H
#define EL_SPOKE_SPOKE_NETWORKS_H

#include "base/addr.h"
#include "base/err.h"
#include "control/json.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum {
    EL_SPOKE_NETWORKS = 8,      /* = EL_MANAGE_NETWORKS */
    EL_SPOKE_NETWORK_NAME = 16, /* an interface's: with the NUL */
    EL_SPOKE_NETWORK_LAN = 24,  /* "eth1.30", with the NUL; = EL_REGISTRY_LAN */
};

struct el_spoke_network {
    uint32_t vni; /* 0..2^24-1 */
    bool published;
    char name[EL_SPOKE_NETWORK_NAME];
    char lan[EL_SPOKE_NETWORK_LAN]; /* where it belongs here, if the hub has that to say; or "" */
    struct el_mac mac; /* the hub's own there, which nobody else may have; zero: none */
};

struct el_spoke_networks {
    unsigned count;
    struct el_spoke_network items[EL_SPOKE_NETWORKS];
};

/* Adds a copy. EL_EINVAL with a sentence. */
int el_spoke_networks_add(struct el_spoke_networks *list, const struct el_spoke_network *network,
                          struct el_err *err);

/* Adds what follows "network = " in a line; and back, all of LIST as lines. EL_EINVAL. */
int el_spoke_networks_read(struct el_spoke_networks *list, const char *text, struct el_err *err);
void el_spoke_networks_print(FILE *out, const struct el_spoke_networks *list);

/* Adds those of a JSON array, the published ones first. EL_EINVAL, EL_EPROTO with a sentence. */
int el_spoke_networks_read_json(struct el_spoke_networks *list, const json_t *array,
                                struct el_err *err);

/* The one called NAME, or with this VNI, or NULL. */
const struct el_spoke_network *el_spoke_networks_find(const struct el_spoke_networks *list,
                                                      const char *name);
const struct el_spoke_network *el_spoke_networks_find_vni(const struct el_spoke_networks *list,
                                                          uint32_t vni);

/* The same in the same order. */
bool el_spoke_networks_equal(const struct el_spoke_networks *a, const struct el_spoke_networks *b);

#endif
