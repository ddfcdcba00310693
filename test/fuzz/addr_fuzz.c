/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Addresses as text. Input: the text. Whatever is taken for an address has one text form, which
 * reads as the same address.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int holds)
{
    if (!holds)
        abort();
}

static void check_mac(const char *text)
{
    char written[EL_MAC_TEXT];
    struct el_mac mac, again;

    if (el_mac_parse(text, &mac) < 0)
        return;
    check(el_mac_parse(el_mac_text(&mac, written), &again) == 0);
    check(el_mac_equal(&mac, &again));
}

static void check_ip(const char *text)
{
    char written[EL_IP_TEXT];
    struct el_ip ip, again;

    if (el_ip_parse(text, &ip) < 0)
        return;
    check(el_ip_parse(el_ip_text(&ip, written), &again) == 0);
    check(el_ip_equal(&ip, &again));
    if (ip.family == 4) {
        again = el_ip4(el_ip4_number(&ip));
        check(el_ip_equal(&ip, &again));
    }
}

static void check_prefix(const char *text)
{
    char written[EL_PREFIX_TEXT];
    struct el_prefix prefix, again;

    if (el_prefix_parse(text, &prefix) < 0)
        return;
    check(prefix.len <= (prefix.ip.family == 4 ? 32 : 128));
    check(el_prefix_parse(el_prefix_text(&prefix, written), &again) == 0);
    check(el_ip_equal(&prefix.ip, &again.ip) && prefix.len == again.len);
    check(el_prefix_contains(&prefix, &prefix.ip) && el_prefix_overlaps(&prefix, &again));
}

static void check_endpoint(const char *text)
{
    char written[EL_ENDPOINT_TEXT];
    struct el_endpoint endpoint, again;

    if (el_endpoint_parse(text, 51820, &endpoint) < 0)
        return;
    check(endpoint.port != 0 && (endpoint.scope == 0 || endpoint.ip.family == 6));
    check(el_endpoint_parse(el_endpoint_text(&endpoint, written), 1, &again) == 0);
    check(el_endpoint_equal(&endpoint, &again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1); /* exactly as long, so that reading on is seen */

    if (!text)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    check_mac(text);
    check_ip(text);
    check_prefix(text);
    check_endpoint(text);
    free(text);
    return 0;
}
