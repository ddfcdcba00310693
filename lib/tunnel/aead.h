/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ciphers of the data messages, each behind the same table, so that a session between two el2w
 * can have another one than WireGuard's. All of them may be called from several threads at once,
 * for the same key too. No key is expanded ahead: ChaCha20 and AEGIS take it as it is, so it is
 * never anywhere but in the tunnel's locked memory and, for the time of a call, on the stack.
 *
 * The fast cipher is AEGIS-128L (RFC 10032). Against AES-256-GCM, the other candidate, on a CPU
 * with instructions for AES:
 *  - speed: 1,440 bytes take a fifth of the time of libsodium's or OpenSSL 3.0's AES-256-GCM, 112
 *    bytes a third: the cipher is no longer what a packet costs most;
 *  - a key needs no tables, so the keys of a session stay in the one place that is locked and
 *    wiped;
 *  - standing: the CAESAR competition chose it for high performance, the IRTF's crypto forum has
 *    specified it; GCM is older and in more hands, but has the weaker tag.
 * Without such instructions AEGIS is slow and its timing may tell of the key: such a computer does
 * not use it at all.
 */
#ifndef EL_TUNNEL_AEAD_H
#define EL_TUNNEL_AEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { EL_TUNNEL_TAG_MAX = 32 };

struct el_tunnel_aead {
    const char *name;
    size_t tag_bytes; /* at most EL_TUNNEL_TAG_MAX */
    /* TO gets LEN bytes and the tag; it does not overlap FROM. */
    void (*seal)(uint8_t *to, const uint8_t *from, size_t len, uint64_t counter,
                 const uint8_t key[32]);
    /* In place: BYTES holds LEN bytes and their tag. False, and the bytes are of no use, if the
     * tag is wrong. */
    bool (*open)(uint8_t *bytes, size_t len, uint64_t counter, const uint8_t key[32]);
};

/* RFC 8439; the nonce is four zeros and the counter, little-endian (whitepaper §5.4.6). */
extern const struct el_tunnel_aead el_tunnel_chacha20poly1305;

#ifdef EL2W_CHACHA_OPENSSL
extern const struct el_tunnel_aead el_tunnel_chacha_openssl;
#endif

/* What does its work: libsodium, which is first, and, in the static program, OpenSSL. NULL at the
 * end. */
extern const struct el_tunnel_aead *const el_tunnel_chachas[];

/* Takes, for the whole process, the one that seals a full packet in the least time by the clock
 * NOW_NS, if it gives what libsodium gives. It takes less than a millisecond. To be called before
 * there are other threads that seal; without it, libsodium does the work. */
const struct el_tunnel_aead *el_tunnel_chacha20poly1305_choose(uint64_t (*now_ns)(void));

/* AEGIS-128L. Its key is the first half of the transport key, which is output of the KDF: any part
 * of that is as good as a key of its own. The nonce is eight zeros and the counter, little-endian.
 *
 * The tag has 256 bits, which is all that libsodium offers. The tag of 128 bits is another
 * computation and not a part of it (RFC 10032, Finalize), and of a tag that was cut off the
 * receiver could verify nothing. The 16 bytes are one percent of a full packet, and less than the
 * compact form saves; they buy a tag that commits to the key.
 *
 * In a build whose libsodium has no AEGIS (before 1.0.19), the functions are NULL. */
extern const struct el_tunnel_aead el_tunnel_aegis128l;

#ifdef EL2W_BENCH_NO_ENCRYPTION
extern const struct el_tunnel_aead el_tunnel_none; /* see aead_none.c */
#endif

/* Whether this CPU runs it in hardware. */
bool el_tunnel_aegis128l_in_hardware(void);

#endif
