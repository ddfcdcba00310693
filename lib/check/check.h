/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * --check: what stands in the way of a hub or spoke with this configuration. All of it, not only
 * what a start would meet first; and nothing is made, changed or kept, so it may be asked beside
 * one that runs. What that one holds (its port, its interface) is not in the way.
 *
 * Who is not root may ask whether a configuration is sound; what only root can see is left out
 * then, and that is said.
 */
#ifndef EL_CHECK_CHECK_H
#define EL_CHECK_CHECK_H

#include "base/addr.h"
#include "base/err.h"
#include "hub/hub.h"
#include "service/boot_options.h"
#include "spoke/spoke.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct el_node_check {
    const char *name; /* of the applet: "hub" */
    bool rootless;    /* it runs as whoever asks */
    FILE *good, *bad; /* what is worth knowing; what stands in the way */
    unsigned obstacles;
    char *running; /* the configuration that runs now, or NULL */
};

/* The whole of it; BOOT is what was said about the boot service. How many obstacles there are; each
 * was a line on BAD. */
unsigned el_hub_check(const struct el_hub_config *config, const struct el_boot_options *boot,
                      FILE *good, FILE *bad);
unsigned el_spoke_check(const struct el_spoke_config *config, FILE *good, FILE *bad);

/* -- steps of both, for check/check_hub.c and check/check_spoke.c -- */

/* An obstacle, if RC is negative. Whether it is none. */
bool el_node_check_step(struct el_node_check *check, int rc, const struct el_err *err);

/* Something worth knowing. */
void el_node_check_note(const struct el_node_check *check, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Begins, with NAME's state directory: that it can be made or written to, and what runs on it. The
 * configuration to be checked is OPTIONS. */
void el_node_check_begin(struct el_node_check *check, const char *state, const char *options);
unsigned el_node_check_end(struct el_node_check *check);

/* The key file PATH or, if that is NULL, the one in STATE, if it is there. */
void el_node_check_key(struct el_node_check *check, const char *path, const char *state);

/* That the UDP port can be had. */
void el_node_check_port(struct el_node_check *check, uint64_t port,
                        const struct el_tunnel_options *tunnel);

/* The same of a TCP port that was asked for. */
void el_node_check_tcp(struct el_node_check *check, uint64_t port,
                       const struct el_tunnel_options *tunnel);

/* That the network's interface can be made, with the range CIDR (or NULL). */
void el_node_check_interface(struct el_node_check *check, const char *network,
                             const struct el_prefix *cidr);

#endif
