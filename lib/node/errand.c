/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an errand may be. */
#include "node/errand.h"

#include "node/hub_network.h"
#include "switch/switch.h"

#include <string.h>

/* Letters, digits, '-' and '_', and '.' but not in front: what is a directory's name as well. */
static bool is_name(const char text[EL_ERRAND_NAME])
{
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";
    size_t len = strnlen(text, EL_ERRAND_NAME);

    return len > 0 && len < EL_ERRAND_NAME && text[0] != '.' && strspn(text, allowed) == len;
}

int el_errand_check(struct el_errand *errand, struct el_err *err)
{
    const struct el_errand_network *network = &errand->network;

    if (errand->kind < EL_ERRAND_NETWORK_UP || errand->kind > EL_ERRAND_SERVICE_DOWN)
        return el_err(err, EL_EINVAL, "no such errand");
    if (!is_name(network->name))
        return el_err(err, EL_EINVAL,
                      "a network's name has 1 to 15 letters, digits, '-', '_' and '.'");
    if (errand->kind != EL_ERRAND_NETWORK_UP)
        return 0;
    if (network->vni > EL_SWITCH_VNI_MAX)
        return el_err(err, EL_EINVAL, "vni: from 0 to %d", EL_SWITCH_VNI_MAX);
    return el_hub_network_check(&network->cidr, err);
}
