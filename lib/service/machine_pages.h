/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a machine is told to do, and what its installation says, over HTTP:
 *
 *     /menu?mac=...&boot=...       a machine asks what to do: as its life has it (boot/life.h)
 *          &wanted=ENTRY&password= a person at it wants that entry, which is locked
 *     /m/TOKEN/step?name=NAME      the installation with this token has come so far,
 *     /m/TOKEN/failed?why=TEXT     has failed,
 *     /m/TOKEN/done                is done
 *     /m/TOKEN/FILE                another file of its own (service/machines.h)
 *
 * A token is known to the machine that it was made for and to nobody else; when its installation is
 * over it is worth nothing, but for saying once more that it is done.
 */
#ifndef EL_SERVICE_MACHINE_PAGES_H
#define EL_SERVICE_MACHINE_PAGES_H

#include "boot/boot.h"
#include "http/http_io.h"
#include "service/machines.h"

enum {
    EL_MACHINE_PAGES_WRONG = 5,    /* so many wrong passwords, of all machines together, */
    EL_MACHINE_PAGES_WRONG_S = 60, /* in such a time: until its end none is looked at */
};

struct el_machine_pages {
    struct el_boot *boot;
    struct el_machines *machines;
    /* A person at MAC has chosen REGION; NULL: nobody is told. */
    void (*region)(void *arg, const struct el_mac *mac, const char *region);
    void *region_arg;
    int64_t (*wall_s)(void *arg); /* as config.wall_s of the machines */
    void *arg;
    unsigned wrong; /* passwords, since */
    int64_t wrong_since_s;
};

/* The answer to VISIT: a script. PAGE is completed. An entry that it wants and that is locked is
 * started if its password is that of the policy. */
void el_machine_pages_visit(struct el_machine_pages *pages, const struct el_boot_visit *visit,
                            struct el_boot_page *page, struct el_http_answer *answer);

/* Of the route "/m/"; ARG is a struct el_machine_pages. */
el_http_handler el_machine_pages_own;

/* Whoever speaks from CLIENT has fetched FILE: a step, if it is being installed. */
void el_machine_pages_fetched(const struct el_machine_pages *pages,
                              const struct el_endpoint *client, const char *file);

/* What a script of ours is (its media type). */
extern const char el_machine_pages_type[];

#endif
