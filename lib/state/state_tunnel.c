/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The timestamps that keep a handshake from being played again after a restart; where peers were.
 */
#include "state/state_internal.h"

#include <string.h>

int el_state_timestamp_put(struct el_state *state, const uint8_t key[EL_STATE_KEY_BYTES],
                           const uint8_t timestamp[EL_STATE_TIMESTAMP_BYTES], struct el_err *err)
{
    sqlite3_stmt *statement = el_state_statement(
        state, EL_STATE_TIMESTAMP_PUT,
        "INSERT INTO timestamp (key, tai64n) VALUES (?, ?) ON CONFLICT (key) DO UPDATE"
        " SET tai64n = excluded.tai64n WHERE excluded.tai64n > tai64n");

    if (!statement)
        return el_state_fail(state, err);
    sqlite3_bind_blob(statement, 1, key, EL_STATE_KEY_BYTES, SQLITE_STATIC);
    sqlite3_bind_blob(statement, 2, timestamp, EL_STATE_TIMESTAMP_BYTES, SQLITE_STATIC);
    return el_state_run(statement) == 0 ? 0 : el_state_fail(state, err);
}

int el_state_timestamp_get(struct el_state *state, const uint8_t key[EL_STATE_KEY_BYTES],
                           uint8_t timestamp[EL_STATE_TIMESTAMP_BYTES], struct el_err *err)
{
    sqlite3_stmt *statement = el_state_statement(state, EL_STATE_TIMESTAMP_GET,
                                                 "SELECT tai64n FROM timestamp WHERE key = ?");

    if (!statement)
        return el_state_fail(state, err);
    sqlite3_bind_blob(statement, 1, key, EL_STATE_KEY_BYTES, SQLITE_STATIC);
    int rc = sqlite3_step(statement);
    bool found = rc == SQLITE_ROW && sqlite3_column_bytes(statement, 0) == EL_STATE_TIMESTAMP_BYTES;
    if (found)
        memcpy(timestamp, sqlite3_column_blob(statement, 0), EL_STATE_TIMESTAMP_BYTES);
    sqlite3_reset(statement);
    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        return el_state_fail(state, err);
    return found ? 0 : EL_ENOENT;
}

int el_state_endpoint_put(struct el_state *state, const uint8_t key[EL_STATE_KEY_BYTES],
                          const struct el_endpoint *endpoint, struct el_err *err)
{
    sqlite3_stmt *statement = el_state_statement(
        state, EL_STATE_ENDPOINT_PUT,
        "INSERT INTO endpoint (key, ip, port) VALUES (?, ?, ?) ON CONFLICT (key) DO UPDATE"
        " SET ip = excluded.ip, port = excluded.port"
        " WHERE ip != excluded.ip OR port != excluded.port");

    if (endpoint->scope)
        return 0;
    if (!statement)
        return el_state_fail(state, err);
    sqlite3_bind_blob(statement, 1, key, EL_STATE_KEY_BYTES, SQLITE_STATIC);
    sqlite3_bind_blob(statement, 2, endpoint->ip.b, endpoint->ip.family == 4 ? 4 : 16,
                      SQLITE_STATIC);
    sqlite3_bind_int(statement, 3, endpoint->port);
    return el_state_run(statement) == 0 ? 0 : el_state_fail(state, err);
}

int el_state_endpoint_get(struct el_state *state, const uint8_t key[EL_STATE_KEY_BYTES],
                          struct el_endpoint *endpoint, struct el_err *err)
{
    sqlite3_stmt *statement = el_state_statement(state, EL_STATE_ENDPOINT_GET,
                                                 "SELECT ip, port FROM endpoint WHERE key = ?");

    if (!statement)
        return el_state_fail(state, err);
    sqlite3_bind_blob(statement, 1, key, EL_STATE_KEY_BYTES, SQLITE_STATIC);
    int rc = sqlite3_step(statement);
    int len = rc == SQLITE_ROW ? sqlite3_column_bytes(statement, 0) : 0;
    bool found = len == 4 || len == 16;
    if (found) {
        *endpoint = (struct el_endpoint){.ip.family = len == 4 ? 4 : 6,
                                         .port = (uint16_t)sqlite3_column_int(statement, 1)};
        memcpy(endpoint->ip.b, sqlite3_column_blob(statement, 0), (size_t)len);
    }
    sqlite3_reset(statement);
    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        return el_state_fail(state, err);
    return found ? 0 : EL_ENOENT;
}
