/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tables, how they are read, and how a change is made (registry_internal.h). */
#include "registry/registry_internal.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static const size_t row_bytes[] = {
    [EL_REGISTRY_ROW_SPOKE] = sizeof(struct el_registry_spoke),
    [EL_REGISTRY_ROW_TOKEN] = sizeof(struct el_registry_token),
    [EL_REGISTRY_ROW_NETWORK] = sizeof(struct el_registry_network),
    [EL_REGISTRY_ROW_PORT] = sizeof(struct el_registry_port),
    [EL_REGISTRY_ROW_PROFILE] = sizeof(struct el_registry_profile),
    [EL_REGISTRY_ROW_MACHINE] = sizeof(struct el_registry_machine),
    [EL_REGISTRY_ROW_SECOND_FACTOR] = sizeof(struct el_registry_second_factor),
};

static void free_row(enum el_registry_row_kind kind, void *row)
{
    if (row)
        sodium_memzero(row, row_bytes[kind]);
    free(row);
}

/* -- indexes -- */

static const struct {
    size_t key, key_len; /* the member by which rows are found */
} index_keys[EL_REGISTRY_INDEXES] = {
    [EL_REGISTRY_SPOKES_BY_KEY] = {offsetof(struct el_registry_spoke, key), EL_REGISTRY_KEY_BYTES},
    [EL_REGISTRY_SPOKES_BY_IP] = {offsetof(struct el_registry_spoke, ip), sizeof(struct el_ip)},
    [EL_REGISTRY_TOKENS_BY_KEY] = {offsetof(struct el_registry_token, enrolment_key),
                                   EL_REGISTRY_KEY_BYTES},
    [EL_REGISTRY_TOKENS_BY_IP] = {offsetof(struct el_registry_token, ip), sizeof(struct el_ip)},
    [EL_REGISTRY_RESERVED_BY_KEY] = {offsetof(struct el_registry_reserved, key),
                                     EL_REGISTRY_KEY_BYTES},
    [EL_REGISTRY_RESERVED_BY_IP] = {offsetof(struct el_registry_reserved, ip),
                                    sizeof(struct el_ip)},
    [EL_REGISTRY_MACHINES_BY_MAC] = {offsetof(struct el_registry_machine, mac),
                                     sizeof(struct el_mac)},
};

static const void *key_of(enum el_registry_index_kind index, const void *row)
{
    return (const uint8_t *)row + index_keys[index].key;
}

void *el_registry_find(const struct el_registry *registry, enum el_registry_index_kind index,
                       const void *key)
{
    return el_map_get(registry->indexes[index].map, key);
}

int el_registry_index_reserve(struct el_registry *registry, enum el_registry_index_kind which,
                              size_t more)
{
    struct el_registry_index *index = &registry->indexes[which];
    size_t needed = el_map_count(index->map) + more, capacity = index->capacity, cursor = 0;

    if (needed <= capacity)
        return 0;
    while (capacity < needed)
        capacity *= 2;
    struct el_map *map = el_map_new(index_keys[which].key_len, capacity);
    if (!map)
        return EL_ENOMEM;
    for (void *row; (row = el_map_next(index->map, &cursor)) != NULL;)
        el_map_put(map, key_of(which, row), row);
    el_map_free(index->map);
    *index = (struct el_registry_index){map, capacity};
    return 0;
}

void el_registry_index_put(struct el_registry *registry, enum el_registry_index_kind index,
                           void *row)
{
    el_map_put(registry->indexes[index].map, key_of(index, row), row);
}

static void index_del(struct el_registry *registry, enum el_registry_index_kind index,
                      const void *row)
{
    el_map_del(registry->indexes[index].map, key_of(index, row));
}

/* A revoked spoke that has been told has no address any more. */
static bool has_address(const struct el_registry_spoke *spoke)
{
    return !(spoke->state == EL_REGISTRY_REVOKED && spoke->told);
}

static void index_row(struct el_registry *registry, enum el_registry_row_kind kind, void *row)
{
    if (kind == EL_REGISTRY_ROW_SPOKE) {
        el_registry_index_put(registry, EL_REGISTRY_SPOKES_BY_KEY, row);
        if (has_address(row))
            el_registry_index_put(registry, EL_REGISTRY_SPOKES_BY_IP, row);
    } else if (kind == EL_REGISTRY_ROW_TOKEN) {
        el_registry_index_put(registry, EL_REGISTRY_TOKENS_BY_KEY, row);
        el_registry_index_put(registry, EL_REGISTRY_TOKENS_BY_IP, row);
    } else if (kind == EL_REGISTRY_ROW_MACHINE) {
        el_registry_index_put(registry, EL_REGISTRY_MACHINES_BY_MAC, row);
    }
}

static void unindex_row(struct el_registry *registry, enum el_registry_row_kind kind,
                        const void *row)
{
    if (kind == EL_REGISTRY_ROW_SPOKE) {
        index_del(registry, EL_REGISTRY_SPOKES_BY_KEY, row);
        if (has_address(row))
            index_del(registry, EL_REGISTRY_SPOKES_BY_IP, row);
    } else if (kind == EL_REGISTRY_ROW_TOKEN) {
        index_del(registry, EL_REGISTRY_TOKENS_BY_KEY, row);
        index_del(registry, EL_REGISTRY_TOKENS_BY_IP, row);
    } else if (kind == EL_REGISTRY_ROW_MACHINE) {
        index_del(registry, EL_REGISTRY_MACHINES_BY_MAC, row);
    }
}

/* -- tables -- */

static int table_reserve(struct el_registry_table *table, size_t more)
{
    if (table->count + more <= table->capacity)
        return 0;
    size_t capacity =
        2 * table->capacity > table->count + more ? 2 * table->capacity : table->count + more + 15;
    void **rows = realloc(table->rows, capacity * sizeof *rows);
    if (!rows)
        return EL_ENOMEM;
    table->rows = rows;
    table->capacity = capacity;
    return 0;
}

static void table_remove(struct el_registry_table *table, const void *row)
{
    size_t i = 0;

    while (table->rows[i] != row)
        i++;
    memmove(&table->rows[i], &table->rows[i + 1], (--table->count - i) * sizeof *table->rows);
}

/* Room for MORE rows of KIND, in whatever they are to be found by. */
static int reserve(struct el_registry *registry, enum el_registry_row_kind kind, size_t more)
{
    int rc = table_reserve(&registry->tables[kind], more);

    if (rc == 0 && kind == EL_REGISTRY_ROW_SPOKE)
        rc = el_registry_index_reserve(registry, EL_REGISTRY_SPOKES_BY_KEY, more);
    if (rc == 0 && kind == EL_REGISTRY_ROW_SPOKE)
        rc = el_registry_index_reserve(registry, EL_REGISTRY_SPOKES_BY_IP, more);
    if (rc == 0 && kind == EL_REGISTRY_ROW_TOKEN)
        rc = el_registry_index_reserve(registry, EL_REGISTRY_TOKENS_BY_KEY, more);
    if (rc == 0 && kind == EL_REGISTRY_ROW_TOKEN)
        rc = el_registry_index_reserve(registry, EL_REGISTRY_TOKENS_BY_IP, more);
    if (rc == 0 && kind == EL_REGISTRY_ROW_MACHINE)
        rc = el_registry_index_reserve(registry, EL_REGISTRY_MACHINES_BY_MAC, more);
    return rc;
}

static void insert(struct el_registry *registry, enum el_registry_row_kind kind, void *row)
{
    struct el_registry_table *table = &registry->tables[kind];

    table->rows[table->count++] = row;
    index_row(registry, kind, row);
}

/* -- drafts -- */

struct el_registry_draft el_registry_draft(struct el_registry *registry)
{
    return (struct el_registry_draft){.registry = registry};
}

static struct el_registry_draft_row *draft_row(struct el_registry_draft *draft)
{
    if (draft->count == draft->capacity) {
        size_t capacity = draft->capacity ? 2 * draft->capacity : 4;
        struct el_registry_draft_row *rows = realloc(draft->rows, capacity * sizeof *rows);
        if (!rows) {
            draft->failed = true;
            return NULL;
        }
        draft->rows = rows;
        draft->capacity = capacity;
    }
    struct el_registry_draft_row *row = &draft->rows[draft->count++];
    *row = (struct el_registry_draft_row){.target = NULL};
    return row;
}

/* All rows are shown by a pointer of the same size and place. */
static void show(struct el_registry_row *row, const void *of)
{
    memcpy(&row->spoke, &of, sizeof of);
}

static void *draft_copy(struct el_registry_draft *draft, enum el_registry_row_kind kind,
                        const void *target)
{
    struct el_registry_draft_row *row = draft_row(draft);

    if (!row)
        return NULL;
    row->copy = calloc(1, row_bytes[kind]);
    if (!row->copy) {
        draft->count--;
        draft->failed = true;
        return NULL;
    }
    if (target)
        memcpy(row->copy, target, row_bytes[kind]);
    memcpy(&row->target, &target, sizeof target); /* the table's own; const to everybody else */
    row->row.kind = kind;
    show(&row->row, row->copy);
    return row->copy;
}

void *el_registry_draft_add(struct el_registry_draft *draft, enum el_registry_row_kind kind)
{
    return draft_copy(draft, kind, NULL);
}

void *el_registry_draft_edit(struct el_registry_draft *draft, enum el_registry_row_kind kind,
                             const void *target)
{
    return draft_copy(draft, kind, target);
}

void el_registry_draft_remove(struct el_registry_draft *draft, enum el_registry_row_kind kind,
                              const void *target)
{
    struct el_registry_draft_row *row = draft_row(draft);

    if (!row)
        return;
    memcpy(&row->target, &target, sizeof target);
    row->row = (struct el_registry_row){.kind = kind, .remove = true};
    show(&row->row, target);
}

static void apply(struct el_registry *registry, struct el_registry_draft_row *row)
{
    enum el_registry_row_kind kind = row->row.kind;

    if (row->row.remove) {
        unindex_row(registry, kind, row->target);
        table_remove(&registry->tables[kind], row->target);
    } else if (row->target) {
        unindex_row(registry, kind, row->target);
        memcpy(row->target, row->copy, row_bytes[kind]);
        index_row(registry, kind, row->target);
    } else {
        insert(registry, kind, row->copy);
        row->copy = NULL;
    }
}

static int draft_put(struct el_registry_draft *draft, struct el_err *err)
{
    const struct el_registry_store *store = draft->registry->store;

    if (!store)
        return 0;
    struct el_registry_row *rows = calloc(draft->count, sizeof *rows);
    if (!rows)
        return el_err(err, EL_ENOMEM, "out of memory; nothing has changed");
    for (size_t i = 0; i < draft->count; i++)
        rows[i] = draft->rows[i].row;
    int rc = store->put(store->arg, rows, draft->count, err);
    free(rows);
    return rc;
}

int el_registry_draft_commit(struct el_registry_draft *draft, struct el_err *err)
{
    size_t more[EL_REGISTRY_TABLES] = {0};
    int rc = draft->failed ? EL_ENOMEM : 0;

    for (size_t i = 0; rc == 0 && i < draft->count; i++)
        if (!draft->rows[i].target)
            more[draft->rows[i].row.kind]++;
    for (unsigned kind = 0; rc == 0 && kind < EL_REGISTRY_TABLES; kind++)
        rc = reserve(draft->registry, (enum el_registry_row_kind)kind, more[kind]);
    if (rc < 0)
        return el_err(err, rc, "out of memory; nothing has changed");
    if (draft->count > 0)
        rc = draft_put(draft, err);
    if (rc < 0)
        return rc;
    /* A name or an address that is removed and given away in the same change is free first. */
    for (size_t i = 0; i < draft->count; i++)
        if (draft->rows[i].row.remove)
            apply(draft->registry, &draft->rows[i]);
    for (size_t i = 0; i < draft->count; i++)
        if (!draft->rows[i].row.remove)
            apply(draft->registry, &draft->rows[i]);
    draft->committed = true;
    return 0;
}

void el_registry_draft_end(struct el_registry_draft *draft)
{
    for (size_t i = 0; i < draft->count; i++) {
        struct el_registry_draft_row *row = &draft->rows[i];
        free_row(row->row.kind, row->copy);
        if (draft->committed && row->row.remove)
            free_row(row->row.kind, row->target);
    }
    free(draft->rows);
    *draft = (struct el_registry_draft){.registry = NULL};
}

/* -- the machine -- */

static int load_row(void *arg, const struct el_registry_row *row, struct el_err *err)
{
    struct el_registry *registry = arg;
    int rc = el_registry_row_check(registry, row, err);

    if (rc < 0)
        return rc;
    if (row->kind == EL_REGISTRY_ROW_SECOND_FACTOR) {
        registry->second_factor = *row->second_factor;
        return 0;
    }
    void *copy = malloc(row_bytes[row->kind]);
    if (!copy || reserve(registry, row->kind, 1) < 0) {
        free(copy);
        return el_err(err, EL_ENOMEM, "out of memory");
    }
    memcpy(copy, row->spoke, row_bytes[row->kind]);
    insert(registry, row->kind, copy);
    return 0;
}

int el_registry_new(const struct el_registry_store *store,
                    const struct el_registry_observer *observer, struct el_registry **registry,
                    struct el_err *err)
{
    enum { AT_FIRST = 64 };
    struct el_registry *new = calloc(1, sizeof *new);
    bool complete = new != NULL;

    *registry = NULL;
    for (int i = 0; complete && i < EL_REGISTRY_INDEXES; i++) {
        new->indexes[i] =
            (struct el_registry_index){el_map_new(index_keys[i].key_len, AT_FIRST), AT_FIRST};
        complete = new->indexes[i].map != NULL;
    }
    if (!complete) {
        el_registry_free(new);
        return el_err(err, EL_ENOMEM, "registry: out of memory");
    }
    int rc = store ? store->load(store->arg, load_row, new, err) : 0;
    if (rc < 0) {
        el_registry_free(new);
        return rc;
    }
    new->store = store;
    new->observer = *observer;
    *registry = new;
    return 0;
}

void el_registry_free(struct el_registry *registry)
{
    if (!registry)
        return;
    for (unsigned kind = 0; kind < EL_REGISTRY_TABLES; kind++) {
        struct el_registry_table *table = &registry->tables[kind];
        for (size_t i = 0; i < table->count; i++)
            free_row((enum el_registry_row_kind)kind, table->rows[i]);
        free(table->rows);
    }
    for (int i = 0; i < EL_REGISTRY_INDEXES; i++)
        el_map_free(registry->indexes[i].map);
    while (registry->reserved) {
        struct el_registry_reserved *next = registry->reserved->next;
        free(registry->reserved);
        registry->reserved = next;
    }
    sodium_memzero(registry, sizeof *registry);
    free(registry);
}

/* -- the second factor -- */

const struct el_registry_second_factor *
el_registry_second_factor(const struct el_registry *registry)
{
    return &registry->second_factor;
}

int el_registry_second_factor_set(struct el_registry *registry,
                                  const struct el_registry_second_factor *policy, int64_t now_s,
                                  struct el_err *err)
{
    enum {
        KNOWN = EL_REGISTRY_FACTOR_TOTP | EL_REGISTRY_FACTOR_APPROVAL | EL_REGISTRY_FACTOR_PROGRAM
    };
    const struct el_registry_second_factor *now = &registry->second_factor;
    bool same_secret = policy->secret_len == now->secret_len &&
                       policy->secret_len <= EL_REGISTRY_SECRET_BYTES &&
                       sodium_memcmp(policy->secret, now->secret, now->secret_len) == 0;

    if (policy->factors & ~(unsigned)KNOWN || policy->secret_len > EL_REGISTRY_SECRET_BYTES)
        return el_err(err, EL_EINVAL, "second factor: an unknown one");
    if (policy->factors & EL_REGISTRY_FACTOR_TOTP && policy->secret_len == 0)
        return el_err(err, EL_EINVAL, "second factor: TOTP needs a secret");
    if (same_secret && policy->factors == now->factors)
        return 0;
    struct el_registry_draft draft = el_registry_draft(registry);
    struct el_registry_second_factor *edited =
        el_registry_draft_edit(&draft, EL_REGISTRY_ROW_SECOND_FACTOR, now);
    if (edited) {
        *edited = *policy;
        edited->last_step = same_secret ? now->last_step : 0;
    }
    int rc = el_registry_draft_commit(&draft, err);
    el_registry_draft_end(&draft);
    if (rc == 0)
        el_registry_event(registry, (struct el_registry_event){
                                        .kind = EL_REGISTRY_SECOND_FACTOR_CHANGED, .at_s = now_s});
    return rc;
}
