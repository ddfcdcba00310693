/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Opening a database: locks, versions, damage.
 *
 * The version of a schema is the number of steps that have been made, kept in user_version. A step
 * and its number are one transaction, so that a crash in between is a step not made.
 */
#include "state/state.h"

#include "base/log.h"
#include "state/state_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Steps are only ever added. An address is 4 or 16 bytes, a MAC 6, times are seconds since 1970. */
static const char *const boot_steps[] = {
    "CREATE TABLE lease (ip BLOB PRIMARY KEY, mac BLOB NOT NULL, owner BLOB NOT NULL,"
    " state INTEGER NOT NULL, until_s INTEGER NOT NULL) WITHOUT ROWID;",
    "CREATE TABLE life (mac BLOB PRIMARY KEY, state INTEGER NOT NULL, since_s INTEGER NOT NULL,"
    " seen_s INTEGER NOT NULL, boot INTEGER NOT NULL, answer INTEGER NOT NULL,"
    " attempts INTEGER NOT NULL, flags INTEGER NOT NULL, profile TEXT NOT NULL,"
    " token TEXT NOT NULL, step TEXT NOT NULL, why TEXT NOT NULL, once INTEGER NOT NULL,"
    " once_boot INTEGER NOT NULL, once_entry TEXT NOT NULL, reinstall INTEGER NOT NULL,"
    " handed INTEGER NOT NULL, uuid TEXT NOT NULL, other_uuid TEXT NOT NULL,"
    " platform INTEGER NOT NULL, arch INTEGER NOT NULL) WITHOUT ROWID;",
    "CREATE TABLE host (mac BLOB PRIMARY KEY, ip BLOB NOT NULL, name TEXT NOT NULL) WITHOUT ROWID;",
};

static const char *const tunnel_steps[] = {
    "CREATE TABLE timestamp (key BLOB PRIMARY KEY, tai64n BLOB NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE endpoint (key BLOB PRIMARY KEY, ip BLOB NOT NULL, port INTEGER NOT NULL)"
    " WITHOUT ROWID;",
};

/* State 2 is revoked: such a name may come again. */
static const char *const control_steps[] = {
    "CREATE TABLE spoke (key BLOB NOT NULL UNIQUE, name TEXT NOT NULL, psk BLOB, ip BLOB NOT NULL,"
    " wire INTEGER NOT NULL, state INTEGER NOT NULL, told INTEGER NOT NULL,"
    " since_s INTEGER NOT NULL, from_ip BLOB, from_port INTEGER NOT NULL);"
    "CREATE UNIQUE INDEX spoke_name ON spoke (name) WHERE state <> 2;"
    "CREATE TABLE membership (key BLOB NOT NULL, vni INTEGER NOT NULL, published INTEGER NOT NULL,"
    " lan TEXT NOT NULL, UNIQUE (key, vni));"
    "CREATE TABLE token (enrolment_key BLOB NOT NULL UNIQUE, name TEXT NOT NULL UNIQUE,"
    " ip BLOB NOT NULL, created_s INTEGER NOT NULL, expires_s INTEGER NOT NULL,"
    " used_by BLOB UNIQUE, used_s INTEGER NOT NULL, wrong_codes INTEGER NOT NULL);"
    "CREATE TABLE network (vni INTEGER NOT NULL UNIQUE, name TEXT NOT NULL UNIQUE,"
    " ip BLOB NOT NULL, len INTEGER NOT NULL, created_s INTEGER NOT NULL,"
    " expires_s INTEGER NOT NULL, to_all INTEGER NOT NULL);"
    "CREATE TABLE port (name TEXT NOT NULL UNIQUE, service TEXT NOT NULL, vni INTEGER NOT NULL,"
    " state INTEGER NOT NULL, wanted INTEGER NOT NULL, since_s INTEGER NOT NULL,"
    " why TEXT NOT NULL);"
    "CREATE TABLE second_factor (one INTEGER PRIMARY KEY CHECK (one = 1),"
    " factors INTEGER NOT NULL, secret BLOB NOT NULL, last_step INTEGER NOT NULL);",
    "ALTER TABLE network ADD COLUMN prefix6 BLOB;", /* a /64; NULL: nothing was said */
    "CREATE TABLE profile (name TEXT NOT NULL UNIQUE, image TEXT NOT NULL, text TEXT NOT NULL);",
    /* Of a name that is empty there may be many; options and quirks are lines. */
    "CREATE TABLE machine (mac BLOB NOT NULL UNIQUE, name TEXT NOT NULL, profile TEXT NOT NULL,"
    " region TEXT NOT NULL, ip BLOB, once INTEGER NOT NULL, once_entry TEXT NOT NULL,"
    " reinstall INTEGER NOT NULL, installed INTEGER NOT NULL, options TEXT NOT NULL,"
    " quirks TEXT NOT NULL, created_s INTEGER NOT NULL);"
    "CREATE UNIQUE INDEX machine_name ON machine (name) WHERE name <> '';",
};

static const struct owner {
    const char *file;
    const char *const *steps;
    int count;
    int application_id; /* "EL2B", "EL2T", "EL2C": file(1) and we see whose it is */
    bool precious;      /* is not begun anew without a person */
} owners[] = {
    [EL_STATE_BOOT] = {"boot.db", boot_steps, sizeof boot_steps / sizeof boot_steps[0], 0x454c3242,
                       false},
    [EL_STATE_TUNNEL] = {"tunnel.db", tunnel_steps, sizeof tunnel_steps / sizeof tunnel_steps[0],
                         0x454c3254, false},
    [EL_STATE_CONTROL] = {"control.db", control_steps,
                          sizeof control_steps / sizeof control_steps[0], 0x454c3243, true},
};

/* -- statements -- */

int el_state_fail(struct el_state *state, struct el_err *err)
{
    int code = sqlite3_errcode(state->db) & 0xff;

    if (code == SQLITE_BUSY || code == SQLITE_LOCKED)
        return el_err(err, EL_EEXIST, "%s: in use by another el2w process", state->path);
    if (code == SQLITE_FULL)
        return el_err(err, EL_EIO, "%s: no space left on the disk", state->path);
    if (code == SQLITE_CANTOPEN || code == SQLITE_PERM || code == SQLITE_READONLY)
        return el_err(err, EL_EPERM, "%s: cannot be opened for writing: %s", state->path,
                      sqlite3_errmsg(state->db));
    return el_err(err, EL_EIO, "%s: %s", state->path, sqlite3_errmsg(state->db));
}

int el_state_exec(struct el_state *state, const char *sql)
{
    return sqlite3_exec(state->db, sql, NULL, NULL, NULL);
}

sqlite3_stmt *el_state_statement(struct el_state *state, enum el_state_statement which,
                                 const char *sql)
{
    sqlite3_stmt **statement = &state->statements[which];

    if (!*statement)
        sqlite3_prepare_v3(state->db, sql, -1, SQLITE_PREPARE_PERSISTENT, statement, NULL);
    return *statement;
}

int el_state_run(sqlite3_stmt *statement)
{
    int rc = sqlite3_step(statement);

    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    return rc == SQLITE_DONE ? 0 : -1;
}

/* -- opening -- */

/* The first value of a pragma's answer as a number; -1 if it fails. */
static int pragma(struct el_state *state, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    int value = -1;

    if (sqlite3_prepare_v2(state->db, sql, -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW)
        value = sqlite3_column_int(statement, 0);
    sqlite3_finalize(statement);
    return value;
}

static bool is_damage(int code)
{
    return (code & 0xff) == SQLITE_CORRUPT || (code & 0xff) == SQLITE_NOTADB;
}

/* SQLITE_OK, SQLITE_CORRUPT if SQLite finds something wrong, or the error that kept it from
 * looking. */
static int check_integrity(struct el_state *state)
{
    sqlite3_stmt *statement = NULL;
    int rc = sqlite3_prepare_v2(state->db, "PRAGMA integrity_check(1)", -1, &statement, NULL);

    if (rc == SQLITE_OK) {
        rc = sqlite3_step(statement);
        if (rc == SQLITE_ROW) {
            const unsigned char *text = sqlite3_column_text(statement, 0);
            rc = text && strcmp((const char *)text, "ok") == 0 ? SQLITE_OK : SQLITE_CORRUPT;
        }
    }
    sqlite3_finalize(statement);
    return rc;
}

/* SQLite's name for a file is the path with all links followed: the directory's own path instead of
 * the descriptor's, which leads through directories that only root may pass. */
static int keep_path(sqlite3_vfs *vfs, const char *path, int capacity, char *full)
{
    (void)vfs;
    return snprintf(full, (size_t)capacity, "%s", path) < capacity ? SQLITE_OK : SQLITE_CANTOPEN;
}

/* The name under which SQLite's own way to files is known, but for that; or NULL, which is the
 * default. */
static const char *by_descriptor(void)
{
    static const char name[] = "el2w";
    static sqlite3_vfs ours;
    const sqlite3_vfs *theirs = sqlite3_vfs_find(NULL);

    if (sqlite3_vfs_find(name))
        return name;
    if (!theirs)
        return NULL;
    ours = *theirs;
    ours.zName = name;
    ours.pNext = NULL;
    ours.xFullPathname = keep_path;
    return sqlite3_vfs_register(&ours, 0) == SQLITE_OK ? name : NULL;
}

/* Makes the connection ours: the lock is held until it is closed, so the second to come learns it
 * here and not at its first write. */
static int connect_to(struct el_state *state)
{
    int rc = sqlite3_open_v2(state->sqlite_path, &state->db,
                             SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX |
                                 SQLITE_OPEN_NOFOLLOW * (state->by_path ? 1 : 0),
                             state->by_path ? NULL : by_descriptor());

    if (rc != SQLITE_OK)
        return rc;
    sqlite3_extended_result_codes(state->db, 1);
    static const char *const set_up[] = {
        "PRAGMA locking_mode = EXCLUSIVE", "PRAGMA journal_mode = WAL",
        "PRAGMA synchronous = FULL",       "PRAGMA trusted_schema = OFF",
        "PRAGMA cell_size_check = ON",     "BEGIN IMMEDIATE; COMMIT",
    };
    for (size_t i = 0; i < sizeof set_up / sizeof set_up[0]; i++)
        if ((rc = el_state_exec(state, set_up[i])) != SQLITE_OK)
            return rc;
    return check_integrity(state);
}

static void disconnect(struct el_state *state)
{
    for (int i = 0; i < EL_STATE_STATEMENTS; i++) {
        sqlite3_finalize(state->statements[i]);
        state->statements[i] = NULL;
    }
    sqlite3_close(state->db);
    state->db = NULL;
}

/* The write-ahead log goes with its database: replayed over a new one, it would damage that too. */
static int move_aside(struct el_state *state, struct el_err *err)
{
    static const char *const parts[] = {"", "-wal", "-shm"};
    char from[EL_STATE_PATH_BYTES + 8], to[EL_STATE_PATH_BYTES + 48];
    long long now = (long long)time(NULL);

    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        snprintf(from, sizeof from, "%s%s", state->sqlite_path, parts[i]);
        snprintf(to, sizeof to, "%s.damaged-%lld%s", state->sqlite_path, now, parts[i]);
        if (rename(from, to) != 0 && (i == 0 || errno != ENOENT))
            return el_err_os(err, errno, "%s: is damaged and cannot be renamed", state->path);
    }
    snprintf(to, sizeof to, "%s.damaged-%lld", state->path, now);
    EL_LOG(EL_LOG_WARN, "state", "damaged", EL_STR("file", state->path), EL_STR("moved_to", to),
           EL_STR("now", "begun anew; what it remembered is lost"));
    return 0;
}

static int migrate(struct el_state *state, const struct owner *owner, struct el_err *err)
{
    int version = pragma(state, "PRAGMA user_version");
    int application_id = pragma(state, "PRAGMA application_id");
    char sql[4096];

    if (version < 0 || application_id < 0)
        return el_state_fail(state, err);
    if (version > owner->count)
        return el_err(err, EL_ENOTSUP,
                      "%s: its version is %d and this el2w knows %d; use the newer el2w again, or "
                      "move the file away to begin anew",
                      state->path, version, owner->count);
    if (version > 0 && application_id != owner->application_id)
        return el_err(err, EL_ENOTSUP, "%s: is a database, but not this one; move it away",
                      state->path);
    for (; version < owner->count; version++) {
        snprintf(sql, sizeof sql,
                 "BEGIN IMMEDIATE; %s PRAGMA application_id = %d; PRAGMA user_version = %d; COMMIT",
                 owner->steps[version], owner->application_id, version + 1);
        if (el_state_exec(state, sql) != SQLITE_OK) {
            int rc = el_state_fail(state, err);
            el_state_exec(state, "ROLLBACK");
            return rc;
        }
    }
    return 0;
}

/* SQLite would make it readable by all; what it adds beside it has the rights of the file. */
static void make_private(const struct el_state *state)
{
    int fd = open(state->sqlite_path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

    if (fd >= 0) /* or else SQLite says what is wrong */
        close(fd);
}

static int open_database(struct el_state *state, const struct owner *owner, struct el_err *err)
{
    int rc = connect_to(state);

    if (is_damage(rc) && owner->precious)
        return el_err(
            err, EL_EIO,
            "%s: is damaged; put back a copy of it, or move it away to begin anew, without "
            "the spokes and without knowing who was revoked",
            state->path);
    if (is_damage(rc)) {
        disconnect(state);
        rc = move_aside(state, err);
        if (rc != 0)
            return rc;
        rc = connect_to(state);
    }
    if (rc != SQLITE_OK)
        return el_state_fail(state, err);
    return migrate(state, owner, err);
}

struct el_state *el_state_open(enum el_state_owner which, int directory_fd, const char *directory,
                               struct el_err *err)
{
    const struct owner *owner = &owners[which];
    struct el_state *state = calloc(1, sizeof *state);

    if (!state) {
        el_err(err, EL_ENOMEM, "%s/%s: out of memory", directory, owner->file);
        return NULL;
    }
    /* SQLite knows no openat(2); the kernel's name for a descriptor does the same. */
    state->by_path = directory_fd < 0;
    snprintf(state->path, sizeof state->path, "%s/%s", directory, owner->file);
    if (state->by_path)
        snprintf(state->sqlite_path, sizeof state->sqlite_path, "%s", state->path);
    else
        snprintf(state->sqlite_path, sizeof state->sqlite_path, "/proc/self/fd/%d/%s", directory_fd,
                 owner->file);
    make_private(state);
    if (open_database(state, owner, err) != 0) {
        el_state_close(state);
        return NULL;
    }
    return state;
}

void el_state_close(struct el_state *state)
{
    if (!state)
        return;
    disconnect(state);
    free(state);
}
