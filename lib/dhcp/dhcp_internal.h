/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The server's insides, for the files that it is made of. */
#ifndef EL_DHCP_DHCP_INTERNAL_H
#define EL_DHCP_DHCP_INTERNAL_H

#include "dhcp/dhcp.h"

enum { EL_DHCP_COMPLAINTS = 256 }; /* machines whose last complaint is remembered */

struct el_dhcp_complaint {
    struct el_mac mac;
    uint64_t until_ns;
};

enum {
    EL_DHCP_HELD_MAX = 64,     /* messages that are answered later */
    EL_DHCP_PROXIED_MAX = 512, /* machines that boot beside another server */
};

/* A message that waits, until a time or for somebody to answer for an address. */
struct el_dhcp_held {
    size_t len;  /* 0: the row is unused */
    uint32_t ip; /* that is probed; 0: none */
    bool in_use; /* somebody did answer */
    unsigned tries;
    uint64_t until_ns;
    struct el_dhcp_identity who;
    struct el_mac mac;
    struct el_dhcp_from from;
    uint8_t bytes[EL_DHCP_REPLY_BYTES];
};

/* How a machine takes what a proxy says. */
struct el_dhcp_proxied {
    struct el_mac mac;
    bool told, went_on; /* it did what comes after an offer */
    uint8_t way;
    unsigned failed; /* attempts in a row that did not */
    uint32_t xid;
};

struct el_dhcp {
    struct el_dhcp_config config;
    uint32_t server;
    struct el_dhcp_subnet subnets[EL_DHCP_SUBNETS_MAX]; /* ours, then those behind relays */
    uint8_t subnet_count;
    struct el_dhcp_leases *leases;
    struct el_dhcp_reservations *reservations;
    uint64_t deadline_ns;
    enum el_dhcp_mode mode;
    bool alone;
    bool by_region; /* a rule asks where a machine is */
    struct el_dhcp_held held[EL_DHCP_HELD_MAX];
    struct el_dhcp_proxied proxied[EL_DHCP_PROXIED_MAX];
    struct el_dhcp_stats stats;
    struct el_dhcp_complaint complaints[EL_DHCP_COMPLAINTS];
    uint64_t log_filled_ns; /* the bucket of log lines: when it was filled last, what is in it, */
    uint32_t log_lines;
    uint64_t exhausted_ns;   /* when it may be said again that there is no address left */
    uint64_t log_suppressed; /* and what has not been written since */
};

/* One datagram on its way through the server. */
struct el_dhcp_request {
    uint64_t now_ns;
    int64_t wall_s;
    const struct el_dhcp_from *from;
    const uint8_t *bytes; /* as it came */
    size_t len;
    unsigned tries; /* how often it waited already */
    struct el_dhcp_message m;
    struct el_dhcp_client client;
    struct el_dhcp_identity who;
    uint8_t subnet;     /* that the client is in */
    uint32_t server_id; /* who we are to it: ourselves, or its relay (RFC 5107) */
    const struct el_dhcp_reservation *reservation;
    struct el_dhcp_output *out;
};

/* -- dhcp_setup.c: subnets -- */

/* Which subnet IP is in; EL_DHCP_SUBNETS_MAX: none of ours. */
uint8_t el_dhcp_subnet_of(const struct el_dhcp *d, uint32_t ip);

/* Whether no machine may have IP, though it lies in one of our subnets. DHCP: a struct el_dhcp. */
bool el_dhcp_is_taken(const void *dhcp, uint32_t ip);

/* -- dhcp_choice.c: who asks, and which address it gets -- */

/* Reads from the message who asks and from where. False: from nowhere that we serve. */
bool el_dhcp_identify(const struct el_dhcp *d, struct el_dhcp_request *r);

bool el_dhcp_is_owner(const struct el_dhcp_lease *lease, const struct el_dhcp_request *r);

/* The address to offer; NULL, and *WHY, if there is none. */
struct el_dhcp_lease *el_dhcp_choose_address(const struct el_dhcp *d,
                                             const struct el_dhcp_request *r, const char **why);

/* Whether the client may have LEASE, which it names itself. */
bool el_dhcp_may_have(const struct el_dhcp *d, const struct el_dhcp_request *r,
                      const struct el_dhcp_lease *lease);

/* Whether we know the client: it has or had a lease in its subnet, or has one reserved there. */
bool el_dhcp_is_known(const struct el_dhcp *d, const struct el_dhcp_request *r);

void el_dhcp_claim(struct el_dhcp *d, const struct el_dhcp_request *r, struct el_dhcp_lease *lease,
                   enum el_dhcp_lease_state state, uint64_t until_ns);

/* Claims for SECONDS, and asks the caller to keep it. */
void el_dhcp_claim_durably(struct el_dhcp *d, const struct el_dhcp_request *r,
                           struct el_dhcp_lease *lease, enum el_dhcp_lease_state state,
                           uint32_t seconds);

/* -- dhcp.c -- */

struct el_dhcp_answer;

/* Makes the reply: R's output. 1, or 0 if there is none. */
int el_dhcp_send(struct el_dhcp *d, const struct el_dhcp_request *r, struct el_dhcp_answer *answer,
                 enum el_dhcp_seen_kind kind);

/* What a rule may ask about R, which gets IP or has it. */
void el_dhcp_facts(const struct el_dhcp *d, const struct el_dhcp_request *r, uint32_t ip,
                   struct el_dhcp_rule_facts *facts);

/* A message that has waited. */
int el_dhcp_input_again(struct el_dhcp *d, uint64_t now_ns, int64_t wall_s,
                        const struct el_dhcp_held *held, struct el_dhcp_output *out);

/* -- dhcp_hold.c -- */

/* Keeps R until UNTIL_NS, while IP (0: none) is probed. False: there is no room, or it has waited
 * often enough. */
bool el_dhcp_hold(struct el_dhcp *d, const struct el_dhcp_request *r, uint32_t ip,
                  uint64_t until_ns);

/* Whether a message of R's client waits already: this is another copy of it. */
bool el_dhcp_is_held(const struct el_dhcp *d, const struct el_dhcp_request *r);

/* Holds R if LEASE is to be probed first: then the caller asks for its address in the network. */
bool el_dhcp_probe(struct el_dhcp *d, const struct el_dhcp_request *r, struct el_dhcp_lease *lease);

/* Nobody else has the address: it need not be probed for a while. */
void el_dhcp_is_fine(struct el_dhcp_lease *lease, uint64_t now_ns);

/* Who waits for no address goes on now. */
void el_dhcp_release_held(struct el_dhcp *d, uint64_t now_ns);

uint64_t el_dhcp_held_deadline(const struct el_dhcp *d);

/* -- dhcp_proxy.c -- */

int el_dhcp_proxy_discover(struct el_dhcp *d, struct el_dhcp_request *r);
int el_dhcp_proxy_request(struct el_dhcp *d, struct el_dhcp_request *r);

/* A machine did what comes after an offer: it had understood. */
void el_dhcp_proxy_went_on(struct el_dhcp *d, const struct el_mac *mac);

/* -- dhcp_log.c: each event is written to the log, as far as that goes, and told the observer -- */

/* BOOT: what it is to boot, or NULL. */
void el_dhcp_log_event(struct el_dhcp *d, const struct el_dhcp_request *r,
                       enum el_dhcp_seen_kind kind, uint32_t ip, const struct el_dhcp_boot *boot);

/* A machine got no answer: says why, once a minute per machine. 0, as there is nothing to send. */
int el_dhcp_log_unanswered(struct el_dhcp *d, const struct el_dhcp_request *r, const char *why);

/* Not for us, which is no fault of anybody's. 0. */
int el_dhcp_log_ignored(struct el_dhcp *d, const struct el_dhcp_request *r, const char *why);

/* There is no address left: how they are spent, and when the next one is free again. */
void el_dhcp_log_exhausted(struct el_dhcp *d, const struct el_dhcp_request *r);

/* The address IP was to be offered, but MAC has it. */
void el_dhcp_log_in_use(struct el_dhcp *d, uint32_t ip, const struct el_mac *mac);

/* A machine does not take what a proxy says: what the other server would have to be told. */
void el_dhcp_log_needs(struct el_dhcp *d, const struct el_dhcp_request *r,
                       const struct el_dhcp_boot *boot);

void el_dhcp_log_not_kept(struct el_dhcp *d, const struct el_dhcp_output *out);

#endif
