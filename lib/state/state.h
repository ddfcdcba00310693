/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What must survive a restart, a crash and a power cut, in SQLite.
 *
 * Every owner has a database file of its own, and opens it for itself alone: the boot service has
 * boot.db (leases, lives of machines), the tunnel applet has tunnel.db (timestamps, endpoints), the
 * control applet has control.db (spokes, tokens, networks, secrets). So an applet that is broken,
 * or broken into, cannot touch what another has to remember, and no applet waits for another's
 * disk. (DESIGN has one database in mind; separate processes without common privileges are better
 * off with one each.)
 *
 * A put that has returned 0 is on the disk: write-ahead log, synchronous=FULL. A database that is
 * damaged is renamed aside with a warning, and a new one is begun: a hub without memory of its
 * leases is better than no hub. Not so control.db: without it a revoked spoke would be a stranger
 * again, so that a person has to decide, and it is an error. One that is merely in the way (locked,
 * no rights, disk full, newer than this program) is an error, and stays as it is. All files are
 * readable by their owner only.
 */
#ifndef EL_STATE_STATE_H
#define EL_STATE_STATE_H

#include "base/addr.h"
#include "base/err.h"

enum el_state_owner { EL_STATE_BOOT, EL_STATE_TUNNEL, EL_STATE_CONTROL };

enum {
    EL_STATE_KEY_BYTES = 32,
    EL_STATE_TIMESTAMP_BYTES = 12, /* TAI64N */
};

struct el_state;
struct el_dhcp_store;      /* dhcp/dhcp_store.h */
struct el_dns_hosts_store; /* dns/dns_hosts.h */
struct el_life_store;      /* boot/lives.h */
struct el_registry_store;  /* registry/registry_store.h */

/* Opens, or makes, the database of OWNER in a directory: that of the descriptor DIRECTORY_FD (which
 * stays the caller's and open as long as the state), or, if that is negative, of the path
 * DIRECTORY. DIRECTORY is also what errors call it. NULL, with the reason in ERR. */
struct el_state *el_state_open(enum el_state_owner owner, int directory_fd, const char *directory,
                               struct el_err *err);
void el_state_close(struct el_state *state); /* NULL is allowed */

/* -- EL_STATE_BOOT -- */

/* Makes STORE keep its leases in STATE, which outlives it. */
void el_state_lease_store(struct el_state *state, struct el_dhcp_store *store);

/* And makes STORE keep the lives of its machines there. */
void el_state_life_store(struct el_state *state, struct el_life_store *store);

/* And what they call themselves. */
void el_state_host_store(struct el_state *state, struct el_dns_hosts_store *store);

/* -- EL_STATE_TUNNEL -- */

/* The last TAI64N timestamp of the holder of a public key: a peer's is the last that we accepted,
 * our own is the last that we may have sent. A put never sets it back: the later of the two stays
 * (both are compared as bytes, which is their order in time). get: 0, EL_ENOENT, or another error.
 */
int el_state_timestamp_put(struct el_state *state, const uint8_t key[EL_STATE_KEY_BYTES],
                           const uint8_t timestamp[EL_STATE_TIMESTAMP_BYTES], struct el_err *err);
int el_state_timestamp_get(struct el_state *state, const uint8_t key[EL_STATE_KEY_BYTES],
                           uint8_t timestamp[EL_STATE_TIMESTAMP_BYTES], struct el_err *err);

/* Where a peer was last, so that it can be called after a restart. Link-local addresses are not
 * kept; to put what is known already does not touch the disk. get: 0, EL_ENOENT, or another error.
 */
int el_state_endpoint_put(struct el_state *state, const uint8_t key[EL_STATE_KEY_BYTES],
                          const struct el_endpoint *endpoint, struct el_err *err);
int el_state_endpoint_get(struct el_state *state, const uint8_t key[EL_STATE_KEY_BYTES],
                          struct el_endpoint *endpoint, struct el_err *err);

/* -- EL_STATE_CONTROL -- */

/* Makes STORE keep what a registry knows in STATE, which outlives it. */
void el_state_registry_store(struct el_state *state, struct el_registry_store *store);

#endif
