/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A computer that asks for an address. */
#include "dhcp/dhcp_host.h"

#include "base/csprng.h"
#include "base/time.h"
#include "frame/csum.h"
#include "frame/layers.h"

enum {
    REQUESTS = 4, /* for an offer, before another one is looked for */
    CAP_S = 16,   /* between two questions to which nobody answers */
};

#define ASK_AGAIN (60 * EL_S) /* for longer, at the least (RFC 2131 §4.4.5) */

_Static_assert((int)EL_FRAME_UDP4_HEADER + EL_DHCP_DEFAULT_BYTES <= EL_DHCP_HOST_FRAME,
               "what every server takes");

/* -- time -- */

/* 1, 2, 4, 8, 16, 16... seconds, each up to a tenth more or less, so that computers that were
 * started together do not ask together for ever (RFC 2131 §4.1). */
static uint64_t patience(unsigned tries)
{
    uint64_t base = (tries < 4 ? UINT64_C(1) << tries : CAP_S) * EL_S;

    return base - base / 10 + el_random_below((uint32_t)(base / 5 / EL_MS)) * EL_MS;
}

static void enter(struct el_dhcp_host *host, enum el_dhcp_host_state state, uint64_t now_ns)
{
    host->state = state;
    host->tries = 0;
    host->next_ns = now_ns;
}

/* From the beginning, as somebody new. */
static void start(struct el_dhcp_host *host, uint64_t now_ns)
{
    el_random(&host->xid, sizeof host->xid);
    host->begun_ns = now_ns;
    host->server = 0;
    memset(&host->lease, 0, sizeof host->lease);
    enter(host, EL_DHCP_HOST_SELECTING, now_ns);
}

void el_dhcp_host_init(struct el_dhcp_host *host, const struct el_mac *mac, const char *name,
                       uint64_t now_ns)
{
    *host = (struct el_dhcp_host){.mac = *mac};
    if (name)
        memcpy(host->name, name, strnlen(name, sizeof host->name - 1));
    start(host, now_ns);
}

uint64_t el_dhcp_host_deadline(const struct el_dhcp_host *host)
{
    return host->next_ns;
}

const struct el_dhcp_host_lease *el_dhcp_host_lease(const struct el_dhcp_host *host)
{
    return host->state >= EL_DHCP_HOST_BOUND ? &host->lease : NULL;
}

void el_dhcp_host_hurry(struct el_dhcp_host *host, uint64_t now_ns)
{
    if (host->state == EL_DHCP_HOST_SELECTING)
        enter(host, EL_DHCP_HOST_SELECTING, now_ns);
}

/* -- what we say -- */

static size_t make_frame(const struct el_dhcp_message *m, const struct el_frame_udp4 *to,
                         uint8_t frame[EL_DHCP_HOST_FRAME])
{
    unsigned dropped;
    int len = el_dhcp_encode(m, EL_DHCP_DEFAULT_BYTES, frame + EL_FRAME_UDP4_HEADER,
                             EL_DHCP_HOST_FRAME - EL_FRAME_UDP4_HEADER, &dropped);

    len = len < 0 ? len : el_frame_udp4_build(frame + EL_FRAME_UDP4_HEADER, (size_t)len, to);
    return len > 0 ? (size_t)len : 0;
}

static uint32_t own_address(const struct el_dhcp_host *host)
{
    return el_ip4_number(&host->lease.address.ip);
}

static bool has_lease(const struct el_dhcp_host *host)
{
    return host->state >= EL_DHCP_HOST_BOUND;
}

/* What all messages of ours have in common. The flag that asks for an answer to all (RFC 2131 §4.1)
 * is for those whose kernel takes no other; we read frames. */
static void begin_message(const struct el_dhcp_host *host, enum el_dhcp_type type, uint64_t now_ns,
                          struct el_dhcp_message *m)
{
    uint64_t seconds = (now_ns - host->begun_ns) / EL_S;

    memset(m, 0, sizeof *m);
    m->op = EL_DHCP_BOOTREQUEST;
    m->htype = EL_DHCP_HTYPE_ETHERNET;
    m->hlen = sizeof host->mac.b;
    m->xid = host->xid;
    m->secs = (uint16_t)(seconds < UINT16_MAX ? seconds : UINT16_MAX);
    memcpy(m->chaddr, host->mac.b, sizeof host->mac.b);
    if (has_lease(host))
        m->ciaddr = own_address(host);
    el_dhcp_put_u8(m, EL_DHCP_O_TYPE, (uint8_t)type);
}

static void put_wishes(const struct el_dhcp_host *host, struct el_dhcp_message *m)
{
    static const uint8_t wanted[] = {EL_DHCP_O_MASK,   EL_DHCP_O_ROUTER,  EL_DHCP_O_DNS,
                                     EL_DHCP_O_DOMAIN, EL_DHCP_O_LEASE_S, EL_DHCP_O_T1_S,
                                     EL_DHCP_O_T2_S};

    el_dhcp_put(m, EL_DHCP_O_PARAMETERS, wanted, sizeof wanted);
    if (host->name[0])
        el_dhcp_put_text(m, EL_DHCP_O_HOSTNAME, host->name);
}

static struct el_frame_udp4 to_all(const struct el_dhcp_host *host)
{
    struct el_frame_udp4 to = {.src_mac = host->mac,
                               .src = has_lease(host) ? own_address(host) : 0,
                               .dst = UINT32_MAX,
                               .src_port = EL_DHCP_PORT_CLIENT,
                               .dst_port = EL_DHCP_PORT_SERVER};

    memset(&to.dst_mac, 0xff, sizeof to.dst_mac);
    return to;
}

/* Whose lease it is: by the way its answer came, which is right for a relay's too. */
static struct el_frame_udp4 to_server(const struct el_dhcp_host *host)
{
    struct el_frame_udp4 to = to_all(host);

    to.dst_mac = host->by;
    to.dst = host->server;
    return to;
}

static size_t discover(struct el_dhcp_host *host, uint64_t now_ns, uint8_t *frame)
{
    struct el_frame_udp4 to = to_all(host);
    struct el_dhcp_message m;

    begin_message(host, EL_DHCP_DISCOVER, now_ns, &m);
    put_wishes(host, &m);
    host->next_ns = now_ns + patience(host->tries++);
    return make_frame(&m, &to, frame);
}

/* What is said of the address depends on the state (RFC 2131 §4.3.6, table 4). */
static size_t request(struct el_dhcp_host *host, uint64_t now_ns, uint8_t *frame)
{
    struct el_frame_udp4 to = host->state == EL_DHCP_HOST_RENEWING ? to_server(host) : to_all(host);
    struct el_dhcp_message m;

    begin_message(host, EL_DHCP_REQUEST, now_ns, &m);
    if (!has_lease(host)) {
        el_dhcp_put_be32(&m, EL_DHCP_O_REQUESTED_IP, own_address(host));
        el_dhcp_put_be32(&m, EL_DHCP_O_SERVER_ID, host->server);
    }
    put_wishes(host, &m);
    host->tries++;
    return make_frame(&m, &to, frame);
}

/* Half of what is left until END_NS, but not too often, nor later than that. */
static uint64_t half_way(uint64_t now_ns, uint64_t end_ns)
{
    uint64_t wait = (end_ns - now_ns) / 2;

    wait = wait < ASK_AGAIN ? ASK_AGAIN : wait;
    return now_ns + wait < end_ns ? now_ns + wait : end_ns;
}

/* The time of a lease goes on, whatever is answered. */
static void advance(struct el_dhcp_host *host, uint64_t now_ns)
{
    if (!has_lease(host))
        return;
    if (now_ns >= host->end_ns) {
        start(host, now_ns);
    } else if (now_ns >= host->rebind_ns && host->state != EL_DHCP_HOST_REBINDING) {
        enter(host, EL_DHCP_HOST_REBINDING, now_ns);
    } else if (now_ns >= host->renew_ns && host->state == EL_DHCP_HOST_BOUND) {
        el_random(&host->xid, sizeof host->xid);
        host->begun_ns = now_ns;
        enter(host, EL_DHCP_HOST_RENEWING, now_ns);
    }
}

size_t el_dhcp_host_output(struct el_dhcp_host *host, uint64_t now_ns,
                           uint8_t frame[EL_DHCP_HOST_FRAME])
{
    advance(host, now_ns);
    if (now_ns < host->next_ns)
        return 0;
    if (host->state == EL_DHCP_HOST_REQUESTING && host->tries == REQUESTS)
        start(host, now_ns);
    switch (host->state) {
    case EL_DHCP_HOST_SELECTING: return discover(host, now_ns, frame);
    case EL_DHCP_HOST_REQUESTING: host->next_ns = now_ns + patience(host->tries); break;
    case EL_DHCP_HOST_RENEWING: host->next_ns = half_way(now_ns, host->rebind_ns); break;
    case EL_DHCP_HOST_REBINDING: host->next_ns = half_way(now_ns, host->end_ns); break;
    case EL_DHCP_HOST_BOUND: return 0;
    }
    return request(host, now_ns, frame);
}

size_t el_dhcp_host_release(struct el_dhcp_host *host, uint64_t now_ns,
                            uint8_t frame[EL_DHCP_HOST_FRAME])
{
    struct el_dhcp_message m;

    if (!has_lease(host))
        return 0;
    struct el_frame_udp4 to = to_server(host);
    el_random(&host->xid, sizeof host->xid);
    host->begun_ns = now_ns;
    begin_message(host, EL_DHCP_RELEASE, now_ns, &m);
    el_dhcp_put_be32(&m, EL_DHCP_O_SERVER_ID, host->server);
    size_t len = make_frame(&m, &to, frame);
    start(host, now_ns);
    return len;
}

/* -- what we are told -- */

/* The payload of a datagram to a DHCP client, in one piece and with right checksums; a failed
 * cursor if FRAME is something else. */
static struct el_wire datagram(const uint8_t *frame, size_t len, bool trusted, struct el_mac *from)
{
    struct el_wire nothing = el_wire_read(frame, 0);
    struct el_layers layers;

    el_wire_fail(&nothing);
    if (el_layers_read(frame, len, &layers) < 0 || layers.version != 4 ||
        layers.transport != EL_IP_UDP || layers.fragment ||
        layers.udp.dst_port != EL_DHCP_PORT_CLIENT || layers.udp.src_port != EL_DHCP_PORT_SERVER ||
        !el_ip4_csum_ok(frame + layers.l3, layers.ip4.header_len))
        return nothing;
    size_t datagram = layers.udp.len;
    uint64_t sum = el_csum_add(el_layers_pseudo(&layers, datagram), frame + layers.l4, datagram);
    if (!trusted && layers.udp.csum != 0 && el_csum_finish(sum) != 0)
        return nothing;
    *from = layers.eth.src;
    return el_wire_read(frame + layers.payload, datagram - EL_UDP_HEADER);
}

static bool is_for_us(const struct el_dhcp_host *host, const struct el_dhcp_message *m)
{
    return m->op == EL_DHCP_BOOTREPLY && m->htype == EL_DHCP_HTYPE_ETHERNET &&
           m->hlen == sizeof host->mac.b && m->xid == host->xid &&
           memcmp(m->chaddr, host->mac.b, sizeof host->mac.b) == 0;
}

/* Of a netmask; 0 if it is none. */
static uint8_t prefix_length(uint32_t mask)
{
    uint8_t len = 0;

    while (len < 32 && mask & UINT32_C(1) << (31 - len))
        len++;
    return el_prefix_mask4(len) == mask ? len : 0;
}

/* One that an ordinary host may have; not of the tunnel's. */
static bool is_host(uint32_t address, uint8_t len)
{
    uint32_t host = address & ~el_prefix_mask4(len), top = address >> 24;

    return len >= 8 && len <= 30 && top != 0 && top != 127 && top < 224 &&
           (address & 0xffc00000) != 0x64400000 && host != 0 && host != ~el_prefix_mask4(len);
}

static bool is_domain(const char *text, size_t len)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.";

    for (size_t i = 0; i < len; i++)
        if (text[i] == '\0' || !strchr(allowed, text[i]))
            return false;
    return len < EL_DHCP_HOST_NAME;
}

static bool is_router(const struct el_dhcp_host_lease *lease, uint32_t router)
{
    uint32_t address = el_ip4_number(&lease->address.ip);

    return is_host(router, lease->address.len) && router != address &&
           ((router ^ address) & el_prefix_mask4(lease->address.len)) == 0;
}

bool el_dhcp_host_lease_is_sound(const struct el_dhcp_host_lease *lease)
{
    const struct el_ip *address = &lease->address.ip, *router = &lease->router;
    size_t domain = strnlen(lease->domain, sizeof lease->domain);

    if (address->family != 4 || !is_host(el_ip4_number(address), lease->address.len) ||
        lease->dns_count > EL_DHCP_HOST_DNS || !is_domain(lease->domain, domain))
        return false;
    for (unsigned i = 0; i < lease->dns_count; i++)
        if (lease->dns[i].family != 4)
            return false;
    return router->family == 0 || (router->family == 4 && is_router(lease, el_ip4_number(router)));
}

static void read_domain(const struct el_dhcp_message *m, char domain[EL_DHCP_HOST_NAME])
{
    struct el_wire w = el_dhcp_option(m, EL_DHCP_O_DOMAIN);
    size_t len = el_wire_left(&w);
    const uint8_t *text = el_wire_take(&w, len);

    while (text && len > 0 && text[len - 1] == '\0') /* some add it */
        len--;
    if (text && is_domain((const char *)text, len))
        memcpy(domain, text, len);
}

/* The lease that M is about. False: none that we would take. */
static bool read_lease(const struct el_dhcp_message *m, struct el_dhcp_host_lease *lease)
{
    uint8_t len = prefix_length(el_dhcp_number(m, EL_DHCP_O_MASK));
    struct el_wire routers = el_dhcp_option(m, EL_DHCP_O_ROUTER);
    struct el_wire dns = el_dhcp_option(m, EL_DHCP_O_DNS);
    uint32_t router = el_wire_be32(&routers);

    memset(lease, 0, sizeof *lease);
    if (!is_host(m->yiaddr, len))
        return false;
    lease->address = (struct el_prefix){el_ip4(m->yiaddr), len};
    if (el_wire_ok(&routers) && is_router(lease, router))
        lease->router = el_ip4(router);
    while (lease->dns_count < EL_DHCP_HOST_DNS && el_wire_left(&dns) >= 4)
        lease->dns[lease->dns_count++] = el_ip4(el_wire_be32(&dns));
    read_domain(m, lease->domain);
    lease->seconds = el_dhcp_number(m, EL_DHCP_O_LEASE_S);
    if (lease->seconds < EL_DHCP_HOST_LEASE_MIN_S)
        lease->seconds = EL_DHCP_HOST_LEASE_MIN_S;
    return true;
}

/* When to ask for longer: as it says if that makes sense, else as RFC 2131 §4.4.5 does. */
static void set_times(struct el_dhcp_host *host, const struct el_dhcp_message *m, uint64_t now_ns)
{
    uint64_t all = host->lease.seconds;
    uint64_t t1 = el_dhcp_number(m, EL_DHCP_O_T1_S), t2 = el_dhcp_number(m, EL_DHCP_O_T2_S);

    if (t1 < EL_DHCP_HOST_LEASE_MIN_S / 2 || t2 <= t1 || t2 >= all) {
        t1 = all / 2;
        t2 = all * 7 / 8;
    }
    host->renew_ns = now_ns + t1 * EL_S;
    host->rebind_ns = now_ns + t2 * EL_S;
    host->end_ns = now_ns + all * EL_S;
    enter(host, EL_DHCP_HOST_BOUND, host->renew_ns);
}

static bool on_offer(struct el_dhcp_host *host, const struct el_dhcp_message *m,
                     const struct el_mac *from, uint64_t now_ns)
{
    uint32_t server = el_dhcp_number(m, EL_DHCP_O_SERVER_ID);

    if (host->state != EL_DHCP_HOST_SELECTING || server == 0 || !read_lease(m, &host->lease))
        return false;
    host->server = server;
    host->by = *from;
    enter(host, EL_DHCP_HOST_REQUESTING, now_ns);
    return true;
}

/* An answer to a REQUEST, by whom it was for: by anybody while it is for all. */
static bool is_answer(const struct el_dhcp_host *host, const struct el_dhcp_message *m)
{
    uint32_t server = el_dhcp_number(m, EL_DHCP_O_SERVER_ID);

    if (host->state == EL_DHCP_HOST_SELECTING || host->state == EL_DHCP_HOST_BOUND || server == 0)
        return false;
    return server == host->server || host->state == EL_DHCP_HOST_REBINDING;
}

static bool on_ack(struct el_dhcp_host *host, const struct el_dhcp_message *m,
                   const struct el_mac *from, uint64_t now_ns)
{
    struct el_dhcp_host_lease lease;

    if (!is_answer(host, m) || m->yiaddr != own_address(host) || !read_lease(m, &lease))
        return false;
    host->lease = lease;
    host->server = el_dhcp_number(m, EL_DHCP_O_SERVER_ID);
    host->by = *from;
    set_times(host, m, now_ns);
    return true;
}

static bool on_nak(struct el_dhcp_host *host, const struct el_dhcp_message *m, uint64_t now_ns)
{
    if (!is_answer(host, m))
        return false;
    start(host, now_ns);
    host->next_ns =
        now_ns + patience(0); /* whoever refuses all the time is not asked all the time */
    return true;
}

bool el_dhcp_host_input(struct el_dhcp_host *host, uint64_t now_ns, const uint8_t *frame,
                        size_t len, bool trusted)
{
    struct el_mac from;
    struct el_wire w = datagram(frame, len, trusted, &from);
    struct el_dhcp_message m;

    advance(host, now_ns);
    if (!el_wire_ok(&w) || el_dhcp_decode(w.at, el_wire_left(&w), &m) < 0 || !is_for_us(host, &m))
        return false;
    switch (el_dhcp_number(&m, EL_DHCP_O_TYPE)) {
    case EL_DHCP_OFFER: return on_offer(host, &m, &from, now_ns);
    case EL_DHCP_ACK: return on_ack(host, &m, &from, now_ns);
    case EL_DHCP_NAK: return on_nak(host, &m, now_ns);
    default: return false;
    }
}
