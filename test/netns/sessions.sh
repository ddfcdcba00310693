# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What sessions go through in life, between us, in namespace `el`, and a WireGuard of other people.
# Sourced behind lib.sh and transfer.sh by tests that have
#
#   pings, pings_back     one ping through the overlay: from there, from us
#   other_sees            prints the endpoint at which the other side believes us to be
#   other_handshake       prints when it last shook hands with us
#   load                  sends some megabytes each way and compares them
#   plug                  gives both an eth0, with a cable between them

sees_us_at() {
    [[ $(other_sees) == "$1" ]]
}

# we_move OLD NEW: our computer gets another address, as with another Wi-Fi. Nobody tells us.
we_move() {
    nsip el address del "$1/24" dev eth0
    nsip el address add "$2/24" dev eth0
    eventually "we move to $2: a ping from there" 30 pings_back
    eventually "and it has noticed" 10 sees_us_at "$2:51820"
    eventually "and sends there" 10 pings
}

# we_are_renumbered ADDRESS PORT: a NAT has forgotten us and gives us another port. It keeps no state
# of its own, which would remember what it was before.
we_are_renumbered() {
    ns el nft -f - <<-RULES
		table ip forgetful {
		    chain out { type filter hook postrouting priority 300; udp sport 51820 udp sport set $2; }
		    chain in { type filter hook prerouting priority -310; udp dport $2 udp dport set 51820; }
		}
	RULES
    eventually "a NAT gives us port $2: a ping from there" 30 pings_back
    eventually "and it has noticed" 10 sees_us_at "$1:$2"
    eventually "and sends there" 10 pings
    ns el nft delete table ip forgetful
    eventually "and takes it away again" 30 pings_back
}

# wan_goes: our interface to the WAN is set down and up, then taken away and put back, as a USB modem
# is.
wan_goes() {
    nsip el link set eth0 down
    nsip el link set eth0 up
    eventually "the WAN is up again: a ping" 30 pings_back
    nsip el link delete eth0
    plug
    eventually "the WAN's interface was taken away and put back: a ping" 30 pings_back
    eventually "and one from there" 30 pings
}

# renewed WHAT SECONDS: the other side shakes hands again, while all the time the path is under load.
# WireGuard renews a session when it is two minutes old, so this takes as long.
renewed() {
    local what=$1 end=$((SECONDS + $2)) before
    before=$(other_handshake)
    until [[ $(other_handshake) != "$before" ]]; do
        ((SECONDS < end)) || fail "$what: no new handshake"
        load >"$WORK/output" 2>&1 || { cat "$WORK/output" && fail "$what: load"; }
    done
    ok "$what: there was another handshake, all came through, and it goes on" load
    ! grep -E "$(event session-down)" "$WORK/el.log" || fail "$what: the session was down"
}
