/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The machines of a network as its boot service knows them: what a person wants of each (from
 * orders.h) beside what has happened to it (boot/lives.h). Who needs to know whom he speaks with
 * asks here: by MAC, by the token of an installation, by the address that he speaks from, by name.
 *
 * Until control has said everything once (el_machines_complete()), nobody knows what is wanted, and
 * machines are asked to come again. A boot service by hand has no control: nothing is wanted of any
 * machine, everyone gets the menu.
 */
#ifndef EL_SERVICE_MACHINES_H
#define EL_SERVICE_MACHINES_H

#include "boot/lives.h"
#include "http/http_io.h"
#include "service/orders.h"

enum {
    EL_MACHINES_MAX = 4096, /* of which something is wanted */
    EL_MACHINES_PROFILES = 256,
    EL_MACHINES_ARGS_BYTES = 1024,
};

struct el_machines;

/* A machine. Whichever is not there is NULL: intent (nobody has said anything), life (it was never
 * here). */
struct el_machine {
    struct el_mac mac;
    const struct el_order_machine *intent;
    const struct el_order_profile *profile; /* that its intent names, if there is one */
    const struct el_life *life;
};

struct el_machines_config {
    bool has_control; /* or else nothing is ever wanted */
    struct el_life_store store;
    int64_t (*wall_s)(void *arg);
    /* Who has the lease of address IP: 0 with MAC, or EL_ENOENT. */
    int (*lease)(void *arg, const struct el_ip *ip, struct el_mac *mac);
    /* Why entry NAME of the menu cannot be started, or NULL if it can. */
    const char *(*entry)(void *arg, const char *name);
    /* EVENT has happened to MAC; of a visit with what was decided. */
    void (*happened)(void *arg, const struct el_mac *mac, const struct el_life_event *event,
                     const struct el_life_decision *decision);
    /* A life has changed; it is to be reported. */
    void (*changed)(void *arg, const struct el_life *life, const struct el_life *before);
    /* What is wanted of a machine, or of all (NULL), has changed: reservations, names. */
    void (*wanted)(void *arg, const struct el_mac *mac);
    void *arg;
};

int el_machines_new(const struct el_machines_config *config, struct el_machines **machines,
                    struct el_err *err);
void el_machines_free(struct el_machines *machines); /* NULL is allowed */

/* -- who is who: 0 with MACHINE, valid until the next change, or EL_ENOENT -- */

int el_machines_by_mac(const struct el_machines *machines, const struct el_mac *mac,
                       struct el_machine *machine);
/* Only while its installation is under way: afterwards the token is worth nothing. */
int el_machines_by_token(const struct el_machines *machines, const char *token,
                         struct el_machine *machine);
int el_machines_by_address(const struct el_machines *machines, const struct el_ip *ip,
                           struct el_machine *machine);
int el_machines_by_name(const struct el_machines *machines, const char *name,
                        struct el_machine *machine);

/* All of whom something is wanted, in no order. */
size_t el_machines_count(const struct el_machines *machines);
const struct el_order_machine *el_machines_at(const struct el_machines *machines, size_t i);
/* A profile, or NULL. */
const struct el_order_profile *el_machines_profile(const struct el_machines *machines,
                                                   const char *name);
const struct el_order_policy *el_machines_policy(const struct el_machines *machines);
const struct el_lives *el_machines_lives(const struct el_machines *machines);

/* -- what happens -- */

/* What has happened to MAC: el_lives_event() with what is wanted of it. EL_EAGAIN: nobody knows yet
 * what is wanted; a visitor is to come again. */
int el_machines_event(struct el_machines *machines, const struct el_mac *mac,
                      const struct el_life_event *event, struct el_life_decision *decision,
                      struct el_err *err);

/* -- what is wanted: an order from control, checked. 0; EL_EFULL, EL_ENOMEM -- */

int el_machines_order(struct el_machines *machines, const struct el_order *order,
                      struct el_err *err);
bool el_machines_complete(const struct el_machines *machines);

/* -- pages below /m/TOKEN/ -- */

/* Answers what is fetched as /m/TOKEN/FILE and is not done, step or failed: a rendered file of
 * MACHINE's profile. One function; NULL: they are all 404. */
typedef void el_machines_page(void *arg, const struct el_machine *machine, const char *file,
                              const struct el_http_request *request, struct el_http_answer *answer);
void el_machines_set_page(struct el_machines *machines, el_machines_page *page, void *arg);

/* The kernel arguments that bring MACHINE's installer to its answers (lib/profile), as text that
 * may stand in a script. One function; NULL: there are none. */
typedef int el_machines_find_args(void *arg, const struct el_machine *machine,
                                  char args[EL_MACHINES_ARGS_BYTES], struct el_err *err);
void el_machines_set_args(struct el_machines *machines, el_machines_find_args *find, void *arg);

/* What these two say. */
int el_machines_args(const struct el_machines *machines, const struct el_machine *machine,
                     char args[EL_MACHINES_ARGS_BYTES], struct el_err *err);
void el_machines_answer_page(const struct el_machines *machines, const struct el_machine *machine,
                             const char *file, const struct el_http_request *request,
                             struct el_http_answer *answer);

#endif
