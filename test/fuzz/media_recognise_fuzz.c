/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Recognition of a tree that says whatever it likes. Input: two bytes that choose which of the
 * files below are there, one byte for the length of the label, the label, and the text that each of
 * them holds. What comes out can go into entry.conf.
 */
#include "media/media.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A bit each; those in one line come together. */
static const char *const groups[16][6] = {
    {".disk/info", "install.amd/vmlinuz", "install.amd/initrd.gz"},
    {".disk/info", "casper/vmlinuz", "casper/initrd"},
    {".treeinfo", "images/pxeboot/vmlinuz", "images/pxeboot/initrd.img", "a", "b"},
    {".discinfo", "images/pxeboot/vmlinuz", "images/pxeboot/initrd.img"},
    {"media.1/products", "boot/x86_64/loader/linux", "boot/x86_64/loader/initrd"},
    {"LiveOS/squashfs.img", "boot/x86_64/loader/linux", "boot/x86_64/loader/initrd"},
    {"arch/version", "arch/boot/x86_64/vmlinuz-linux", "arch/boot/x86_64/initramfs-linux.img"},
    {".alpine-release", "boot/vmlinuz-lts", "boot/initramfs-lts", "boot/modloop-lts"},
    {".cd-info", "boot/linux26", "boot/initrd.img"},
    {"bin/freebsd-version", "boot/kernel/kernel", "boot/loader.efi", "boot/pxeboot"},
    {"boot.cfg", "efi/boot/bootx64.efi"},
    {"sources/boot.wim", "boot/bcd", "boot/boot.sdi"},
    {"entry.conf", "a", "b"},
    {"boot/grub/grub.cfg", "a", "b"},
    {"isolinux/isolinux.cfg", "isolinux/a", "isolinux/b"},
    {"version.info", "debian-installer/amd64/linux", "debian-installer/amd64/initrd.gz"},
};

struct tree {
    unsigned present;
    const uint8_t *text;
    size_t len;
};

static void require(bool holds)
{
    if (!holds)
        abort();
}

static int tree_open(void *arg, const char *name, struct el_content_file *file)
{
    const struct tree *tree = arg;

    for (unsigned i = 0; i < 16; i++)
        for (unsigned j = 0; tree->present >> i & 1 && j < 6 && groups[i][j]; j++)
            if (strcmp(groups[i][j], name) == 0) {
                *file = (struct el_content_file){
                    .size = tree->len, .bytes = tree->text, .fd = -1, .mtime_s = 1};
                return 0;
            }
    return -4; /* EL_ENOENT */
}

static void check_path(const char *path, size_t size)
{
    require(memchr(path, 0, size) != NULL);
    for (const char *part = path; *path && part; part = strchr(part, '/')) {
        part += part != path;
        require(*part && *part != '.' && *part != '/');
    }
    for (; *path; path++)
        require(*path > ' ' && *path <= '~' && !strchr("\"'\\$|&;<>{}`#@", *path));
}

static void check_line(const char *text, size_t size)
{
    require(memchr(text, 0, size) != NULL);
    for (; *text; text++)
        require(*text >= ' ' && *text <= '~');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct el_media_facts facts;
    struct tree tree = {.present = 0};
    const struct el_content content = {.open = tree_open, .arg = &tree};
    char label[256] = "";

    if (size < 3)
        return 0;
    tree.present = (unsigned)(data[0] << 8 | data[1]);
    size_t label_len = data[2] < size - 3 ? data[2] : size - 3;
    memcpy(label, data + 3, label_len);
    label[label_len] = '\0';
    tree.text = data + 3 + label_len;
    tree.len = size - 3 - label_len;
    for (unsigned variant = 0; variant < 3; variant++) {
        if (el_media_recognise(&content, label, variant, &facts) < 0)
            break;
        require(!facts.kernel[0] || !facts.chain[0]);
        require(facts.kernel[0] || facts.chain[0] || facts.note[0]);
        require(facts.initrd_count <= EL_MEDIA_INITRDS_MAX);
        check_path(facts.kernel, sizeof facts.kernel);
        check_path(facts.chain, sizeof facts.chain);
        for (unsigned i = 0; i < facts.initrd_count; i++)
            check_path(facts.initrd[i], sizeof facts.initrd[i]);
        check_line(facts.title, sizeof facts.title);
        check_line(facts.distribution, sizeof facts.distribution);
        check_line(facts.version, sizeof facts.version);
        check_line(facts.args, sizeof facts.args);
        check_line(facts.note, sizeof facts.note);
        require(!strstr(facts.args, "${") && !strstr(facts.args, "||"));
        require(memchr(facts.file_text, 0, sizeof facts.file_text) != NULL);
    }
    return 0;
}
