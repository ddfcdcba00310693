# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# OpenVPN in TAP mode, peer to peer with TLS. The MTU leaves room for its 28 bytes, UDP, IP and Ethernet.
title="OpenVPN TAP, AES-128-GCM"
packages=(openvpn)

# certificate SIDE: signed by itself, known to the other side by its fingerprint.
certificate() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj "/CN=$1" \
        -keyout "openvpn-$1.key" -out "openvpn-$1.crt" 2>/dev/null
}

side_up() { # SIDE ROLE
    local peer=$((3 - $1))
    peer_daemon "$1" openvpn --dev tap-ovpn --dev-type tap --proto udp --mode p2p "--tls-$2" \
        --local "192.0.2.$1" --remote "192.0.2.$peer" --port 1194 --dh none \
        --cert "openvpn-$1.crt" --key "openvpn-$1.key" --peer-fingerprint \
        "$(openssl x509 -in "openvpn-$peer.crt" -noout -fingerprint -sha256 | cut -d= -f2)" \
        --data-ciphers AES-128-GCM --tun-mtu 1430 --mssfix 0 --txqueuelen 1000 --fast-io --verb 3
    overlay "$1" tap-ovpn 1430
}

carrier_up() {
    certificate 1
    certificate 2
    side_up 1 server
    side_up 2 client
}
