/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rules. As `nft list table` shows them, for a network `boot` with a gateway that borrows eth0:
 *
 *     table inet el2w-boot {
 *         chain input {                                   # what is for this host
 *             iifname != "boot" accept                    # not our business
 *             ct state established,related accept
 *             ip protocol udp udp dport 67 accept         # ...
 *             icmp type echo-request accept
 *             icmpv6 type { echo-request, nd-router-solicit, ... } accept
 *             counter drop
 *         }
 *         chain forward {                                 # what is for others
 *             iifname "boot" oifgroup el2w counter drop   # no other network
 *             iifname "boot" ip daddr 100.64.0.0/10 counter drop
 *             iifname "boot" ip saddr 192.168.77.0/24 accept
 *             iifname "boot" counter drop
 *             oifname "boot" ct state established,related accept
 *             oifname "boot" counter drop                 # nobody calls a machine
 *             iifname "eth0" ct state & (established | related) == 0 counter drop
 *             meta nfproto ipv6 iifgroup != el2w ct state & (established | related) == 0
 *                 counter drop
 *         }
 *         chain postrouting {
 *             iifname "boot" ip saddr 192.168.77.0/24 masquerade
 *         }
 *     }
 *
 * The answer to a TFTP request comes from a port of its own (RFC 1350 §4); since this host sends
 * the first packet from there, the machine's acknowledgements are answers like others, and no
 * helper for connection tracking is needed.
 */
#include "netlink/firewall.h"

#include "netlink/nft.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter_ipv4.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef NFT_TABLE_F_OWNER
#define NFT_TABLE_F_OWNER 2
#endif

enum { TABLE_BYTES = 32 };

struct el_firewall {
    struct mnl_socket *socket;
    char table[TABLE_BYTES];
    bool owned;     /* the table goes with the socket */
    bool stateless; /* no connection tracking */
};

/* -- conditions -- */

enum direction { IN = NFT_META_IIFNAME, OUT = NFT_META_OIFNAME };

static void interface(struct el_nft *nft, enum direction direction, uint32_t op, const char *name)
{
    char padded[EL_NETLINK_NAME_BYTES] = "";

    snprintf(padded, sizeof padded, "%s", name);
    el_nft_load_meta(nft, direction);
    el_nft_compare(nft, op, padded, sizeof padded);
}

static void protocol(struct el_nft *nft, uint8_t number)
{
    el_nft_load_meta(nft, NFT_META_L4PROTO);
    el_nft_compare(nft, NFT_CMP_EQ, &number, sizeof number);
}

static void family(struct el_nft *nft, uint8_t number)
{
    el_nft_load_meta(nft, NFT_META_NFPROTO);
    el_nft_compare(nft, NFT_CMP_EQ, &number, sizeof number);
}

/* The source's place in the header; the destination's is behind it. */
static void address(struct el_nft *nft, bool source, const struct el_prefix *range)
{
    bool four = range->ip.family == 4;
    uint32_t len = four ? 4 : 16;
    uint32_t offset = (four ? 12u : 8u) + (source ? 0 : len);
    uint8_t mask[16] = {0}, value[16];

    for (unsigned bit = 0; bit < range->len; bit++)
        mask[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
    for (unsigned i = 0; i < sizeof value; i++)
        value[i] = range->ip.b[i] & mask[i];
    family(nft, four ? NFPROTO_IPV4 : NFPROTO_IPV6);
    el_nft_load_payload(nft, NFT_PAYLOAD_NETWORK_HEADER, offset, len);
    el_nft_mask(nft, mask, len);
    el_nft_compare(nft, NFT_CMP_EQ, value, len);
}

/* Whether the packet answers something (NFT_CMP_NEQ 0), or not (NFT_CMP_EQ 0). */
static void answer(struct el_nft *nft, uint32_t op)
{
    static const uint32_t none,
        answers = NF_CT_STATE_BIT(IP_CT_ESTABLISHED) | NF_CT_STATE_BIT(IP_CT_RELATED);

    el_nft_load_ct(nft, NFT_CT_STATE);
    el_nft_mask(nft, &answers, sizeof answers);
    el_nft_compare(nft, op, &none, sizeof none);
}

static void counted_drop(struct el_nft *nft)
{
    el_nft_count(nft);
    el_nft_verdict(nft, NF_DROP);
}

/* -- what is for this host -- */

/* The ports that this host gives out by itself, or all above the low ones. */
static void read_own_ports(unsigned *first, unsigned *last)
{
    FILE *file = fopen("/proc/sys/net/ipv4/ip_local_port_range", "re");

    if (!file || fscanf(file, "%u %u", first, last) != 2 || *first > 65535 || *last > 65535) {
        *first = 1024;
        *last = 65535;
    }
    if (file)
        fclose(file);
}

/* Without connection tracking: UDP to a port that a client of ours, or a TFTP transfer, may have;
 * TCP but for a first SYN. */
static void answers_by_their_looks(struct el_nft *nft)
{
    static const uint8_t flags = TH_SYN | TH_ACK, beginning = TH_SYN;
    unsigned first, last;

    read_own_ports(&first, &last);
    uint16_t from = htons((uint16_t)first), to = htons((uint16_t)last);
    el_nft_rule(nft, "input", "maybe answers");
    protocol(nft, IPPROTO_UDP);
    el_nft_load_payload(nft, NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2);
    el_nft_compare(nft, NFT_CMP_GTE, &from, sizeof from);
    el_nft_compare(nft, NFT_CMP_LTE, &to, sizeof to);
    el_nft_verdict(nft, NF_ACCEPT);
    el_nft_rule(nft, "input", "no beginnings");
    protocol(nft, IPPROTO_TCP);
    el_nft_load_payload(nft, NFT_PAYLOAD_TRANSPORT_HEADER, 13, 1);
    el_nft_mask(nft, &flags, sizeof flags);
    el_nft_compare(nft, NFT_CMP_NEQ, &beginning, sizeof beginning);
    el_nft_verdict(nft, NF_ACCEPT);
}

static void service(struct el_nft *nft, const struct el_firewall_service *service)
{
    uint16_t port = htons(service->port);

    el_nft_rule(nft, "input", service->name);
    if (!service->six)
        family(nft, NFPROTO_IPV4);
    protocol(nft, service->protocol);
    el_nft_load_payload(nft, NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2);
    el_nft_compare(nft, NFT_CMP_EQ, &port, sizeof port);
    el_nft_verdict(nft, NF_ACCEPT);
}

static void icmp(struct el_nft *nft, uint8_t number, uint8_t type, const char *comment)
{
    el_nft_rule(nft, "input", comment);
    protocol(nft, number);
    el_nft_load_payload(nft, NFT_PAYLOAD_TRANSPORT_HEADER, 0, 1);
    el_nft_compare(nft, NFT_CMP_EQ, &type, sizeof type);
    el_nft_verdict(nft, NF_ACCEPT);
}

static void input_rules(struct el_nft *nft, const struct el_firewall_config *config, bool stateless)
{
    static const struct el_nft_chain chain = {"input", "filter", NF_INET_LOCAL_IN,
                                              NF_IP_PRI_FILTER};

    el_nft_chain(nft, &chain);
    el_nft_rule(nft, "input", "other interfaces");
    interface(nft, IN, NFT_CMP_NEQ, config->network);
    el_nft_verdict(nft, NF_ACCEPT);
    if (stateless) {
        answers_by_their_looks(nft);
    } else {
        el_nft_rule(nft, "input", "answers");
        answer(nft, NFT_CMP_NEQ);
        el_nft_verdict(nft, NF_ACCEPT);
    }
    for (size_t i = 0; i < config->service_count; i++)
        service(nft, &config->services[i]);
    icmp(nft, IPPROTO_ICMP, ICMP_ECHO, "ping");
    icmp(nft, IPPROTO_ICMPV6, ICMP6_ECHO_REQUEST, "ping");
    icmp(nft, IPPROTO_ICMPV6, ND_ROUTER_SOLICIT, "neighbour discovery");
    icmp(nft, IPPROTO_ICMPV6, ND_NEIGHBOR_SOLICIT, "neighbour discovery");
    icmp(nft, IPPROTO_ICMPV6, ND_NEIGHBOR_ADVERT, "neighbour discovery");
    el_nft_rule(nft, "input", "not published");
    counted_drop(nft);
}

/* -- what is for others -- */

static const uint32_t group = EL_NETLINK_GROUP;

static void out_rules(struct el_nft *nft, const struct el_firewall_config *config)
{
    const char *network = config->network;

    el_nft_rule(nft, "forward", "to another network");
    interface(nft, IN, NFT_CMP_EQ, network);
    el_nft_load_meta(nft, NFT_META_OIFGROUP);
    el_nft_compare(nft, NFT_CMP_EQ, &group, sizeof group);
    counted_drop(nft);
    for (size_t i = 0; i < config->forbidden_count; i++) {
        el_nft_rule(nft, "forward", "not through the gateway");
        interface(nft, IN, NFT_CMP_EQ, network);
        address(nft, false, &config->forbidden[i]);
        counted_drop(nft);
    }
    for (size_t i = 0; i < config->range_count; i++) {
        el_nft_rule(nft, "forward", "out");
        interface(nft, IN, NFT_CMP_EQ, network);
        address(nft, true, &config->ranges[i]);
        el_nft_verdict(nft, NF_ACCEPT);
    }
}

static void forward_rules(struct el_nft *nft, const struct el_firewall_config *config)
{
    static const struct el_nft_chain chain = {"forward", "filter", NF_INET_FORWARD,
                                              NF_IP_PRI_FILTER};
    bool gateway = config->range_count > 0;

    el_nft_chain(nft, &chain);
    if (gateway)
        out_rules(nft, config);
    el_nft_rule(nft, "forward", "from the network");
    interface(nft, IN, NFT_CMP_EQ, config->network);
    counted_drop(nft);
    if (gateway) {
        el_nft_rule(nft, "forward", "answers");
        interface(nft, OUT, NFT_CMP_EQ, config->network);
        answer(nft, NFT_CMP_NEQ);
        el_nft_verdict(nft, NF_ACCEPT);
    }
    el_nft_rule(nft, "forward", "to the network");
    interface(nft, OUT, NFT_CMP_EQ, config->network);
    counted_drop(nft);
    for (size_t i = 0; i < config->guarded_count; i++) {
        el_nft_rule(nft, "forward", "forwards answers only");
        interface(nft, IN, NFT_CMP_EQ, config->guarded[i]);
        answer(nft, NFT_CMP_EQ);
        counted_drop(nft);
    }
    if (!config->guarded6)
        return;
    el_nft_rule(nft, "forward", "forwards answers only");
    family(nft, NFPROTO_IPV6);
    el_nft_load_meta(nft, NFT_META_IIFGROUP);
    el_nft_compare(nft, NFT_CMP_NEQ, &group, sizeof group);
    answer(nft, NFT_CMP_EQ);
    counted_drop(nft);
}

static void masquerade_rules(struct el_nft *nft, const struct el_firewall_config *config)
{
    static const struct el_nft_chain chain = {"postrouting", "nat", NF_INET_POST_ROUTING,
                                              NF_IP_PRI_NAT_SRC};

    el_nft_chain(nft, &chain);
    for (size_t i = 0; i < config->range_count; i++) {
        el_nft_rule(nft, "postrouting", "gateway");
        interface(nft, IN, NFT_CMP_EQ, config->network);
        address(nft, true, &config->ranges[i]);
        el_nft_masquerade(nft);
    }
}

/* -- the table -- */

/* Adding before deleting, since one cannot delete what is not there. 0 or an errno. */
static int make_table(const struct el_firewall *firewall, const struct el_firewall_config *config)
{
    struct el_nft *nft = el_nft_new(firewall->table);

    if (!nft)
        return ENOMEM;
    el_nft_add_table(nft, 0);
    el_nft_delete_table(nft);
    el_nft_add_table(nft, firewall->owned ? NFT_TABLE_F_OWNER : 0);
    if (config->port)
        input_rules(nft, config, firewall->stateless);
    forward_rules(nft, config);
    if (config->range_count > 0)
        masquerade_rules(nft, config);
    int failed = el_nft_send(nft, firewall->socket);
    el_nft_free(nft);
    return failed;
}

static bool is_unknown(int failed)
{
    return failed == EOPNOTSUPP || failed == EINVAL || failed == ENOENT;
}

/* What the kernel does not know is left out, one by one. */
static int make_what_can_be(struct el_firewall *firewall, const struct el_firewall_config *config)
{
    int failed = make_table(firewall, config);

    if (failed == EOPNOTSUPP || failed == EINVAL) {
        firewall->owned = false;
        failed = make_table(firewall, config);
    }
    if (is_unknown(failed) && !firewall->stateless && config->range_count == 0) {
        firewall->stateless = true;
        failed = make_table(firewall, config);
    }
    return failed;
}

static int explain(const struct el_firewall *firewall, const struct el_firewall_config *config,
                   int failed, struct el_err *err)
{
    if (failed == EPERM)
        return el_err(err, EL_EPERM,
                      "firewall: table inet %s belongs to another process, or we have not the "
                      "capability CAP_NET_ADMIN",
                      firewall->table);
    if (is_unknown(failed) || failed == EPROTONOSUPPORT || failed == EAFNOSUPPORT)
        return el_err(err, EL_ENOTSUP, "firewall: this kernel has no nftables%s (%s)",
                      config->range_count ? " with connection tracking and masquerading" : "",
                      strerror(failed));
    return el_err_os(err, failed, "firewall: cannot make the table inet %s", firewall->table);
}

int el_firewall_open(const struct el_firewall_config *config, struct el_firewall **result,
                     struct el_err *err)
{
    struct el_firewall *firewall = calloc(1, sizeof *firewall);
    int failed = firewall ? 0 : ENOMEM;

    if (failed)
        return el_err(err, EL_ENOMEM, "out of memory");
    if (snprintf(firewall->table, sizeof firewall->table, "el2w-%s", config->network) >=
            (int)sizeof firewall->table ||
        strlen(config->network) >= EL_NETLINK_NAME_BYTES) {
        free(firewall);
        return el_err(err, EL_EINVAL, "network %.32s: too long for the name of an interface",
                      config->network);
    }
    firewall->owned = true;
    firewall->stateless = config->stateless;
    firewall->socket = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);
    if (!firewall->socket || mnl_socket_bind(firewall->socket, 0, MNL_SOCKET_AUTOPID) < 0)
        failed = errno;
    if (!failed)
        failed = make_what_can_be(firewall, config);
    if (failed) {
        int rc = explain(firewall, config, failed, err);
        if (firewall->socket)
            mnl_socket_close(firewall->socket);
        free(firewall);
        return rc;
    }
    *result = firewall;
    return 0;
}

bool el_firewall_is_stateless(const struct el_firewall *firewall)
{
    return firewall->stateless;
}

void el_firewall_close(struct el_firewall *firewall)
{
    if (!firewall)
        return;
    struct el_nft *nft = firewall->owned ? NULL : el_nft_new(firewall->table);
    if (nft) {
        el_nft_delete_table(nft);
        (void)el_nft_send(nft, firewall->socket);
    }
    el_nft_free(nft);
    mnl_socket_close(firewall->socket); /* which is the end of a table that it owns */
    free(firewall);
}
