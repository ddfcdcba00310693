/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One entry of the boot menu: a directory images/NAME with the files and an entry.conf that says
 * how they are started.
 *
 *     title   = Debian 12 installer     # what the menu shows; the directory's name if absent
 *     kernel  = linux                   # in the directory, or below it
 *     initrd  = initrd.gz               # may come several times
 *     args    = console=ttyS0 url=@url@/preseed.cfg
 *     arch    = x86_64                  # or arm64; any machine if absent
 *     order   = 10                      # smaller comes first; 100 if absent
 *     default = yes                     # what boots when nobody chooses
 *
 * Where the files are inside a disk image, that is named, and the entry's paths are looked up
 * beside entry.conf first and then inside it (service/image_content.h). Nothing is unpacked.
 *
 *     media        = debian-12.9.0-amd64-netinst.iso   # beside entry.conf
 *     installer    = debian             # what kind of answers it takes: a word
 *     distribution = debian             # what it is, for people and for profiles: words
 *     version      = 12.9
 *     size         = 662700032          # of media, in bytes
 *     sha256       = 6ba3…              # of media, or if there is none of entry.manifest
 *
 * `el2w image add` writes these, and a manifest beside them (image/manifest.h).
 *
 * Instead of a kernel, `chain = FILE` hands over to another boot program or iPXE script, and
 * `platform = bios` or `efi` says where that runs. In args, @url@ is the directory's URL, @hub@ the
 * hub's address, @media@ the URL of the disk image and @mac@ the machine's.
 *
 * What an entry holds has been checked: it can go into an iPXE script as it is, except the title,
 * which is free text (boot_script.h).
 */
#ifndef EL_BOOT_BOOT_ENTRY_H
#define EL_BOOT_BOOT_ENTRY_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    EL_BOOT_ENTRIES_MAX = 64,
    EL_BOOT_INITRDS_MAX = 8,
    EL_BOOT_NAME_BYTES = 65,
    EL_BOOT_TITLE_BYTES = 81,
    EL_BOOT_PATH_BYTES = 129,
    EL_BOOT_ARGS_BYTES = 1025,
    EL_BOOT_WORD_BYTES = 33,
    EL_BOOT_SHA256_BYTES = 65,  /* in hexadecimal, with its NUL */
    EL_BOOT_CONF_BYTES = 16384, /* a longer entry.conf is refused */
};

enum el_boot_platform { EL_BOOT_ANY_PLATFORM, EL_BOOT_BIOS, EL_BOOT_EFI };
enum el_boot_arch { EL_BOOT_ANY_ARCH, EL_BOOT_X86_64, EL_BOOT_ARM64 };

struct el_boot_entry {
    char name[EL_BOOT_NAME_BYTES]; /* of the directory */
    char title[EL_BOOT_TITLE_BYTES];
    char kernel[EL_BOOT_PATH_BYTES]; /* exactly one of kernel and chain is not empty */
    char chain[EL_BOOT_PATH_BYTES];
    char initrd[EL_BOOT_INITRDS_MAX][EL_BOOT_PATH_BYTES];
    unsigned initrd_count;
    char args[EL_BOOT_ARGS_BYTES];
    char media[EL_BOOT_PATH_BYTES]; /* a name without a slash; "": none */
    char installer[EL_BOOT_WORD_BYTES], distribution[EL_BOOT_WORD_BYTES];
    char version[EL_BOOT_WORD_BYTES];
    char sha256[EL_BOOT_SHA256_BYTES]; /* lower case; "": not said */
    uint64_t size;                     /* bytes; 0: not said */
    enum el_boot_arch arch;
    enum el_boot_platform platform;
    int order;
    bool is_default;
};

/* Whether NAME can be an entry's: 1 to 64 letters, digits, dots, dashes and underscores, the first
 * of them not a dot. */
bool el_boot_entry_is_name(const char *name);

/* Whether PATH can be a file's of an entry: letters, digits and ._-+~, in parts that do not begin
 * with a dot, between single slashes. Such a path is never quoted in a URL, an iPXE script or a
 * kernel's command line. */
bool el_boot_entry_is_path(const char *path);

/* Parses the text of NAME's entry.conf. FILE is how ERR calls it: "FILE:3: ...". */
int el_boot_entry_parse(const char *name, const char *file, const char *text, size_t len,
                        struct el_boot_entry *entry, struct el_err *err);

/* For qsort: by order, then by title. */
int el_boot_entry_compare(const void *a, const void *b);

#endif
