/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The SHA-256 (FIPS 180-4) of a file and of each of its blocks, as its bytes go by. */
#ifndef EL_IMAGE_HASH_H
#define EL_IMAGE_HASH_H

#include <stddef.h>
#include <stdint.h>

enum {
    EL_IMAGE_BLOCK = 1 << 20,  /* bytes */
    EL_IMAGE_SHA256 = 32,      /* bytes of a digest */
    EL_IMAGE_SHA256_TEXT = 65, /* the same in hexadecimal, with its NUL */
};

struct el_image_hash;

struct el_image_hash *el_image_hash_new(void);       /* NULL: out of memory */
void el_image_hash_free(struct el_image_hash *hash); /* NULL is allowed */

/* 0 or EL_ENOMEM. */
int el_image_hash_add(struct el_image_hash *hash, const uint8_t *bytes, size_t len);

/* No more bytes come. 0 or EL_ENOMEM. */
int el_image_hash_finish(struct el_image_hash *hash);

/* Of one that is finished: bytes, their digest, how many blocks there are, and the digest of one of
 * them, INDEX. */
uint64_t el_image_hash_size(const struct el_image_hash *hash);
const uint8_t *el_image_hash_whole(const struct el_image_hash *hash);
uint64_t el_image_hash_blocks(const struct el_image_hash *hash);
const uint8_t *el_image_hash_block(const struct el_image_hash *hash, uint64_t index);

/* Hexadecimal to and fro; the text has a NUL. Returns TEXT; 0 or EL_EINVAL. */
char *el_image_sha256_text(const uint8_t sha256[EL_IMAGE_SHA256], char text[EL_IMAGE_SHA256_TEXT]);
int el_image_sha256_parse(const char *text, uint8_t sha256[EL_IMAGE_SHA256]);

/* The same for the first LEN characters of TEXT, of which 64 are looked at. */
int el_image_sha256_take(const char *text, size_t len, uint8_t sha256[EL_IMAGE_SHA256]);

#endif
