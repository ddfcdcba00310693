# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# el2w by itself, `el2w tunnel`, one on each side, with the program $program and the wire form $wire.

program=$EL2W

prepare() {
    [[ $wire == standard ]] || grep -q "wire=" < <("$program" help tunnel) ||
        { echo "this el2w has no wire=$wire" && return 1; }
}

# tunnel_arguments SIDE PEER-ADDRESS: prints them, one a line.
tunnel_arguments() {
    local peer=$((3 - $1)) form=
    [[ $wire == standard ]] || form=,wire=$wire
    printf '%s\n' tunnel --key "el2w-$1.key" --listen 51820 --address "100.64.0.$1" \
        --peer "peer=$("$EL2W" keygen "el2w-$peer.key"),ip=100.64.0.$peer,endpoint=$2:51820$form"
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
