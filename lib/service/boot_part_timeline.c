/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The timeline of a network's machines. Beginnings and ends are told by the servers; how far a
 * transfer is, is looked up once a second, while there is any, so that it costs the transfer
 * nothing.
 */
#include "service/boot_timeline.h"

#include "base/log.h"
#include "service/boot_news.h"
#include "sys/clock.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LOOK_NS = 1000000000,
    WAIT_NS = 1000000000,
    ENTRIES_NS = 2000000000, /* the menu's entries are looked up again after so long */
};

struct el_boot_timeline {
    struct el_boot_parts *s;
    struct el_timeline *machines;
    struct el_net_timer *timer;
    uint64_t look_ns;              /* when the servers are asked; EL_NEVER: nothing is under way */
    uint64_t retry_ns;             /* the sink is full until then */
    struct el_boot_entry *entries; /* as they were at entries_ns */
    size_t entry_count;
    uint64_t entries_ns;
    uint64_t source;    /* this life of ours */
    struct el_mac sent; /* who was just told what to do otherwise than by a menu; zero: nobody */
};

static struct el_timeline_clock clock_of(const struct el_boot_timeline *t)
{
    return (struct el_timeline_clock){el_net_now_ns(t->s->kernel),
                                      (int64_t)(el_sys_wall_ns() / EL_MS)};
}

/* -- telling it onward -- */

static void log_step(const struct el_boot_timeline *t, const struct el_timeline_step *step)
{
    bool is_wrong = step->kind == EL_TIMELINE_DIAGNOSIS;
    char words[EL_TIMELINE_LINE];

    if (t->s->orders && !is_wrong)
        return;
    EL_LOG(is_wrong ? EL_LOG_WARN : EL_LOG_INFO, "timeline", el_timeline_kind_name(step->kind),
           EL_MAC("mac", &step->mac), EL_STR("what", el_timeline_words(step, words)));
}

static void tell_onward(struct el_boot_timeline *t, uint64_t now_ns)
{
    const struct el_timeline_step *step;

    if (now_ns < t->retry_ns)
        return;
    while ((step = el_timeline_due(t->machines, now_ns))) {
        const struct el_order_step order = {t->source, *step};
        if (el_orders_service_step(t->s->orders, &order) == EL_EAGAIN) {
            t->retry_ns = now_ns + WAIT_NS;
            return;
        }
        log_step(t, step);
        el_timeline_told(t->machines);
    }
}

static void set_timer(struct el_boot_timeline *t)
{
    uint64_t deadline_ns = el_timeline_deadline(t->machines);

    if (deadline_ns < t->retry_ns)
        deadline_ns = t->retry_ns;
    el_net_timer_set(t->timer, el_earlier(deadline_ns, t->look_ns));
}

/* -- what happens -- */

/* Who has address IP: as it was told when it got it, or, from before our restart, its lease. */
static int find(const struct el_boot_timeline *t, const struct el_ip *ip, struct el_mac *mac)
{
    if (el_timeline_mac_of(t->machines, ip, mac) == 0)
        return 0;
    if (!t->s->dhcp || ip->family != 4)
        return EL_ENOENT;
    const struct el_dhcp_leases *leases = el_dhcp_leases(el_dhcp_io_server(t->s->dhcp));
    const struct el_dhcp_lease *lease = el_dhcp_leases_at(leases, el_ip4_number(ip));
    if (!lease || lease->state != EL_DHCP_BOUND)
        return EL_ENOENT;
    *mac = lease->mac;
    return 0;
}

static void tell(struct el_boot_timeline *t, struct el_timeline_news *news,
                 const struct el_ip *from)
{
    if (from && find(t, from, &news->mac) != 0)
        return;
    el_timeline_tell(t->machines, clock_of(t), news);
    set_timer(t);
}

static void __attribute__((format(printf, 5, 0)))
tell_text(struct el_boot_timeline *t, const struct el_mac *mac, const struct el_ip *from,
          enum el_timeline_kind kind, const char *format, va_list args)
{
    char text[EL_TIMELINE_TEXT];
    struct el_timeline_news news = {.kind = kind, .text = text};

    if (!t)
        return;
    vsnprintf(text, sizeof text, format, args);
    if (mac)
        news.mac = *mac;
    tell(t, &news, from);
}

void el_boot_tell(struct el_boot_timeline *t, const struct el_mac *mac, enum el_timeline_kind kind,
                  const char *format, ...)
{
    va_list args;

    va_start(args, format);
    tell_text(t, mac, NULL, kind, format, args);
    va_end(args);
}

void el_boot_tell_from(struct el_boot_timeline *t, const struct el_ip *from,
                       enum el_timeline_kind kind, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    tell_text(t, NULL, from, kind, format, args);
    va_end(args);
}

/* -- what machines are told, and say -- */

static void on_visit(struct el_boot_timeline *t, const struct el_mac *mac,
                     const struct el_life_decision *decision)
{
    struct el_machine machine;
    const char *profile = el_machines_by_mac(t->s->machines, mac, &machine) == 0 && machine.profile
                              ? machine.profile->name
                              : "its profile";

    t->sent = *mac;
    switch (decision->kind) {
    case EL_LIFE_GETS_MENU: t->sent = (struct el_mac){{0}}; break;
    case EL_LIFE_GETS_LOCAL: el_boot_tell(t, mac, EL_TIMELINE_LOCAL, "%s", decision->why); break;
    case EL_LIFE_GETS_INSTALLER: el_boot_tell(t, mac, EL_TIMELINE_INSTALL, "%s", profile); break;
    case EL_LIFE_GETS_LIVE: el_boot_tell(t, mac, EL_TIMELINE_ENTRY, "%s", profile); break;
    case EL_LIFE_GETS_ENTRY: el_boot_tell(t, mac, EL_TIMELINE_ENTRY, "%s", decision->entry); break;
    case EL_LIFE_GETS_WAIT: el_boot_tell(t, mac, EL_TIMELINE_WAIT, "%s", decision->why); break;
    }
}

void el_boot_timeline_life(struct el_boot_timeline *t, const struct el_mac *mac,
                           const struct el_life_event *event,
                           const struct el_life_decision *decision)
{
    if (!t)
        return;
    switch (event->kind) {
    case EL_LIFE_VISIT: on_visit(t, mac, decision); break;
    case EL_LIFE_STEP_TOLD: el_boot_tell(t, mac, EL_TIMELINE_REPORT, "%s", event->text); break;
    case EL_LIFE_DONE: el_boot_tell(t, mac, EL_TIMELINE_HOME, "%s", ""); break;
    case EL_LIFE_FAILURE: el_boot_tell(t, mac, EL_TIMELINE_FAILED, "%s", event->text); break;
    default: break;
    }
}

/* -- the servers -- */

static void on_dhcp(void *arg, const struct el_dhcp_seen *seen)
{
    struct el_boot_news news;

    if (el_boot_news_of_dhcp(seen, &news))
        tell(arg, &news.news, NULL);
}

/* Something is under way, and will be looked at. */
static void look_soon(struct el_boot_timeline *t)
{
    if (t->look_ns == EL_NEVER)
        t->look_ns = el_net_now_ns(t->s->kernel) + LOOK_NS;
}

static void on_tftp(void *arg, const struct el_tftp_report *report)
{
    struct el_boot_timeline *t = arg;
    struct el_boot_news news;

    if (report->is_new)
        look_soon(t);
    if (el_boot_news_of_tftp(report, &news))
        tell(t, &news.news, &report->client->ip);
}

/* The menu's entries, not read anew for each of many requests. */
static void look_up_entries(struct el_boot_timeline *t)
{
    uint64_t now_ns = el_net_now_ns(t->s->kernel);
    const struct el_boot_entry *list = NULL;

    if (t->entries && now_ns - t->entries_ns < ENTRIES_NS)
        return;
    size_t count = el_boot_pages_entries(t->s->pages, &list);
    free(t->entries);
    t->entries = calloc(count + 1, sizeof *t->entries);
    t->entry_count = t->entries ? count : 0;
    t->entries_ns = now_ns;
    if (t->entry_count)
        memcpy(t->entries, list, count * sizeof *list);
}

static void on_http(void *arg, const struct el_http_seen *seen)
{
    struct el_boot_timeline *t = arg;
    struct el_boot_news news;

    if (seen->kind == EL_HTTP_SEEN_BEGIN)
        look_soon(t);
    look_up_entries(t);
    if (!el_boot_news_of_http(seen, t->entries, t->entry_count, &news))
        return;
    /* What stood on the page that a machine fetched as its menu was told already. */
    bool is_told = news.news.kind == EL_TIMELINE_MENU && !el_mac_is_zero(&t->sent);
    if (news.news.kind == EL_TIMELINE_MENU)
        t->sent = (struct el_mac){{0}};
    if (!is_told)
        tell(t, &news.news, &seen->client->ip);
}

void el_boot_timeline_watch_tftp(struct el_boot_timeline *t, struct el_tftp_config *config)
{
    config->began = config->ended = on_tftp;
    config->arg = t;
}

void el_boot_timeline_watch_http(struct el_boot_timeline *t, struct el_http_server_config *config)
{
    config->seen = on_http;
    config->seen_arg = t;
}

/* -- time -- */

static void look(struct el_boot_timeline *t, uint64_t now_ns)
{
    size_t under_way = t->s->tftp ? el_tftp_server_look(t->s->tftp, on_tftp, t) : 0;

    under_way += t->s->http ? el_http_server_look(t->s->http) : 0;
    t->look_ns = under_way ? now_ns + LOOK_NS : EL_NEVER;
}

static void on_timer(void *arg)
{
    struct el_boot_timeline *t = arg;
    struct el_timeline_clock clock = clock_of(t);

    if (clock.now_ns >= t->look_ns)
        look(t, clock.now_ns);
    el_timeline_tick(t->machines, clock);
    tell_onward(t, clock.now_ns);
    set_timer(t);
}

/* Control may have been started anew. */
static void on_begin(void *arg)
{
    struct el_boot_timeline *t = arg;

    el_timeline_tell_again(t->machines, el_net_now_ns(t->s->kernel));
    set_timer(t);
}

/* -- the part -- */

static int start(struct el_boot_parts *s, struct el_err *err)
{
    struct el_boot_timeline *t = calloc(1, sizeof *t);
    const struct el_timeline_config config = {
        .vni = (uint32_t)s->config->vni,
        .hub = s->hub,
        .http_port = (uint16_t)s->config->options->http_port,
    };

    if (!t)
        return el_err(err, EL_ENOMEM, "out of memory");
    s->timeline = t;
    *t = (struct el_boot_timeline){.s = s, .look_ns = EL_NEVER};
    t->machines = el_timeline_new(&config);
    t->timer = el_net_timer_new(s->kernel, on_timer, t);
    if (!t->machines || !t->timer)
        return el_err(err, EL_ENOMEM, "out of memory");
    t->source = el_sys_wall_ns() & INT64_MAX;
    s->dhcp_seen = on_dhcp;
    s->dhcp_seen_arg = t;
    if (s->orders)
        el_orders_service_on_begin(s->orders, on_begin, t);
    return 0;
}

static void stop(struct el_boot_parts *s)
{
    struct el_boot_timeline *t = s->timeline;

    if (!t)
        return;
    el_net_timer_free(t->timer);
    el_timeline_free(t->machines);
    free(t->entries);
    free(t);
    s->timeline = NULL;
}

const struct el_boot_part el_boot_part_timeline = {.start = start, .stop = stop};
