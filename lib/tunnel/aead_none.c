/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * No encryption at all, for test/bench/tunnel, which asks what the path costs without it: the bytes
 * are copied, the tag is zeros that nobody looks at. Compiled only with EL2W_BENCH_NO_ENCRYPTION,
 * where it takes the place of AEGIS-128L with the same sizes.
 */
#include "tunnel/aead.h"

#include <string.h>

enum { TAG = 32 };

static void seal(uint8_t *to, const uint8_t *from, size_t len, uint64_t counter,
                 const uint8_t key[32])
{
    (void)counter;
    (void)key;
    memcpy(to, from, len);
    memset(to + len, 0, TAG);
}

static bool open_in_place(uint8_t *bytes, size_t len, uint64_t counter, const uint8_t key[32])
{
    (void)bytes;
    (void)len;
    (void)counter;
    (void)key;
    return true;
}

const struct el_tunnel_aead el_tunnel_none = {
    .name = "NOT ENCRYPTED",
    .tag_bytes = TAG,
    .seal = seal,
    .open = open_in_place,
};
