# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What the tests of the command line share. A test sources this file and has then $WORK, a directory of
# its own that is gone when it ends.
set -euo pipefail

SOURCE=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
: "${EL2W:=$SOURCE/build/el2w}"
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT
export LC_ALL=C.UTF-8

skip() {
    echo "skipped: $*"
    exit 77
}

fail() {
    echo "FAILED: $*" >&2
    exit 1
}

# same WHAT EXPECTED ACTUAL
same() {
    [[ $2 == "$3" ]] || fail "$1: expected '$2', have '$3'"
}

# matches WHAT PATTERN TEXT: an extended regular expression somewhere in TEXT.
matches() {
    [[ $3 =~ $2 ]] || fail "$1: expected a match of '$2', have '$3'"
}

# run COMMAND...: what it says is in $out and $err, how it ended in $status.
run() {
    status=0
    timeout 120 "$@" >"$WORK/out" 2>"$WORK/err" </dev/null || status=$?
    out=$(<"$WORK/out")
    err=$(<"$WORK/err")
}

# answers PATTERN COMMAND...: it succeeds, and says what matches on standard output, nothing else.
answers() {
    run "${@:2}"
    same "${*:2}: exit status" 0 "$status"
    same "${*:2}: standard error" "" "$err"
    matches "${*:2}" "$1" "$out"
}

# refuses STATUS PATTERN COMMAND...: it ends with STATUS after one line that matches, and has said
# nothing on standard output.
refuses() {
    run "${@:3}"
    same "${*:3}: exit status" "$1" "$status"
    same "${*:3}: lines of error" 1 "$(wc -l <"$WORK/err")"
    matches "${*:3}" "$2" "$err"
    same "${*:3}: standard output" "" "$out"
}

# Runs a command without root's right to read and write everything; empty where nothing is to be given
# up, or where others cannot reach the program.
unprivileged=()
if [[ $EUID == 0 ]] && command -v setpriv >/dev/null; then
    unprivileged=(setpriv --reuid 65534 --regid 65534 --clear-groups --bounding-set -all --inh-caps -all)
    chmod 755 "$WORK"
    "${unprivileged[@]}" "$EL2W" --version >/dev/null 2>&1 || unprivileged=()
fi

# applets: the names that el2w alone lists; commands: the same of what is a command of an applet, which
# is two words.
applets() {
    "$EL2W" | sed -n 's/^  \([a-z-]*\)   *[^ ].*/\1/p'
}

commands() {
    "$EL2W" | sed -n 's/^  \([a-z-]* [a-z-][a-z-]*\)   *[^ ].*/\1/p'
}

# options_of APPLET [COMMAND]: the options in its help, one a line, with their dashes.
options_of() {
    "$EL2W" help "$@" | sed -n 's/^  \(--[a-z0-9-]*\).*/\1/p'
}
