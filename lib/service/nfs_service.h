/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A directory, or an image of a disk, over NFS, by itself: what nfsd does. */
#ifndef EL_SERVICE_NFS_SERVICE_H
#define EL_SERVICE_NFS_SERVICE_H

#include "base/addr.h"
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct el_nfs_service_config {
    const char *root;  /* directory or image, exported under its own name */
    const char *state; /* directory of the key; NULL: handles end with us */
    struct el_ip ip;   /* to bind to */
    uint64_t port;
    const char *device; /* interface, or NULL: all */
    bool no_portmap;
};

/* Opens what needs privileges, gives them up (as a user that is nobody, if we are root), and serves
 * until SIGTERM or SIGINT. */
int el_nfs_service_run(const struct el_nfs_service_config *config, struct el_err *err);

#endif
