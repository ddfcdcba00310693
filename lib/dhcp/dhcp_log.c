/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the server says of what it does: to the log, which strangers must not fill, and to who
 * watches. */
#include "base/log.h"
#include "dhcp/dhcp_internal.h"

enum {
    COMPLAINT_S = 60,
    EXHAUSTED_S = 600, /* between two lists of who holds what, */
    HOLDERS_MAX = 64,  /* so many lines long */
    LOG_BURST = 200,   /* lines that may come at once, */
    LOG_PER_S = 50,    /* and in the long run */
};

static const char *const names[] = {
    [EL_DHCP_SEEN_DISCOVER] = "discover",
    [EL_DHCP_SEEN_REQUEST] = "request",
    [EL_DHCP_SEEN_DECLINE] = "decline",
    [EL_DHCP_SEEN_RELEASE] = "release",
    [EL_DHCP_SEEN_ELSEWHERE] = "elsewhere",
    [EL_DHCP_SEEN_OFFER] = "offer",
    [EL_DHCP_SEEN_ACK] = "ack",
    [EL_DHCP_SEEN_NAK] = "nak",
    [EL_DHCP_SEEN_INFORM] = "inform",
    [EL_DHCP_SEEN_BOOT_SERVER] = "boot-server",
    [EL_DHCP_SEEN_UNANSWERED] = "unanswered",
    [EL_DHCP_SEEN_NOT_KEPT] = "not-kept",
};

static void tell(struct el_dhcp *d, const struct el_dhcp_request *r,
                 const struct el_dhcp_seen *event)
{
    struct el_dhcp_seen seen = *event;

    if (!d->config.seen)
        return;
    seen.client = &r->client;
    if (r->m.giaddr)
        seen.relay = el_ip4(r->m.giaddr);
    seen.file = seen.file ? seen.file : "";
    seen.why = seen.why ? seen.why : "";
    d->config.seen(d->config.seen_arg, &seen);
}

static bool may_log(struct el_dhcp *d, uint64_t now_ns)
{
    uint64_t lines = (now_ns - d->log_filled_ns) / (EL_S / LOG_PER_S);

    if (lines > 0) {
        d->log_lines =
            (uint32_t)(d->log_lines + lines < LOG_BURST ? d->log_lines + lines : LOG_BURST);
        d->log_filled_ns = now_ns;
    }
    if (d->log_lines == 0) {
        d->log_suppressed++;
        return false;
    }
    d->log_lines--;
    if (d->log_suppressed > 0)
        EL_LOG(EL_LOG_WARN, "dhcp", "flood", EL_UINT("lines_not_written", d->log_suppressed));
    d->log_suppressed = 0;
    return true;
}

void el_dhcp_log_event(struct el_dhcp *d, const struct el_dhcp_request *r,
                       enum el_dhcp_seen_kind kind, uint32_t ip, const struct el_dhcp_boot *boot)
{
    const struct el_dhcp_client *client = &r->client;
    struct el_ip address = el_ip4(ip);
    struct el_ip relay = el_ip4(r->m.giaddr);
    struct el_dhcp_seen seen = {.kind = kind};
    struct el_log_field fields[8];
    size_t count = 0;

    if (ip)
        seen.ip = address;
    seen.file = boot ? boot->file : NULL;
    seen.why = boot ? boot->why : NULL;
    tell(d, r, &seen);
    if (!el_log_wants(EL_LOG_INFO) || !may_log(d, r->now_ns))
        return;
    fields[count++] = EL_MAC("mac", &client->mac);
    if (ip)
        fields[count++] = EL_IP(kind == EL_DHCP_SEEN_ELSEWHERE ? "server" : "ip", &address);
    if (r->m.giaddr)
        fields[count++] = EL_IP("relay", &relay);
    fields[count++] = EL_STR("arch", el_dhcp_arch_name(client->arch));
    fields[count++] = EL_STR("client", el_dhcp_client_kind_name(client->kind));
    if (boot && boot->file[0])
        fields[count++] = EL_STR("file", boot->file);
    if (boot && boot->why[0])
        fields[count++] = EL_STR("why", boot->why);
    fields[count].key = NULL;
    el_log_write(EL_LOG_INFO, "dhcp", names[kind], fields);
}

int el_dhcp_log_unanswered(struct el_dhcp *d, const struct el_dhcp_request *r, const char *why)
{
    const struct el_mac *mac = &r->client.mac;
    struct el_dhcp_complaint *last =
        &d->complaints[(mac->b[3] * 31u + mac->b[4] * 7u + mac->b[5]) % EL_DHCP_COMPLAINTS];

    d->stats.ignored++;
    tell(d, r, &(struct el_dhcp_seen){.kind = EL_DHCP_SEEN_UNANSWERED, .why = why});
    if (el_mac_equal(&last->mac, mac) && r->now_ns < last->until_ns)
        return 0;
    if (!may_log(d, r->now_ns))
        return 0;
    last->mac = *mac;
    last->until_ns = r->now_ns + COMPLAINT_S * EL_S;
    EL_LOG(EL_LOG_WARN, "dhcp", names[EL_DHCP_SEEN_UNANSWERED], EL_MAC("mac", mac),
           EL_STR("message", el_dhcp_type_name(r->client.type)), EL_STR("why", why));
    return 0;
}

int el_dhcp_log_ignored(struct el_dhcp *d, const struct el_dhcp_request *r, const char *why)
{
    d->stats.ignored++;
    EL_LOG(EL_LOG_DEBUG, "dhcp", "ignored", EL_MAC("mac", &r->client.mac),
           EL_STR("message", el_dhcp_type_name(r->client.type)), EL_STR("why", why));
    return 0;
}

struct holders {
    uint64_t now_ns;
    uint8_t subnet;
    unsigned said;
};

static void say_holder(void *arg, const struct el_dhcp_lease *lease)
{
    struct holders *holders = arg;
    struct el_ip ip = el_ip4(lease->ip);
    uint64_t now_ns = holders->now_ns;

    if (lease->subnet != holders->subnet || holders->said == HOLDERS_MAX)
        return;
    holders->said++;
    EL_LOG(EL_LOG_WARN, "dhcp", "held", EL_IP("ip", &ip), EL_MAC("mac", &lease->mac),
           EL_STR("state", el_dhcp_lease_state_names[lease->state]),
           EL_UINT("for_s", lease->since_ns ? (now_ns - lease->since_ns) / EL_S : 0),
           EL_UINT("ends_in_s", lease->until_ns > now_ns ? (lease->until_ns - now_ns) / EL_S : 0));
}

void el_dhcp_log_exhausted(struct el_dhcp *d, const struct el_dhcp_request *r)
{
    struct holders holders = {.now_ns = r->now_ns, .subnet = r->subnet};
    char network[EL_PREFIX_TEXT];

    if (d->exhausted_ns > r->now_ns || !may_log(d, r->now_ns))
        return;
    d->exhausted_ns = r->now_ns + EXHAUSTED_S * EL_S;
    EL_LOG(EL_LOG_ERROR, "dhcp", "no-address-left",
           EL_STR("network", el_prefix_text(&d->subnets[r->subnet].prefix, network)),
           EL_UINT("leased", el_dhcp_leases_count(d->leases, EL_DHCP_BOUND)),
           EL_UINT("offered", el_dhcp_leases_count(d->leases, EL_DHCP_OFFERED)),
           EL_UINT("declined", el_dhcp_leases_count(d->leases, EL_DHCP_DECLINED)),
           EL_STR("hint", "who holds them follows, the quietest first; dhcp-range may be larger"));
    el_dhcp_leases_each(d->leases, say_holder, &holders);
}

void el_dhcp_log_in_use(struct el_dhcp *d, uint32_t ip, const struct el_mac *mac)
{
    struct el_ip address = el_ip4(ip);

    (void)d;
    EL_LOG(EL_LOG_WARN, "dhcp", "in-use", EL_IP("ip", &address), EL_MAC("by", mac),
           EL_STR("what", "it was not given that address by us, which is not offered now"));
}

void el_dhcp_log_needs(struct el_dhcp *d, const struct el_dhcp_request *r,
                       const struct el_dhcp_boot *boot)
{
    char server[EL_IP_TEXT];

    el_ip_text(boot->next_server.family ? &boot->next_server : &d->config.server, server);
    (void)el_dhcp_log_unanswered(d, r, "takes-no-proxy");
    if (!may_log(d, r->now_ns))
        return;
    EL_LOG(EL_LOG_WARN, "dhcp", "takes-no-proxy", EL_MAC("mac", &r->client.mac),
           EL_STR("next-server", server), EL_STR("filename", boot->file),
           EL_STR("what", "it does not take the boot options from a second server: give it these "
                          "(siaddr and 66; file and 67) from the one that gives addresses"));
}

/* Whoever keeps leases logs why it could not. */
void el_dhcp_log_not_kept(struct el_dhcp *d, const struct el_dhcp_output *out)
{
    struct el_dhcp_client client = {.mac = out->record.mac, .arch = EL_DHCP_ARCH_NONE};
    struct el_dhcp_seen seen = {.kind = EL_DHCP_SEEN_NOT_KEPT,
                                .client = &client,
                                .ip = out->record.ip,
                                .file = "",
                                .why = ""};

    if (d->config.seen)
        d->config.seen(d->config.seen_arg, &seen);
}
