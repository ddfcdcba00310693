# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# el2w by itself, `el2w tunnel`, one on each side, with the program $program and the wire form $wire.

program=$EL2W

# Whether this program can do it is for its own parser to say.
prepare() {
    "$program" tunnel --show-config --key none \
        --peer "peer=$("$EL2W" keygen "$WORK/probe.key"),wire=$wire" >/dev/null
}

# tunnel_arguments SIDE PEER-ADDRESS: prints them, one a line.
tunnel_arguments() {
    local peer=$((3 - $1))
    printf '%s\n' tunnel --key "el2w-$1.key" --listen 51820 --address "100.64.0.$1" --control none \
        --peer "peer=$("$EL2W" keygen "el2w-$peer.key"),ip=100.64.0.$peer,endpoint=$2:51820,wire=$wire"
}

carrier_up() {
    local side arguments
    "$EL2W" keygen el2w-1.key >/dev/null
    for side in 1 2; do
        mapfile -t arguments < <(tunnel_arguments "$side" "192.0.2.$((3 - side))")
        daemon "$side" "$program" "${arguments[@]}"
        overlay "$side" boot
    done
}
