/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The second factor's program (hub --second-factor-exec): run by the hub's supervisor for each
 * spoke that wants to enrol, when control asks for it (hub/errand.h). That is how Duo, a push
 * service or a ticket system is attached.
 *
 *     PROGRAM NAME FINGERPRINT FROM
 *
 * NAME is what the spoke is to be called, FINGERPRINT of its key what it shows at its side, FROM
 * its address and port outside the tunnel, or "-". The same stand in EL2W_SPOKE, EL2W_FINGERPRINT,
 * EL2W_FROM, and the public key in EL2W_KEY; beside them there are PATH, LANG and TZ.
 *
 *     exit status 0                           yes
 *     another exit status                     no
 *     still running after EL_HUB_PROGRAM_S    no; it is killed, with what it has started
 *     could not be started, died of a signal  no answer: nobody is let in, no try is lost
 */
#ifndef EL_HUB_HUB_PROGRAM_H
#define EL_HUB_HUB_PROGRAM_H

#include "base/err.h"
#include "enrol/second_factor.h"
#include "hub/errand.h"
#include "sys/program.h"

#include <stdint.h>
#include <uv.h>

enum {
    EL_HUB_PROGRAM_S = 120,
    EL_HUB_PROGRAMS = 8, /* at once */
};

struct el_hub_program_config {
    const char *path; /* the caller's, as long as this lives */
    struct el_sys_user user;
    uint64_t limit_ms; /* EL_HUB_PROGRAM_S, but for tests */
    /* SAID is EL_ENROL_PROGRAM_YES, _NO or _FAILED. */
    void (*answered)(void *arg, const struct el_errand_question *question,
                     enum el_enrol_program said);
    void *arg;
};

struct el_hub_program;

int el_hub_program_new(uv_loop_t *loop, const struct el_hub_program_config *config,
                       struct el_hub_program **program, struct el_err *err);

/* Kills what runs. Before the loop is closed, which has to run once more. NULL is allowed. */
void el_hub_program_free(struct el_hub_program *program);

/* Starts it for QUESTION; ANSWERED is called later. If it runs for the same token and key already
 * (control was started again meanwhile), that one's answer will do. EL_EEXIST: it runs for another
 * key with this token; EL_EFULL; or it cannot be started. */
int el_hub_program_ask(struct el_hub_program *program, const struct el_errand_question *question,
                       struct el_err *err);

#endif
