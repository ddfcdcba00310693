/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lives of machines: what the boot room calls a store (boot/lives.h), in SQLite. */
#include "boot/lives.h"
#include "state/state_internal.h"

#include <sodium.h>
#include <string.h>

static void bind_text(sqlite3_stmt *statement, int column, const char *text)
{
    sqlite3_bind_text(statement, column, text, -1, SQLITE_STATIC);
}

/* Ids have 64 bits, and SQLite's numbers a sign: the bits are the same. */
static void bind_id(sqlite3_stmt *statement, int column, uint64_t id)
{
    sqlite3_bind_int64(statement, column, (int64_t)id);
}

static const char put_sql[] =
    "INSERT OR REPLACE INTO life (mac, state, since_s, seen_s, boot, answer, attempts, flags,"
    " profile, token, step, why, once, once_boot, once_entry, reinstall, handed, uuid, other_uuid,"
    " platform, arch) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

static const char load_sql[] =
    "SELECT mac, state, since_s, seen_s, boot, answer, attempts, flags, profile, token, step, why,"
    " once, once_boot, once_entry, reinstall, handed, uuid, other_uuid, platform, arch FROM life"
    " ORDER BY seen_s";

enum { TELLS = 1, HAS_FAILED = 2, REBOOTS = 4, ASKED = 8, TOLD = 16 };

static int flags_of(const struct el_life *life)
{
    return life->tells * TELLS | life->failed * HAS_FAILED | life->reboots * REBOOTS |
           life->asked * ASKED | life->told * TOLD;
}

static int put(struct el_state *state, const struct el_life *life)
{
    sqlite3_stmt *statement = el_state_statement(state, EL_STATE_LIFE_PUT, put_sql);

    if (!statement)
        return -1;
    el_state_bind_blob(statement, 1, life->mac.b, sizeof life->mac.b);
    sqlite3_bind_int(statement, 2, (int)life->state);
    sqlite3_bind_int64(statement, 3, life->since_s);
    sqlite3_bind_int64(statement, 4, life->seen_s);
    bind_id(statement, 5, life->boot);
    sqlite3_bind_int(statement, 6, life->answer);
    sqlite3_bind_int(statement, 7, (int)life->attempts);
    sqlite3_bind_int(statement, 8, flags_of(life));
    bind_text(statement, 9, life->profile);
    bind_text(statement, 10, life->token);
    bind_text(statement, 11, life->step);
    bind_text(statement, 12, life->why);
    bind_id(statement, 13, life->once);
    bind_id(statement, 14, life->once_boot);
    bind_text(statement, 15, life->once_entry);
    bind_id(statement, 16, life->reinstall);
    sqlite3_bind_int64(statement, 17, life->handed);
    bind_text(statement, 18, life->uuid);
    bind_text(statement, 19, life->other_uuid);
    sqlite3_bind_int(statement, 20, life->platform);
    sqlite3_bind_int(statement, 21, life->arch);
    return el_state_run(statement);
}

static int drop(struct el_state *state, const struct el_life *life)
{
    sqlite3_stmt *statement =
        el_state_statement(state, EL_STATE_LIFE_REMOVE, "DELETE FROM life WHERE mac = ?");

    if (!statement)
        return -1;
    el_state_bind_blob(statement, 1, life->mac.b, sizeof life->mac.b);
    return el_state_run(statement);
}

static int put_life(void *arg, const struct el_life *life, bool remove, struct el_err *err)
{
    struct el_state *state = arg;
    int rc = remove ? drop(state, life) : put(state, life);

    return rc == 0 ? 0 : el_state_fail(state, err);
}

/* What does not fit is left empty. */
static void read_text(sqlite3_stmt *statement, int column, char *text, size_t capacity)
{
    const unsigned char *value = sqlite3_column_text(statement, column);
    size_t len = (size_t)sqlite3_column_bytes(statement, column);

    text[0] = '\0';
    if (value && len < capacity && strlen((const char *)value) == len)
        memcpy(text, value, len + 1);
}

static void read_texts(sqlite3_stmt *statement, struct el_life *life)
{
    read_text(statement, 8, life->profile, sizeof life->profile);
    read_text(statement, 9, life->token, sizeof life->token);
    read_text(statement, 10, life->step, sizeof life->step);
    read_text(statement, 11, life->why, sizeof life->why);
    read_text(statement, 14, life->once_entry, sizeof life->once_entry);
    read_text(statement, 17, life->uuid, sizeof life->uuid);
    read_text(statement, 18, life->other_uuid, sizeof life->other_uuid);
}

/* False: that is no life. */
static bool read_life(sqlite3_stmt *statement, struct el_life *life)
{
    int state = sqlite3_column_int(statement, 1), flags = sqlite3_column_int(statement, 7);

    *life = (struct el_life){
        .since_s = sqlite3_column_int64(statement, 2),
        .seen_s = sqlite3_column_int64(statement, 3),
        .boot = (uint64_t)sqlite3_column_int64(statement, 4),
        .answer = (uint8_t)sqlite3_column_int(statement, 5),
        .attempts = (unsigned)sqlite3_column_int(statement, 6),
        .tells = flags & TELLS,
        .failed = flags & HAS_FAILED,
        .reboots = flags & REBOOTS,
        .asked = flags & ASKED,
        .told = flags & TOLD,
        .once = (uint64_t)sqlite3_column_int64(statement, 12),
        .once_boot = (uint64_t)sqlite3_column_int64(statement, 13),
        .reinstall = (uint64_t)sqlite3_column_int64(statement, 15),
        .handed = (unsigned)sqlite3_column_int64(statement, 16),
        .platform = (uint8_t)sqlite3_column_int(statement, 19),
        .arch = (uint8_t)sqlite3_column_int(statement, 20),
        .kept = true,
    };
    read_texts(statement, life);
    if (el_state_read_blob(statement, 0, life->mac.b, sizeof life->mac.b) != sizeof life->mac.b ||
        state < 0 || state >= EL_LIFE_STATES || life->answer > EL_LIFE_GETS_WAIT)
        return false;
    life->state = (enum el_life_state)state;
    return true;
}

static int load_lives(void *arg, void (*each)(void *each_arg, const struct el_life *life),
                      void *each_arg, struct el_err *err)
{
    struct el_state *state = arg;
    sqlite3_stmt *statement = el_state_statement(state, EL_STATE_LIFE_LOAD, load_sql);
    struct el_life life;
    int rc = SQLITE_ERROR;

    while (statement && (rc = sqlite3_step(statement)) == SQLITE_ROW)
        if (read_life(statement, &life))
            each(each_arg, &life);
    sodium_memzero(&life, sizeof life);
    if (rc != SQLITE_DONE)
        el_state_fail(state, err);
    sqlite3_reset(statement);
    return rc == SQLITE_DONE ? 0 : EL_EIO;
}

void el_state_life_store(struct el_state *state, struct el_life_store *store)
{
    *store = (struct el_life_store){.put = put_life, .load = load_lives, .arg = state};
}
