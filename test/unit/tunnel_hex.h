/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Test vectors as they are printed: hexadecimal text to bytes. */
#ifndef TUNNEL_HEX_H
#define TUNNEL_HEX_H

#include <sodium.h>
#include <string.h>

/* The bytes that HEX spells, in a buffer that lives until the eighth call after it. */
static inline uint8_t *hex(const char *text)
{
    static uint8_t ring[8][256];
    static unsigned turn;
    uint8_t *bytes = ring[turn++ % 8];
    size_t len;

    if (sodium_hex2bin(bytes, sizeof ring[0], text, strlen(text), NULL, &len, NULL) != 0)
        memset(bytes, 0, sizeof ring[0]);
    return bytes;
}

#define assert_hex_equal(bytes, text) assert_memory_equal((bytes), hex(text), strlen(text) / 2)

#endif
