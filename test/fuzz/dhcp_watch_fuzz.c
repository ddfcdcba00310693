/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames that go by, whatever they are: what is made of them names somebody who could have sent
 * them. */
#include "base/csprng.h"
#include "dhcp/dhcp_watch.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct el_mac own = {{2, 0, 0, 0, 0, 1}};
    const struct el_ip server = el_ip4(0xc0a84d01);
    struct el_dhcp_watch watch;
    struct el_dhcp_heard heard = {.offered.family = 0};
    uint8_t frame[EL_DHCP_WATCH_FRAME];

    el_random_seed_for_test(1);
    el_dhcp_watch_init(&watch, &own, &server, EL_DHCP_MODE_SERVER, true, false, EL_S);
    (void)el_dhcp_watch_output(&watch, EL_S, frame);
    enum el_dhcp_heard_kind kind = el_dhcp_watch_input(&watch, EL_S, data, size, 0, &heard);
    if (kind != EL_DHCP_HEARD_NOTHING &&
        (heard.ip.family != 4 || el_mac_equal(&heard.mac, &own) ||
         (kind == EL_DHCP_HEARD_SERVER && el_ip_equal(&heard.ip, &server))))
        abort();
    if (kind == EL_DHCP_HEARD_SERVER &&
        (el_dhcp_watch_mode(&watch) == EL_DHCP_MODE_PROXY) != (heard.offered.family != 0))
        abort();
    return 0;
}
