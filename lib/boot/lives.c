/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lives, and what keeps them. */
#include "boot/lives.h"

#include "base/log.h"
#include "base/map.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

struct el_lives {
    struct el_lives_config config;
    struct el_map *by_mac, *by_token;
    struct el_life *items[EL_LIVES_MAX]; /* owned */
    size_t count;
};

/* -- the table -- */

static void index_token(struct el_lives *lives, struct el_life *life)
{
    if (life->token[0])
        el_map_put(lives->by_token, life->token, life); /* there is room: as many as lives */
}

static void unindex_token(struct el_lives *lives, const struct el_life *life)
{
    if (life->token[0])
        el_map_del(lives->by_token, life->token);
}

/* A text that is a key has to be the same in all its bytes. */
static void pad_token(struct el_life *life)
{
    size_t len = strnlen(life->token, sizeof life->token - 1);

    memset(life->token + len, 0, sizeof life->token - len);
}

static void drop(struct el_lives *lives, struct el_life *life)
{
    size_t i = 0;

    while (lives->items[i] != life)
        i++;
    lives->items[i] = lives->items[--lives->count];
    unindex_token(lives, life);
    el_map_del(lives->by_mac, &life->mac);
    sodium_memzero(life, sizeof *life);
    free(life);
}

static struct el_life *add(struct el_lives *lives, const struct el_life *life)
{
    struct el_life *copy = lives->count < EL_LIVES_MAX ? malloc(sizeof *copy) : NULL;

    if (!copy)
        return NULL;
    *copy = *life;
    pad_token(copy);
    lives->items[lives->count++] = copy;
    el_map_put(lives->by_mac, &copy->mac, copy);
    index_token(lives, copy);
    return copy;
}

static void replace(struct el_lives *lives, struct el_life *life, const struct el_life *with)
{
    unindex_token(lives, life);
    *life = *with;
    pad_token(life);
    index_token(lives, life);
}

/* -- beginning -- */

static void take_back(void *arg, const struct el_life *life)
{
    struct el_lives *lives = arg;

    if (el_map_get(lives->by_mac, &life->mac) ||
        (life->token[0] && el_map_get(lives->by_token, life->token)) || !add(lives, life))
        EL_LOG(EL_LOG_WARN, "boot", "life-left-out", EL_MAC("mac", &life->mac));
}

int el_lives_new(const struct el_lives_config *config, struct el_lives **result, struct el_err *err)
{
    struct el_lives *lives = calloc(1, sizeof *lives);

    *result = NULL;
    if (lives) {
        lives->config = *config;
        lives->by_mac = el_map_new(sizeof(struct el_mac), EL_LIVES_MAX);
        lives->by_token = el_map_new(EL_LIFE_TOKEN, EL_LIVES_MAX);
    }
    if (!lives || !lives->by_mac || !lives->by_token) {
        el_lives_free(lives);
        return el_err(err, EL_ENOMEM, "out of memory");
    }
    int rc = config->store.put ? config->store.load(config->store.arg, take_back, lives, err) : 0;
    if (rc < 0)
        el_lives_free(lives);
    else
        *result = lives;
    return rc;
}

void el_lives_free(struct el_lives *lives)
{
    if (!lives)
        return;
    while (lives->count > 0)
        drop(lives, lives->items[lives->count - 1]);
    el_map_free(lives->by_mac);
    el_map_free(lives->by_token);
    free(lives);
}

/* -- looking -- */

const struct el_life *el_lives_find(const struct el_lives *lives, const struct el_mac *mac)
{
    return el_map_get(lives->by_mac, mac);
}

const struct el_life *el_lives_by_token(const struct el_lives *lives, const char *token)
{
    char key[EL_LIFE_TOKEN] = {0};
    size_t len = strlen(token);

    if (len == 0 || len >= sizeof key)
        return NULL;
    memcpy(key, token, len);
    return el_map_get(lives->by_token, key);
}

size_t el_lives_count(const struct el_lives *lives)
{
    return lives->count;
}

const struct el_life *el_lives_at(const struct el_lives *lives, size_t i)
{
    return i < lives->count ? lives->items[i] : NULL;
}

/* -- what happens -- */

/* Whoever was silent for longest of those of whom nobody has said anything; NULL: there is none. */
static struct el_life *oldest_stranger(const struct el_lives *lives)
{
    struct el_life *oldest = NULL;

    for (size_t i = 0; i < lives->count; i++)
        if (lives->items[i]->state == EL_LIFE_DISCOVERED &&
            (!oldest || lives->items[i]->seen_s < oldest->seen_s))
            oldest = lives->items[i];
    return oldest;
}

static int forget(struct el_lives *lives, struct el_life *life, struct el_err *err)
{
    const struct el_life_store *store = &lives->config.store;
    int rc = store->put ? store->put(store->arg, life, true, err) : 0;

    if (rc == 0)
        drop(lives, life);
    return rc;
}

static int make_room(struct el_lives *lives, struct el_err *err)
{
    if (lives->count < EL_LIVES_MAX)
        return 0;
    struct el_life *oldest = oldest_stranger(lives);
    return oldest ? forget(lives, oldest, err)
                  : el_err(err, EL_EFULL, "there are %d machines, which is all there can be",
                           EL_LIVES_MAX);
}

static bool makes_known(enum el_life_event_kind kind)
{
    return kind == EL_LIFE_SEEN || kind == EL_LIFE_VISIT;
}

/* What a life of NEXT needs before it counts: to be kept, and room. */
static int keep(struct el_lives *lives, const struct el_life *next, bool durable, bool new,
                struct el_err *err)
{
    const struct el_life_store *store = &lives->config.store;
    int rc = new ? make_room(lives, err) : 0;

    if (rc == 0 && durable && store->put)
        rc = store->put(store->arg, next, false, err);
    return rc;
}

int el_lives_event(struct el_lives *lives, const struct el_mac *mac,
                   const struct el_life_intent *intent, const struct el_life_event *event,
                   struct el_life_decision *decision, struct el_err *err)
{
    struct el_life *life = el_map_get(lives->by_mac, mac);
    struct el_life before = {.mac = *mac, .since_s = event->now_s}, next;
    bool new = !life;

    if (life)
        before = *life;
    else if (!makes_known(event->kind))
        return 0;
    bool durable = el_life_next(&before, intent, event, &next, decision);
    int rc = keep(lives, &next, durable, new, err);
    if (rc == 0 && !new)
        replace(lives, life, &next);
    else if (rc == 0 && !(life = add(lives, &next)))
        rc = el_err(err, EL_ENOMEM, "out of memory");
    if (rc == 0 && lives->config.changed)
        lives->config.changed(lives->config.arg, life, new ? NULL : &before);
    sodium_memzero(&before, sizeof before);
    sodium_memzero(&next, sizeof next);
    return rc;
}

int el_lives_forget(struct el_lives *lives, const struct el_mac *mac, struct el_err *err)
{
    struct el_life *life = el_map_get(lives->by_mac, mac);

    return life ? forget(lives, life, err) : el_err(err, EL_ENOENT, "no such machine");
}
