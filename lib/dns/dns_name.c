/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Domain names. */
#include "dns/dns_name.h"

#include "base/csprng.h"

#include <stdio.h>

/* Not of the locale: a name's letters are ASCII's. A label's length is none of them. */
static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 'a' - 'A') : c;
}

static bool is_letter(uint8_t c)
{
    return lower(c) >= 'a' && lower(c) <= 'z';
}

static bool is_plain(uint8_t c)
{
    return is_letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

/* -- reading -- */

static void take_label(struct el_wire *w, uint8_t len, struct el_dns_name *name)
{
    const uint8_t *label = el_wire_take(w, len);

    if (!label || name->len + 1u + len + 1u > EL_DNS_NAME_BYTES) {
        el_wire_fail(w);
        return;
    }
    name->b[name->len] = len;
    memcpy(name->b + name->len + 1, label, len);
    name->len = (uint8_t)(name->len + 1 + len);
}

void el_dns_name_read(struct el_wire *w, struct el_dns_name *name)
{
    struct el_wire at = *w; /* goes where the pointers lead; W itself only past the first of them */
    size_t before = el_wire_done(w);
    bool jumped = false;
    uint8_t len;

    name->len = 0;
    while ((len = el_wire_u8(&at)) > 0) {
        if (len <= EL_DNS_LABEL_BYTES) {
            take_label(&at, len, name);
            continue;
        }
        size_t target = (size_t)(len & 0x3f) << 8 | el_wire_u8(&at);
        if (!jumped)
            *w = at;
        jumped = true;
        /* 01 and 10 are no types of label any more (RFC 6891 §5). */
        if (!el_wire_ok(&at) || len < 0xc0 || target >= before) {
            el_wire_fail(&at);
            break;
        }
        before = target;
        at.at = at.start + target;
    }
    if (!jumped)
        *w = at;
    if (!el_wire_ok(&at))
        el_wire_fail(w);
    else
        name->b[name->len++] = 0;
    if (!el_wire_ok(w))
        *name = (struct el_dns_name){.len = 1};
}

/* -- text -- */

int el_dns_name_parse(const char *text, struct el_dns_name *name)
{
    struct el_wire w = el_wire_write(name->b, sizeof name->b);

    if (strcmp(text, ".") == 0)
        text = "";
    else if (!*text)
        return EL_EINVAL;
    while (*text) {
        size_t len = strcspn(text, ".");
        if (len == 0 || len > EL_DNS_LABEL_BYTES)
            return EL_EINVAL;
        for (size_t i = 0; i < len; i++)
            if (!is_plain((uint8_t)text[i]))
                return EL_EINVAL;
        el_wire_put_u8(&w, (uint8_t)len);
        el_wire_put(&w, text, len);
        text += len + (text[len] == '.');
    }
    el_wire_put_u8(&w, 0);
    name->len = (uint8_t)el_wire_done(&w);
    return el_wire_ok(&w) ? 0 : EL_EINVAL;
}

char *el_dns_name_text(const struct el_dns_name *name, char text[EL_DNS_NAME_TEXT])
{
    char *to = text;

    for (size_t at = 0; name->b[at]; at += 1u + name->b[at]) {
        if (at > 0)
            *to++ = '.';
        for (size_t i = at + 1; i <= at + name->b[at]; i++)
            if (is_plain(name->b[i]))
                *to++ = (char)name->b[i];
            else
                to += snprintf(to, 5, "\\%03u", name->b[i]);
    }
    if (to == text)
        *to++ = '.';
    *to = '\0';
    return text;
}

/* -- comparing -- */

static bool same(const uint8_t *a, const uint8_t *b, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (lower(a[i]) != lower(b[i]))
            return false;
    return true;
}

bool el_dns_name_equal(const struct el_dns_name *a, const struct el_dns_name *b)
{
    return a->len == b->len && same(a->b, b->b, a->len);
}

bool el_dns_name_is_in(const struct el_dns_name *name, const struct el_dns_name *zone)
{
    size_t at = 0;

    if (name->len < zone->len)
        return false;
    while (name->len - at > zone->len)
        at += 1u + name->b[at];
    return name->len - at == zone->len && same(name->b + at, zone->b, zone->len);
}

struct el_dns_name el_dns_name_parent(const struct el_dns_name *name)
{
    struct el_dns_name parent = {.len = 1};
    size_t skip = name->b[0] ? 1u + name->b[0] : 0;

    parent.len = (uint8_t)(name->len - skip);
    memcpy(parent.b, name->b + skip, parent.len);
    return parent;
}

unsigned el_dns_name_labels(const struct el_dns_name *name)
{
    unsigned count = 0;

    for (size_t at = 0; name->b[at]; at += 1u + name->b[at])
        count++;
    return count;
}

void el_dns_name_lower(struct el_dns_name *name)
{
    for (size_t i = 0; i < name->len; i++)
        name->b[i] = lower(name->b[i]);
}

void el_dns_name_shuffle(struct el_dns_name *name)
{
    uint8_t coins[(EL_DNS_NAME_BYTES + 7) / 8];

    el_random(coins, sizeof coins);
    for (size_t i = 0; i < name->len; i++)
        if (is_letter(name->b[i]) && (coins[i / 8] >> i % 8 & 1))
            name->b[i] ^= 'a' ^ 'A';
}

/* -- addresses -- */

static const struct el_dns_name arpa4 = {14, "\7in-addr\4arpa"}, arpa6 = {10, "\3ip6\4arpa"};

struct el_dns_name el_dns_name_of(const struct el_ip *ip)
{
    const struct el_dns_name *arpa = ip->family == 4 ? &arpa4 : &arpa6;
    struct el_dns_name name = {.len = 0};
    struct el_wire w = el_wire_write(name.b, sizeof name.b);
    char digits[4];

    for (int i = 3; ip->family == 4 && i >= 0; i--) {
        int len = snprintf(digits, sizeof digits, "%u", ip->b[i]);
        el_wire_put_u8(&w, (uint8_t)len);
        el_wire_put(&w, digits, (size_t)len);
    }
    for (int i = 31; ip->family == 6 && i >= 0; i--) {
        el_wire_put_u8(&w, 1);
        el_wire_put_u8(&w, (uint8_t) "0123456789abcdef"[ip->b[i / 2] >> (i % 2 ? 0 : 4) & 15]);
    }
    el_wire_put(&w, arpa->b, arpa->len);
    name.len = (uint8_t)el_wire_done(&w);
    return name;
}

/* A label that is a number as it is written, without leading zeros; -1: it is none. */
static int octet(const uint8_t *label)
{
    int value = 0;

    if (label[0] == 0 || label[0] > 3 || (label[0] > 1 && label[1] == '0'))
        return -1;
    for (unsigned i = 1; i <= label[0]; i++) {
        if (label[i] < '0' || label[i] > '9')
            return -1;
        value = value * 10 + label[i] - '0';
    }
    return value <= 255 ? value : -1;
}

static int nibble(const uint8_t *label)
{
    uint8_t c = lower(label[1]);

    if (label[0] != 1)
        return -1;
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int el_dns_name_range(const struct el_dns_name *name, struct el_prefix *range)
{
    bool four = el_dns_name_is_in(name, &arpa4);
    unsigned parts = el_dns_name_labels(name) - 2; /* below in-addr.arpa or ip6.arpa */
    size_t at = 0;

    if ((!four && !el_dns_name_is_in(name, &arpa6)) || parts > (four ? 4u : 32u))
        return EL_EINVAL;
    *range = (struct el_prefix){{four ? 4 : 6, {0}}, (uint8_t)(parts * (four ? 8 : 4))};
    for (unsigned i = parts; i-- > 0; at += 1u + name->b[at]) {
        int value = four ? octet(name->b + at) : nibble(name->b + at);
        if (value < 0)
            return EL_EINVAL;
        if (four)
            range->ip.b[i] = (uint8_t)value;
        else
            range->ip.b[i / 2] |= (uint8_t)(value << (i % 2 ? 0 : 4));
    }
    return 0;
}
