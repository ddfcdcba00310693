/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What stands in the way of a spoke. */
#include "check/check.h"

#include "link/queues.h"
#include "netlink/links.h"
#include "node/key.h"
#include "node/peer.h"
#include "spoke/spoke_enrol.h"
#include "tunnel/tunnel.h"

#include <sodium.h>
#include <string.h>
#include <unistd.h>

/* Only the hub can say whether a token is still good; what can be seen of it is looked at. */
static int check_token(const char *said, struct el_err *err)
{
    struct el_enrol_token token;

    if (strcmp(said, "-") == 0)
        return 0;
    int rc = el_spoke_token(said, &token, err);
    el_enrol_token_wipe(&token);
    return rc;
}

static int check_enrolment(const struct el_spoke_config *config, struct el_err *err)
{
    bool by_hand = config->hub && !sodium_is_zero(config->hub_key, sizeof config->hub_key);

    if (config->join)
        return check_token(config->join, err);
    return by_hand || el_spoke_may_be_enrolled(config->state) ? 0 : el_spoke_not_enrolled(err);
}

static int check_hub_address(const struct el_spoke_config *config, struct el_err *err)
{
    char host[256];
    uint16_t port;

    if (!config->hub)
        return 0;
    if (el_node_split_endpoint(config->hub, 51820, host, &port) < 0)
        return el_err(err, EL_EINVAL, "hub %s: expected HOST or HOST:PORT", config->hub);
    return 0;
}

static int check_psk(const struct el_spoke_config *config, struct el_err *err)
{
    uint8_t key[EL_TUNNEL_KEY_BYTES];

    if (!config->psk || geteuid() != 0)
        return 0;
    int rc = el_node_key_read(-1, config->psk, key, err);
    sodium_memzero(key, sizeof key);
    return rc;
}

static int check_interface(const char *lan, struct el_err *err)
{
    struct el_netlink_link link;
    struct el_netlink *netlink;
    int rc = el_netlink_open(&netlink, err);

    if (rc < 0)
        return rc;
    rc = el_netlink_link(netlink, lan, &link, err);
    el_netlink_close(netlink);
    if (rc < 0) {
        struct el_err why = *err;
        return el_err(err, rc, "lan %.400s", why.text);
    }
    if (link.loopback || !link.ethernet)
        return el_err(err, EL_EINVAL, "lan %s: this interface carries no Ethernet frames", lan);
    return 0;
}

static int check_lans(const struct el_lan_site *lans, struct el_err *err)
{
    int rc = 0;

    for (unsigned i = 0; i < lans->count && rc == 0; i++)
        rc = check_interface(lans->rules[i].place.interface, err);
    return rc;
}

unsigned el_spoke_check(const struct el_spoke_config *config, FILE *good, FILE *bad)
{
    struct el_node_check check = {.name = "spoke", .good = good, .bad = bad};
    struct el_err err = {""};

    el_node_check_begin(&check, config->state, config->options);
    el_node_check_step(&check, check_enrolment(config, &err), &err);
    el_node_check_step(&check, check_hub_address(config, &err), &err);
    if (config->wire < EL_TUNNEL_WIRES)
        el_node_check_step(&check, el_tunnel_wire_check((enum el_tunnel_wire)config->wire, &err),
                           &err);
    el_node_check_step(&check, el_node_lanes(config->tunnel.workers, &err), &err);
    el_node_check_key(&check, config->key, config->state);
    el_node_check_step(&check, check_psk(config, &err), &err);
    el_node_check_port(&check, config->listen, &config->tunnel);
    if (config->lans.count > 0)
        el_node_check_step(&check, check_lans(&config->lans, &err), &err);
    else
        el_node_check_interface(&check, config->network ? config->network : "boot", NULL);
    return el_node_check_end(&check);
}
