/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The VXLAN header (RFC 7348 §5). */
#ifndef EL_FRAME_VXLAN_H
#define EL_FRAME_VXLAN_H

#include "base/wire.h"

enum {
    EL_VXLAN_HEADER = 8,
    EL_VXLAN_PORT = 4789,
    EL_VXLAN_FLAG_VNI = 0x08, /* the I bit: the VNI is valid. Without it: not VXLAN */
};

/* Passes the header; the VNI, 0..2^24-1. Fails without the I bit; reserved bits are ignored (§5).
 */
uint32_t el_vxlan_read(struct el_wire *w);
void el_vxlan_write(struct el_wire *w, uint32_t vni);

#endif
