/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of this room share: the tables, and how a change is made.
 *
 * A change is drafted in copies of the rows, put into the store as one, and only then moved into
 * the tables. Whatever could fail (memory, room in an index) happens before the store is asked;
 * nothing can afterwards:
 *
 *     struct el_registry_draft draft = el_registry_draft(registry);
 *     spoke = el_registry_draft_edit(&draft, EL_REGISTRY_ROW_SPOKE, of);   // a copy, or NULL
 *     if (spoke)
 *         spoke->state = EL_REGISTRY_ENROLLED;
 *     rc = el_registry_draft_commit(&draft, err);   // out of memory earlier is said here
 *     if (rc == 0)
 *         ... effects, event ...
 *     el_registry_draft_end(&draft);                // rows that were removed are valid until here
 */
#ifndef EL_REGISTRY_REGISTRY_INTERNAL_H
#define EL_REGISTRY_REGISTRY_INTERNAL_H

#include "base/map.h"
#include "registry/registry.h"
#include "registry/registry_store.h"

enum { EL_REGISTRY_TABLES = EL_REGISTRY_ROW_SECOND_FACTOR };

/* Rows of one kind, in the order of their creation. They do not move while they are in it. */
struct el_registry_table {
    void **rows;
    size_t count, capacity;
};

/* A map of rows by a member of theirs, which grows: el_map has a fixed capacity. */
struct el_registry_index {
    struct el_map *map;
    size_t capacity;
};

struct el_registry_reserved {
    char name[EL_REGISTRY_NAME];
    uint8_t key[EL_REGISTRY_KEY_BYTES];
    struct el_ip ip;
    struct el_registry_reserved *next;
};

enum el_registry_index_kind {
    EL_REGISTRY_SPOKES_BY_KEY,
    EL_REGISTRY_SPOKES_BY_IP, /* of those that have one: peers, and pending ones */
    EL_REGISTRY_TOKENS_BY_KEY,
    EL_REGISTRY_TOKENS_BY_IP,
    EL_REGISTRY_RESERVED_BY_KEY,
    EL_REGISTRY_RESERVED_BY_IP,
    EL_REGISTRY_MACHINES_BY_MAC,
    EL_REGISTRY_INDEXES
};

struct el_registry {
    const struct el_registry_store *store;
    struct el_registry_observer observer;
    struct el_registry_table tables[EL_REGISTRY_TABLES]; /* by enum el_registry_row_kind */
    struct el_registry_index indexes[EL_REGISTRY_INDEXES];
    struct el_registry_reserved *reserved;
    struct el_registry_second_factor second_factor;
    bool ticked;
    int64_t tick_s; /* what was due until then has been announced */
};

/* -- drafts (registry.c) -- */

struct el_registry_draft_row {
    struct el_registry_row row; /* what the store is given: shows the copy */
    void *copy;                 /* owned; NULL once it has become a row, or for a removal */
    void *target;               /* the row in the table; NULL: a new one */
};

struct el_registry_draft {
    struct el_registry *registry;
    struct el_registry_draft_row *rows;
    size_t count, capacity;
    bool failed, committed;
};

struct el_registry_draft el_registry_draft(struct el_registry *registry);
void *el_registry_draft_add(struct el_registry_draft *draft, enum el_registry_row_kind kind);
void *el_registry_draft_edit(struct el_registry_draft *draft, enum el_registry_row_kind kind,
                             const void *target);
void el_registry_draft_remove(struct el_registry_draft *draft, enum el_registry_row_kind kind,
                              const void *target);
int el_registry_draft_commit(struct el_registry_draft *draft, struct el_err *err);
void el_registry_draft_end(struct el_registry_draft *draft);

/* Room for one more in an index, and the row put in. The second cannot fail after the first. */
int el_registry_index_reserve(struct el_registry *registry, enum el_registry_index_kind index,
                              size_t more);
void el_registry_index_put(struct el_registry *registry, enum el_registry_index_kind index,
                           void *row);

/* What stands under KEY (32 bytes, or an el_ip), or NULL. */
void *el_registry_find(const struct el_registry *registry, enum el_registry_index_kind index,
                       const void *key);

/* -- what is told (registry_peer.c) -- */

void el_registry_event(struct el_registry *registry, struct el_registry_event event);
void el_registry_tell_spoke(struct el_registry *registry, const struct el_registry_spoke *spoke);
void el_registry_tell_token(struct el_registry *registry, const struct el_registry_token *token);
void el_registry_tell_peer_gone(struct el_registry *registry, enum el_registry_peer_kind kind,
                                const char *name, const uint8_t key[EL_REGISTRY_KEY_BYTES]);
void el_registry_tell_network(struct el_registry *registry, enum el_registry_effect_kind kind,
                              const struct el_registry_network *network);
void el_registry_tell_port(struct el_registry *registry, enum el_registry_effect_kind kind,
                           const struct el_registry_network *network,
                           const struct el_registry_port *port);

/* Frames may pass the hub's own port. */
bool el_registry_port_is_open(const struct el_registry_port *port);

/* -- peers and addresses (registry_peer.c) -- */

/* Whether IP may be given to somebody new. */
bool el_registry_address_is_free(const struct el_registry *registry, const struct el_ip *ip);
/* PREFERRED, or the next that is free; EL_EFULL. */
int el_registry_address(const struct el_registry *registry, const struct el_ip *preferred,
                        struct el_ip *ip, struct el_err *err);
/* How many peers the tunnel may come to have without anybody being asked again. */
size_t el_registry_peers(const struct el_registry *registry);

/* The name is nobody's: 0, or EL_EEXIST and whose it is. Tokens that are over do not count. */
int el_registry_name_free(const struct el_registry *registry, const char *name, int64_t now_s,
                          struct el_err *err);

/* -- values (registry_value.c) -- */

/* One of the 2^255 - 19 field elements in its one form of 32 bytes, and of no small order: whatever
 * else a handshake would take for the same key is no key. */
bool el_registry_key_is_sound(const uint8_t key[EL_REGISTRY_KEY_BYTES]);
int el_registry_lan_check(const char *lan, struct el_err *err);
int el_registry_cidr_check(const char *name, const struct el_prefix *cidr, struct el_err *err);
/* All that can be wrong with a machine by itself. EL_EINVAL. */
int el_registry_machine_check(const struct el_registry_machine *machine, struct el_err *err);
/* A row that was read: 0, or EL_EINVAL and what is wrong with it. */
int el_registry_row_check(const struct el_registry *registry, const struct el_registry_row *row,
                          struct el_err *err);

/* -- the rest -- */

/* A token takes no more redemptions, whoever comes. */
bool el_registry_token_is_over(const struct el_registry_token *token, int64_t now_s);
/* When its enrolment key stops being a peer; INT64_MAX: not before its spoke is decided on. */
int64_t el_registry_token_ends_s(const struct el_registry *registry,
                                 const struct el_registry_token *token);
/* Whether every spoke, and those to come, may be in the network VNI too. EL_EFULL. */
int el_registry_room_in_all(const struct el_registry *registry, uint32_t vni, struct el_err *err);
/* Tells those spokes again of whom nothing is said in this network. */
void el_registry_tell_members(struct el_registry *registry,
                              const struct el_registry_network *network);

/* A revoked spoke is no peer any more. */
int el_registry_forget_peer(struct el_registry *registry, const struct el_registry_spoke *spoke,
                            struct el_err *err);
int el_registry_network_drop(struct el_registry *registry,
                             const struct el_registry_network *network, const char *why,
                             int64_t now_s, struct el_err *err);

#endif
