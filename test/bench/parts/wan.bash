# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# A long, narrow, lossy link: 200 Mbit/s, a round trip of 24 ms, 0.5 % lost (examples/lab/link-emulator.c,
# because many kernels have no netem). TCP from the hub to the spoke without a tunnel, and through el2w
# over the same link with the same dice. With BBR, where the kernel has it, one stream fills the link and two
# runs differ by less than 1 %; what loss makes of CUBIC swings by a third, so then it is the sum of eight.

LINK_EMULATOR=$WORK/link-emulator
wan_link=(--rate 200 --rtt 24 --loss 0.5)

# wan_tunnel: el2w on both ends, with $wire.
wan_tunnel() {
    local side place=([1]=hub [2]=spoke) at=([1]=$HUB_ADDRESS [2]=$SPOKE_ADDRESS) arguments
    "$EL2W" keygen el2w-1.key >/dev/null
    for side in 1 2; do
        mapfile -t arguments < <(tunnel_arguments "$side" "${at[3 - side]}")
        start "wan-$side" "${place[side]}" setpriv --pdeathsig TERM "$EL2W" "${arguments[@]}"
        until_ready nsip "${place[side]}" link show boot
        nsip "${place[side]}" address add "10.77.0.$side/24" dev boot
    done
}

# wan_run CARRIER ADDRESS: notes Mbit/s from ADDRESS to the spoke.
wan_run() {
    local carrier=$1 streams=(-P 8) report
    ! grep -qw bbr /proc/sys/net/ipv4/tcp_available_congestion_control || streams=(-C bbr)
    until_ready ns spoke ping -c 1 -W 1 "$2"
    ns spoke ping -q -c 100 -i 0.02 "$2" >/dev/null # path MTU found
    start wan-server hub setpriv --pdeathsig TERM iperf3 -s
    until_ready ns spoke bash -c "</dev/tcp/$2/5201"
    report=$(ns spoke timeout 60 iperf3 -J -R "${streams[@]}" -O 2 -t "$wan_seconds" -c "$2")
    note wan "$(jq '.end.sum_received.bits_per_second / 1e6' <<<"$report")"
    stop wan-server
}

# wan_link_up SEED
wan_link_up() {
    topology_up direct
    rm -f "$WORK/link.log"
    link_up 1500 "${wan_link[@]}" --seed "$1"
}

# wan_round SEED: without a tunnel, and with each wire form that this el2w has; the link is new for each.
wan_round() {
    local wire
    mkdir -p "$WORK/space"
    cd "$WORK/space" || return
    wan_link_up "$1"
    wan_run no-tunnel "$HUB_ADDRESS"
    for wire in standard fast; do
        prepare >/dev/null || continue
        topology_down
        wan_link_up "$1"
        wan_tunnel
        wan_run "el2w-$wire" 10.77.0.1
    done
}
