/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ChaCha20-Poly1305 (RFC 8439 §2.8) of the two primitives in OpenSSL's libcrypto.
 *
 * They are the fastest that a well-kept library has: 1,440 bytes take 0.55 of libsodium's time
 * here, 112 bytes half. The front door to them, EVP, gives half of that away again, keeps a copy of
 * the key on the heap for every thread, takes 13 ms to open (4,480 allocations) and 4.8 MB of a
 * static program, with dlopen() and getaddrinfo() inside; this way it is 20 KB, and nothing is
 * opened, allocated or kept.
 *
 * The price: these functions are not in the documented interface, and a shared libcrypto does not
 * have them. They have been the same since OpenSSL 1.1.0, our libcrypto is pinned, and we do not
 * rely on that: el_tunnel_chacha20poly1305_choose() uses them only after they have given
 * libsodium's bytes, and a test compares all lengths.
 */
#include "tunnel/aead.h"

#include "base/wire.h"

#include <sodium.h>
#include <string.h>

void ChaCha20_ctr32(uint8_t *to, const uint8_t *from, size_t len, const uint32_t key[8],
                    const uint32_t counter[4]);
void Poly1305_Init(void *poly, const uint8_t key[32]);
void Poly1305_Update(void *poly, const uint8_t *bytes, size_t len);
void Poly1305_Final(void *poly, uint8_t tag[16]);

enum {
    BLOCK = 64,       /* of key stream; the first is for Poly1305's key */
    SHORT = 3 * 64,   /* messages up to here have all their key stream from one call */
    POLY_BYTES = 512, /* twice what it takes */
};

/* What one message takes; on the stack, wiped. */
struct work {
    _Alignas(64) uint8_t poly[POLY_BYTES];
    uint8_t stream[BLOCK + SHORT]; /* Poly1305's key; then a short message, or nothing */
    uint32_t key[8];
    uint32_t counter[4]; /* of blocks, then the nonce: zeros and the message's counter */
};

static void begin(struct work *work, const uint8_t *from, size_t len, uint64_t counter,
                  const uint8_t key[32])
{
    struct el_wire w = el_wire_read(key, 32);
    size_t with = len <= SHORT ? len : 0;

    for (unsigned i = 0; i < 8; i++)
        work->key[i] = el_wire_le32(&w);
    work->counter[0] = work->counter[1] = 0;
    work->counter[2] = (uint32_t)counter;
    work->counter[3] = (uint32_t)(counter >> 32);
    memset(work->stream, 0, BLOCK);
    memcpy(work->stream + BLOCK, from, with);
    ChaCha20_ctr32(work->stream, work->stream, BLOCK + with, work->key, work->counter);
}

/* The message itself. TO may be FROM. */
static void cipher(struct work *work, uint8_t *to, const uint8_t *from, size_t len)
{
    if (len <= SHORT) {
        memcpy(to, work->stream + BLOCK, len);
        return;
    }
    work->counter[0] = 1;
    ChaCha20_ctr32(to, from, len, work->key, work->counter);
}

static void authenticate(struct work *work, const uint8_t *sealed, size_t len, uint8_t tag[16])
{
    static const uint8_t zeros[16];
    uint8_t lengths[16]; /* of associated data, and of the message */
    struct el_wire w = el_wire_write(lengths, sizeof lengths);

    el_wire_put_le64(&w, 0);
    el_wire_put_le64(&w, len);
    Poly1305_Init(work->poly, work->stream);
    Poly1305_Update(work->poly, sealed, len);
    Poly1305_Update(work->poly, zeros, (0 - len) % 16);
    Poly1305_Update(work->poly, lengths, sizeof lengths);
    Poly1305_Final(work->poly, tag);
}

static void seal(uint8_t *to, const uint8_t *from, size_t len, uint64_t counter,
                 const uint8_t key[32])
{
    struct work work __attribute__((uninitialized));

    begin(&work, from, len, counter, key);
    cipher(&work, to, from, len);
    authenticate(&work, to, len, to + len);
    sodium_memzero(&work, sizeof work);
}

static bool open_in_place(uint8_t *bytes, size_t len, uint64_t counter, const uint8_t key[32])
{
    struct work work __attribute__((uninitialized));
    uint8_t tag[16];

    begin(&work, bytes, len, counter, key);
    authenticate(&work, bytes, len, tag);
    bool good = crypto_verify_16(tag, bytes + len) == 0;
    if (good)
        cipher(&work, bytes, bytes, len);
    sodium_memzero(&work, sizeof work);
    return good;
}

const struct el_tunnel_aead el_tunnel_chacha_openssl = {
    .name = "openssl",
    .tag_bytes = 16,
    .seal = seal,
    .open = open_in_place,
};
