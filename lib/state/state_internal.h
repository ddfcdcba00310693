/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of this room share: the connection and its prepared statements. */
#ifndef EL_STATE_STATE_INTERNAL_H
#define EL_STATE_STATE_INTERNAL_H

#include "state/state.h"

#include <sqlite3.h>
#include <stdbool.h>

enum { EL_STATE_PATH_BYTES = 1024 };

enum el_state_statement {
    EL_STATE_LEASE_PUT,
    EL_STATE_LEASE_LOAD,
    EL_STATE_HOST_PUT,
    EL_STATE_HOST_REMOVE,
    EL_STATE_HOST_LOAD,
    EL_STATE_LIFE_PUT,
    EL_STATE_LIFE_REMOVE,
    EL_STATE_LIFE_LOAD,
    EL_STATE_TIMESTAMP_PUT,
    EL_STATE_TIMESTAMP_GET,
    EL_STATE_ENDPOINT_PUT,
    EL_STATE_ENDPOINT_GET,
    EL_STATE_SPOKE_PUT,
    EL_STATE_SPOKE_LOAD,
    EL_STATE_MEMBERSHIP_PUT,
    EL_STATE_MEMBERSHIPS_REMOVE,
    EL_STATE_MEMBERSHIPS_LOAD,
    EL_STATE_TOKEN_PUT,
    EL_STATE_TOKEN_REMOVE,
    EL_STATE_TOKEN_LOAD,
    EL_STATE_NETWORK_PUT,
    EL_STATE_NETWORK_REMOVE,
    EL_STATE_NETWORK_LOAD,
    EL_STATE_PORT_PUT,
    EL_STATE_PORT_REMOVE,
    EL_STATE_PORT_LOAD,
    EL_STATE_PROFILE_PUT,
    EL_STATE_PROFILE_REMOVE,
    EL_STATE_PROFILE_LOAD,
    EL_STATE_MACHINE_PUT,
    EL_STATE_MACHINE_REMOVE,
    EL_STATE_MACHINE_LOAD,
    EL_STATE_SECOND_FACTOR_PUT,
    EL_STATE_SECOND_FACTOR_LOAD,
    EL_STATE_STATEMENTS
};

struct el_state {
    sqlite3 *db;
    bool by_path;
    char path[EL_STATE_PATH_BYTES];        /* as a person knows it */
    char sqlite_path[EL_STATE_PATH_BYTES]; /* as SQLite opens it */
    sqlite3_stmt *statements[EL_STATE_STATEMENTS];
};

/* The statement WHICH, prepared at its first use and kept; NULL if that failed. */
sqlite3_stmt *el_state_statement(struct el_state *state, enum el_state_statement which,
                                 const char *sql);

/* Runs a statement that gives no rows, and leaves it ready for the next time. */
int el_state_run(sqlite3_stmt *statement);

/* Runs SQL text without results; SQLite's code. */
int el_state_exec(struct el_state *state, const char *sql);

/* A value that stays in place until the statement has run. */
void el_state_bind_blob(sqlite3_stmt *statement, int column, const void *bytes, size_t len);
void el_state_bind_ip(sqlite3_stmt *statement, int column, const struct el_ip *ip);

/* What is read is checked, since the file may have been written by anybody: a value that does not
 * fit is left zero. Returns its length. */
size_t el_state_read_blob(sqlite3_stmt *statement, int column, void *to, size_t capacity);
void el_state_read_ip(sqlite3_stmt *statement, int column, struct el_ip *ip);

/* SQLite's last error as a sentence and a code. */
int el_state_fail(struct el_state *state, struct el_err *err);

#endif
