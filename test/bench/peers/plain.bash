# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# The kernel's VXLAN, not encrypted: what the machine gives without daemons.
title="plain VXLAN (kernel)"

carrier_up() {
    vxlan 1 192.0.2 wire 1450
    vxlan 2 192.0.2 wire 1450
}
