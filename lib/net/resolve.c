/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Host names: c-ares says which of its sockets wait for what, libuv watches them, and one timer
 * serves c-ares' own timeouts.
 *
 * c-ares may answer from within the question (/etc/hosts, a name that is none). An answer is
 * therefore always kept in its query and given when the query's own timer fires: at once, but
 * later.
 */
#include "net/resolve.h"

#include "net/kernel.h"
#include "net/sockaddr.h"

#include <ares.h>
#include <stdlib.h>
#include <sys/stat.h>

/* A socket of c-ares. */
struct watched {
    struct el_net_resolver *resolver;
    uv_poll_t poll;
    ares_socket_t fd;
    struct watched *next;
};

struct el_net_resolver {
    struct el_net *net;
    struct el_net_resolver_config config;
    char *resolv_conf;
    struct stat seen; /* resolv.conf, when the channel was made */
    ares_channel channel;
    struct el_net_timer *timeout;
    struct watched *watched;
    struct el_net_query *queries; /* all that are not over */
    unsigned asked;               /* those that c-ares works on */
};

struct el_net_query {
    struct el_net_resolver *resolver;
    el_net_resolve_cb *cb; /* NULL: cancelled, but c-ares still works on it */
    void *arg;
    struct el_net_timer *answer;
    bool asked; /* c-ares works on it */
    int code;
    size_t count;
    struct el_ip ips[EL_NET_RESOLVE_ADDRESSES];
    struct el_net_query *next, **link;
};

/* -- sockets and time for c-ares -- */

static void set_timeout(struct el_net_resolver *resolver)
{
    struct timeval left;
    uint64_t deadline_ns = EL_NEVER;

    if (ares_timeout(resolver->channel, NULL, &left))
        deadline_ns = el_net_now_ns(resolver->net) + (uint64_t)left.tv_sec * EL_S +
                      (uint64_t)left.tv_usec * EL_US;
    el_net_timer_set(resolver->timeout, deadline_ns);
}

static void timed_out(void *arg)
{
    struct el_net_resolver *resolver = arg;

    ares_process_fd(resolver->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    set_timeout(resolver);
}

static void socket_event(uv_poll_t *poll, int status, int events)
{
    struct watched *watched = poll->data;
    struct el_net_resolver *resolver = watched->resolver;
    ares_socket_t fd = watched->fd;

    if (status < 0) /* c-ares finds out itself what is wrong with it */
        events = UV_READABLE | UV_WRITABLE;
    ares_process_fd(resolver->channel, events & UV_READABLE ? fd : ARES_SOCKET_BAD,
                    events & UV_WRITABLE ? fd : ARES_SOCKET_BAD);
    set_timeout(resolver);
}

static void free_watched(uv_handle_t *handle)
{
    free(handle->data);
}

static struct watched *watch_new(struct el_net_resolver *resolver, ares_socket_t fd)
{
    struct watched *watched = calloc(1, sizeof *watched);

    if (!watched || uv_poll_init(el_net_kernel_loop(resolver->net), &watched->poll, fd) < 0) {
        free(watched); /* the query times out */
        return NULL;
    }
    watched->resolver = resolver;
    watched->poll.data = watched;
    watched->fd = fd;
    watched->next = resolver->watched;
    resolver->watched = watched;
    return watched;
}

/* c-ares tells what it waits for on a socket; nothing any more: it closes the socket next. */
static void socket_state(void *arg, ares_socket_t fd, int readable, int writable)
{
    struct el_net_resolver *resolver = arg;
    struct watched **link = &resolver->watched;
    int events = (readable ? UV_READABLE : 0) | (writable ? UV_WRITABLE : 0);

    while (*link && (*link)->fd != fd)
        link = &(*link)->next;

    struct watched *watched = *link;

    if (events) {
        if (!watched)
            watched = watch_new(resolver, fd);
        if (watched)
            uv_poll_start(&watched->poll, events, socket_event);
    } else if (watched) {
        *link = watched->next;
        uv_close((uv_handle_t *)&watched->poll, free_watched);
    }
}

/* -- queries -- */

static void query_free(struct el_net_query *query)
{
    el_net_timer_free(query->answer);
    *query->link = query->next;
    if (query->next)
        query->next->link = query->link;
    free(query);
}

static void give_answer(void *arg)
{
    struct el_net_query *query = arg;
    el_net_resolve_cb *cb = query->cb;
    void *cb_arg = query->arg;
    struct el_ip ips[EL_NET_RESOLVE_ADDRESSES];
    size_t count = query->count;
    int code = query->code;

    memcpy(ips, query->ips, sizeof ips);
    query_free(query);
    cb(cb_arg, code, ips, count);
}

static void answer_soon(struct el_net_query *query, int code)
{
    query->code = code;
    el_net_timer_set(query->answer, 0);
}

static void take_addresses(struct el_net_query *query, const struct ares_addrinfo *info)
{
    for (const struct ares_addrinfo_node *node = info->nodes;
         node && query->count < EL_NET_RESOLVE_ADDRESSES; node = node->ai_next) {
        union el_net_sockaddr address = {0};
        size_t same = 0;

        if (node->ai_addrlen > sizeof address)
            continue;
        memcpy(&address, node->ai_addr, node->ai_addrlen);
        query->ips[query->count] = el_net_sockaddr_endpoint(&address).ip;
        while (!el_ip_equal(&query->ips[same], &query->ips[query->count]))
            same++;
        if (same == query->count && query->ips[same].family)
            query->count++;
    }
}

static int code_of(int status)
{
    switch (status) {
    case ARES_SUCCESS: return 0;
    case ARES_ENODATA:
    case ARES_ENOTFOUND: return EL_ENOENT;
    case ARES_EBADNAME: return EL_EINVAL;
    case ARES_ENOMEM: return EL_ENOMEM;
    default: return EL_EIO;
    }
}

static void asked(void *arg, int status, int timeouts, struct ares_addrinfo *info)
{
    struct el_net_query *query = arg;
    int code = code_of(status);

    (void)timeouts;
    query->asked = false;
    query->resolver->asked--;
    if (query->cb && info)
        take_addresses(query, info);
    if (info)
        ares_freeaddrinfo(info);
    if (!query->cb)
        query_free(query);
    else
        answer_soon(query, code == 0 && query->count == 0 ? EL_ENOENT : code);
}

/* -- the channel to the servers -- */

static int channel_open(struct el_net_resolver *resolver)
{
    const struct el_net_resolver_config *config = &resolver->config;
    struct ares_options options = {
        .timeout = config->timeout_ms ? (int)config->timeout_ms : 2000,
        .tries = config->tries ? (int)config->tries : 3,
        .lookups = "fb", /* the hosts file, then DNS */
        .udp_port = config->port,
        .tcp_port = config->port,
        .sock_state_cb = socket_state,
        .sock_state_cb_data = resolver,
        .resolvconf_path = resolver->resolv_conf,
    };
    int mask = ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_LOOKUPS | ARES_OPT_SOCK_STATE_CB |
               ARES_OPT_RESOLVCONF | (config->port ? ARES_OPT_UDP_PORT | ARES_OPT_TCP_PORT : 0);

    if (stat(resolver->resolv_conf, &resolver->seen) < 0)
        memset(&resolver->seen, 0, sizeof resolver->seen);
    return ares_init_options(&resolver->channel, &options, mask);
}

/* c-ares reads resolv.conf once, but a spoke may start before its network does. A new channel takes
 * the place of the old one as soon as nobody waits for that. */
static void channel_refresh(struct el_net_resolver *resolver)
{
    struct stat now;
    const struct stat *seen = &resolver->seen;
    ares_channel old = resolver->channel;

    if (resolver->asked > 0)
        return;
    if (stat(resolver->resolv_conf, &now) < 0)
        memset(&now, 0, sizeof now);
    if (now.st_ino == seen->st_ino && now.st_dev == seen->st_dev && now.st_size == seen->st_size &&
        now.st_mtim.tv_sec == seen->st_mtim.tv_sec && now.st_mtim.tv_nsec == seen->st_mtim.tv_nsec)
        return;
    if (channel_open(resolver) == ARES_SUCCESS)
        ares_destroy(old);
    else
        resolver->channel = old;
}

int el_net_resolver_new(struct el_net *kernel, const struct el_net_resolver_config *config,
                        struct el_net_resolver **made, struct el_err *err)
{
    struct el_net_resolver *resolver = calloc(1, sizeof *resolver);
    int status = ARES_ENOMEM;

    if (!resolver)
        return el_err(err, EL_ENOMEM, "resolver: out of memory");
    if (config)
        resolver->config = *config;
    resolver->net = kernel;
    resolver->resolv_conf =
        strdup(resolver->config.resolv_conf ? resolver->config.resolv_conf : "/etc/resolv.conf");
    resolver->timeout = el_net_timer_new(kernel, timed_out, resolver);
    if (resolver->resolv_conf && resolver->timeout) {
        status = ares_library_init(ARES_LIB_INIT_ALL);
        if (status == ARES_SUCCESS && (status = channel_open(resolver)) != ARES_SUCCESS)
            ares_library_cleanup();
    }
    if (status != ARES_SUCCESS) {
        el_net_timer_free(resolver->timeout);
        free(resolver->resolv_conf);
        free(resolver);
        return el_err(err, code_of(status), "resolver: %s", ares_strerror(status));
    }
    *made = resolver;
    return 0;
}

void el_net_resolver_free(struct el_net_resolver *resolver)
{
    if (!resolver)
        return;
    for (struct el_net_query *query = resolver->queries; query; query = query->next)
        query->cb = NULL;
    ares_destroy(resolver->channel); /* ends those it works on */
    while (resolver->queries)
        query_free(resolver->queries);
    ares_library_cleanup();
    el_net_timer_free(resolver->timeout);
    free(resolver->resolv_conf);
    free(resolver);
}

int el_net_resolve(struct el_net_resolver *resolver, const char *name, el_net_resolve_cb *cb,
                   void *arg, struct el_net_query **made)
{
    struct el_net_query *query = calloc(1, sizeof *query);
    struct ares_addrinfo_hints hints = {
        .ai_flags = resolver->config.env_hosts ? ARES_AI_ENVHOSTS : 0,
        .ai_family = AF_UNSPEC,
    };

    if (!query || !(query->answer = el_net_timer_new(resolver->net, give_answer, query))) {
        free(query);
        return EL_ENOMEM;
    }
    query->resolver = resolver;
    query->cb = cb;
    query->arg = arg;
    query->link = &resolver->queries;
    query->next = resolver->queries;
    if (query->next)
        query->next->link = &query->next;
    resolver->queries = query;
    if (made)
        *made = query;

    if (el_ip_parse(name, &query->ips[0]) == 0) {
        query->count = 1;
        answer_soon(query, 0);
    } else if (!*name || strlen(name) > EL_NET_RESOLVE_NAME) {
        answer_soon(query, EL_EINVAL);
    } else {
        channel_refresh(resolver);
        query->asked = true;
        resolver->asked++;
        ares_getaddrinfo(resolver->channel, name, NULL, &hints, asked, query);
        set_timeout(resolver);
    }
    return 0;
}

void el_net_resolve_cancel(struct el_net_query *query)
{
    if (!query)
        return;
    if (query->asked)
        query->cb = NULL;
    else
        query_free(query);
}

/* -- who is asked -- */

static bool is_own(const struct el_ip *ip)
{
    static const struct el_ip loopback6 = {6, {[15] = 1}}, none4 = {.family = 4}, none6 = {6, {0}};

    return (ip->family == 4 && ip->b[0] == 127) || el_ip_equal(ip, &loopback6) ||
           el_ip_equal(ip, &none4) || el_ip_equal(ip, &none6);
}

size_t el_net_resolve_servers(const char *resolv_conf, struct el_ip *servers, size_t capacity)
{
    char path[] = "/etc/resolv.conf";
    char *said = resolv_conf ? strdup(resolv_conf) : path;
    struct ares_options options = {.resolvconf_path = said};
    struct ares_addr_node *list = NULL;
    ares_channel channel;
    size_t count = 0;

    if (said && ares_init_options(&channel, &options, ARES_OPT_RESOLVCONF) == ARES_SUCCESS) {
        (void)ares_get_servers(channel, &list);
        ares_destroy(channel);
    }
    for (const struct ares_addr_node *server = list; server && count < capacity;
         server = server->next) {
        struct el_ip ip = server->family == AF_INET
                              ? el_net_ip_from_in(server->addr.addr4)
                              : el_net_ip_from_in6((const void *)&server->addr.addr6);
        if (!is_own(&ip))
            servers[count++] = ip;
    }
    if (list)
        ares_free_data(list);
    if (said != path)
        free(said);
    return count;
}
