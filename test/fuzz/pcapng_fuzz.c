/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What counts a trace that passes: in one piece, and byte by byte, it comes to the same. */
#include "frame/pcapng.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool promise)
{
    if (!promise)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct el_pcapng_counter whole = {0}, bytes = {0};

    el_pcapng_count(&whole, data, size);
    for (size_t i = 0; i < size; i++)
        el_pcapng_count(&bytes, data + i, 1);
    require(whole.packets == bytes.packets && whole.lost == bytes.lost);
    require(whole.broken == bytes.broken && whole.packets <= size / 12);
    require(el_pcapng_counter_is_whole(&whole) == el_pcapng_counter_is_whole(&bytes));
    return 0;
}
