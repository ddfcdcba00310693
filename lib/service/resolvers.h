/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The name servers that this computer asks, as resolv.conf(5) has them, now and whenever that
 * changes.
 */
#ifndef EL_SERVICE_RESOLVERS_H
#define EL_SERVICE_RESOLVERS_H

#include "net/net.h"

#define EL_RESOLVERS_FILE "/etc/resolv.conf"

enum { EL_RESOLVERS_LOOK_S = 5 }; /* how often it is looked at */

struct el_resolvers;

/* Called when they are others than before; COUNT may be 0. */
typedef void el_resolvers_cb(void *arg, const struct el_endpoint *servers, unsigned count);

struct el_resolvers_config {
    const char *path;         /* NULL: EL_RESOLVERS_FILE */
    const struct el_ip *skip; /* ours: whoever names us means others; the caller's */
    size_t skip_count;
    el_resolvers_cb *changed;
    void *arg;
};

/* Looks at once, and from then on. NULL: out of memory. */
struct el_resolvers *el_resolvers_new(struct el_net *net, const struct el_resolvers_config *config);
void el_resolvers_free(struct el_resolvers *resolvers); /* NULL is allowed */

#endif
