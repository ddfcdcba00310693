# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# tinc 1.0 as a switch. Without its search for the MTU, which in the first seconds sends all over TCP: 1430 fit.
title="tinc switch, AES-128-CBC+SHA1"
packages=(tinc)

side_files() {
    local dir=tinc-$1
    mkdir -p "$dir/hosts"
    printf '%s\n' "Name = side$1" "ConnectTo = side$((3 - $1))" "Mode = switch" "DeviceType = tap" \
        "Interface = tap-tinc" "BindToAddress = 192.0.2.$1" >"$dir/tinc.conf"
    printf '%s\n' "Address = 192.0.2.$1" "Cipher = aes-128-cbc" "Digest = sha1" \
        "PMTUDiscovery = no" >"$dir/hosts/side$1"
    openssl genrsa -traditional 2048 >"$dir/rsa_key.priv" 2>/dev/null
    openssl rsa -in "$dir/rsa_key.priv" -RSAPublicKey_out >>"$dir/hosts/side$1" 2>/dev/null
}

carrier_up() {
    local side
    side_files 1
    side_files 2
    cp tinc-1/hosts/side1 tinc-2/hosts
    cp tinc-2/hosts/side2 tinc-1/hosts
    for side in 1 2; do
        peer_daemon "$side" tincd --config="tinc-$side" --no-detach --pidfile="tinc-$side.run" --debug=1
        overlay "$side" tap-tinc 1430
    done
}
