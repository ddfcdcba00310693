/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A port of a network, made by hand out of the kernel's own VXLAN and a bridge: for an underlay
 * that is trusted already. What is made stays; making it twice is making it once, and what cannot
 * be made whole is not made.
 */
#ifndef EL_HUB_CREATE_H
#define EL_HUB_CREATE_H

#include "base/addr.h"
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

enum el_create_role {
    EL_CREATE_HUB,   /* this computer has the network's first address, for its services */
    EL_CREATE_SPOKE, /* this computer has none: it connects its LAN */
};

struct el_create_config {
    const char *name; /* of the port: the bridge's */
    unsigned role;    /* enum el_create_role */
    const char *underlay;
    struct el_ip local, peer; /* there; local: of this computer */
    const char *vxlan;        /* the VXLAN's name; NULL: "vx-" and the port's */
    uint64_t vni;
    struct el_prefix cidr; /* IPv4, for a hub */
    const char *lan;       /* an interface that becomes part of the network, or NULL */
};

/* 1: something was made; 0: all was there already. */
int el_create_run(const struct el_create_config *config, struct el_err *err);

/* Removes the VXLAN, and the bridge if there is no other in it. Needs the names only. 1: something
 * was removed; 0: there was nothing. */
int el_create_remove(const struct el_create_config *config, struct el_err *err);

#endif
