/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A DNS server by hand, on addresses that are there already. */
#ifndef EL_SERVICE_NAME_SERVICE_H
#define EL_SERVICE_NAME_SERVICE_H

#include "base/addr.h"
#include "base/err.h"
#include "service/dns_options.h"

enum { EL_NAME_SERVICE_RANGES = 16 };

struct el_name_service_config {
    struct el_ip ip;
    uint64_t port;
    const char *device;                               /* or NULL */
    const char *domain;                               /* or NULL */
    struct el_prefix allowed[EL_NAME_SERVICE_RANGES]; /* who may ask; none: this computer */
    size_t allowed_count;
    uint64_t rate; /* datagrams a second from one address; 0: no limit */
    struct el_dns_options options;
};

/* Runs until SIGTERM or SIGINT. */
int el_name_service_run(const struct el_name_service_config *config, struct el_err *err);

#endif
