# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What the tests with namespaces share: el2w as people run it, between a hub, a home router, a spoke
# and computers on its LAN (examples/lab/topology.sh has the picture). A test sources this file, and
# has then $WORK, a directory of its own, and namespaces whose names begin with $PREFIX; both are
# gone when it ends, whatever happens. If it fails, the logs are printed.
set -euo pipefail

NETNS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
LAB=$(cd "$NETNS/../../examples/lab" && pwd)
: "${EL2W_BUILD:=$(cd "$LAB/../.." && pwd)/build}"
: "${EL2W:=$EL2W_BUILD/el2w}"
export LINK_EMULATOR=$EL2W_BUILD/link-emulator
PREFIX=t$$-
PATIENCE=6 # others may be at work here
. "$LAB/processes.sh"
. "$LAB/topology.sh"

skip() {
    echo "skipped: $*"
    exit 77
}

fail() {
    echo "FAILED: $*" >&2
    exit 1
}

# needs COMMAND...: what test/setup brings. A test that silently does without its clients would be
# green and prove nothing, so this is no reason to skip it.
needs() {
    local command
    for command in "$@"; do
        command -v "$command" >/dev/null || fail "no $command here: run test/setup"
    done
}

# ok WHAT COMMAND...: WHAT holds if COMMAND succeeds.
ok() {
    local what=$1
    shift
    "$@" >"$WORK/output" 2>&1 || { cat "$WORK/output" >&2 && fail "$what"; }
    echo "ok: $what"
}

# same WHAT EXPECTED ACTUAL
same() {
    [[ $2 == "$3" ]] || fail "$1: expected '$2', have '$3'"
    echo "ok: $1"
}

# matches WHAT PATTERN TEXT: an extended regular expression somewhere in TEXT.
matches() {
    [[ $3 =~ $2 ]] || fail "$1: expected a match of '$2', have '$3'"
    echo "ok: $1"
}

# eventually WHAT SECONDS COMMAND...: COMMAND succeeds in time; for what no event reports.
eventually() {
    local what=$1 end=$((${EPOCHREALTIME/./} + $2 * PATIENCE * 1000000))
    shift 2
    until "$@" >"$WORK/output" 2>&1; do
        ((${EPOCHREALTIME/./} < end)) || { cat "$WORK/output" >&2 && fail "$what"; }
        sleep 0.05
    done
    echo "ok: $what"
}

# begin_log NAME: what it said before is in NAME-before.log, so that nobody takes an old line for the event
# that is waited for.
begin_log() {
    [[ ! -e $WORK/$1.log ]] || mv "$WORK/$1.log" "$WORK/$1-before.log"
}

# hub_up [OPTION]..., spoke_up [OPTION]...: start them and wait until they are ready. The boot menu
# has one entry, `tiny`, with files of random bytes.
hub_up() {
    make_keys
    begin_log hub
    start hub hub "$EL2W" hub --state "$WORK/hub" --key "$WORK/hub.key" \
        --spoke "mars=$(<"$WORK/mars.pub")" --images "$WORK/images" --log-format json \
        --control "$WORK/hub.sock" --api "$WORK/api.sock" "$@"
    await "$WORK/hub.log" "$(event ready)" 20 hub >/dev/null || fail "the hub does not get ready"
}

spoke_up() {
    make_keys
    begin_log spoke
    start spoke spoke "$EL2W" spoke --state "$WORK/spoke" --key "$WORK/mars.key" --name mars \
        --hub "$HUB_ADDRESS:51820" --hub-key "$(<"$WORK/hub.pub")" --lan eth1 --log-format json \
        --control "$WORK/spoke.sock" "$@"
    await "$WORK/spoke.log" "$(event session-up)" 20 spoke >/dev/null || fail "no tunnel"
}

make_keys() {
    local name
    for name in hub mars; do
        [[ -e $WORK/$name.pub ]] || "$EL2W" keygen "$WORK/$name.key" >"$WORK/$name.pub"
    done
}

make_images() {
    mkdir -p "$WORK/images/tiny"
    head -c 3000000 /dev/urandom >"$WORK/images/tiny/vmlinuz"
    head -c 700001 /dev/urandom >"$WORK/images/tiny/initrd.img"
    printf '%s\n' 'title = A tiny system' 'kernel = vmlinuz' 'initrd = initrd.img' \
        'args = quiet' >"$WORK/images/tiny/entry.conf"
}

# dhcp HOST [OPTION]...: a lease with busybox udhcpc, which also sets the address. What the server
# said is in $WORK/HOST.lease, one NAME=VALUE a line.
dhcp() {
    LEASE=$WORK/$1.lease ns "$1" udhcpc -q -n -f -t $((5 * PATIENCE)) -T 1 -i eth0 -s "$NETNS/udhcpc.sh" "${@:2}"
}

# no_dhcp HOST: nobody gives it one.
no_dhcp() {
    ! dhcp "$1" -t 4
}

# lease HOST NAME: a value of that lease.
lease() {
    sed -n "s/^$2=//p" "$WORK/$1.lease"
}

# applet SUPERVISOR NAME: the process id of a running applet; fails if there is none.
applet() {
    local pid
    for pid in $(pgrep -P "$(pid_of "$1")"); do
        if tr '\0' ' ' <"/proc/$pid/cmdline" | grep -qE "(^|[ /])$2( |\$)"; then
            echo "$pid"
            return 0
        fi
    done
    return 1
}

mac_of() {
    ns "$1" cat /sys/class/net/eth0/address
}

# state_of NAMESPACE: everything that a program may leave behind in it.
state_of() {
    nsip "$1" -o link | sed 's/.*: \([^:@]*\)[:@].*/link \1/'
    nsip "$1" address | grep -v -e inet6 -e valid_lft
    nsip "$1" rule
    nsip "$1" -4 route show table all
    ns "$1" nft list ruleset
    ip netns pids "$PREFIX$1"
}

finish() {
    local rc=$? log
    trap - EXIT
    [[ -z ${AWAIT_PID-} ]] || kill "$AWAIT_PID" 2>/dev/null || true
    if ((rc != 0 && rc != 77)); then
        for log in "$WORK"/*.log; do
            [[ ! -s $log ]] || { printf -- '--- %s\n' "${log##*/}" && tail -n 40 "$log"; }
        done
    fi
    topology_down
    rm -rf "$WORK"
    exit "$rc"
}

[[ $(id -u) == 0 ]] || skip "not root"
[[ -c /dev/net/tun ]] || skip "no /dev/net/tun"
needs ip nft jq
[[ -x $EL2W ]] || fail "$EL2W: not built"
unshare -n true 2>/dev/null || skip "no network namespaces"
WORK=$(mktemp -d "${TMPDIR:-/tmp}/el2w-test.XXXXXX")
chmod 755 "$WORK" # el2w's services are users of their own
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
make_images
