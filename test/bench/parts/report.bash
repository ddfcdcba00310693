# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Medians of the rounds as a table, and the goals.

columns=(tcp1-up tcp1-down tcp4-up tcp4-down cpu udp-64 udp-1400 ping-median ping-p99 loaded-median loaded-p99 full-median full-p99)
heads=("TCP 1 up" "1 down" "4 up" "4 down" CPU "UDP 64" 1400 ping p99 loaded p99 full p99)
units=(Gbit/s Gbit/s Gbit/s Gbit/s s/GB kpps kpps us us us us us us)

# median CARRIER COLUMN: prints nothing if it was not measured.
median() {
    [[ ! -e $WORK/results/$1.$2 ]] ||
        sort -n "$WORK/results/$1.$2" | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

# shown VALUE: three digits that mean something, or a dash.
shown() {
    [[ -n $1 ]] || { echo - && return; }
    awk -v v="$1" 'BEGIN { printf (v < 10 ? "%.2f" : v < 100 ? "%.1f" : "%.0f"), v }'
}

title_of() {
    sed -n 's/^title="\(.*\)"$/\1/p' "$bench/peers/$1.bash"
}

# table CARRIER…
table() {
    local column carrier
    printf '%-33s' ''
    printf '%9s' "${heads[@]}"
    printf '\n%-33s' ''
    printf '%9s' "${units[@]}"
    printf '\n'
    for carrier; do
        printf '%-33s' "$(title_of "$carrier")"
        for column in "${columns[@]}"; do
            printf '%9s' "$(shown "$(median "$carrier" "$column")")"
        done
        printf '\n'
    done
}

wan_line() {
    local carrier
    [[ -e $WORK/results/no-tunnel.wan ]] || return 0
    printf 'TCP over a WAN of 200 Mbit/s, 24 ms, 0.5 %% loss:'
    for carrier in no-tunnel el2w-standard el2w-fast; do
        printf ' %s %s' "$carrier" "$(shown "$(median "$carrier" wan)")"
    done
    printf ' Mbit/s\n'
}

less_is_better() { # COLUMN
    [[ $1 == cpu || $1 == ping-* || $1 == loaded-* || $1 == full-* ]]
}

# best COLUMN: prints the peer that is best in it, of those that carry an encrypted Ethernet.
best() {
    local peer order=-gr
    ! less_is_better "$1" || order=-g
    for peer in "${peers[@]}"; do
        [[ ! -e $WORK/results/$peer.$1 ]] || echo "$(median "$peer" "$1") $peer"
    done | sort "$order" | sed -n '1s/.* //p'
}

# verdict ROW OURS THEIRS GOAL: OURS / THEIRS has to be GOAL at least. A goal that could not be
# measured is neither met nor missed, and said to be so.
verdict() {
    local ratio word
    if [[ -z $2 || -z $3 ]]; then
        printf 'ratio %-48s %8s goal %s not measured\n' "$1" - "$4"
        return
    fi
    ratio=$(awk -v a="$2" -v b="$3" 'BEGIN { printf "%.2f", (b > 0 ? a / b : 999) }')
    word=$(awk -v r="$ratio" -v g="$4" 'BEGIN { print (r >= g ? "ok" : "short") }')
    printf 'ratio %-48s %8s goal %s %s\n' "$1" "$ratio" "$4" "$word"
    [[ $word == ok ]] || short=$((short + 1))
}

# goal CARRIER COLUMN OTHER GOAL: CARRIER is GOAL times as good as OTHER; where less is better, the
# ratio is turned round.
goal() {
    local row="$1 $2 / ${3:-best peer}" ours theirs
    ours=$(median "$1" "$2")
    theirs=$(median "${3:-none}" "$2")
    if less_is_better "$2"; then
        verdict "$row" "$theirs" "$ours" "$4"
    else
        verdict "$row" "$ours" "$theirs" "$4"
    fi
}

# tcp_goals CARRIER BEST-PEER-GOAL LAYER3-GOAL
tcp_goals() {
    local column
    for column in tcp1-up tcp1-down tcp4-up tcp4-down; do
        goal "$1" "$column" "$(best "$column")" "$2"
        goal "$1" "$column" wireguard-go-l3 "$3"
        [[ $1 != el2w-fast ]] || goal "$1" "$column" el2w-unencrypted 0.85
    done
}

ping_goals() { # CARRIER
    local column
    for column in ping loaded; do
        goal "$1" "$column-median" "$(best "$column-median")" 1.00
        verdict "$1 $column-median / its p99" "$(median "$1" "$column-median")" "$(median "$1" "$column-p99")" 0.50
    done
}

wan_goal() { # CARRIER
    verdict "$1 wan / no tunnel" "$(median "$1" wan)" "$(median no-tunnel wan)" 0.95
}

goals() {
    tcp_goals el2w-fast 8.00 3.50
    goal el2w-fast cpu "$(best cpu)" 8.00
    goal el2w-fast udp-64 "$(best udp-64)" 2.70
    goal el2w-fast udp-1400 "$(best udp-1400)" 1.60
    ping_goals el2w-fast
    wan_goal el2w-fast
    tcp_goals el2w-compact 3.00 1.40
    ping_goals el2w-compact
    tcp_goals el2w-standard 3.00 1.40
    ping_goals el2w-standard
    wan_goal el2w-standard
}

report() {
    local carrier
    table "${measured[@]}"
    wan_line
    for carrier in "${!skipped[@]}"; do
        echo "left out: $carrier, ${skipped[$carrier]}"
    done
    short=0
    goals
}
