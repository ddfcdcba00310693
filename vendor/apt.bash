# SPDX-License-Identifier: GPL-2.0-or-later
# A private apt beside the machine's own: same mirror, same proxy, same archive keys, but its own
# list of suites, so that one package can come from a newer Debian without the machine noticing.
# Sourced by fetch and update.

keyring=${EL2W_DEBIAN_KEYRING:-/usr/share/keyrings/debian-archive-keyring.gpg}

die() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

# lock_rows FILE: the lock without comments and empty lines.
lock_rows() {
    sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$1"
}

# lock_suites <ROWS: the suites that rows of the lock name, as private_apt_open wants them.
lock_suites() {
    awk '{ suite = ($4 == "source" ? "source:" : "") $3 } !seen[suite]++ { print suite }'
}

# mirror_candidates SUITE_REGEX: where this machine's apt gets suites of that name, whatever format
# its sources are written in. The list can hold third parties that name their suites like Debian's.
mirror_candidates() {
    apt-get -o Debug::NoLocking=true -o Dir::State::lists="$apt_dir/none" update --print-uris |
        sed -nE "s#^'(.*[^/])/+dists/($1)/InRelease'.*#\1#p" | awk '!seen[$0]++'
}

private_apt() { # private_apt COMMAND [ARG…]
    local command=$1
    shift
    APT_CONFIG=$apt_dir/apt.conf "apt-$command" -qq "$@"
}

# private_apt_open DIR ARCH SUITE…: makes DIR/apt and loads the package lists of the suites (of
# source:SUITE, those of its source packages), from the first mirror that serves them signed by Debian. Security updates come along if the machine has them;
# for sid there are none, a repair there is a new version.
private_apt_open() {
    apt_dir=$1/apt
    local arch=$2 uri security suite kind
    shift 2
    command -v apt-get >/dev/null || die "no apt-get here: build on Debian, or with -DEL2W_STATIC=OFF"
    [ -r "$keyring" ] || die "$keyring: cannot read Debian's keys (apt-get install debian-archive-keyring)"
    mkdir -p "$apt_dir"/{none/partial,lists/partial,cache/archives/partial}
    : >"$apt_dir/status"
    cat >"$apt_dir/apt.conf" <<-END
	Dir::State "$apt_dir";
	Dir::State::lists "$apt_dir/lists";
	Dir::State::status "$apt_dir/status";
	Dir::Cache "$apt_dir/cache";
	Dir::Etc::sourcelist "$apt_dir/sources.list";
	Dir::Etc::sourceparts "-";
	Dir::Etc::preferencesparts "-";
	APT::Architecture "$arch";
	APT::Architectures { "$arch"; };
	APT::Sandbox::User "root";
	APT::Default-Release "";
	Acquire::Languages "none";
	Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled "false";
	Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
	#clear APT::Update::Post-Invoke;
	#clear APT::Update::Post-Invoke-Success;
	#clear DPkg::Post-Invoke;
	END
    security=$(mirror_candidates '[a-z]+-security' | head -n 1)
    while read -r uri; do
        for suite; do
            kind=deb
            [ "$suite" = "${suite#source:}" ] || kind=deb-src
            suite=${suite#source:}
            echo "$kind [signed-by=$keyring] $uri $suite main"
            [ -z "$security" ] || [ "$suite" = sid ] ||
                echo "$kind [signed-by=$keyring] $security $suite-security main"
        done >"$apt_dir/sources.list"
        private_apt get -o APT::Update::Error-Mode=any update 2>"$apt_dir/log" && return
    done < <(mirror_candidates '[a-z]+')
    [ ! -s "$apt_dir/log" ] || tail -n 3 "$apt_dir/log" >&2
    die "no mirror in this machine's apt sources serves Debian $* (see its answer above, if any)"
}
