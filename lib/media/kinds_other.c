/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is no Linux, and what says itself how it is booted. */
#include "base/err.h"
#include "base/wire.h"
#include "media/kinds.h"
#include "media/names.h"

#include <stdio.h>
#include <string.h>

#define COPY(to, from) el_media_copy((to), sizeof(to), (from))

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

bool el_media_is_memtest(struct el_media_probe *probe, struct el_media_facts *facts)
{
    char path[EL_MEDIA_PATH_BYTES];

    (void)facts;
    return begins(probe->label, "MT86PLUS") || begins(probe->label, "MEMTEST") ||
           el_media_first(probe,
                          "memtest86+x64.bin boot/memtest86+x64.bin memtest64.bin "
                          "boot/memtest64.bin memtest86+x64.efi memtest64.efi",
                          path);
}

/* -- FreeBSD and its children -- */

bool el_media_is_freebsd(struct el_media_probe *probe, struct el_media_facts *facts)
{
    static const struct {
        const char *label, *title, *distribution;
    } children[] = {
        {"pfsense", "pfSense", "pfsense"},
        {"opnsense", "OPNsense", "opnsense"},
        {"truenas", "TrueNAS CORE", "truenas"},
        {"freenas", "FreeNAS", "freenas"},
    };
    char label[EL_MEDIA_TITLE_BYTES], path[EL_MEDIA_PATH_BYTES], version[EL_MEDIA_WORD_BYTES];

    if (!el_media_first(probe, "boot/kernel/kernel boot/kernel/kernel.gz", path) ||
        !el_media_first(probe, "boot/loader boot/loader.efi boot/pxeboot", path))
        return false;
    el_media_take_line(label, sizeof label, probe->label);
    el_media_name_lower(label);
    COPY(facts->arch, el_media_find_arch(label));
    for (size_t i = 0; i < sizeof children / sizeof children[0]; i++)
        if (strstr(label, children[i].label)) {
            COPY(facts->title, children[i].title);
            COPY(facts->distribution, children[i].distribution);
            el_media_find_version(probe->label, facts->version, sizeof facts->version);
            return true;
        }
    if (el_media_read_text(probe, "bin/freebsd-version") &&
        el_media_value(probe->text, NULL, "USERLAND_VERSION", version, sizeof version))
        el_media_take_word(facts->version, sizeof facts->version, version);
    return true;
}

/* -- ESXi -- */

/* boot.cfg for a network: its paths relative to itself, nothing of a disc. False if it does not
 * fit. */
static bool make_netboot_cfg(const char *text, struct el_media_facts *facts)
{
    struct el_wire w = el_wire_write(facts->file_text, sizeof facts->file_text - 1);

    for (const char *line = text; *line; line += strspn(line, "\r\n")) {
        size_t len = strcspn(line, "\r\n");
        bool files = begins(line, "kernel=") || begins(line, "modules=");
        bool options = begins(line, "kernelopt=");
        for (size_t i = 0; i < len && !begins(line, "prefix="); i++) {
            if (options && begins(line + i, "cdromBoot"))
                i += strlen("cdromBoot") - 1;
            else if (!files || line[i] != '/')
                el_wire_put_u8(&w, (uint8_t)line[i]);
        }
        if (!begins(line, "prefix="))
            el_wire_put_u8(&w, '\n');
        line += len;
    }
    if (!el_wire_ok(&w))
        return false;
    facts->file_text[el_wire_done(&w)] = '\0';
    COPY(facts->file_name, "netboot.cfg");
    return true;
}

bool el_media_is_esxi(struct el_media_probe *probe, struct el_media_facts *facts)
{
    char value[EL_MEDIA_WORD_BYTES];

    if (!el_media_read_text(probe, "boot.cfg") || !strstr(probe->text, "ESXi") ||
        !strstr(probe->text, "modules="))
        return false;
    if (el_media_value(probe->text, NULL, "build", value, sizeof value))
        el_media_take_word(facts->version, sizeof facts->version, value);
    if (!make_netboot_cfg(probe->text, facts)) {
        facts->file_text[0] = '\0';
        COPY(facts->note, "boot.cfg is too long to be rewritten: netboot.cfg has to be made of it "
                          "by hand, without the slashes before its modules");
    }
    return true;
}

/* -- Windows -- */

/* The number in <NAME>…</NAME>, or -1. */
static long xml_number(const char *text, const char *name)
{
    char open[32];
    long value = -1;

    snprintf(open, sizeof open, "<%s>", name);
    const char *at = strstr(text, open);
    if (!at || sscanf(at + strlen(open), "%9ld", &value) != 1)
        return -1;
    return value;
}

/* The image file's header (208 bytes) says where its description stands: XML in UTF-16, of which we
 * need what is ASCII. */
static bool read_wim(struct el_media_probe *probe, const char *path)
{
    enum { HEADER = 208, XML_AT = 72 };
    uint8_t header[HEADER];
    size_t len = 0;

    if (el_media_read_bytes(probe, path, 0, header, sizeof header) < 0 ||
        memcmp(header, "MSWIM\0\0\0", 8) != 0)
        return false;
    struct el_wire w = el_wire_read(header + XML_AT, 16);
    uint64_t size = el_wire_le64(&w) & UINT64_C(0x00ffffffffffffff);
    uint64_t offset = el_wire_le64(&w);
    if (size >= sizeof probe->text)
        size = sizeof probe->text - 1;
    if (el_media_read_bytes(probe, path, offset, probe->text, (size_t)size) < 0)
        return false;
    for (size_t i = 0; i < size; i++)
        if (probe->text[i] > 0)
            probe->text[len++] = probe->text[i];
    probe->text[len] = '\0';
    return true;
}

static void describe_windows(const char *xml, struct el_media_facts *facts)
{
    static const struct {
        long number;
        const char *arch;
    } arches[] = {{0, "i386"}, {9, "x86_64"}, {12, "arm64"}};
    long major = xml_number(xml, "MAJOR"), minor = xml_number(xml, "MINOR");
    long build = xml_number(xml, "BUILD"), arch = xml_number(xml, "ARCH");

    if (major >= 0 && minor >= 0 && build >= 0)
        snprintf(facts->version, sizeof facts->version, "%ld.%ld.%ld", major, minor, build);
    for (size_t i = 0; i < sizeof arches / sizeof arches[0]; i++)
        if (arches[i].number == arch)
            COPY(facts->arch, arches[i].arch);
}

/* wimboot is the kernel, what it starts its initrds, which it knows by their names. It is under a
 * licence of its own and comes from nowhere but its author. */
bool el_media_is_windows(struct el_media_probe *probe, struct el_media_facts *facts)
{
    static const char *const files[] = {"boot/bcd", "boot/boot.sdi", "sources/boot.wim"};

    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        if (!el_media_has(probe, files[i]))
            return false;
        COPY(facts->initrd[i], files[i]);
    }
    facts->initrd_count = sizeof files / sizeof files[0];
    COPY(facts->kernel, "wimboot");
    if (read_wim(probe, files[2]))
        describe_windows(probe->text, facts);
    COPY(facts->note, "put wimboot (from ipxe.org/wimboot) beside entry.conf; setup then asks for "
                      "its other files, which a share has to give it");
    return true;
}

/* -- a boot loader's configuration, or ours -- */

/* entry.conf in the tree itself: kernel, initrds and arguments as a person has described them. */
static bool read_entry(struct el_media_probe *probe, struct el_media_facts *facts)
{
    char value[EL_MEDIA_ARGS_BYTES];

    if (!el_media_read_text(probe, "entry.conf") ||
        !el_media_value(probe->text, NULL, "kernel", value, sizeof value) ||
        !el_media_take_path(facts->kernel, value) || !el_media_has(probe, facts->kernel))
        return false;
    for (const char *at = strstr(probe->text, "initrd");
         at && facts->initrd_count < EL_MEDIA_INITRDS_MAX; at = strstr(at + 1, "\ninitrd"))
        if (el_media_value(at, NULL, "initrd", value, sizeof value))
            facts->initrd_count += el_media_take_path(facts->initrd[facts->initrd_count], value);
    if (el_media_value(probe->text, NULL, "title", value, sizeof value))
        el_media_take_line(facts->title, sizeof facts->title, value);
    if (el_media_value(probe->text, NULL, "installer", value, sizeof value))
        el_media_take_word(facts->installer, sizeof facts->installer, value);
    if (el_media_value(probe->text, NULL, "distribution", value, sizeof value))
        el_media_take_word(facts->distribution, sizeof facts->distribution, value);
    if (el_media_value(probe->text, NULL, "version", value, sizeof value))
        el_media_take_word(facts->version, sizeof facts->version, value);
    if (el_media_value(probe->text, NULL, "arch", value, sizeof value))
        COPY(facts->arch, el_media_find_arch(value));
    if (el_media_value(probe->text, NULL, "args", value, sizeof value))
        el_media_add_args(facts->args, value);
    return true;
}

/* The path that FROM begins with, as it is or beside the configuration in DIRECTORY. */
static bool take_file(const char *directory, const char *from, char path[EL_MEDIA_PATH_BYTES])
{
    char word[EL_MEDIA_PATH_BYTES], whole[2 * EL_MEDIA_PATH_BYTES];
    size_t len = strcspn(from, " \t\r\n,");

    if (len >= sizeof word)
        return false;
    memcpy(word, from, len);
    word[len] = '\0';
    snprintf(whole, sizeof whole, "%s%s", word[0] == '/' ? "" : directory, word);
    return el_media_take_path(path, whole);
}

/* What follows one of the words that begin a line with a kernel, an initrd, or more arguments. */
static const char *after(const char *line, const char *const words[])
{
    line += strspn(line, " \t");
    for (; *words; words++) {
        size_t len = strlen(*words), blanks;
        char word[16];
        snprintf(word, sizeof word, "%.*s", (int)(len < sizeof word ? len : 0), line);
        el_media_name_lower(word);
        blanks = strspn(line + len * (strcmp(word, *words) == 0), " \t");
        if (strcmp(word, *words) == 0 && blanks)
            return line + len + blanks;
    }
    return NULL;
}

/* Reads the first system of a GRUB or SYSLINUX configuration. */
static void read_loader(const char *text, const char *directory, struct el_media_facts *facts)
{
    static const char *const kernels[] = {"linux", "linuxefi", "kernel", NULL};
    static const char *const initrds[] = {"initrd", "initrdefi", NULL};
    static const char *const appends[] = {"append", NULL};

    for (const char *line = text; *line; line += strspn(line, "\n")) {
        const char *kernel = after(line, kernels), *initrd = after(line, initrds);
        const char *append = after(line, appends), *option;
        if (kernel && facts->kernel[0])
            return;
        if (kernel && take_file(directory, kernel, facts->kernel))
            el_media_add_args(facts->args, kernel + strcspn(kernel, " \t\r\n"));
        if (facts->kernel[0] && append) {
            el_media_add_args(facts->args, append);
            option = strstr(append, "initrd=");
            if (option && option < append + strcspn(append, "\n"))
                initrd = option + strlen("initrd=");
        }
        if (facts->kernel[0] && initrd && facts->initrd_count == 0)
            facts->initrd_count = take_file(directory, initrd, facts->initrd[0]);
        line += strcspn(line, "\n");
    }
}

/* Takes the words that begin with "initrd=" out again: the boot menu writes its own. */
static void drop_initrd(char args[EL_MEDIA_ARGS_BYTES])
{
    char kept[EL_MEDIA_ARGS_BYTES] = "";

    for (const char *at = args; *at; at += strspn(at, " ")) {
        char word[EL_MEDIA_ARGS_BYTES];
        size_t len = strcspn(at, " ");
        memcpy(word, at, len);
        word[len] = '\0';
        if (!begins(word, "initrd=") && !begins(word, "BOOT_IMAGE="))
            el_media_add_args(kept, word);
        at += len;
    }
    memcpy(args, kept, sizeof kept);
}

bool el_media_is_configured(struct el_media_probe *probe, struct el_media_facts *facts)
{
    static const char *const files[] = {"boot/grub/loopback.cfg", "boot/grub/grub.cfg",
                                        "boot/grub2/grub.cfg",    "EFI/BOOT/grub.cfg",
                                        "isolinux/isolinux.cfg",  "isolinux/txt.cfg",
                                        "isolinux/live.cfg",      "boot/isolinux/isolinux.cfg",
                                        "syslinux/syslinux.cfg",  "boot/syslinux/syslinux.cfg"};

    if (read_entry(probe, facts))
        return true;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char directory[EL_MEDIA_PATH_BYTES];
        /* GRUB's paths begin at the root, SYSLINUX's where its configuration is. */
        bool syslinux = strstr(files[i], "linux/") != NULL;
        snprintf(directory, sizeof directory, "%.*s",
                 syslinux ? (int)(strrchr(files[i], '/') + 1 - files[i]) : 0, files[i]);
        *facts = (struct el_media_facts){.platform = EL_MEDIA_ANY_PLATFORM};
        if (!el_media_read_text(probe, files[i]))
            continue;
        read_loader(probe->text, directory, facts);
        if (!facts->kernel[0] || !el_media_has(probe, facts->kernel) ||
            (facts->initrd_count && !el_media_has(probe, facts->initrd[0])))
            continue;
        drop_initrd(facts->args);
        el_media_take_line(facts->title, 41, probe->label);
        COPY(facts->arch, el_media_find_arch(probe->label));
        COPY(facts->note, "not known: what is booted was read from its own boot loader, which is "
                          "for a disc; say --args if it does not find its files");
        return true;
    }
    *facts = (struct el_media_facts){.platform = EL_MEDIA_ANY_PLATFORM};
    return false;
}
