/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an errand may be. */
#include "hub/errand.h"

#include "hub/hub_network.h"
#include "registry/registry.h"
#include "switch/switch.h"

#include <string.h>

/* Letters, digits, '-' and '_', and '.' but not in front: what is a directory's name as well, and
 * no option of a program. */
static bool is_name(const char *text, size_t capacity)
{
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";
    size_t len = strnlen(text, capacity);

    return len > 0 && len < capacity && text[0] != '.' && strspn(text, allowed) == len;
}

static int check_question(const struct el_errand_question *question, struct el_err *err)
{
    uint8_t family = question->from.ip.family;

    if (!is_name(question->name, sizeof question->name) || question->name[0] == '-')
        return el_err(err, EL_EINVAL,
                      "a spoke's name has 1 to 63 letters, digits, '-', '_' and '.'");
    if (family != 0 && family != 4 && family != 6)
        return el_err(err, EL_EINVAL, "from: no such family of addresses");
    return 0;
}

static int check(const struct el_errand *errand, struct el_err *err)
{
    const struct el_errand_network *network = &errand->network;

    if (errand->kind < EL_ERRAND_NETWORK_UP || errand->kind > EL_ERRAND_ASK)
        return el_err(err, EL_EINVAL, "no such errand");
    if (errand->kind == EL_ERRAND_ASK)
        return check_question(&errand->question, err);
    if (!is_name(network->name, sizeof network->name))
        return el_err(err, EL_EINVAL,
                      "a network's name has 1 to 15 letters, digits, '-', '_' and '.'");
    if (errand->kind != EL_ERRAND_NETWORK_UP && errand->kind != EL_ERRAND_PORT_UP)
        return 0;
    if (network->vni > EL_SWITCH_VNI_MAX)
        return el_err(err, EL_EINVAL, "vni: from 0 to %d", EL_SWITCH_VNI_MAX);
    if (errand->kind == EL_ERRAND_PORT_UP)
        return 0;
    int rc = el_registry_prefix6_check(&network->prefix6, err);
    return rc == 0 ? el_hub_network_check(&network->cidr, err) : rc;
}

/* A name that has no end is none. */
static void end_name(char *name, size_t capacity)
{
    if (strnlen(name, capacity) == capacity)
        memset(name, 0, capacity);
}

int el_errand_check(struct el_errand *errand, struct el_err *err)
{
    end_name(errand->network.name, sizeof errand->network.name);
    end_name(errand->question.name, sizeof errand->question.name);
    return check(errand, err);
}
