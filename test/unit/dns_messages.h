/* SPDX-License-Identifier: GPL-2.0-or-later */
/* DNS messages for tests. */
#ifndef TEST_UNIT_DNS_MESSAGES_H
#define TEST_UNIT_DNS_MESSAGES_H

#include "dns/dns_wire.h"

static inline struct el_dns_name name_of(const char *text)
{
    struct el_dns_name name;

    assert_int_equal(el_dns_name_parse(text, &name), 0);
    return name;
}

static inline struct el_ip ip_of(const char *text)
{
    struct el_ip ip;

    assert_int_equal(el_ip_parse(text, &ip), 0);
    return ip;
}

/* A message that is put together record by record. */
struct draft {
    struct el_dns_builder b;
    uint8_t bytes[4096];
    size_t len;
};

static inline void draft_begin(struct draft *d, uint16_t id, uint16_t flags, const char *name,
                               uint16_t type)
{
    const struct el_dns_question question = {name_of(name), type, EL_DNS_IN};

    el_dns_build_begin(&d->b, d->bytes, sizeof d->bytes, id, flags, &question);
}

static inline void draft_address(struct draft *d, const char *owner, const char *ip, uint32_t ttl_s)
{
    const struct el_dns_name name = name_of(owner);
    const struct el_ip address = ip_of(ip);

    el_dns_build_address(&d->b, &name, &address, ttl_s);
}

/* A record whose data are a name. */
static inline void draft_name(struct draft *d, unsigned section, const char *owner, uint16_t type,
                              const char *target, uint32_t ttl_s)
{
    const struct el_dns_name name = name_of(owner), data = name_of(target);
    size_t at = el_dns_build_open(&d->b, section, &name, type, ttl_s);

    el_dns_build_name(&d->b, &data);
    el_dns_build_close(&d->b, at);
}

static inline void draft_bytes(struct draft *d, unsigned section, const char *owner, uint16_t type,
                               const void *data, size_t len, uint32_t ttl_s)
{
    const struct el_dns_name name = name_of(owner);
    size_t at = el_dns_build_open(&d->b, section, &name, type, ttl_s);

    el_wire_put(&d->b.w, data, len);
    el_dns_build_close(&d->b, at);
}

static inline void draft_soa(struct draft *d, const char *zone, uint32_t ttl_s, uint32_t minimum_s)
{
    const struct el_dns_name name = name_of(zone);
    size_t at = el_dns_build_open(&d->b, EL_DNS_AUTHORITY, &name, EL_DNS_SOA, ttl_s);

    el_dns_build_name(&d->b, &name);
    el_dns_build_name(&d->b, &name);
    for (int i = 0; i < 4; i++)
        el_wire_put_be32(&d->b.w, 1);
    el_wire_put_be32(&d->b.w, minimum_s);
    el_dns_build_close(&d->b, at);
}

static inline void draft_end(struct draft *d)
{
    int len = el_dns_build_end(&d->b);

    assert_true(len > 0);
    d->len = (size_t)len;
}

static inline void draft_edns(struct draft *d, uint16_t size, bool dnssec_ok)
{
    size_t at = d->len;

    d->len = el_dns_put_edns(d->bytes, d->len, sizeof d->bytes, 0, dnssec_ok, EL_DNS_EDE_NONE);
    d->bytes[at + 3] = (uint8_t)(size >> 8);
    d->bytes[at + 4] = (uint8_t)size;
}

/* The Nth record of a section of a message; false: there is none. */
static inline bool record_at(const struct el_dns_message *m, unsigned section, unsigned n,
                             struct el_dns_record *record)
{
    struct el_dns_reader reader;

    el_dns_read_records(m, &reader);
    while (el_dns_next_record(&reader, record))
        if (record->section == section && n-- == 0)
            return true;
    return false;
}

/* The address in it. */
static inline struct el_ip address_in(const struct el_dns_record *record)
{
    struct el_wire data = record->data;
    struct el_ip ip = {.family = record->type == EL_DNS_A ? 4 : 6};
    const uint8_t *bytes = el_wire_take(&data, ip.family == 4 ? 4 : 16);

    assert_non_null(bytes);
    memcpy(ip.b, bytes, ip.family == 4 ? 4 : 16);
    return ip;
}

static inline struct el_dns_name name_in(const struct el_dns_record *record)
{
    struct el_wire data = record->data;
    struct el_dns_name name;

    el_dns_name_read(&data, &name);
    assert_true(el_wire_ok(&data));
    return name;
}

#endif
