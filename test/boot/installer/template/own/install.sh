# {{! Run by /then, in busybox's shell, with -eu.}}
token={{token.url}}
disk={{disk}}

step() {
    wget -q -O /dev/null "$token/step?name=$1"
}

step partitions
if [ -d /sys/firmware/efi ]; then
    printf 'label: gpt\nsize=64M, type=U\ntype=L\n' | sfdisk -q "$disk"
    mkfs.vfat "${disk}1" >/dev/null
    root=${disk}2
else
    printf 'label: dos\ntype=83, bootable\n' | sfdisk -q "$disk"
    dd if=/mbr.bin of="$disk" bs=440 count=1 conv=notrunc 2>/dev/null
    root=${disk}1
fi
mkfs.ext4 -q -F -O ^64bit -L el2w-root "$root"
mkdir -p /mnt
mount -t ext4 "$root" /mnt
if [ -d /sys/firmware/efi ]; then
    mkdir -p /mnt/boot/efi
    mount -t vfat "${disk}1" /mnt/boot/efi
fi

step files
wget -q -O - {{image.url}}/root.tar.gz | tar -xz -C /mnt
echo {{machine.name}} >/mnt/etc/hostname

step boot-loader
if [ -d /sys/firmware/efi ]; then
    umount /mnt/boot/efi
else
    extlinux --install /mnt/boot
fi
umount /mnt
wget -q -O /dev/null "$token/done"
