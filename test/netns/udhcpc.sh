#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What udhcpc runs for the tests: sets the address, and notes in $LEASE what the server said.
case $1 in
bound | renew)
    ip -4 address flush dev "$interface"
    ip address add "$ip/$mask" dev "$interface"
    [ -z "${router-}" ] || ip route replace default via "$router"
    set >"$LEASE.all"
    sed -n "s/^\([a-z0-9_]*\)='\(.*\)'\$/\1=\2/p" "$LEASE.all" >"$LEASE"
    ;;
esac
