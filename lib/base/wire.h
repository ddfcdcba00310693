/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The cursor through which every byte from or to the network passes.
 *
 * It knows its bounds and carries a sticky error: after the first access that does not fit, each
 * further read gives zero and each further write does nothing. Parse or build a whole message
 * without looking, then ask el_wire_ok() once.
 *
 *     struct el_wire w = el_wire_read(bytes, len);
 *     msg->op = el_wire_u8(&w);
 *     msg->xid = el_wire_be32(&w);
 *     if (!el_wire_ok(&w))
 *         return EL_EPROTO;
 *
 * A cursor owns nothing. Reading cursors never write through `at`.
 */
#ifndef EL_BASE_WIRE_H
#define EL_BASE_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct el_wire {
    uint8_t *start;
    uint8_t *at;
    uint8_t *end;
    bool failed; /* sticky: an access did not fit */
};

/* A cursor to read [bytes, bytes+len). The bytes are not written, despite the member's type. */
static inline struct el_wire el_wire_read(const void *bytes, size_t len)
{
    uint8_t *start = (uint8_t *)(uintptr_t)bytes;

    return (struct el_wire){start, start, start ? start + len : start, false};
}

/* A cursor to write at most LEN bytes to BYTES. */
static inline struct el_wire el_wire_write(void *bytes, size_t len)
{
    return el_wire_read(bytes, len);
}

/* True while every access so far has fitted. */
static inline bool el_wire_ok(const struct el_wire *w)
{
    return !w->failed;
}

/* Marks the cursor as failed: for values that fit but are not allowed. */
static inline void el_wire_fail(struct el_wire *w)
{
    w->failed = true;
    w->at = w->end;
}

/* Bytes between the start and the cursor: after building, the length of what was built. Means
 * nothing once it has failed. */
static inline size_t el_wire_done(const struct el_wire *w)
{
    return (size_t)(w->at - w->start);
}

/* Bytes between the cursor and the end. Zero once it has failed. */
static inline size_t el_wire_left(const struct el_wire *w)
{
    return (size_t)(w->end - w->at);
}

/* Claims the next LEN bytes and returns where they begin, or NULL (and fails) if they do not fit.
 * For reading a byte string in place, or for leaving room to write one. */
static inline uint8_t *el_wire_take(struct el_wire *w, size_t len)
{
    if (el_wire_left(w) < len) {
        el_wire_fail(w);
        return NULL;
    }
    uint8_t *at = w->at;
    w->at += len;
    return at;
}

static inline void el_wire_skip(struct el_wire *w, size_t len)
{
    (void)el_wire_take(w, len);
}

/* A cursor over the next LEN bytes, which this one passes; a failed, empty one if they do not
 * fit. For options with a length of their own; and for headers of a fixed one: who reads those
 * member by member then has one bound to check, and a cursor that stays in registers. */
static inline struct el_wire el_wire_sub(struct el_wire *w, size_t len)
{
    uint8_t *at = el_wire_take(w, len);
    struct el_wire sub = el_wire_read(at, at ? len : 0);

    sub.failed = w->failed;
    return sub;
}

/* Reading; zero once failed. */

static inline uint8_t el_wire_u8(struct el_wire *w)
{
    const uint8_t *p = el_wire_take(w, 1);

    return p ? p[0] : 0;
}

static inline uint16_t el_wire_be16(struct el_wire *w)
{
    const uint8_t *p = el_wire_take(w, 2);

    return (uint16_t)(p ? p[0] << 8 | p[1] : 0);
}

static inline uint32_t el_wire_be32(struct el_wire *w)
{
    const uint8_t *p = el_wire_take(w, 4);

    return p ? (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3] : 0;
}

static inline uint64_t el_wire_be64(struct el_wire *w)
{
    struct el_wire half = el_wire_read(el_wire_take(w, 8), 8);
    uint64_t high = el_wire_be32(&half);

    return high << 32 | el_wire_be32(&half);
}

static inline uint32_t el_wire_le32(struct el_wire *w)
{
    return __builtin_bswap32(el_wire_be32(w));
}

static inline uint64_t el_wire_le64(struct el_wire *w)
{
    return __builtin_bswap64(el_wire_be64(w));
}

/* Copies the next LEN bytes to TO, or fills it with zeros if they do not fit. */
static inline void el_wire_copy(struct el_wire *w, void *to, size_t len)
{
    const uint8_t *p = el_wire_take(w, len);

    if (p)
        memcpy(to, p, len);
    else
        memset(to, 0, len);
}

/* Writing; nothing once failed. What does not fit whole is not written in part. */

static inline void el_wire_put(struct el_wire *w, const void *from, size_t len)
{
    uint8_t *p = el_wire_take(w, len);

    if (p && len)
        memcpy(p, from, len);
}

static inline void el_wire_put_zero(struct el_wire *w, size_t len)
{
    uint8_t *p = el_wire_take(w, len);

    if (p && len)
        memset(p, 0, len);
}

static inline void el_wire_put_u8(struct el_wire *w, uint8_t value)
{
    uint8_t *p = el_wire_take(w, 1);

    if (p)
        p[0] = value;
}

static inline void el_wire_put_be16(struct el_wire *w, uint16_t value)
{
    uint8_t *p = el_wire_take(w, 2);

    if (p) {
        p[0] = (uint8_t)(value >> 8);
        p[1] = (uint8_t)value;
    }
}

static inline void el_wire_put_be32(struct el_wire *w, uint32_t value)
{
    uint8_t *p = el_wire_take(w, 4);

    if (p) {
        p[0] = (uint8_t)(value >> 24);
        p[1] = (uint8_t)(value >> 16);
        p[2] = (uint8_t)(value >> 8);
        p[3] = (uint8_t)value;
    }
}

static inline void el_wire_put_be64(struct el_wire *w, uint64_t value)
{
    uint8_t *p = el_wire_take(w, 8);

    if (p) {
        struct el_wire half = el_wire_write(p, 8);
        el_wire_put_be32(&half, (uint32_t)(value >> 32));
        el_wire_put_be32(&half, (uint32_t)value);
    }
}

static inline void el_wire_put_le32(struct el_wire *w, uint32_t value)
{
    el_wire_put_be32(w, __builtin_bswap32(value));
}

static inline void el_wire_put_le64(struct el_wire *w, uint64_t value)
{
    el_wire_put_be64(w, __builtin_bswap64(value));
}

/* Formats into the cursor, without a NUL. Fails if it does not fit; a text of more than 255 bytes
 * needs a byte to spare, where vsnprintf puts its NUL. */
void el_wire_printf(struct el_wire *w, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
