/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages in a stream: each behind its length, two bytes (RFC 1035 §4.2.2, RFC 7766 §8). */
#ifndef EL_DNS_DNS_FRAMES_H
#define EL_DNS_DNS_FRAMES_H

#include <stddef.h>
#include <stdint.h>

enum { EL_DNS_FRAME_BYTES = 2 }; /* of the length */

/* What of a message is there so far. Zero it, but for the memory. */
struct el_dns_frames {
    uint8_t *bytes; /* the caller's */
    size_t capacity;
    size_t len;
};

/* Takes of *BYTES what belongs to the next message, and moves on. 1: the message is whole, *MESSAGE
 * and *LEN, until the next call; 0: all is taken, more is needed; EL_EFULL: it is longer than the
 * capacity, and the stream of no use any more; EL_EPROTO: it is empty. */
int el_dns_frames_take(struct el_dns_frames *frames, const uint8_t **bytes, size_t *left,
                       const uint8_t **message, size_t *len);

#endif
