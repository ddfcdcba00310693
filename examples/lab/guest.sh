# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# The system that the bare machine boots: the distribution's stock kernel, unmodified, and an
# initramfs with busybox and the kernel's own network drivers. Both are made on the spot and kept in
# the cache directory. Sourced by the lab and by tests that want a kernel of their own. Wants $CACHE
# and $LAB (this directory).

# What a machine of the lab may have; what a driver needs, depmod knows.
GUEST_MODULES=(virtio_pci virtio_net virtio_rng e1000 e1000e igb r8169 af_packet)

# guest_entry DIRECTORY: makes DIRECTORY an entry for the hub's boot menu.
guest_entry() {
    guest_files "$1"
    cat >"$1/entry.conf" <<-'ENTRY'
		title = Busybox on the stock kernel
		kernel = vmlinuz
		initrd = initrd.img
		args = console=tty0 console=ttyS0,115200 net.ifnames=0 panic=-1 quiet
	ENTRY
}

# guest_files DIRECTORY [ADD]: puts vmlinuz and initrd.img there; ADD ROOT may change what is in the
# latter before it is packed.
guest_files() {
    local package kernel busybox
    # The package that the distribution's kernel is in today.
    package=$(apt-cache depends linux-image-amd64 | awk '$1 == "Depends:" { print $2; exit }')
    kernel=$CACHE/$package busybox=$CACHE/busybox-static
    [[ -e $kernel ]] || guest_fetch "$package" guest_keep_kernel
    [[ -e $busybox ]] || guest_fetch busybox-static
    mkdir -p "$1"
    cp "$kernel"/boot/vmlinuz-* "$1/vmlinuz"
    guest_initrd "$kernel" "$busybox" "${package#linux-image-}" "$1/initrd.img" "${2:-:}"
}

# guest_fetch PACKAGE [THEN]: downloads and unpacks it to $CACHE/PACKAGE; nothing is installed.
# It appears under its name only when it is complete.
guest_fetch() {
    local tmp
    tmp=$(mktemp -d "$CACHE/fetch.XXXXXX")
    (
        cd "$tmp" || exit
        apt-get -qq -o APT::Sandbox::User=root download "$1"
        dpkg-deb -x ./*.deb .
        rm ./*.deb
        ${2-:}
    )
    mv -T "$tmp" "$CACHE/$1"
}

# In the unpacked kernel package: makes the modules readable for busybox, which may not know xz, and
# adds the index that installing the package would have made.
guest_keep_kernel() {
    find lib/modules -name '*.ko.xz' -exec xz -d {} +
    depmod -b . "$(basename lib/modules/*)"
}

# guest_initrd KERNEL-DIRECTORY BUSYBOX-DIRECTORY RELEASE FILE ADD
guest_initrd() {
    local kernel=$1 busybox=$2 release=$3 add=$5 root module path
    root=$(mktemp -d "$CACHE/initrd.XXXXXX")
    chmod 755 "$root" # it is the / of all users there
    mkdir -p "$root"/{bin,dev,proc,sys,etc,lib/modules/"$release"}
    cp "$busybox/bin/busybox" "$root/bin/"
    cp "$LAB/init" "$LAB/udhcpc.script" "$root/"
    cp "$kernel/lib/modules/$release"/modules.{order,builtin,builtin.modinfo} \
        "$root/lib/modules/$release/"
    for module in "${GUEST_MODULES[@]}"; do
        modprobe -d "$kernel" -S "$release" --show-depends "$module" || exit 1
    done | awk '$1 == "insmod" { print $2 }' | sort -u | while read -r path; do
        (cd "$kernel" && cp --parents "${path#"$kernel"/}" "$root/")
    done
    depmod -b "$root" "$release"
    mknod -m 600 "$root/dev/console" c 5 1 # the kernel opens it before /init has mounted anything
    "$add" "$root"
    guest_pack "$root" "$4"
    rm -r "$root"
}

# guest_pack DIRECTORY FILE: an initramfs of what is in it.
guest_pack() {
    (cd "$1" && find . | sort | cpio --quiet -o -H newc -R 0:0 | gzip -9n) >"$2"
}
