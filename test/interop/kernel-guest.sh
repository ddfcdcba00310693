# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# A computer with a kernel of its own, the distribution's: QEMU, three cards, nothing else. Sourced
# behind test/netns/lib.sh.
#
#     namespace WAN  eth0 ======= eth0 (192.0.2.1)  guest  eth1 ======= eth0  namespace LAN
#
# QEMU runs in the namespace `guest`, where the third card's other end is: that is how guest() gives
# its orders. It emulates the processor, so that the test is the same everywhere, also where
# /dev/kvm is missing or does not work.

CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/el2w-lab
INTEROP=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$LAB/guest.sh"
GUEST_MODULES=(virtio_pci virtio_net virtio_rng wireguard vxlan bridge)

# guest_up WAN LAN: makes both namespaces and the guest between them; it is ready when this returns.
guest_up() {
    local card name cards=() wan=$1 lan=$2
    mkdir -p "$CACHE"
    guest_files "$WORK/guest" guest_add
    guest_unpack "$WORK/guest/vmlinuz"
    for name in guest "$wan" "$lan"; do
        namespace_up "$name"
    done
    for card in wan lan orders; do
        nsip guest tuntap add dev "$card" mode tap
        cards+=(-netdev "tap,id=$card,ifname=$card,script=no,downscript=no"
            -device "virtio-net-pci,netdev=$card,romfile=")
    done
    nsip guest address add 10.9.0.1/24 dev orders
    nsip guest link set orders up
    start machine guest qemu-system-x86_64 -accel tcg -m 384 -nodefaults -no-reboot -display none \
        "${cards[@]}" -device virtio-rng-pci -serial "file:$WORK/console.log" \
        -kernel "$WORK/guest/vmlinuz" -initrd "$WORK/guest/initrd.img" \
        -append 'console=ttyS0,115200 net.ifnames=0 panic=-1 quiet'
    await "$WORK/console.log" '^guest: ready' 120 machine || fail "the guest does not come up"
    nsip guest link set wan netns "$PREFIX$wan" name eth0
    nsip guest link set lan netns "$PREFIX$lan" name eth0
    nsip "$wan" link set eth0 up
    nsip "$lan" link set eth0 up
}

# guest COMMAND...: runs it there; says what it says, and has its exit status.
guest() {
    local answer
    answer=$(printf '%q ' "$@" | ns guest socat -t 120 - TCP4:10.9.0.2:7)
    [[ $answer =~ (^|$'\n')exit\ [0-9]+$ ]] || fail "guest: no answer to: $*"
    sed '$d' <<<"$answer"
    return "${answer##*exit }"
}

# guest_add ROOT: our own /init, and /wg and /ip with the libraries that they want. (By a name that is
# an applet's, busybox's shell would run its own.)
guest_add() {
    local name file
    install -m 755 "$INTEROP/kernel-guest-init" "$1/init"
    for name in wg ip; do
        install "$(command -v "$name")" "$1/$name"
        ldd "$1/$name" | grep -o '/[^ ]*'
    done | sort -u | while read -r file; do
        install -D "$file" "$1/$file"
    done
}

# guest_unpack VMLINUZ: QEMU starts a plain ELF kernel at once, where unpacking takes an emulated
# processor half a minute. One that is packed by other means than xz stays as it is.
guest_unpack() {
    local at
    for at in $(LC_ALL=C grep -abo $'\xfd7zXZ' "$1" | cut -d: -f1); do
        tail -c "+$((at + 1))" "$1" | xz -dc --single-stream >"$1.elf" 2>/dev/null || true
        if [[ $(head -c 4 "$1.elf") == $'\x7fELF' ]]; then
            mv "$1.elf" "$1"
            return
        fi
    done
}
