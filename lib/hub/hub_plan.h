/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a hub's file says about networks, spokes, machines and the second factor (hub --config),
 * beside what is the hub's own: read by the hub, passed on to control, which makes it so.
 *
 *     [network lab2]                      [spoke mars]
 *     vni = 78                            key = PUBLIC-KEY
 *     cidr = 192.168.78.0/24              publish = boot, lab2@eth1.30
 *     publish = all
 *
 * It is applied at every start of the hub. What it says wins then over what was said by command;
 * what it does not say stays as it is, so nothing is removed because it is no longer there.
 * Applying it again changes nothing. In between, commands may change what they like, until the next
 * start.
 *
 * A spoke without a key is one that comes with a token: what is published to it waits for it.
 */
#ifndef EL_HUB_HUB_PLAN_H
#define EL_HUB_HUB_PLAN_H

#include "base/addr.h"
#include "base/err.h"
#include "hub/hub_profiles.h"
#include "node/peer.h"
#include "registry/registry.h"
#include "service/orders.h"
#include "tunnel/tunnel.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct el_hub_plan_network {
    char name[EL_REGISTRY_NETWORK_NAME];
    uint64_t vni;                   /* 0: not said */
    struct el_prefix cidr, prefix6; /* family 0: not said */
    int64_t until_s;                /* 0: not said */
    enum { EL_HUB_PLAN_AS_IT_IS, EL_HUB_PLAN_ALL, EL_HUB_PLAN_NONE } publish;
};

struct el_hub_plan_publication {
    char network[EL_REGISTRY_NETWORK_NAME];
    char lan[EL_REGISTRY_LAN]; /* empty: as the spoke was started */
};

struct el_hub_plan_spoke {
    char name[EL_REGISTRY_NAME];
    bool has_key, has_psk, has_wire;
    uint8_t key[EL_TUNNEL_KEY_BYTES], psk[EL_TUNNEL_KEY_BYTES]; /* the second is secret */
    uint8_t wire;                                               /* enum el_tunnel_wire */
    struct el_ip ip;                                            /* family 0: from the key */
    bool publishes; /* it sees what follows and what is published to all; nothing else */
    unsigned count;
    struct el_hub_plan_publication publications[EL_REGISTRY_NETWORKS_OF_SPOKE];
    bool done; /* has been published since it is there */
};

/* [machine n1]: what is not said stays as it is. */
struct el_hub_plan_machine {
    char name[EL_REGISTRY_NAME];
    struct el_mac mac; /* zero: not said */
    bool has_profile, has_region;
    char profile[EL_REGISTRY_NAME], region[EL_REGISTRY_NAME];
    struct el_ip address; /* family 0: not said */
    struct el_registry_words options, quirks;
};

struct el_hub_plan_profile {
    struct el_profile *profile; /* owned; its passwords as they were said: secret */
    bool has_image, has_template;
};

struct el_hub_plan {
    const char *templates;                /* directory of a person's own, or NULL; only the hub's */
    struct el_hub_plan_profile *profiles; /* owned */
    unsigned profile_count;
    struct el_hub_plan_network *networks; /* owned */
    unsigned network_count;
    struct el_hub_plan_spoke *spokes; /* owned */
    unsigned spoke_count;
    struct el_hub_plan_machine *machines; /* owned */
    unsigned machine_count;
    bool has_factors;
    unsigned factors; /* enum el_registry_factor */
};

void el_hub_plan_clear(struct el_hub_plan *plan); /* wipes and frees */

/* A new one, valid until the next call; NULL with what is wrong with its name. */
struct el_hub_plan_network *el_hub_plan_add_network(struct el_hub_plan *plan, const char *name,
                                                    struct el_err *err);
struct el_hub_plan_spoke *el_hub_plan_add_spoke(struct el_hub_plan *plan, const char *name,
                                                struct el_err *err);

struct el_hub_plan_machine *el_hub_plan_add_machine(struct el_hub_plan *plan, const char *name,
                                                    struct el_err *err);

/* What is said of them, as text. "all", "none". "2026-12-31T18:00:00Z". */
int el_hub_plan_set_publish(struct el_hub_plan_network *network, const char *text,
                            struct el_err *err);
int el_hub_plan_set_until(struct el_hub_plan_network *network, const char *text,
                          struct el_err *err);
int el_hub_plan_set_key(struct el_hub_plan_spoke *spoke, const char *text, struct el_err *err);
int el_hub_plan_set_psk(struct el_hub_plan_spoke *spoke, const char *text, struct el_err *err);
int el_hub_plan_set_psk_file(struct el_hub_plan_spoke *spoke, const char *path, struct el_err *err);
int el_hub_plan_set_wire(struct el_hub_plan_spoke *spoke, const char *text, struct el_err *err);
/* "boot, lab2@eth1.30", or "none" */
int el_hub_plan_set_publications(struct el_hub_plan_spoke *spoke, const char *text,
                                 struct el_err *err);
int el_hub_plan_set_mac(struct el_hub_plan_machine *machine, const char *text, struct el_err *err);
int el_hub_plan_set_profile(struct el_hub_plan_machine *machine, const char *text,
                            struct el_err *err);
int el_hub_plan_set_region(struct el_hub_plan_machine *machine, const char *text,
                           struct el_err *err);
/* One more of them. */
int el_hub_plan_add_word(struct el_registry_words *words, const char *text, struct el_err *err);
/* "totp,approval,program", or "none" */
int el_hub_plan_set_factors(struct el_hub_plan *plan, const char *text, struct el_err *err);

/* What is done with machines, as text: "menu", "wait" or "inventory=ENTRY" with those of which
 * nothing is said; "menu" or "local" with those whose installation has failed. */
int el_hub_policy_unknown(struct el_order_policy *policy, const char *text, struct el_err *err);
int el_hub_policy_failed(struct el_order_policy *policy, const char *text, struct el_err *err);
/* The hash of the password for entries of the menu that erase disks ("$6$...", as openssl passwd -6
 * or mkpasswd make it). */
int el_hub_policy_password(struct el_order_policy *policy, const char *text, struct el_err *err);
/* And back: lines of an INI file. */
void el_hub_policy_print(FILE *out, const struct el_order_policy *policy);

const struct el_hub_plan_network *el_hub_plan_network(const struct el_hub_plan *plan,
                                                      const char *name);

/* That it is complete and does not contradict itself, or FIRST, the network that the hub has
 * anyway, or PEERS, of the command line. 0 or EL_EINVAL. */
int el_hub_plan_check(const struct el_hub_plan *plan, const struct el_hub_plan_network *first,
                      const struct el_node_peers *peers, struct el_err *err);

int el_hub_plan_check_machine(const struct el_hub_plan *plan, unsigned at, struct el_err *err);

/* Writes it for control: the end of an INI file, with secrets. */
void el_hub_plan_print(FILE *out, const struct el_hub_plan *plan);
void el_hub_plan_print_machine(FILE *out, const struct el_hub_plan_machine *machine);

/* Makes it so, all but spokes that have not come yet. What cannot be because of what commands have
 * made meanwhile (a network that is gone, a key that was revoked) is a warning in the log; an error
 * is what cannot be at all (as el_registry_network_create() and el_registry_adopt() say it), or the
 * store. */
int el_hub_plan_apply(struct el_hub_plan *plan, struct el_registry *registry, int64_t now_s,
                      struct el_err *err);

int el_hub_plan_apply_machine(const struct el_hub_plan_machine *machine,
                              struct el_registry *registry, int64_t now_s, struct el_err *err);

/* -- profiles (hub_plan_profile.c) --
 *
 *     [profile web]
 *     image = debian-12
 *     template = debian
 *     var = disk=/dev/sda
 *     ssh-key = /etc/el2w/admins.pub
 *     secret = root-password=@/etc/el2w/web.password
 */

/* As the others: a new one, what is said of it ("NAME=VALUE", "NAME=@FILE"; a key or a file of
 * them; all of it, as control is told), whether it can be, and so on. */
struct el_hub_plan_profile *el_hub_plan_add_profile(struct el_hub_plan *plan, const char *name,
                                                    struct el_err *err);
int el_hub_plan_set_profile_image(struct el_hub_plan_profile *profile, const char *text,
                                  struct el_err *err);
int el_hub_plan_set_profile_template(struct el_hub_plan_profile *profile, const char *text,
                                     struct el_err *err);
int el_hub_plan_set_profile_value(struct el_hub_plan_profile *profile, bool secret,
                                  const char *text, struct el_err *err);
int el_hub_plan_set_profile_keys(struct el_hub_plan_profile *profile, const char *text,
                                 struct el_err *err);
int el_hub_plan_set_profile_json(struct el_hub_plan_profile *profile, const char *text,
                                 struct el_err *err);
int el_hub_plan_open_templates(const char *path, struct el_err *err); /* a descriptor */
void el_hub_plan_clear_profiles(struct el_hub_plan *plan);
int el_hub_plan_check_profiles(const struct el_hub_plan *plan, struct el_err *err);
void el_hub_plan_print_profiles(FILE *out, const struct el_hub_plan *plan);
/* An image that is not there is a warning in the log. */
int el_hub_plan_apply_profiles(const struct el_hub_plan *plan,
                               const struct el_hub_profiles *profiles, int64_t now_s,
                               struct el_err *err);

/* For who goes on with what was applied before: the spokes that are there have been published to.
 */
void el_hub_plan_resume(struct el_hub_plan *plan, const struct el_registry *registry);

/* Publishes to spokes that have come since. Call it after every event of theirs. */
int el_hub_plan_follow(struct el_hub_plan *plan, struct el_registry *registry, int64_t now_s,
                       struct el_err *err);

#endif
