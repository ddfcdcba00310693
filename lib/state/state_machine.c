/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Machines. */
#include "state/state_internal.h"

#include <string.h>

static void read_word(sqlite3_stmt *statement, int column, char word[EL_STATE_WORD_BYTES])
{
    word[el_state_read_blob(statement, column, word, EL_STATE_WORD_BYTES - 1)] = 0;
}

int el_state_machine_put(struct el_state *state, const struct el_state_machine *machine,
                         struct el_err *err)
{
    sqlite3_stmt *statement =
        el_state_statement(state, EL_STATE_MACHINE_PUT,
                           "INSERT OR REPLACE INTO machine (mac, seen_s, ip, arch, entry, region)"
                           " VALUES (?, ?, ?, ?, ?, ?)");

    if (!statement)
        return el_state_fail(state, err);
    el_state_bind_blob(statement, 1, machine->mac.b, sizeof machine->mac.b);
    sqlite3_bind_int64(statement, 2, machine->seen_s);
    el_state_bind_ip(statement, 3, &machine->ip);
    sqlite3_bind_int(statement, 4, machine->arch);
    sqlite3_bind_text(statement, 5, machine->entry, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 6, machine->region, -1, SQLITE_STATIC);
    return el_state_run(statement) == 0 ? 0 : el_state_fail(state, err);
}

#define MACHINE_COLUMNS "mac, seen_s, ip, arch, entry, region"

static void read_machine(sqlite3_stmt *statement, struct el_state_machine *machine)
{
    memset(machine, 0, sizeof *machine);
    el_state_read_blob(statement, 0, machine->mac.b, sizeof machine->mac.b);
    machine->seen_s = sqlite3_column_int64(statement, 1);
    el_state_read_ip(statement, 2, &machine->ip);
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
    el_state_bind_blob(statement, 1, mac->b, sizeof mac->b);
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
