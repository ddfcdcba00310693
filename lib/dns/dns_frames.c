/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages in a stream. */
#include "dns/dns_frames.h"

#include "base/err.h"

#include <string.h>

/* How long all of it is, as far as that is known. */
static size_t wanted(const struct el_dns_frames *frames)
{
    if (frames->len < EL_DNS_FRAME_BYTES)
        return EL_DNS_FRAME_BYTES;
    return EL_DNS_FRAME_BYTES + ((size_t)frames->bytes[0] << 8 | frames->bytes[1]);
}

int el_dns_frames_take(struct el_dns_frames *frames, const uint8_t **bytes, size_t *left,
                       const uint8_t **message, size_t *len)
{
    if (frames->len > EL_DNS_FRAME_BYTES && frames->len == wanted(frames))
        frames->len = 0; /* the one before */
    while (*left > 0) {
        size_t need = wanted(frames) - frames->len;
        size_t part = need < *left ? need : *left;
        memcpy(frames->bytes + frames->len, *bytes, part);
        frames->len += part;
        *bytes += part;
        *left -= part;
        if (frames->len < EL_DNS_FRAME_BYTES)
            continue;
        if (wanted(frames) == EL_DNS_FRAME_BYTES)
            return EL_EPROTO;
        if (wanted(frames) > frames->capacity)
            return EL_EFULL;
        if (frames->len < wanted(frames))
            continue;
        *message = frames->bytes + EL_DNS_FRAME_BYTES;
        *len = frames->len - EL_DNS_FRAME_BYTES;
        return 1;
    }
    return 0;
}
