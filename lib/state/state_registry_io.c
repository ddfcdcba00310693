/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a hub knows: what the registry calls a store (registry/registry_store.h), in SQLite.
 *
 * The registry decides; the constraints of the tables say the most important of it once more (one
 * spoke to a name, one use of a token), so that a mistake there is a write that fails. Rows come
 * back in the order of their creation: a put changes a row where it stands.
 *
 * What is read is looked at value by value, since the file may have been written by anybody, and
 * whatever does not fit is an error: no spoke is better than a wrong one.
 */
#include "registry/registry_store.h"
#include "state/state_internal.h"

#include <stdio.h>
#include <string.h>

/* -- values -- */

static void bind_text(sqlite3_stmt *statement, int column, const char *text)
{
    sqlite3_bind_text(statement, column, text, -1, SQLITE_STATIC);
}

static void bind_key(sqlite3_stmt *statement, int column, const uint8_t *key)
{
    el_state_bind_blob(statement, column, key, EL_REGISTRY_KEY_BYTES);
}

/* A row that is being read: one value that does not fit spoils it. */
struct reading {
    sqlite3_stmt *statement;
    bool bad;
};

static int64_t read_number(struct reading *r, int column, int64_t min, int64_t max)
{
    int64_t value = sqlite3_column_int64(r->statement, column);

    if (sqlite3_column_type(r->statement, column) == SQLITE_INTEGER && value >= min && value <= max)
        return value;
    r->bad = true;
    return min;
}

static int64_t read_time(struct reading *r, int column)
{
    return read_number(r, column, 0, INT64_MAX / 2);
}

static void read_text(struct reading *r, int column, char *text, size_t capacity)
{
    const unsigned char *value = sqlite3_column_text(r->statement, column);
    size_t len = (size_t)sqlite3_column_bytes(r->statement, column);

    text[0] = '\0';
    if (!value || len >= capacity || strlen((const char *)value) != len)
        r->bad = true;
    else
        memcpy(text, value, len + 1);
}

/* False if there is none, which is for the caller to judge. */
static bool read_key(struct reading *r, int column, uint8_t key[EL_REGISTRY_KEY_BYTES])
{
    if (sqlite3_column_type(r->statement, column) == SQLITE_NULL)
        return false;
    if (el_state_read_blob(r->statement, column, key, EL_REGISTRY_KEY_BYTES) !=
        EL_REGISTRY_KEY_BYTES)
        r->bad = true;
    return true;
}

/* -- putting -- */

static int put_memberships(struct el_state *state, const struct el_registry_spoke *spoke)
{
    sqlite3_stmt *statement = el_state_statement(state, EL_STATE_MEMBERSHIPS_REMOVE,
                                                 "DELETE FROM membership WHERE key = ?");
    int rc = -1;

    if (statement) {
        bind_key(statement, 1, spoke->key);
        rc = el_state_run(statement);
    }
    for (unsigned i = 0; rc == 0 && i < spoke->membership_count; i++) {
        const struct el_registry_membership *m = &spoke->memberships[i];
        statement = el_state_statement(
            state, EL_STATE_MEMBERSHIP_PUT,
            "INSERT INTO membership (key, vni, published, lan) VALUES (?, ?, ?, ?)");
        if (!statement)
            return -1;
        bind_key(statement, 1, spoke->key);
        sqlite3_bind_int64(statement, 2, m->vni);
        sqlite3_bind_int(statement, 3, m->published);
        bind_text(statement, 4, m->lan);
        rc = el_state_run(statement);
    }
    return rc;
}

static int put_spoke(struct el_state *state, const struct el_registry_spoke *spoke)
{
    static const uint8_t none[EL_REGISTRY_KEY_BYTES];
    sqlite3_stmt *statement = el_state_statement(
        state, EL_STATE_SPOKE_PUT,
        "INSERT INTO spoke (key, name, psk, ip, wire, state, told, since_s, from_ip, from_port)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET"
        " psk = excluded.psk, state = excluded.state, told = excluded.told,"
        " since_s = excluded.since_s");

    if (!statement)
        return -1;
    bind_key(statement, 1, spoke->key);
    bind_text(statement, 2, spoke->name);
    if (memcmp(spoke->psk, none, sizeof none) != 0)
        bind_key(statement, 3, spoke->psk);
    el_state_bind_ip(statement, 4, &spoke->ip);
    sqlite3_bind_int(statement, 5, spoke->wire);
    sqlite3_bind_int(statement, 6, (int)spoke->state);
    sqlite3_bind_int(statement, 7, spoke->told);
    sqlite3_bind_int64(statement, 8, spoke->since_s);
    el_state_bind_ip(statement, 9, &spoke->from.ip);
    sqlite3_bind_int(statement, 10, spoke->from.port);
    int rc = el_state_run(statement);
    return rc == 0 ? put_memberships(state, spoke) : rc;
}

/* Used once: a row that has been used by one key is never used by another, whoever asks. */
static int put_token(struct el_state *state, const struct el_registry_token *token)
{
    sqlite3_stmt *statement = el_state_statement(
        state, EL_STATE_TOKEN_PUT,
        "INSERT INTO token"
        " (enrolment_key, name, ip, created_s, expires_s, used_by, used_s, wrong_codes)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (enrolment_key) DO UPDATE SET"
        " used_by = excluded.used_by, used_s = excluded.used_s,"
        " wrong_codes = excluded.wrong_codes"
        " WHERE used_by IS NULL OR used_by = excluded.used_by");

    if (!statement)
        return -1;
    bind_key(statement, 1, token->enrolment_key);
    bind_text(statement, 2, token->name);
    el_state_bind_ip(statement, 3, &token->ip);
    sqlite3_bind_int64(statement, 4, token->created_s);
    sqlite3_bind_int64(statement, 5, token->expires_s);
    if (token->used)
        bind_key(statement, 6, token->used_by);
    sqlite3_bind_int64(statement, 7, token->used_s);
    sqlite3_bind_int(statement, 8, token->wrong_codes);
    int rc = el_state_run(statement);
    return rc == 0 && sqlite3_changes(state->db) == 1 ? 0 : -1;
}

static int remove_token(struct el_state *state, const struct el_registry_token *token)
{
    sqlite3_stmt *statement = el_state_statement(state, EL_STATE_TOKEN_REMOVE,
                                                 "DELETE FROM token WHERE enrolment_key = ?");

    if (!statement)
        return -1;
    bind_key(statement, 1, token->enrolment_key);
    return el_state_run(statement);
}

static int put_network(struct el_state *state, const struct el_registry_network *network)
{
    sqlite3_stmt *statement =
        el_state_statement(state, EL_STATE_NETWORK_PUT,
                           "INSERT INTO network (vni, name, ip, len, created_s, expires_s, to_all,"
                           " prefix6) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
                           " ON CONFLICT (vni) DO UPDATE SET expires_s = excluded.expires_s,"
                           " to_all = excluded.to_all, prefix6 = excluded.prefix6");

    if (!statement)
        return -1;
    sqlite3_bind_int64(statement, 1, network->vni);
    bind_text(statement, 2, network->name);
    el_state_bind_ip(statement, 3, &network->cidr.ip);
    sqlite3_bind_int(statement, 4, network->cidr.len);
    sqlite3_bind_int64(statement, 5, network->created_s);
    sqlite3_bind_int64(statement, 6, network->expires_s);
    sqlite3_bind_int(statement, 7, (int)network->to_all);
    el_state_bind_ip(statement, 8, &network->prefix6.ip);
    return el_state_run(statement);
}

static int remove_network(struct el_state *state, const struct el_registry_network *network)
{
    sqlite3_stmt *statement =
        el_state_statement(state, EL_STATE_NETWORK_REMOVE, "DELETE FROM network WHERE vni = ?");

    if (!statement)
        return -1;
    sqlite3_bind_int64(statement, 1, network->vni);
    return el_state_run(statement);
}

static int put_port(struct el_state *state, const struct el_registry_port *port)
{
    sqlite3_stmt *statement = el_state_statement(
        state, EL_STATE_PORT_PUT,
        "INSERT INTO port (name, service, vni, state, wanted, since_s, why)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET"
        " state = excluded.state, wanted = excluded.wanted, since_s = excluded.since_s,"
        " why = excluded.why");

    if (!statement)
        return -1;
    bind_text(statement, 1, port->name);
    bind_text(statement, 2, port->service);
    sqlite3_bind_int64(statement, 3, port->vni);
    sqlite3_bind_int(statement, 4, (int)port->state);
    sqlite3_bind_int(statement, 5, (int)port->wanted);
    sqlite3_bind_int64(statement, 6, port->since_s);
    bind_text(statement, 7, port->why);
    return el_state_run(statement);
}

static int remove_port(struct el_state *state, const struct el_registry_port *port)
{
    sqlite3_stmt *statement =
        el_state_statement(state, EL_STATE_PORT_REMOVE, "DELETE FROM port WHERE name = ?");

    if (!statement)
        return -1;
    bind_text(statement, 1, port->name);
    return el_state_run(statement);
}

/* Its order of creation is kept. */
static int put_profile(struct el_state *state, const struct el_registry_profile *profile)
{
    sqlite3_stmt *statement =
        el_state_statement(state, EL_STATE_PROFILE_PUT,
                           "INSERT INTO profile (name, image, text) VALUES (?, ?, ?)"
                           " ON CONFLICT (name) DO UPDATE SET image = excluded.image,"
                           " text = excluded.text");

    if (!statement)
        return -1;
    bind_text(statement, 1, profile->name);
    bind_text(statement, 2, profile->image);
    bind_text(statement, 3, profile->text);
    return el_state_run(statement);
}

static int remove_profile(struct el_state *state, const struct el_registry_profile *profile)
{
    sqlite3_stmt *statement =
        el_state_statement(state, EL_STATE_PROFILE_REMOVE, "DELETE FROM profile WHERE name = ?");

    if (!statement)
        return -1;
    bind_text(statement, 1, profile->name);
    return el_state_run(statement);
}

enum { WORDS_TEXT = EL_REGISTRY_WORDS * EL_REGISTRY_WORD };

static const char *join_words(const struct el_registry_words *words, char text[WORDS_TEXT])
{
    size_t len = 0;

    for (unsigned i = 0; i < words->count; i++)
        len +=
            (size_t)snprintf(text + len, WORDS_TEXT - len, "%s%s", i ? "\n" : "", words->items[i]);
    text[len] = '\0';
    return text;
}

static int put_machine(struct el_state *state, const struct el_registry_machine *machine)
{
    char options[WORDS_TEXT], quirks[WORDS_TEXT];
    sqlite3_stmt *statement = el_state_statement(
        state, EL_STATE_MACHINE_PUT,
        "INSERT INTO machine (mac, name, profile, region, ip, once, once_entry, reinstall,"
        " installed, options, quirks, created_s) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (mac) DO UPDATE SET name = excluded.name, profile = excluded.profile,"
        " region = excluded.region, ip = excluded.ip, once = excluded.once,"
        " once_entry = excluded.once_entry, reinstall = excluded.reinstall,"
        " installed = excluded.installed, options = excluded.options, quirks = excluded.quirks");

    if (!statement)
        return -1;
    el_state_bind_blob(statement, 1, machine->mac.b, sizeof machine->mac.b);
    bind_text(statement, 2, machine->name);
    bind_text(statement, 3, machine->profile);
    bind_text(statement, 4, machine->region);
    el_state_bind_ip(statement, 5, &machine->address);
    sqlite3_bind_int64(statement, 6, (int64_t)machine->once);
    bind_text(statement, 7, machine->once_entry);
    sqlite3_bind_int64(statement, 8, (int64_t)machine->reinstall);
    sqlite3_bind_int(statement, 9, machine->installed);
    bind_text(statement, 10, join_words(&machine->options, options));
    bind_text(statement, 11, join_words(&machine->quirks, quirks));
    sqlite3_bind_int64(statement, 12, machine->created_s);
    return el_state_run(statement);
}

static int remove_machine(struct el_state *state, const struct el_registry_machine *machine)
{
    sqlite3_stmt *statement =
        el_state_statement(state, EL_STATE_MACHINE_REMOVE, "DELETE FROM machine WHERE mac = ?");

    if (!statement)
        return -1;
    el_state_bind_blob(statement, 1, machine->mac.b, sizeof machine->mac.b);
    return el_state_run(statement);
}

static int put_second_factor(struct el_state *state, const struct el_registry_second_factor *f)
{
    sqlite3_stmt *statement =
        el_state_statement(state, EL_STATE_SECOND_FACTOR_PUT,
                           "INSERT OR REPLACE INTO second_factor (one, factors, secret, last_step)"
                           " VALUES (1, ?, ?, ?)");

    if (!statement)
        return -1;
    sqlite3_bind_int64(statement, 1, f->factors);
    el_state_bind_blob(statement, 2, f->secret, f->secret_len);
    if (f->secret_len == 0)
        sqlite3_bind_zeroblob(statement, 2, 0);
    sqlite3_bind_int64(statement, 3, f->last_step);
    return el_state_run(statement);
}

static int put_row(struct el_state *state, const struct el_registry_row *row)
{
    switch (row->kind) {
    case EL_REGISTRY_ROW_SPOKE: return put_spoke(state, row->spoke);
    case EL_REGISTRY_ROW_TOKEN:
        return row->remove ? remove_token(state, row->token) : put_token(state, row->token);
    case EL_REGISTRY_ROW_NETWORK:
        return row->remove ? remove_network(state, row->network) : put_network(state, row->network);
    case EL_REGISTRY_ROW_PORT:
        return row->remove ? remove_port(state, row->port) : put_port(state, row->port);
    case EL_REGISTRY_ROW_PROFILE:
        return row->remove ? remove_profile(state, row->profile) : put_profile(state, row->profile);
    case EL_REGISTRY_ROW_MACHINE:
        return row->remove ? remove_machine(state, row->machine) : put_machine(state, row->machine);
    case EL_REGISTRY_ROW_SECOND_FACTOR: break;
    }
    return put_second_factor(state, row->second_factor);
}

/* What was in a profile before may have been a secret: it is to be in no file any more. A
 * checkpoint that does not succeed is made up for by the next one. */
static void forget_old(struct el_state *state, const struct el_registry_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (rows[i].kind == EL_REGISTRY_ROW_PROFILE) {
            (void)sqlite3_wal_checkpoint_v2(state->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL,
                                            NULL);
            return;
        }
}

static int put_rows(void *arg, const struct el_registry_row *rows, size_t count, struct el_err *err)
{
    struct el_state *state = arg;
    int rc = el_state_exec(state, "BEGIN IMMEDIATE");

    for (size_t i = 0; rc == 0 && i < count; i++)
        rc = put_row(state, &rows[i]);
    if (rc == 0)
        rc = el_state_exec(state, "COMMIT");
    if (rc == 0) {
        forget_old(state, rows, count);
        return 0;
    }
    int code = sqlite3_errcode(state->db);
    rc = code == SQLITE_OK || code == SQLITE_DONE
             ? el_err(err, EL_EEXIST, "%s: a token has been used by somebody else", state->path)
             : el_state_fail(state, err);
    el_state_exec(state, "ROLLBACK");
    return rc;
}

/* -- loading -- */

struct loading {
    struct el_state *state;
    int (*each)(void *each_arg, const struct el_registry_row *row, struct el_err *err);
    void *each_arg;
    struct el_err *err;
};

static int give(struct loading *l, const struct reading *r, const struct el_registry_row *row)
{
    struct el_err why = {""};

    if (r->bad)
        return el_err(l->err, EL_EINVAL, "%s: holds a value that no el2w has written",
                      l->state->path);
    int rc = l->each(l->each_arg, row, &why);
    return rc < 0 ? el_err(l->err, rc, "%s: %s", l->state->path, why.text) : 0;
}

static int give_network(struct loading *l, struct reading *r)
{
    struct el_registry_network network = {
        .vni = (uint32_t)read_number(r, 0, 1, EL_REGISTRY_VNI_MAX),
        .created_s = read_time(r, 4),
        .expires_s = read_time(r, 5),
        .to_all = (enum el_registry_to_all)read_number(r, 6, 0, EL_REGISTRY_TO_ALLS - 1)};

    read_text(r, 1, network.name, sizeof network.name);
    el_state_read_ip(r->statement, 2, &network.cidr.ip);
    network.cidr.len = (uint8_t)read_number(r, 3, 0, 128);
    el_state_read_ip(r->statement, 7, &network.prefix6.ip);
    network.prefix6.len = network.prefix6.ip.family ? 64 : 0;
    return give(l, r,
                &(struct el_registry_row){.kind = EL_REGISTRY_ROW_NETWORK, .network = &network});
}

static int give_port(struct loading *l, struct reading *r)
{
    enum { LAST = EL_REGISTRY_PORT_STATES - 1 };
    struct el_registry_port port = {
        .vni = (uint32_t)read_number(r, 2, 1, EL_REGISTRY_VNI_MAX),
        .state = (enum el_registry_port_state)read_number(r, 3, 0, LAST),
        .wanted = (enum el_registry_port_state)read_number(r, 4, 0, LAST),
        .since_s = read_time(r, 5)};

    read_text(r, 0, port.name, sizeof port.name);
    read_text(r, 1, port.service, sizeof port.service);
    read_text(r, 6, port.why, sizeof port.why);
    return give(l, r, &(struct el_registry_row){.kind = EL_REGISTRY_ROW_PORT, .port = &port});
}

/* Its memberships, up to one more than there can be. */
static int read_memberships(struct loading *l, struct reading *of, struct el_registry_spoke *spoke)
{
    struct reading r = {
        .statement = el_state_statement(l->state, EL_STATE_MEMBERSHIPS_LOAD,
                                        "SELECT vni, published, lan FROM membership WHERE key = ?"
                                        " ORDER BY rowid")};
    int rc = SQLITE_ERROR;

    if (r.statement)
        bind_key(r.statement, 1, spoke->key);
    while (r.statement && (rc = sqlite3_step(r.statement)) == SQLITE_ROW) {
        struct el_registry_membership *m = &spoke->memberships[spoke->membership_count];
        if (spoke->membership_count == EL_REGISTRY_NETWORKS_OF_SPOKE) {
            of->bad = true;
            rc = SQLITE_DONE;
            break;
        }
        m->vni = (uint32_t)read_number(&r, 0, 1, EL_REGISTRY_VNI_MAX);
        m->published = read_number(&r, 1, 0, 1) != 0;
        read_text(&r, 2, m->lan, sizeof m->lan);
        spoke->membership_count++;
    }
    of->bad = of->bad || r.bad;
    if (rc != SQLITE_DONE)
        rc = el_state_fail(l->state, l->err);
    sqlite3_reset(r.statement);
    return rc == SQLITE_DONE ? 0 : rc;
}

static int give_spoke(struct loading *l, struct reading *r)
{
    struct el_registry_spoke spoke = {
        .wire = (uint8_t)read_number(r, 4, 0, UINT8_MAX),
        .state = (enum el_registry_spoke_state)read_number(r, 5, 0, EL_REGISTRY_SPOKE_STATES - 1),
        .told = read_number(r, 6, 0, 1) != 0,
        .since_s = read_time(r, 7)};

    if (!read_key(r, 0, spoke.key))
        r->bad = true;
    read_text(r, 1, spoke.name, sizeof spoke.name);
    read_key(r, 2, spoke.psk);
    el_state_read_ip(r->statement, 3, &spoke.ip);
    el_state_read_ip(r->statement, 8, &spoke.from.ip);
    spoke.from.port = (uint16_t)read_number(r, 9, 0, UINT16_MAX);
    int rc = read_memberships(l, r, &spoke);
    if (rc == 0)
        rc = give(l, r, &(struct el_registry_row){.kind = EL_REGISTRY_ROW_SPOKE, .spoke = &spoke});
    explicit_bzero(&spoke, sizeof spoke);
    return rc;
}

static int give_token(struct loading *l, struct reading *r)
{
    struct el_registry_token token = {.created_s = read_time(r, 3),
                                      .expires_s = read_time(r, 4),
                                      .used_s = read_time(r, 6),
                                      .wrong_codes = (uint8_t)read_number(r, 7, 0, UINT8_MAX)};

    if (!read_key(r, 0, token.enrolment_key))
        r->bad = true;
    read_text(r, 1, token.name, sizeof token.name);
    el_state_read_ip(r->statement, 2, &token.ip);
    token.used = read_key(r, 5, token.used_by);
    return give(l, r, &(struct el_registry_row){.kind = EL_REGISTRY_ROW_TOKEN, .token = &token});
}

static int give_profile(struct loading *l, struct reading *r)
{
    struct el_registry_profile profile;

    read_text(r, 0, profile.name, sizeof profile.name);
    read_text(r, 1, profile.image, sizeof profile.image);
    read_text(r, 2, profile.text, sizeof profile.text);
    int rc =
        give(l, r, &(struct el_registry_row){.kind = EL_REGISTRY_ROW_PROFILE, .profile = &profile});
    explicit_bzero(&profile, sizeof profile);
    return rc;
}

static void split_words(struct reading *r, int column, struct el_registry_words *words)
{
    char text[WORDS_TEXT];
    char *save = NULL;

    read_text(r, column, text, sizeof text);
    for (char *word = strtok_r(text, "\n", &save); word; word = strtok_r(NULL, "\n", &save)) {
        size_t len = strlen(word);
        if (words->count == EL_REGISTRY_WORDS || len >= EL_REGISTRY_WORD) {
            r->bad = true;
            return;
        }
        memcpy(words->items[words->count++], word, len);
    }
}

static int give_machine(struct loading *l, struct reading *r)
{
    struct el_registry_machine machine;

    memset(&machine, 0, sizeof machine); /* rows are compared whole */
    if (el_state_read_blob(r->statement, 0, machine.mac.b, sizeof machine.mac.b) !=
        sizeof machine.mac.b)
        r->bad = true;
    read_text(r, 1, machine.name, sizeof machine.name);
    read_text(r, 2, machine.profile, sizeof machine.profile);
    read_text(r, 3, machine.region, sizeof machine.region);
    el_state_read_ip(r->statement, 4, &machine.address);
    machine.once = (uint64_t)read_number(r, 5, 0, INT64_MAX);
    read_text(r, 6, machine.once_entry, sizeof machine.once_entry);
    machine.reinstall = (uint64_t)read_number(r, 7, 0, INT64_MAX);
    machine.installed = read_number(r, 8, 0, 1) != 0;
    split_words(r, 9, &machine.options);
    split_words(r, 10, &machine.quirks);
    machine.created_s = read_time(r, 11);
    return give(l, r,
                &(struct el_registry_row){.kind = EL_REGISTRY_ROW_MACHINE, .machine = &machine});
}

static int give_second_factor(struct loading *l, struct reading *r)
{
    struct el_registry_second_factor f = {.factors = (unsigned)read_number(r, 0, 0, UINT16_MAX),
                                          .last_step = read_time(r, 2)};
    int len = sqlite3_column_bytes(r->statement, 1);

    r->bad = r->bad || len > EL_REGISTRY_SECRET_BYTES;
    f.secret_len = (uint8_t)el_state_read_blob(r->statement, 1, f.secret, sizeof f.secret);
    int rc =
        give(l, r,
             &(struct el_registry_row){.kind = EL_REGISTRY_ROW_SECOND_FACTOR, .second_factor = &f});
    explicit_bzero(&f, sizeof f);
    return rc;
}

static int load_table(struct loading *l, enum el_state_statement which, const char *sql,
                      int (*row)(struct loading *l, struct reading *r))
{
    struct reading r = {.statement = el_state_statement(l->state, which, sql)};
    int step = SQLITE_ERROR, rc = 0;

    while (rc == 0 && r.statement && (step = sqlite3_step(r.statement)) == SQLITE_ROW)
        rc = row(l, &r);
    if (rc == 0 && step != SQLITE_DONE)
        rc = el_state_fail(l->state, l->err);
    sqlite3_reset(r.statement);
    return rc;
}

static int load_rows(void *arg,
                     int (*each)(void *each_arg, const struct el_registry_row *row,
                                 struct el_err *err),
                     void *each_arg, struct el_err *err)
{
    static const struct {
        enum el_state_statement which;
        const char *sql;
        int (*row)(struct loading *l, struct reading *r);
    } tables[] = {
        {EL_STATE_NETWORK_LOAD,
         "SELECT vni, name, ip, len, created_s, expires_s, to_all, prefix6 FROM network"
         " ORDER BY rowid",
         give_network},
        {EL_STATE_PORT_LOAD,
         "SELECT name, service, vni, state, wanted, since_s, why FROM port ORDER BY rowid",
         give_port},
        {EL_STATE_SPOKE_LOAD,
         "SELECT key, name, psk, ip, wire, state, told, since_s, from_ip, from_port FROM spoke"
         " ORDER BY rowid",
         give_spoke},
        {EL_STATE_TOKEN_LOAD,
         "SELECT enrolment_key, name, ip, created_s, expires_s, used_by, used_s, wrong_codes"
         " FROM token ORDER BY rowid",
         give_token},
        {EL_STATE_PROFILE_LOAD, "SELECT name, image, text FROM profile ORDER BY rowid",
         give_profile},
        {EL_STATE_MACHINE_LOAD,
         "SELECT mac, name, profile, region, ip, once, once_entry, reinstall, installed, options,"
         " quirks, created_s FROM machine ORDER BY rowid",
         give_machine},
        {EL_STATE_SECOND_FACTOR_LOAD, "SELECT factors, secret, last_step FROM second_factor",
         give_second_factor},
    };
    struct loading l = {arg, each, each_arg, err};
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < sizeof tables / sizeof tables[0]; i++)
        rc = load_table(&l, tables[i].which, tables[i].sql, tables[i].row);
    return rc;
}

void el_state_registry_store(struct el_state *state, struct el_registry_store *store)
{
    (void)el_state_exec(state, "PRAGMA secure_delete = ON");
    *store = (struct el_registry_store){.put = put_rows, .load = load_rows, .arg = state};
}
