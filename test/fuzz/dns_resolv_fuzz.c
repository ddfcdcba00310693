/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text: resolv.conf, and each of its lines as a name. A name that is read is written the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "dns/dns_name.h"
#include "dns/dns_resolv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SERVERS = 4 };

static void check(int holds)
{
    if (!holds)
        abort();
}

static void read_name(const char *text)
{
    char once[EL_DNS_NAME_TEXT];
    struct el_dns_name name, again;
    struct el_wire w;

    if (el_dns_name_parse(text, &name) < 0)
        return;
    w = el_wire_read(name.b, name.len);
    el_dns_name_read(&w, &again);
    check(el_wire_ok(&w) && again.len == name.len && memcmp(again.b, name.b, name.len) == 0);
    check(el_dns_name_parse(el_dns_name_text(&name, once), &again) == 0);
    check(el_dns_name_equal(&name, &again));
    struct el_prefix range;
    if (el_dns_name_range(&name, &range) == 0 && range.len == (range.ip.family == 4 ? 32 : 128)) {
        again = el_dns_name_of(&range.ip);
        check(el_dns_name_equal(&name, &again));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct el_endpoint servers[SERVERS];
    char line[512];

    check(el_dns_resolv_parse((const char *)data, size, servers, SERVERS) <= SERVERS);
    for (size_t at = 0; at < size;) {
        const uint8_t *end = memchr(data + at, '\n', size - at);
        size_t len = end ? (size_t)(end - data) - at : size - at;
        if (len < sizeof line) {
            memcpy(line, data + at, len);
            line[len] = '\0';
            read_name(line);
        }
        at += len + 1;
    }
    return 0;
}
