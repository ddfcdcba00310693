# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# The peers' programs come from a newer Debian than most machines have, where they are faster. They
# are unpacked with all their libraries into a directory of their own and run with that as their root:
# nothing is installed, no daemon starts by itself, and each finds /etc and /run as it likes them. The
# mirror is the one that this machine's apt uses.

suites=(forky trixie bookworm) # the newest that can be had
peer_root=$cache/peers

# What `bash -c` does with the root as $0, inside `ip netns exec`, whose mounts nobody else sees: the
# work directory is /bench there and the current one, so a relative name is the same file here and there.
# shellcheck disable=SC2016 # for the inner shell
enter_root='
    mount --rbind /dev "$0/dev" && mount --bind /proc "$0/proc" &&
        mount --bind . "$0/bench" && mount --bind run "$0/run" &&
        exec unshare --root="$0" --wd=/bench "$@"'

# peer_command SIDE COMMAND…: runs it there, and waits.
peer_command() {
    ns "$1" bash -c "$enter_root" "$peer_root" "${@:2}"
}

# peer_suite_open: package lists of the newest suite, once.
peer_suite_open() {
    local suite
    if [[ -r $cache/suite ]]; then
        apt_dir=$cache/apt
        return
    fi
    for suite in "${suites[@]}"; do
        rm -rf "$cache/apt"
        if (private_apt_open "$cache" "$(dpkg --print-architecture)" "$suite") 2>"$WORK/apt.log"; then
            apt_dir=$cache/apt
            echo "$suite" >"$cache/suite"
            return
        fi
    done
    cat "$WORK/apt.log"
    return 1
}

# unpack_peer NAME PACKAGE…: into the root, with all that they depend on, unless they are there.
unpack_peer() {
    local name=$1 debs=$cache/apt/cache/archives deb
    shift
    [[ $(cat "$cache/unpacked-$name" 2>/dev/null) != "$*" ]] || return 0
    peer_suite_open || return 1
    if [[ ! -d $peer_root/bench ]]; then
        mkdir -p "$peer_root"/usr/{bin,sbin,lib,lib64} "$peer_root"/{bench,dev,etc,proc,run,tmp,var}
        ln -sfn -t "$peer_root" usr/bin usr/sbin usr/lib usr/lib64
        ln -sfn /run "$peer_root/var/run"
    fi
    private_apt get --no-install-recommends --download-only --yes install "$@" >/dev/null || return 1
    for deb in "$debs"/*.deb; do
        dpkg-deb --fsys-tarfile "$deb" |
            tar -x -C "$peer_root" --keep-directory-symlink --no-same-owner || return 1
    done
    rm -f "$debs"/*.deb
    echo "$*" >"$cache/unpacked-$name"
}

# What a carrier needs before the first round; one that needs something else says so in its file.
prepare() {
    ((${#packages[@]} == 0)) || unpack_peer "$carrier" "${packages[@]}"
}
