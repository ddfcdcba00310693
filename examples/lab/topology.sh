# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# The lab's network: a hub, the Internet, a home router, a spoke and its LAN, each a network
# namespace of this computer. Sourced by the lab and by the tests, which set $PREFIX, so that
# several of them can stand side by side. Interfaces are made inside the namespaces: nothing ever
# appears in the computer's own, and what it has there is not touched.
#
#   hub                 wan                          nat                     spoke           lan
#   eth0 ────────────── hub    to-spoke/to-hub  spoke ────── wan  lan ────── eth0   eth1 ── port (bridge lan)
#   203.0.113.10  203.0.113.1           198.51.100.1  198.51.100.10  10.7.0.1  10.7.0.2    └ machines
#
# Without NAT the spoke itself is 198.51.100.10 and there is no `nat`.

HUB_ADDRESS=203.0.113.10
SPOKE_ADDRESS=198.51.100.10

# ns NAME COMMAND...: runs COMMAND in the namespace.
ns() {
    ip netns exec "$PREFIX$1" "${@:2}"
}

nsip() {
    ip -n "$PREFIX$1" "${@:2}"
}

namespace_up() {
    ip netns add "$PREFIX$1"
    nsip "$1" link set lo up
}

# cable NS1 IF1 NS2 IF2: an Ethernet cable between two namespaces.
cable() {
    ip link add "$2" netns "$PREFIX$1" type veth peer name "$4" netns "$PREFIX$3"
    nsip "$1" link set "$2" up
    nsip "$3" link set "$4" up
}

# forward NS: a router. Packets that come back from the link emulator arrive at an interface that
# no route points to, hence no reverse path check.
forward() {
    ns "$1" sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.rp_filter=0 \
        net.ipv4.conf.default.rp_filter=0
}

# topology_up nat|direct
topology_up() {
    local spoke_side=spoke spoke_if=eth0 name
    for name in hub wan spoke lan; do
        namespace_up "$name"
    done
    forward wan
    cable hub eth0 wan hub
    nsip hub address add "$HUB_ADDRESS/24" dev eth0
    nsip wan address add 203.0.113.1/24 dev hub
    nsip hub route add default via 203.0.113.1

    if [[ $1 == nat ]]; then
        namespace_up nat
        spoke_side=nat spoke_if=wan
    fi
    cable "$spoke_side" "$spoke_if" wan spoke
    nsip "$spoke_side" address add "$SPOKE_ADDRESS/24" dev "$spoke_if"
    nsip wan address add 198.51.100.1/24 dev spoke
    nsip "$spoke_side" route add default via 198.51.100.1
    [[ $1 != nat ]] || home_router_up

    # A silent switch, as the LAN of a bare machine has it.
    ns lan sysctl -eqw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1
    nsip lan link add lan type bridge
    nsip lan link set lan up
    cable spoke eth1 lan port
    nsip lan link set port master lan
}

# The router that most spokes sit behind. It drops what nobody inside asked for, before connection
# tracking takes note of it.
home_router_up() {
    forward nat
    cable spoke eth0 nat lan
    nsip spoke address add 10.7.0.2/24 dev eth0
    nsip nat address add 10.7.0.1/24 dev lan
    nsip spoke route add default via 10.7.0.1
    ns nat nft -f - <<-'RULES'
		table ip home {
		    chain out { type nat hook postrouting priority srcnat; oifname "wan" masquerade; }
		    chain in { type filter hook input priority filter; iifname "wan" ct state new drop; }
		    chain through { type filter hook forward priority filter; iifname "wan" ct state new drop; }
		}
	RULES
}

# link_up MTU [OPTION]...: puts the link emulator ($LINK_EMULATOR) between hub and spoke; OPTIONs
# are its own. Each direction is a TUN interface that the router's policy rules lead into; what
# comes out again finds its way by the main table. The narrow MTU exists only here, in the middle:
# neither end can know it but from ICMP.
link_up() {
    local mtu=$1 from to table=100
    shift
    for to in spoke hub; do
        [[ $to == spoke ]] && from=hub || from=spoke
        nsip wan tuntap add dev "to-$to" mode tun
        nsip wan link set "to-$to" mtu "$mtu" txqueuelen 2000 up
        nsip wan route add default dev "to-$to" table "$table"
        nsip wan rule add iif "$from" lookup "$table"
        table=$((table + 1))
    done
    start link wan "$LINK_EMULATOR" "$@" to-spoke to-hub
    if ! await "$WORK/link.log" "$(event ready)" 5 link >/dev/null; then
        cat "$WORK/link.log" >&2
        return 1
    fi
}

# lan_host NAME: one more computer on the spoke's LAN, a namespace with the interface eth0. plug_in NAME: one
# that is there, without that interface.
lan_host() {
    namespace_up "$1"
    plug_in "$1"
}

plug_in() {
    cable "$1" eth0 lan "$1"
    nsip lan link set "$1" master lan
}

# lan_tap NAME: a socket of the spoke's LAN for a virtual machine.
lan_tap() {
    nsip lan tuntap add dev "$1" mode tap
    nsip lan link set "$1" master lan up
}

# topology_down: ends whatever still runs in the namespaces of this prefix and removes them.
topology_down() {
    local namespace pids
    for namespace in $(ip netns list | awk -v prefix="$PREFIX" 'index($1, prefix) == 1 { print $1 }'); do
        pids=$(ip netns pids "$namespace")
        # shellcheck disable=SC2086 # a list of numbers
        [[ -z $pids ]] || kill -KILL $pids 2>/dev/null || true
        ip netns delete "$namespace"
    done
}
