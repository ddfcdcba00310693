/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What must survive of a lease, and who keeps it.
 *
 * A record replaces the one of the same address, so that there are never more than addresses. An
 * acknowledgement leaves only when its record is kept.
 */
#ifndef EL_DHCP_DHCP_STORE_H
#define EL_DHCP_DHCP_STORE_H

#include "base/err.h"
#include "dhcp/dhcp_lease.h"

struct el_dhcp_record {
    struct el_ip ip;
    struct el_mac mac;
    struct el_dhcp_identity owner;
    enum el_dhcp_lease_state state; /* EL_DHCP_OFFERED is never kept */
    int64_t until_s;                /* wall clock, seconds since 1970 */
};

struct el_dhcp_store {
    /* Keeps all of RECORDS or none; 0 only when they would survive a power cut now. */
    int (*put)(void *arg, const struct el_dhcp_record *records, size_t count, struct el_err *err);
    /* Calls EACH with every record kept, those that end first first. */
    int (*load)(void *arg, void (*each)(void *each_arg, const struct el_dhcp_record *record),
                void *each_arg, struct el_err *err);
    void *arg;
};

#endif
