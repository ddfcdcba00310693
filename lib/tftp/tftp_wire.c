/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TFTP: bytes to structs and back. */
#include "tftp/tftp_wire.h"

#include "base/err.h"
#include "base/wire.h"

/* The next NUL-terminated string in place, or NULL with the cursor failed. */
static const char *take_string(struct el_wire *w)
{
    const uint8_t *end = el_wire_left(w) ? memchr(w->at, '\0', el_wire_left(w)) : NULL;

    if (!end) {
        el_wire_fail(w);
        return NULL;
    }
    return (const char *)el_wire_take(w, (size_t)(end - w->at) + 1);
}

/* ASCII only, whatever the locale. */
static bool same_word(const char *a, const char *b)
{
    for (; *a && *b; a++, b++) {
        int x = *a >= 'A' && *a <= 'Z' ? *a + 32 : *a;
        int y = *b >= 'A' && *b <= 'Z' ? *b + 32 : *b;
        if (x != y)
            return false;
    }
    return *a == *b;
}

/* Digits only, up to MAX. */
static bool parse_number(const char *text, uint64_t min, uint64_t max, uint64_t *value)
{
    uint64_t n = 0;

    if (!*text)
        return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9')
            return false;
        unsigned digit = (unsigned)(*text - '0');
        if (digit > max || n > (max - digit) / 10)
            return false;
        n = n * 10 + digit;
    }
    *value = n;
    return n >= min;
}

static void decode_option(const char *name, const char *text, struct el_tftp_options *o)
{
    uint64_t value;

    if (same_word(name, "blksize") && !o->has_blksize) {
        o->has_blksize = parse_number(text, EL_TFTP_BLKSIZE_MIN, EL_TFTP_BLKSIZE_MAX, &value);
        o->blksize = o->has_blksize ? (uint16_t)value : 0;
    } else if (same_word(name, "timeout") && !o->has_timeout) {
        o->has_timeout = parse_number(text, 1, 255, &value);
        o->timeout_s = o->has_timeout ? (uint8_t)value : 0;
    } else if (same_word(name, "tsize") && !o->has_tsize) {
        o->has_tsize = parse_number(text, 0, UINT64_MAX, &value);
        o->tsize = o->has_tsize ? value : 0;
    } else if (same_word(name, "windowsize") && !o->has_windowsize) {
        o->has_windowsize = parse_number(text, 1, 65535, &value);
        o->windowsize = o->has_windowsize ? (uint16_t)value : 0;
    } else if (same_word(name, "rollover") && !o->has_rollover) {
        o->has_rollover = parse_number(text, 0, 1, &value);
        o->rollover = o->has_rollover ? (uint8_t)value : 0;
    }
}

enum el_tftp_opcode el_tftp_opcode(const uint8_t *bytes, size_t len)
{
    struct el_wire w = el_wire_read(bytes, len);
    uint16_t opcode = el_wire_be16(&w);

    return opcode <= EL_TFTP_OACK ? (enum el_tftp_opcode)opcode : 0;
}

int el_tftp_request_decode(const uint8_t *bytes, size_t len, struct el_tftp_request *request)
{
    struct el_wire w = el_wire_read(bytes, len);

    if (len > EL_TFTP_REQUEST_MAX)
        return EL_EPROTO;
    *request = (struct el_tftp_request){.opcode = el_wire_be16(&w)};
    const char *name = take_string(&w);
    const char *mode = take_string(&w);
    if (!el_wire_ok(&w) || !*name ||
        (request->opcode != EL_TFTP_RRQ && request->opcode != EL_TFTP_WRQ))
        return EL_EPROTO;
    memcpy(request->name, name, strlen(name) + 1);

    /* Some ROMs pad the request: what follows the last whole pair is not an option. */
    while (el_wire_left(&w) && *w.at) {
        const char *option = take_string(&w);
        const char *value = take_string(&w);
        if (!el_wire_ok(&w))
            return EL_EPROTO;
        decode_option(option, value, &request->options);
    }
    request->mode = same_word(mode, "netascii") ? EL_TFTP_NETASCII : EL_TFTP_OCTET;
    return request->mode == EL_TFTP_NETASCII || same_word(mode, "octet") ? 0 : EL_ENOTSUP;
}

int el_tftp_ack_decode(const uint8_t *bytes, size_t len)
{
    struct el_wire w = el_wire_read(bytes, len);
    uint16_t opcode = el_wire_be16(&w);
    uint16_t block = el_wire_be16(&w);

    return el_wire_ok(&w) && opcode == EL_TFTP_ACK ? block : EL_EPROTO;
}

int el_tftp_error_decode(const uint8_t *bytes, size_t len, char message[EL_TFTP_MESSAGE_MAX])
{
    struct el_wire w = el_wire_read(bytes, len);
    uint16_t opcode = el_wire_be16(&w);
    uint16_t code = el_wire_be16(&w);
    size_t n = 0;

    while (el_wire_left(&w) && *w.at && n < EL_TFTP_MESSAGE_MAX - 1)
        message[n++] = (char)el_wire_u8(&w);
    message[n] = '\0';
    return el_wire_ok(&w) && opcode == EL_TFTP_ERROR ? code : EL_EPROTO;
}

static void put_option(struct el_wire *w, const char *name, uint64_t value)
{
    el_wire_printf(w, "%s", name);
    el_wire_put_u8(w, 0);
    el_wire_printf(w, "%llu", (unsigned long long)value);
    el_wire_put_u8(w, 0);
}

size_t el_tftp_oack_build(uint8_t *to, size_t capacity, const struct el_tftp_options *o)
{
    struct el_wire w = el_wire_write(to, capacity);

    el_wire_put_be16(&w, EL_TFTP_OACK);
    if (o->has_blksize)
        put_option(&w, "blksize", o->blksize);
    if (o->has_timeout)
        put_option(&w, "timeout", o->timeout_s);
    if (o->has_tsize)
        put_option(&w, "tsize", o->tsize);
    if (o->has_windowsize)
        put_option(&w, "windowsize", o->windowsize);
    if (o->has_rollover)
        put_option(&w, "rollover", o->rollover);
    return el_wire_ok(&w) ? el_wire_done(&w) : 0;
}

size_t el_tftp_error_build(uint8_t *to, size_t capacity, uint16_t code, const char *message)
{
    struct el_wire w = el_wire_write(to, capacity);
    size_t len = strlen(message);

    if (capacity < EL_TFTP_HEADER + 1)
        return 0;
    if (len > capacity - EL_TFTP_HEADER - 1)
        len = capacity - EL_TFTP_HEADER - 1;
    el_wire_put_be16(&w, EL_TFTP_ERROR);
    el_wire_put_be16(&w, code);
    el_wire_put(&w, message, len);
    el_wire_put_u8(&w, 0);
    return el_wire_done(&w);
}
