#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A systemctl for one computer of a test, where no systemd runs: as much of it as provisioners use, for
# units of Type=notify. Which processes it has started is in /run/units, which is the computer's own.
set -euo pipefail

state=/run/units
unit=${*: -1}
mkdir -p "$state"

pid_of() {
    local pid
    pid=$(cat "$state/$unit.pid" 2>/dev/null) && kill -0 "$pid" 2>/dev/null && echo "$pid"
}

stop() {
    local pid
    pid=$(pid_of) || return 0
    kill "$pid"
    timeout 60 tail --pid="$pid" -s 0.05 -f /dev/null
}

# said NAME: what the unit says.
said() {
    sed -n "s/^$1=//p" "/etc/systemd/system/$unit"
}

# Returns when the service has said that it is ready, as systemctl does.
start() {
    local notify=$state/$unit.notify listener
    local -a command
    read -ra command < <(said ExecStart)
    install -d -m "$(said StateDirectoryMode)" "/var/lib/$(said StateDirectory)"
    rm -f "$notify" "$state/$unit.told"
    socat -u "UNIX-RECV:$notify" "CREATE:$state/$unit.told" 9>&- &
    listener=$!
    until [[ -S $notify ]]; do sleep 0.02; done
    (umask "$(said UMask)" && NOTIFY_SOCKET=$notify exec setsid "${command[@]}" >>"$state/$unit.log" 2>&1 </dev/null 9>&-) &
    echo $! >"$state/$unit.pid"
    disown
    until grep -q READY=1 "$state/$unit.told" 2>/dev/null; do
        pid_of >/dev/null || { kill $listener && exit 1; }
        sleep 0.05
    done
    kill $listener
}

case $1 in
daemon-reload) ;;
is-enabled) [[ -e $state/$unit.enabled ]] ;;
enable) touch "$state/$unit.enabled" ;;
show) pid_of || echo 0 ;;
stop) stop ;;
restart)
    echo "$unit" >>"$state/restarts"
    stop
    start
    ;;
*) echo "systemctl: not $1, here" >&2 && exit 1 ;;
esac
