/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IPv6: where its router is, or that there is none. */
#include "service/boot_part.h"

#include <string.h>

static int start(struct el_boot_parts *s, struct el_err *err)
{
    const struct el_boot_options *options = s->config->options;
    struct el_ndp_config config = {
        .mac = s->ground.mac, .prefix = s->config->prefix6, .dns_count = options->dns6_count};

    _Static_assert((int)EL_BOOT_OPTION_SERVERS == (int)EL_NDP_SERVERS, "one length");
    if (s->ground.ndp < 0)
        return 0;
    memcpy(config.dns, options->dns6, sizeof config.dns);
    if (options->dns6_count == 0 && s->config->prefix6.ip.family && el_boot_part_dns_serves(s))
        config.dns[config.dns_count++] = el_boot_part_dns_address6(s);
    return el_ndp_io_start(s->net, s->ground.ndp, &config, &s->ndp, err);
}

static void stop(struct el_boot_parts *s)
{
    el_ndp_io_stop(s->ndp);
}

const struct el_boot_part el_boot_part_ndp = {.start = start, .stop = stop};
