/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Peers, endpoints, DHCP ranges and reservations as text. Input: a letter that says which, and the
 * text; several of them, a line each.
 *
 *     p NAME=KEY...    e HOST:PORT    r FIRST-LAST    m MAC=IP,HOSTNAME    n NETWORK
 *
 * What is taken for a peer prints as text that reads as the same peer; what is not, leaves all as
 * it was and says why.
 */
#include "node/peer.h"
#include "service/boot_options.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool promise)
{
    if (!promise)
        abort();
}

static char *print(const struct el_node_peer *peer)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    require(out);
    el_node_peer_print(out, peer);
    fclose(out);
    require(text && strlen(text) == len && !strchr(text, '\n'));
    return text;
}

static void check_peer(struct el_node_peers *peers, const char *text)
{
    struct el_node_peers again = {0};
    struct el_err err = {""};
    unsigned before = peers->count;

    if (strstr(text, ",psk=")) /* would read files */
        return;
    if (el_node_peers_add(peers, text, &err) < 0) {
        require(peers->count == before && err.text[0]);
        return;
    }
    require(peers->count == before + 1);
    const struct el_node_peer *peer = &peers->items[before];
    char *printed = print(peer);
    require(el_node_peers_add(&again, printed, &err) == 0);
    require(memcmp(peer, again.items, sizeof *peer) == 0);
    free(printed);
    el_node_peers_clear(&again);
}

static void check_endpoint(const char *text)
{
    char host[256] = "";
    uint16_t port = 0;

    if (el_node_split_endpoint(text, 51820, host, &port) < 0)
        return;
    require(port != 0 && host[0] && strstr(text, host));
    require(port == 51820 || strstr(text, ":"));
}

static void check_range(struct el_boot_options *options, const char *text)
{
    struct el_err err = {""};

    if (el_boot_options_range(options, text, &err) < 0)
        require(err.text[0]);
    else
        require(el_ip4_number(&options->ranges[0].first) <=
                el_ip4_number(&options->ranges[0].last));
}

static void check_relayed(struct el_boot_options *options, const char *text)
{
    struct el_err err = {""};

    if (el_boot_options_relayed(options, text, &err) < 0)
        require(err.text[0]);
    else
        require(
            el_prefix_contains(&options->relayed[0].prefix, &options->relayed[0].ranges[0].first));
}

static void check_reservation(struct el_boot_options *options, const char *text)
{
    struct el_err err = {""};
    size_t before = options->reservation_count;
    int rc = el_boot_options_reserve(options, text, &err);

    require(options->reservation_count == before + (rc == 0));
    if (rc < 0) {
        require(err.text[0]);
        return;
    }
    const struct el_boot_option_reservation *reservation = &options->reservations[before];
    require(reservation->ip.family == 4);
    require(memchr(reservation->hostname, '\0', sizeof reservation->hostname));
}

static void check_network(struct el_boot_options *options, const char *text)
{
    struct el_boot_options pool = {.images = NULL};
    struct el_prefix network;
    struct el_err err = {""};

    if (el_prefix_parse(text, &network) < 0 || network.ip.family != 4)
        return;
    require(el_boot_options_fit(&pool, &network, &err) == 0); /* what is not said fits always */
    require(el_prefix_contains(&network, &pool.ranges[0].first) &&
            el_prefix_contains(&network, &pool.ranges[0].last));
    require(el_ip4_number(&pool.ranges[0].first) <= el_ip4_number(&pool.ranges[0].last));
    if (options->range_count > 0 && el_boot_options_fit(options, &network, &err) == 0)
        for (size_t i = 0; i < options->reservation_count; i++)
            require(el_prefix_contains(&network, &options->reservations[i].ip));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct el_boot_options options = {.images = NULL};
    struct el_node_peers peers = {0};
    char *text = malloc(size + 1);
    char *save = NULL;

    require(text);
    memcpy(text, data, size);
    text[size] = '\0';
    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        const char *rest = line + (line[1] == ' ' ? 2 : 1);
        switch (line[0]) {
        case 'p': check_peer(&peers, rest); break;
        case 'e': check_endpoint(rest); break;
        case 'r': check_range(&options, rest); break;
        case 'b': check_relayed(&options, rest); break;
        case 'm': check_reservation(&options, rest); break;
        case 'n': check_network(&options, rest); break;
        default: break;
        }
    }
    el_node_peers_clear(&peers);
    el_boot_options_clear(&options);
    free(text);
    return 0;
}
