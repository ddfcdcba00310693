/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every decoder of the frame room on one frame. */
#include "frame/layers.h"
#include "frame/vxlan.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool truth)
{
    if (!truth)
        abort();
}

/* What was read can be written again, and then has the same bytes. */
static void eth_again(const uint8_t *data, size_t size)
{
    struct el_wire w = el_wire_read(data, size);
    struct el_eth_header eth;
    uint8_t again[EL_ETH_HEADER_MAX];

    el_eth_read(&w, &eth);
    if (!el_wire_ok(&w))
        return;
    size_t len = el_wire_done(&w);
    w = el_wire_write(again, sizeof again);
    el_eth_write(&w, &eth);
    require(el_wire_ok(&w) && el_wire_done(&w) == len && memcmp(again, data, len) == 0);
}

static void walk_options(const struct el_tcp_header *tcp)
{
    size_t len = tcp->header_len - (size_t)EL_TCP_HEADER;
    struct el_wire w = el_wire_read(tcp->options, len);
    struct el_tcp_option option;
    unsigned count = 0;

    while (el_tcp_option_next(&w, &option)) {
        require(option.at >= tcp->options && option.at + option.len <= tcp->options + len);
        count++;
    }
    require(count <= len / 2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct el_layers layers;
    struct el_wire vxlan = el_wire_read(data, size);

    eth_again(data, size);
    require(el_vxlan_read(&vxlan) <= 0xffffff);

    if (el_layers_read(data, size, &layers) < 0)
        return 0;
    (void)el_layers_flow(&layers);
    if (layers.version == 0)
        return 0;
    require(layers.l3 >= EL_ETH_HEADER && layers.l3 <= EL_ETH_HEADER_MAX);
    require(layers.l3 < layers.l4 && layers.l4 <= layers.end && layers.end <= size);
    require(!(layers.fragment && layers.transport));
    (void)el_layers_pseudo(&layers, layers.end - layers.l4);
    if (layers.transport == 0)
        return 0;
    require(layers.l4 < layers.payload && layers.payload <= layers.end);
    if (layers.transport == EL_IP_TCP)
        walk_options(&layers.tcp);
    return 0;
}
