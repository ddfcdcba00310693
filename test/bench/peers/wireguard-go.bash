# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# wireguard-go with the kernel's VXLAN on top.
title="wireguard-go + VXLAN"
packages=(wireguard-go wireguard-tools)

# wireguard_side SIDE PREFIX: wgSIDE up, with a peer that has the address PREFIX.(the other side).
wireguard_side() {
    local peer=$((3 - $1))
    peer_daemon "$1" wireguard-go -f "wg$1"
    until_ready peer_command "$1" wg show "wg$1"
    peer_command "$1" wg set "wg$1" private-key "wg-$1.key" listen-port 51820 \
        peer "$(wg pubkey <"wg-$peer.key")" endpoint "192.0.2.$peer:51820" allowed-ips "$2.$peer/32"
    nsip "$1" link set "wg$1" mtu 1440 up
}

wireguard_up() {
    (umask 077; for side in 1 2; do wg genkey >"wg-$side.key"; done)
    wireguard_side 1 "$1"
    wireguard_side 2 "$1"
}

carrier_up() {
    local side
    wireguard_up 100.64.0
    for side in 1 2; do
        nsip "$side" address add "100.64.0.$side/24" dev "wg$side"
        vxlan "$side" 100.64.0 "wg$side" 1390
    done
}
