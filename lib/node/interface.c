/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A network's interface on this host. */
#include "node/interface.h"

#include "netlink/links.h"
#include "port/tap.h"

#include <sodium.h>
#include <string.h>
#include <unistd.h>

static void hash_of(const char *what, const uint8_t public_key[EL_TUNNEL_KEY_BYTES], uint32_t vni,
                    uint8_t hash[crypto_generichash_BYTES])
{
    crypto_generichash_state state;

    crypto_generichash_init(&state, (const uint8_t *)what, strlen(what), crypto_generichash_BYTES);
    crypto_generichash_update(&state, public_key, EL_TUNNEL_KEY_BYTES);
    crypto_generichash_update(&state, (const uint8_t *)&vni, sizeof vni);
    crypto_generichash_final(&state, hash, crypto_generichash_BYTES);
}

/* A locally administered unicast address (IEEE 802 §8.2) from a hash. */
struct el_mac el_node_interface_mac_for(const uint8_t public_key[EL_TUNNEL_KEY_BYTES], uint32_t vni)
{
    uint8_t hash[crypto_generichash_BYTES];
    struct el_mac mac;

    hash_of("el2w interface", public_key, vni, hash);
    memcpy(mac.b, hash, sizeof mac.b);
    mac.b[0] = (uint8_t)((mac.b[0] & 0xfc) | 0x02);
    return mac;
}

/* A Global ID from a hash, and for the Subnet ID 16 of the VNI's 24 bits; the others are in the
 * hash. */
struct el_prefix el_node_interface_prefix6_for(const uint8_t public_key[EL_TUNNEL_KEY_BYTES],
                                               uint32_t vni)
{
    enum { GLOBAL_ID_BYTES = 5 };
    struct el_prefix prefix = {.ip = {6, {0xfd}}, .len = 64};
    uint8_t hash[crypto_generichash_BYTES];

    hash_of("el2w prefix6", public_key, vni >> 16, hash);
    memcpy(prefix.ip.b + 1, hash, GLOBAL_ID_BYTES);
    prefix.ip.b[6] = (uint8_t)(vni >> 8);
    prefix.ip.b[7] = (uint8_t)vni;
    return prefix;
}

/* 1: one of SIBLINGS has (some of) the range too. */
static int check_overlap(struct el_netlink *netlink, const char *name,
                         const struct el_prefix *address, const char *const *siblings,
                         struct el_err *err)
{
    const char *except[EL_NODE_SIBLINGS + 2] = {name};
    char what[EL_NETLINK_TEXT];
    unsigned count = 1;

    int rc = el_netlink_find_overlap(netlink, address, except, what, err);
    if (rc <= 0)
        return rc;
    for (; siblings && *siblings && count <= EL_NODE_SIBLINGS; siblings++)
        except[count++] = *siblings;
    rc = el_netlink_find_overlap(netlink, address, except, what, err);
    if (rc == 1)
        return el_err(
            err, EL_EEXIST,
            "cidr %s: choose another range with --cidr (192.168.78.0/24, say), on the hub "
            "only",
            what);
    return rc < 0 ? rc : 1;
}

static int set_up(struct el_netlink *netlink, const char *name, const struct el_mac *mac,
                  const struct el_prefix *address, struct el_err *err)
{
    int rc = el_netlink_set_mac(netlink, name, mac, err);

    if (rc == 0)
        rc = el_netlink_set_group(netlink, name, EL_NETLINK_GROUP, err);
    el_netlink_harden(name);
    if (rc == 0 && address)
        rc = el_netlink_add_address(netlink, name, address, err);
    return rc == 0 ? el_netlink_set_up(netlink, name, err) : rc;
}

int el_node_interface_open(const char *name, const uint8_t public_key[EL_TUNNEL_KEY_BYTES],
                           uint32_t vni, const struct el_prefix *address,
                           const char *const *siblings, unsigned count, int fds[],
                           struct el_err *err)
{
    struct el_mac mac = el_node_interface_mac_for(public_key, vni);
    struct el_netlink *netlink;
    int rc = el_netlink_open(&netlink, err);

    if (rc < 0)
        return rc;
    if (address)
        rc = check_overlap(netlink, name, address, siblings, err);
    bool shared = rc == 1;
    int opened = rc < 0 ? rc : el_tap_open_queues(name, count, fds, err);
    rc = opened < 0 ? opened : set_up(netlink, name, &mac, address, err);
    if (rc == 0 && shared)
        el_netlink_share_range(name);
    el_netlink_close(netlink);
    for (int i = 0; rc < 0 && i < opened; i++)
        close(fds[i]);
    return rc < 0 ? rc : opened;
}

int el_node_interface_add6(const char *name, const struct el_prefix *prefix6, struct el_err *err)
{
    const char *const except[] = {name, NULL};
    struct el_prefix address = *prefix6;
    char what[EL_NETLINK_TEXT];
    struct el_netlink *netlink;
    int rc = el_netlink_open(&netlink, err);

    if (rc < 0)
        return rc;
    rc = el_netlink_find_overlap(netlink, prefix6, except, what, err);
    if (rc == 1)
        rc = el_err(err, EL_EEXIST, "prefix6 %s: choose another one with --prefix6", what);
    address.ip.b[15] = 1;
    if (rc == 0)
        rc = el_netlink_add_address(netlink, name, &address, err);
    el_netlink_close(netlink);
    return rc;
}

int el_node_interface_mac(const char *name, struct el_mac *mac, struct el_err *err)
{
    struct el_netlink_link link = {.name = ""};
    struct el_netlink *netlink;
    int rc = el_netlink_open(&netlink, err);

    if (rc < 0)
        return rc;
    rc = el_netlink_link(netlink, name, &link, err);
    el_netlink_close(netlink);
    *mac = link.mac;
    return rc;
}
