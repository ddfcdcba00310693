/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * HOTP, TOTP, and HMAC-SHA-1 below them.
 *
 * SHA-1 is the one of libcrypto that has no EVP around it: that would be 4.8 MB of a static program
 * (tunnel/chacha_openssl.c), and this is 20 KB. It is out of favour for signatures; for HMAC, and
 * for what every authenticator computes, it is good (RFC 6238 §B.2, RFC 6194 §3.3).
 */
#define OPENSSL_API_COMPAT 0x10100000L /* these functions are marked as old in 3.0 */
#include "enrol/totp.h"

#include "base/csprng.h"
#include "base/wire.h"
#include "enrol/base32.h"

#include <openssl/sha.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { SHA1_BYTES = 20, BLOCK_BYTES = 64, MODULUS = 1000000, DIGITS = 6 };

void el_enrol_totp_make_secret(uint8_t secret[EL_ENROL_TOTP_SECRET_BYTES])
{
    el_random(secret, EL_ENROL_TOTP_SECRET_BYTES);
}

/* RFC 2104, for a key that is not longer than a block. */
static void hmac_sha1(const uint8_t key[EL_ENROL_TOTP_SECRET_BYTES], const uint8_t *message,
                      size_t len, uint8_t out[SHA1_BYTES])
{
    uint8_t inner[BLOCK_BYTES] = {0}, outer[BLOCK_BYTES];
    SHA_CTX sha;

    memcpy(inner, key, EL_ENROL_TOTP_SECRET_BYTES);
    for (size_t i = 0; i < BLOCK_BYTES; i++) {
        outer[i] = inner[i] ^ 0x5c;
        inner[i] ^= 0x36;
    }
    SHA1_Init(&sha);
    SHA1_Update(&sha, inner, sizeof inner);
    SHA1_Update(&sha, message, len);
    SHA1_Final(out, &sha);
    SHA1_Init(&sha);
    SHA1_Update(&sha, outer, sizeof outer);
    SHA1_Update(&sha, out, SHA1_BYTES);
    SHA1_Final(out, &sha);
    sodium_memzero(inner, sizeof inner);
    sodium_memzero(outer, sizeof outer);
    sodium_memzero(&sha, sizeof sha);
}

/* RFC 4226 §5.3: four bytes at a place that the last one tells. */
static uint32_t hotp(const uint8_t secret[EL_ENROL_TOTP_SECRET_BYTES], uint64_t counter)
{
    uint8_t message[8], mac[SHA1_BYTES];
    struct el_wire w = el_wire_write(message, sizeof message);

    el_wire_put_be64(&w, counter);
    hmac_sha1(secret, message, sizeof message, mac);
    w = el_wire_read(mac + (mac[SHA1_BYTES - 1] & 15), 4);
    uint32_t code = (el_wire_be32(&w) & 0x7fffffff) % MODULUS;
    sodium_memzero(mac, sizeof mac);
    return code;
}

char *el_enrol_totp_code(const uint8_t secret[EL_ENROL_TOTP_SECRET_BYTES], uint64_t counter,
                         char text[EL_ENROL_TOTP_CODE_TEXT])
{
    snprintf(text, EL_ENROL_TOTP_CODE_TEXT, "%06u", hotp(secret, counter) % MODULUS);
    return text;
}

/* Six digits and blanks; the number, or -1. */
static int32_t parse_code(const char *text)
{
    int32_t code = 0;
    unsigned digits = 0;

    for (; *text; text++) {
        if (*text == ' ')
            continue;
        if (*text < '0' || *text > '9' || ++digits > DIGITS)
            return -1;
        code = code * 10 + (*text - '0');
    }
    return digits == DIGITS ? code : -1;
}

/* 1 if A and B are the same, without a branch. */
static uint64_t same(uint32_t a, uint32_t b)
{
    return ((uint64_t)(a ^ b) - 1) >> 63;
}

int el_enrol_totp_check(const uint8_t secret[EL_ENROL_TOTP_SECRET_BYTES], int64_t now_s,
                        const char *code, uint64_t *last_step)
{
    int32_t given = parse_code(code);
    uint64_t now = now_s > 0 ? (uint64_t)now_s / EL_ENROL_TOTP_STEP_S : 0;
    uint64_t match = 0;

    if (given < 0)
        return EL_EINVAL;
    if (*last_step > now + EL_ENROL_TOTP_WINDOW)
        return EL_EAGAIN;
    /* All steps are computed. Should two have the same code, the later one counts: the code is then
     * used for both. Step 0 is nobody's: 1970 is no time to enrol. */
    uint64_t first = now > EL_ENROL_TOTP_WINDOW ? now - EL_ENROL_TOTP_WINDOW : 1;
    for (uint64_t step = first; step <= now + EL_ENROL_TOTP_WINDOW; step++) {
        uint64_t mask = 0 - same(hotp(secret, step), (uint32_t)given);
        match = (match & ~mask) | (step & mask);
    }
    if (match == 0)
        return EL_EAUTH;
    if (match <= *last_step)
        return EL_EEXIST;
    *last_step = match;
    return 0;
}

char *el_enrol_totp_secret_text(const uint8_t secret[EL_ENROL_TOTP_SECRET_BYTES],
                                char text[EL_ENROL_TOTP_SECRET_TEXT])
{
    uint8_t symbols[EL_ENROL_SYMBOLS(EL_ENROL_TOTP_SECRET_BYTES)];

    _Static_assert(sizeof symbols + 1 == EL_ENROL_TOTP_SECRET_TEXT, "no padding is left out");
    el_enrol_to_symbols(secret, EL_ENROL_TOTP_SECRET_BYTES, symbols);
    for (size_t i = 0; i < sizeof symbols; i++)
        text[i] = el_enrol_rfc4648[symbols[i]];
    text[sizeof symbols] = '\0';
    sodium_memzero(symbols, sizeof symbols);
    return text;
}

int el_enrol_totp_secret_parse(const char *text, uint8_t secret[EL_ENROL_TOTP_SECRET_BYTES])
{
    uint8_t symbols[EL_ENROL_SYMBOLS(EL_ENROL_TOTP_SECRET_BYTES)];
    size_t count = 0;
    bool good = true;

    for (; *text && good; text++) {
        int value = el_enrol_rfc4648_value(*text);
        if (*text == ' ')
            continue;
        good = value >= 0 && count < sizeof symbols;
        if (good)
            symbols[count++] = (uint8_t)value;
    }
    good = good && count == sizeof symbols;
    if (good)
        (void)el_enrol_from_symbols(symbols, count, secret); /* no bit is left */
    sodium_memzero(symbols, sizeof symbols);
    return good ? 0 : EL_EINVAL;
}

/* RFC 3986 §2.1: all but letters, digits and "-._~" are percent-encoded. */
static void put_escaped(struct el_wire *w, const char *text)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";

    for (; *text; text++)
        if (strchr(plain, *text))
            el_wire_put_u8(w, (uint8_t)*text);
        else
            el_wire_printf(w, "%%%02X", (unsigned char)*text);
}

int el_enrol_totp_uri(const uint8_t secret[EL_ENROL_TOTP_SECRET_BYTES], const char *hub,
                      char text[EL_ENROL_TOTP_URI_TEXT])
{
    struct el_wire w = el_wire_write(text, EL_ENROL_TOTP_URI_TEXT);
    char secret_text[EL_ENROL_TOTP_SECRET_TEXT];

    if (strnlen(hub, EL_ENROL_TOTP_LABEL_BYTES) == EL_ENROL_TOTP_LABEL_BYTES)
        return EL_EINVAL;
    el_wire_printf(&w, "otpauth://totp/el2w:");
    put_escaped(&w, hub);
    el_wire_printf(&w, "?issuer=el2w&secret=");
    el_wire_put(&w, el_enrol_totp_secret_text(secret, secret_text), sizeof secret_text - 1);
    sodium_memzero(secret_text, sizeof secret_text);
    el_wire_put_u8(&w, '\0');
    return el_wire_ok(&w) ? (int)el_wire_done(&w) - 1 : EL_EINVAL;
}
