/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "frame/vxlan.h"

uint32_t el_vxlan_read(struct el_wire *w)
{
    if (!(el_wire_u8(w) & EL_VXLAN_FLAG_VNI))
        el_wire_fail(w);
    el_wire_skip(w, 3);
    return el_wire_be32(w) >> 8;
}

void el_vxlan_write(struct el_wire *w, uint32_t vni)
{
    el_wire_put_be32(w, (uint32_t)EL_VXLAN_FLAG_VNI << 24);
    el_wire_put_be32(w, vni << 8);
}
