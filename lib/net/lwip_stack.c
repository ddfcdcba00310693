/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lwIP's surroundings: its clock, its memory, its chance; and the turns of those who use it. */
#include "net/lwip_stack.h"

#include "base/csprng.h"
#include "base/log.h"
#include "frame/csum.h"

#include <lwip/init.h>
#include <lwip/memp.h>
#include <lwip/stats.h>
#include <lwip/sys.h>
#include <lwip/timeouts.h>
#include <lwip_hooks.h>
#include <malloc.h>
#include <sodium.h>
#include <stdlib.h>

enum {
    IP_HEADER = 20,
    IP_DESTINATION = 16,
    FIRST_PORT = 49152, /* of those for private use, RFC 6335 §6 */
};

static struct {
    bool ready; /* lwIP has been initialised; it cannot be taken back */
    struct el_net *base;
    unsigned users;
    uint64_t start_ns; /* of this base's clock … */
    uint32_t start_ms; /* … is this time for lwIP, whose clock never goes back */
    struct el_net_timer *timer;
    uint64_t armed_ns;
    struct el_lwip_open *first, *last; /* the queue */
    size_t memory;
    uint8_t isn_key[crypto_shorthash_KEYBYTES];
} stack;

/* -- time -- */

uint32_t sys_now(void)
{
    uint64_t passed_ns = stack.base ? el_net_now_ns(stack.base) - stack.start_ns : 0;

    return stack.start_ms + (uint32_t)(passed_ns / EL_MS);
}

struct el_net *el_lwip_clock(void)
{
    return stack.base;
}

void el_lwip_arm(void)
{
    uint64_t deadline_ns = 0;

    if (!stack.timer)
        return;
    if (!stack.first) {
        uint32_t sleep_ms = sys_timeouts_sleeptime();
        uint64_t wake_ms = (uint64_t)(sys_now() - stack.start_ms) + sleep_ms;

        deadline_ns = sleep_ms == SYS_TIMEOUTS_SLEEPTIME_INFINITE
                          ? EL_NEVER
                          : stack.start_ns + wake_ms * EL_MS;
    }
    if (deadline_ns == stack.armed_ns)
        return;
    stack.armed_ns = deadline_ns;
    el_net_timer_set(stack.timer, deadline_ns);
}

static void time_out(void *arg)
{
    (void)arg;
    stack.armed_ns = EL_NEVER;
    sys_check_timeouts();
    el_lwip_turn();
}

int el_lwip_stack_use(struct el_net *base)
{
    if (stack.users > 0 && stack.base != base)
        return EL_EINVAL;
    if (stack.users == 0) {
        stack.timer = el_net_timer_new(base, time_out, NULL);
        if (!stack.timer)
            return EL_ENOMEM;
        stack.armed_ns = EL_NEVER;
        stack.base = base;
        stack.start_ns = el_net_now_ns(base);
    }
    stack.users++;
    if (!stack.ready) {
        stack.ready = true;
        el_random(stack.isn_key, sizeof stack.isn_key);
        lwip_init();
    }
    return 0;
}

void el_lwip_stack_unuse(void)
{
    if (--stack.users > 0)
        return;
    stack.start_ms = sys_now();
    el_net_timer_free(stack.timer);
    stack.timer = NULL;
    stack.base = NULL;
}

/* -- turns -- */

void el_lwip_soon(struct el_lwip_open *open)
{
    if (open->queued)
        return;
    open->queued = true;
    open->next_queued = NULL;
    if (stack.first)
        stack.last->next_queued = open;
    else
        stack.first = open;
    stack.last = open;
    el_lwip_arm();
}

/* Who comes into the queue meanwhile gets his turn when the loop has come round. */
void el_lwip_turn(void)
{
    struct el_lwip_open *open = stack.first;

    stack.first = NULL;
    while (open) {
        struct el_lwip_open *next = open->next_queued;

        open->queued = false;
        if (open->closed)
            open->free(open);
        else
            open->turn(open);
        open = next;
    }
    el_lwip_arm();
}

void el_lwip_bury(const struct el_lwip_net *net)
{
    struct el_lwip_open **link = &stack.first;

    stack.last = NULL;
    while (*link) {
        struct el_lwip_open *open = *link;

        if (open->closed && open->net == net) {
            *link = open->next_queued;
            open->free(open);
        } else {
            stack.last = open;
            link = &open->next_queued;
        }
    }
}

void el_lwip_open(struct el_lwip_open *open, struct el_lwip_net *net)
{
    open->net = net;
    open->next = net->opens;
    open->link = &net->opens;
    if (open->next)
        open->next->link = &open->next;
    net->opens = open;
}

void el_lwip_close(struct el_lwip_open *open)
{
    if (open->closed)
        return;
    open->shut(open);
    open->closed = true;
    *open->link = open->next;
    if (open->next)
        open->next->link = open->link;
    el_lwip_soon(open);
}

/* -- memory -- */

bool el_lwip_is_scarce(void)
{
    return stack.memory > EL_NET_LWIP_MEMORY / 2 ||
           lwip_stats.memp[MEMP_TCP_SEG]->used > MEMP_NUM_TCP_SEG / 2;
}

size_t el_net_lwip_memory(void)
{
    return stack.memory;
}

void *el_lwip_malloc(size_t len)
{
    void *memory = stack.memory + len <= EL_NET_LWIP_MEMORY ? malloc(len) : NULL;

    if (memory)
        stack.memory += malloc_usable_size(memory);
    return memory;
}

void *el_lwip_calloc(size_t count, size_t len)
{
    void *memory = stack.memory + count * len <= EL_NET_LWIP_MEMORY ? calloc(count, len) : NULL;

    if (memory)
        stack.memory += malloc_usable_size(memory);
    return memory;
}

void el_lwip_free(void *memory)
{
    stack.memory -= malloc_usable_size(memory);
    free(memory);
}

/* -- chance -- */

uint32_t el_lwip_random(void)
{
    uint32_t number;

    el_random(&number, sizeof number);
    return number;
}

uint16_t el_lwip_random_port(void)
{
    return (uint16_t)(FIRST_PORT + el_random_below(UINT16_MAX - FIRST_PORT + 1));
}

/* RFC 6528 §3: a clock that ticks every 4 µs, and a keyed hash of who speaks with whom. */
u32_t el_lwip_isn(u32_t local, u16_t local_port, u32_t remote, u16_t remote_port)
{
    const struct {
        uint32_t local, remote;
        uint16_t local_port, remote_port;
    } who = {local, remote, local_port, remote_port};
    union {
        uint8_t bytes[crypto_shorthash_BYTES];
        uint32_t number;
    } hash;

    crypto_shorthash(hash.bytes, (const uint8_t *)&who, sizeof who, stack.isn_key);
    return hash.number + (uint32_t)(el_net_now_ns(stack.base) / (4 * EL_US));
}

/* -- what lwIP asks -- */

uint16_t el_lwip_checksum(const void *bytes, int len)
{
    return lwip_htons(el_csum_fold(el_csum_add(0, bytes, (size_t)len)));
}

struct netif *el_lwip_route(const ip4_addr_t *src)
{
    struct netif *netif;

    NETIF_FOREACH(netif)
    {
        if (src && ip4_addr_cmp(src, netif_ip4_addr(netif)))
            return netif;
    }
    return NULL;
}

int el_lwip_refuses(struct pbuf *packet, struct netif *from)
{
    ip4_addr_t to;

    if (packet->len >= IP_HEADER) {
        memcpy(&to.addr, (const uint8_t *)packet->payload + IP_DESTINATION, sizeof to.addr);
        if (ip4_addr_cmp(&to, netif_ip4_addr(from)) ||
            (ip4_addr_isbroadcast(&to, from) && !ip4_addr_isany_val(to)))
            return 0;
    }
    pbuf_free(packet);
    return 1;
}

void el_lwip_assertion(const char *text, const char *file, int line)
{
#ifdef __SANITIZE_ADDRESS__
    (void)file;
    (void)line;
    fprintf(stderr, "lwIP: %s\n", text);
    abort();
#else
    EL_LOG(EL_LOG_ERROR, "net", "lwip-assertion", EL_STR("text", text), EL_STR("file", file),
           EL_INT("line", line));
#endif
}

/* -- codes -- */

int el_lwip_code(err_t code)
{
    switch (code) {
    case ERR_OK: return 0;
    case ERR_MEM:
    case ERR_BUF:
    case ERR_WOULDBLOCK: return EL_EAGAIN;
    case ERR_RTE: return EL_ENOENT;
    case ERR_USE: return EL_EEXIST;
    case ERR_RST:
    case ERR_CLSD:
    case ERR_CONN: return EL_ECLOSED;
    case ERR_VAL:
    case ERR_ARG: return EL_EINVAL;
    default: return EL_EIO;
    }
}

int el_lwip_explain(const char *what, const struct el_endpoint *at, err_t code, struct el_err *err)
{
    struct el_endpoint shown = *at;
    char where[EL_ENDPOINT_TEXT];

    if (shown.ip.family == 0)
        shown.ip = el_ip4(0);
    el_endpoint_text(&shown, where);
    switch (code) {
    case ERR_USE: return el_err(err, EL_EEXIST, "%s %s: address already in use", what, where);
    case ERR_RTE:
        return el_err(err, EL_ENOENT, "%s %s: this network has no such address", what, where);
    case ERR_MEM: return el_err(err, EL_EFULL, "%s %s: too many are open", what, where);
    default: return el_err(err, EL_EINVAL, "%s %s: not possible here", what, where);
    }
}

bool el_lwip_is_ours(const struct el_lwip_net *net, const struct el_ip *ip)
{
    return ip->family == 0 || el_ip_equal(ip, &net->config.address.ip) ||
           (ip->family == 4 && el_ip4_number(ip) == 0);
}
