# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# strongSwan with ESP in user space (kernel-libipsec), UDP-encapsulated, and the kernel's VXLAN on top.
title="strongSwan libipsec + VXLAN"
packages=(charon-systemd strongswan-swanctl libstrongswan-extra-plugins libcharon-extra-plugins)

side_files() {
    local peer=$((3 - $1))
    cat >"strongswan-$1.conf" <<CONF
charon-systemd {
    load = random nonce openssl kernel-libipsec kernel-netlink socket-default vici
    filelog { log { path = /bench/charon-$1.log } }
    plugins {
        vici { socket = unix:///bench/vici-$1 }
        kernel-libipsec { allow_peer_ts = yes }
    }
}
CONF
    cat >"swanctl-$1.conf" <<CONF
connections { bench {
    version = 2
    local_addrs = 192.0.2.$1
    remote_addrs = 192.0.2.$peer
    encap = yes
    mobike = no
    proposals = aes128gcm16-prfsha256-x25519
    local { auth = psk
            id = side$1 }
    remote { auth = psk
             id = side$peer }
    children { vxlan {
        local_ts = 100.64.0.$1/32
        remote_ts = 100.64.0.$peer/32
        esp_proposals = aes128gcm16
    } }
} }
secrets { ike-bench { secret = measured } }
CONF
}

side_up() {
    side_files "$1"
    nsip "$1" address add "100.64.0.$1/32" dev lo
    STRONGSWAN_CONF=/bench/strongswan-$1.conf peer_daemon "$1" charon-systemd
    until_ready swanctl "$1" --load-all --file "swanctl-$1.conf" --noprompt
}

swanctl() { # SIDE ARGUMENT…
    peer_command "$1" swanctl "${@:2}" --uri "unix:///bench/vici-$1"
}

carrier_up() {
    local side
    side_up 1
    side_up 2
    until_ready swanctl 1 --initiate --child vxlan
    for side in 1 2; do
        vxlan "$side" 100.64.0 ipsec0 1350 # its device has 1400, whatever is set
    done
}
