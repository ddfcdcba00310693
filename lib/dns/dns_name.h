/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Domain names as they stand on the wire, uncompressed (RFC 1035 §3.1): labels, each behind its
 * length, and the root's zero at the end. Upper and lower case are the same name (RFC 4343), and
 * which one it was written in is kept.
 */
#ifndef EL_DNS_DNS_NAME_H
#define EL_DNS_DNS_NAME_H

#include "base/addr.h"
#include "base/wire.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    EL_DNS_NAME_BYTES = 255, /* RFC 1035 §2.3.4 */
    EL_DNS_LABEL_BYTES = 63,
    EL_DNS_NAME_TEXT = 1012, /* every byte as \DDD, and NUL */
};

struct el_dns_name {
    uint8_t len; /* 1 (the root) to 255 */
    uint8_t b[EL_DNS_NAME_BYTES];
};

/* Reads a name, which may be compressed (RFC 1035 §4.1.4). W is a cursor whose start is the
 * message's: a pointer leads only to before where it stands, and before any that was followed, so
 * there are no loops. Fails the cursor if this is no name. */
void el_dns_name_read(struct el_wire *w, struct el_dns_name *name);

/* From text: labels of letters, digits, '-' and '_', with or without a dot at the end; "." is the
 * root. 0, or EL_EINVAL. */
int el_dns_name_parse(const char *text, struct el_dns_name *name);

/* To text, without a dot at the end; what is no letter, digit, '-' or '_' is escaped (RFC 4343
 * §2.1). */
char *el_dns_name_text(const struct el_dns_name *name, char text[EL_DNS_NAME_TEXT]);

bool el_dns_name_equal(const struct el_dns_name *a, const struct el_dns_name *b);

/* Whether NAME is ZONE or below it. */
bool el_dns_name_is_in(const struct el_dns_name *name, const struct el_dns_name *zone);

/* The name without its first label; of the root, the root. */
struct el_dns_name el_dns_name_parent(const struct el_dns_name *name);

/* How many labels it has; the root: 0. */
unsigned el_dns_name_labels(const struct el_dns_name *name);

void el_dns_name_lower(struct el_dns_name *name);

/* Gives each letter a case at random: what an answer has to repeat (draft-vixie-dnsext-dns0x20). */
void el_dns_name_shuffle(struct el_dns_name *name);

/* The name below which an address is looked up: 1.77.168.192.in-addr.arpa (RFC 1035 §3.5), or of 32
 * nibbles in ip6.arpa (RFC 3596 §2.5). */
struct el_dns_name el_dns_name_of(const struct el_ip *ip);

/* The addresses that are looked up below NAME: one, of a whole name; or a range, of a shorter one.
 * EL_EINVAL: it is no such name. */
int el_dns_name_range(const struct el_dns_name *name, struct el_prefix *range);

#endif
