/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which machine has an address or a name of its own. */
#include "dhcp/dhcp_reservation.h"

#include "base/err.h"

#include <stdlib.h>
#include <string.h>

struct row {
    struct row *next, **at;       /* in the list of all; what points to it there */
    struct el_dhcp_reservation r; /* its pointers point here */
    struct el_dhcp_identity id;   /* what it is found by */
    char hostname[EL_DHCP_HOSTNAME_BYTES];
};

struct el_dhcp_reservations {
    struct el_map *by_machine;
    struct el_map *by_ip;
    struct row *all;
    size_t capacity;
    size_t by_client_id; /* how many are; mostly none */
};

enum { BY_MAC = 1, BY_CLIENT_ID = 2 };

struct el_dhcp_reservations *el_dhcp_reservations_new(size_t capacity)
{
    struct el_dhcp_reservations *reservations = calloc(1, sizeof *reservations);

    if (!reservations)
        return NULL;
    reservations->capacity = capacity;
    reservations->by_machine = el_map_new(sizeof(struct el_dhcp_identity), capacity);
    reservations->by_ip = el_map_new(sizeof(uint32_t), capacity);
    if (!reservations->by_machine || !reservations->by_ip) {
        el_dhcp_reservations_free(reservations);
        return NULL;
    }
    return reservations;
}

void el_dhcp_reservations_free(struct el_dhcp_reservations *reservations)
{
    if (!reservations)
        return;
    for (struct row *row = reservations->all, *next; row; row = next) {
        next = row->next;
        free(row);
    }
    el_map_free(reservations->by_machine);
    el_map_free(reservations->by_ip);
    free(reservations);
}

static struct el_dhcp_identity identity(uint8_t kind, const uint8_t *bytes, size_t len)
{
    struct el_dhcp_identity id = {.len = 0};

    if (len == 0 || len >= sizeof id.bytes)
        return id;
    id.len = (uint8_t)(len + 1);
    id.bytes[0] = kind;
    memcpy(id.bytes + 1, bytes, len);
    return id;
}

static struct el_dhcp_identity machine_of(const struct el_dhcp_reservation *r)
{
    return el_mac_is_zero(&r->mac) ? identity(BY_CLIENT_ID, r->client_id, r->client_id_len)
                                   : identity(BY_MAC, r->mac.b, sizeof r->mac.b);
}

static void take_out(struct el_dhcp_reservations *reservations, struct row *row)
{
    uint32_t ip = el_ip4_number(&row->r.ip);

    reservations->by_client_id -= row->id.bytes[0] == BY_CLIENT_ID;
    el_map_del(reservations->by_machine, &row->id);
    if (ip)
        el_map_del(reservations->by_ip, &ip);
    *row->at = row->next;
    if (row->next)
        row->next->at = row->at;
    free(row);
}

int el_dhcp_reservations_put(struct el_dhcp_reservations *reservations,
                             const struct el_dhcp_reservation *r)
{
    struct el_dhcp_identity id = machine_of(r);
    uint32_t ip = el_ip4_number(&r->ip);
    size_t name_len = r->hostname ? strlen(r->hostname) : 0;

    if (id.len == 0 || name_len >= EL_DHCP_HOSTNAME_BYTES)
        return EL_EINVAL;
    struct row *old = el_map_get(reservations->by_machine, &id);
    struct row *other = ip ? el_map_get(reservations->by_ip, &ip) : NULL;
    if (other && other != old)
        return EL_EEXIST;
    if (!old && el_map_count(reservations->by_machine) >= reservations->capacity)
        return EL_EFULL;
    struct row *row = calloc(1, sizeof *row);
    if (!row)
        return EL_ENOMEM;
    row->id = id;
    row->r = *r;
    row->r.client_id = row->id.bytes + 1;
    memcpy(row->hostname, r->hostname ? r->hostname : "", name_len);
    row->r.hostname = name_len > 0 ? row->hostname : NULL;
    if (old)
        take_out(reservations, old);
    row->next = reservations->all;
    row->at = &reservations->all;
    if (row->next)
        row->next->at = &row->next;
    reservations->all = row;
    reservations->by_client_id += id.bytes[0] == BY_CLIENT_ID;
    el_map_put(reservations->by_machine, &id, row); /* there is room for both */
    if (ip)
        el_map_put(reservations->by_ip, &ip, row);
    return 0;
}

void el_dhcp_reservations_remove(struct el_dhcp_reservations *reservations,
                                 const struct el_dhcp_reservation *r)
{
    struct el_dhcp_identity id = machine_of(r);
    struct row *row = id.len ? el_map_get(reservations->by_machine, &id) : NULL;

    if (row)
        take_out(reservations, row);
}

static const struct el_dhcp_reservation *found(const struct el_dhcp_reservations *reservations,
                                               struct el_dhcp_identity id)
{
    const struct row *row = id.len ? el_map_get(reservations->by_machine, &id) : NULL;

    return row ? &row->r : NULL;
}

const struct el_dhcp_reservation *
el_dhcp_reservations_get(const struct el_dhcp_reservations *reservations,
                         const struct el_dhcp_reservation *r)
{
    return found(reservations, machine_of(r));
}

const struct el_dhcp_reservation *
el_dhcp_reservations_of(const struct el_dhcp_reservations *reservations, const struct el_mac *mac,
                        const uint8_t *client_id, size_t len)
{
    const struct el_dhcp_reservation *r = NULL;

    if (el_map_count(reservations->by_machine) == 0)
        return NULL;
    if (!el_mac_is_zero(mac))
        r = found(reservations, identity(BY_MAC, mac->b, sizeof mac->b));
    if (!r && reservations->by_client_id > 0)
        r = found(reservations, identity(BY_CLIENT_ID, client_id, len));
    return r;
}

const struct el_dhcp_reservation *
el_dhcp_reservations_at(const struct el_dhcp_reservations *reservations, uint32_t ip)
{
    const struct row *row = el_map_get(reservations->by_ip, &ip);

    return row ? &row->r : NULL;
}
