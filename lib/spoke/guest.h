/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * This computer as a guest in networks: for each interface of its own in one, an applet
 * (spoke/guest_service.h) asks for an address, and what it is given is set here: the address, and a
 * default route behind all others, for a computer that has no other. A range that is in use here
 * elsewhere is not set; which name servers there are is told, and left to whoever sees to that. An
 * address goes with its lease, with its interface, and with us; the lease is given back.
 */
#ifndef EL_SPOKE_GUEST_H
#define EL_SPOKE_GUEST_H

#include "base/err.h"
#include "node/launch.h"

enum {
    EL_GUESTS = 8,             /* interfaces */
    EL_GUEST_METRIC = 1 << 20, /* of the default route: more than what others set */
};

struct el_guest;

struct el_guest_config {
    struct el_launch *launch;
    const char *name;        /* of this computer, for the server; NULL: none. Lives longer. */
    const char *log_options; /* lives longer */
};

int el_guest_new(const struct el_guest_config *config, struct el_guest **guest, struct el_err *err);

/* Before the loop is closed, which has to run once more. NULL is allowed. */
void el_guest_free(struct el_guest *guest);

/* There is INTERFACE (again): begins to ask on it. 0, or an error with a sentence. */
int el_guest_add(struct el_guest *guest, const char *interface, struct el_err *err);

/* Somebody may answer on it from now on: who has no address yet asks at once. */
void el_guest_hurry(struct el_guest *guest, const char *interface);

/* It goes, or has gone. Nothing if we do not ask on it. */
void el_guest_remove(struct el_guest *guest, const char *interface);

#endif
