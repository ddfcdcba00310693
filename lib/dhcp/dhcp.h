/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The DHCP server (RFC 2131) of one network: a machine without socket, clock or disk.
 *
 *     struct el_dhcp_output out;
 *     if (el_dhcp_input(dhcp, now_ns, wall_s, &from, bytes, len, &out) > 0) {
 *         if (out.durable && keep(&out.record) != 0)
 *             el_dhcp_undo(dhcp, &out);       // and send nothing
 *         else if (out.delivery != EL_DHCP_NO_REPLY)
 *             send(&out);
 *     }
 *
 * It is complete, not a proxy: an offer has the address and what is needed to boot. What a machine
 * boots is not decided here; `choose` is asked, with the facts of dhcp_client.h.
 *
 * Who a client is: its hardware address, if that is Ethernet, even if it sends a client identifier.
 * RFC 2131 §4.2 wants the identifier, but firmware, iPXE, installer and system of one machine send
 * four different ones, and the machine would hold four addresses and lose its own in between. What
 * RFC 2131 says is a switch away (`by_client_id`), and it is what counts on other hardware.
 */
#ifndef EL_DHCP_DHCP_H
#define EL_DHCP_DHCP_H

#include "dhcp/dhcp_client.h"
#include "dhcp/dhcp_lease.h"
#include "dhcp/dhcp_reservation.h"
#include "dhcp/dhcp_rule.h"
#include "dhcp/dhcp_seen.h"
#include "dhcp/dhcp_store.h"

enum {
    EL_DHCP_SERVERS_MAX = 4, /* of DNS, of NTP */
    EL_DHCP_RANGES_MAX = 8,  /* of a subnet */
    EL_DHCP_URL_BYTES = 256, /* a boot file: one part of option 67 and NUL */
    EL_DHCP_WHY_BYTES = 96,
};

/* What a machine is to boot; from `choose`. */
struct el_dhcp_boot {
    struct el_ip next_server;     /* TFTP; family 0: this server */
    char file[EL_DHCP_URL_BYTES]; /* TFTP path, or absolute URL for HTTP Boot and iPXE; empty: none
                                   */
    char why[EL_DHCP_WHY_BYTES];  /* a few words for the log; may be empty */
};

/* Fills BOOT, which is zeroed before. Called for every OFFER and ACK to something that boots: the
 * answer for the same client, xid and firmware must stay the same from OFFER to ACK. */
typedef void el_dhcp_choose(void *arg, const struct el_dhcp_client *client,
                            struct el_dhcp_boot *boot);

struct el_dhcp_route { /* option 121 */
    struct el_prefix to;
    struct el_ip via;
};

struct el_dhcp_range {
    struct el_ip first, last;
};

/* A subnet behind relays (RFC 2131 §2): a message that comes through a relay is of the subnet that
 * the relay's address is in, or the one that the relay names (RFC 3527). */
struct el_dhcp_subnet {
    struct el_prefix prefix;
    struct el_dhcp_range ranges[EL_DHCP_RANGES_MAX]; /* up to the first family 0 */
    struct el_ip router;                             /* family 0: none */
};

/* What strings and arrays point to is the caller's and outlives the server. Zero means the default
 * where one is named. */
struct el_dhcp_config {
    struct el_prefix subnet;
    struct el_ip server; /* our address in the subnet; options 54, 66, siaddr */
    struct el_dhcp_range ranges[EL_DHCP_RANGES_MAX]; /* up to the first family 0 */
    struct el_ip router;                             /* family 0: none */
    const struct el_dhcp_subnet *relayed; /* beside it; at most EL_DHCP_SUBNETS_MAX - 1 */
    size_t relayed_count;
    struct el_ip dns[EL_DHCP_SERVERS_MAX], ntp[EL_DHCP_SERVERS_MAX]; /* up to the first family 0 */
    const char *domain;                                              /* option 15; NULL: none */
    const char *search; /* option 119: names separated by spaces or commas; NULL: none */
    const struct el_dhcp_route *routes;
    size_t route_count;
    const struct el_dhcp_reservation *reservations; /* to begin with; copied */
    size_t reservation_count;
    uint32_t reservation_max; /* 8192: how many there may be at a time */
    uint32_t lease_s;         /* 3600; at least 60 */
    uint32_t offer_s;         /* 30: how long an offer stands */
    uint32_t quarantine_s;    /* 3600: how long a declined address rests */
    uint32_t offers_max;      /* half the pools: offers to strangers at a time */
    uint32_t probe_ms;        /* how long an address is probed before it is offered; 0: it is not */
    uint32_t relay_max;       /* half the pools: leases through one relay */
    bool by_client_id;        /* the identity is option 61, as RFC 2131 §4.2 says */
    bool not_authoritative;   /* keep silent about addresses that we know nothing of */
    const struct el_dhcp_rule *rules; /* further options, by who asks */
    size_t rule_count;
    const char *network; /* its name, for rules; NULL: none */
    /* Where a machine is, for rules and the log; NULL: nobody knows. The answer is valid until the
     * next call. */
    const char *(*region)(void *arg, const struct el_mac *mac);
    void *region_arg;
    el_dhcp_choose *choose; /* NULL: nothing boots */
    void *choose_arg;
    el_dhcp_seen_cb *seen; /* NULL: nobody watches */
    void *seen_arg;
};

/* What the server does; el_dhcp_set_mode(). */
enum el_dhcp_mode {
    EL_DHCP_MODE_SERVER, /* gives addresses */
    EL_DHCP_MODE_PROXY,  /* another server does: says only how to boot (PXE 2.1 §2.2.1) */
    EL_DHCP_MODE_WAIT,   /* it is not yet known which: who asks is answered when it is */
};

struct el_dhcp_from {
    struct el_endpoint from;
    struct el_endpoint to; /* port 4011 makes it a boot server request */
};

enum el_dhcp_delivery {
    EL_DHCP_NO_REPLY,
    EL_DHCP_ROUTED,    /* to `to`, by IP as usual */
    EL_DHCP_BROADCAST, /* to `to`, which is 255.255.255.255 */
    /* To `to` at `mac`: it does not have its address yet and cannot answer ARP. Whoever cannot send
     * to a hardware address broadcasts instead (RFC 2131 §4.1 permits). */
    EL_DHCP_LINK,
};

struct el_dhcp_output {
    enum el_dhcp_delivery delivery;
    struct el_endpoint to;
    struct el_ip from; /* the address to send from */
    struct el_mac mac;
    uint32_t probe; /* ask the network who has this address (el_dhcp_heard); 0: do not */
    bool binl;      /* from port 4011, where it was asked */
    bool durable;   /* `record` must be kept before anything is sent */
    struct el_dhcp_record record;
    struct el_dhcp_claim before; /* for el_dhcp_undo: what the lease was, */
    uint32_t other_ip;           /* and another that its client gave up for it; 0: none */
    struct el_dhcp_claim other_before;
    size_t len;
    uint8_t bytes[EL_DHCP_REPLY_BYTES];
};

struct el_dhcp_stats {
    uint64_t received, malformed, ignored, replies, store_failures;
};

struct el_dhcp;

/* NULL, with the reason in ERR. */
struct el_dhcp *el_dhcp_new(const struct el_dhcp_config *config, struct el_err *err);
void el_dhcp_free(struct el_dhcp *dhcp); /* NULL is allowed */

/*
 * Reserves an address, a name or both for a machine, at any time; replaces what was reserved for
 * the same machine. A machine that has another address now is told so when it next asks to keep
 * that. Who holds the address meanwhile keeps it until it asks again, and so long the machine gets
 * another. 0, or with the reason in ERR: EL_EINVAL: the address is not in the network, or is ours,
 * or nothing says whose; EL_EEXIST: it is reserved for another machine; EL_EFULL; EL_ENOMEM.
 */
int el_dhcp_reserve(struct el_dhcp *dhcp, const struct el_dhcp_reservation *reservation,
                    struct el_err *err);

/* Takes it back; its machine keeps the address as long as it asks to keep it and nobody else has it
 * reserved. Nothing is reserved for MAC: nothing happens. */
void el_dhcp_unreserve(struct el_dhcp *dhcp, const struct el_mac *mac);

/* Takes back what was kept, before the first input. Records that end first first, so that of two
 * leases of one client the later one stays. A record of an address that is no longer ours, or whose
 * end the wall clock makes absurd, is cut to what the configuration allows. */
void el_dhcp_restore(struct el_dhcp *dhcp, uint64_t now_ns, int64_t wall_s,
                     const struct el_dhcp_record *record);

/* One datagram. 1 if OUT holds something to do, 0 if not (counted, and logged where a person should
 * know). Never fails: bad input is dropped. */
int el_dhcp_input(struct el_dhcp *dhcp, uint64_t now_ns, int64_t wall_s,
                  const struct el_dhcp_from *from, const uint8_t *bytes, size_t len,
                  struct el_dhcp_output *out);

/* What is due after el_dhcp_input() and el_dhcp_tick(), to be called until it returns 0: like
 * el_dhcp_input(). */
int el_dhcp_output(struct el_dhcp *dhcp, uint64_t now_ns, int64_t wall_s,
                   struct el_dhcp_output *out);

/* MAC says that it has IP (ARP). True if that was being probed. */
bool el_dhcp_heard(struct el_dhcp *dhcp, uint64_t now_ns, uint32_t ip, const struct el_mac *mac);

/* SERVER at first. Leases that were given stay, and are kept for when they are given again. ALONE:
 * no other server is here, so that who asks for an address at once may have it (RFC 4039 §3.1). */
void el_dhcp_set_mode(struct el_dhcp *dhcp, enum el_dhcp_mode mode, bool alone, uint64_t now_ns);
enum el_dhcp_mode el_dhcp_mode(const struct el_dhcp *dhcp);

/* OUT's record could not be kept: all leases are again what they were. Several are undone last
 * first. */
void el_dhcp_undo(struct el_dhcp *dhcp, const struct el_dhcp_output *out);

/* When el_dhcp_tick wants to be called: the end of the next offer, lease or quarantine. */
uint64_t el_dhcp_deadline(const struct el_dhcp *dhcp);
void el_dhcp_tick(struct el_dhcp *dhcp, uint64_t now_ns);

const struct el_dhcp_stats *el_dhcp_stats(const struct el_dhcp *dhcp);

/* The leases, for showing. */
const struct el_dhcp_leases *el_dhcp_leases(const struct el_dhcp *dhcp);

#endif
