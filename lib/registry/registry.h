/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a hub knows and decides: spokes, tokens, networks, ports, who is published to whom. A
 * machine without clock, disk or sockets.
 *
 *     operator, spoke ----> a change ----> store (registry_store.h) ----> effects: tunnel,
 * supervisor
 *                                                                  \---> event: who watches
 *
 * Every change is one transaction of the store: it is on the disk before anything of it can be
 * seen, and if that fails nothing has changed: not the memory, and nobody has heard of it. What is
 * in memory is all there is to know; the store is read once, at the beginning.
 *
 * Asking for what is so already (a network that is there with the same VNI and range, a spoke that
 * is published already) is no error and no change: provisioners repeat themselves. What is refused
 * is refused with a sentence in ERR.
 *
 * Times are seconds of the wall clock, and given by the caller: NOW. A clock that is set back makes
 * tokens live longer, and nothing else.
 *
 * Memory: 0.6 KiB for each spoke that ever was. Not for several threads.
 */
#ifndef EL_REGISTRY_REGISTRY_H
#define EL_REGISTRY_REGISTRY_H

#include "base/addr.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    EL_REGISTRY_KEY_BYTES = 32,
    EL_REGISTRY_NAME = 64,         /* of a spoke, with the NUL */
    EL_REGISTRY_NETWORK_NAME = 16, /* an interface's: with the NUL */
    EL_REGISTRY_LAN = 24,          /* "eth1.30", with the NUL */
    EL_REGISTRY_SERVICE = 32,
    EL_REGISTRY_WHY = 128,
    EL_REGISTRY_NETWORKS = 13, /* as many as a hub serves (hub/hub_network.h) */
    EL_REGISTRY_NETWORKS_OF_SPOKE = 8,
    EL_REGISTRY_PORTS = 256,
    EL_REGISTRY_PEERS = 4096, /* of the tunnel: spokes, and two for each token that is open */
    EL_REGISTRY_VNI_MAX = 0xffffff,
    EL_REGISTRY_WRONG_CODES = 5,     /* after them a token is burnt */
    EL_REGISTRY_GRACE_S = 24 * 3600, /* so long one is told what became of its token */
    EL_REGISTRY_TOKEN_MAX_S = 366 * 24 * 3600,
    EL_REGISTRY_SECRET_BYTES = 64,
    EL_REGISTRY_PROFILES = 256,
    EL_REGISTRY_PROFILE_IMAGE = 65,
    EL_REGISTRY_PROFILE_TEXT = 32768, /* bytes, with the NUL */
    EL_REGISTRY_MACHINES = 4096,
    EL_REGISTRY_ENTRY = 65, /* of the boot menu, with the NUL */
    EL_REGISTRY_WORDS = 16, /* options, or quirks, of a machine */
    EL_REGISTRY_WORD = 128, /* one of them, with the NUL */
};

struct el_registry;
struct el_registry_store; /* registry_store.h */

/* -- what there is -- */

/* PENDING: somebody holds the token, and an operator has to say yes. It is no peer of the tunnel
 * yet: it asks again with its token's key.
 * ENROLLED: a peer, with memberships.
 * REVOKED: its key is never taken again; its name is free. It may reach the API for a day, to be
 * told so, once (`told`); then it is nobody. */
enum el_registry_spoke_state {
    EL_REGISTRY_PENDING,
    EL_REGISTRY_ENROLLED,
    EL_REGISTRY_REVOKED,
    EL_REGISTRY_SPOKE_STATES
};
extern const char *const el_registry_spoke_state_names[EL_REGISTRY_SPOKE_STATES + 1];

/* What has been said about one spoke and one network. Where nothing has, network.to_all counts. */
struct el_registry_membership {
    uint32_t vni;
    bool published;            /* frames pass between the two */
    char lan[EL_REGISTRY_LAN]; /* the spoke's interface or VLAN that belongs to it, where the hub
                                  has it to say; empty: as the spoke was started */
};

struct el_registry_spoke {
    char name[EL_REGISTRY_NAME];
    uint8_t key[EL_REGISTRY_KEY_BYTES]; /* its public key */
    uint8_t psk[EL_REGISTRY_KEY_BYTES]; /* secret; zeros: none */
    struct el_ip ip; /* its tunnel address, its own as long as it is no stranger */
    uint8_t wire;    /* enum el_tunnel_wire, decided at enrolment */
    enum el_registry_spoke_state state;
    bool told;                /* a revoked one that has heard of it, or has not asked in time */
    int64_t since_s;          /* of the state */
    struct el_endpoint from;  /* where it enrolled from; family 0: not known */
    uint8_t membership_count; /* explicit ones */
    struct el_registry_membership memberships[EL_REGISTRY_NETWORKS_OF_SPOKE];
};

/* A promise to one spoke. Its enrolment key is a peer that reaches the API and nothing else, and
 * stays one for EL_REGISTRY_GRACE_S after the end, to be told what became of it; a token whose
 * spoke is pending stays until that is decided. */
struct el_registry_token {
    char name[EL_REGISTRY_NAME]; /* of the spoke to be */
    uint8_t enrolment_key[EL_REGISTRY_KEY_BYTES];
    struct el_ip ip; /* the enrolment key's tunnel address */
    int64_t created_s, expires_s;
    bool used;
    int64_t used_s;
    uint8_t used_by[EL_REGISTRY_KEY_BYTES]; /* the spoke's key, if used */
    uint8_t wrong_codes;                    /* EL_REGISTRY_WRONG_CODES: burnt */
};

/* What spokes get of whom nothing is said (struct el_registry_membership), those to come too. */
enum el_registry_to_all {
    EL_REGISTRY_TO_NONE,        /* they are no members */
    EL_REGISTRY_TO_UNPUBLISHED, /* members, and no frame passes */
    EL_REGISTRY_TO_PUBLISHED,
    EL_REGISTRY_TO_ALLS
};
extern const char *const el_registry_to_all_names[EL_REGISTRY_TO_ALLS + 1];

struct el_registry_network {
    char name[EL_REGISTRY_NETWORK_NAME];
    uint32_t vni;             /* 1..EL_REGISTRY_VNI_MAX */
    struct el_prefix cidr;    /* IPv4, /8../29; the same in two networks is fine */
    struct el_prefix prefix6; /* what was said of IPv6 (el_registry_prefix6_check()) */
    int64_t created_s;
    int64_t expires_s; /* 0: never */
    enum el_registry_to_all to_all;
};

/* The life of a port, in its order: each step leads to the next, or back to DOWN with a reason;
 * SECURED and PUBLISHED alternate. */
enum el_registry_port_state {
    EL_REGISTRY_DOWN,
    EL_REGISTRY_VERIFIED, /* prerequisites are there: interface, rights, addresses */
    EL_REGISTRY_LOADED,   /* its configuration has been read and is sound */
    EL_REGISTRY_STARTED,  /* its process runs */
    EL_REGISTRY_UP,       /* and answers */
    EL_REGISTRY_SECURED,  /* the switch has confirmed: not one frame passes (unpublished) */
    EL_REGISTRY_PUBLISHED,
    EL_REGISTRY_PORT_STATES
};
extern const char *const el_registry_port_state_names[EL_REGISTRY_PORT_STATES + 1];

/* A port of the hub's on a network: every network has one with its own name (service
 * "boot-service"), more are made by hand. */
struct el_registry_port {
    char name[EL_REGISTRY_NETWORK_NAME];
    char service[EL_REGISTRY_SERVICE]; /* "boot-service", "etherate", or empty */
    uint32_t vni;
    enum el_registry_port_state state;
    enum el_registry_port_state wanted; /* DOWN, SECURED or PUBLISHED */
    int64_t since_s;
    char why[EL_REGISTRY_WHY]; /* of the state; may be empty */
};

/* Which factors a redemption needs, besides the token. All that are on have to agree. */
enum el_registry_factor {
    EL_REGISTRY_FACTOR_TOTP = 1,
    EL_REGISTRY_FACTOR_APPROVAL = 2,
    EL_REGISTRY_FACTOR_PROGRAM = 4, /* which one is the hub's command line to say */
};

struct el_registry_second_factor {
    unsigned factors;                         /* enum el_registry_factor, or'ed */
    uint8_t secret[EL_REGISTRY_SECRET_BYTES]; /* of TOTP */
    uint8_t secret_len;
    int64_t last_step; /* of TOTP (RFC 6238 §5.2): no code of this or an earlier step again */
};

/* How machines of one kind are installed (profile/profile.h), of which only the names are known
 * here. */
struct el_registry_profile {
    char name[EL_REGISTRY_NAME];
    char image[EL_REGISTRY_PROFILE_IMAGE];
    char text[EL_REGISTRY_PROFILE_TEXT]; /* all of it, with secrets */
};

struct el_registry_words {
    unsigned count;
    char items[EL_REGISTRY_WORDS][EL_REGISTRY_WORD]; /* printable ASCII */
};

/* What is wanted of a machine: what a person has said. What has happened to it is kept by the boot
 * service that it came to (boot/life.h), and only what would hurt if that were lost is here too. */
struct el_registry_machine {
    struct el_mac mac;
    char name[EL_REGISTRY_NAME];        /* its own; empty: none */
    char profile[EL_REGISTRY_NAME];     /* empty: none */
    char region[EL_REGISTRY_NAME];      /* chosen by a person; empty: where it is */
    struct el_ip address;               /* IPv4, no other machine's; family 0: any */
    uint64_t once;                      /* an id, 1..INT64_MAX, for its next start; 0: none */
    char once_entry[EL_REGISTRY_ENTRY]; /* what is started then: an entry, "local" or "menu" */
    uint64_t reinstall; /* the id of the last time that this was asked for; 0: never */
    bool installed;     /* since then */
    struct el_registry_words options, quirks;
    int64_t created_s;
};

/* -- what a change leads to -- */

/* Everything that a peer of the tunnel is. Setting it again to what it is disturbs nothing. */
struct el_registry_peer {
    enum el_registry_peer_kind {
        EL_REGISTRY_PEER_SPOKE,
        EL_REGISTRY_PEER_ENROLMENT, /* a token's key: POST /v1/enrol */
        EL_REGISTRY_PEER_REVOKED,   /* to be told so */
    } kind;
    const char *name;
    uint8_t key[EL_REGISTRY_KEY_BYTES];
    uint8_t psk[EL_REGISTRY_KEY_BYTES]; /* secret */
    struct el_ip ip;
    uint8_t wire;
    unsigned membership_count;
    struct el_registry_membership memberships[EL_REGISTRY_NETWORKS_OF_SPOKE]; /* effective ones */
};

enum el_registry_effect_kind {
    EL_REGISTRY_PEER_SET,
    EL_REGISTRY_PEER_REMOVE,    /* its sessions end at once */
    EL_REGISTRY_NETWORK_SET,    /* new, or its port's gate has changed */
    EL_REGISTRY_NETWORK_REMOVE, /* and every peer's membership in it */
    EL_REGISTRY_PORT_SET,       /* start it (wanted != DOWN) or stop it */
    EL_REGISTRY_PORT_REMOVE,    /* stop it */
    EL_REGISTRY_MACHINE_SET,    /* new, or something else is wanted of it */
    EL_REGISTRY_MACHINE_REMOVE, /* nothing is wanted of it any more, and it is to be forgotten */
};

struct el_registry_effect {
    enum el_registry_effect_kind kind;
    const struct el_registry_peer *peer;       /* PEER_SET, PEER_REMOVE (kind, name and key) */
    const struct el_registry_network *network; /* NETWORK_*, PORT_* */
    const struct el_registry_port *port;       /* PORT_*; NETWORK_SET: that with its name */
    const struct el_registry_machine *machine; /* MACHINE_* */
    bool open; /* NETWORK_SET, PORT_SET: frames pass the hub's own port. Only once it is secured. */
};

enum el_registry_event_kind {
    EL_REGISTRY_TOKEN_CREATED,
    EL_REGISTRY_TOKEN_REMOVED, /* by an operator */
    EL_REGISTRY_TOKEN_WRONG_CODE,
    EL_REGISTRY_TOKEN_BURNT,
    EL_REGISTRY_TOKEN_EXPIRED, /* unused */
    EL_REGISTRY_SPOKE_PENDING,
    EL_REGISTRY_SPOKE_ENROLLED,
    EL_REGISTRY_SPOKE_REVOKED,
    EL_REGISTRY_SPOKE_TOLD, /* a revoked one came back, and was told so */
    EL_REGISTRY_NETWORK_CREATED,
    EL_REGISTRY_NETWORK_CHANGED,  /* its lifetime */
    EL_REGISTRY_NETWORK_EXPIRING, /* in left_s */
    EL_REGISTRY_NETWORK_REMOVED,
    EL_REGISTRY_NETWORK_PUBLISHED, /* to spoke, or to all */
    EL_REGISTRY_NETWORK_UNPUBLISHED,
    EL_REGISTRY_PORT_CHANGED,
    EL_REGISTRY_SECOND_FACTOR_CHANGED,
    EL_REGISTRY_PROFILE_CHANGED, /* or new */
    EL_REGISTRY_PROFILE_REMOVED,
    EL_REGISTRY_MACHINE_CHANGED,
    EL_REGISTRY_MACHINE_FORGOTTEN,
    /* Of the tunnel, which the registry knows nothing of. */
    EL_REGISTRY_LOOP,      /* the spoke is shut out of the network: it bridges another's LAN */
    EL_REGISTRY_LOOP_GONE, /* no longer */
    EL_REGISTRY_EVENTS
};
/* "spoke-enrolled", … */
extern const char *const el_registry_event_names[EL_REGISTRY_EVENTS + 1];

/* What does not apply is NULL. */
struct el_registry_event {
    enum el_registry_event_kind kind;
    int64_t at_s;
    const struct el_registry_token *token;
    const struct el_registry_spoke *spoke;
    const struct el_registry_network *network;
    const struct el_registry_port *port;
    const struct el_registry_profile *profile;
    const struct el_registry_machine *machine;
    const char *why;
    int64_t left_s; /* NETWORK_EXPIRING */
};

/* Who is told, after the change is on the disk and in memory: its effects first (a peer is removed
 * before its address is given to another), then its event. What the pointers show is valid during
 * the call. They may look at the registry, and must not change it. */
struct el_registry_observer {
    void (*effect)(void *arg, const struct el_registry_effect *effect);
    void (*event)(void *arg, const struct el_registry_event *event);
    void *arg;
};

/* -- the machine -- */

/* Reads everything from STORE, which outlives the registry (NULL: nothing is kept). Says nothing to
 * the OBSERVER yet: see el_registry_tell(). Rows that make no sense are an error (EL_EINVAL), since
 * a hub that forgets whom it has revoked is worse than one that does not start. */
int el_registry_new(const struct el_registry_store *store,
                    const struct el_registry_observer *observer, struct el_registry **registry,
                    struct el_err *err);
void el_registry_free(struct el_registry *registry); /* wipes secrets; NULL is allowed */

/* A peer that the registry has no say in (given on the command line): NAME, KEY and address IP are
 * taken. It is not kept. EL_EEXIST: one of them is a spoke's or a token's. */
int el_registry_reserve(struct el_registry *registry, const char *name,
                        const uint8_t key[EL_REGISTRY_KEY_BYTES], const struct el_ip *ip,
                        struct el_err *err);

/* Tells the observer all effects that lead from nothing to here: for a tunnel or a supervisor that
 * begins. No event. */
void el_registry_tell(struct el_registry *registry);

/* Does what is due: tokens and networks end, warnings (an hour, ten minutes, one minute before) are
 * given. Call it at its deadline, or a few seconds later again if it failed. A warning may come
 * again after a restart. */
int el_registry_tick(struct el_registry *registry, int64_t now_s, struct el_err *err);
int64_t el_registry_deadline_s(const struct el_registry *registry); /* INT64_MAX: nothing is due */

/* The peer of the tunnel with address IP, as the API sees who asks: 0 with PEER, or EL_ENOENT (it
 * is none of ours). */
int el_registry_who(const struct el_registry *registry, const struct el_ip *ip,
                    struct el_registry_peer *peer);

/* Letters, digits, '-', '.', '_', the first a letter or digit; 1..CAPACITY - 1 of them. WHAT is for
 * the sentence ("spoke"). */
int el_registry_name_check(const char *what, const char *name, size_t capacity, struct el_err *err);

/* -- tokens -- */

struct el_registry_token_request {
    const char *name;             /* of the spoke to be */
    const uint8_t *enrolment_key; /* its public half */
    struct el_ip ip;              /* that key's address (node/key.h): both sides know it */
    int64_t expires_s;
};

/* EL_EEXIST (the name is taken: by a spoke or a token that is open), EL_EINVAL, EL_EFULL;
 * EL_EAGAIN: the key's address is taken, make another key. */
int el_registry_token_create(struct el_registry *registry,
                             const struct el_registry_token_request *request, int64_t now_s,
                             struct el_err *err);
/* EL_ENOENT; EL_EEXIST: its spoke is pending, which has to be decided first. */
int el_registry_token_remove(struct el_registry *registry, const char *name, int64_t now_s,
                             struct el_err *err);

size_t el_registry_token_count(const struct el_registry *registry);
const struct el_registry_token *el_registry_token_at(const struct el_registry *registry, size_t i);
/* The one with this name that was created last, or NULL. */
const struct el_registry_token *el_registry_token(const struct el_registry *registry,
                                                  const char *name);
const struct el_registry_token *
el_registry_token_by_key(const struct el_registry *registry,
                         const uint8_t enrolment_key[EL_REGISTRY_KEY_BYTES]);

enum el_registry_verdict {
    EL_REGISTRY_IS_OPEN,     /* may be redeemed */
    EL_REGISTRY_IS_PENDING,  /* redeemed by this key, which waits for approval */
    EL_REGISTRY_IS_ENROLLED, /* redeemed by this key: all is well */
    EL_REGISTRY_IS_UNKNOWN,  /* no such token (any more) */
    EL_REGISTRY_IS_EXPIRED,
    EL_REGISTRY_IS_USED, /* by another key */
    EL_REGISTRY_IS_BURNT,
    EL_REGISTRY_IS_REVOKED,    /* this key was revoked: never again, with no token */
    EL_REGISTRY_IS_TAKEN,      /* this key is another spoke's, a token's or the hub's */
    EL_REGISTRY_IS_BAD_KEY,    /* no public key in its one canonical form */
    EL_REGISTRY_IS_CODE_REUSED /* a TOTP code of this step has been used */
};

/* How it stands with a token for who comes with KEY. SPOKE (which may be NULL): its row, if
 * PENDING, ENROLLED or REVOKED. */
enum el_registry_verdict el_registry_check(const struct el_registry *registry,
                                           const uint8_t enrolment_key[EL_REGISTRY_KEY_BYTES],
                                           const uint8_t key[EL_REGISTRY_KEY_BYTES], int64_t now_s,
                                           const struct el_registry_spoke **spoke);

struct el_registry_redemption {
    const uint8_t *enrolment_key; /* of the token */
    const uint8_t *key;           /* the spoke's own */
    const uint8_t *psk;           /* NULL: none */
    struct el_ip preferred;       /* its tunnel address, if that is free; else the next that is */
    struct el_endpoint from;
    uint8_t wire;
    int64_t totp_step; /* of the code that was right; 0: none was asked for */
    bool code_spent;   /* el_registry_spend_code() has been told of it already */
};

/* Redeems a token: used_by, the spoke's row and the TOTP step in one transaction. However many come
 * with one token, one wins; the winner may come again and hears the same. VERDICT is then PENDING
 * or ENROLLED, by the second factor's policy, or why not. 0 if there is a verdict, an error if the
 * store failed or there is no address (and nothing has changed). */
int el_registry_redeem(struct el_registry *registry,
                       const struct el_registry_redemption *redemption, int64_t now_s,
                       enum el_registry_verdict *verdict, const struct el_registry_spoke **spoke,
                       struct el_err *err);

/* A code was right, and what it is good for takes its time (a program is asked): it is used from
 * now on, though nobody is admitted yet. As el_registry_wrong_code(), it must have returned before
 * anybody hears that the code was right: a disk that is full would else tell one from the other, as
 * often as one likes. EL_EEXIST: it was used before. */
int el_registry_spend_code(struct el_registry *registry, int64_t totp_step, struct el_err *err);

/* A wrong code was given for an open token. How many may follow; 0: it is burnt. Must be called,
 * and have returned, before anybody hears that the code was wrong. */
int el_registry_wrong_code(struct el_registry *registry,
                           const uint8_t enrolment_key[EL_REGISTRY_KEY_BYTES], int64_t now_s,
                           struct el_err *err);

/* -- spokes -- */

/* A spoke that the operator lets in by its key, without a token. */
struct el_registry_adoption {
    const char *name;
    const uint8_t *key;
    const uint8_t *psk;  /* NULL: as it is; of a new one, none */
    const uint8_t *wire; /* the same; of a new one, 0 */
    struct el_ip ip;     /* its tunnel address */
};

/* One that is pending is approved; one that is there is no change. EL_EPERM: this key was revoked,
 * and stays so; EL_EEXIST: name, key or address are another's; EL_EINVAL; EL_EFULL. */
int el_registry_adopt(struct el_registry *registry, const struct el_registry_adoption *adoption,
                      int64_t now_s, struct el_err *err);

/* KEY is what the operator has compared: approval is of a key, not of a name. EL_ENOENT; EL_EAUTH:
 * the spoke of this name has another key. */
int el_registry_approve(struct el_registry *registry, const char *name,
                        const uint8_t key[EL_REGISTRY_KEY_BYTES], int64_t now_s,
                        struct el_err *err);
/* Of a pending or an enrolled one. Its session ends at once, its key never comes back. */
int el_registry_revoke(struct el_registry *registry, const char *name, int64_t now_s,
                       struct el_err *err);
/* A revoked spoke has been told: it is no peer any more. */
int el_registry_told(struct el_registry *registry, const uint8_t key[EL_REGISTRY_KEY_BYTES],
                     int64_t now_s, struct el_err *err);

size_t el_registry_spoke_count(const struct el_registry *registry); /* with revoked ones */
const struct el_registry_spoke *el_registry_spoke_at(const struct el_registry *registry, size_t i);
/* The one with this name that is not revoked, or else the one revoked last, or NULL. */
const struct el_registry_spoke *el_registry_spoke(const struct el_registry *registry,
                                                  const char *name);
const struct el_registry_spoke *el_registry_spoke_by_key(const struct el_registry *registry,
                                                         const uint8_t key[EL_REGISTRY_KEY_BYTES]);

/* What SPOKE is a member of, what was said of it and what is for all together, by VNI. How many. */
unsigned
el_registry_memberships(const struct el_registry *registry, const struct el_registry_spoke *spoke,
                        struct el_registry_membership memberships[EL_REGISTRY_NETWORKS_OF_SPOKE]);

/* -- networks -- */

struct el_registry_network_request {
    const char *name;
    uint32_t vni;
    struct el_prefix cidr;
    struct el_prefix prefix6;       /* family 0: nothing is said */
    int64_t expires_s;              /* 0: never */
    enum el_registry_to_all to_all; /* at its creation */
    bool published;                 /* at its creation: its own port is to be published */
};

/* The IPv6 range of a network: a /64, as hosts make themselves addresses in no other (RFC 4862
 * §5.5.3), of unicast addresses that can be routed; or family 0, which leaves it to whoever makes
 * the network. EL_EINVAL. */
int el_registry_prefix6_check(const struct el_prefix *prefix6, struct el_err *err);

/* Makes a network with its port. One that is there with the same VNI and range gets the new end of
 * its life and the new prefix6, which is told when all is told the next time; nothing else.
 * EL_EEXIST (name or VNI is another's), EL_EINVAL, EL_EFULL. */
int el_registry_network_create(struct el_registry *registry,
                               const struct el_registry_network_request *request, int64_t now_s,
                               struct el_err *err);
int el_registry_network_remove(struct el_registry *registry, const char *name, int64_t now_s,
                               struct el_err *err);

size_t el_registry_network_count(const struct el_registry *registry);
const struct el_registry_network *el_registry_network_at(const struct el_registry *registry,
                                                         size_t i);
const struct el_registry_network *el_registry_network(const struct el_registry *registry,
                                                      const char *name);
const struct el_registry_network *el_registry_network_by_vni(const struct el_registry *registry,
                                                             uint32_t vni);

struct el_registry_publication {
    const char *network;
    const char *spoke; /* NULL: all, present and future, whatever was said of one of them before */
    const char *lan;   /* with spoke: its interface for this network; NULL: as before */
    bool published;
};

/* EL_ENOENT (no such network, no such spoke, or it is revoked), EL_EFULL (a spoke would be in more
 * than EL_REGISTRY_NETWORKS_OF_SPOKE), EL_EINVAL (lan). */
int el_registry_publish(struct el_registry *registry,
                        const struct el_registry_publication *publication, int64_t now_s,
                        struct el_err *err);

/* -- ports -- */

/* Makes a further port on a network, down and wanted down. EL_EEXIST, EL_ENOENT, EL_EINVAL,
 * EL_EFULL.
 */
int el_registry_port_create(struct el_registry *registry, const char *name, const char *network,
                            const char *service, int64_t now_s, struct el_err *err);
/* EL_EINVAL: a network's own port goes with its network. */
int el_registry_port_remove(struct el_registry *registry, const char *name, int64_t now_s,
                            struct el_err *err);

/* What an operator wants of a port: DOWN (stop), SECURED (start, unpublish) or PUBLISHED.
 * EL_EINVAL: none of these, or the port is down and shall be published: start it first. */
int el_registry_port_want(struct el_registry *registry, const char *name,
                          enum el_registry_port_state wanted, int64_t now_s, struct el_err *err);

/* What has become of a port; of one that is down, there may be another reason by now. EL_EINVAL
 * with the missing step: no such transition. */
int el_registry_port_report(struct el_registry *registry, const char *name,
                            enum el_registry_port_state state, const char *why, int64_t now_s,
                            struct el_err *err);
/* All of them are down: the hub was started again. */
int el_registry_ports_down(struct el_registry *registry, const char *why, int64_t now_s,
                           struct el_err *err);

/* Whether a port may go from one state to another. */
bool el_registry_port_step(enum el_registry_port_state from, enum el_registry_port_state to);

size_t el_registry_port_count(const struct el_registry *registry);
const struct el_registry_port *el_registry_port_at(const struct el_registry *registry, size_t i);
const struct el_registry_port *el_registry_port(const struct el_registry *registry,
                                                const char *name);

/* -- profiles -- */

/* Makes a profile, or changes it. What is so already is no change. EL_EINVAL; EL_EFULL. */
int el_registry_profile_set(struct el_registry *registry, const struct el_registry_profile *profile,
                            int64_t now_s, struct el_err *err);
/* EL_ENOENT. */
int el_registry_profile_remove(struct el_registry *registry, const char *name, int64_t now_s,
                               struct el_err *err);

size_t el_registry_profile_count(const struct el_registry *registry);
/* NULL: there are no more. */
const struct el_registry_profile *el_registry_profile_at(const struct el_registry *registry,
                                                         size_t i);
const struct el_registry_profile *el_registry_profile(const struct el_registry *registry,
                                                      const char *name);

/* -- machines -- */

/* What is to be otherwise: what is NULL stays as it is, an empty text takes it away. */
struct el_registry_machine_change {
    const char *name, *profile, *region;
    const struct el_ip *address; /* family 0 takes it away */
    const struct el_registry_words *options, *quirks;
};

/* Says it of the machine MAC, which is made if it is not there. A machine that has been installed
 * is not installed again by another profile. EL_EINVAL; EL_EEXIST: the name or the address is
 * another's; EL_EFULL. What is so already is no change. */
int el_registry_machine_set(struct el_registry *registry, const struct el_mac *mac,
                            const struct el_registry_machine_change *change, int64_t now_s,
                            struct el_err *err);

/* Its next start, and only that one, is with ENTRY ("local": its disk, "menu"); NULL: not any more.
 * Also of one of which nothing was said before. */
int el_registry_machine_boot(struct el_registry *registry, const struct el_mac *mac,
                             const char *entry, int64_t now_s, struct el_err *err);

/* Installs it (again) at its next start. EL_ENOENT; EL_EINVAL: it has no profile. */
int el_registry_machine_reinstall(struct el_registry *registry, const struct el_mac *mac,
                                  int64_t now_s, struct el_err *err);

/* What its boot service reports: that intent ONCE (0: none) was followed, and whether it is
 * INSTALLED, as REINSTALL was asked for. What is out of date is no change; nor is what is said of a
 * machine that nobody knows. */
int el_registry_machine_report(struct el_registry *registry, const struct el_mac *mac,
                               uint64_t once, uint64_t reinstall, bool installed, int64_t now_s,
                               struct el_err *err);

/* Nothing is wanted of it any more. EL_ENOENT. */
int el_registry_machine_forget(struct el_registry *registry, const struct el_mac *mac,
                               int64_t now_s, struct el_err *err);

size_t el_registry_machine_count(const struct el_registry *registry);
const struct el_registry_machine *el_registry_machine_at(const struct el_registry *registry,
                                                         size_t i);
const struct el_registry_machine *el_registry_machine(const struct el_registry *registry,
                                                      const struct el_mac *mac);
const struct el_registry_machine *el_registry_machine_by_name(const struct el_registry *registry,
                                                              const char *name);

/* -- the second factor -- */

const struct el_registry_second_factor *
el_registry_second_factor(const struct el_registry *registry);
/* last_step is kept where the secret is the same, and begins anew with a new one. EL_EINVAL: TOTP
 * without a secret, unknown factors. */
int el_registry_second_factor_set(struct el_registry *registry,
                                  const struct el_registry_second_factor *policy, int64_t now_s,
                                  struct el_err *err);

#endif
