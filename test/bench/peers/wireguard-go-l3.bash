# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# wireguard-go without an Ethernet on top: for comparison only, it cannot boot a machine.
. "$bench/peers/wireguard-go.bash"
title="wireguard-go, layer 3 only"

carrier_up() {
    wireguard_up 10.77.0
    overlay 1 wg1
    overlay 2 wg2
}
