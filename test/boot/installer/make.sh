# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# An installer, made on the spot of the distribution's packages, and the system that it installs: the stock
# kernel, busybox, sfdisk, mkfs.ext4, extlinux for a BIOS and GRUB for UEFI. What it does is not in it: it
# fetches a script that its kernel's argument el2w.script= names, which el2w renders of a profile, and runs it.
# Sourced; wants $CACHE, $LAB and the lab's guest.sh.

INSTALLER=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

GUEST_MODULES+=(virtio_blk ahci sd_mod ext4 vfat nls_cp437 nls_ascii crc32c_generic)

# installer_image DIRECTORY: vmlinuz and initrd.img of the installer, and root.tar.gz, what it installs.
installer_image() {
    guest_files "$1" installer_add
    installed_root "$1"
}

# The tools, with their libraries, beside busybox; and what is done once there is an address.
installer_add() {
    installer_program "$1" sfdisk mkfs.ext4 mkfs.vfat extlinux
    cp /usr/lib/EXTLINUX/mbr.bin "$1/"
    cp "$INSTALLER/then" "$1/then"
}

# installer_program ROOT NAME...
installer_program() {
    local root=$1 name file
    shift
    for name in "$@"; do
        file=$(command -v "$name")
        cp -L --parents "$file" "$root/"
        ldd "$file" | grep -o '/[^ ]*' | xargs -I{} cp -Lu --parents {} "$root/"
    done
}

# installed_root DIRECTORY: DIRECTORY/root.tar.gz: the root file system, with DIRECTORY/vmlinuz as its kernel.
installed_root() {
    local root early name
    root=$(mktemp -d "$CACHE/root.XXXXXX")
    early=$(mktemp -d "$CACHE/early.XXXXXX")
    (cd "$root" && gzip -dc "$1/initrd.img" | cpio --quiet -i --make-directories 'bin/*' 'lib/modules/*' udhcpc.script)
    "$root/bin/busybox" --list | while read -r name; do
        [[ $name == busybox ]] || ln -s busybox "$root/bin/$name"
    done
    mkdir -p "$root"/{boot/efi/EFI/BOOT,dev,etc,proc,sbin,sys,tmp}
    install "$INSTALLER/installed-init" "$root/sbin/init"
    cp "$1/vmlinuz" "$root/boot/"
    cp "$INSTALLER/extlinux.conf" "$root/boot/"
    grub-mkstandalone -O x86_64-efi -o "$root/boot/efi/EFI/BOOT/BOOTX64.EFI" --locales= --themes= --fonts= \
        --install-modules='part_gpt ext2 search search_label linux serial normal' "boot/grub/grub.cfg=$INSTALLER/grub.cfg"
    cp -a "$root"/{bin,lib} "$early/"
    mkdir "$early"/{dev,proc,sys,root}
    mknod -m 600 "$early/dev/console" c 5 1
    install "$INSTALLER/early-init" "$early/init"
    guest_pack "$early" "$root/boot/initrd.img"
    tar -C "$root" -czf "$1/root.tar.gz" --owner=0 --group=0 .
    chmod -R a+rX "$1"
    rm -r "$root" "$early"
}
