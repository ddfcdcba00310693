/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A request and what a client might send after it. Input: packets, each as one byte of delay (units
 * of 100 ms), one byte of length, and its bytes; the first is the request. A transfer must stay
 * within its window, send no packet beyond its block size, and end.
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/time.h"
#include "base/wire.h"
#include "tftp/tftp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t content[3000];
static uint8_t packet[EL_TFTP_PACKET_MAX];

static void check(int holds)
{
    if (!holds)
        abort();
}

static void drain(struct el_tftp_transfer *t, uint64_t now_ns)
{
    unsigned packets = 0;

    for (size_t n; (n = el_tftp_output(t, now_ns, packet, sizeof packet)) > 0; packets++)
        check(n <= EL_TFTP_HEADER + (size_t)t->blksize || packet[1] != EL_TFTP_DATA);
    check(packets <= t->window + 1u);
    check(t->next - t->base <= t->window);
    check(t->outcome != EL_TFTP_RUNNING || t->deadline_ns > now_ns);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct el_wire w = el_wire_read(data, size);
    struct el_tftp_request request;
    struct el_tftp_transfer t;
    const struct el_content_file file = {.size = sizeof content, .bytes = content, .fd = -1};
    uint64_t now_ns = EL_S;

    for (size_t i = 0; i < sizeof content; i++)
        content[i] = (uint8_t) "ab\r\n\r\r"[i % 6];
    for (bool started = false; el_wire_left(&w); started = true) {
        now_ns += el_wire_u8(&w) * 100 * EL_MS;
        size_t len = el_wire_u8(&w);
        len = len < el_wire_left(&w) ? len : el_wire_left(&w);
        const uint8_t *bytes = el_wire_take(&w, len);
        if (!started) {
            if (el_tftp_request_decode(bytes, len, &request) < 0)
                return 0;
            el_tftp_start(&t, now_ns, &request, &file,
                          &(struct el_tftp_limits){.blksize_max = EL_TFTP_BLKSIZE_MAX});
        } else {
            while (el_tftp_deadline(&t) <= now_ns)
                drain(&t, el_tftp_deadline(&t));
            (void)el_tftp_input(&t, now_ns, bytes, len);
        }
        drain(&t, now_ns);
        if (!el_wire_left(&w)) {
            for (unsigned timeouts = 0; el_tftp_deadline(&t) != EL_NEVER; timeouts++) {
                check(timeouts < 32);
                drain(&t, el_tftp_deadline(&t));
            }
            el_tftp_end(&t);
        }
    }
    return 0;
}
