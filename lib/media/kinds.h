/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of what is known: one row per distribution, each with the ways in which it is booted.
 */
#ifndef EL_MEDIA_KINDS_H
#define EL_MEDIA_KINDS_H

#include "media/probe.h"

enum { EL_MEDIA_WAYS_MAX = 8 };

/* One way to boot a medium. It is there if its kernel (or program to chain) is, and each of its
 * initrds. Where a file may have several names, blanks separate them, the likeliest first. */
struct el_media_way {
    const char *kernel, *chain; /* one of them */
    const char *initrd[3];
    const char *args;
    const char *arch; /* NULL: what has been identified */
    const char *note;
    enum el_media_platform platform;
};

struct el_media_kind {
    const char *distribution, *installer;
    const char *title; /* the name that people know */
    const char *what;  /* behind it, "installer"; NULL: nothing */

    /* Whether the tree is this. Fills what can be seen: version, arch, another distribution of the
     * same family with its TITLE; and, if the medium itself says where its kernel is, all of a way:
     * then the row has none. */
    bool (*identify)(struct el_media_probe *probe, struct el_media_facts *facts);

    struct el_media_way ways[EL_MEDIA_WAYS_MAX]; /* ended by one that is empty */
};

extern const struct el_media_kind el_media_kinds[];
extern const size_t el_media_kind_count;

/* Those of identify functions that are more than a few lines (kinds_identify.c). */
bool el_media_is_debian(struct el_media_probe *probe, struct el_media_facts *facts);
bool el_media_is_ubuntu(struct el_media_probe *probe, struct el_media_facts *facts);
bool el_media_is_debian_live(struct el_media_probe *probe, struct el_media_facts *facts);
bool el_media_is_treeinfo(struct el_media_probe *probe, struct el_media_facts *facts);
bool el_media_is_coreos(struct el_media_probe *probe, struct el_media_facts *facts);
bool el_media_is_dracut_live(struct el_media_probe *probe, struct el_media_facts *facts);
bool el_media_is_suse(struct el_media_probe *probe, struct el_media_facts *facts);
bool el_media_is_agama(struct el_media_probe *probe, struct el_media_facts *facts);
bool el_media_is_arch(struct el_media_probe *probe, struct el_media_facts *facts);
bool el_media_is_system_rescue(struct el_media_probe *probe, struct el_media_facts *facts);
bool el_media_is_alpine(struct el_media_probe *probe, struct el_media_facts *facts);
bool el_media_is_proxmox(struct el_media_probe *probe, struct el_media_facts *facts);
bool el_media_is_truenas_scale(struct el_media_probe *probe, struct el_media_facts *facts);
bool el_media_is_freebsd(struct el_media_probe *probe, struct el_media_facts *facts);
bool el_media_is_esxi(struct el_media_probe *probe, struct el_media_facts *facts);
bool el_media_is_windows(struct el_media_probe *probe, struct el_media_facts *facts);
bool el_media_is_memtest(struct el_media_probe *probe, struct el_media_facts *facts);
bool el_media_is_flatcar(struct el_media_probe *probe, struct el_media_facts *facts);
bool el_media_is_configured(struct el_media_probe *probe, struct el_media_facts *facts);

#endif
