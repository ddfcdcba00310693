#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# service.sh hub|spoke: has el2w run as a service, with the unit and the configuration that lie in EL2W_FROM
# (/tmp/el2w). A service that runs with just these is not touched, however often this is called; one that
# could not start with them is not stopped for them.
set -eu
side=$1
from=${EL2W_FROM:-/tmp/el2w}
unit=el2w-$side.service
conf=/etc/el2w/$side.conf

# put FROM TO: whether TO was something else before.
put() {
    ! cmp -s "$1" "$2" || return 1
    install -D -m 644 "$1" "$2"
}

# Whether the service runs, with the binary and the configuration that are installed.
is_right() {
    pid=$(systemctl show --property MainPID --value "$unit")
    [ "${pid:-0}" -gt 0 ] && cmp -s "/proc/$pid/exe" /usr/local/bin/el2w &&
        /usr/local/bin/el2w "$side" --config "$conf" --diff >/dev/null 2>&1
}

/usr/local/bin/el2w "$side" --config "$from/$side.conf" --check
put "$from/$side.conf" "$conf" || true
changed=no
if put "$from/$unit" "/etc/systemd/system/$unit"; then
    changed=yes
    systemctl daemon-reload
fi
systemctl is-enabled --quiet "$unit" || systemctl enable --quiet "$unit"
if [ $changed = no ] && is_right; then
    echo "el2w $side: runs as it should"
    exit 0
fi
systemctl restart "$unit"
echo "el2w $side: started"
