/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Base 32 in both alphabets. */
#include "enrol/base32.h"

#include <string.h>

const char el_enrol_crockford[33] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const char el_enrol_rfc4648[33] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

static char upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

static int value_in(const char *alphabet, char c)
{
    const char *at = c ? strchr(alphabet, c) : NULL;

    return at ? (int)(at - alphabet) : -1;
}

int el_enrol_crockford_value(char c)
{
    switch (upper(c)) {
    case 'O': return 0;
    case 'I':
    case 'L': return 1;
    default: return value_in(el_enrol_crockford, upper(c));
    }
}

int el_enrol_rfc4648_value(char c)
{
    return value_in(el_enrol_rfc4648, upper(c));
}

void el_enrol_to_symbols(const uint8_t *bytes, size_t len, uint8_t *symbols)
{
    unsigned held = 0, bits = 0; /* the low BITS of HELD wait to become symbols */

    for (size_t i = 0; i < len; i++) {
        held = (held << 8 | bytes[i]) & 0xfff;
        for (bits += 8; bits >= 5; bits -= 5)
            *symbols++ = held >> (bits - 5) & 31;
    }
    if (bits)
        *symbols = (uint8_t)(held << (5 - bits) & 31);
}

bool el_enrol_from_symbols(const uint8_t *symbols, size_t count, uint8_t *bytes)
{
    unsigned held = 0, bits = 0;

    for (size_t i = 0; i < count; i++) {
        held = (held << 5 | symbols[i]) & 0xfff;
        bits += 5;
        if (bits >= 8) {
            bits -= 8;
            *bytes++ = (uint8_t)(held >> bits);
        }
    }
    return (held & ((1u << bits) - 1)) == 0;
}
