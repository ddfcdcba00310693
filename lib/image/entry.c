/* SPDX-License-Identifier: GPL-2.0-or-later */
/* entry.conf of what has been recognised. */
#include "image/entry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STEM_BYTES = 40 };

/* -- filling -- */

static void copy(char *to, size_t capacity, const char *from)
{
    snprintf(to, capacity, "%.*s", (int)capacity - 1, from);
}

#define COPY(to, from) copy((to), sizeof(to), (from))

/* A version that is no word is none. */
static void take_word(char *to, size_t capacity, const char *from)
{
    if (strspn(from, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") ==
        strlen(from))
        copy(to, capacity, from);
}

static void take_facts(const struct el_media_facts *facts, struct el_boot_entry *entry)
{
    COPY(entry->kernel, facts->kernel);
    COPY(entry->chain, facts->chain);
    COPY(entry->args, facts->args);
    for (unsigned i = 0; i < facts->initrd_count && i < EL_BOOT_INITRDS_MAX; i++)
        COPY(entry->initrd[i], facts->initrd[i]);
    entry->initrd_count = facts->initrd_count;
    entry->platform = facts->platform == EL_MEDIA_BIOS  ? EL_BOOT_BIOS
                      : facts->platform == EL_MEDIA_EFI ? EL_BOOT_EFI
                                                        : EL_BOOT_ANY_PLATFORM;
}

static void take_said(const struct el_image_said *said, struct el_boot_entry *entry)
{
    if (said->kernel) {
        memset(entry->initrd, 0, sizeof entry->initrd);
        entry->initrd_count = 0;
        entry->chain[0] = entry->args[0] = '\0';
        entry->platform = EL_BOOT_ANY_PLATFORM;
        COPY(entry->kernel, said->kernel);
    }
    if (said->initrd_count > 0)
        entry->initrd_count = said->initrd_count;
    for (unsigned i = 0; i < said->initrd_count; i++)
        COPY(entry->initrd[i], said->initrds[i]);
    if (said->args)
        COPY(entry->args, said->args);
    if (said->title)
        COPY(entry->title, said->title);
}

int el_image_entry_fill(const struct el_image_said *said, const struct el_media_facts *facts,
                        const char *file, struct el_boot_entry *entry, struct el_err *err)
{
    COPY(entry->title, facts->title);
    take_word(entry->distribution, sizeof entry->distribution, facts->distribution);
    take_word(entry->version, sizeof entry->version, facts->version);
    take_word(entry->installer, sizeof entry->installer, facts->installer);
    entry->order = 100;
    if (strcmp(facts->arch, "x86_64") == 0)
        entry->arch = EL_BOOT_X86_64;
    else if (strcmp(facts->arch, "arm64") == 0)
        entry->arch = EL_BOOT_ARM64;
    take_facts(facts, entry);
    take_said(said, entry);
    if (entry->kernel[0] || entry->chain[0])
        return 0;
    if (facts->note[0])
        return el_err(err, EL_EINVAL, "%.120s: %s", file, facts->note);
    return el_err(err, EL_EINVAL,
                  "%.120s: not known, so say how it is booted: --kernel FILE --initrd FILE --args "
                  "TEXT, with the files' paths inside it",
                  file);
}

/* -- writing -- */

static void put(FILE *out, const char *key, const char *value)
{
    if (value[0])
        fprintf(out, "%-12s = %s\n", key, value);
}

static void put_entry(FILE *out, const struct el_boot_entry *entry)
{
    static const char *const arches[] = {"", "x86_64", "arm64"};
    static const char *const platforms[] = {"", "bios", "efi"};

    fputs("# Written by el2w image add; yours to change.\n", out);
    put(out, "title", entry->title);
    put(out, "kernel", entry->kernel);
    put(out, "chain", entry->chain);
    for (unsigned i = 0; i < entry->initrd_count; i++)
        put(out, "initrd", entry->initrd[i]);
    put(out, "args", entry->args);
    put(out, "arch", arches[entry->arch]);
    put(out, "platform", platforms[entry->platform]);
    if (entry->order != 100)
        fprintf(out, "%-12s = %d\n", "order", entry->order);
    put(out, "media", entry->media);
    put(out, "installer", entry->installer);
    put(out, "distribution", entry->distribution);
    put(out, "version", entry->version);
    if (entry->size > 0)
        fprintf(out, "%-12s = %llu\n", "size", (unsigned long long)entry->size);
    put(out, "sha256", entry->sha256);
}

int el_image_entry_text(const struct el_boot_entry *entry, char **text, struct el_err *err)
{
    struct el_boot_entry read;
    size_t len;
    FILE *out = open_memstream(text, &len);

    if (!out)
        return el_err(err, EL_ENOMEM, "out of memory");
    put_entry(out, entry);
    if (fclose(out) != 0)
        return el_err(err, EL_ENOMEM, "out of memory");
    int rc = el_boot_entry_parse("image", "its entry.conf", *text, len, &read, err);
    if (rc < 0) {
        free(*text);
        *text = NULL;
    }
    return rc;
}

/* -- names -- */

/* TEXT without what no name may have. */
static void clean(const char *text, char *name, size_t capacity)
{
    size_t at = 0;

    for (; *text && at + 1 < capacity; text++) {
        char c = *text;
        bool good = strchr("abcdefghijklmnopqrstuvwxyz0123456789._-", c) != NULL;
        if (c >= 'A' && c <= 'Z')
            c = (char)(c + 32);
        else if (!good)
            c = '-';
        if ((c == '-' || c == '.') && (at == 0 || name[at - 1] == '-'))
            continue;
        name[at++] = c;
    }
    while (at > 0 && strchr("-.", name[at - 1]))
        at--;
    name[at] = '\0';
}

/* How much of a version people say: most releases are called by their first number, others by two.
 */
static size_t said_length(const char *distribution, const char *version)
{
    static const char *const by_one[] = {"debian", "rocky",  "almalinux", "alma",
                                         "centos", "fedora", "rhel",      "ol"};
    size_t len = strcspn(version, ".");

    for (size_t i = 0; i < sizeof by_one / sizeof by_one[0]; i++)
        if (strcmp(by_one[i], distribution) == 0)
            return len;
    return version[len] ? len + 1 + strcspn(version + len + 1, ".") : len;
}

/* The name of a file without the endings that say what kind it is of. */
static void stem_of(const char *file, char stem[STEM_BYTES])
{
    const char *slash = strrchr(file, '/');
    char text[STEM_BYTES];

    snprintf(text, sizeof text, "%s", slash ? slash + 1 : file);
    char *dot = strrchr(text, '.');
    if (dot && (strcasecmp(dot, ".iso") == 0 || strcasecmp(dot, ".img") == 0))
        *dot = '\0';
    clean(text, stem, STEM_BYTES);
    if (!stem[0])
        strcpy(stem, "image");
}

bool el_image_entry_name(const struct el_boot_entry *entry, const char *file, unsigned index,
                         char name[EL_BOOT_NAME_BYTES])
{
    char text[2 * EL_BOOT_WORD_BYTES + 16], stem[STEM_BYTES];
    const char *arch = entry->arch == EL_BOOT_ARM64 ? "-arm64" : "";
    size_t len = said_length(entry->distribution, entry->version);
    size_t whole = strlen(entry->version);

    if (index >= EL_IMAGE_NAMES)
        return false;
    stem_of(file, stem);
    len = index == 1 ? whole : len;
    if (!entry->distribution[0])
        snprintf(text, sizeof text, "%s", stem);
    else if (whole > 0)
        snprintf(text, sizeof text, "%s-%.*s%s", entry->distribution, (int)len, entry->version,
                 arch);
    else
        snprintf(text, sizeof text, "%s%s", entry->distribution, arch);
    clean(text, name, EL_BOOT_NAME_BYTES - 4);
    if (index > 1)
        sprintf(name + strlen(name), "-%u", index);
    return true;
}

void el_image_file_name(const char *path, char name[EL_BOOT_PATH_BYTES])
{
    size_t len = strcspn(path, "?#");
    size_t begin = len;

    while (begin > 0 && path[begin - 1] != '/')
        begin--;
    snprintf(name, EL_BOOT_PATH_BYTES, "%.*s", (int)(len - begin), path + begin);
    if (len - begin >= EL_BOOT_PATH_BYTES || !el_boot_entry_is_path(name) ||
        strncmp(name, "entry.", 6) == 0)
        strcpy(name, "image.iso");
}
