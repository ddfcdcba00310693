# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Starting programs in namespaces, waiting for what they say, ending them by their process id.
# Sourced by the lab and by the tests. Wants $WORK, a directory for logs and pid files, and ns()
# from topology.sh.
#
# Nothing here sleeps for a fixed time: a program is waited for by its end (tail --pid) and an event
# by the line that reports it. How long is only there to end what would never end: it is what an idle
# computer is given, and $PATIENCE times as much a busy one.
: "${PATIENCE:=1}"

# start NAME NAMESPACE COMMAND...: runs COMMAND in the background, what it says goes to
# $WORK/NAME.log. A session of its own, so that Ctrl-C in the terminal reaches only the script,
# which then ends things in order.
start() {
    local name=$1 namespace=$2
    shift 2
    setsid ip netns exec "$PREFIX$namespace" "$@" >>"$WORK/$name.log" 2>&1 </dev/null 9>&- &
    echo $! >"$WORK/$name.pid"
    disown
}

pid_of() {
    cat "$WORK/$1.pid"
}

alive() {
    [[ -e $WORK/$1.pid ]] && kill -0 "$(pid_of "$1")" 2>/dev/null
}

# ended PID SECONDS: waits until the process is gone, whether or not it is our child.
ended() {
    timeout "$(($2 * PATIENCE))" tail --pid="$1" -s 0.05 -f /dev/null
}

# stop NAME [SIGNAL]: asks it to end; what has not ended when patience is over is killed, and that is an
# error of the caller's: a program that has to be killed leaves things behind.
stop() {
    local pid
    alive "$1" || return 0
    pid=$(pid_of "$1")
    kill -"${2:-TERM}" "$pid" 2>/dev/null || return 0
    if ! ended "$pid" 10; then
        echo "$1 (pid $pid) did not end within $((10 * PATIENCE)) s of SIG${2:-TERM}" >&2
        kill -KILL "$pid"
        return 1
    fi
}

# await FILE PATTERN SECONDS [NAME]: waits until a line of FILE matches the extended regular
# expression, and prints it. Fails when the time is over, or as soon as process NAME has ended.
# A trap can interrupt it, and then has to end $AWAIT_PID.
await() {
    local watch=() follower rc=0
    [[ -z ${4-} ]] || watch=(--pid="$(pid_of "$4")")
    touch "$1"
    exec {follower}< <(exec timeout "$(($3 * PATIENCE))" tail -n +1 -s 0.05 "${watch[@]}" -f "$1" 2>/dev/null)
    AWAIT_PID=$!
    grep -m1 -E -- "$2" <&"$follower" &
    wait $! || rc=$?
    exec {follower}<&-
    kill "$AWAIT_PID" 2>/dev/null || true
    AWAIT_PID=
    return "$rc"
}

# event EVENT [FIELD VALUE]...: the pattern for await of a JSON log line that has this event and
# these fields, in the order in which they are logged.
event() {
    local pattern="\"event\":\"$1\""
    shift
    while (($# > 1)); do
        pattern+=".*\"$1\":\"?$2\"?[,}]"
        shift 2
    done
    printf '%s' "$pattern"
}
