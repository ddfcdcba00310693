/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A directory, or the files inside an image of a disk, over TFTP or HTTP, by itself: what tftpd and
 * httpd do. */
#ifndef EL_SERVICE_FILE_SERVICE_H
#define EL_SERVICE_FILE_SERVICE_H

#include "base/addr.h"
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

enum el_file_protocol { EL_FILE_TFTP, EL_FILE_HTTP };

struct el_file_service_config {
    const char *root;   /* directory, or image */
    struct el_ip ip;    /* to bind to */
    uint64_t port;      /* 0: the protocol's own */
    const char *device; /* interface, or NULL: all */
    bool listing;       /* HTTP: a directory's address gives a list */
};

/* Opens what needs privileges, gives them up (as a user that is nobody, if we are root), and serves
 * until SIGTERM or SIGINT. */
int el_file_service_run(enum el_file_protocol protocol, const struct el_file_service_config *config,
                        struct el_err *err);

#endif
