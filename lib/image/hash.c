/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Digests. */
#include "image/hash.h"

#include "base/err.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

enum { DIGITS = EL_IMAGE_SHA256_TEXT - 1 };

struct el_image_hash {
    EVP_MD_CTX *whole, *block;
    uint64_t size;
    size_t in_block; /* bytes of the block that is not full yet */
    uint8_t (*blocks)[EL_IMAGE_SHA256];
    uint64_t count, capacity;
    uint8_t digest[EL_IMAGE_SHA256]; /* of the whole, at the end */
};

struct el_image_hash *el_image_hash_new(void)
{
    struct el_image_hash *hash = calloc(1, sizeof *hash);

    if (!hash)
        return NULL;
    /* Its configuration may name a library, which a static program cannot load. */
    OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
    hash->whole = EVP_MD_CTX_new();
    hash->block = EVP_MD_CTX_new();
    if (!hash->whole || !hash->block || EVP_DigestInit_ex(hash->whole, EVP_sha256(), NULL) != 1 ||
        EVP_DigestInit_ex(hash->block, EVP_sha256(), NULL) != 1) {
        el_image_hash_free(hash);
        return NULL;
    }
    return hash;
}

void el_image_hash_free(struct el_image_hash *hash)
{
    if (!hash)
        return;
    EVP_MD_CTX_free(hash->whole);
    EVP_MD_CTX_free(hash->block);
    free(hash->blocks);
    free(hash);
}

static int end_block(struct el_image_hash *hash)
{
    if (hash->count == hash->capacity) {
        uint64_t capacity = hash->capacity ? 2 * hash->capacity : 64;
        void *larger = realloc(hash->blocks, capacity * sizeof hash->blocks[0]);
        if (!larger)
            return EL_ENOMEM;
        hash->blocks = larger;
        hash->capacity = capacity;
    }
    if (EVP_DigestFinal_ex(hash->block, hash->blocks[hash->count], NULL) != 1 ||
        EVP_DigestInit_ex(hash->block, EVP_sha256(), NULL) != 1)
        return EL_ENOMEM;
    hash->count++;
    hash->in_block = 0;
    return 0;
}

int el_image_hash_add(struct el_image_hash *hash, const uint8_t *bytes, size_t len)
{
    while (len > 0) {
        size_t room = EL_IMAGE_BLOCK - hash->in_block;
        size_t part = len < room ? len : room;
        if (EVP_DigestUpdate(hash->whole, bytes, part) != 1 ||
            EVP_DigestUpdate(hash->block, bytes, part) != 1)
            return EL_ENOMEM;
        hash->in_block += part;
        hash->size += part;
        if (hash->in_block == EL_IMAGE_BLOCK && end_block(hash) < 0)
            return EL_ENOMEM;
        bytes += part;
        len -= part;
    }
    return 0;
}

int el_image_hash_finish(struct el_image_hash *hash)
{
    if (hash->in_block > 0 && end_block(hash) < 0)
        return EL_ENOMEM;
    return EVP_DigestFinal_ex(hash->whole, hash->digest, NULL) == 1 ? 0 : EL_ENOMEM;
}

uint64_t el_image_hash_size(const struct el_image_hash *hash)
{
    return hash->size;
}

const uint8_t *el_image_hash_whole(const struct el_image_hash *hash)
{
    return hash->digest;
}

uint64_t el_image_hash_blocks(const struct el_image_hash *hash)
{
    return hash->count;
}

const uint8_t *el_image_hash_block(const struct el_image_hash *hash, uint64_t index)
{
    return hash->blocks[index];
}

/* -- hexadecimal -- */

char *el_image_sha256_text(const uint8_t sha256[EL_IMAGE_SHA256], char text[EL_IMAGE_SHA256_TEXT])
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < EL_IMAGE_SHA256; i++) {
        text[2 * i] = digits[sha256[i] >> 4];
        text[2 * i + 1] = digits[sha256[i] & 15];
    }
    text[DIGITS] = '\0';
    return text;
}

static int digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int el_image_sha256_take(const char *text, size_t len, uint8_t sha256[EL_IMAGE_SHA256])
{
    if (len < DIGITS)
        return EL_EINVAL;
    for (size_t i = 0; i < EL_IMAGE_SHA256; i++) {
        int high = digit(text[2 * i]), low = digit(text[2 * i + 1]);
        if (high < 0 || low < 0)
            return EL_EINVAL;
        sha256[i] = (uint8_t)(high << 4 | low);
    }
    return 0;
}

int el_image_sha256_parse(const char *text, uint8_t sha256[EL_IMAGE_SHA256])
{
    return strlen(text) == DIGITS ? el_image_sha256_take(text, DIGITS, sha256) : EL_EINVAL;
}
