/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which network has which interface of a spoke. Pure: no interface is looked at or touched.
 *
 * The site says with --lan what may be used at all, and may wish for a network: eth1, eth1.30
 * (VLAN 30 of eth1, IEEE 802.1Q), eth1.30=lab2. The hub says which networks this spoke has, and may
 * say of each what it belongs to; it decides within what the site allows, and gets nothing beyond
 * it: eth1 allows eth1 and all its VLANs, eth1.30 only that one.
 *
 *     the hub says a place      that, if the site allows it; else nothing, and a sentence why
 *     else, a wish for it       that
 *     else, first of the others the first --lan without a wish, as with one network and one --lan
 *     else                      nothing, and a sentence
 *
 * No place has two networks: who comes first in this table has it, then who is first in the hub's
 * list. An interface as such carries frames with and without tags; where one of its VLANs is a
 * place of its own, only those without.
 */
#ifndef EL_NODE_LAN_H
#define EL_NODE_LAN_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    EL_LAN_INTERFACE = 16, /* an interface's name, with its NUL */
    EL_LAN_TEXT = 24,      /* "eth1.30", with the NUL; = EL_REGISTRY_LAN */
    EL_LAN_NETWORK = 16,   /* a network's name, with its NUL */
    EL_LAN_RULES = 16,
    EL_LAN_NETWORKS = 8, /* of a spoke; = EL_MANAGE_NETWORKS */
    EL_LAN_VID_MAX = 4094,
    EL_LAN_SENTENCE = 200, /* with its NUL */
};

/* Where machines are connected. */
struct el_lan_place {
    char interface[EL_LAN_INTERFACE]; /* empty: nowhere */
    uint16_t vid;                     /* 1..EL_LAN_VID_MAX: a VLAN of it; 0: it as such */
};

/* One --lan. */
struct el_lan_rule {
    struct el_lan_place place;
    char network[EL_LAN_NETWORK]; /* wished for; empty: any */
};

/* All of them. With none, this computer itself is connected, and there are no places. */
struct el_lan_site {
    unsigned count;
    struct el_lan_rule rules[EL_LAN_RULES];
};

/* A network that the hub has for this spoke, and where, if it says so. */
struct el_lan_network {
    uint32_t vni;
    char name[EL_LAN_NETWORK];
    char lan[EL_LAN_TEXT]; /* as it came; empty: not said */
};

/* A network's place. */
struct el_lan_port {
    uint32_t vni;
    struct el_lan_place place;
    int vid; /* for el_packet_open(): place.vid, EL_PACKET_UNTAGGED or EL_PACKET_ALL */
};

/* Why a network has none, in a sentence for the site's log and the hub's operator. */
struct el_lan_problem {
    uint32_t vni;
    char sentence[EL_LAN_SENTENCE];
};

struct el_lan_plan {
    unsigned port_count, problem_count;
    /* Those as such first: each may be set up in this order once what is no longer in the plan, or
     * is there with another place or vid, has been taken down; no frame is in two networks then. */
    struct el_lan_port ports[EL_LAN_NETWORKS];
    struct el_lan_problem problems[EL_LAN_NETWORKS];
};

/* "eth1" or "eth1.30". EL_EINVAL with a sentence: not an interface's name (letters, digits, - . _),
 * no such VLAN. What follows the last dot is a VLAN if it is a number. */
int el_lan_place_parse(const char *text, struct el_lan_place *place, struct el_err *err);

/* And back. Returns TEXT. */
const char *el_lan_place_text(const struct el_lan_place *place, char text[EL_LAN_TEXT]);

/* Adds one --lan, "IFACE[.VID][=NETWORK]"; one that is there already changes nothing. EL_EINVAL,
 * EL_EEXIST (its place is another network's, or its network has another place), EL_EFULL, with a
 * sentence. */
int el_lan_add(struct el_lan_site *site, const char *text, struct el_err *err);

/* Whether the site lets PLACE be used. */
bool el_lan_allows(const struct el_lan_site *site, const struct el_lan_place *place);

/* The table above, for the first EL_LAN_NETWORKS of NETWORKS. FIRST: the network that a --lan
 * without a wish is for, if it is one of them; NULL or empty: the first. */
void el_lan_resolve(const struct el_lan_site *site, const struct el_lan_network *networks,
                    unsigned count, const char *first, struct el_lan_plan *plan);

#endif
