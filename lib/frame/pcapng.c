/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Blocks of pcapng: a type, a length, a body, options, the length again; all in units of 4 bytes.
 */
#include "frame/pcapng.h"

#include <stddef.h>

enum { SECTION = 0x0a0d0d0a, INTERFACE = 1, STATISTICS = 5, PACKET = 6 };

enum {
    OPTION_END = 0,
    OPTION_COMMENT = 1,
    SECTION_APPLICATION = 4,
    INTERFACE_NAME = 2,
    INTERFACE_DESCRIPTION = 3,
    INTERFACE_TIME_UNIT = 9,
    PACKET_FLAGS = 2,
    PACKET_LOST = 4,
    STATISTICS_START = 2,
    STATISTICS_END = 3,
    STATISTICS_RECEIVED = 4,
    STATISTICS_LOST = 5,
};

enum { NANOSECONDS = 9 }; /* 10^-9 s */

static void put_le16(struct el_wire *w, uint16_t value)
{
    el_wire_put_be16(w, __builtin_bswap16(value));
}

/* High word first, whatever the order of bytes in each. */
static void put_time(struct el_wire *w, uint64_t time_ns)
{
    el_wire_put_le32(w, (uint32_t)(time_ns >> 32));
    el_wire_put_le32(w, (uint32_t)time_ns);
}

/* -- blocks -- */

/* A block under construction: its length stands at its start and at its end. */
struct block {
    struct el_wire *w;
    size_t start;
};

static struct block begin(struct el_wire *w, uint32_t type)
{
    struct block block = {w, el_wire_done(w)};

    el_wire_put_le32(w, type);
    el_wire_put_zero(w, 4);
    return block;
}

static void end(struct block block)
{
    struct el_wire *w = block.w;
    uint32_t len = (uint32_t)(el_wire_done(w) + 4 - block.start);

    el_wire_put_le32(w, len);
    if (!el_wire_ok(w))
        return;
    struct el_wire head = el_wire_write(w->start + block.start + 4, 4);
    el_wire_put_le32(&head, len);
}

static void put_padded(struct el_wire *w, const void *bytes, size_t len)
{
    el_wire_put(w, bytes, len);
    el_wire_put_zero(w, (0 - len) % 4);
}

/* -- options -- */

static void put_option(struct el_wire *w, uint16_t code, const void *bytes, size_t len)
{
    put_le16(w, code);
    put_le16(w, (uint16_t)len);
    put_padded(w, bytes, len);
}

static void put_text(struct el_wire *w, uint16_t code, const char *text)
{
    if (text)
        put_option(w, code, text, strnlen(text, EL_PCAPNG_TEXT_MAX));
}

static void put_number(struct el_wire *w, uint16_t code, uint64_t value)
{
    put_le16(w, code);
    put_le16(w, 8);
    el_wire_put_le64(w, value);
}

static void put_option_time(struct el_wire *w, uint16_t code, uint64_t time_ns)
{
    put_le16(w, code);
    put_le16(w, 8);
    put_time(w, time_ns);
}

static void end_options(struct el_wire *w)
{
    put_option(w, OPTION_END, "", 0);
}

/* -- the four kinds -- */

void el_pcapng_put_section(struct el_wire *w, const char *application, const char *comment)
{
    struct block block = begin(w, SECTION);

    el_wire_put_le32(w, 0x1a2b3c4d); /* tells our order of bytes */
    put_le16(w, 1);                  /* version 1.0 */
    put_le16(w, 0);
    el_wire_put_le64(w, UINT64_MAX); /* how long it will be, nobody knows */
    put_text(w, OPTION_COMMENT, comment);
    put_text(w, SECTION_APPLICATION, application);
    end_options(w);
    end(block);
}

void el_pcapng_put_interface(struct el_wire *w, const char *name, const char *description,
                             uint32_t snaplen)
{
    static const uint8_t unit = NANOSECONDS;
    struct block block = begin(w, INTERFACE);

    put_le16(w, EL_PCAPNG_ETHERNET);
    put_le16(w, 0);
    el_wire_put_le32(w, snaplen);
    put_text(w, INTERFACE_NAME, name);
    put_text(w, INTERFACE_DESCRIPTION, description);
    put_option(w, INTERFACE_TIME_UNIT, &unit, sizeof unit);
    end_options(w);
    end(block);
}

void el_pcapng_put_packet(struct el_wire *w, const struct el_pcapng_packet *packet)
{
    struct block block = begin(w, PACKET);

    el_wire_put_le32(w, packet->interface);
    put_time(w, packet->time_ns);
    el_wire_put_le32(w, packet->captured);
    el_wire_put_le32(w, packet->len);
    put_padded(w, packet->bytes, packet->captured);
    put_text(w, OPTION_COMMENT, packet->comment);
    put_le16(w, PACKET_FLAGS);
    put_le16(w, 4);
    el_wire_put_le32(w, packet->direction);
    if (packet->lost)
        put_number(w, PACKET_LOST, packet->lost);
    end_options(w);
    end(block);
}

void el_pcapng_put_statistics(struct el_wire *w, const struct el_pcapng_statistics *statistics)
{
    struct block block = begin(w, STATISTICS);

    el_wire_put_le32(w, statistics->interface);
    put_time(w, statistics->end_ns);
    put_option_time(w, STATISTICS_START, statistics->start_ns);
    put_option_time(w, STATISTICS_END, statistics->end_ns);
    put_number(w, STATISTICS_RECEIVED, statistics->received);
    put_number(w, STATISTICS_LOST, statistics->lost);
    end_options(w);
    end(block);
}

/* -- counting -- */

static uint16_t get_le16(struct el_wire *w)
{
    return __builtin_bswap16(el_wire_be16(w));
}

/* A block of statistics, of which the first LEN bytes are at BYTES. */
static uint64_t read_lost(const uint8_t *bytes, size_t len)
{
    struct el_wire w = el_wire_read(bytes, len);

    el_wire_skip(&w, 8 + 4 + 8);
    while (el_wire_ok(&w)) {
        uint16_t code = get_le16(&w), size = get_le16(&w);
        if (code == STATISTICS_LOST)
            return el_wire_le64(&w);
        if (code == OPTION_END)
            break;
        el_wire_skip(&w, (size + 3u) & ~3u);
    }
    return 0;
}

static void count_block(struct el_pcapng_counter *counter)
{
    struct el_wire w = el_wire_read(counter->block, sizeof counter->block);
    uint32_t type = el_wire_le32(&w);
    size_t kept = counter->len < sizeof counter->block ? counter->len : sizeof counter->block;

    if (type == PACKET)
        counter->packets++;
    else if (type == STATISTICS)
        counter->lost += read_lost(counter->block, kept);
    counter->len = counter->seen = 0;
}

/* Takes the next bytes of a block, as many as belong to its head or, behind that, to the rest.
 * Their number. */
static size_t take(struct el_pcapng_counter *counter, const uint8_t *bytes, size_t len)
{
    enum { HEAD = 8 };
    size_t want = (counter->seen < HEAD ? (size_t)HEAD : counter->len) - counter->seen;
    size_t n = len < want ? len : want;

    if (counter->seen < sizeof counter->block) {
        size_t room = sizeof counter->block - counter->seen;
        memcpy(counter->block + counter->seen, bytes, n < room ? n : room);
    }
    counter->seen += (uint32_t)n;
    if (counter->seen == HEAD && counter->len == 0) {
        struct el_wire w = el_wire_read(counter->block + 4, 4);
        counter->len = el_wire_le32(&w);
        counter->broken = counter->len < 12 || counter->len % 4 != 0;
    }
    return n;
}

void el_pcapng_count(struct el_pcapng_counter *counter, const void *bytes, size_t len)
{
    const uint8_t *at = bytes;

    while (len > 0 && !counter->broken) {
        size_t n = take(counter, at, len);
        at += n;
        len -= n;
        if (counter->len > 0 && counter->seen == counter->len && !counter->broken)
            count_block(counter);
    }
}
