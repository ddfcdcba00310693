/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Solicitations of any shape. A record is a step of time, the hop limit, the source's first and
 * last two bytes, and a message with a length before it. What is answered was valid, looked at by
 * another rule than the code's; it goes to the one who asked or to everybody, and never too often.
 */
#include "ndp/ndp.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* RFC 4861 §6.1.1. */
static bool is_valid(const uint8_t *bytes, size_t len, uint8_t hop_limit, bool has_address)
{
    size_t at = 8;

    if (len < 8 || len % 8 != 0 || bytes[0] != 133 || bytes[1] != 0 || hop_limit != 255)
        return false;
    while (at < len) {
        if (bytes[at + 1] == 0 || (bytes[at] == 1 && !has_address))
            return false;
        at += (size_t)bytes[at + 1] * 8;
    }
    return at == len;
}

static void check_reply(const struct el_ndp_reply *reply, const struct el_ip *from)
{
    static const struct el_ip all_nodes = {6, {0xff, 0x02, [15] = 0x01}};
    static const uint8_t expected[EL_NDP_ADVERTISEMENT_BYTES] = {134, [16] = 1, 1, 2, 0,
                                                                 0,   0,        0, 9};

    require(memcmp(reply->bytes, expected, sizeof expected) == 0);
    require(el_ip_equal(&reply->to, &all_nodes) || el_ip_equal(&reply->to, from));
    require((reply->to.b[0] == 0xff) == !(from->b[0] == 0xfe && from->b[1] >> 6 == 2));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct el_mac mac = {{2, 0, 0, 0, 0, 9}};
    struct el_wire input = el_wire_read(data, size);
    struct el_ndp *ndp = el_ndp_new(&mac);
    uint64_t now_ns = 0, answers = 0, told_everybody_ns = EL_NEVER;

    require(ndp != NULL);
    while (el_wire_left(&input) >= 8) {
        struct el_ip from = {.family = 6};
        struct el_ndp_reply reply;

        now_ns += (uint64_t)el_wire_be16(&input) * EL_MS;
        uint8_t hop_limit = el_wire_u8(&input);
        el_wire_copy(&input, from.b, 2);
        el_wire_copy(&input, from.b + 14, 2);
        size_t len = el_wire_u8(&input);
        len = len < el_wire_left(&input) ? len : el_wire_left(&input);
        const uint8_t *bytes = el_wire_take(&input, len);
        bool has_address = from.b[0] || from.b[1] || from.b[14] || from.b[15];
        bool valid = is_valid(bytes, len, hop_limit, has_address) && from.b[0] != 0xff;

        int rc = el_ndp_input(ndp, now_ns, &from, hop_limit, bytes, len, &reply);
        require(valid ? rc == 0 || rc == EL_EAGAIN : rc == EL_EPROTO);
        if (rc != 0)
            continue;
        check_reply(&reply, &from);
        if (reply.to.b[0] == 0xff) {
            require(told_everybody_ns == EL_NEVER || now_ns - told_everybody_ns >= 3 * EL_S);
            told_everybody_ns = now_ns;
        } else {
            answers++;
        }
    }
    require(answers <= EL_NDP_UNICAST_BURST + now_ns / (EL_NDP_UNICAST_MS * EL_MS));
    el_ndp_free(ndp);
    return 0;
}
