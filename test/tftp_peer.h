/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A TFTP client as the RFCs describe it, written from them and not from our server, for tests: a
 * machine over packets, like ours. RFC 7440's receiver: an ACK after each window, and at once after
 * a gap; a timer that repeats the last ACK.
 */
#ifndef TEST_TFTP_PEER_H
#define TEST_TFTP_PEER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct tftp_peer {
    /* What to ask for; 0 or false: not asked. */
    const char *name, *mode;
    unsigned blksize, windowsize, timeout_s;
    bool tsize, rollover1;

    /* What came. */
    uint8_t *bytes;
    size_t len, capacity;
    bool done, failed;
    int error_code;
    unsigned window_got, block_len;
    uint64_t block;     /* the last in order */
    unsigned in_window; /* blocks since our last ACK */
    bool gap_told;
    bool oacked;
    unsigned long long tsize_got;
    unsigned duplicates; /* blocks that came again */

    uint8_t reply[600]; /* what to send now */
    size_t reply_len;
};

static inline void peer_put(struct tftp_peer *p, const char *text)
{
    size_t n = strlen(text) + 1;

    memcpy(p->reply + p->reply_len, text, n);
    p->reply_len += n;
}

static inline void peer_option(struct tftp_peer *p, const char *name, unsigned value)
{
    char text[16];

    snprintf(text, sizeof text, "%u", value);
    peer_put(p, name);
    peer_put(p, text);
}

static inline void peer_request(struct tftp_peer *p)
{
    p->reply[0] = 0;
    p->reply[1] = 1;
    p->reply_len = 2;
    peer_put(p, p->name);
    peer_put(p, p->mode ? p->mode : "octet");
    if (p->blksize)
        peer_option(p, "blksize", p->blksize);
    if (p->windowsize)
        peer_option(p, "windowsize", p->windowsize);
    if (p->timeout_s)
        peer_option(p, "timeout", p->timeout_s);
    if (p->tsize)
        peer_option(p, "tsize", 0);
    if (p->rollover1)
        peer_option(p, "rollover", 1);
    p->block_len = 512;
    p->window_got = 1;
}

static inline unsigned peer_number(const struct tftp_peer *p, uint64_t block)
{
    return (unsigned)(p->rollover1 && block ? (block - 1) % 65535 + 1 : block & 0xffff);
}

static inline void peer_ack(struct tftp_peer *p)
{
    unsigned n = peer_number(p, p->block);

    p->reply[0] = 0;
    p->reply[1] = 4;
    p->reply[2] = (uint8_t)(n >> 8);
    p->reply[3] = (uint8_t)n;
    p->reply_len = 4;
    p->in_window = 0;
}

/* Nothing has come for a while. */
static inline void peer_timeout(struct tftp_peer *p)
{
    if (p->done || p->failed)
        return;
    if (p->block == 0 && !p->oacked)
        peer_request(p);
    else
        peer_ack(p);
    p->gap_told = false;
}

static inline void peer_oack(struct tftp_peer *p, const uint8_t *bytes, size_t len)
{
    const char *at = (const char *)bytes + 2, *end = (const char *)bytes + len;

    if (p->block > 0)
        return;
    while (at < end) {
        const char *value = at + strlen(at) + 1;
        if (strcmp(at, "blksize") == 0)
            p->block_len = (unsigned)strtoul(value, NULL, 10);
        if (strcmp(at, "windowsize") == 0)
            p->window_got = (unsigned)strtoul(value, NULL, 10);
        if (strcmp(at, "tsize") == 0)
            p->tsize_got = strtoull(value, NULL, 10);
        at = value + strlen(value) + 1;
    }
    p->oacked = true;
    peer_ack(p);
}

static inline void peer_data(struct tftp_peer *p, const uint8_t *bytes, size_t len)
{
    unsigned number = (unsigned)bytes[2] << 8 | bytes[3];

    if (number != peer_number(p, p->block + 1)) {
        /* Ahead of us: something was lost. Behind us: it came again. Either way we say once what
         * we have, and a duplicate of the last block is acknowledged each time (RFC 1350 §2). */
        bool again = number == peer_number(p, p->block);
        p->duplicates += again;
        if (again || !p->gap_told)
            peer_ack(p);
        p->gap_told = true;
        return;
    }
    p->gap_told = false;
    if (p->len + len > p->capacity) {
        p->capacity = 2 * (p->len + len);
        p->bytes = realloc(p->bytes, p->capacity);
    }
    memcpy(p->bytes + p->len, bytes + 4, len - 4);
    p->len += len - 4;
    p->block++;
    p->in_window++;
    p->done = len - 4 < p->block_len;
    if (p->done || p->in_window >= p->window_got)
        peer_ack(p);
}

/* A packet; sets reply_len if there is something to say. */
static inline void peer_input(struct tftp_peer *p, const uint8_t *bytes, size_t len)
{
    if (p->failed || len < 4)
        return;
    switch (bytes[1]) {
    case 3:
        if (p->done)
            peer_ack(p);
        else
            peer_data(p, bytes, len);
        break;
    case 5:
        p->failed = true;
        p->error_code = bytes[2] << 8 | bytes[3];
        break;
    case 6: peer_oack(p, bytes, len); break;
    default: break;
    }
}

#endif
