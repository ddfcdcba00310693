/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The name servers that this computer asks. */
#include "service/resolvers.h"

#include "base/log.h"
#include "dns/dns_resolv.h"
#include "dns/dns_upstream.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct el_resolvers {
    struct el_net *net;
    struct el_resolvers_config config;
    struct el_net_timer *timer;
    struct stat seen;
    bool looked;
    unsigned count;
    struct el_endpoint servers[EL_DNS_UPSTREAMS];
};

static bool is_skipped(const struct el_resolvers *r, const struct el_ip *ip)
{
    for (size_t i = 0; i < r->config.skip_count; i++)
        if (el_ip_equal(&r->config.skip[i], ip))
            return true;
    return false;
}

/* Which servers the open file FD names; how many. */
static unsigned read_servers(const struct el_resolvers *r, int fd,
                             struct el_endpoint servers[EL_DNS_UPSTREAMS])
{
    struct el_endpoint all[2 * EL_DNS_UPSTREAMS];
    char text[EL_DNS_RESOLV_BYTES];
    ssize_t len = read(fd, text, sizeof text);
    unsigned count = 0;

    if (len <= 0)
        return 0;
    unsigned found = el_dns_resolv_parse(text, (size_t)len, all, 2 * EL_DNS_UPSTREAMS);
    for (unsigned i = 0; i < found && count < EL_DNS_UPSTREAMS; i++)
        if (!is_skipped(r, &all[i].ip))
            servers[count++] = all[i];
    return count;
}

static bool same_file(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static bool same_servers(const struct el_resolvers *r, const struct el_endpoint *servers,
                         unsigned count)
{
    bool same = count == r->count;

    for (unsigned i = 0; i < count && same; i++)
        same = el_endpoint_equal(&servers[i], &r->servers[i]);
    return same;
}

static void look(struct el_resolvers *r)
{
    const char *path = r->config.path ? r->config.path : EL_RESOLVERS_FILE;
    struct el_endpoint servers[EL_DNS_UPSTREAMS];
    struct stat now = {.st_size = -1};
    unsigned count = 0;
    /* Not waiting: it may be anything. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd >= 0 && (fstat(fd, &now) < 0 || !S_ISREG(now.st_mode)))
        now = (struct stat){.st_size = -1};
    bool changed = !r->looked || !same_file(&now, &r->seen);
    if (changed && fd >= 0 && now.st_size >= 0)
        count = read_servers(r, fd, servers);
    if (fd >= 0)
        close(fd);
    if (!changed)
        return;
    r->seen = now;
    if (r->looked && same_servers(r, servers, count))
        return;
    r->looked = true;
    r->count = count;
    memcpy(r->servers, servers, count * sizeof servers[0]);
    EL_LOG(count ? EL_LOG_INFO : EL_LOG_WARN, "dns", "servers", EL_UINT("count", count),
           EL_ENDPOINT("first", &r->servers[0]), EL_STR("file", path));
    r->config.changed(r->config.arg, r->servers, count);
}

static void on_timer(void *arg)
{
    struct el_resolvers *r = arg;

    look(r);
    el_net_timer_set(r->timer, el_net_now_ns(r->net) + EL_RESOLVERS_LOOK_S * EL_S);
}

struct el_resolvers *el_resolvers_new(struct el_net *net, const struct el_resolvers_config *config)
{
    struct el_resolvers *r = calloc(1, sizeof *r);

    if (!r)
        return NULL;
    r->net = net;
    r->config = *config;
    r->timer = el_net_timer_new(net, on_timer, r);
    if (!r->timer) {
        free(r);
        return NULL;
    }
    on_timer(r);
    return r;
}

void el_resolvers_free(struct el_resolvers *r)
{
    if (!r)
        return;
    el_net_timer_free(r->timer);
    free(r);
}
