/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is known. The order matters where one medium looks like another: what is special comes
 * before what it was made of, and what only has a boot loader's configuration comes last.
 *
 * The arguments are those that the installers' own documents give for a boot over HTTP, and nothing
 * more; what they say of a disc (a label, a quiet console) is not for a network.
 */
#include "media/kinds.h"

#define NETBOOT     "debian-installer/"
#define LIVE_KERNEL "live/vmlinuz live/vmlinuz1"
#define LIVE_INITRD "live/initrd.img live/initrd live/initrd1.img"

/* Debian's disc has an initrd that knows discs and not networks. */
static const char debian_disc_note[] =
    "the installer on a Debian disc looks for the disc, not for the network: to install over the "
    "network use the netboot files of the same release (debian-installer-12-netboot-amd64), with "
    "this medium as their mirror";

static const char whole_note[] =
    "the machine fetches the whole medium into its memory, and needs that much besides its own";

static const char nfs_note[] =
    "its loader takes everything after itself by NFS: the medium has to be exported and named as "
    "root-path";

const struct el_media_kind el_media_kinds[] = {
    {
        "memtest86plus",
        "tool",
        "Memtest86+",
        NULL,
        el_media_is_memtest,
        {
            {.kernel = "memtest86+x64.bin boot/memtest86+x64.bin memtest64.bin boot/memtest64.bin",
             .arch = "x86_64",
             .platform = EL_MEDIA_BIOS},
            {.chain = "memtest86+x64.efi boot/memtest86+x64.efi memtest64.efi "
                      "EFI/BOOT/bootx64.efi EFI/BOOT/BOOTX64.EFI",
             .arch = "x86_64",
             .platform = EL_MEDIA_EFI},
            {.kernel = "memtest86+ia32.bin memtest32.bin boot/memtest32.bin",
             .arch = "i386",
             .platform = EL_MEDIA_BIOS},
            {.chain = "memtest86+ia32.efi memtest32.efi EFI/BOOT/bootia32.efi "
                      "EFI/BOOT/BOOTIA32.EFI",
             .arch = "i386",
             .platform = EL_MEDIA_EFI},
        },
    },
    {
        "pve",
        "proxmox",
        "Proxmox VE",
        "installer",
        el_media_is_proxmox,
        {
            {.kernel = "boot/linux26",
             .initrd = {"boot/initrd.img"},
             .args = "ro ramdisk_size=16777216 rw splash=silent",
             .note = "the Proxmox installer looks for its medium on a disc, or as /proxmox.iso in "
                     "the initrd, where it is not put yet"},
        },
    },
    {
        "truenas-scale",
        "truenas",
        "TrueNAS SCALE",
        "installer",
        el_media_is_truenas_scale,
        {
            {.kernel = LIVE_KERNEL,
             .initrd = {LIVE_INITRD},
             .args = "boot=live components ip=dhcp fetch=@url@/live/filesystem.squashfs",
             .note = "the installer starts, but looks for TrueNAS-SCALE.update on its disc"},
        },
    },
    {
        "ubuntu",
        "ubuntu",
        "Ubuntu",
        "installer",
        el_media_is_ubuntu,
        {
            /* casper fetches the image that url= names; cloud-init would, too, and is told not to.
             */
            {.kernel = "casper/vmlinuz casper/vmlinuz.efi casper/hwe-vmlinuz",
             .initrd = {"casper/initrd casper/initrd.gz casper/initrd.lz casper/hwe-initrd"},
             .args = "ip=dhcp url=@media@ cloud-config-url=/dev/null",
             .note = whole_note},
        },
    },
    {
        "debian",
        "live",
        "Debian live",
        NULL,
        el_media_is_debian_live,
        {
            {.kernel = LIVE_KERNEL,
             .initrd = {LIVE_INITRD},
             .args = "boot=live components ip=dhcp fetch=@url@/live/filesystem.squashfs"},
        },
    },
    {
        "debian",
        "debian",
        "Debian",
        "installer",
        el_media_is_debian,
        {
            {.kernel = NETBOOT "amd64/linux text/" NETBOOT "amd64/linux",
             .initrd = {NETBOOT "amd64/initrd.gz text/" NETBOOT "amd64/initrd.gz"},
             .arch = "x86_64"},
            {.kernel = NETBOOT "arm64/linux text/" NETBOOT "arm64/linux",
             .initrd = {NETBOOT "arm64/initrd.gz text/" NETBOOT "arm64/initrd.gz"},
             .arch = "arm64"},
            {.kernel = NETBOOT "i386/linux text/" NETBOOT "i386/linux",
             .initrd = {NETBOOT "i386/initrd.gz text/" NETBOOT "i386/initrd.gz"},
             .arch = "i386"},
            {.kernel = "install.amd/vmlinuz",
             .initrd = {"install.amd/initrd.gz"},
             .arch = "x86_64",
             .note = debian_disc_note},
            {.kernel = "install.a64/vmlinuz",
             .initrd = {"install.a64/initrd.gz"},
             .arch = "arm64",
             .note = debian_disc_note},
            {.kernel = "install.386/vmlinuz",
             .initrd = {"install.386/initrd.gz"},
             .arch = "i386",
             .note = debian_disc_note},
        },
    },
    {
        "suse",
        "suse",
        "SUSE Linux",
        "installer",
        el_media_is_suse,
        {
            {.kernel = "boot/x86_64/loader/linux",
             .initrd = {"boot/x86_64/loader/initrd"},
             .args = "install=@url@ netsetup=dhcp",
             .arch = "x86_64"},
            {.kernel = "boot/aarch64/linux",
             .initrd = {"boot/aarch64/initrd"},
             .args = "install=@url@ netsetup=dhcp",
             .arch = "arm64"},
        },
    },
    {
        "opensuse",
        "agama",
        "openSUSE",
        "installer",
        el_media_is_agama,
        {
            {.kernel = "boot/x86_64/loader/linux",
             .initrd = {"boot/x86_64/loader/initrd"},
             .args = "root=live:@url@/LiveOS/squashfs.img ip=dhcp rd.neednet=1",
             .arch = "x86_64"},
            {.kernel = "boot/aarch64/loader/linux",
             .initrd = {"boot/aarch64/loader/initrd"},
             .args = "root=live:@url@/LiveOS/squashfs.img ip=dhcp rd.neednet=1",
             .arch = "arm64"},
        },
    },
    {
        "fedora-coreos",
        "ignition",
        "Fedora CoreOS",
        NULL,
        el_media_is_coreos,
        {
            {.kernel = "images/pxeboot/vmlinuz",
             .initrd = {"images/pxeboot/initrd.img"},
             .args = "ip=dhcp rd.neednet=1 ignition.firstboot ignition.platform.id=metal "
                     "coreos.live.rootfs_url=@url@/images/pxeboot/rootfs.img"},
        },
    },
    {
        "flatcar",
        "ignition",
        "Flatcar Container Linux",
        NULL,
        el_media_is_flatcar,
        {
            {.kernel = "flatcar_production_pxe.vmlinuz",
             .initrd = {"flatcar_production_pxe_image.cpio.gz"},
             .args = "flatcar.first_boot=1"},
        },
    },
    {"redhat", "redhat", "Linux", "installer", el_media_is_treeinfo, {{0}}},
    {
        "fedora",
        "live",
        "Fedora",
        "live",
        el_media_is_dracut_live,
        {
            {.kernel = "images/pxeboot/vmlinuz boot/x86_64/loader/linux isolinux/vmlinuz "
                       "isolinux/vmlinuz0",
             .initrd = {"images/pxeboot/initrd.img boot/x86_64/loader/initrd isolinux/initrd.img "
                        "isolinux/initrd0.img"},
             .args = "root=live:@url@/LiveOS/squashfs.img rd.live.image ip=dhcp rd.neednet=1"},
        },
    },
    {
        "arch",
        "archlinux",
        "Arch Linux",
        "installer",
        el_media_is_arch,
        {
            {.kernel = "arch/boot/x86_64/vmlinuz-linux arch/boot/x86_64/vmlinuz",
             .initrd = {"arch/boot/x86_64/initramfs-linux.img arch/boot/x86_64/archiso.img"},
             .args = "archisobasedir=arch archiso_http_srv=@url@/ ip=dhcp BOOTIF=@mac@",
             .arch = "x86_64"},
        },
    },
    {
        "systemrescue",
        "tool",
        "SystemRescue",
        NULL,
        el_media_is_system_rescue,
        {
            {.kernel = "sysresccd/boot/x86_64/vmlinuz",
             .initrd = {"sysresccd/boot/x86_64/sysresccd.img"},
             .args = "archisobasedir=sysresccd archiso_http_srv=@url@/ ip=dhcp BOOTIF=@mac@",
             .arch = "x86_64"},
        },
    },
    {
        "alpine",
        "alpine",
        "Alpine Linux",
        NULL,
        el_media_is_alpine,
        {
            /* Its netboot files; packages come from the mirror that they know. */
            {.kernel = "boot/vmlinuz-lts boot/vmlinuz-virt vmlinuz-lts vmlinuz-virt",
             .initrd = {"boot/initramfs-lts boot/initramfs-virt initramfs-lts initramfs-virt"},
             .args = "ip=dhcp modules=loop,squashfs"},
        },
    },
    {
        "freebsd",
        "freebsd",
        "FreeBSD",
        "installer",
        el_media_is_freebsd,
        {
            {.chain = "boot/pxeboot", .platform = EL_MEDIA_BIOS, .note = nfs_note},
            {.chain = "boot/loader.efi", .platform = EL_MEDIA_EFI, .note = nfs_note},
        },
    },
    {
        "esxi",
        "esxi",
        "VMware ESXi",
        "installer",
        el_media_is_esxi,
        {
            {.chain = "efi/boot/bootx64.efi EFI/BOOT/BOOTX64.EFI",
             .args = "-c @url@/netboot.cfg",
             .arch = "x86_64",
             .platform = EL_MEDIA_EFI},
            {.chain = "efi/boot/bootaa64.efi EFI/BOOT/BOOTAA64.EFI",
             .args = "-c @url@/netboot.cfg",
             .arch = "arm64",
             .platform = EL_MEDIA_EFI},
        },
    },
    {"windows", "windows", "Windows", "setup", el_media_is_windows, {{0}}},
    {"linux", "live", "Linux", NULL, el_media_is_configured, {{0}}},
};

const size_t el_media_kind_count = sizeof el_media_kinds / sizeof el_media_kinds[0];
