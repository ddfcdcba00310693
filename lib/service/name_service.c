/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A DNS server by hand. */
#include "service/name_service.h"

#include "base/log.h"
#include "dns/dns_io.h"
#include "net/kernel.h"
#include "service/resolvers.h"
#include "sys/confine.h"
#include "sys/drop.h"
#include "sys/notify.h"
#include "sys/signals.h"

#include <limits.h>
#include <signal.h>
#include <unistd.h>

static const struct el_prefix this_computer[] = {{{4, {127}}, 8}, {{6, {[15] = 1}}, 128}};

struct service {
    const struct el_name_service_config *config;
    struct el_net *net;
    struct el_sys_signals *signals;
    struct el_dns_io *dns;
    struct el_resolvers *resolvers;
};

static void on_signal(void *arg, int signum)
{
    struct service *s = arg;

    if (signum != SIGHUP)
        el_net_kernel_stop(s->net);
}

static void on_servers(void *arg, const struct el_endpoint *servers, unsigned count)
{
    struct service *s = arg;

    el_dns_io_ask(s->dns, servers, count);
}

static int start_dns(struct service *s, struct el_err *err)
{
    const struct el_name_service_config *config = s->config;
    const struct el_endpoint at = {.ip = config->ip, .port = (uint16_t)config->port};
    struct el_dns_io_config dns = {
        .dns = {.allowed = this_computer, .allowed_count = 2},
        .listen = {{.udp = {.bind = at, .device = config->device, .inherited_fd = -1},
                    .tcp = {.bind = at, .device = config->device, .inherited_fd = -1}}},
        .listen_count = 1,
        .outside = s->net,
    };

    if (config->allowed_count) {
        dns.dns.allowed = config->allowed;
        dns.dns.allowed_count = config->allowed_count;
    }
    dns.dns.limits.per_s =
        config->rate && config->rate < UINT_MAX ? (unsigned)config->rate : UINT_MAX;
    dns.dns.limits.burst = config->rate < UINT_MAX / 2 ? 2 * (unsigned)config->rate : UINT_MAX;
    int rc = el_dns_options_apply(&config->options, config->domain, &dns.dns, err);
    return rc < 0 ? rc : el_dns_io_start(s->net, &dns, &s->dns, err);
}

/* Whom it asks: those that were said, or this computer's. */
static int find_servers(struct service *s, struct el_err *err)
{
    const struct el_dns_options *options = &s->config->options;
    const struct el_resolvers_config config = {
        .skip = &s->config->ip, .skip_count = 1, .changed = on_servers, .arg = s};

    el_dns_io_ask(s->dns, options->upstreams, options->upstream_count);
    if (options->upstream_count > 0 || !options->host)
        return 0;
    s->resolvers = el_resolvers_new(s->net, &config);
    return s->resolvers ? 0 : el_err(err, EL_ENOMEM, "out of memory");
}

static int give_up_privileges(const struct service *s, struct el_err *err)
{
    const struct el_dns_options *options = &s->config->options;
    uid_t user = geteuid() == 0 ? el_sys_drop_uid("/", 0) : 0;
    struct el_sys_drop_config drop = {.uid = user, .gid = user};
    uint16_t ports[EL_DNS_UPSTREAMS];
    struct el_sys_confine_config confine = {
        .resolver = options->host, .ports = ports, .port_count = options->upstream_count};
    int rc = el_sys_drop(&drop, err);

    for (unsigned i = 0; i < options->upstream_count; i++)
        ports[i] = options->upstreams[i].port;
    return rc == 0 ? el_sys_confine(&confine, err) : rc;
}

static int serve(struct service *s, struct el_err *err)
{
    int rc = el_net_kernel_new(&s->net, err);

    if (rc == 0)
        rc = el_sys_signals_watch(el_net_kernel_loop(s->net), on_signal, s, &s->signals, err);
    if (rc == 0)
        rc = start_dns(s, err);
    if (rc == 0)
        rc = give_up_privileges(s, err);
    if (rc >= 0)
        rc = find_servers(s, err);
    if (rc < 0)
        return rc;
    EL_LOG(EL_LOG_INFO, "node", "ready", EL_IP("address", &s->config->ip),
           EL_UINT("port", s->config->port));
    el_sys_notify_ready();
    el_net_kernel_run(s->net);
    return 0;
}

int el_name_service_run(const struct el_name_service_config *config, struct el_err *err)
{
    struct service s = {.config = config};
    int rc = serve(&s, err);

    el_resolvers_free(s.resolvers);
    el_dns_io_stop(s.dns);
    el_sys_signals_free(s.signals);
    el_net_kernel_free(s.net);
    return rc;
}
