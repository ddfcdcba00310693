/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a site and a hub say of interfaces: lines "+RULE" and "NAME PLACE". Whatever they say, no
 * network has a place that the site does not allow, no place has two networks, and each network has
 * one or a sentence why not.
 */
#include "node/lan.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool promise)
{
    if (!promise)
        abort();
}

static bool is_same(const struct el_lan_place *a, const struct el_lan_place *b)
{
    return a->vid == b->vid && strcmp(a->interface, b->interface) == 0;
}

static void check_place(const char *text)
{
    char again[EL_LAN_TEXT];
    struct el_lan_place place;

    if (el_lan_place_parse(text, &place, NULL) == 0)
        require(strcmp(el_lan_place_text(&place, again), text) == 0);
}

static void check(const struct el_lan_site *site, unsigned count, const struct el_lan_plan *plan)
{
    unsigned seen = 0;

    if (count > EL_LAN_NETWORKS)
        count = EL_LAN_NETWORKS;
    require(plan->port_count + plan->problem_count == (site->count ? count : 0));
    for (unsigned i = 0; i < plan->port_count; i++) {
        require(el_lan_allows(site, &plan->ports[i].place));
        seen |= 1u << plan->ports[i].vni;
        for (unsigned j = 0; j < i; j++)
            require(!is_same(&plan->ports[i].place, &plan->ports[j].place));
    }
    for (unsigned i = 0; i < plan->problem_count; i++) {
        require(memchr(plan->problems[i].sentence, '\0', EL_LAN_SENTENCE));
        seen |= 1u << plan->problems[i].vni;
    }
    require(seen == (site->count ? (1u << count) - 1 : 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct el_lan_network networks[EL_LAN_NETWORKS + 2];
    struct el_lan_site site = {.count = 0};
    struct el_lan_plan plan;
    unsigned count = 0;
    char *text = malloc(size + 1), *rest = NULL;

    if (!text)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    memset(networks, 0, sizeof networks);
    for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        if (*line == '+') {
            (void)el_lan_add(&site, line + 1, NULL);
            check_place(line + 1);
            continue;
        }
        char *space = strchr(line, ' ');
        if (space)
            *space = '\0';
        if (count == EL_LAN_NETWORKS + 2 || strlen(line) >= sizeof networks[0].name ||
            (space && strlen(space + 1) >= sizeof networks[0].lan))
            continue;
        strcpy(networks[count].name, line);
        strcpy(networks[count].lan, space ? space + 1 : "");
        networks[count].vni = count;
        count++;
    }
    el_lan_resolve(&site, networks, count, count ? networks[count - 1].name : NULL, &plan);
    check(&site, count, &plan);
    free(text);
    return 0;
}
