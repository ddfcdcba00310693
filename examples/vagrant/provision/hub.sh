#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What the hub is to do once it runs: for each name in EL2W_SPOKES that has not joined, a token that
# holds for EL2W_TOKEN_TIME (24h), in the file EL2W_SHARED/NAME.token; and the network `boot` for all of
# them. A token that can still be used stays as it is.
set -eu
shared=${EL2W_SHARED:-/el2w}

# state_of LIST NAME: the second column of a line of `el2w LIST`; nothing if there is no such line.
state_of() {
    el2w "$1" | awk -v name="$2" 'NR > 1 && $1 == name { print $2 }'
}

# The token is shown once. So it goes to a file of its own, which appears under its name when it is whole.
make_token() {
    umask 077
    el2w token create "$1" --for "${EL2W_TOKEN_TIME:-24h}" >"$shared/.$1.token"
    mv "$shared/.$1.token" "$shared/$1.token"
    echo "el2w hub: a token for $1"
}

PATH=/usr/local/bin:$PATH
for name in ${EL2W_SPOKES:-}; do
    if [ -n "$(state_of spokes "$name")" ]; then
        continue
    fi
    token=$(state_of token "$name")
    if [ "$token" = open ] && [ -s "$shared/$name.token" ]; then
        continue
    fi
    # Made before, and not there any more: nobody knows who has it.
    [ "$token" != open ] || el2w token remove "$name"
    make_token "$name"
done
el2w publish boot
