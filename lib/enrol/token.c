/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A token's bytes:
 *
 *     4   checksum of all that follows
 *     4   expiry, seconds since 1970
 *     32  the hub's public key
 *     16  the seed of the enrolment key
 *     ... the spoke's name, if it has one; then the endpoints: each begins with a byte that says
 *         what it is
 *     ... zeros, as many as the last group of symbols has room for
 *
 * Numbers are big-endian. What could be written in two ways is refused in all but one.
 */
#include "enrol/token.h"

#include "base/addr.h"
#include "base/civil.h"
#include "base/csprng.h"
#include "base/wire.h"
#include "enrol/token_text.h"

#include <sodium.h>
#include <string.h>

enum {
    CHECKSUM_BYTES = 4,
    TAG_END = 0,
    TAG_NAME = 1, /* length, characters */
    TAG_IP4 = 2,  /* 4 bytes */
    TAG_IP6 = 3,  /* 16 */
    TAG_HOST = 4, /* length, characters */
    TAG_PORT = 8, /* with one of these three: behind it follows the port, 2 bytes */
    FIXED_BYTES = CHECKSUM_BYTES + 4 + EL_ENROL_KEY_BYTES + EL_ENROL_SEED_BYTES,
    NAME_BYTES = 2 + EL_ENROL_NAME_BYTES - 1,
    ENDPOINT_BYTES = 2 + EL_ENROL_HOST_BYTES - 1 + 2,
};

_Static_assert(FIXED_BYTES + 3 == EL_ENROL_TOKEN_BYTES_MIN, "an endpoint is a letter at least");
_Static_assert(FIXED_BYTES + NAME_BYTES + EL_ENROL_ENDPOINTS_MAX * ENDPOINT_BYTES ==
                   EL_ENROL_TOKEN_BYTES_MAX,
               "the longest token");
_Static_assert(EL_ENROL_GROUP_ROOM(EL_ENROL_GROUPS(EL_ENROL_TOKEN_BYTES_MAX)) ==
                   EL_ENROL_TOKEN_BYTES_MAX,
               "the longest token fills its groups");

/* -- keys -- */

/* BLAKE2b (RFC 7693), with a label of ours as its key: the same bytes give nothing elsewhere. */
static void labelled_hash(const char *label, const uint8_t *bytes, size_t len, uint8_t out[32])
{
    crypto_generichash(out, 32, bytes, len, (const uint8_t *)label, strlen(label));
}

void el_enrol_token_make_key(struct el_enrol_token *token)
{
    el_random(token->seed, sizeof token->seed);
}

void el_enrol_token_key(const struct el_enrol_token *token, uint8_t key[EL_ENROL_KEY_BYTES])
{
    labelled_hash("el2w token 1 enrolment key", token->seed, sizeof token->seed, key);
    /* As every X25519 key is kept (RFC 7748 §5). */
    key[0] &= 0xf8;
    key[31] = (uint8_t)((key[31] & 0x7f) | 0x40);
}

void el_enrol_token_wipe(struct el_enrol_token *token)
{
    sodium_memzero(token, sizeof *token);
}

static uint32_t checksum(const uint8_t *bytes, size_t len)
{
    uint8_t hash[32];

    labelled_hash("el2w token 1 checksum", bytes + CHECKSUM_BYTES, len - CHECKSUM_BYTES, hash);
    struct el_wire w = el_wire_read(hash, sizeof hash);
    return el_wire_be32(&w);
}

/* -- names -- */

#define LETTERS_AND_DIGITS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

static bool is_name(const char *text)
{
    size_t len = strnlen(text, EL_ENROL_NAME_BYTES);

    return len > 0 && len < EL_ENROL_NAME_BYTES && strspn(text, LETTERS_AND_DIGITS "-._") == len;
}

/* RFC 1035 §2.3.4: labels of 1 to 63 characters. Not an address, which has a form of its own. */
static bool is_host(const char *text)
{
    size_t len = strnlen(text, EL_ENROL_HOST_BYTES);
    struct el_ip ip;

    if (len == 0 || len == EL_ENROL_HOST_BYTES || el_ip_parse(text, &ip) == 0)
        return false;
    for (const char *label = text;; label++) {
        size_t bytes = strspn(label, LETTERS_AND_DIGITS "-_");
        if (bytes == 0 || bytes > 63 || label[0] == '-')
            return false;
        label += bytes;
        if (!*label)
            return true;
        if (*label != '.')
            return false;
    }
}

/* -- building -- */

static void put_text(struct el_wire *w, const char *text)
{
    size_t len = strlen(text);

    el_wire_put_u8(w, (uint8_t)len);
    el_wire_put(w, text, len);
}

static int put_endpoint(struct el_wire *w, const struct el_enrol_endpoint *endpoint,
                        struct el_err *err)
{
    uint8_t port_tag = endpoint->port == EL_ENROL_PORT ? 0 : TAG_PORT;
    struct el_ip ip;

    if (endpoint->port == 0)
        return el_err(err, EL_EINVAL, "token: endpoint: port 0 is none");
    if (strnlen(endpoint->host, EL_ENROL_HOST_BYTES) == EL_ENROL_HOST_BYTES)
        return el_err(err, EL_EINVAL, "token: endpoint: its name is too long");
    if (el_ip_parse(endpoint->host, &ip) == 0) {
        el_wire_put_u8(w, (ip.family == 4 ? TAG_IP4 : TAG_IP6) | port_tag);
        el_wire_put(w, ip.b, ip.family == 4 ? 4 : 16);
    } else if (is_host(endpoint->host)) {
        el_wire_put_u8(w, TAG_HOST | port_tag);
        put_text(w, endpoint->host);
    } else {
        return el_err(err, EL_EINVAL, "token: endpoint %s: neither an address nor a name",
                      endpoint->host);
    }
    if (port_tag)
        el_wire_put_be16(w, endpoint->port);
    return 0;
}

static int put_token(struct el_wire *w, const struct el_enrol_token *token, struct el_err *err)
{
    if (token->expires_s < 1 || token->expires_s > UINT32_MAX)
        return el_err(err, EL_EINVAL, "token: it would expire outside the years 1970 to 2106");
    if (token->name[0] && !is_name(token->name))
        return el_err(err, EL_EINVAL,
                      "token: a spoke's name is up to %d letters, digits, '-', '.' and '_'",
                      EL_ENROL_NAME_BYTES - 1);
    if (token->endpoint_count < 1 || token->endpoint_count > EL_ENROL_ENDPOINTS_MAX)
        return el_err(err, EL_EINVAL, "token: it takes 1 to %d endpoints of the hub",
                      EL_ENROL_ENDPOINTS_MAX);
    el_wire_put_be32(w, 0); /* the checksum's place */
    el_wire_put_be32(w, (uint32_t)token->expires_s);
    el_wire_put(w, token->hub_key, sizeof token->hub_key);
    el_wire_put(w, token->seed, sizeof token->seed);
    if (token->name[0]) {
        el_wire_put_u8(w, TAG_NAME);
        put_text(w, token->name);
    }
    int failed = 0;
    for (unsigned i = 0; i < token->endpoint_count && !failed; i++)
        failed = put_endpoint(w, &token->endpoints[i], err);
    return failed;
}

int el_enrol_token_encode(const struct el_enrol_token *token, char text[EL_ENROL_TOKEN_TEXT],
                          struct el_err *err)
{
    uint8_t bytes[EL_ENROL_TOKEN_BYTES_MAX] = {0};
    struct el_wire w = el_wire_write(bytes, sizeof bytes);
    int result = put_token(&w, token, err);

    if (result == 0) {
        size_t len = EL_ENROL_GROUP_ROOM(EL_ENROL_GROUPS(el_wire_done(&w)));
        struct el_wire head = el_wire_write(bytes, CHECKSUM_BYTES);
        el_wire_put_be32(&head, checksum(bytes, len));
        result = (int)el_enrol_token_text(bytes, len, text);
    }
    sodium_memzero(bytes, sizeof bytes);
    return result;
}

/* -- parsing -- */

/* A length and as many characters, to TEXT with room for CAPACITY. */
static void take_text(struct el_wire *w, char *text, size_t capacity)
{
    size_t len = el_wire_u8(w);

    if (len >= capacity) {
        el_wire_fail(w);
        return;
    }
    el_wire_copy(w, text, len);
    text[len] = '\0';
    if (strlen(text) != len)
        el_wire_fail(w);
}

static void take_ip(struct el_wire *w, uint8_t family, char *text)
{
    struct el_ip ip = {.family = family};

    el_wire_copy(w, ip.b, family == 4 ? 4 : 16);
    el_ip_text(&ip, text);
}

static void take_endpoint(struct el_wire *w, uint8_t tag, struct el_enrol_endpoint *endpoint)
{
    switch (tag & ~TAG_PORT) {
    case TAG_IP4: take_ip(w, 4, endpoint->host); break;
    case TAG_IP6: take_ip(w, 6, endpoint->host); break;
    case TAG_HOST:
        take_text(w, endpoint->host, sizeof endpoint->host);
        if (!is_host(endpoint->host))
            el_wire_fail(w);
        break;
    default: el_wire_fail(w);
    }
    endpoint->port = EL_ENROL_PORT;
    if (tag & TAG_PORT) {
        endpoint->port = el_wire_be16(w);
        if (endpoint->port == 0 || endpoint->port == EL_ENROL_PORT)
            el_wire_fail(w);
    }
}

/* The name and the endpoints, and nothing behind them but the zeros that the last group needs. */
static void take_list(struct el_wire *w, struct el_enrol_token *token)
{
    size_t used = 0;
    uint8_t tag;

    while ((tag = el_wire_u8(w)) != TAG_END) {
        if (tag == TAG_NAME && token->endpoint_count == 0 && !token->name[0]) {
            take_text(w, token->name, sizeof token->name);
            if (!is_name(token->name))
                el_wire_fail(w);
        } else if (token->endpoint_count < EL_ENROL_ENDPOINTS_MAX) {
            take_endpoint(w, tag, &token->endpoints[token->endpoint_count++]);
        } else {
            el_wire_fail(w);
        }
        used = el_wire_done(w);
        if (!el_wire_ok(w) || el_wire_left(w) == 0)
            break;
    }
    while (el_wire_left(w))
        if (el_wire_u8(w) != 0)
            el_wire_fail(w);
    if (token->endpoint_count == 0 || EL_ENROL_GROUP_ROOM(EL_ENROL_GROUPS(used)) != el_wire_done(w))
        el_wire_fail(w);
}

static int take_token(const uint8_t *bytes, size_t len, struct el_enrol_token *token,
                      struct el_err *err)
{
    struct el_wire w = el_wire_read(bytes, len);

    if (el_wire_be32(&w) != checksum(bytes, len))
        return el_err(err, EL_EINVAL,
                      "token: two groups changed places, or it is mistyped in several: read it "
                      "again from the beginning");
    token->expires_s = el_wire_be32(&w);
    el_wire_copy(&w, token->hub_key, sizeof token->hub_key);
    el_wire_copy(&w, token->seed, sizeof token->seed);
    take_list(&w, token);
    if (!el_wire_ok(&w) || token->expires_s == 0)
        return el_err(
            err, EL_EPROTO,
            "token: it is as it was made, but this el2w cannot read it: use the same el2w "
            "here as on the hub");
    return 0;
}

int el_enrol_token_decode(const char *text, struct el_enrol_token *token, struct el_err *err)
{
    uint8_t bytes[EL_ENROL_TOKEN_BYTES_MAX];

    memset(token, 0, sizeof *token);
    int result = el_enrol_token_text_read(text, bytes, err);
    if (result >= 0)
        result = take_token(bytes, (size_t)result, token, err);
    sodium_memzero(bytes, sizeof bytes);
    if (result < 0)
        el_enrol_token_wipe(token);
    return result;
}

int el_enrol_token_in_time(const struct el_enrol_token *token, int64_t now_s, struct el_err *err)
{
    char expires[EL_CIVIL_TEXT], now[EL_CIVIL_TEXT];

    if (now_s < token->expires_s)
        return 0;
    return el_err(err, EL_EPERM,
                  "token: it expired at %s, and by this computer's clock it is %s: make a new one "
                  "on the hub (el2w token create %s), or set the clock if that is what is wrong",
                  el_civil_text(token->expires_s, expires), el_civil_text(now_s, now),
                  token->name[0] ? token->name : "NAME");
}
