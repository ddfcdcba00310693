/* SPDX-License-Identifier: GPL-2.0-or-later */
/* resolv.conf(5). */
#include "dns/dns_resolv.h"

#include "dns/dns_wire.h"

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* The address on a line; its length, 0 if it names no server. */
static size_t address_of(const char *line, size_t len, const char **address)
{
    static const char word[] = "nameserver";
    size_t at = 0;

    while (at < len && is_space(line[at]))
        at++;
    if (len - at < sizeof word || memcmp(line + at, word, sizeof word - 1) != 0 ||
        !is_space(line[at + sizeof word - 1]))
        return 0;
    at += sizeof word - 1;
    while (at < len && is_space(line[at]))
        at++;
    size_t end = at;
    while (end < len && !is_space(line[end]))
        end++;
    *address = line + at;
    return end - at;
}

static bool parse(const char *address, size_t len, struct el_endpoint *server)
{
    char text[EL_ENDPOINT_TEXT] = "[";

    if (len == 0 || len > sizeof text - 3)
        return false;
    memcpy(text + 1, address, len);
    *server = (struct el_endpoint){.port = EL_DNS_PORT};
    if (el_ip_parse(text + 1, &server->ip) == 0)
        return true;
    text[len + 1] = ']'; /* with the number of its interface: only an endpoint may have one */
    return el_endpoint_parse(text, EL_DNS_PORT, server) == 0;
}

unsigned el_dns_resolv_parse(const char *text, size_t len, struct el_endpoint *servers,
                             unsigned capacity)
{
    unsigned count = 0;

    for (size_t at = 0; at < len && count < capacity;) {
        const char *line = text + at, *address = NULL;
        const char *newline = memchr(line, '\n', len - at);
        size_t length = newline ? (size_t)(newline - line) : len - at;
        size_t said = address_of(line, length, &address);
        bool had = false;

        at += length + 1;
        if (said == 0 || !parse(address, said, &servers[count]))
            continue;
        for (unsigned i = 0; i < count; i++)
            had |= el_endpoint_equal(&servers[i], &servers[count]);
        count += !had;
    }
    return count;
}
