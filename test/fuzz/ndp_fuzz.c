/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Solicitations of any shape. A record is a step of time, the hop limit, the source's first and
 * last two bytes, and a message with a length before it. What is answered was valid, looked at by
 * another rule than the code's; it goes to the one who asked or to everybody, and never too often:
 * where there is no router, and of one, which speaks by itself as well.
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

static const struct el_ip all_nodes = {6, {0xff, 0x02, [15] = 0x01}};

static void check_reply(const struct el_ndp_reply *reply, bool router)
{
    static const uint8_t nobody[24] = {134, [16] = 1, 1, 2, 0, 0, 0, 0, 9};

    require(reply->len == (router ? 56 : 24));
    require(reply->bytes[0] == 134 && memcmp(reply->bytes + 16, nobody + 16, 8) == 0);
    require(router ? reply->bytes[6] || reply->bytes[7]
                   : memcmp(reply->bytes, nobody, sizeof nobody) == 0);
}

struct count {
    uint64_t answers, told_everybody_ns;
};

static void check_told(struct count *count, uint64_t now_ns)
{
    require(count->told_everybody_ns == EL_NEVER || now_ns - count->told_everybody_ns >= 3 * EL_S);
    count->told_everybody_ns = now_ns;
}

/* A router keeps its time: what it has to say is said once, and then it is quiet for a while. */
static void tick(struct el_ndp *ndp, uint64_t now_ns, bool router, struct count *count)
{
    struct el_ndp_reply reply;

    require(router || el_ndp_deadline_ns(ndp) == EL_NEVER);
    if (el_ndp_tick(ndp, now_ns, &reply) == 0) {
        require(router && el_ip_equal(&reply.to, &all_nodes));
        check_reply(&reply, router);
        check_told(count, now_ns);
    }
    require(el_ndp_deadline_ns(ndp) > now_ns);
}

static void run(const uint8_t *data, size_t size, const struct el_ndp_config *config)
{
    struct el_wire input = el_wire_read(data, size);
    struct el_ndp *ndp = el_ndp_new(config);
    struct count count = {0, EL_NEVER};
    bool router = config->prefix.ip.family == 6;
    uint64_t now_ns = 0;

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
        bool link_local = from.b[0] == 0xfe && from.b[1] >> 6 == 2;

        tick(ndp, now_ns, router, &count);
        int rc = el_ndp_input(ndp, now_ns, &from, hop_limit, bytes, len, &reply);
        require(valid ? rc == 0 || rc == EL_EAGAIN : rc == EL_EPROTO);
        if (rc != 0)
            continue;
        check_reply(&reply, router);
        require(el_ip_equal(&reply.to, link_local ? &from : &all_nodes));
        if (link_local)
            count.answers++;
        else
            check_told(&count, now_ns);
    }
    require(count.answers <= EL_NDP_UNICAST_BURST + now_ns / (EL_NDP_UNICAST_MS * EL_MS));
    el_ndp_free(ndp);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct el_ndp_config config = {.mac = {{2, 0, 0, 0, 0, 9}}};

    run(data, size, &config);
    config.prefix = (struct el_prefix){{6, {0xfd}}, 64};
    run(data, size, &config);
    return 0;
}
