/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Leases: what the DHCP server calls a store (dhcp/dhcp_store.h), in SQLite. */
#include "dhcp/dhcp_store.h"
#include "state/state_internal.h"

static int put_record(struct el_state *state, const struct el_dhcp_record *record)
{
    sqlite3_stmt *statement =
        el_state_statement(state, EL_STATE_LEASE_PUT,
                           "INSERT OR REPLACE INTO lease (ip, mac, owner, state, until_s)"
                           " VALUES (?, ?, ?, ?, ?)");

    if (!statement)
        return -1;
    el_state_bind_ip(statement, 1, &record->ip);
    el_state_bind_blob(statement, 2, record->mac.b, sizeof record->mac.b);
    el_state_bind_blob(statement, 3, record->owner.bytes, record->owner.len);
    if (record->owner.len == 0)
        sqlite3_bind_zeroblob(statement, 3, 0);
    sqlite3_bind_int(statement, 4, (int)record->state);
    sqlite3_bind_int64(statement, 5, record->until_s);
    return el_state_run(statement);
}

/* One transaction, so one wait for the disk however many records come together. */
static int put_leases(void *arg, const struct el_dhcp_record *records, size_t count,
                      struct el_err *err)
{
    struct el_state *state = arg;
    int rc = el_state_exec(state, "BEGIN IMMEDIATE");

    for (size_t i = 0; rc == 0 && i < count; i++)
        rc = put_record(state, &records[i]);
    if (rc == 0)
        rc = el_state_exec(state, "COMMIT");
    if (rc == 0)
        return 0;
    rc = el_state_fail(state, err);
    el_state_exec(state, "ROLLBACK");
    return rc;
}

static int load_leases(void *arg, void (*each)(void *each_arg, const struct el_dhcp_record *record),
                       void *each_arg, struct el_err *err)
{
    struct el_state *state = arg;
    sqlite3_stmt *statement =
        el_state_statement(state, EL_STATE_LEASE_LOAD,
                           "SELECT ip, mac, owner, state, until_s FROM lease ORDER BY until_s");
    int rc = SQLITE_ERROR;

    while (statement && (rc = sqlite3_step(statement)) == SQLITE_ROW) {
        struct el_dhcp_record record = {.until_s = sqlite3_column_int64(statement, 4)};
        int lease_state = sqlite3_column_int(statement, 3);
        el_state_read_ip(statement, 0, &record.ip);
        el_state_read_blob(statement, 1, record.mac.b, sizeof record.mac.b);
        record.owner.len = (uint8_t)el_state_read_blob(statement, 2, record.owner.bytes,
                                                       sizeof record.owner.bytes);
        if (record.ip.family != 4 || lease_state < 0 || lease_state >= EL_DHCP_LEASE_STATES)
            continue;
        record.state = (enum el_dhcp_lease_state)lease_state;
        each(each_arg, &record);
    }
    if (rc != SQLITE_DONE)
        el_state_fail(state, err);
    sqlite3_reset(statement);
    return rc == SQLITE_DONE ? 0 : EL_EIO;
}

void el_state_lease_store(struct el_state *state, struct el_dhcp_store *store)
{
    *store = (struct el_dhcp_store){.put = put_leases, .load = load_leases, .arg = state};
}
