# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What is measured over one carrier, from side 1 to side 2. A result is a line of results/CARRIER.COLUMN,
# one for each round.

note() { # COLUMN VALUE
    echo "$2" >>"$WORK/results/$carrier.$1"
}

cpu_ticks() { # user and system time of the daemons so far, all their threads
    local name sum=0 fields
    for name in "${daemons[@]}"; do
        read -ra fields <"/proc/$(pid_of "$name")/stat"
        sum=$((sum + fields[13] + fields[14]))
    done
    echo "$sum"
}

# flow OPTION…: one run of iperf3, its report as JSON.
flow() {
    ns 1 timeout 60 iperf3 -J -c 10.77.0.2 "$@" 2>>iperf3.warnings
}

# tcp COLUMN OPTION…: notes Gbit/s and adds the bytes to tcp_bytes.
tcp() {
    local report gbps bytes
    report=$(flow -t "$seconds" "${@:2}")
    read -r gbps bytes < <(jq -r '.end.sum_received | "\(.bits_per_second / 1e9) \(.bytes)"' <<<"$report")
    ((bytes > 0)) || { echo "TCP carried nothing ($1)" && return 1; }
    note "$1" "$gbps"
    tcp_bytes=$((tcp_bytes + bytes))
}

measure_tcp() {
    local before
    tcp_bytes=0
    before=$(cpu_ticks)
    tcp tcp1-up
    tcp tcp1-down -R
    ((${#daemons[@]} == 0)) ||
        note cpu "$(awk -v t=$(($(cpu_ticks) - before)) -v hz="$(getconf CLK_TCK)" -v b=$tcp_bytes \
            'BEGIN { printf "%.4f", t / hz / (b / 1e9) }')"
    tcp tcp4-up -P 4
    tcp tcp4-down -P 4 -R
}

# udp_try BYTES PPS: sets udp_sent and udp_pps to what was sent and what arrived per second, udp_loss to
# the share that did not arrive, in percent. PPS 0: as fast as iperf3 can.
#
# iperf3 looks at the clock after every ten datagrams, with a timer of 0.2 ms, so that it can be fast
# and yet sends no bursts longer than a receiver's buffer.
udp_try() {
    local report
    report=$(flow -u -l "$1" -b "$(($2 * $1 * 8))/10" --pacing-timer 200 -w 2M -t "$udp_seconds")
    read -r udp_sent udp_pps udp_loss < <(jq -r '.end.sum | select(.packets > 0) | .seconds as $s |
        [(.packets, .packets - .lost_packets | . / $s | floor), 100 * .lost_packets / .packets] | join(" ")' \
        <<<"$report") || { jq -r '.error // "no datagram arrived"' <<<"$report" && return 1; }
}

tolerable() { # LOSS
    awk -v loss="$1" 'BEGIN { exit !(loss <= 0.5) }'
}

# udp COLUMN BYTES: the highest rate at which no more than 0.5 % are lost. A TAP does not slow its
# sender down, it drops: so what is lost at the sender's own speed only bounds the search from above, and
# its arrivals say where to look. Then the bounds close in until they are 6 % apart. A later round looks
# around what the one before it found.
udp() {
    local low=0 high next try
    if next=$(udp_before "$1"); then
        high=$((next * 5 / 4))
    else
        udp_try "$2" 0
        high=$udp_sent next=$udp_pps
        ! tolerable "$udp_loss" || low=$udp_pps high=$udp_pps
    fi
    for ((try = 0; high * 100 > low * 106 && (try < udp_tries || (low == 0 && try < 12)); try++)); do
        udp_try "$2" "$next"
        if tolerable "$udp_loss"; then
            low=$udp_pps
        else
            high=$next
        fi
        next=$((low ? (low + high) / 2 : high * 8 / 10))
    done
    note "$1" "$(awk -v pps="$low" 'BEGIN { print pps / 1000 }')"
}

# udp_before COLUMN: prints what the last round found, in datagrams a second.
udp_before() {
    [[ -e $WORK/results/$carrier.$1 ]] || return 1
    tail -n 1 "$WORK/results/$carrier.$1" | awk '{ printf "%.0f", $1 * 1000; exit !($1 > 0) }'
}

# ping_times COLUMN: notes median and 99th percentile in microseconds.
ping_times() {
    ns 1 ping -c "$pings" -i 0.002 -W 1 10.77.0.2 | sed -n 's/.*time=\([0-9.]*\) ms/\1/p' | sort -n >rtts
    note "$1-median" "$(awk '{ v[NR] = $1 * 1000 } END { print v[int((NR + 1) / 2)] }' rtts)"
    note "$1-p99" "$(awk '{ v[NR] = $1 * 1000 } END { print v[int(NR * 0.99)] }' rtts)"
}

# ping_beside COLUMN BITRATE: beside one TCP stream, which is ended when the pings are done.
ping_beside() {
    local load
    start load 1 setpriv --pdeathsig TERM iperf3 -c 10.77.0.2 -t 30 -b "$2" --forceflush
    await "$WORK/load.log" 'bits/sec' 10 load >/dev/null
    ping_times "$1"
    stop load
    rm -f "$WORK/load.log"
}

# measure_ping: on the idle carrier, beside a load that each of them carries, and beside all that it can.
measure_ping() {
    ping_times ping
    ping_beside loaded 100M
    ping_beside full 0
}

measure() {
    until_ready ns 1 ping -c 1 -W 1 10.77.0.2
    ns 1 ping -q -c 200 -i 0.002 10.77.0.2 >/dev/null # path MTU found, caches warm
    start iperf3 2 setpriv --pdeathsig TERM iperf3 -s
    until_ready ns 1 bash -c '</dev/tcp/10.77.0.2/5201'
    measure_tcp
    udp udp-64 64
    udp udp-1400 1400
    measure_ping
    stop iperf3
}
