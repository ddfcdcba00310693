/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Machines in a map, and in two lists by when something was last heard of them: those that have had
 * an address, and strangers, who make room first.
 *
 * A machine's steps are a ring: the step with id N stands in place N % EL_TIMELINE_STEPS while it
 * is among the last ones. Steps that are to be told onward are marked; a machine with marked steps
 * stands in one heap, by when they may be told; and in another by when its next step is late.
 */
#include "timeline/timeline.h"

#include "base/heap.h"
#include "base/map.h"
#include "timeline/diagnosis.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    MERGE_BACK = 12,        /* so many steps back the same one is looked for */
    UPDATE_NS = 1000000000, /* a step that is told already is told again after so long */
};

struct key {
    uint32_t vni;
    struct el_mac mac;
    uint8_t zero[2];
};

struct machine {
    struct key key;
    struct machine *older, *newer; /* in the list that it is in */
    bool is_stranger;
    uint32_t next; /* id of the next step */
    uint32_t boot;
    struct el_timeline_facts facts;
    const char *sentence; /* of the last diagnosis, */
    uint32_t diagnosis;   /* and its step */
    struct el_ip ip;      /* under which it stands in by_ip */
    struct el_heap_node due, late;
    bool marked[EL_TIMELINE_STEPS];
    struct origin {
        uint64_t source;
        uint32_t id;
    } origins[EL_TIMELINE_STEPS]; /* of steps that are kept for another */
    struct el_timeline_step steps[EL_TIMELINE_STEPS];
};

struct list {
    struct machine *oldest, *newest;
};

struct el_timeline {
    struct el_timeline_config config;
    struct el_timeline_self self;
    struct el_map *by_key, *by_ip;
    struct el_heap *due, *late;
    struct list known, strangers;
    uint64_t tokens_ns, tokens; /* of what may be told: when it was filled last, what is in it */
    uint64_t refill_ns;         /* when one can be told again */
    struct machine *telling;
    uint32_t telling_id;
};

/* -- making -- */

struct el_timeline *el_timeline_new(const struct el_timeline_config *config)
{
    struct el_timeline *t = calloc(1, sizeof *t);

    if (!t)
        return NULL;
    t->config = *config;
    if (!t->config.machines)
        t->config.machines = EL_TIMELINE_MACHINES;
    t->self.hub = config->hub ? config->hub : "the hub";
    t->self.http_port = config->http_port ? config->http_port : 80;
    t->tokens = EL_TIMELINE_BURST;
    t->by_key = el_map_new(sizeof(struct key), t->config.machines);
    t->by_ip = el_map_new(sizeof(struct el_ip), t->config.machines);
    t->due = el_heap_new(t->config.machines);
    t->late = el_heap_new(t->config.machines);
    if (t->by_key && t->by_ip && t->due && t->late)
        return t;
    el_timeline_free(t);
    return NULL;
}

void el_timeline_free(struct el_timeline *t)
{
    size_t cursor = 0;

    if (!t)
        return;
    for (void *m; t->by_key && (m = el_map_next(t->by_key, &cursor));)
        free(m);
    el_map_free(t->by_key);
    el_map_free(t->by_ip);
    el_heap_free(t->due);
    el_heap_free(t->late);
    free(t);
}

/* -- machines -- */

static struct list *list_of(struct el_timeline *t, const struct machine *m)
{
    return m->is_stranger ? &t->strangers : &t->known;
}

static void leave_list(struct el_timeline *t, struct machine *m)
{
    struct list *list = list_of(t, m);

    *(m->older ? &m->older->newer : &list->oldest) = m->newer;
    *(m->newer ? &m->newer->older : &list->newest) = m->older;
}

static void join_list(struct el_timeline *t, struct machine *m)
{
    struct list *list = list_of(t, m);

    m->newer = NULL;
    m->older = list->newest;
    *(m->older ? &m->older->newer : &list->oldest) = m;
    list->newest = m;
}

static struct machine *find(const struct el_timeline *t, uint32_t vni, const struct el_mac *mac)
{
    struct key key = {.vni = vni, .mac = *mac};

    return el_map_get(t->by_key, &key);
}

static void leave_address(struct el_timeline *t, struct machine *m)
{
    if (m->ip.family && el_map_get(t->by_ip, &m->ip) == m)
        el_map_del(t->by_ip, &m->ip);
    m->ip = (struct el_ip){0};
}

static void forget(struct el_timeline *t, struct machine *m)
{
    leave_list(t, m);
    leave_address(t, m);
    el_heap_remove(t->due, &m->due);
    el_heap_remove(t->late, &m->late);
    el_map_del(t->by_key, &m->key);
    if (t->telling == m)
        t->telling = NULL;
    free(m);
}

/* The machine, new if it has to be, as the one that was heard of last. NULL: out of memory. */
static struct machine *meet(struct el_timeline *t, uint32_t vni, const struct el_mac *mac)
{
    struct machine *m = find(t, vni, mac);

    if (m) {
        leave_list(t, m);
        join_list(t, m);
        return m;
    }
    if (el_map_count(t->by_key) == t->config.machines)
        forget(t, t->strangers.oldest ? t->strangers.oldest : t->known.oldest);
    m = calloc(1, sizeof *m);
    if (!m)
        return NULL;
    m->key = (struct key){.vni = vni, .mac = *mac};
    m->is_stranger = true;
    m->next = 1;
    m->due.owner = m->late.owner = m;
    el_map_put(t->by_key, &m->key, m); /* there is room, as in the heaps */
    join_list(t, m);
    return m;
}

static void take_address(struct el_timeline *t, struct machine *m, const struct el_ip *ip)
{
    struct machine *other = el_map_get(t->by_ip, ip);

    if (m->is_stranger) {
        leave_list(t, m);
        m->is_stranger = false;
        join_list(t, m);
    }
    if (other == m || ip->family == 0)
        return;
    if (other)
        leave_address(t, other);
    leave_address(t, m);
    m->ip = *ip;
    el_map_put(t->by_ip, ip, m);
}

int el_timeline_mac_of(const struct el_timeline *t, const struct el_ip *ip, struct el_mac *mac)
{
    const struct machine *m = el_map_get(t->by_ip, ip);

    if (!m)
        return EL_ENOENT;
    *mac = m->key.mac;
    return 0;
}

/* -- steps -- */

static uint32_t oldest_id(const struct machine *m)
{
    return m->next > EL_TIMELINE_STEPS ? m->next - EL_TIMELINE_STEPS : 1;
}

static struct el_timeline_step *step_at(struct machine *m, uint32_t id)
{
    return &m->steps[id % EL_TIMELINE_STEPS];
}

static struct el_timeline_step *add_step(struct machine *m)
{
    uint32_t id = m->next++;
    struct el_timeline_step *step = step_at(m, id);

    *step = (struct el_timeline_step){
        .vni = m->key.vni, .mac = m->key.mac, .id = id, .boot = m->boot, .count = 1};
    m->marked[id % EL_TIMELINE_STEPS] = false;
    m->origins[id % EL_TIMELINE_STEPS] = (struct origin){0};
    return step;
}

/* STEP is to be told onward; IS_NEW at once, more of the same not so often. */
static void mark(struct el_timeline *t, struct machine *m, const struct el_timeline_step *step,
                 uint64_t now_ns, bool is_new)
{
    uint64_t due_ns = is_new ? now_ns : now_ns + UPDATE_NS;

    m->marked[step->id % EL_TIMELINE_STEPS] = true;
    if (!m->due.place || due_ns < m->due.key)
        el_heap_set(t->due, &m->due, due_ns);
}

/* The step of this start that NEWS is more of, or NULL. */
static struct el_timeline_step *find_same(struct machine *m, enum el_timeline_kind kind,
                                          const char *text)
{
    uint32_t first = oldest_id(m);

    for (uint32_t id = m->next; id-- > first && m->next - id <= MERGE_BACK;) {
        struct el_timeline_step *step = step_at(m, id);
        if (step->boot != m->boot)
            return NULL;
        if (step->kind == kind && strcmp(step->text, text) == 0)
            return step;
        /* What was asked before an answer is another time. */
        if (kind <= EL_TIMELINE_DECLINE && step->kind > EL_TIMELINE_DECLINE &&
            step->kind != EL_TIMELINE_DIAGNOSIS)
            return NULL;
    }
    return NULL;
}

/* One printable line: what is not ASCII is a question mark. */
static void clean(char to[EL_TIMELINE_TEXT], const char *text)
{
    size_t len = 0;

    for (; text && *text && len + 1 < EL_TIMELINE_TEXT; text++) {
        unsigned char c = (unsigned char)*text;
        to[len++] = c < 0x20 || c >= 0x7f ? '?' : *text;
    }
    to[len] = '\0';
}

/* More of the same: whether that is news to anybody. */
static bool update(struct el_timeline_step *step, const struct el_timeline_news *news,
                   int64_t wall_ms)
{
    bool was_probe = step->state == EL_TIMELINE_PROBED;
    bool is_again = el_timeline_is_transfer(news->kind) ? news->is_new && !was_probe : true;

    if (el_timeline_is_transfer(news->kind)) {
        /* What has arrived once is not unlearned by asking for a part of it again. */
        if (step->state == EL_TIMELINE_DONE && news->state != EL_TIMELINE_DONE && !news->is_new)
            return false;
        if (!is_again && step->state == news->state && step->done == news->done &&
            step->total == news->total)
            return false;
        step->state = news->state;
        step->done = news->done;
        step->total = news->total;
    }
    step->count += is_again;
    step->last_ms = wall_ms;
    return true;
}

static void fill(struct el_timeline_step *step, const struct el_timeline_news *news,
                 int64_t wall_ms)
{
    bool is_transfer = el_timeline_is_transfer(news->kind);

    step->kind = news->kind;
    step->state = is_transfer ? news->state : EL_TIMELINE_MOMENT;
    if (is_transfer && step->state == EL_TIMELINE_MOMENT)
        step->state = EL_TIMELINE_DONE;
    step->done = is_transfer ? news->done : 0;
    step->total = is_transfer ? news->total : 0;
    step->began_ms = step->last_ms = wall_ms;
    clean(step->text, news->text);
}

/* A diagnosis; the same again, with other numbers in it, takes the place of the one before. */
static void diagnose(struct el_timeline *t, struct machine *m, struct el_timeline_clock clock,
                     const char *sentence, const char *text)
{
    const struct el_timeline_news news = {.kind = EL_TIMELINE_DIAGNOSIS, .text = text};
    bool is_same = m->sentence == sentence && m->diagnosis >= oldest_id(m) &&
                   step_at(m, m->diagnosis)->boot == m->boot;
    struct el_timeline_step *step = is_same ? step_at(m, m->diagnosis) : add_step(m);
    int64_t began_ms = step->began_ms;

    fill(step, &news, clock.wall_ms);
    if (is_same)
        step->began_ms = began_ms;
    m->sentence = sentence;
    m->diagnosis = step->id;
    mark(t, m, step, clock.now_ns, !is_same);
}

/* A renewal of a system's lease is nothing that anybody follows. */
static bool is_silent(const struct machine *m, const struct el_timeline_news *news)
{
    return m->facts.stage == EL_STAGE_RUNNING && news->client == EL_TIMELINE_SYSTEM &&
           (news->kind == EL_TIMELINE_REQUEST || news->kind == EL_TIMELINE_ACK);
}

static void wait_for_next(struct el_timeline *t, struct machine *m)
{
    uint64_t wait_ns = el_diagnosis_wait_ns(&m->facts);

    if (wait_ns == EL_NEVER)
        el_heap_remove(t->late, &m->late);
    else
        el_heap_set(t->late, &m->late, m->facts.since_ns + wait_ns);
}

void el_timeline_tell(struct el_timeline *t, struct el_timeline_clock clock,
                      const struct el_timeline_news *news)
{
    struct machine *m = el_mac_is_zero(&news->mac) ? NULL : meet(t, t->config.vni, &news->mac);
    char diagnosis[EL_TIMELINE_TEXT], text[EL_TIMELINE_TEXT];

    if (!m)
        return;
    clean(text, news->text);
    const char *sentence = el_diagnosis_news(&m->facts, news, &t->self, diagnosis);
    bool starts = el_facts_is_start(&m->facts, clock.now_ns, news);
    bool silent = is_silent(m, news);
    bool is_of_old = starts && m->facts.stage > EL_STAGE_LINKED; /* the start that is over now */
    if (sentence && is_of_old)
        diagnose(t, m, clock, sentence, diagnosis);
    if (starts || m->boot == 0) {
        m->boot++;
        m->sentence = NULL;
    }
    struct el_timeline_step *step = find_same(m, news->kind, text);
    bool is_new = !step;
    if (is_new)
        fill(step = add_step(m), news, clock.wall_ms);
    else
        silent = !update(step, news, clock.wall_ms) || silent;
    if (is_new || !silent)
        mark(t, m, step, clock.now_ns, is_new || step->state >= EL_TIMELINE_DONE);
    if (sentence && !is_of_old)
        diagnose(t, m, clock, sentence, diagnosis);
    el_facts_follow(&m->facts, clock.now_ns, news);
    if (news->kind == EL_TIMELINE_ACK)
        take_address(t, m, &news->ip);
    wait_for_next(t, m);
}

/* -- the clock -- */

uint64_t el_timeline_deadline(const struct el_timeline *t)
{
    const struct el_heap_node *late = el_heap_first(t->late), *due = el_heap_first(t->due);
    uint64_t due_ns = due ? due->key : EL_NEVER;

    if (due && due_ns < t->refill_ns)
        due_ns = t->refill_ns;
    return el_earlier(late ? late->key : EL_NEVER, due_ns);
}

void el_timeline_tick(struct el_timeline *t, struct el_timeline_clock clock)
{
    char text[EL_TIMELINE_TEXT];

    for (struct el_heap_node *node; (node = el_heap_first(t->late)) && node->key <= clock.now_ns;) {
        struct machine *m = node->owner;
        el_heap_remove(t->late, node);
        const char *sentence = el_diagnosis_late(&m->facts, &t->self, text);
        if (sentence)
            diagnose(t, m, clock, sentence, text);
    }
}

/* -- telling it onward -- */

static bool may_tell(struct el_timeline *t, uint64_t now_ns)
{
    enum { EACH_NS = 1000000000 / EL_TIMELINE_PER_S };
    uint64_t more = (now_ns - t->tokens_ns) / EACH_NS;

    if (more > 0) {
        t->tokens = t->tokens + more < EL_TIMELINE_BURST ? t->tokens + more : EL_TIMELINE_BURST;
        t->tokens_ns = now_ns;
    }
    t->refill_ns = t->tokens ? 0 : t->tokens_ns + EACH_NS;
    return t->tokens > 0;
}

static uint32_t first_marked(const struct machine *m)
{
    uint32_t id = oldest_id(m);

    while (id < m->next && !m->marked[id % EL_TIMELINE_STEPS])
        id++;
    return id;
}

const struct el_timeline_step *el_timeline_due(struct el_timeline *t, uint64_t now_ns)
{
    struct el_heap_node *node = el_heap_first(t->due);

    t->telling = NULL;
    if (!node || node->key > now_ns || !may_tell(t, now_ns))
        return NULL;
    t->telling = node->owner;
    t->telling_id = first_marked(t->telling);
    return step_at(t->telling, t->telling_id);
}

void el_timeline_told(struct el_timeline *t)
{
    struct machine *m = t->telling;

    if (!m)
        return;
    t->telling = NULL;
    t->tokens--;
    m->marked[t->telling_id % EL_TIMELINE_STEPS] = false;
    if (first_marked(m) == m->next)
        el_heap_remove(t->due, &m->due);
}

static void tell_all(struct el_timeline *t, struct list *list, uint64_t now_ns)
{
    for (struct machine *m = list->oldest; m; m = m->newer)
        for (uint32_t id = oldest_id(m); id < m->next; id++)
            mark(t, m, step_at(m, id), now_ns, true);
}

void el_timeline_tell_again(struct el_timeline *t, uint64_t now_ns)
{
    tell_all(t, &t->known, now_ns);
    tell_all(t, &t->strangers, now_ns);
}

/* -- the side that shows -- */

static struct el_timeline_step *find_origin(struct machine *m, uint64_t source, uint32_t id)
{
    for (uint32_t ours = oldest_id(m); ours < m->next; ours++) {
        const struct origin *origin = &m->origins[ours % EL_TIMELINE_STEPS];
        if (origin->source == source && origin->id == id)
            return step_at(m, ours);
    }
    return NULL;
}

const struct el_timeline_step *el_timeline_keep(struct el_timeline *t, uint64_t source,
                                                const struct el_timeline_step *step)
{
    struct machine *m = meet(t, step->vni, &step->mac);
    struct el_timeline_step *kept = m ? find_origin(m, source, step->id) : NULL;

    if (!m)
        return NULL;
    if (!kept)
        kept = add_step(m);
    uint32_t id = kept->id;
    *kept = *step;
    kept->id = id;
    m->origins[id % EL_TIMELINE_STEPS] = (struct origin){source, step->id};
    if (m->is_stranger && step->kind == EL_TIMELINE_ACK) {
        leave_list(t, m);
        m->is_stranger = false;
        join_list(t, m);
    }
    return kept;
}

size_t el_timeline_steps(const struct el_timeline *t, uint32_t vni, const struct el_mac *mac,
                         const struct el_timeline_step *steps[EL_TIMELINE_STEPS])
{
    struct machine *m = find(t, vni, mac);
    size_t count = 0;

    if (!m)
        return 0;
    for (uint32_t id = oldest_id(m); id < m->next; id++)
        steps[count++] = step_at(m, id);
    return count;
}

const struct el_timeline_step *el_timeline_last(const struct el_timeline *t, uint32_t vni,
                                                const struct el_mac *mac)
{
    struct machine *m = find(t, vni, mac);

    return m && m->next > 1 ? step_at(m, m->next - 1) : NULL;
}
