/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a person may say about names: its notation. */
#include "service/dns_options.h"

#include <stdlib.h>

int el_dns_options_upstream(struct el_dns_options *options, const char *text, struct el_err *err)
{
    struct el_endpoint server;

    if (el_endpoint_parse(text, EL_DNS_PORT, &server) < 0 || server.carrier != EL_CARRIER_UDP ||
        server.port == 0)
        return el_err(err, EL_EINVAL,
                      "%s: expected an address, such as 192.0.2.53 or [2001:db8::53]:5353", text);
    if (options->upstream_count == EL_DNS_UPSTREAMS)
        return el_err(err, EL_EFULL, "at most %d servers", EL_DNS_UPSTREAMS);
    options->upstreams[options->upstream_count++] = server;
    return 0;
}

/* NAME=ADDRESS */
static int parse_record(const char *text, struct el_dns_static *record)
{
    char name[EL_DNS_NAME_BYTES] = "";
    size_t len = strcspn(text, "=");

    if (!text[len] || len >= sizeof name)
        return EL_EINVAL;
    memcpy(name, text, len);
    if (el_dns_name_parse(name, &record->name) < 0 || record->name.len < 2)
        return EL_EINVAL;
    el_dns_name_lower(&record->name);
    return el_ip_parse(text + len + 1, &record->ip);
}

int el_dns_options_record(struct el_dns_options *options, const char *text, struct el_err *err)
{
    size_t count = options->record_count;
    struct el_dns_static record;

    if (parse_record(text, &record) < 0)
        return el_err(err, EL_EINVAL,
                      "%s: expected NAME=ADDRESS, such as mirror.example.com=192.168.77.9", text);
    if (count == EL_DNS_OPTION_RECORDS)
        return el_err(err, EL_EFULL, "at most %d records", EL_DNS_OPTION_RECORDS);
    struct el_dns_static *list = realloc(options->records, (count + 1) * sizeof *list);
    if (!list)
        return el_err(err, EL_ENOMEM, "out of memory");
    list[count] = record;
    options->records = list;
    options->record_count = count + 1;
    return 0;
}

int el_dns_options_private(struct el_dns_options *options, const char *text, struct el_err *err)
{
    struct el_dns_name *name = &options->private[options->private_count];

    if (options->private_count == EL_DNS_OPTION_PRIVATE)
        return el_err(err, EL_EFULL, "at most %d domains", EL_DNS_OPTION_PRIVATE);
    if (el_dns_name_parse(text, name) < 0)
        return el_err(err, EL_EINVAL, "%s: expected a domain", text);
    options->private_count++;
    return 0;
}

bool el_dns_options_forward(const struct el_dns_options *options)
{
    return options->host || options->upstream_count > 0;
}

int el_dns_options_apply(const struct el_dns_options *options, const char *domain,
                         struct el_dns_config *config, struct el_err *err)
{
    config->local.statics = options->records;
    config->local.static_count = options->record_count;
    config->guard.exceptions = options->private;
    config->guard.exception_count = options->private_count;
    if (domain && el_dns_local_domain(domain, &config->local.domain) < 0)
        return el_err(err, EL_EINVAL, "domain: %s is no domain", domain);
    return 0;
}

void el_dns_options_clear(struct el_dns_options *options)
{
    free(options->records);
    options->records = NULL;
    options->record_count = 0;
}
