/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The Internet checksum, fast.
 *
 * One's complement addition is associative and commutative and does not care how wide the words
 * are that are added (RFC 1071 §2): so we add 32-bit words into 64-bit sums, where a carry cannot
 * get lost before 2^32 words, and fold once at the end. Vectors of four such sums are what SSE2,
 * AVX2 and NEON can do; the compiler writes the instructions, we only say it a second time for
 * AVX2, which halves the time on machines that have it.
 */
#include "frame/csum.h"

#include <stdbool.h>
#include <string.h>

/* Four 64-bit lanes, at any address. */
typedef uint64_t lanes __attribute__((vector_size(32), aligned(1), may_alias));

enum { STRIDE = 2 * sizeof(lanes) };

/* Sums whole strides. Inlined into each function that is compiled for other instructions. */
static inline __attribute__((always_inline)) uint64_t sum_strides(const uint8_t *at, size_t len)
{
    lanes even0 = {0}, odd0 = {0}, even1 = {0}, odd1 = {0};

    for (; len >= STRIDE; len -= STRIDE, at += STRIDE) {
        lanes a = ((const lanes *)at)[0];
        lanes b = ((const lanes *)at)[1];

        even0 += a & UINT32_MAX;
        odd0 += a >> 32;
        even1 += b & UINT32_MAX;
        odd1 += b >> 32;
    }
    even0 += odd0 + even1 + odd1;
    return even0[0] + even0[1] + even0[2] + even0[3];
}

#ifdef __x86_64__
__attribute__((target("avx2"))) static uint64_t sum_strides_avx2(const uint8_t *at, size_t len)
{
    return sum_strides(at, len);
}

static bool have_avx2(void)
{
    return __builtin_cpu_supports("avx2");
}
#else
static uint64_t sum_strides_avx2(const uint8_t *at, size_t len)
{
    return sum_strides(at, len);
}

static bool have_avx2(void)
{
    return false;
}
#endif

uint64_t el_csum_add(uint64_t sum, const void *bytes, size_t len)
{
    const uint8_t *at = bytes;
    size_t strides = len - len % STRIDE;

    if (strides) {
        sum += have_avx2() ? sum_strides_avx2(at, strides) : sum_strides(at, strides);
        at += strides;
        len -= strides;
    }
    for (; len >= 4; len -= 4, at += 4) {
        uint32_t word;

        memcpy(&word, at, sizeof word);
        sum += word;
    }
    if (len) {
        uint8_t rest[4] = {0}; /* an odd byte is followed by a zero (RFC 1071 §1) */
        uint32_t word;

        memcpy(rest, at, len);
        memcpy(&word, rest, sizeof word);
        sum += word;
    }
    return sum;
}

uint64_t el_csum_pseudo4(uint32_t src, uint32_t dst, uint8_t protocol, size_t len)
{
    uint64_t sum = el_csum_add_be32(0, src);

    sum = el_csum_add_be32(sum, dst);
    sum = el_csum_add_be16(sum, protocol);
    return el_csum_add_be32(sum, (uint32_t)len);
}

uint64_t el_csum_pseudo6(const uint8_t src[16], const uint8_t dst[16], uint8_t protocol, size_t len)
{
    uint64_t sum = el_csum_add(0, src, 16);

    sum = el_csum_add(sum, dst, 16);
    sum = el_csum_add_be16(sum, protocol);
    return el_csum_add_be32(sum, (uint32_t)len);
}

uint16_t el_csum_update(uint16_t csum, uint16_t was, uint16_t now)
{
    uint32_t sum = (uint16_t)~csum + (uint32_t)(uint16_t)~was + now;

    sum = (sum & UINT16_MAX) + (sum >> 16);
    sum = (sum & UINT16_MAX) + (sum >> 16);
    return (uint16_t)~sum;
}
