/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An overlay's database. */
#include "nfs/overlay_store_io.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { VERSION = 1, PATH_BYTES = 64 };

#define FILE_NAME "overlay.db"

static const char schema[] =
    "CREATE TABLE inode (id INTEGER PRIMARY KEY AUTOINCREMENT, type INT, mode INT, uid INT, gid "
    "INT,"
    " nlink INT, size INT, major INT, minor INT, atime_s INT, atime_ns INT, mtime_s INT,"
    " mtime_ns INT, ctime_s INT, ctime_ns INT, own INT, verifier INT, lower BLOB, target BLOB);"
    "CREATE TABLE name (dir INT, name BLOB, child INT, PRIMARY KEY (dir, name)) WITHOUT ROWID;"
    "CREATE INDEX name_child ON name (child) WHERE child <> 0;"
    "CREATE TABLE tree (top INT);";

enum statement {
    BEGIN,
    COMMIT,
    ROLLBACK,
    GET,
    PUT,
    DROP,
    SET_TARGET,
    TARGET,
    NAME,
    SET_NAME,
    DROP_NAME,
    PARENT,
    NAMES,
    STATEMENTS,
};

static const char *const sql[STATEMENTS] = {
    [BEGIN] = "BEGIN IMMEDIATE",
    [COMMIT] = "COMMIT",
    [ROLLBACK] = "ROLLBACK",
    [GET] = "SELECT type, mode, uid, gid, nlink, size, major, minor, atime_s, atime_ns, mtime_s,"
            " mtime_ns, ctime_s, ctime_ns, own, verifier, lower FROM inode WHERE id = ?1",
    [PUT] =
        "INSERT INTO inode (id, type, mode, uid, gid, nlink, size, major, minor, atime_s,"
        " atime_ns, mtime_s, mtime_ns, ctime_s, ctime_ns, own, verifier, lower) VALUES (?1, ?2,"
        " ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)"
        " ON CONFLICT (id) DO UPDATE SET type = ?2, mode = ?3, uid = ?4, gid = ?5, nlink = ?6,"
        " size = ?7, major = ?8, minor = ?9, atime_s = ?10, atime_ns = ?11, mtime_s = ?12,"
        " mtime_ns = ?13, ctime_s = ?14, ctime_ns = ?15, own = ?16, verifier = ?17, lower = ?18",
    [DROP] = "DELETE FROM inode WHERE id = ?1",
    [SET_TARGET] = "UPDATE inode SET target = ?2 WHERE id = ?1",
    [TARGET] = "SELECT target FROM inode WHERE id = ?1",
    [NAME] = "SELECT child FROM name WHERE dir = ?1 AND name = ?2",
    [SET_NAME] = "INSERT INTO name (dir, name, child) VALUES (?1, ?2, ?3)"
                 " ON CONFLICT (dir, name) DO UPDATE SET child = ?3",
    [DROP_NAME] = "DELETE FROM name WHERE dir = ?1 AND name = ?2",
    [PARENT] = "SELECT dir FROM name WHERE child = ?1 LIMIT 1",
    [NAMES] = "SELECT name, child FROM name WHERE dir = ?1 ORDER BY name",
};

struct el_nfs_store {
    sqlite3 *db;
    sqlite3_stmt *statements[STATEMENTS];
};

static enum el_nfs_status status_of(int rc)
{
    switch (rc & 0xff) {
    case SQLITE_OK:
    case SQLITE_DONE:
    case SQLITE_ROW: return EL_NFS_OK;
    case SQLITE_FULL: return EL_NFS_E_NOSPC;
    case SQLITE_NOMEM: return EL_NFS_E_JUKEBOX;
    default: return EL_NFS_E_IO;
    }
}

/* -- statements -- */

static void bind_int(sqlite3_stmt *s, int at, uint64_t value)
{
    sqlite3_bind_int64(s, at, (sqlite3_int64)value);
}

static void bind_text(sqlite3_stmt *s, int at, const char *text)
{
    sqlite3_bind_blob(s, at, text, (int)strlen(text), SQLITE_STATIC);
}

static uint64_t column(sqlite3_stmt *s, int at)
{
    return (uint64_t)sqlite3_column_int64(s, at);
}

/* A column that is text, of at most CAPACITY - 1 bytes. */
static bool column_text(sqlite3_stmt *s, int at, char *text, size_t capacity)
{
    const void *bytes = sqlite3_column_blob(s, at);
    size_t len = (size_t)sqlite3_column_bytes(s, at);

    if (len >= capacity)
        return false;
    if (len)
        memcpy(text, bytes, len);
    text[len] = '\0';
    return true;
}

/* Runs a statement that gives nothing back. */
static enum el_nfs_status run(struct el_nfs_store *store, enum statement which)
{
    int rc = sqlite3_step(store->statements[which]);

    sqlite3_reset(store->statements[which]);
    sqlite3_clear_bindings(store->statements[which]);
    return status_of(rc);
}

/* Steps to the one row of a statement; reset() it when it is read. */
static enum el_nfs_status first_row(sqlite3_stmt *s)
{
    int rc = sqlite3_step(s);

    return rc == SQLITE_DONE ? EL_NFS_E_NOENT : status_of(rc);
}

static void reset(sqlite3_stmt *s)
{
    sqlite3_reset(s);
    sqlite3_clear_bindings(s);
}

/* -- transactions -- */

enum el_nfs_status el_nfs_store_begin(struct el_nfs_store *store)
{
    return run(store, BEGIN);
}

enum el_nfs_status el_nfs_store_end(struct el_nfs_store *store, enum el_nfs_status status)
{
    if (status == EL_NFS_OK)
        status = run(store, COMMIT);
    if (status != EL_NFS_OK && !sqlite3_get_autocommit(store->db))
        (void)run(store, ROLLBACK);
    return status;
}

/* -- inodes -- */

static void read_inode(sqlite3_stmt *s, struct el_nfs_inode *inode)
{
    struct el_nfs_attr *attr = &inode->attr;

    attr->type = (enum el_nfs_type)column(s, 0);
    attr->mode = (uint32_t)column(s, 1);
    attr->uid = (uint32_t)column(s, 2);
    attr->gid = (uint32_t)column(s, 3);
    attr->nlink = (uint32_t)column(s, 4);
    attr->size = attr->used = column(s, 5);
    attr->rdev_major = (uint32_t)column(s, 6);
    attr->rdev_minor = (uint32_t)column(s, 7);
    attr->atime = (struct el_nfs_time){(int64_t)column(s, 8), (uint32_t)column(s, 9)};
    attr->mtime = (struct el_nfs_time){(int64_t)column(s, 10), (uint32_t)column(s, 11)};
    attr->ctime = (struct el_nfs_time){(int64_t)column(s, 12), (uint32_t)column(s, 13)};
    inode->own = column(s, 14);
    inode->verifier = column(s, 15);
    inode->has_lower = sqlite3_column_type(s, 16) != SQLITE_NULL;
    if (!inode->has_lower || !column_text(s, 16, inode->lower, sizeof inode->lower))
        inode->lower[0] = '\0';
}

enum el_nfs_status el_nfs_store_get(struct el_nfs_store *store, uint64_t id,
                                    struct el_nfs_inode *inode)
{
    sqlite3_stmt *s = store->statements[GET];

    bind_int(s, 1, id);
    enum el_nfs_status status = first_row(s);
    if (status == EL_NFS_OK) {
        read_inode(s, inode);
        inode->attr.id = id;
    }
    reset(s);
    return status;
}

enum el_nfs_status el_nfs_store_put(struct el_nfs_store *store, struct el_nfs_inode *inode)
{
    const struct el_nfs_attr *attr = &inode->attr;
    const uint64_t values[] = {attr->type,
                               attr->mode,
                               attr->uid,
                               attr->gid,
                               attr->nlink,
                               attr->size,
                               attr->rdev_major,
                               attr->rdev_minor,
                               (uint64_t)attr->atime.s,
                               attr->atime.ns,
                               (uint64_t)attr->mtime.s,
                               attr->mtime.ns,
                               (uint64_t)attr->ctime.s,
                               attr->ctime.ns,
                               inode->own,
                               inode->verifier};
    sqlite3_stmt *s = store->statements[PUT];

    if (attr->id)
        bind_int(s, 1, attr->id);
    for (int i = 0; i < (int)(sizeof values / sizeof values[0]); i++)
        bind_int(s, i + 2, values[i]);
    if (inode->has_lower)
        bind_text(s, 18, inode->lower);
    enum el_nfs_status status = run(store, PUT);
    if (status == EL_NFS_OK && attr->id == 0)
        inode->attr.id = (uint64_t)sqlite3_last_insert_rowid(store->db);
    return status;
}

enum el_nfs_status el_nfs_store_drop(struct el_nfs_store *store, uint64_t id)
{
    bind_int(store->statements[DROP], 1, id);
    return run(store, DROP);
}

enum el_nfs_status el_nfs_store_set_target(struct el_nfs_store *store, uint64_t id,
                                           const char *target)
{
    bind_int(store->statements[SET_TARGET], 1, id);
    bind_text(store->statements[SET_TARGET], 2, target);
    return run(store, SET_TARGET);
}

enum el_nfs_status el_nfs_store_target(struct el_nfs_store *store, uint64_t id,
                                       char target[EL_NFS_PATH_MAX])
{
    sqlite3_stmt *s = store->statements[TARGET];

    bind_int(s, 1, id);
    enum el_nfs_status status = first_row(s);
    if (status == EL_NFS_OK && !column_text(s, 0, target, EL_NFS_PATH_MAX))
        status = EL_NFS_E_IO;
    reset(s);
    return status;
}

/* -- names -- */

enum el_nfs_status el_nfs_store_name(struct el_nfs_store *store, uint64_t dir, const char *name,
                                     uint64_t *child)
{
    sqlite3_stmt *s = store->statements[NAME];

    bind_int(s, 1, dir);
    bind_text(s, 2, name);
    enum el_nfs_status status = first_row(s);
    if (status == EL_NFS_OK)
        *child = column(s, 0);
    reset(s);
    return status;
}

enum el_nfs_status el_nfs_store_set_name(struct el_nfs_store *store, uint64_t dir, const char *name,
                                         uint64_t child)
{
    sqlite3_stmt *s = store->statements[SET_NAME];

    bind_int(s, 1, dir);
    bind_text(s, 2, name);
    bind_int(s, 3, child);
    return run(store, SET_NAME);
}

enum el_nfs_status el_nfs_store_drop_name(struct el_nfs_store *store, uint64_t dir,
                                          const char *name)
{
    bind_int(store->statements[DROP_NAME], 1, dir);
    bind_text(store->statements[DROP_NAME], 2, name);
    return run(store, DROP_NAME);
}

enum el_nfs_status el_nfs_store_parent(struct el_nfs_store *store, uint64_t child, uint64_t *dir)
{
    sqlite3_stmt *s = store->statements[PARENT];

    bind_int(s, 1, child);
    enum el_nfs_status status = first_row(s);
    if (status == EL_NFS_OK)
        *dir = column(s, 0);
    reset(s);
    return status;
}

enum el_nfs_status el_nfs_store_names(struct el_nfs_store *store, uint64_t dir,
                                      el_nfs_store_name_cb *cb, void *arg)
{
    sqlite3_stmt *s = store->statements[NAMES];
    char name[EL_NFS_NAME_MAX + 1];
    int rc;

    bind_int(s, 1, dir);
    while ((rc = sqlite3_step(s)) == SQLITE_ROW)
        if (column_text(s, 0, name, sizeof name))
            cb(arg, name, column(s, 1));
    reset(s);
    return status_of(rc);
}

/* -- opening -- */

static int fail(const struct el_nfs_store *store, const char *name, struct el_err *err)
{
    int rc = store->db ? sqlite3_errcode(store->db) : SQLITE_NOMEM;

    if ((rc & 0xff) == SQLITE_BUSY)
        return el_err(err, EL_EEXIST, "overlay %s: another program has it open", name);
    if ((rc & 0xff) == SQLITE_CORRUPT || (rc & 0xff) == SQLITE_NOTADB)
        return el_err(err, EL_EIO,
                      "overlay %s: its database is damaged; move the directory away to begin anew",
                      name);
    return el_err(err, EL_EIO, "overlay %s: %s", name, sqlite3_errstr(rc));
}

static sqlite3_int64 ask(struct el_nfs_store *store, const char *question)
{
    sqlite3_stmt *s = NULL;
    sqlite3_int64 value = -1;

    if (sqlite3_prepare_v2(store->db, question, -1, &s, NULL) == SQLITE_OK &&
        sqlite3_step(s) == SQLITE_ROW)
        value = sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    return value;
}

static int make_tables(struct el_nfs_store *store, const char *name, uint64_t lower,
                       struct el_err *err)
{
    char text[sizeof schema + 256];

    snprintf(text, sizeof text,
             "BEGIN IMMEDIATE; %s INSERT INTO tree VALUES (%llu);"
             "INSERT INTO sqlite_sequence VALUES ('inode', %llu); PRAGMA user_version = %d; COMMIT",
             schema, (unsigned long long)lower, (unsigned long long)EL_NFS_OVERLAY_FIRST, VERSION);
    return sqlite3_exec(store->db, text, NULL, NULL, NULL) == SQLITE_OK ? 0
                                                                        : fail(store, name, err);
}

static int check_tables(struct el_nfs_store *store, const char *name, uint64_t lower,
                        struct el_err *err)
{
    sqlite3_int64 version = ask(store, "PRAGMA user_version");

    if (version < 0)
        return fail(store, name, err);
    if (version == 0)
        return make_tables(store, name, lower, err);
    if (version > VERSION)
        return el_err(err, EL_ENOTSUP, "overlay %s: was written by a newer el2w: use that again",
                      name);
    if ((uint64_t)ask(store, "SELECT top FROM tree") != lower)
        return el_err(err, EL_EINVAL,
                      "overlay %s: was made over another directory than the one that is exported "
                      "now; move it away to begin anew",
                      name);
    return 0;
}

static int connect_to(struct el_nfs_store *store, int dir, const char *name, uint64_t lower,
                      struct el_err *err)
{
    static const char set_up[] = "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL;"
                                 "PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY;"
                                 "PRAGMA trusted_schema = OFF";
    char path[PATH_BYTES];
    int fd = openat(dir, FILE_NAME, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

    if (fd >= 0) /* SQLite would make it readable by all */
        close(fd);
    /* SQLite knows no openat(2); the kernel's name for a descriptor does the same. */
    snprintf(path, sizeof path, "/proc/self/fd/%d/" FILE_NAME, dir);
    if (sqlite3_open_v2(path, &store->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) !=
            SQLITE_OK ||
        sqlite3_exec(store->db, set_up, NULL, NULL, NULL) != SQLITE_OK)
        return fail(store, name, err);
    int rc = check_tables(store, name, lower, err);
    for (int i = 0; i < STATEMENTS && rc == 0; i++)
        if (sqlite3_prepare_v3(store->db, sql[i], -1, SQLITE_PREPARE_PERSISTENT,
                               &store->statements[i], NULL) != SQLITE_OK)
            rc = fail(store, name, err);
    return rc;
}

int el_nfs_store_open(int dir, const char *name, uint64_t lower, struct el_nfs_store **result,
                      struct el_err *err)
{
    struct el_nfs_store *store = calloc(1, sizeof *store);

    if (!store)
        return el_err(err, EL_ENOMEM, "overlay %s: out of memory", name);
    int rc = connect_to(store, dir, name, lower, err);
    if (rc < 0) {
        el_nfs_store_close(store);
        return rc;
    }
    *result = store;
    return 0;
}

void el_nfs_store_close(struct el_nfs_store *store)
{
    if (!store)
        return;
    for (int i = 0; i < STATEMENTS; i++)
        sqlite3_finalize(store->statements[i]);
    sqlite3_close(store->db);
    free(store);
}
