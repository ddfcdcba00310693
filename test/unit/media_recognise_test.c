/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Media that say what they are as the real ones do, and what is made of them. */
#include "base/err.h"
#include "media/media.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { FILES_MAX = 10 };

/* A tree: names with their texts; NULL stands for a file whose bytes do not matter. */
struct file {
    const char *name, *text;
};

static const char esxi_cfg[] = "bootstate=0\ntitle=Loading ESXi installer\ntimeout=5\nprefix=\n"
                               "kernel=/b.b00\nkernelopt=runweasel cdromBoot\n"
                               "modules=/jumpstrt.gz --- /useropts.gz --- /k.b00\n"
                               "build=8.0.2-0.0.22380479\nupdated=0\n";

/* The header of an image file, whose description stands behind it. */

static uint8_t wim[1024];

static void make_wim(void)
{
    static const char xml[] = "<WIM><ARCH>9</ARCH><MAJOR>10</MAJOR><MINOR>0</MINOR>"
                              "<BUILD>22621</BUILD></WIM>";

    memcpy(wim, "MSWIM\0\0", 8);
    wim[72] = (uint8_t)((sizeof xml * 2) & 0xff);
    wim[80] = 208;
    wim[208] = 0xff;
    wim[209] = 0xfe;
    for (size_t i = 0; i < sizeof xml - 1; i++)
        wim[210 + 2 * i] = (uint8_t)xml[i];
}

static const struct medium {
    const char *what, *label;
    unsigned variant;
    struct file files[FILES_MAX];
    struct el_media_facts expected; /* notes and file texts are looked at on their own */
    bool noted;
} media[] = {
    {"Debian's netboot files",
     "",
     0,
     {{"debian-installer/amd64/linux", NULL},
      {"debian-installer/amd64/initrd.gz", NULL},
      {"version.info", "Debian version:  12 (bookworm)\nInstaller build: 20230607+deb12u15\n"}},
     {.title = "Debian 12 installer (x86_64)",
      .distribution = "debian",
      .version = "12",
      .arch = "x86_64",
      .installer = "debian",
      .kernel = "debian-installer/amd64/linux",
      .initrd = {"debian-installer/amd64/initrd.gz"}},
     false},
    {"Debian's disc",
     "Debian 12.5.0 amd64 n",
     0,
     {{".disk/info",
       "Debian GNU/Linux 12.5.0 \"Bookworm\" - Official amd64 NETINST with firmware\n"},
      {"install.amd/vmlinuz", NULL},
      {"install.amd/initrd.gz", NULL}},
     {.title = "Debian GNU/Linux 12.5.0 installer (x86_64)",
      .distribution = "debian",
      .version = "12.5.0",
      .arch = "x86_64",
      .installer = "debian",
      .kernel = "install.amd/vmlinuz",
      .initrd = {"install.amd/initrd.gz"}},
     true},
    {"Debian live",
     "d-live 12.5.0 st amd64",
     0,
     {{".disk/info", "Official Debian GNU/Linux Live 12.5.0 standard 2024-02-10T12:21 amd64\n"},
      {"live/vmlinuz", NULL},
      {"live/initrd.img", NULL},
      {"live/filesystem.squashfs", NULL}},
     {.title = "Debian GNU/Linux Live 12.5.0 (x86_64)",
      .distribution = "debian",
      .version = "12.5.0",
      .arch = "x86_64",
      .installer = "live",
      .kernel = "live/vmlinuz",
      .initrd = {"live/initrd.img"},
      .args = "boot=live components ip=dhcp fetch=@url@/live/filesystem.squashfs"},
     false},
    {"Clonezilla",
     "3.1.2-9-amd64",
     0,
     {{"Clonezilla-Live-Version", "3.1.2-9-amd64\n"},
      {"live/vmlinuz", NULL},
      {"live/initrd.img", NULL},
      {"live/filesystem.squashfs", NULL}},
     {.title = "Clonezilla 3.1.2-9-amd64 (x86_64)",
      .distribution = "clonezilla",
      .version = "3.1.2-9-amd64",
      .arch = "x86_64",
      .installer = "tool",
      .kernel = "live/vmlinuz",
      .initrd = {"live/initrd.img"},
      .args = "boot=live components ip=dhcp fetch=@url@/live/filesystem.squashfs"},
     false},
    {"Ubuntu Server",
     "Ubuntu-Server 24.04.1 LTS amd64",
     0,
     {{".disk/info", "Ubuntu-Server 24.04.1 LTS \"Noble Numbat\" - Release amd64 (20240827)"},
      {"casper/vmlinuz", NULL},
      {"casper/initrd", NULL}},
     {.title = "Ubuntu-Server 24.04.1 installer (x86_64)",
      .distribution = "ubuntu",
      .version = "24.04.1",
      .arch = "x86_64",
      .installer = "ubuntu",
      .kernel = "casper/vmlinuz",
      .initrd = {"casper/initrd"},
      .args = "ip=dhcp url=@media@ cloud-config-url=/dev/null"},
     true},
    {"Rocky Linux with its packages",
     "Rocky-9-3-x86_64-dvd",
     0,
     {{".treeinfo", "[checksums]\nimages/pxeboot/vmlinuz = sha256:00\n\n[general]\narch = x86_64\n"
                    "family = Rocky Linux\nname = Rocky Linux 9.3\nversion = 9.3\n\n"
                    "[images-x86_64]\ninitrd = images/pxeboot/initrd.img\n"
                    "kernel = images/pxeboot/vmlinuz\n\n[release]\nname = Rocky Linux\n"
                    "short = Rocky\nversion = 9.3\n"},
      {"images/pxeboot/vmlinuz", NULL},
      {"images/pxeboot/initrd.img", NULL},
      {"BaseOS/repodata/repomd.xml", NULL}},
     {.title = "Rocky Linux 9.3 installer (x86_64)",
      .distribution = "rocky",
      .version = "9.3",
      .arch = "x86_64",
      .installer = "redhat",
      .kernel = "images/pxeboot/vmlinuz",
      .initrd = {"images/pxeboot/initrd.img"},
      .args = "inst.repo=@url@ ip=dhcp"},
     false},
    {"CentOS Stream without packages, arm64",
     "CentOS-Stream-9-BaseOS-aarch64",
     0,
     {{".treeinfo", "[general]\narch = aarch64\nfamily = CentOS Stream\nversion = 9\n"
                    "[images-aarch64]\ninitrd = images/pxeboot/initrd.img\n"
                    "kernel = images/pxeboot/vmlinuz\n[release]\nname = CentOS Stream\n"},
      {"images/pxeboot/vmlinuz", NULL},
      {"images/pxeboot/initrd.img", NULL}},
     {.title = "CentOS Stream 9 installer (arm64)",
      .distribution = "centos",
      .version = "9",
      .arch = "arm64",
      .installer = "redhat",
      .kernel = "images/pxeboot/vmlinuz",
      .initrd = {"images/pxeboot/initrd.img"},
      .args = "inst.stage2=@url@ ip=dhcp"},
     true},
    {"Fedora by .discinfo",
     "Fedora-S-dvd-x86_64-39",
     0,
     {{".discinfo", "1699018880.0\nFedora 39\nx86_64\n"},
      {"images/pxeboot/vmlinuz", NULL},
      {"images/pxeboot/initrd.img", NULL},
      {"repodata/repomd.xml", NULL}},
     {.title = "Fedora 39 installer (x86_64)",
      .distribution = "fedora",
      .version = "39",
      .arch = "x86_64",
      .installer = "redhat",
      .kernel = "images/pxeboot/vmlinuz",
      .initrd = {"images/pxeboot/initrd.img"},
      .args = "inst.repo=@url@ ip=dhcp"},
     false},
    {"Fedora live",
     "Fedora-WS-Live-39-1-5",
     0,
     {{"LiveOS/squashfs.img", NULL},
      {"images/pxeboot/vmlinuz", NULL},
      {"images/pxeboot/initrd.img", NULL}},
     {.title = "Fedora 39 live",
      .distribution = "fedora",
      .version = "39",
      .installer = "live",
      .kernel = "images/pxeboot/vmlinuz",
      .initrd = {"images/pxeboot/initrd.img"},
      .args = "root=live:@url@/LiveOS/squashfs.img rd.live.image ip=dhcp rd.neednet=1"},
     false},
    {"Fedora CoreOS",
     "fedora-coreos-39.20231204.3.3",
     0,
     {{"images/pxeboot/vmlinuz", NULL},
      {"images/pxeboot/initrd.img", NULL},
      {"images/pxeboot/rootfs.img", NULL},
      {"coreos/igninfo.json", "{}"}},
     {.title = "Fedora CoreOS 39.20231204.3.3",
      .distribution = "fedora-coreos",
      .version = "39.20231204.3.3",
      .installer = "ignition",
      .kernel = "images/pxeboot/vmlinuz",
      .initrd = {"images/pxeboot/initrd.img"},
      .args = "ip=dhcp rd.neednet=1 ignition.firstboot ignition.platform.id=metal "
              "coreos.live.rootfs_url=@url@/images/pxeboot/rootfs.img"},
     false},
    {"openSUSE Leap",
     "openSUSE-Leap-15.5-DVD-x86_64491",
     0,
     {{"media.1/products", "/ openSUSE-Leap 15.5-1\n"},
      {"boot/x86_64/loader/linux", NULL},
      {"boot/x86_64/loader/initrd", NULL}},
     {.title = "openSUSE Leap 15.5 installer (x86_64)",
      .distribution = "opensuse-leap",
      .version = "15.5",
      .arch = "x86_64",
      .installer = "suse",
      .kernel = "boot/x86_64/loader/linux",
      .initrd = {"boot/x86_64/loader/initrd"},
      .args = "install=@url@ netsetup=dhcp"},
     false},
    {"SLES 15",
     "SLE-15-SP5-Full-x86_64",
     0,
     {{"media.1/products",
       "/ SLE-15-SP5-Full 15.5-0\n/Module-Basesystem sle-module-basesystem 15.5\n"},
      {"boot/x86_64/loader/linux", NULL},
      {"boot/x86_64/loader/initrd", NULL}},
     {.title = "SUSE Linux Enterprise 15.5 installer (x86_64)",
      .distribution = "sles",
      .version = "15.5",
      .arch = "x86_64",
      .installer = "suse",
      .kernel = "boot/x86_64/loader/linux",
      .initrd = {"boot/x86_64/loader/initrd"},
      .args = "install=@url@ netsetup=dhcp"},
     false},
    {"Leap with Agama",
     "Leap-16.0-x86_64-offline",
     0,
     {{"LiveOS/squashfs.img", NULL},
      {"boot/x86_64/loader/linux", NULL},
      {"boot/x86_64/loader/initrd", NULL},
      {"install/repodata/repomd.xml", NULL}},
     {.title = "openSUSE Leap 16.0 installer (x86_64)",
      .distribution = "opensuse-leap",
      .version = "16.0",
      .arch = "x86_64",
      .installer = "agama",
      .kernel = "boot/x86_64/loader/linux",
      .initrd = {"boot/x86_64/loader/initrd"},
      .args = "root=live:@url@/LiveOS/squashfs.img ip=dhcp rd.neednet=1 "
              "inst.install_url=@url@/install"},
     false},
    {"Arch",
     "ARCH_202401",
     0,
     {{"arch/version", "2024.01.01\n"},
      {"arch/boot/x86_64/vmlinuz-linux", NULL},
      {"arch/boot/x86_64/initramfs-linux.img", NULL}},
     {.title = "Arch Linux 2024.01.01 installer (x86_64)",
      .distribution = "arch",
      .version = "2024.01.01",
      .arch = "x86_64",
      .installer = "archlinux",
      .kernel = "arch/boot/x86_64/vmlinuz-linux",
      .initrd = {"arch/boot/x86_64/initramfs-linux.img"},
      .args = "archisobasedir=arch archiso_http_srv=@url@/ ip=dhcp BOOTIF=@mac@"},
     false},
    {"Alpine's netboot files",
     "",
     0,
     {{"boot/vmlinuz-lts", NULL}, {"boot/initramfs-lts", NULL}, {"boot/modloop-lts", NULL}},
     {.title = "Alpine Linux",
      .distribution = "alpine",
      .installer = "alpine",
      .kernel = "boot/vmlinuz-lts",
      .initrd = {"boot/initramfs-lts"},
      .args = "ip=dhcp modules=loop,squashfs modloop=@url@/boot/modloop-lts "
              "alpine_repo=http://dl-cdn.alpinelinux.org/alpine/latest-stable/main"},
     false},
    {"Alpine's disc",
     "alpine-std 3.19.1 x86_64",
     0,
     {{".alpine-release", "alpine-standard-3.19.1 240126\n"},
      {"boot/vmlinuz-lts", NULL},
      {"boot/initramfs-lts", NULL},
      {"boot/modloop-lts", NULL},
      {"apks/.boot_repository", ""}},
     {.title = "Alpine Linux 3.19.1 (x86_64)",
      .distribution = "alpine",
      .version = "3.19.1",
      .arch = "x86_64",
      .installer = "alpine",
      .kernel = "boot/vmlinuz-lts",
      .initrd = {"boot/initramfs-lts"},
      .args = "ip=dhcp modules=loop,squashfs modloop=@url@/boot/modloop-lts "
              "alpine_repo=@url@/apks"},
     true},
    {"Proxmox VE",
     "PVE",
     0,
     {{".cd-info", "PRODUCT='pve'\nPRODUCTLONG=\"Proxmox VE\"\nRELEASE='8.1'\nISORELEASE='2'\n"},
      {"boot/linux26", NULL},
      {"boot/initrd.img", NULL}},
     {.title = "Proxmox VE 8.1-2 installer (x86_64)",
      .distribution = "pve",
      .version = "8.1-2",
      .arch = "x86_64",
      .installer = "proxmox",
      .kernel = "boot/linux26",
      .initrd = {"boot/initrd.img"},
      .args = "ro ramdisk_size=16777216 rw splash=silent"},
     true},
    {"FreeBSD on BIOS",
     "14_0_RELEASE_AMD64_CD",
     0,
     {{"boot/kernel/kernel", NULL},
      {"boot/loader.efi", NULL},
      {"boot/pxeboot", NULL},
      {"bin/freebsd-version", "#!/bin/sh\nUSERLAND_VERSION=\"14.0-RELEASE\"\n"}},
     {.title = "FreeBSD 14.0-RELEASE installer (x86_64)",
      .distribution = "freebsd",
      .version = "14.0-RELEASE",
      .arch = "x86_64",
      .installer = "freebsd",
      .chain = "boot/pxeboot",
      .platform = EL_MEDIA_BIOS},
     true},
    {"TrueNAS on UEFI",
     "TrueNAS-13.0-U6",
     1,
     {{"boot/kernel/kernel.gz", NULL}, {"boot/loader.efi", NULL}, {"boot/pxeboot", NULL}},
     {.title = "TrueNAS CORE 13.0-U6 installer",
      .distribution = "truenas",
      .version = "13.0-U6",
      .installer = "freebsd",
      .chain = "boot/loader.efi",
      .platform = EL_MEDIA_EFI},
     true},
    {"ESXi",
     "ESXI-8.0U2-22380479-STANDARD",
     0,
     {{"boot.cfg", esxi_cfg}, {"efi/boot/bootx64.efi", NULL}},
     {.title = "VMware ESXi 8.0.2-0.0.22380479 installer (x86_64)",
      .distribution = "esxi",
      .version = "8.0.2-0.0.22380479",
      .arch = "x86_64",
      .installer = "esxi",
      .chain = "efi/boot/bootx64.efi",
      .args = "-c @url@/netboot.cfg",
      .platform = EL_MEDIA_EFI,
      .file_name = "netboot.cfg"},
     false},
    {"Windows",
     "CCCOMA_X64FRE_EN-US_DV9",
     0,
     {{"boot/bcd", NULL}, {"boot/boot.sdi", NULL}, {"sources/boot.wim", (const char *)wim}},
     {.title = "Windows 10.0.22621 setup (x86_64)",
      .distribution = "windows",
      .version = "10.0.22621",
      .arch = "x86_64",
      .installer = "windows",
      .kernel = "wimboot",
      .initrd = {"boot/bcd", "boot/boot.sdi", "sources/boot.wim"}},
     true},
    {"Memtest86+ on UEFI",
     "",
     1,
     {{"memtest86+x64.bin", NULL}, {"memtest86+x64.efi", NULL}},
     {.title = "Memtest86+ (x86_64)",
      .distribution = "memtest86plus",
      .arch = "x86_64",
      .installer = "tool",
      .chain = "memtest86+x64.efi",
      .platform = EL_MEDIA_EFI},
     false},
    {"a description by hand",
     "OURS",
     0,
     {{"entry.conf", "title = Our rescue system\nkernel = vmlinuz\ninitrd = base.img\n"
                     "initrd = more.img\nargs = root=live:@url@/fs ds=nocloud;s=@url@/\n"
                     "arch = arm64\ninstaller = live\n"},
      {"vmlinuz", NULL}},
     {.title = "Our rescue system (arm64)",
      .distribution = "linux",
      .arch = "arm64",
      .installer = "live",
      .kernel = "vmlinuz",
      .initrd = {"base.img", "more.img"},
      .args = "root=live:@url@/fs ds=nocloud;s=@url@/"},
     false},
    {"a GRUB configuration",
     "Some Live 7 x64",
     0,
     {{"boot/grub/grub.cfg", "set timeout=5\nmenuentry \"Start\" {\n  linux /sys/vmlinuz boot=disc "
                             "root=${label} quiet \"x\" --- || reboot\n  initrd /sys/initrd.xz\n}\n"
                             "menuentry \"Other\" {\n linux /other\n}\n"},
      {"sys/vmlinuz", NULL},
      {"sys/initrd.xz", NULL}},
     {.title = "Some Live 7 x64 (x86_64)",
      .distribution = "linux",
      .arch = "x86_64",
      .installer = "live",
      .kernel = "sys/vmlinuz",
      .initrd = {"sys/initrd.xz"},
      .args = "boot=disc quiet --- reboot"},
     true},
    {"a SYSLINUX configuration",
     "",
     0,
     {{"isolinux/isolinux.cfg", "DEFAULT a\nLABEL a\n  KERNEL vmlinuz\n"
                                "  APPEND initrd=initrd.gz,x root=/dev/ram0\n"},
      {"isolinux/vmlinuz", NULL},
      {"isolinux/initrd.gz", NULL}},
     {.title = "Linux",
      .distribution = "linux",
      .installer = "live",
      .kernel = "isolinux/vmlinuz",
      .initrd = {"isolinux/initrd.gz"},
      .args = "root=/dev/ram0"},
     true},
};

/* -- a tree of them -- */

static struct el_content_memory_entry entries[FILES_MAX + 1];
static const struct el_content_memory memory = {entries, 1};

static struct el_content tree_of(const struct file *files)
{
    size_t count = 0;

    for (; count < FILES_MAX && files[count].name; count++) {
        const char *text = files[count].text ? files[count].text : "bytes";
        entries[count] =
            (struct el_content_memory_entry){files[count].name, (const uint8_t *)text,
                                             text == (const char *)wim ? sizeof wim : strlen(text)};
    }
    entries[count].name = NULL;
    return el_content_memory(&memory);
}

static void each_medium_is_known(void **state)
{
    static struct el_media_facts facts;

    (void)state;
    make_wim();
    for (size_t i = 0; i < sizeof media / sizeof media[0]; i++) {
        const struct medium *m = &media[i];
        struct el_content tree = tree_of(m->files);
        print_message("%s\n", m->what);
        assert_int_equal(el_media_recognise(&tree, m->label, m->variant, &facts), 0);
        assert_string_equal(facts.title, m->expected.title);
        assert_string_equal(facts.distribution, m->expected.distribution);
        assert_string_equal(facts.version, m->expected.version);
        assert_string_equal(facts.arch, m->expected.arch);
        assert_string_equal(facts.installer, m->expected.installer);
        assert_string_equal(facts.kernel, m->expected.kernel);
        assert_string_equal(facts.chain, m->expected.chain);
        for (unsigned j = 0; j < EL_MEDIA_INITRDS_MAX; j++)
            assert_string_equal(j < facts.initrd_count ? facts.initrd[j] : "",
                                m->expected.initrd[j]);
        assert_string_equal(facts.args, m->expected.args);
        assert_int_equal(facts.platform, m->expected.platform);
        assert_string_equal(facts.file_name, m->expected.file_name);
        assert_int_equal(facts.note[0] != '\0', m->noted);
    }
}

static void ways_end(void **state)
{
    static const struct file files[] = {{"memtest86+x64.bin", NULL}, {NULL, NULL}};
    struct el_content tree = tree_of(files);
    static struct el_media_facts facts;

    (void)state;
    assert_int_equal(el_media_recognise(&tree, NULL, 0, &facts), 0);
    assert_int_equal(facts.platform, EL_MEDIA_BIOS);
    assert_int_equal(el_media_recognise(&tree, NULL, 1, &facts), EL_ENOENT);
}

static void what_is_nothing_is_not_known(void **state)
{
    static const struct file none[] = {{NULL, NULL}};
    static const struct file loader[] = {
        {"boot/grub/grub.cfg", "menuentry x {\nlinux /../../etc/passwd\n}\n"},
        {"EFI/BOOT/bootx64.efi", NULL},
        {"entry.conf", "kernel = ../../etc/passwd\n"},
        {".treeinfo", "[general]\narch = x\n[images-x]\nkernel = .hidden\ninitrd = a b\n"},
        {NULL, NULL}};
    static struct el_media_facts facts;
    struct el_content tree = tree_of(none);

    (void)state;
    assert_int_equal(el_media_recognise(&tree, "", 0, &facts), EL_ENOENT);
    tree = tree_of(loader);
    assert_int_equal(el_media_recognise(&tree, "X", 0, &facts), EL_ENOENT);
}

static void esxi_gets_its_configuration_for_a_network(void **state)
{
    static const struct file files[] = {
        {"boot.cfg", esxi_cfg}, {"efi/boot/bootx64.efi", NULL}, {NULL, NULL}};
    struct el_content tree = tree_of(files);
    static struct el_media_facts facts;

    (void)state;
    assert_int_equal(el_media_recognise(&tree, "", 0, &facts), 0);
    assert_string_equal(facts.file_text, "bootstate=0\ntitle=Loading ESXi installer\ntimeout=5\n"
                                         "kernel=b.b00\nkernelopt=runweasel \n"
                                         "modules=jumpstrt.gz --- useropts.gz --- k.b00\n"
                                         "build=8.0.2-0.0.22380479\nupdated=0\n");
}

static int broken_open(void *arg, const char *name, struct el_content_file *file)
{
    (void)arg;
    (void)name;
    (void)file;
    return EL_EIO;
}

static void a_tree_that_cannot_be_read_says_so(void **state)
{
    const struct el_content tree = {.open = broken_open};
    static struct el_media_facts facts;

    (void)state;
    assert_int_equal(el_media_recognise(&tree, "", 0, &facts), EL_EIO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_medium_is_known),
        cmocka_unit_test(ways_end),
        cmocka_unit_test(what_is_nothing_is_not_known),
        cmocka_unit_test(esxi_gets_its_configuration_for_a_network),
        cmocka_unit_test(a_tree_that_cannot_be_read_says_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
