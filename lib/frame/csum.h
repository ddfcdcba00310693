/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The Internet checksum (RFC 1071), its incremental update (RFC 1624) and the pseudo headers of
 * TCP and UDP (RFC 9293 §3.1, RFC 8200 §8.1).
 *
 * A running sum is a uint64_t that starts at 0 and is only meaningful to the functions here: it is
 * kept in the machine's own byte order, which RFC 1071 §2 (B) allows. Parts may be summed one after
 * the other as long as each but the last has an even length. Finished checksums are numbers in
 * host order, to be written with el_wire_put_be16().
 */
#ifndef EL_FRAME_CSUM_H
#define EL_FRAME_CSUM_H

#include <stddef.h>
#include <stdint.h>

/* Adds LEN bytes of any alignment. */
uint64_t el_csum_add(uint64_t sum, const void *bytes, size_t len);

/* From host to wire order, or back: the same thing. */
static inline uint16_t el_csum_swapped(uint16_t value)
{
    return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? __builtin_bswap16(value) : value;
}

/* Adds a 16-bit or a 32-bit number as it would stand on the wire. */
static inline uint64_t el_csum_add_be16(uint64_t sum, uint16_t value)
{
    return sum + el_csum_swapped(value);
}

static inline uint64_t el_csum_add_be32(uint64_t sum, uint32_t value)
{
    return sum + el_csum_swapped((uint16_t)(value >> 16)) + el_csum_swapped((uint16_t)value);
}

/* Folds to 16 bits, without the complement: what a partial checksum field holds. */
static inline uint16_t el_csum_fold(uint64_t sum)
{
    sum = (sum & UINT32_MAX) + (sum >> 32);
    sum = (sum & UINT32_MAX) + (sum >> 32);
    sum = (sum & UINT16_MAX) + (sum >> 16);
    sum = (sum & UINT16_MAX) + (sum >> 16);
    return el_csum_swapped((uint16_t)sum);
}

/* The checksum: the complement of the fold. Zero over data that include their right checksum. */
static inline uint16_t el_csum_finish(uint64_t sum)
{
    return (uint16_t)~el_csum_fold(sum);
}

/* The pseudo headers: LEN is that of the transport header and its payload. Addresses in host
 * order for IPv4, as bytes for IPv6. */
uint64_t el_csum_pseudo4(uint32_t src, uint32_t dst, uint8_t protocol, size_t len);
uint64_t el_csum_pseudo6(const uint8_t src[16], const uint8_t dst[16], uint8_t protocol,
                         size_t len);

/* The checksum CSUM after one 16-bit word that it covers went from WAS to NOW (RFC 1624 §3, eqn.
 * 3). A UDP checksum of 0 means "none" and must not be updated. */
uint16_t el_csum_update(uint16_t csum, uint16_t was, uint16_t now);

#endif
