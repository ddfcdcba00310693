/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames of a LAN: whatever is kept back was worth a look. */
#include "datapath/guard.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct el_ip ip = {.family = 0};
    enum el_guard_kind kind = el_guard_kind_of(data, size, &ip);

    if (kind != EL_GUARD_NOTHING && (size < 38 || !el_guard_may_be(data) || ip.family == 0))
        abort();
    return 0;
}
