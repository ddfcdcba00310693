# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What a machine's Ethernet has to carry, between two namespaces. Sourced behind lib.sh.

# transfer FROM TO ADDRESS BYTES udp|tcp: as one datagram, or as a stream; compares what arrives.
transfer() {
    local from=$1 to=$2 address=$3 bytes=$4 protocol=$5 server
    head -c "$bytes" /dev/urandom >"$WORK/sent"
    rm -f "$WORK/received" "$WORK/sink.log"
    if [[ $protocol == udp ]]; then
        start sink "$to" socat -d -d -u -b 65536 UDP4-RECV:7777 "OPEN:$WORK/received,creat"
        await "$WORK/sink.log" 'starting data transfer loop' 10 sink >/dev/null
        ns "$from" socat -u -b 65536 "OPEN:$WORK/sent" "UDP4:$address:7777"
        eventually "$bytes bytes of $protocol arrive" 5 cmp "$WORK/sent" "$WORK/received"
        stop sink
    else
        start sink "$to" socat -d -d -u TCP4-LISTEN:7777,reuseaddr "OPEN:$WORK/received,creat"
        await "$WORK/sink.log" 'listening on' 10 sink >/dev/null
        server=$(pid_of sink)
        ns "$from" timeout 120 socat -u -b 65536 "OPEN:$WORK/sent" "TCP4:$address:7777"
        ended "$server" 10
        cmp "$WORK/sent" "$WORK/received"
    fi
}

# df_pings FROM ADDRESS: five pings of 1472 bytes with DF; each is answered. Linux's VXLAN tells IP on
# its own computer which packets it had to cut (skb_tunnel_check_pmtu()), and IP then refuses those
# with DF for ten minutes; what is to be seen here is whether they pass, so that is forgotten.
df_pings() {
    local _
    for _ in 1 2 3 4 5; do
        nsip "$1" route flush cache
        ns "$1" ping -q -c 1 -W 5 -M do -s 1472 "$2" || return 1
    done
}

# carries WHAT A ADDRESS-OF-A B ADDRESS-OF-B BYTES: full frames with DF, more than a frame holds, and
# BYTES of TCP, both ways.
carries() {
    local what=$1 a=$2 of_a=$3 b=$4 of_b=$5 bytes=$6
    ok "$what: pings of 1472 with DF from $a" df_pings "$a" "$of_b"
    ok "$what: pings of 1472 with DF from $b" df_pings "$b" "$of_a"
    ok "$what: a ping of 20000" ns "$a" ping -q -c 1 -W 5 -s 20000 "$of_b"
    ok "$what: 8 KB of UDP to $b" transfer "$a" "$b" "$of_b" 8192 udp
    ok "$what: 8 KB of UDP to $a" transfer "$b" "$a" "$of_a" 8192 udp
    ok "$what: $bytes bytes of TCP to $b" transfer "$a" "$b" "$of_b" "$bytes" tcp
    ok "$what: $bytes bytes of TCP to $a" transfer "$b" "$a" "$of_a" "$bytes" tcp
}

# mtu_of NAMESPACE INTERFACE
mtu_of() {
    ns "$1" cat "/sys/class/net/$2/mtu"
}
