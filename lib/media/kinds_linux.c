/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What Linux distributions say about themselves on their media. */
#include "media/kinds.h"
#include "media/names.h"

#include <stdio.h>
#include <string.h>

#define COPY(to, from) el_media_copy((to), sizeof(to), (from))

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* -- Debian and its children: .disk/info -- */

/* 'Debian GNU/Linux 12.5.0 "Bookworm" - Official amd64 NETINST': what is before the first number is
 * the title, its first word the distribution. */
static bool read_disk_info(struct el_media_probe *probe, struct el_media_facts *facts)
{
    static const char official[] = "Official ";

    if (!el_media_read_text(probe, ".disk/info"))
        return false;
    const char *text = probe->text;
    if (begins(text, official))
        text += sizeof official - 1;
    size_t len = strcspn(text, "0123456789\"\n(");
    while (len > 0 && text[len - 1] == ' ')
        len--;
    char name[48];
    snprintf(name, sizeof name, "%.*s", (int)(len < sizeof name ? len : sizeof name - 1), text);
    el_media_take_line(facts->title, sizeof facts->title, name);
    el_media_take_word(facts->distribution, sizeof facts->distribution, name);
    el_media_name_lower(facts->distribution);
    el_media_find_version(text, facts->version, sizeof facts->version);
    COPY(facts->arch, el_media_find_arch(text));
    return true;
}

bool el_media_is_ubuntu(struct el_media_probe *probe, struct el_media_facts *facts)
{
    char path[EL_MEDIA_PATH_BYTES];

    if (!el_media_first(probe, "casper/vmlinuz casper/vmlinuz.efi casper/hwe-vmlinuz", path))
        return false;
    /* Ubuntu, Ubuntu-Server, Kubuntu, ... have one installer; Mint and others their own. */
    if (read_disk_info(probe, facts)) {
        if (strstr(facts->distribution, "buntu"))
            COPY(facts->distribution, "ubuntu");
        else
            COPY(facts->installer, "live");
    }
    return true;
}

bool el_media_is_debian_live(struct el_media_probe *probe, struct el_media_facts *facts)
{
    static const char *const versions[] = {"Clonezilla-Live-Version", "GParted-Live-Version"};

    if (!el_media_has(probe, "live/filesystem.squashfs"))
        return false;
    for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++)
        if (el_media_read_text(probe, versions[i])) {
            snprintf(facts->title, sizeof facts->title, "%.*s", (int)strcspn(versions[i], "-"),
                     versions[i]);
            COPY(facts->distribution, facts->title);
            el_media_name_lower(facts->distribution);
            COPY(facts->installer, "tool");
            el_media_find_version(probe->text, facts->version, sizeof facts->version);
            COPY(facts->arch, el_media_find_arch(probe->text));
            return true;
        }
    read_disk_info(probe, facts);
    return true;
}

bool el_media_is_truenas_scale(struct el_media_probe *probe, struct el_media_facts *facts)
{
    if (!el_media_has(probe, "TrueNAS-SCALE.update"))
        return false;
    el_media_find_version(probe->label, facts->version, sizeof facts->version);
    COPY(facts->arch, "x86_64");
    return true;
}

/* A disc, or the netboot files, whose version.info says "Debian version:  12 (bookworm)". */
bool el_media_is_debian(struct el_media_probe *probe, struct el_media_facts *facts)
{
    static const char kernels[] =
        "debian-installer/amd64/linux debian-installer/arm64/linux debian-installer/i386/linux "
        "text/debian-installer/amd64/linux text/debian-installer/arm64/linux";
    static const char discs[] = "install.amd/vmlinuz install.a64/vmlinuz install.386/vmlinuz";
    char path[EL_MEDIA_PATH_BYTES];

    if (el_media_first(probe, discs, path)) {
        read_disk_info(probe, facts);
        return true;
    }
    if (!el_media_first(probe, kernels, path))
        return false;
    if (el_media_read_text(probe, "version.info") || el_media_read_text(probe, "text/version.info"))
        el_media_find_version(probe->text, facts->version, sizeof facts->version);
    return true;
}

/* -- Red Hat and its children: .treeinfo -- */

static void name_family(const char *name, struct el_media_facts *facts)
{
    static const struct {
        const char *begins, *distribution;
    } families[] = {
        {"Red Hat Enterprise Linux", "rhel"},
        {"CentOS", "centos"},
        {"Rocky", "rocky"},
        {"AlmaLinux", "almalinux"},
        {"Fedora", "fedora"},
        {"Oracle", "ol"},
        {"Scientific", "scientific"},
        {"CloudLinux", "cloudlinux"},
        {"openEuler", "openeuler"},
    };

    el_media_take_line(facts->title, sizeof facts->title, name);
    el_media_take_word(facts->distribution, sizeof facts->distribution, name);
    el_media_name_lower(facts->distribution);
    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++)
        if (begins(name, families[i].begins))
            COPY(facts->distribution, families[i].distribution);
}

/* The second line of .discinfo is "Fedora 39" or "9.3", the third the architecture. */
static void read_discinfo(struct el_media_probe *probe, struct el_media_facts *facts)
{
    char line[80];

    if (!el_media_read_text(probe, ".discinfo"))
        return;
    const char *second = strchr(probe->text, '\n');
    if (!second)
        return;
    el_media_take_line(line, sizeof line, second + 1);
    el_media_find_version(line, facts->version, sizeof facts->version);
    size_t len = strcspn(line, "0123456789");
    while (len > 0 && line[len - 1] == ' ')
        len--;
    line[len] = '\0';
    if (len)
        name_family(line, facts);
    const char *third = strchr(second + 1, '\n');
    if (third)
        COPY(facts->arch, el_media_find_arch(third + 1));
}

/* Where the packages are beside the installer, everything comes from the tree; else the installer
 * alone does. */
static void choose_repository(struct el_media_probe *probe, struct el_media_facts *facts)
{
    char path[EL_MEDIA_PATH_BYTES];

    if (el_media_first(probe,
                       "repodata/repomd.xml BaseOS/repodata/repomd.xml Server/repodata/repomd.xml "
                       "Packages/repodata/repomd.xml",
                       path)) {
        COPY(facts->args, "inst.repo=@url@ ip=dhcp");
        return;
    }
    COPY(facts->args, "inst.stage2=@url@ ip=dhcp");
    COPY(facts->note, "it brings the installer and no packages: these come from a mirror that the "
                      "kickstart or a person names");
}

bool el_media_is_treeinfo(struct el_media_probe *probe, struct el_media_facts *facts)
{
    static const char kernel[] = "images/pxeboot/vmlinuz", initrd[] = "images/pxeboot/initrd.img";
    char value[EL_MEDIA_PATH_BYTES], arch[EL_MEDIA_WORD_BYTES], section[64];
    bool has_info = el_media_read_text(probe, ".treeinfo") || el_media_read_text(probe, "treeinfo");

    if (has_info) {
        const char *text = probe->text;
        if (el_media_value(text, "release", "name", value, sizeof value) ||
            el_media_value(text, "general", "family", value, sizeof value))
            name_family(value, facts);
        if (el_media_value(text, "release", "version", value, sizeof value) ||
            el_media_value(text, "general", "version", value, sizeof value))
            el_media_take_word(facts->version, sizeof facts->version, value);
        el_media_value(text, "general", "arch", arch, sizeof arch);
        COPY(facts->arch, el_media_find_arch(arch));
        snprintf(section, sizeof section, "images-%s", arch);
        if (el_media_value(text, section, "kernel", value, sizeof value))
            el_media_take_path(facts->kernel, value);
        if (el_media_value(text, section, "initrd", value, sizeof value) &&
            el_media_take_path(facts->initrd[0], value))
            facts->initrd_count = 1;
    } else if (el_media_has(probe, ".discinfo") && !el_media_has(probe, "LiveOS/squashfs.img")) {
        read_discinfo(probe, facts);
        COPY(facts->kernel, kernel);
        COPY(facts->initrd[0], initrd);
        facts->initrd_count = 1;
    }
    if (!facts->kernel[0] || facts->initrd_count != 1 || !el_media_has(probe, facts->kernel) ||
        !el_media_has(probe, facts->initrd[0]))
        return false;
    choose_repository(probe, facts);
    return true;
}

bool el_media_is_coreos(struct el_media_probe *probe, struct el_media_facts *facts)
{
    if (!el_media_has(probe, "images/pxeboot/rootfs.img") ||
        !el_media_has(probe, "coreos/igninfo.json"))
        return false;
    if (begins(probe->label, "rhcos")) {
        COPY(facts->title, "Red Hat CoreOS");
        COPY(facts->distribution, "rhcos");
    }
    el_media_find_version(probe->label, facts->version, sizeof facts->version);
    return true;
}

bool el_media_is_dracut_live(struct el_media_probe *probe, struct el_media_facts *facts)
{
    char word[EL_MEDIA_WORD_BYTES];

    if (!el_media_has(probe, "LiveOS/squashfs.img"))
        return false;
    /* The label is all there is: Fedora-WS-Live-39-1-5. */
    snprintf(word, sizeof word, "%.*s", (int)(strcspn(probe->label, "-_ ") % sizeof word),
             probe->label);
    if (word[0])
        name_family(word, facts);
    el_media_find_version(probe->label, facts->version, sizeof facts->version);
    facts->version[strcspn(facts->version, "-_")] = '\0';
    COPY(facts->arch, el_media_find_arch(probe->label));
    return true;
}

/* -- SUSE -- */

static void name_suse(const char *text, struct el_media_facts *facts)
{
    static const struct {
        const char *word, *title, *distribution;
    } products[] = {
        {"Leap", "openSUSE Leap", "opensuse-leap"},
        {"openSUSE", "openSUSE Tumbleweed", "opensuse-tumbleweed"},
        {"SLE", "SUSE Linux Enterprise", "sles"},
    };

    for (size_t i = 0; i < sizeof products / sizeof products[0]; i++)
        if (strstr(text, products[i].word)) {
            COPY(facts->title, products[i].title);
            COPY(facts->distribution, products[i].distribution);
            break;
        }
}

/* media.1/products: "/ openSUSE-Leap 15.5-1", a line for each directory with packages. */
bool el_media_is_suse(struct el_media_probe *probe, struct el_media_facts *facts)
{
    if (!el_media_read_text(probe, "media.1/products") &&
        !el_media_read_text(probe, "media.1/media"))
        return false;
    probe->text[strcspn(probe->text, "\n")] = '\0';
    name_suse(probe->text, facts);
    const char *space = strrchr(probe->text, ' ');
    el_media_find_version(space ? space : probe->text, facts->version, sizeof facts->version);
    facts->version[strcspn(facts->version, "-")] = '\0';
    return true;
}

/* The live system of the newer installer; its packages may be beside it. */
bool el_media_is_agama(struct el_media_probe *probe, struct el_media_facts *facts)
{
    static const char *const labels[] = {"Install", "agama", "Agama", "SLES", "openSUSE", "Leap"};
    bool known = false;

    for (size_t i = 0; i < sizeof labels / sizeof labels[0]; i++)
        known |= begins(probe->label, labels[i]);
    if (!known || !el_media_has(probe, "LiveOS/squashfs.img"))
        return false;
    name_suse(probe->label, facts);
    el_media_find_version(probe->label, facts->version, sizeof facts->version);
    facts->version[strcspn(facts->version, "-_")] = '\0';
    if (el_media_has(probe, "install/repodata/repomd.xml"))
        COPY(facts->args, "inst.install_url=@url@/install");
    return true;
}

/* -- others -- */

bool el_media_is_arch(struct el_media_probe *probe, struct el_media_facts *facts)
{
    char path[EL_MEDIA_PATH_BYTES];

    if (!el_media_first(probe, "arch/boot/x86_64/vmlinuz-linux arch/boot/x86_64/vmlinuz", path))
        return false;
    if (el_media_read_text(probe, "arch/version"))
        el_media_take_word(facts->version, sizeof facts->version, probe->text);
    return true;
}

bool el_media_is_system_rescue(struct el_media_probe *probe, struct el_media_facts *facts)
{
    if (!el_media_has(probe, "sysresccd/boot/x86_64/vmlinuz"))
        return false;
    if (el_media_read_text(probe, "sysresccd/VERSION"))
        el_media_take_word(facts->version, sizeof facts->version, probe->text);
    return true;
}

/* A disc ("alpine-standard-3.19.1 240126" in .alpine-release), or the unpacked netboot files. */
bool el_media_is_alpine(struct el_media_probe *probe, struct el_media_facts *facts)
{
    static const char modloops[] = "boot/modloop-lts boot/modloop-virt modloop-lts modloop-virt";
    char modloop[EL_MEDIA_PATH_BYTES];
    bool disc = el_media_read_text(probe, ".alpine-release");

    if (disc) {
        el_media_find_version(probe->text, facts->version, sizeof facts->version);
        COPY(facts->arch, el_media_find_arch(probe->label));
        if (!facts->arch[0])
            COPY(facts->arch, el_media_find_arch(probe->text));
        COPY(facts->note, "the initramfs on an Alpine disc has no drivers for networks: add the "
                          "unpacked alpine-netboot-VERSION-ARCH.tar.gz instead");
    }
    if (!el_media_first(probe, modloops, modloop))
        return disc;
    bool packages = el_media_has(probe, "apks/.boot_repository");
    snprintf(facts->args, sizeof facts->args, "modloop=@url@/%s alpine_repo=%s", modloop,
             packages ? "@url@/apks" : "http://dl-cdn.alpinelinux.org/alpine/latest-stable/main");
    return true;
}

/* .cd-info: PRODUCT='pve', PRODUCTLONG="Proxmox VE", RELEASE='8.1', ISORELEASE='2'. */
bool el_media_is_proxmox(struct el_media_probe *probe, struct el_media_facts *facts)
{
    char value[48], minor[8];

    if (!el_media_read_text(probe, ".cd-info") ||
        !el_media_value(probe->text, NULL, "PRODUCTLONG", value, sizeof value) ||
        !begins(value, "Proxmox"))
        return false;
    el_media_take_line(facts->title, sizeof facts->title, value);
    el_media_value(probe->text, NULL, "PRODUCT", value, sizeof value);
    el_media_take_word(facts->distribution, sizeof facts->distribution, value);
    el_media_name_lower(facts->distribution);
    if (el_media_value(probe->text, NULL, "RELEASE", value, sizeof value)) {
        if (el_media_value(probe->text, NULL, "ISORELEASE", minor, sizeof minor)) {
            el_media_append(value, sizeof value, "-");
            el_media_append(value, sizeof value, minor);
        }
        el_media_take_word(facts->version, sizeof facts->version, value);
    }
    COPY(facts->arch, "x86_64");
    return true;
}

bool el_media_is_flatcar(struct el_media_probe *probe, struct el_media_facts *facts)
{
    (void)facts;
    return el_media_has(probe, "flatcar_production_pxe.vmlinuz");
}
