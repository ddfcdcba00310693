/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which network has which interface of a spoke. */
#include "node/lan.h"

#include "node/peer.h"
#include "port/packet.h"

#include <stdio.h>
#include <string.h>

_Static_assert((int)EL_LAN_VID_MAX == (int)EL_PACKET_VID_MAX, "the same VLANs");

/* -- places -- */

static bool is_interface(const char *text, size_t len)
{
    return len > 0 && len < EL_LAN_INTERFACE && text[0] != '.' && text[0] != '-' &&
           strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._") >= len;
}

/* The digits behind the last dot; NULL: there is no VLAN. */
static const char *find_vid(const char *text, size_t len)
{
    size_t digits = 0;

    while (digits < len && text[len - 1 - digits] >= '0' && text[len - 1 - digits] <= '9')
        digits++;
    return digits > 0 && digits < len && text[len - 1 - digits] == '.' ? text + len - digits : NULL;
}

/* The number of LEN digits; 0 if it is no VLAN's. */
static uint16_t vid_of(const char *digits, size_t len)
{
    unsigned vid = 0;

    if (digits[0] == '0' || len > 4)
        return 0;
    for (size_t i = 0; i < len; i++)
        vid = 10 * vid + (unsigned)(digits[i] - '0');
    return vid <= EL_LAN_VID_MAX ? (uint16_t)vid : 0;
}

static int parse_place(const char *text, size_t len, struct el_lan_place *place, struct el_err *err)
{
    const char *digits = find_vid(text, len);
    size_t name = digits ? (size_t)(digits - text) - 1 : len;
    uint16_t vid = digits ? vid_of(digits, len - name - 1) : 0;

    if (!is_interface(text, name))
        return el_err(err, EL_EINVAL,
                      "lan: expected an interface, as eth1, or a VLAN of one, as "
                      "eth1.30");
    if (digits && vid == 0)
        return el_err(err, EL_EINVAL, "lan %.*s: a VLAN is a number from 1 to %d", (int)name, text,
                      EL_LAN_VID_MAX);
    memset(place, 0, sizeof *place);
    memcpy(place->interface, text, name);
    place->vid = vid;
    return 0;
}

int el_lan_place_parse(const char *text, struct el_lan_place *place, struct el_err *err)
{
    return parse_place(text, strlen(text), place, err);
}

const char *el_lan_place_text(const struct el_lan_place *place, char text[EL_LAN_TEXT])
{
    if (place->vid)
        snprintf(text, EL_LAN_TEXT, "%.15s.%u", place->interface, place->vid % 10000u);
    else
        snprintf(text, EL_LAN_TEXT, "%.15s", place->interface);
    return text;
}

static bool is_same(const struct el_lan_place *a, const struct el_lan_place *b)
{
    return a->vid == b->vid && strcmp(a->interface, b->interface) == 0;
}

/* -- what the site says -- */

static int parse_rule(const char *text, struct el_lan_rule *rule, struct el_err *err)
{
    const char *equals = strchr(text, '=');
    int rc = parse_place(text, equals ? (size_t)(equals - text) : strlen(text), &rule->place, err);

    if (rc < 0 || !equals)
        return rc;
    size_t len = strlen(equals + 1);
    if (len >= sizeof rule->network || !el_node_is_name(equals + 1, len))
        return el_err(err, EL_EINVAL,
                      "lan: expected a network's name behind \"=\", as eth1.30=lab2");
    memcpy(rule->network, equals + 1, len);
    return 0;
}

int el_lan_add(struct el_lan_site *site, const char *text, struct el_err *err)
{
    struct el_lan_rule rule = {.network = ""};
    char place[EL_LAN_TEXT], taken[EL_LAN_TEXT];
    int rc = parse_rule(text, &rule, err);

    if (rc < 0)
        return rc;
    if (site->count == EL_LAN_RULES)
        return el_err(err, EL_EFULL, "lan: at most %d", EL_LAN_RULES);
    for (unsigned i = 0; i < site->count; i++) {
        const struct el_lan_rule *other = &site->rules[i];
        bool same_network = strcmp(other->network, rule.network) == 0;
        if (is_same(&other->place, &rule.place))
            return same_network ? 0
                                : el_err(err, EL_EEXIST, "lan %s: is said twice",
                                         el_lan_place_text(&rule.place, place));
        if (same_network && rule.network[0])
            return el_err(err, EL_EEXIST, "lan %s: the network %s has %s already",
                          el_lan_place_text(&rule.place, place), rule.network,
                          el_lan_place_text(&other->place, taken));
    }
    site->rules[site->count++] = rule;
    return 0;
}

bool el_lan_allows(const struct el_lan_site *site, const struct el_lan_place *place)
{
    for (unsigned i = 0; i < site->count; i++) {
        const struct el_lan_place *allowed = &site->rules[i].place;
        if (strcmp(allowed->interface, place->interface) == 0 &&
            (allowed->vid == 0 || allowed->vid == place->vid))
            return true;
    }
    return false;
}

/* -- which network has what -- */

struct resolving {
    const struct el_lan_site *site;
    const struct el_lan_network *networks;
    unsigned count;
    struct el_lan_place places[EL_LAN_NETWORKS]; /* of each; without an interface: none yet */
    bool failed[EL_LAN_NETWORKS];                /* there will be none, and it is said why */
    struct el_lan_plan *plan;
};

/* Who has PLACE: its number, or -1. */
static int holder(const struct resolving *r, const struct el_lan_place *place)
{
    for (unsigned i = 0; i < r->count; i++)
        if (is_same(&r->places[i], place))
            return (int)i;
    return -1;
}

static void fail(struct resolving *r, unsigned number, const char *why, const char *hint)
{
    struct el_lan_problem *problem = &r->plan->problems[r->plan->problem_count++];

    problem->vni = r->networks[number].vni;
    snprintf(problem->sentence, sizeof problem->sentence, "network %.15s: %s%s",
             r->networks[number].name, why, hint);
    r->failed[number] = true;
}

static void take(struct resolving *r, unsigned number, const struct el_lan_place *place)
{
    char why[EL_LAN_SENTENCE], text[EL_LAN_TEXT];
    int other = holder(r, place);

    if (other < 0) {
        r->places[number] = *place;
        return;
    }
    snprintf(why, sizeof why, "%s belongs to the network %.15s already",
             el_lan_place_text(place, text), r->networks[other].name);
    fail(r, number, why, "");
}

/* "eth1, eth2.30" */
static void list_site(const struct el_lan_site *site, char *text, size_t capacity)
{
    char place[EL_LAN_TEXT];
    size_t len = 0;

    text[0] = '\0';
    for (unsigned i = 0; i < site->count && len < capacity; i++)
        len += (size_t)snprintf(text + len, capacity - len, "%s%s", i ? ", " : "",
                                el_lan_place_text(&site->rules[i].place, place));
}

/* The hub says where NUMBER belongs. */
static void place_as_told(struct resolving *r, unsigned number)
{
    const struct el_lan_network *network = &r->networks[number];
    char why[EL_LAN_SENTENCE], text[EL_LAN_TEXT], list[80];
    struct el_lan_place place;

    if (el_lan_place_parse(network->lan, &place, NULL) < 0) {
        fail(r, number, "what the hub says of its place is no interface", "");
    } else if (!el_lan_allows(r->site, &place)) {
        list_site(r->site, list, sizeof list);
        snprintf(why, sizeof why, "the hub wants %s for it, and --lan here allows %s",
                 el_lan_place_text(&place, text), list);
        fail(r, number, why, "");
    } else {
        take(r, number, &place);
    }
}

static const struct el_lan_rule *wish_for(const struct el_lan_site *site, const char *network)
{
    for (unsigned i = 0; i < site->count; i++)
        if (site->rules[i].network[0] && strcmp(site->rules[i].network, network) == 0)
            return &site->rules[i];
    return NULL;
}

static bool is_open(const struct resolving *r, unsigned number)
{
    return !r->places[number].interface[0] && !r->failed[number];
}

/* The network that a --lan without a wish is for, or -1. */
static int find_first(const struct resolving *r, const char *first)
{
    for (unsigned i = 0; first && *first && i < r->count; i++)
        if (strcmp(r->networks[i].name, first) == 0)
            return is_open(r, i) ? (int)i : -1;
    for (unsigned i = 0; i < r->count; i++)
        if (is_open(r, i))
            return (int)i;
    return -1;
}

static void place_first(struct resolving *r, const char *first)
{
    int number = find_first(r, first);

    for (unsigned i = 0; number >= 0 && i < r->site->count; i++) {
        const struct el_lan_rule *rule = &r->site->rules[i];
        if (!rule->network[0] && holder(r, &rule->place) < 0) {
            r->places[number] = rule->place;
            return;
        }
    }
}

/* Whether a VLAN of this interface is a place of its own: it has a network, or the site speaks of
 * it. */
static bool has_vlans(const struct resolving *r, const char *interface)
{
    for (unsigned i = 0; i < r->count; i++)
        if (r->places[i].vid && strcmp(r->places[i].interface, interface) == 0)
            return true;
    for (unsigned i = 0; i < r->site->count; i++)
        if (r->site->rules[i].place.vid &&
            strcmp(r->site->rules[i].place.interface, interface) == 0)
            return true;
    return false;
}

static void list_ports(struct resolving *r, bool vlans)
{
    for (unsigned i = 0; i < r->count; i++) {
        const struct el_lan_place *place = &r->places[i];
        struct el_lan_port *port = &r->plan->ports[r->plan->port_count];
        if (!place->interface[0] || (place->vid != 0) != vlans)
            continue;
        *port = (struct el_lan_port){r->networks[i].vni, *place, place->vid};
        if (place->vid == 0)
            port->vid = has_vlans(r, place->interface) ? EL_PACKET_UNTAGGED : EL_PACKET_ALL;
        r->plan->port_count++;
    }
}

void el_lan_resolve(const struct el_lan_site *site, const struct el_lan_network *networks,
                    unsigned count, const char *first, struct el_lan_plan *plan)
{
    struct resolving r = {.site = site,
                          .networks = networks,
                          .count = count < EL_LAN_NETWORKS ? count : EL_LAN_NETWORKS,
                          .plan = plan};

    *plan = (struct el_lan_plan){.port_count = 0};
    if (site->count == 0)
        return;
    for (unsigned i = 0; i < r.count; i++)
        if (networks[i].lan[0])
            place_as_told(&r, i);
    for (unsigned i = 0; i < r.count; i++) {
        const struct el_lan_rule *wish = wish_for(site, networks[i].name);
        if (wish && is_open(&r, i))
            take(&r, i, &wish->place);
    }
    place_first(&r, first);
    for (unsigned i = 0; i < r.count; i++)
        if (is_open(&r, i))
            fail(&r, i, "no interface here is for it",
                 "; el2w publish NETWORK --to SPOKE --lan "
                 "INTERFACE on the hub, or --lan "
                 "INTERFACE=NETWORK here, says which");
    list_ports(&r, false);
    list_ports(&r, true);
}
