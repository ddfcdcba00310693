/* SPDX-License-Identifier: GPL-2.0-or-later */
/* DHCP messages: bytes to struct and back. */
#include "dhcp/dhcp_wire.h"

#include "base/err.h"

enum {
    OVERLOAD_FILE = 1,
    OVERLOAD_SNAME = 2,
    PART_BYTES = 255, /* the most that one length byte can say */
    FILE_BYTES = 128,
    SNAME_BYTES = 64,
};

/* -- decoding -- */

/*
 * Every field is read twice: the first pass learns which options there are and how long each is in
 * total, so that the second can copy their parts to one place. OVERLOAD, where given, receives the
 * value of option 52, which counts in the options field only.
 */
static bool measure(struct el_wire field, struct el_dhcp_options *options, uint8_t *overload)
{
    while (el_wire_left(&field) > 0) {
        uint8_t code = el_wire_u8(&field);
        if (code == EL_DHCP_O_PAD)
            continue;
        if (code == EL_DHCP_O_END)
            break;
        uint8_t len = el_wire_u8(&field);
        const uint8_t *value = el_wire_take(&field, len);
        if (!el_wire_ok(&field))
            return false;
        if (code == EL_DHCP_O_OVERLOAD) {
            if (overload && len == 1)
                *overload = value[0];
            continue;
        }
        if (!options->of[code].present) {
            options->of[code].present = true;
            options->order[options->count++] = code;
        }
        options->of[code].len = (uint16_t)(options->of[code].len + len);
    }
    return true;
}

static void collect(struct el_wire field, struct el_dhcp_options *options)
{
    while (el_wire_left(&field) > 0) {
        uint8_t code = el_wire_u8(&field);
        if (code == EL_DHCP_O_PAD)
            continue;
        if (code == EL_DHCP_O_END)
            break;
        uint8_t len = el_wire_u8(&field);
        size_t to = (size_t)options->of[code].at + options->of[code].len;
        if (code == EL_DHCP_O_OVERLOAD) {
            el_wire_skip(&field, len);
            continue;
        }
        el_wire_copy(&field, options->bytes + to, len);
        options->of[code].len = (uint16_t)(options->of[code].len + len);
    }
}

static void place(struct el_dhcp_options *options)
{
    for (unsigned i = 0; i < options->count; i++) {
        uint8_t code = options->order[i];
        options->of[code].at = options->used;
        options->used = (uint16_t)(options->used + options->of[code].len);
        options->of[code].len = 0;
    }
}

/* RFC 3396 §5: the aggregate is the options field, then file, then sname. */
static bool read_options(struct el_wire field, const uint8_t *file, const uint8_t *sname,
                         struct el_dhcp_message *m)
{
    uint8_t overload = 0;
    struct el_wire in_file = el_wire_read(file, FILE_BYTES);
    struct el_wire in_sname = el_wire_read(sname, SNAME_BYTES);

    if (!measure(field, &m->options, &overload))
        return false;
    if (overload & OVERLOAD_FILE && !measure(in_file, &m->options, NULL))
        return false;
    if (overload & OVERLOAD_SNAME && !measure(in_sname, &m->options, NULL))
        return false;
    place(&m->options);
    collect(field, &m->options);
    if (overload & OVERLOAD_FILE)
        collect(in_file, &m->options);
    else
        memcpy(m->file, file, FILE_BYTES);
    if (overload & OVERLOAD_SNAME)
        collect(in_sname, &m->options);
    else
        memcpy(m->sname, sname, SNAME_BYTES);
    return true;
}

int el_dhcp_decode(const uint8_t *bytes, size_t len, struct el_dhcp_message *m)
{
    struct el_wire w = el_wire_read(bytes, len);

    memset(m, 0, sizeof *m);
    if (len > EL_DHCP_MESSAGE_BYTES)
        return EL_EPROTO;
    m->op = el_wire_u8(&w);
    m->htype = el_wire_u8(&w);
    m->hlen = el_wire_u8(&w);
    m->hops = el_wire_u8(&w);
    m->xid = el_wire_be32(&w);
    m->secs = el_wire_be16(&w);
    m->flags = el_wire_be16(&w);
    m->ciaddr = el_wire_be32(&w);
    m->yiaddr = el_wire_be32(&w);
    m->siaddr = el_wire_be32(&w);
    m->giaddr = el_wire_be32(&w);
    el_wire_copy(&w, m->chaddr, sizeof m->chaddr);
    const uint8_t *sname = el_wire_take(&w, SNAME_BYTES);
    const uint8_t *file = el_wire_take(&w, FILE_BYTES);
    uint32_t magic = el_wire_be32(&w);
    if (!el_wire_ok(&w) || magic != EL_DHCP_MAGIC || m->hlen > sizeof m->chaddr)
        return EL_EPROTO;
    return read_options(w, file, sname, m) ? 0 : EL_EPROTO;
}

/* -- encoding -- */

/* Bytes that an option takes with the headers of its parts. An empty one has a header too. */
static size_t encoded_bytes(const struct el_dhcp_options *options, uint8_t code)
{
    size_t len = options->of[code].len;
    size_t parts = len == 0 ? 1 : (len + PART_BYTES - 1) / PART_BYTES;

    return len + 2 * parts;
}

static void write_option(struct el_wire *w, const struct el_dhcp_options *options, uint8_t code)
{
    const uint8_t *value = options->bytes + options->of[code].at;
    size_t left = options->of[code].len;

    do {
        size_t part = left < PART_BYTES ? left : PART_BYTES;
        el_wire_put_u8(w, code);
        el_wire_put_u8(w, (uint8_t)part);
        el_wire_put(w, value, part);
        value += part;
        left -= part;
    } while (left > 0);
}

/* A field that options are written to; room leaves space for its END. */
struct field {
    struct el_wire w;
    size_t room;
    bool used;
};

static bool write_where_it_fits(struct field *fields, unsigned count,
                                const struct el_dhcp_options *options, uint8_t code)
{
    size_t need = encoded_bytes(options, code);

    for (unsigned i = 0; i < count; i++)
        if (fields[i].room >= need) {
            write_option(&fields[i].w, options, code);
            fields[i].room -= need;
            fields[i].used = true;
            return true;
        }
    return false;
}

/* Writes all options; what does not fit the options field goes to sname, then to file. A boot
 * file's name that stands in option 67 too may give way. Returns the number of options left out.
 *
 * The relay's own option is the last one of the options field, and in no other (RFC 3046 §2.2):
 * relays look for it there and cut it off. When its turn comes only its place is kept. */
static unsigned write_options(const struct el_dhcp_message *m, struct el_wire *w, uint8_t *sname,
                              uint8_t *file)
{
    const struct el_dhcp_options *options = &m->options;
    size_t need = 1, room = el_wire_left(w);
    unsigned dropped = 0;

    for (unsigned i = 0; i < options->count; i++)
        need += encoded_bytes(options, options->order[i]);
    bool overload = need > room;
    struct field fields[] = {
        {.w = *w, .room = room - 1 - (overload ? 3 : 0)},
        {.w = el_wire_write(sname, SNAME_BYTES),
         .room = overload && !m->sname[0] ? SNAME_BYTES - 1 : 0},
        {.w = el_wire_write(file, FILE_BYTES),
         .room =
             overload && (!m->file[0] || el_dhcp_has(m, EL_DHCP_O_BOOT_FILE)) ? FILE_BYTES - 1 : 0},
    };
    bool relay = false;
    for (unsigned i = 0; i < options->count; i++) {
        uint8_t code = options->order[i];
        if (code != EL_DHCP_O_RELAY) {
            dropped += !write_where_it_fits(fields, 3, options, code);
            continue;
        }
        size_t place = encoded_bytes(options, code);
        relay = fields[0].room >= place;
        fields[0].room -= relay ? place : 0;
        dropped += !relay;
    }
    if (fields[1].used || fields[2].used) {
        el_wire_put_u8(&fields[0].w, EL_DHCP_O_OVERLOAD);
        el_wire_put_u8(&fields[0].w, 1);
        el_wire_put_u8(&fields[0].w, (uint8_t)((fields[1].used ? OVERLOAD_SNAME : 0) |
                                               (fields[2].used ? OVERLOAD_FILE : 0)));
    }
    if (relay)
        write_option(&fields[0].w, options, EL_DHCP_O_RELAY);
    for (unsigned i = 0; i < 3; i++)
        if (i == 0 || fields[i].used) {
            el_wire_put_u8(&fields[i].w, EL_DHCP_O_END);
            memset(fields[i].w.at, 0, i == 0 ? 0 : el_wire_left(&fields[i].w));
        }
    *w = fields[0].w;
    return dropped;
}

int el_dhcp_encode(const struct el_dhcp_message *m, size_t limit, uint8_t *bytes, size_t capacity,
                   unsigned *dropped)
{
    if (limit < EL_DHCP_BOOTP_BYTES)
        limit = EL_DHCP_BOOTP_BYTES;
    struct el_wire w = el_wire_write(bytes, limit < capacity ? limit : capacity);

    el_wire_put_u8(&w, m->op);
    el_wire_put_u8(&w, m->htype);
    el_wire_put_u8(&w, m->hlen);
    el_wire_put_u8(&w, m->hops);
    el_wire_put_be32(&w, m->xid);
    el_wire_put_be16(&w, m->secs);
    el_wire_put_be16(&w, m->flags);
    el_wire_put_be32(&w, m->ciaddr);
    el_wire_put_be32(&w, m->yiaddr);
    el_wire_put_be32(&w, m->siaddr);
    el_wire_put_be32(&w, m->giaddr);
    el_wire_put(&w, m->chaddr, sizeof m->chaddr);
    uint8_t *sname = el_wire_take(&w, SNAME_BYTES);
    uint8_t *file = el_wire_take(&w, FILE_BYTES);
    el_wire_put_be32(&w, EL_DHCP_MAGIC);
    if (!el_wire_ok(&w) || el_wire_left(&w) < EL_DHCP_BOOTP_BYTES - EL_DHCP_FIXED_BYTES)
        return EL_ESHORT;
    memcpy(sname, m->sname, SNAME_BYTES);
    memcpy(file, m->file, FILE_BYTES);
    *dropped = write_options(m, &w, sname, file);
    if (el_wire_done(&w) < EL_DHCP_BOOTP_BYTES)
        el_wire_put_zero(&w, EL_DHCP_BOOTP_BYTES - el_wire_done(&w));
    return (int)el_wire_done(&w);
}

/* -- options -- */

struct el_wire el_dhcp_option(const struct el_dhcp_message *m, uint8_t code)
{
    struct el_wire w =
        el_wire_read(m->options.bytes + m->options.of[code].at, m->options.of[code].len);

    if (!m->options.of[code].present)
        el_wire_fail(&w);
    return w;
}

uint32_t el_dhcp_number(const struct el_dhcp_message *m, uint8_t code)
{
    struct el_wire w = el_dhcp_option(m, code);

    switch (el_wire_left(&w)) {
    case 1: return el_wire_u8(&w);
    case 2: return el_wire_be16(&w);
    case 4: return el_wire_be32(&w);
    default: return 0;
    }
}

struct el_wire el_dhcp_suboption(struct el_wire encapsulated, uint8_t code)
{
    while (el_wire_left(&encapsulated) > 0) {
        uint8_t found = el_wire_u8(&encapsulated);
        if (found == EL_DHCP_O_PAD)
            continue;
        if (found == EL_DHCP_O_END)
            break;
        struct el_wire value = el_wire_sub(&encapsulated, el_wire_u8(&encapsulated));
        if (found == code)
            return value;
    }
    el_wire_fail(&encapsulated);
    return encapsulated;
}

void el_dhcp_put(struct el_dhcp_message *m, uint8_t code, const void *bytes, size_t len)
{
    struct el_dhcp_options *options = &m->options;

    if (options->of[code].present || len > sizeof options->bytes - options->used)
        return;
    options->order[options->count++] = code;
    options->of[code].present = true;
    options->of[code].at = options->used;
    options->of[code].len = (uint16_t)len;
    if (len > 0)
        memcpy(options->bytes + options->used, bytes, len);
    options->used = (uint16_t)(options->used + len);
}

void el_dhcp_take_out(struct el_dhcp_message *m, uint8_t code)
{
    struct el_dhcp_options *options = &m->options;
    unsigned kept = 0;

    for (unsigned i = 0; i < options->count; i++)
        if (options->order[i] != code)
            options->order[kept++] = options->order[i];
    options->count = (uint16_t)kept;
    options->of[code].present = false; /* its bytes stay where they are */
}

void el_dhcp_put_u8(struct el_dhcp_message *m, uint8_t code, uint8_t value)
{
    el_dhcp_put(m, code, &value, 1);
}

void el_dhcp_put_be32(struct el_dhcp_message *m, uint8_t code, uint32_t value)
{
    uint8_t bytes[4];
    struct el_wire w = el_wire_write(bytes, sizeof bytes);

    el_wire_put_be32(&w, value);
    el_dhcp_put(m, code, bytes, sizeof bytes);
}

void el_dhcp_put_text(struct el_dhcp_message *m, uint8_t code, const char *text)
{
    el_dhcp_put(m, code, text, strlen(text));
}

void el_dhcp_wire_name(struct el_wire *w, const char *name, size_t len)
{
    const char *end = name + len;

    if (len > 253)
        el_wire_fail(w);
    while (name < end) {
        const char *dot = memchr(name, '.', (size_t)(end - name));
        size_t label = (size_t)((dot ? dot : end) - name);
        if (label == 0 || label > 63)
            el_wire_fail(w);
        el_wire_put_u8(w, (uint8_t)label);
        el_wire_put(w, name, label);
        name += label + (dot ? 1 : 0);
    }
    el_wire_put_u8(w, 0);
}
