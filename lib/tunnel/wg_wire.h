/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The four messages of WireGuard, bytes to structs and back (whitepaper §5.4.2 to §5.4.7).
 *
 * All numbers are little-endian. A message's type is one byte and three reserved zeros. The two
 * handshake messages end with mac1 and mac2, which cover the bytes before them: see cookie.h.
 */
#ifndef EL_TUNNEL_WG_WIRE_H
#define EL_TUNNEL_WG_WIRE_H

#include <stddef.h>
#include <stdint.h>

enum el_tunnel_message {
    EL_TUNNEL_INVALID = 0, /* no message has this type and length */
    EL_TUNNEL_INITIATION = 1,
    EL_TUNNEL_RESPONSE = 2,
    EL_TUNNEL_COOKIE_REPLY = 3,
    EL_TUNNEL_DATA = 4,
};

enum {
    EL_TUNNEL_INITIATION_BYTES = 148,
    EL_TUNNEL_RESPONSE_BYTES = 92,
    EL_TUNNEL_COOKIE_REPLY_BYTES = 64,
    EL_TUNNEL_DATA_MIN_BYTES = 32, /* header and tag: a keepalive */
    EL_TUNNEL_MAC_BYTES = 16,
    EL_TUNNEL_TIMESTAMP_BYTES = 12,
    EL_TUNNEL_AEAD_TAG = 16,
    EL_TUNNEL_NONCE_BYTES = 24,
};

struct el_tunnel_initiation {
    uint32_t sender;
    uint8_t ephemeral[32];
    uint8_t sealed_static[32 + EL_TUNNEL_AEAD_TAG];
    uint8_t sealed_timestamp[EL_TUNNEL_TIMESTAMP_BYTES + EL_TUNNEL_AEAD_TAG];
};

struct el_tunnel_response {
    uint32_t sender;
    uint32_t receiver;
    uint8_t ephemeral[32];
    uint8_t sealed_nothing[EL_TUNNEL_AEAD_TAG];
};

struct el_tunnel_cookie_reply {
    uint32_t receiver;
    uint8_t nonce[EL_TUNNEL_NONCE_BYTES];
    uint8_t sealed_cookie[EL_TUNNEL_MAC_BYTES + EL_TUNNEL_AEAD_TAG];
};

struct el_tunnel_data_header {
    uint32_t receiver;
    uint64_t counter;
};

/* What [bytes, bytes+len) claims to be. Anything but EL_TUNNEL_INVALID has the length of its type,
 * so that the functions below cannot fail on it. */
enum el_tunnel_message el_tunnel_message(const uint8_t *bytes, size_t len);

void el_tunnel_get_initiation(const uint8_t bytes[EL_TUNNEL_INITIATION_BYTES],
                              struct el_tunnel_initiation *msg);
void el_tunnel_get_response(const uint8_t bytes[EL_TUNNEL_RESPONSE_BYTES],
                            struct el_tunnel_response *msg);
void el_tunnel_get_cookie_reply(const uint8_t bytes[EL_TUNNEL_COOKIE_REPLY_BYTES],
                                struct el_tunnel_cookie_reply *msg);
void el_tunnel_get_data_header(const uint8_t bytes[EL_TUNNEL_DATA_MIN_BYTES],
                               struct el_tunnel_data_header *header);

/* The place of both macs is zeroed. */
void el_tunnel_put_initiation(uint8_t bytes[EL_TUNNEL_INITIATION_BYTES],
                              const struct el_tunnel_initiation *msg);
void el_tunnel_put_response(uint8_t bytes[EL_TUNNEL_RESPONSE_BYTES],
                            const struct el_tunnel_response *msg);
void el_tunnel_put_cookie_reply(uint8_t bytes[EL_TUNNEL_COOKIE_REPLY_BYTES],
                                const struct el_tunnel_cookie_reply *msg);
void el_tunnel_put_data_header(uint8_t bytes[EL_TUNNEL_DATA_MIN_BYTES],
                               const struct el_tunnel_data_header *header);

#endif
