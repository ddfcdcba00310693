/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ProxyDHCP (PXE 2.1 §2.2.1): another server gives addresses, we say what to boot.
 *
 * A machine that boots hears both offers and puts them together, or so the standard has it. Old
 * EDK2 throws the first proxy's offer away; some firmware wants the file named in the offer, some
 * asks port 4011 for it, and some takes the server from a list only. So the next attempt of a
 * machine of which nothing more was heard is told in the next way. What some firmware does not do
 * at all is to put two offers together: when all ways were tried, the log says what the other
 * server would have to be told.
 */
#include "dhcp/dhcp_internal.h"
#include "dhcp/dhcp_reply.h"

static struct el_dhcp_proxied *row_of(struct el_dhcp *d, const struct el_mac *mac)
{
    struct el_dhcp_proxied *row =
        &d->proxied[(mac->b[3] * 31u + mac->b[4] * 7u + mac->b[5]) % EL_DHCP_PROXIED_MAX];

    if (!el_mac_equal(&row->mac, mac))
        *row = (struct el_dhcp_proxied){.mac = *mac};
    return row;
}

void el_dhcp_proxy_went_on(struct el_dhcp *d, const struct el_mac *mac)
{
    struct el_dhcp_proxied *row = row_of(d, mac);

    row->went_on = true;
    row->failed = 0;
}

/* All messages with one transaction are one attempt: they are told the same. */
static enum el_dhcp_pxe_way way_for(struct el_dhcp *d, const struct el_dhcp_request *r)
{
    struct el_dhcp_proxied *row = row_of(d, &r->client.mac);

    if (r->client.kind != EL_DHCP_CLIENT_PXE || r->client.raspberry_pi)
        return EL_DHCP_PXE_FILE;
    if (row->told && row->xid != r->m.xid) {
        if (!row->went_on) {
            row->way = (uint8_t)((row->way + 1) % EL_DHCP_PXE_WAYS);
            row->failed++;
        }
        row->went_on = false;
    }
    row->told = true;
    row->xid = r->m.xid;
    return (enum el_dhcp_pxe_way)row->way;
}

/* To who has asked another server for an address: how to boot, and only that. */
int el_dhcp_proxy_discover(struct el_dhcp *d, struct el_dhcp_request *r)
{
    struct el_dhcp_answer answer = {.type = EL_DHCP_OFFER, .boot_only = true, .proxy = true};

    if (r->client.kind == EL_DHCP_CLIENT_OS)
        return el_dhcp_log_ignored(d, r, "another server gives addresses");
    if (r->client.kind == EL_DHCP_CLIENT_IPXE)
        el_dhcp_proxy_went_on(d, &r->client.mac);
    answer.way = way_for(d, r);
    int rc = el_dhcp_send(d, r, &answer, EL_DHCP_SEEN_BOOT_SERVER);
    const struct el_dhcp_proxied *row = row_of(d, &r->client.mac);
    if (r->client.kind == EL_DHCP_CLIENT_PXE && row->failed >= EL_DHCP_PXE_WAYS)
        el_dhcp_log_needs(d, r, &answer.boot);
    return rc;
}

/* One that was sent to us alone, or that names us. */
int el_dhcp_proxy_request(struct el_dhcp *d, struct el_dhcp_request *r)
{
    struct el_dhcp_answer answer = {.type = EL_DHCP_ACK, .boot_only = true, .proxy = true};
    uint32_t server_id = el_dhcp_number(&r->m, EL_DHCP_O_SERVER_ID);

    if (r->client.kind == EL_DHCP_CLIENT_OS)
        return el_dhcp_log_ignored(d, r, "another server gives addresses");
    if (server_id != r->server_id && r->client.type != EL_DHCP_INFORM)
        return el_dhcp_log_ignored(d, r, "for the server that gives addresses");
    /* The answer goes there: nobody else's network is told. */
    if (r->m.ciaddr &&
        (el_dhcp_subnet_of(d, r->m.ciaddr) != r->subnet || el_dhcp_is_taken(d, r->m.ciaddr)))
        return el_dhcp_log_ignored(d, r, "not in our network");
    el_dhcp_proxy_went_on(d, &r->client.mac);
    return el_dhcp_send(d, r, &answer, EL_DHCP_SEEN_BOOT_SERVER);
}
