# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Two network namespaces, 1 and 2, and one Ethernet cable between them: what every carrier stands on, new for
# each. Underlay 192.0.2.SIDE on `wire` (MTU 1500); the overlay is to have 10.77.0.SIDE. The current directory
# is empty and the carrier's own.

spaces_up() {
    local side
    mkdir -p "$WORK/space/run"
    cd "$WORK/space" || return
    namespace_up 1
    namespace_up 2
    cable 1 wire 2 wire
    for side in 1 2; do
        nsip "$side" address add "192.0.2.$side/24" dev wire
    done
}

# until_ready COMMAND…: tries for 15 seconds.
until_ready() {
    local end=$((${EPOCHREALTIME/./} + 15000000))
    until "$@" >/dev/null 2>&1; do
        ((${EPOCHREALTIME/./} < end)) || { echo "waited in vain: $*" && return 1; }
        sleep 0.05
    done
}

# daemon SIDE COMMAND…: starts what carries the frames there; its CPU time is the carrier's. It ends
# with this script, however that ends.
daemon() {
    start "$carrier-$1" "$1" setpriv --pdeathsig TERM "${@:2}"
    daemons+=("$carrier-$1")
}

# peer_daemon SIDE COMMAND…: the same for a program of the peers' root.
peer_daemon() {
    daemon "$1" bash -c "$enter_root" "$peer_root" "${@:2}"
}

# overlay SIDE DEVICE [MTU]: this is the carrier's device there.
overlay() {
    until_ready nsip "$1" link show "$2"
    nsip "$1" link set "$2" ${3:+mtu "$3"} up
    nsip "$1" address add "10.77.0.$1/24" dev "$2"
}

# vxlan SIDE UNDERLAY-PREFIX UNDERLAY MTU: the kernel's, to the same prefix on the other side.
vxlan() {
    nsip "$1" link add boot mtu "$4" type vxlan id 77 local "$2.$1" remote "$2.$((3 - $1))" dstport 4789 \
        dev "$3"
    overlay "$1" boot
}

# helper SIDE NAME COMMAND…: a program of the peers' root whose CPU time is not the carrier's.
helper() {
    start "$2" "$1" setpriv --pdeathsig TERM bash -c "$enter_root" "$peer_root" "${@:3}"
}

# spaces_down: with all that runs there.
spaces_down() {
    topology_down
    cd /
    rm -rf "$WORK/space"
}
