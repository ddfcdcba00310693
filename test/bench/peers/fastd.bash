# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# fastd in TAP mode with the fastest of its ciphers that authenticates.
title="fastd TAP, salsa2012+umac"
packages=(fastd)

# key SIDE: fastd prints "Secret: ..." and "Public: ...".
key() {
    [[ -e fastd-$1.key ]] || peer_command 1 fastd --generate-key >"fastd-$1.key" 2>/dev/null
    sed -n "s/^$2: //p" "fastd-$1.key"
}

side_up() {
    local peer=$((3 - $1))
    cat >"fastd-$1.conf" <<CONF
log level info;
mode tap;
interface "tap-fastd";
method "salsa2012+umac";
mtu 1434;
bind 192.0.2.$1:10000;
secret "$(key "$1" Secret)";
peer "other" { remote 192.0.2.$peer:10000; key "$(key "$peer" Public)"; }
CONF
    peer_daemon "$1" fastd --config "fastd-$1.conf"
    overlay "$1" tap-fastd
}

carrier_up() {
    side_up 1
    side_up 2
}
