/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keys: how they are made, and their text. */
#include "tunnel/tunnel.h"

#include "base/csprng.h"

#include <sodium.h>
#include <string.h>

void el_tunnel_key_make(uint8_t private_key[EL_TUNNEL_KEY_BYTES])
{
    el_random(private_key, EL_TUNNEL_KEY_BYTES);
    /* X25519 ignores these bits (RFC 7748 §5); `wg` clears and sets them in what it shows. */
    private_key[0] &= 0xf8;
    private_key[31] = (uint8_t)((private_key[31] & 0x7f) | 0x40);
}

void el_tunnel_key_public(const uint8_t private_key[EL_TUNNEL_KEY_BYTES],
                          uint8_t public_key[EL_TUNNEL_KEY_BYTES])
{
    crypto_scalarmult_base(public_key, private_key);
}

void el_tunnel_key_text(const uint8_t key[EL_TUNNEL_KEY_BYTES], char text[EL_TUNNEL_KEY_TEXT])
{
    sodium_bin2base64(text, EL_TUNNEL_KEY_TEXT, key, EL_TUNNEL_KEY_BYTES,
                      sodium_base64_VARIANT_ORIGINAL);
}

int el_tunnel_key_parse(const char *text, uint8_t key[EL_TUNNEL_KEY_BYTES])
{
    uint8_t bytes[EL_TUNNEL_KEY_BYTES];
    uint8_t all = 0;
    size_t len = 0;
    const char *end;

    /* The length is checked first: libsodium's decoder alone would also take a shorter key. */
    if (strnlen(text, EL_TUNNEL_KEY_TEXT) != EL_TUNNEL_KEY_TEXT - 1)
        return EL_EINVAL;
    /* And it takes some bytes that are not ASCII for digits. No branch depends on a single one. */
    for (size_t i = 0; i < EL_TUNNEL_KEY_TEXT - 1; i++)
        all |= (uint8_t)text[i];
    if (all & 0x80)
        return EL_EINVAL;
    int failed = sodium_base642bin(bytes, sizeof bytes, text, EL_TUNNEL_KEY_TEXT - 1, NULL, &len,
                                   &end, sodium_base64_VARIANT_ORIGINAL);
    if (!failed && len == sizeof bytes && *end == '\0')
        memcpy(key, bytes, sizeof bytes);
    else
        failed = EL_EINVAL;
    sodium_memzero(bytes, sizeof bytes);
    return failed ? EL_EINVAL : 0;
}
