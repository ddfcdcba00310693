# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# n2n: two edges that find each other through a supernode and then talk directly.
title="n2n, AES"
packages=(n2n)

carrier_up() {
    local side
    helper 1 supernode supernode -p 7654 -f
    for side in 1 2; do
        peer_daemon "$side" edge -f -u 0 -g 0 -d tap-n2n -c bench -k measured -A3 -l 192.0.2.1:7654 \
            -a "static:10.77.0.$side/24" -M 1400 -p $((7660 + side))
        until_ready nsip "$side" address show dev tap-n2n to "10.77.0.$side"
    done
}
