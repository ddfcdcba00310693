/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which machine has an address or a name of its own. The table may change at any time. */
#ifndef EL_DHCP_DHCP_RESERVATION_H
#define EL_DHCP_DHCP_RESERVATION_H

#include "base/addr.h"
#include "dhcp/dhcp_lease.h"

enum { EL_DHCP_HOSTNAME_BYTES = 64 }; /* with its NUL (RFC 1035 §2.3.4) */

struct el_dhcp_reservation {
    struct el_mac mac;        /* zero: by client_id */
    const uint8_t *client_id; /* option 61, all of it */
    size_t client_id_len;     /* less than EL_DHCP_IDENTITY_BYTES */
    struct el_ip ip;          /* in the subnet, in the pool or not; family 0: any, only the name */
    const char *hostname;     /* option 12, at most EL_DHCP_HOSTNAME_BYTES - 1; NULL: none */
};

struct el_dhcp_reservations;

/* For at most CAPACITY. NULL: out of memory. */
struct el_dhcp_reservations *el_dhcp_reservations_new(size_t capacity);
void el_dhcp_reservations_free(struct el_dhcp_reservations *reservations); /* NULL is allowed */

/* Adds a copy of R, or replaces what there is for the same machine. 0; EL_EEXIST: the address is
 * another machine's; EL_EFULL; EL_ENOMEM; EL_EINVAL: neither mac nor client_id, or one or the name
 * is too long. */
int el_dhcp_reservations_put(struct el_dhcp_reservations *reservations,
                             const struct el_dhcp_reservation *r);

/* Removes what there is for the machine of R, by mac or client_id. */
void el_dhcp_reservations_remove(struct el_dhcp_reservations *reservations,
                                 const struct el_dhcp_reservation *r);

/* What there is for the machine of R; NULL: nothing. */
const struct el_dhcp_reservation *
el_dhcp_reservations_get(const struct el_dhcp_reservations *reservations,
                         const struct el_dhcp_reservation *r);

/* Of a machine that asks: by its hardware address, else by its client identifier (LEN 0: none); and
 * of an address. NULL: none. Valid until the table is changed. */
const struct el_dhcp_reservation *
el_dhcp_reservations_of(const struct el_dhcp_reservations *reservations, const struct el_mac *mac,
                        const uint8_t *client_id, size_t len);
const struct el_dhcp_reservation *
el_dhcp_reservations_at(const struct el_dhcp_reservations *reservations, uint32_t ip);

#endif
