#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Takes the token of the spoke EL2W_SPOKE out of the shared folder. A spoke that has joined does not need
# it any more: then none is no mistake.
set -eu
from=${EL2W_SHARED:-/el2w}/${EL2W_SPOKE:-mars}.token
to=/etc/el2w/token

if [ -e "$to" ] && { [ ! -e "$from" ] || cmp -s "$from" "$to"; }; then
    exit 0
fi
if [ ! -e "$from" ]; then
    echo "el2w spoke: no $from: make one on the hub: el2w token create ${EL2W_SPOKE:-mars}" >&2
    exit 1
fi
install -D -m 600 "$from" "$to"
echo "el2w spoke: a token for ${EL2W_SPOKE:-mars}"
