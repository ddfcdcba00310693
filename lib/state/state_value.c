/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values in and out of statements. */
#include "state/state_internal.h"

#include <string.h>

void el_state_bind_blob(sqlite3_stmt *statement, int column, const void *bytes, size_t len)
{
    sqlite3_bind_blob(statement, column, bytes, (int)len, SQLITE_STATIC);
}

void el_state_bind_ip(sqlite3_stmt *statement, int column, const struct el_ip *ip)
{
    if (ip->family)
        el_state_bind_blob(statement, column, ip->b, ip->family == 4 ? 4 : 16);
    else
        sqlite3_bind_null(statement, column);
}

size_t el_state_read_blob(sqlite3_stmt *statement, int column, void *to, size_t capacity)
{
    size_t len = (size_t)sqlite3_column_bytes(statement, column);
    const void *bytes = sqlite3_column_blob(statement, column);

    memset(to, 0, capacity);
    if (!bytes || len > capacity)
        return 0;
    memcpy(to, bytes, len);
    return len;
}

void el_state_read_ip(sqlite3_stmt *statement, int column, struct el_ip *ip)
{
    size_t len = el_state_read_blob(statement, column, ip->b, sizeof ip->b);

    ip->family = len == 4 ? 4 : len == 16 ? 6 : 0;
}
