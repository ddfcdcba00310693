/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a distribution's files are, and how they are booted over a network.
 *
 * The tree is any source of content: an ISO image that is read in place (media_io.h), a directory,
 * an unpacked netboot package. Recognition opens a few files by name and reads the start of small
 * texts; it never walks the whole tree. There is one table, one row per distribution.
 *
 * Everything in the tree may be hostile: what is found here has been checked to be what entry.conf
 * (boot/boot_entry.h) may hold, and can be written there as it is.
 */
#ifndef EL_MEDIA_MEDIA_H
#define EL_MEDIA_MEDIA_H

#include "content/content.h"

enum {
    /* As entry.conf has them, each with its NUL. */
    EL_MEDIA_TITLE_BYTES = 81,
    EL_MEDIA_PATH_BYTES = 129,
    EL_MEDIA_ARGS_BYTES = 1025,
    EL_MEDIA_INITRDS_MAX = 8,

    EL_MEDIA_WORD_BYTES = 33,
    EL_MEDIA_NOTE_BYTES = 240,
    EL_MEDIA_FILE_NAME_BYTES = 33,
    EL_MEDIA_FILE_BYTES = 8192,
};

enum el_media_platform { EL_MEDIA_ANY_PLATFORM, EL_MEDIA_BIOS, EL_MEDIA_EFI };

struct el_media_facts {
    char title[EL_MEDIA_TITLE_BYTES];       /* "Debian 12.5.0 installer (amd64)" */
    char distribution[EL_MEDIA_WORD_BYTES]; /* lower case, as os-release says ID: debian, ubuntu,
                                             * rocky, opensuse-leap, windows, memtest86plus ... */
    char version[EL_MEDIA_WORD_BYTES];      /* "12.5.0"; empty if it cannot be seen */
    char arch[EL_MEDIA_WORD_BYTES]; /* x86_64 or arm64, as entry.conf has them; i386, riscv64
                                     * and so on for others; empty: any machine's */

    /* Who reads the answers of an unattended installation: debian (preseed), ubuntu (autoinstall),
     * redhat (kickstart), suse (AutoYaST), agama, ignition, archlinux, alpine, proxmox,
     * freebsd, truenas, esxi, windows. "live" or "tool": nothing is installed. */
    char installer[EL_MEDIA_WORD_BYTES];

    /* Paths inside the tree. Either a kernel or a program to chain, or neither: what is missing is
     * said in the note. */
    char kernel[EL_MEDIA_PATH_BYTES];
    char chain[EL_MEDIA_PATH_BYTES];
    char initrd[EL_MEDIA_INITRDS_MAX][EL_MEDIA_PATH_BYTES];
    unsigned initrd_count;

    /* What the kernel or the chained program needs to find the rest of the tree over the network,
     * with entry.conf's @url@ and @hub@, and @media@ for the URL of the image itself where an
     * installer must fetch it whole. What an unattended installation adds is not here. */
    char args[EL_MEDIA_ARGS_BYTES];
    enum el_media_platform platform;

    /* A file that the tree lacks in the form that a network boot needs, made from one of its own:
     * it has to be put beside entry.conf under this name. Empty: none. */
    char file_name[EL_MEDIA_FILE_NAME_BYTES];
    char file_text[EL_MEDIA_FILE_BYTES];

    /* For a person: what must be added or known before this boots. Empty: nothing. */
    char note[EL_MEDIA_NOTE_BYTES];
};

/* Fills FACTS with what the tree holds. LABEL is the volume's identifier, NULL or empty if there is
 * none; VARIANT 0 is what most people want, higher numbers give other ways in, for instance the
 * same medium on UEFI where that differs from BIOS. 0; EL_ENOENT: nothing (more) that is known
 * here; another error of the source, which could not be read. */
int el_media_recognise(const struct el_content *tree, const char *label, unsigned variant,
                       struct el_media_facts *facts);

#endif
