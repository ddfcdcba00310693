/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IP fragments (RFC 791 §3.2) of tunnel packets: cutting those that do not fit the path, and
 * putting together what any standard peer has cut.
 */
#ifndef EL_OVERLAY_FRAGMENT_H
#define EL_OVERLAY_FRAGMENT_H

#include "base/err.h"
#include "frame/ip4.h"

#include <stddef.h>
#include <stdint.h>

/*
 * Cutting, in place: the header of the next fragment is written over the tail of the one before,
 * so each has to be encrypted to elsewhere before the next is asked for.
 *
 *     struct el_fragment_cut cut;
 *     uint8_t *fragment;
 *
 *     el_fragment_begin(&cut, packet, len, el_pmtu_inner_bytes(pmtu));
 *     while ((len = el_fragment_next(&cut, &fragment)) > 0)
 *         el_tunnel_seal(..., fragment, len);
 */
struct el_fragment_cut {
    uint8_t *at;             /* where the next fragment's header goes */
    size_t left;             /* payload bytes from there on */
    size_t piece;            /* payload bytes of every fragment but the last */
    size_t offset;           /* of the next fragment's payload in the packet's */
    struct el_ip4_header ip; /* of the whole packet */
};

enum { EL_FRAGMENT_MTU_MIN = 68 }; /* RFC 791: every module forwards 68 bytes without cutting */

/* Begins to cut PACKET, an IPv4 packet without options of LEN bytes in all, into as few fragments
 * of at most MTU bytes as possible, and those of nearly equal size: two halves survive a path that
 * has just become narrower, where a full one and a rest would not. A packet that fits comes out as
 * it is. EL_EINVAL: it is no such packet, or says DF, or is a fragment itself; or MTU is smaller
 * than EL_FRAGMENT_MTU_MIN. */
int el_fragment_begin(struct el_fragment_cut *cut, uint8_t *packet, size_t len, size_t mtu);

/* The length of all fragments but the last, which is shorter by less than eight bytes for each. */
static inline size_t el_fragment_longest(const struct el_fragment_cut *cut)
{
    return EL_IP4_HEADER + cut->piece;
}

/* The next fragment's length, and where it starts inside the packet; 0 after the last. */
size_t el_fragment_next(struct el_fragment_cut *cut, uint8_t **fragment);

/*
 * Putting together. Memory is taken once, at new: packets_max + EL_REASM_KEPT times about 1.7 KB.
 *
 * A packet that is not complete 500 ms after its first fragment is given up. That is shorter than
 * RFC 791 suggests, because at our rates the 16-bit identification comes round within a second,
 * and a late fragment would be joined to a stranger (RFC 4963); fragments of one packet leave the
 * sender back to back, so what a second half is late by is the reordering of the path alone.
 *
 * Nobody starves anybody: a source has at most EL_REASM_PER_SOURCE packets under way; beginning
 * one more drops its own oldest, and when the table is full, the source with the most drops its
 * oldest.
 *
 * A mark of congestion on one fragment is one on the whole packet (RFC 3168 §5.3).
 *
 * Overlapping fragments kill their packet and what still comes of it (RFC 5722 §4), unless they
 * repeat bytes that are there already (a duplicate).
 */
enum {
    EL_REASM_PACKET_MAX = 1600, /* EL_OVERLAY_HEADER + EL_OVERLAY_FRAME_MAX, or an echo reply */
    EL_REASM_PACKETS = 512,     /* packets under way, by default */
    EL_REASM_PACKETS_MAX = 65536,
    EL_REASM_PER_SOURCE = 64,
    EL_REASM_KEPT = 64, /* packets that stay readable when they are whole */
    EL_REASM_TIMEOUT_MS = 500,
};

struct el_reasm;

/* PACKETS_MAX 0: EL_REASM_PACKETS. 0, EL_EINVAL, EL_ENOMEM. */
int el_reasm_new(size_t packets_max, struct el_reasm **reasm);
void el_reasm_free(struct el_reasm *reasm); /* NULL is allowed */

/* Takes one fragment: a packet that el_overlay_decap() called EL_OVERLAY_FRAGMENT. 1: it was the
 * last one missing, and PACKET and PACKET_LEN are the whole IP packet, ready for
 * el_overlay_decap(). It may be written to, and 48 bytes behind it too; it is the reassembler's and
 * valid until EL_REASM_KEPT more calls have been made, so that a batch can be merged before it is
 * handed on. 0: kept, others are missing. Negative: dropped and counted. */
int el_reasm_input(struct el_reasm *reasm, uint64_t now_ns, const uint8_t *fragment, size_t len,
                   uint8_t **packet, size_t *packet_len);

/* Gives up what is under way from SOURCE (a tunnel address, host order): it belongs to nobody any
 * more, or to another. Not counted. */
void el_reasm_forget(struct el_reasm *reasm, uint32_t source);

/* Gives up what is too old; call it at the deadline (EL_NEVER when nothing is under way). */
void el_reasm_expire(struct el_reasm *reasm, uint64_t now_ns);
uint64_t el_reasm_deadline_ns(const struct el_reasm *reasm);

enum el_reasm_counter {
    EL_REASM_WHOLE,          /* packets completed */
    EL_REASM_DUPLICATE,      /* fragments that brought nothing new */
    EL_REASM_DROP_TIMEOUT,   /* packets given up after EL_REASM_TIMEOUT_MS */
    EL_REASM_DROP_QUOTA,     /* packets given up for newer ones of the same source */
    EL_REASM_DROP_FULL,      /* packets given up because the table was full */
    EL_REASM_DROP_OVERLAP,   /* fragments of a packet whose fragments contradict each other */
    EL_REASM_DROP_TOO_LARGE, /* fragments of a packet beyond EL_REASM_PACKET_MAX */
    EL_REASM_DROP_MALFORMED, /* no fragment, or a length that no fragment can have */
    EL_REASM_COUNTERS
};
const char *el_reasm_counter_name(enum el_reasm_counter counter);
uint64_t el_reasm_count(const struct el_reasm *reasm, enum el_reasm_counter counter);

#endif
