/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The lives of all machines of a network (life.h), by MAC and by token, and kept: a change is in
 * the store before it is in memory, and in memory before anybody hears of it. So a machine is
 * answered only what would also be known after a power cut.
 *
 * A machine that was only seen by its DHCP is held in memory alone (anybody can send such packets,
 * each with another MAC); it is kept from its first visit on. Of EL_LIVES_MAX the one that was
 * silent for longest, and of whom no person has said anything, makes room.
 */
#ifndef EL_BOOT_LIVES_H
#define EL_BOOT_LIVES_H

#include "boot/life.h"

enum { EL_LIVES_MAX = 4096 };

struct el_lives;

struct el_life_store {
    /* Keeps LIFE in place of what was kept of its MAC; REMOVE: forgets that. 0 only when it would
     * survive a power cut now. */
    int (*put)(void *arg, const struct el_life *life, bool remove, struct el_err *err);
    /* Calls EACH with every life kept. */
    int (*load)(void *arg, void (*each)(void *each_arg, const struct el_life *life), void *each_arg,
                struct el_err *err);
    void *arg;
};

struct el_lives_config {
    struct el_life_store store; /* put NULL: nothing is kept */
    /* LIFE has changed from BEFORE (NULL: it is new). May look, must not change. NULL is allowed.
     */
    void (*changed)(void *arg, const struct el_life *life, const struct el_life *before);
    void *arg;
};

int el_lives_new(const struct el_lives_config *config, struct el_lives **lives, struct el_err *err);
void el_lives_free(struct el_lives *lives); /* wipes tokens; NULL is allowed */

/* NULL: not there. Valid until the next change. */
const struct el_life *el_lives_find(const struct el_lives *lives, const struct el_mac *mac);
/* The machine whose installation TOKEN names: under way or, until the next one begins, over. */
const struct el_life *el_lives_by_token(const struct el_lives *lives, const char *token);
size_t el_lives_count(const struct el_lives *lives);
const struct el_life *el_lives_at(const struct el_lives *lives, size_t i);

/* EVENT has happened to MAC, whom SEEN and VISIT make known; what happens to others is nothing. 0,
 * with DECISION if that is not NULL; EL_EIO, EL_ENOMEM: it could not be kept, nothing has changed,
 * and the machine is to be told to come again. */
int el_lives_event(struct el_lives *lives, const struct el_mac *mac,
                   const struct el_life_intent *intent, const struct el_life_event *event,
                   struct el_life_decision *decision, struct el_err *err);

/* A person wants it forgotten: 0, EL_ENOENT, or it could not be. */
int el_lives_forget(struct el_lives *lives, const struct el_mac *mac, struct el_err *err);

#endif
