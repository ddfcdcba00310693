/* SPDX-License-Identifier: GPL-2.0-or-later */
/* No inside addresses from outside. */
#include "dns/dns_guard.h"

static const struct el_prefix inside[] = {
    {{4, {0}}, 8},                                  /* this host */
    {{4, {10}}, 8},                                 /* RFC 1918 */
    {{4, {100, 64}}, 10},                           /* RFC 6598; and inside the tunnel */
    {{4, {127}}, 8},        {{4, {169, 254}}, 16},  /* this link */
    {{4, {172, 16}}, 12},   {{4, {192, 0, 0}}, 24}, /* RFC 6890 */
    {{4, {192, 168}}, 16},  {{4, {198, 18}}, 15},   /* RFC 2544 */
    {{4, {224}}, 3},                                /* groups, reserved, broadcast */
    {{6, {0}}, 127},                                /* :: and ::1 */
    {{6, {0xfc}}, 7},                               /* RFC 4193 */
    {{6, {0xfe, 0x80}}, 9},                         /* this link, this site */
    {{6, {0xff}}, 8},                               /* groups */
};

/* IPv6 addresses with an IPv4 address in them, and where. */
static const struct {
    struct el_prefix range;
    uint8_t at;
} embedding[] = {
    {{{6, {0}}, 96}, 12},
    {{{6, {[10] = 0xff, [11] = 0xff}}, 96}, 12},
    {{{6, {0, 0x64, 0xff, 0x9b}}, 96}, 12},
    {{{6, {0x20, 0x02}}, 16}, 2},
};

static bool is_listed(const struct el_prefix *list, size_t count, const struct el_ip *ip)
{
    for (size_t i = 0; i < count; i++)
        if (el_prefix_contains(&list[i], ip))
            return true;
    return false;
}

bool el_dns_guard_is_inside(const struct el_dns_guard *guard, const struct el_ip *ip)
{
    if (is_listed(inside, sizeof inside / sizeof inside[0], ip) ||
        is_listed(guard->own, guard->own_count, ip))
        return true;
    for (size_t i = 0; i < sizeof embedding / sizeof embedding[0]; i++) {
        struct el_ip four = {.family = 4};
        if (!el_prefix_contains(&embedding[i].range, ip))
            continue;
        memcpy(four.b, ip->b + embedding[i].at, 4);
        return el_dns_guard_is_inside(guard, &four);
    }
    return false;
}

bool el_dns_guard_is_inside_range(const struct el_prefix *range)
{
    for (size_t i = 0; i < sizeof inside / sizeof inside[0]; i++)
        if (inside[i].len <= range->len && el_prefix_contains(&inside[i], &range->ip))
            return true;
    return false;
}

bool el_dns_guard_excepts(const struct el_dns_guard *guard, const struct el_dns_name *name)
{
    for (size_t i = 0; i < guard->exception_count; i++)
        if (el_dns_name_is_in(name, &guard->exceptions[i]))
            return true;
    return false;
}

/* The addresses that DATA is made of; one that is cut counts, too. */
static bool bars_addresses(const struct el_dns_guard *guard, struct el_wire data, uint8_t family)
{
    size_t len = family == 4 ? 4 : 16;

    while (el_wire_left(&data)) {
        struct el_ip ip = {.family = family};
        const uint8_t *bytes = el_wire_take(&data, len);
        if (!bytes)
            return true;
        memcpy(ip.b, bytes, len);
        if (el_dns_guard_is_inside(guard, &ip))
            return true;
    }
    return false;
}

/* SVCB and HTTPS: priority, target, then parameters (RFC 9460 §2.2). */
static bool bars_hints(const struct el_dns_guard *guard, struct el_wire data)
{
    enum { IPV4HINT = 4, IPV6HINT = 6 };
    struct el_dns_name target;

    el_wire_skip(&data, 2);
    el_dns_name_read(&data, &target);
    while (el_wire_left(&data)) {
        unsigned key = el_wire_be16(&data);
        struct el_wire value = el_wire_sub(&data, el_wire_be16(&data));
        if (!el_wire_ok(&data))
            break;
        if (key == IPV4HINT && bars_addresses(guard, value, 4))
            return true;
        if (key == IPV6HINT && bars_addresses(guard, value, 6))
            return true;
    }
    return !el_wire_ok(&data);
}

bool el_dns_guard_bars(const struct el_dns_guard *guard, const struct el_dns_record *record)
{
    switch (record->type) {
    case EL_DNS_A: return bars_addresses(guard, record->data, 4);
    case EL_DNS_AAAA: return bars_addresses(guard, record->data, 6);
    case EL_DNS_SVCB:
    case EL_DNS_HTTPS: return bars_hints(guard, record->data);
    default: return false;
    }
}
