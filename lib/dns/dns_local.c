/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names that are known here. */
#include "dns/dns_local.h"

static const struct el_dns_name el2w = {6, "\4el2w"}, localhost = {11, "\11localhost"};

/* Names in these do not exist, as far as we are asked. `private`: unless --dns-private says that
 * somebody knows them. */
static const struct {
    struct el_dns_name name;
    bool private;
} nowhere[] = {
    {{9, "\7invalid"}, false},          /* RFC 6761 §6.4 */
    {{7, "\5onion"}, false},            /* RFC 7686 */
    {{5, "\3alt"}, false},              /* RFC 9476 */
    {{15, "\10resolver\4arpa"}, false}, /* RFC 9462: where our own encrypted service would be */
    {{7, "\5local"}, true},             /* RFC 6762 */
    {{6, "\4test"}, true},              /* RFC 6761 §6.2 */
    {{10, "\10internal"}, true},        /* reserved by ICANN for networks like ours */
    {{11, "\4home\4arpa"}, true},       /* RFC 8375 */
};

/* The answer while it is made. */
struct making {
    const struct el_dns_local *local;
    const struct el_ip *asking;
    const struct el_dns_request *request;
    struct el_dns_name name; /* that is asked for, in lower case */
    struct el_dns_builder b;
    unsigned rcode;
};

static uint16_t type_of(const struct making *m)
{
    return m->request->question.type;
}

/* -- pieces of an answer -- */

static void put_address(struct making *m, const struct el_ip *ip, uint32_t ttl_s)
{
    if (type_of(m) == (ip->family == 4 ? EL_DNS_A : EL_DNS_AAAA))
        el_dns_build_address(&m->b, &m->request->question.name, ip, ttl_s);
}

/* That there is nothing (more), with the SOA that says how long that holds (RFC 2308 §3). */
static void put_nothing(struct making *m, const struct el_dns_name *zone, unsigned rcode)
{
    static const struct el_dns_name mname = {10, "\3hub\4el2w"}, rname = {16, "\6nobody\7invalid"};
    static const uint32_t numbers[] = {1, 3600, 1200, 604800, EL_DNS_HOST_TTL_S};

    size_t at = el_dns_build_open(&m->b, EL_DNS_AUTHORITY, zone, EL_DNS_SOA, EL_DNS_HOST_TTL_S);
    el_dns_build_name(&m->b, &mname);
    el_dns_build_name(&m->b, &rname);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        el_wire_put_be32(&m->b.w, numbers[i]);
    el_dns_build_close(&m->b, at);
    m->rcode = rcode;
}

static void put_pointer(struct making *m, const struct el_dns_name *to, uint32_t ttl_s)
{
    if (type_of(m) != EL_DNS_PTR)
        return;
    size_t at =
        el_dns_build_open(&m->b, EL_DNS_ANSWER, &m->request->question.name, EL_DNS_PTR, ttl_s);
    el_dns_build_name(&m->b, to);
    el_dns_build_close(&m->b, at);
}

/* The name is there, if not with such records. */
static bool is_there(struct making *m, const struct el_dns_name *zone)
{
    if (m->b.counts[EL_DNS_ANSWER] == 0)
        put_nothing(m, zone, EL_DNS_NOERROR);
    return true;
}

/* -- kinds of names: whether it is one of them, and answered -- */

static bool is_static(struct making *m)
{
    bool found = false;

    for (size_t i = 0; i < m->local->static_count; i++) {
        const struct el_dns_static *known = &m->local->statics[i];
        if (!el_dns_name_equal(&known->name, &m->name))
            continue;
        put_address(m, &known->ip, EL_DNS_STATIC_TTL_S);
        found = true;
    }
    return found && is_there(m, &m->name);
}

/* The first label, if it is a host's. */
static bool host_label(const struct el_dns_name *name, char host[EL_DNS_HOST_BYTES])
{
    for (unsigned i = 1; i <= name->b[0]; i++) {
        char c = (char)name->b[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_'))
            return false;
        host[i - 1] = c;
    }
    host[name->b[0]] = '\0';
    return true;
}

static bool is_host(struct making *m, const struct el_dns_name *zone)
{
    const struct el_dns_local *local = m->local;
    struct el_ip ips[EL_DNS_HOST_ADDRESSES];
    char host[EL_DNS_HOST_BYTES];

    if (!local->lookup || !host_label(&m->name, host))
        return false;
    size_t count = local->lookup(local->arg, m->asking, host, ips, EL_DNS_HOST_ADDRESSES);
    for (size_t i = 0; i < count; i++)
        put_address(m, &ips[i], EL_DNS_HOST_TTL_S);
    return count > 0 && is_there(m, zone);
}

/* NAME.ZONE, where ZONE is el2w or the domain. WHOLE: all of the zone is ours. */
static bool is_in_zone(struct making *m, const struct el_dns_name *zone, bool whole)
{
    if (!el_dns_name_is_in(&m->name, zone))
        return false;
    struct el_dns_name parent = el_dns_name_parent(&m->name);
    if (el_dns_name_equal(&parent, zone) && is_host(m, zone))
        return true;
    if (!whole)
        return false;
    put_nothing(m, zone, el_dns_name_equal(&m->name, zone) ? EL_DNS_NOERROR : EL_DNS_NXDOMAIN);
    return true;
}

/* A name without a dot is somebody's on this network, or nobody's; but top-level domains have
 * records too, of other types. */
static bool is_single(struct making *m)
{
    bool address = type_of(m) == EL_DNS_A || type_of(m) == EL_DNS_AAAA;

    if (el_dns_name_labels(&m->name) != 1 || !address)
        return false;
    if (!is_host(m, &m->name))
        put_nothing(m, &m->name, EL_DNS_NXDOMAIN);
    return true;
}

static bool is_localhost(struct making *m)
{
    static const struct el_ip four = {4, {127, 0, 0, 1}}, six = {6, {[15] = 1}};

    if (!el_dns_name_is_in(&m->name, &localhost))
        return false;
    put_address(m, &four, EL_DNS_STATIC_TTL_S);
    put_address(m, &six, EL_DNS_STATIC_TTL_S);
    return is_there(m, &localhost);
}

static bool is_nowhere(struct making *m, const struct el_dns_guard *guard)
{
    for (size_t i = 0; i < sizeof nowhere / sizeof nowhere[0]; i++) {
        if (!el_dns_name_is_in(&m->name, &nowhere[i].name) ||
            (nowhere[i].private && el_dns_guard_excepts(guard, &m->name)))
            continue;
        put_nothing(m, &nowhere[i].name, EL_DNS_NXDOMAIN);
        return true;
    }
    return false;
}

/* -- addresses -- */

static bool is_ours(const struct making *m, const struct el_prefix *range)
{
    for (size_t i = 0; i < m->local->network_count; i++)
        if (m->local->networks[i].len <= range->len &&
            el_prefix_contains(&m->local->networks[i], &range->ip))
            return true;
    return false;
}

/* HOST in the domain, or in el2w. */
static struct el_dns_name host_name(const struct making *m, const char *host)
{
    const struct el_dns_name *zone = m->local->domain.len ? &m->local->domain : &el2w;
    struct el_dns_name name = {.len = 0};
    struct el_wire w = el_wire_write(name.b, sizeof name.b);
    size_t len = strlen(host);

    el_wire_put_u8(&w, (uint8_t)len);
    el_wire_put(&w, host, len);
    el_wire_put(&w, zone->b, zone->len);
    name.len = (uint8_t)el_wire_done(&w);
    return el_wire_ok(&w) ? name : *zone;
}

static bool find_pointer(struct making *m, const struct el_ip *ip)
{
    const struct el_dns_local *local = m->local;
    char host[EL_DNS_HOST_BYTES];

    for (size_t i = 0; i < local->static_count; i++)
        if (el_ip_equal(&local->statics[i].ip, ip)) {
            put_pointer(m, &local->statics[i].name, EL_DNS_STATIC_TTL_S);
            return true;
        }
    if (ip->family == 4 && ip->b[0] == 127) {
        put_pointer(m, &localhost, EL_DNS_STATIC_TTL_S);
        return true;
    }
    if (!local->reverse || !local->reverse(local->arg, ip, host))
        return false;
    const struct el_dns_name name = host_name(m, host);
    put_pointer(m, &name, EL_DNS_HOST_TTL_S);
    return true;
}

static bool is_address(struct making *m, const struct el_dns_guard *guard)
{
    struct el_prefix range;

    if (el_dns_name_range(&m->name, &range) < 0)
        return false;
    bool whole = range.len == (range.ip.family == 4 ? 32 : 128);
    if (whole && find_pointer(m, &range.ip))
        return is_there(m, &m->name);
    bool here = is_ours(m, &range);
    if (!here && (!el_dns_guard_is_inside_range(&range) || el_dns_guard_excepts(guard, &m->name)))
        return false;
    /* Of a part of an address there may be something below. */
    put_nothing(m, &m->name, whole ? EL_DNS_NXDOMAIN : EL_DNS_NOERROR);
    return true;
}

/* -- all of it -- */

int el_dns_local_domain(const char *text, struct el_dns_name *domain)
{
    bool good = el_dns_name_parse(text, domain) == 0 && domain->len > 1 &&
                domain->len <= EL_DNS_NAME_BYTES - EL_DNS_HOST_BYTES;

    el_dns_name_lower(domain);
    return good ? 0 : EL_EINVAL;
}

static bool find(struct making *m, const struct el_dns_guard *guard, bool forwards)
{
    const struct el_dns_name *domain = &m->local->domain;

    if (is_static(m) || is_in_zone(m, &el2w, true))
        return true;
    if (domain->len && is_in_zone(m, domain, !forwards))
        return true;
    return is_localhost(m) || is_address(m, guard) || is_nowhere(m, guard) || is_single(m);
}

size_t el_dns_local_answer(const struct el_dns_local *local, const struct el_dns_guard *guard,
                           bool forwards, const struct el_ip *asking,
                           const struct el_dns_request *request, uint8_t *to, size_t capacity,
                           unsigned *rcode)
{
    struct making m = {.local = local, .asking = asking, .request = request};

    m.name = request->question.name;
    el_dns_name_lower(&m.name);
    el_dns_build_begin(&m.b, to, capacity, request->id, 0, &request->question);
    if (!find(&m, guard, forwards))
        return 0;
    int len = el_dns_build_end(&m.b);
    if (len < 0)
        return 0;
    struct el_wire flags = el_wire_write(to + 2, 2);
    el_wire_put_be16(&flags, (uint16_t)(request->flags | EL_DNS_QR | EL_DNS_AA | m.rcode));
    *rcode = m.rcode;
    return el_dns_finish(request, m.rcode, EL_DNS_EDE_NONE, to, (size_t)len, capacity);
}
