# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Nebula is layer 3: AES-256-GCM, and the kernel's VXLAN on top.
title="Nebula + VXLAN"
packages=(nebula)

side_up() {
    peer_command 1 nebula-cert sign -name "$1" -ip "100.64.0.$1/24" -ca-crt nebula-ca.crt -ca-key nebula-ca.key \
        -out-crt "nebula-$1.crt" -out-key "nebula-$1.key"
    cat >"nebula-$1.yml" <<YML
pki: {ca: nebula-ca.crt, cert: nebula-$1.crt, key: nebula-$1.key}
static_host_map: {"100.64.0.$((3 - $1))": ["192.0.2.$((3 - $1)):4242"]}
lighthouse: {am_lighthouse: false}
listen: {host: 192.0.2.$1, port: 4242, batch: 64}
cipher: aes
tun: {dev: nebula, mtu: 1440, tx_queue: 1000}
firewall: {outbound: [{port: any, proto: any, host: any}], inbound: [{port: any, proto: any, host: any}]}
YML
    peer_daemon "$1" nebula -config "nebula-$1.yml"
    until_ready nsip "$1" route get "100.64.0.$((3 - $1))" oif nebula
    vxlan "$1" 100.64.0 nebula 1390
}

carrier_up() {
    peer_command 1 nebula-cert ca -name bench -out-crt nebula-ca.crt -out-key nebula-ca.key
    side_up 1
    side_up 2
}
