/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Leases and machines. */
#include "state/state_internal.h"

#include <string.h>

static void bind_blob(sqlite3_stmt *statement, int column, const void *bytes, size_t len)
{
    sqlite3_bind_blob(statement, column, bytes, (int)len, SQLITE_STATIC);
}

static void bind_ip(sqlite3_stmt *statement, int column, const struct el_ip *ip)
{
    if (ip->family)
        bind_blob(statement, column, ip->b, ip->family == 4 ? 4 : 16);
    else
        sqlite3_bind_null(statement, column);
}

/* What is read is checked: the file may have been written by anybody. A value of another length
 * than expected is left zero. */
static size_t read_blob(sqlite3_stmt *statement, int column, void *to, size_t capacity)
{
    size_t len = (size_t)sqlite3_column_bytes(statement, column);
    const void *bytes = sqlite3_column_blob(statement, column);

    memset(to, 0, capacity);
    if (!bytes || len > capacity)
        return 0;
    memcpy(to, bytes, len);
    return len;
}

static void read_ip(sqlite3_stmt *statement, int column, struct el_ip *ip)
{
    size_t len = read_blob(statement, column, ip->b, sizeof ip->b);

    ip->family = len == 4 ? 4 : len == 16 ? 6 : 0;
}

static void read_word(sqlite3_stmt *statement, int column, char word[EL_STATE_WORD_BYTES])
{
    word[read_blob(statement, column, word, EL_STATE_WORD_BYTES - 1)] = 0;
}

/* -- leases -- */

static int put_record(struct el_state *state, const struct el_dhcp_record *record)
{
    sqlite3_stmt *statement =
        el_state_statement(state, EL_STATE_LEASE_PUT,
                           "INSERT OR REPLACE INTO lease (ip, mac, owner, state, until_s)"
                           " VALUES (?, ?, ?, ?, ?)");

    if (!statement)
        return -1;
    bind_ip(statement, 1, &record->ip);
    bind_blob(statement, 2, record->mac.b, sizeof record->mac.b);
    bind_blob(statement, 3, record->owner.bytes, record->owner.len);
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
        read_ip(statement, 0, &record.ip);
        read_blob(statement, 1, record.mac.b, sizeof record.mac.b);
        record.owner.len =
            (uint8_t)read_blob(statement, 2, record.owner.bytes, sizeof record.owner.bytes);
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

/* -- machines -- */

int el_state_machine_put(struct el_state *state, const struct el_state_machine *machine,
                         struct el_err *err)
{
    sqlite3_stmt *statement =
        el_state_statement(state, EL_STATE_MACHINE_PUT,
                           "INSERT OR REPLACE INTO machine (mac, seen_s, ip, arch, entry, region)"
                           " VALUES (?, ?, ?, ?, ?, ?)");

    if (!statement)
        return el_state_fail(state, err);
    bind_blob(statement, 1, machine->mac.b, sizeof machine->mac.b);
    sqlite3_bind_int64(statement, 2, machine->seen_s);
    bind_ip(statement, 3, &machine->ip);
    sqlite3_bind_int(statement, 4, machine->arch);
    sqlite3_bind_text(statement, 5, machine->entry, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 6, machine->region, -1, SQLITE_STATIC);
    return el_state_run(statement) == 0 ? 0 : el_state_fail(state, err);
}

#define MACHINE_COLUMNS "mac, seen_s, ip, arch, entry, region"

static void read_machine(sqlite3_stmt *statement, struct el_state_machine *machine)
{
    memset(machine, 0, sizeof *machine);
    read_blob(statement, 0, machine->mac.b, sizeof machine->mac.b);
    machine->seen_s = sqlite3_column_int64(statement, 1);
    read_ip(statement, 2, &machine->ip);
    machine->arch = (uint16_t)sqlite3_column_int(statement, 3);
    read_word(statement, 4, machine->entry);
    read_word(statement, 5, machine->region);
}

int el_state_machine_get(struct el_state *state, const struct el_mac *mac,
                         struct el_state_machine *machine, struct el_err *err)
{
    sqlite3_stmt *statement = el_state_statement(
        state, EL_STATE_MACHINE_GET, "SELECT " MACHINE_COLUMNS " FROM machine WHERE mac = ?");

    if (!statement)
        return el_state_fail(state, err);
    bind_blob(statement, 1, mac->b, sizeof mac->b);
    int rc = sqlite3_step(statement);
    if (rc == SQLITE_ROW)
        read_machine(statement, machine);
    sqlite3_reset(statement);
    if (rc == SQLITE_ROW)
        return 0;
    return rc == SQLITE_DONE ? EL_ENOENT : el_state_fail(state, err);
}

int el_state_machines(struct el_state *state,
                      void (*each)(void *arg, const struct el_state_machine *machine), void *arg,
                      struct el_err *err)
{
    sqlite3_stmt *statement =
        el_state_statement(state, EL_STATE_MACHINE_ALL,
                           "SELECT " MACHINE_COLUMNS " FROM machine ORDER BY seen_s DESC, mac");
    int rc = SQLITE_ERROR;

    while (statement && (rc = sqlite3_step(statement)) == SQLITE_ROW) {
        struct el_state_machine machine;
        read_machine(statement, &machine);
        each(arg, &machine);
    }
    if (rc != SQLITE_DONE)
        el_state_fail(state, err);
    sqlite3_reset(statement);
    return rc == SQLITE_DONE ? 0 : EL_EIO;
}
