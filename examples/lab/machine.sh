# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# The bare machine: QEMU with unmodified firmware, one network card, no disk. Sourced by the lab.
# Wants $WORK, $CACHE and the functions of processes.sh and topology.sh.

# machine_firmware bios|uefi NAME: the options that make a computer with this firmware, in $FIRMWARE.
# An empty romfile takes the card's own iPXE away from UEFI, so that EDK2's PXE client runs, as it
# does on real boards. SeaBIOS has no network code of its own: there the ROM of the card stays.
machine_firmware() {
    if [[ $1 == bios ]]; then
        FIRMWARE=(-machine pc -boot order=n -device virtio-net-pci,netdev=lan,mac="$MAC")
        return
    fi
    cp /usr/share/OVMF/OVMF_VARS_4M.fd "$WORK/$2.vars"
    FIRMWARE=(-machine q35
        -drive if=pflash,format=raw,unit=0,readonly=on,file=/usr/share/OVMF/OVMF_CODE_4M.fd
        -drive if=pflash,format=raw,unit=1,file="$WORK/$2.vars"
        -device virtio-net-pci,netdev=lan,mac="$MAC",romfile=,bootindex=0)
}

# machine_accel bios|uefi ENTRY: prints the accelerator to use. KVM counts only if a guest has run
# under it: there are computers whose /dev/kvm takes everything and then trips over firmware or over
# the kernel's decompressor. The answer is kept, as far as it depends on nothing that changes.
machine_accel() {
    local known result=tcg
    [[ -w /dev/kvm ]] || { echo tcg; return; }
    known=$CACHE/accel-$1-$(uname -r)-$(qemu-system-x86_64 --version | awk 'NR == 1 { print $4 }')
    if [[ ! -e $known ]]; then
        echo "trying whether KVM runs a guest here (at most 20 s)" >&2
        ! machine_probe_kvm "$1" "$2" || result=kvm
        echo "$result" >"$known"
    fi
    cat "$known"
}

# Boots the lab's own system straight from the firmware; it has 20 seconds to say that it runs.
machine_probe_kvm() {
    local rc=0
    MAC=52:54:00:00:00:00 machine_firmware "$1" probe
    touch "$WORK/probe.console"
    (exec timeout -k 1 20 qemu-system-x86_64 -accel kvm -m 512 -nodefaults -display none \
        -netdev user,id=lan,restrict=on "${FIRMWARE[@]}" -serial "file:$WORK/probe.console" \
        -kernel "$2/vmlinuz" -initrd "$2/initrd.img" -append 'console=ttyS0 panic=-1' -no-reboot \
        >"$WORK/probe.log" 2>&1 </dev/null 9>&-) &
    echo $! >"$WORK/probe.pid"
    await "$WORK/probe.console" '^EL2W-MARKER init' 20 probe >/dev/null || rc=1
    stop probe
    return "$rc"
}

# machine_on NAME bios|uefi ACCEL: powers it on. Its serial console is a socket to talk to and
# $WORK/NAME.console to read.
machine_on() {
    machine_firmware "$2" "$1"
    start "$1" lan qemu-system-x86_64 -name "$1" -accel "$3" -m 768 -nodefaults -no-reboot \
        -display none -vga std \
        -netdev "tap,id=lan,ifname=$1,script=no,downscript=no" "${FIRMWARE[@]}" \
        -device virtio-rng-pci \
        -chardev "socket,id=serial,path=$WORK/$1.serial,server=on,wait=off,logfile=$WORK/$1.console" \
        -serial chardev:serial \
        -qmp "unix:$WORK/$1.qmp,server=on,wait=off"
}

# machine_qmp NAME COMMAND [ARGUMENTS]: one command to QEMU; fails if QEMU says it failed.
machine_qmp() {
    local answer
    answer=$(printf '%s\n' '{"execute":"qmp_capabilities"}' \
        "{\"execute\":\"$2\",\"arguments\":${3:-{\}}}" |
        socat -t 5 - "UNIX-CONNECT:$WORK/$1.qmp")
    ! grep -m1 '"error"' <<<"$answer" >&2
}

# machine_screenshot NAME FILE: what its screen shows, as PNG.
machine_screenshot() {
    machine_qmp "$1" screendump "{\"filename\":\"$2\",\"format\":\"png\"}"
}
