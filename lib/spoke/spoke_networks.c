/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The networks that a hub has for a spoke. */
#include "spoke/spoke_networks.h"

#include "node/peer.h"

#include <stdlib.h>
#include <string.h>

enum { VNI_MAX = 0xffffff, WORDS = 5 };

/* -- lists -- */

const struct el_spoke_network *el_spoke_networks_find(const struct el_spoke_networks *list,
                                                      const char *name)
{
    for (unsigned i = 0; i < list->count; i++)
        if (strcmp(list->items[i].name, name) == 0)
            return &list->items[i];
    return NULL;
}

const struct el_spoke_network *el_spoke_networks_find_vni(const struct el_spoke_networks *list,
                                                          uint32_t vni)
{
    for (unsigned i = 0; i < list->count; i++)
        if (list->items[i].vni == vni)
            return &list->items[i];
    return NULL;
}

static bool is_equal(const struct el_spoke_network *a, const struct el_spoke_network *b)
{
    return a->vni == b->vni && a->published == b->published && strcmp(a->name, b->name) == 0 &&
           strcmp(a->lan, b->lan) == 0 && el_mac_equal(&a->mac, &b->mac);
}

bool el_spoke_networks_equal(const struct el_spoke_networks *a, const struct el_spoke_networks *b)
{
    for (unsigned i = 0; i < a->count && i < b->count; i++)
        if (!is_equal(&a->items[i], &b->items[i]))
            return false;
    return a->count == b->count;
}

/* The name becomes an interface's, and a line in a configuration; so may a LAN. */
static bool is_interface(const char *name, size_t capacity)
{
    size_t len = strlen(name);

    return len < capacity && el_node_is_name(name, len) && name[0] != '.' && name[0] != '-';
}

static int check(const struct el_spoke_network *network, struct el_err *err)
{
    if (!is_interface(network->name, sizeof network->name))
        return el_err(err, EL_EINVAL, "this is no name for a network (15 letters, digits, - . _)");
    if (network->vni > VNI_MAX)
        return el_err(err, EL_EINVAL, "network %s: its VNI is beyond %d", network->name, VNI_MAX);
    if (network->lan[0] && !is_interface(network->lan, sizeof network->lan))
        return el_err(err, EL_EINVAL, "network %s: this is no name for an interface",
                      network->name);
    if (el_mac_is_group(&network->mac))
        return el_err(err, EL_EINVAL, "network %s: nobody has the address of a group",
                      network->name);
    return 0;
}

int el_spoke_networks_add(struct el_spoke_networks *list, const struct el_spoke_network *network,
                          struct el_err *err)
{
    int rc = check(network, err);

    if (rc < 0)
        return rc;
    if (el_spoke_networks_find(list, network->name) ||
        el_spoke_networks_find_vni(list, network->vni))
        return el_err(err, EL_EINVAL, "network %s is there twice, or its VNI is", network->name);
    if (list->count == EL_SPOKE_NETWORKS)
        return el_err(err, EL_EINVAL, "more than %d networks", EL_SPOKE_NETWORKS);
    struct el_spoke_network *item = &list->items[list->count++];
    item->vni = network->vni;
    item->published = network->published;
    strcpy(item->name, network->name);
    strcpy(item->lan, network->lan);
    item->mac = network->mac;
    return 0;
}

/* Empties what does not fit, which no name and no LAN is then. */
static void copy_text(char *to, size_t capacity, const char *text)
{
    to[0] = '\0';
    if (strlen(text) < capacity)
        strcpy(to, text);
}

/* -- lines -- */

/* WORD is one of the two. */
static bool read_published(const char *word, bool *published)
{
    *published = strcmp(word, "published") == 0;
    return *published || strcmp(word, "unpublished") == 0;
}

/* Cuts TEXT where there is one blank, into WORDS at the most. How many; 0: there are more. */
static unsigned split(char *text, char *words[WORDS])
{
    unsigned count = 0;

    for (char *at = text; at; count++) {
        if (count == WORDS)
            return 0;
        words[count] = at;
        at = strchr(at, ' ');
        if (at)
            *at++ = '\0';
    }
    return count;
}

int el_spoke_networks_read(struct el_spoke_networks *list, const char *text, struct el_err *err)
{
    struct el_spoke_network network = {.vni = 0};
    char line[128], *words[WORDS], *end;

    copy_text(line, sizeof line, text);
    unsigned count = split(line, words);
    if (count < 2 || words[0][0] < '0' || words[0][0] > '9')
        return el_err(err, EL_EINVAL, "this is not VNI NAME");
    unsigned long long vni = strtoull(words[0], &end, 10);
    if (*end || (count > 2 && !read_published(words[2], &network.published)) ||
        (count > 3 && !words[3][0]))
        return el_err(err, EL_EINVAL, "this is not VNI NAME [published|unpublished [LAN|- [MAC]]]");
    network.vni = vni > VNI_MAX ? VNI_MAX + 1 : (uint32_t)vni;
    copy_text(network.name, sizeof network.name, words[1]);
    if (count > 4 && el_mac_parse(words[4], &network.mac) < 0)
        return el_err(err, EL_EINVAL, "this is no MAC address");
    if (count > 3 && strcmp(words[3], "-") != 0) {
        if (strlen(words[3]) >= sizeof network.lan)
            return el_err(err, EL_EINVAL, "this is no name for an interface");
        strcpy(network.lan, words[3]);
    }
    return el_spoke_networks_add(list, &network, err);
}

void el_spoke_networks_print(FILE *out, const struct el_spoke_networks *list)
{
    for (unsigned i = 0; i < list->count; i++) {
        const struct el_spoke_network *network = &list->items[i];
        bool has_mac = !el_mac_is_zero(&network->mac);
        const char *lan = network->lan[0] ? network->lan : has_mac ? "-" : "";
        char mac[EL_MAC_TEXT];
        fprintf(out, "network = %u %s %s%s%s%s%s\n", (unsigned)network->vni, network->name,
                network->published ? "published" : "unpublished", lan[0] ? " " : "", lan,
                has_mac ? " " : "", has_mac ? el_mac_text(&network->mac, mac) : "");
    }
}

/* -- JSON -- */

static int read_json(struct el_spoke_networks *list, const json_t *item, struct el_err *err)
{
    const char *name = json_string_value(json_object_get(item, "name"));
    const char *lan = json_string_value(json_object_get(item, "lan"));
    const char *mac = json_string_value(json_object_get(item, "mac"));
    const json_t *vni = json_object_get(item, "vni");
    struct el_spoke_network network = {.published =
                                           json_is_true(json_object_get(item, "published"))};

    if (!name || !json_is_integer(vni) || json_integer_value(vni) < 0)
        return el_err(err, EL_EPROTO, "a network in it has no name or no VNI");
    if (lan && strlen(lan) >= sizeof network.lan)
        return el_err(err, EL_EPROTO, "a network in it is on an interface that cannot be");
    network.vni =
        json_integer_value(vni) > VNI_MAX ? VNI_MAX + 1 : (uint32_t)json_integer_value(vni);
    copy_text(network.name, sizeof network.name, name);
    copy_text(network.lan, sizeof network.lan, lan ? lan : "");
    if (mac && el_mac_parse(mac, &network.mac) < 0)
        return el_err(err, EL_EPROTO, "a network in it has an address that is none");
    return el_spoke_networks_add(list, &network, err);
}

int el_spoke_networks_read_json(struct el_spoke_networks *list, const json_t *array,
                                struct el_err *err)
{
    size_t count = json_array_size(array);
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < 2 * count; i++) {
        const json_t *item = json_array_get(array, i % count);
        bool published = json_is_true(json_object_get(item, "published"));
        if (published == (i < count))
            rc = read_json(list, item, err);
    }
    return rc;
}
