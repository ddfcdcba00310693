/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What must survive of a registry, and who keeps it.
 *
 * Rows are whole: a put replaces the row of the same identity (a spoke's key, a token's enrolment
 * key, a network's VNI, a port's or profile's name, a machine's MAC; of the second factor there is
 * one). A spoke's row has its memberships in it. A change names every row that it touches: with a
 * network go its ports and the memberships in it, and they are all in the same put.
 */
#ifndef EL_REGISTRY_REGISTRY_STORE_H
#define EL_REGISTRY_REGISTRY_STORE_H

#include "registry/registry.h"

struct el_registry_row {
    enum el_registry_row_kind {
        EL_REGISTRY_ROW_SPOKE,
        EL_REGISTRY_ROW_TOKEN,
        EL_REGISTRY_ROW_NETWORK,
        EL_REGISTRY_ROW_PORT,
        EL_REGISTRY_ROW_PROFILE,
        EL_REGISTRY_ROW_MACHINE,
        EL_REGISTRY_ROW_SECOND_FACTOR,
    } kind;
    bool remove; /* only the identity counts; spokes and the second factor are never removed */
    union {
        const struct el_registry_spoke *spoke;
        const struct el_registry_token *token;
        const struct el_registry_network *network;
        const struct el_registry_port *port;
        const struct el_registry_profile *profile;
        const struct el_registry_machine *machine;
        const struct el_registry_second_factor *second_factor;
    };
};

struct el_registry_store {
    /* Keeps all of ROWS or none; 0 only when they would survive a power cut now. */
    int (*put)(void *arg, const struct el_registry_row *rows, size_t count, struct el_err *err);
    /* Calls EACH with every row: networks before ports and spokes. It ends at EACH's first error,
     * and gives it back. */
    int (*load)(void *arg,
                int (*each)(void *each_arg, const struct el_registry_row *row, struct el_err *err),
                void *each_arg, struct el_err *err);
    void *arg;
};

#endif
