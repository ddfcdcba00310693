# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Packages of the distribution that the lab and the tests work with. Sourced by both.

# To build el2w (its libraries come through vendor/).
PACKAGES_BUILD=(cmake ninja-build gcc libc6-dev binutils pkg-config dpkg-dev xz-utils ca-certificates git)
# To play the hub, the WAN, the spoke and the machine.
PACKAGES_LAB=(iproute2 nftables procps util-linux iputils-ping jq socat kmod cpio
    qemu-system-x86 seabios ipxe-qemu ovmf)

# install_packages NAME...: installs those that are missing, with no daemon started: many packages
# start theirs at once, and a DHCP or web server of the computer's own would be in the way, now and
# later. At most one apt runs; another's is waited for.
install_packages() {
    local missing=() package policy=/usr/sbin/policy-rc.d
    for package in "$@"; do
        [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) == installed ]] ||
            missing+=("$package")
    done
    ((${#missing[@]})) || return 0
    echo "installing ${missing[*]}" >&2
    if [[ $(id -u) != 0 ]]; then
        echo "not root, so this is yours to do: apt-get install ${missing[*]}" >&2
        return 1
    fi
    (
        exec 8>/run/lock/el2w-packages
        flock 8
        if [[ ! -e $policy ]]; then
            trap 'rm -f "$policy"' EXIT
            printf '#!/bin/sh\nexit 101\n' >"$policy"
            chmod 755 "$policy"
        fi
        export DEBIAN_FRONTEND=noninteractive
        apt-get -qq -o DPkg::Lock::Timeout=600 update
        apt-get -qq -y -o DPkg::Lock::Timeout=600 -o Dpkg::Use-Pty=0 install \
            --no-install-recommends "${missing[@]}" >/dev/null
    ) 8>&-
}
