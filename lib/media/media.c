/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a row of the table to the facts. */
#include "media/media.h"

#include "base/err.h"
#include "media/kinds.h"

#include <stdlib.h>
#include <string.h>

/* Finds the files of a way, and takes it over into FACTS. */
static bool take_way(struct el_media_probe *probe, const struct el_media_way *way,
                     struct el_media_facts *facts)
{
    if (way->kernel && !el_media_first(probe, way->kernel, facts->kernel))
        return false;
    if (way->chain && !el_media_first(probe, way->chain, facts->chain))
        return false;
    for (size_t i = 0; i < sizeof way->initrd / sizeof way->initrd[0] && way->initrd[i]; i++)
        if (!el_media_first(probe, way->initrd[i], facts->initrd[facts->initrd_count++]))
            return false;
    if (way->arch)
        el_media_copy(facts->arch, sizeof facts->arch, way->arch);
    /* What identifying has found out is said behind what is always said. */
    char more[EL_MEDIA_ARGS_BYTES];
    memcpy(more, facts->args, sizeof more);
    el_media_copy(facts->args, sizeof facts->args, way->args ? way->args : "");
    el_media_append(facts->args, sizeof facts->args, way->args && more[0] ? " " : "");
    el_media_append(facts->args, sizeof facts->args, more);
    if (way->note && !facts->note[0])
        el_media_copy(facts->note, sizeof facts->note, way->note);
    facts->platform = way->platform;
    return true;
}

/* "Debian 12.5.0 installer (x86_64)"; what identifying called it is the name. */
static void make_title(const struct el_media_kind *kind, struct el_media_facts *facts)
{
    const char *const parts[] = {
        facts->version[0] ? " " : "", facts->version,
        kind->what ? " " : "",        kind->what ? kind->what : "",
        facts->arch[0] ? " (" : "",   facts->arch,
        facts->arch[0] ? ")" : "",
    };

    if (!facts->title[0])
        el_media_copy(facts->title, sizeof facts->title, kind->title);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        el_media_append(facts->title, sizeof facts->title, parts[i]);
}

static void fill_defaults(const struct el_media_kind *kind, struct el_media_facts *facts)
{
    if (!facts->distribution[0])
        el_media_copy(facts->distribution, sizeof facts->distribution, kind->distribution);
    if (!facts->installer[0])
        el_media_copy(facts->installer, sizeof facts->installer, kind->installer);
    make_title(kind, facts);
}

/* The VARIANT'th way of KIND that is there, in FACTS, which hold what has been identified. One that
 * is known and has no way in is variant 0, with nothing to boot and a note. */
static int choose(struct el_media_probe *probe, const struct el_media_kind *kind, unsigned variant,
                  struct el_media_facts *facts)
{
    const struct el_media_facts identified = *facts;
    bool any = facts->kernel[0] || facts->chain[0];

    if (any || (!kind->ways[0].kernel && !kind->ways[0].chain)) {
        fill_defaults(kind, facts);
        return variant == 0 ? 0 : EL_ENOENT;
    }
    for (size_t i = 0; i < EL_MEDIA_WAYS_MAX && (kind->ways[i].kernel || kind->ways[i].chain);
         i++) {
        *facts = identified;
        if (!take_way(probe, &kind->ways[i], facts))
            continue;
        any = true;
        if (variant-- == 0) {
            fill_defaults(kind, facts);
            return 0;
        }
    }
    *facts = identified;
    if (any || variant > 0)
        return EL_ENOENT;
    fill_defaults(kind, facts);
    if (!facts->note[0])
        el_media_copy(facts->note, sizeof facts->note,
                      "known, but the files that it is booted from over a network are not in it");
    return 0;
}

int el_media_recognise(const struct el_content *tree, const char *label, unsigned variant,
                       struct el_media_facts *facts)
{
    struct el_media_probe *probe = malloc(sizeof *probe);
    int result = EL_ENOENT;

    if (!probe)
        return EL_ENOMEM;
    *probe = (struct el_media_probe){.tree = tree, .label = label ? label : ""};
    for (size_t i = 0; i < el_media_kind_count && !probe->error; i++) {
        *facts = (struct el_media_facts){.platform = EL_MEDIA_ANY_PLATFORM};
        if (!el_media_kinds[i].identify(probe, facts))
            continue;
        result = choose(probe, &el_media_kinds[i], variant, facts);
        break;
    }
    if (probe->error)
        result = probe->error;
    free(probe);
    return result;
}
