/* SPDX-License-Identifier: GPL-2.0-or-later */
/* WireGuard's messages, bytes to structs and back. */
#include "tunnel/wg_wire.h"

#include "base/wire.h"

enum { TYPE_BYTES = 4 };

enum el_tunnel_message el_tunnel_message(const uint8_t *bytes, size_t len)
{
    static const struct {
        size_t min, max;
    } lengths[] = {
        [EL_TUNNEL_INITIATION] = {EL_TUNNEL_INITIATION_BYTES, EL_TUNNEL_INITIATION_BYTES},
        [EL_TUNNEL_RESPONSE] = {EL_TUNNEL_RESPONSE_BYTES, EL_TUNNEL_RESPONSE_BYTES},
        [EL_TUNNEL_COOKIE_REPLY] = {EL_TUNNEL_COOKIE_REPLY_BYTES, EL_TUNNEL_COOKIE_REPLY_BYTES},
        [EL_TUNNEL_DATA] = {EL_TUNNEL_DATA_MIN_BYTES, SIZE_MAX},
    };
    struct el_wire w = el_wire_read(bytes, len);
    uint32_t type = el_wire_le32(&w);

    if (!el_wire_ok(&w) || type == EL_TUNNEL_INVALID || type > EL_TUNNEL_DATA)
        return EL_TUNNEL_INVALID;
    if (len < lengths[type].min || len > lengths[type].max)
        return EL_TUNNEL_INVALID;
    return (enum el_tunnel_message)type;
}

void el_tunnel_get_initiation(const uint8_t bytes[EL_TUNNEL_INITIATION_BYTES],
                              struct el_tunnel_initiation *msg)
{
    struct el_wire w = el_wire_read(bytes, EL_TUNNEL_INITIATION_BYTES);

    el_wire_skip(&w, TYPE_BYTES);
    msg->sender = el_wire_le32(&w);
    el_wire_copy(&w, msg->ephemeral, sizeof msg->ephemeral);
    el_wire_copy(&w, msg->sealed_static, sizeof msg->sealed_static);
    el_wire_copy(&w, msg->sealed_timestamp, sizeof msg->sealed_timestamp);
}

void el_tunnel_get_response(const uint8_t bytes[EL_TUNNEL_RESPONSE_BYTES],
                            struct el_tunnel_response *msg)
{
    struct el_wire w = el_wire_read(bytes, EL_TUNNEL_RESPONSE_BYTES);

    el_wire_skip(&w, TYPE_BYTES);
    msg->sender = el_wire_le32(&w);
    msg->receiver = el_wire_le32(&w);
    el_wire_copy(&w, msg->ephemeral, sizeof msg->ephemeral);
    el_wire_copy(&w, msg->sealed_nothing, sizeof msg->sealed_nothing);
}

void el_tunnel_get_cookie_reply(const uint8_t bytes[EL_TUNNEL_COOKIE_REPLY_BYTES],
                                struct el_tunnel_cookie_reply *msg)
{
    struct el_wire w = el_wire_read(bytes, EL_TUNNEL_COOKIE_REPLY_BYTES);

    el_wire_skip(&w, TYPE_BYTES);
    msg->receiver = el_wire_le32(&w);
    el_wire_copy(&w, msg->nonce, sizeof msg->nonce);
    el_wire_copy(&w, msg->sealed_cookie, sizeof msg->sealed_cookie);
}

void el_tunnel_get_data_header(const uint8_t bytes[EL_TUNNEL_DATA_MIN_BYTES],
                               struct el_tunnel_data_header *header)
{
    struct el_wire w = el_wire_read(bytes, EL_TUNNEL_DATA_MIN_BYTES);

    el_wire_skip(&w, TYPE_BYTES);
    header->receiver = el_wire_le32(&w);
    header->counter = el_wire_le64(&w);
}

void el_tunnel_put_initiation(uint8_t bytes[EL_TUNNEL_INITIATION_BYTES],
                              const struct el_tunnel_initiation *msg)
{
    struct el_wire w = el_wire_write(bytes, EL_TUNNEL_INITIATION_BYTES);

    el_wire_put_le32(&w, EL_TUNNEL_INITIATION);
    el_wire_put_le32(&w, msg->sender);
    el_wire_put(&w, msg->ephemeral, sizeof msg->ephemeral);
    el_wire_put(&w, msg->sealed_static, sizeof msg->sealed_static);
    el_wire_put(&w, msg->sealed_timestamp, sizeof msg->sealed_timestamp);
    el_wire_put_zero(&w, el_wire_left(&w));
}

void el_tunnel_put_response(uint8_t bytes[EL_TUNNEL_RESPONSE_BYTES],
                            const struct el_tunnel_response *msg)
{
    struct el_wire w = el_wire_write(bytes, EL_TUNNEL_RESPONSE_BYTES);

    el_wire_put_le32(&w, EL_TUNNEL_RESPONSE);
    el_wire_put_le32(&w, msg->sender);
    el_wire_put_le32(&w, msg->receiver);
    el_wire_put(&w, msg->ephemeral, sizeof msg->ephemeral);
    el_wire_put(&w, msg->sealed_nothing, sizeof msg->sealed_nothing);
    el_wire_put_zero(&w, el_wire_left(&w));
}

void el_tunnel_put_cookie_reply(uint8_t bytes[EL_TUNNEL_COOKIE_REPLY_BYTES],
                                const struct el_tunnel_cookie_reply *msg)
{
    struct el_wire w = el_wire_write(bytes, EL_TUNNEL_COOKIE_REPLY_BYTES);

    el_wire_put_le32(&w, EL_TUNNEL_COOKIE_REPLY);
    el_wire_put_le32(&w, msg->receiver);
    el_wire_put(&w, msg->nonce, sizeof msg->nonce);
    el_wire_put(&w, msg->sealed_cookie, sizeof msg->sealed_cookie);
}

void el_tunnel_put_data_header(uint8_t bytes[EL_TUNNEL_DATA_MIN_BYTES],
                               const struct el_tunnel_data_header *header)
{
    struct el_wire w = el_wire_write(bytes, EL_TUNNEL_DATA_MIN_BYTES);

    el_wire_put_le32(&w, EL_TUNNEL_DATA);
    el_wire_put_le32(&w, header->receiver);
    el_wire_put_le64(&w, header->counter);
}
