/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a person may say about names. */
#ifndef EL_SERVICE_DNS_OPTIONS_H
#define EL_SERVICE_DNS_OPTIONS_H

#include "dns/dns.h"

enum { EL_DNS_OPTION_RECORDS = 4096, EL_DNS_OPTION_PRIVATE = 16 };

struct el_dns_options {
    struct el_endpoint upstreams[EL_DNS_UPSTREAMS]; /* instead of this computer's */
    unsigned upstream_count;
    struct el_dns_static *records; /* owned */
    size_t record_count;
    struct el_dns_name private[EL_DNS_OPTION_PRIVATE];
    size_t private_count;
    bool host; /* ask whom this computer asks */
    bool off;
};

/* Each takes one value as it was said. */
int el_dns_options_upstream(struct el_dns_options *options, const char *text, struct el_err *err);
int el_dns_options_record(struct el_dns_options *options, const char *text, struct el_err *err);
int el_dns_options_private(struct el_dns_options *options, const char *text, struct el_err *err);

/* Whether anybody is asked for what is not known here. */
bool el_dns_options_forward(const struct el_dns_options *options);

/* Fills in what CONFIG has of them; it points to them from then on. DOMAIN may be NULL. */
int el_dns_options_apply(const struct el_dns_options *options, const char *domain,
                         struct el_dns_config *config, struct el_err *err);

void el_dns_options_clear(struct el_dns_options *options);

#endif
