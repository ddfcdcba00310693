/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What follows from what, in the life of a machine. */
#include "boot/life.h"

#include "boot/boot_entry.h"

#include <stdio.h>
#include <string.h>

const char *const el_life_state_names[EL_LIFE_STATES + 1] = {
    "discovered", "known", "assigned", "installing", "installed", "failed", NULL};

/* What is being decided. */
struct step {
    const struct el_life_intent *intent;
    const struct el_life_event *event;
    struct el_life *next;
    bool durable;
};

/* -- values -- */

static bool has(const char *text)
{
    return text && text[0];
}

static bool same(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") == 0;
}

/* Copies TEXT, whoever it is from: printable ASCII, and no more than fits. */
static void put_text(char *to, size_t capacity, const char *text)
{
    size_t len = 0;

    for (; has(text) && len + 1 < capacity; text++)
        to[len++] = *text >= ' ' && *text <= '~' ? *text : '?';
    to[len] = '\0';
}

/* A step's name has no characters but these; others are dashes. */
static void put_step(char *to, const char *text)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789-";

    put_text(to, EL_LIFE_STEP, text);
    for (; *to; to++)
        if (!strchr(allowed, *to))
            *to = '-';
}

/* The same UUID in the two orders in which firmware says the first three of its numbers: one
 * machine may have both (SMBIOS 2.6 §7.2.1). */
static bool same_uuid(const char *a, const char *b)
{
    static const uint8_t swapped[] = {6,  7,  4,  5,  2,  3,  0,  1,  8,  11, 12, 9,
                                      10, 13, 16, 17, 14, 15, 18, 19, 20, 21, 22, 23,
                                      24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35};
    bool as_is = true, turned = true;

    if (strlen(a) != EL_LIFE_UUID - 1 || strlen(b) != EL_LIFE_UUID - 1)
        return strcmp(a, b) == 0;
    for (unsigned i = 0; i < EL_LIFE_UUID - 1; i++) {
        as_is = as_is && (a[i] | 0x20) == (b[i] | 0x20);
        turned = turned && (a[i] | 0x20) == (b[swapped[i]] | 0x20);
    }
    return as_is || turned;
}

static void enter(struct step *s, enum el_life_state state)
{
    if (s->next->state != state)
        s->next->since_s = s->event->now_s;
    s->next->state = state;
    s->durable = true;
}

/* -- attempts -- */

static void finish(struct step *s, bool told)
{
    s->next->told = told;
    s->next->why[0] = '\0';
    enter(s, EL_LIFE_INSTALLED);
}

/* The attempt under way has failed; a further one is made at the next visit, if there is one. */
static void fail(struct step *s, const char *why)
{
    if (has(why))
        put_text(s->next->why, sizeof s->next->why, why);
    s->next->failed = true;
    s->durable = true;
    if (s->next->attempts >= EL_LIFE_ATTEMPTS)
        enter(s, EL_LIFE_FAILED);
}

/* It starts from the network, though it was installing: what has become of that? */
static void settle(struct step *s)
{
    struct el_life *life = s->next;
    char why[EL_LIFE_WHY];

    if (life->state != EL_LIFE_INSTALLING || life->failed || life->reboots)
        return;
    if (!life->tells && life->asked) {
        finish(s, false);
        return;
    }
    snprintf(why, sizeof why, "it started again before it was done; its last step: %s",
             life->step[0] ? life->step : "none");
    fail(s, why);
}

static void begin(struct step *s, unsigned attempt, struct el_life_decision *decision)
{
    struct el_life *life = s->next;

    life->attempts = attempt;
    life->tells = s->intent->tells;
    life->failed = life->reboots = life->asked = life->told = false;
    life->handed = 0;
    if (attempt == 1)
        life->why[0] = '\0';
    put_text(life->profile, sizeof life->profile, s->intent->profile);
    memcpy(life->token, s->event->fresh_token, sizeof life->token);
    life->token[sizeof life->token - 1] = '\0';
    put_step(life->step, "installer");
    enter(s, EL_LIFE_INSTALLING);
    decision->kind = EL_LIFE_GETS_INSTALLER;
}

/* -- visits -- */

static void say(struct el_life_decision *decision, enum el_life_decision_kind kind, const char *why)
{
    decision->kind = kind;
    put_text(decision->why, sizeof decision->why, why);
}

static void say_entry(struct el_life_decision *decision, const char *entry)
{
    decision->kind = same(entry, "local")  ? EL_LIFE_GETS_LOCAL
                     : same(entry, "menu") ? EL_LIFE_GETS_MENU
                                           : EL_LIFE_GETS_ENTRY;
    if (decision->kind == EL_LIFE_GETS_ENTRY)
        put_text(decision->entry, sizeof decision->entry, entry);
}

/* A start that was answered already: the answer may not have arrived. */
static bool answered(const struct step *s, struct el_life_decision *decision)
{
    const struct el_life *life = s->next;
    uint64_t boot = s->event->boot;

    if (boot == 0)
        return false;
    if (boot == life->once_boot) {
        say_entry(decision, life->once_entry);
        return true;
    }
    if (boot != life->boot || life->state != EL_LIFE_INSTALLING || life->failed)
        return false;
    decision->kind = (enum el_life_decision_kind)life->answer;
    return true;
}

/* Whether another machine comes with this one's MAC: nothing is done to it that was meant for this
 * one. */
static bool is_other(struct step *s, struct el_life_decision *decision)
{
    struct el_life *life = s->next;
    const char *uuid = s->event->uuid;
    char why[EL_LIFE_WHY];

    if (!has(uuid))
        return false;
    if (!life->uuid[0] || same_uuid(life->uuid, uuid)) {
        s->durable = s->durable || !life->uuid[0];
        if (!life->uuid[0])
            put_text(life->uuid, sizeof life->uuid, uuid);
        return false;
    }
    if (!same(life->other_uuid, uuid)) {
        put_text(life->other_uuid, sizeof life->other_uuid, uuid);
        s->durable = true;
    }
    snprintf(why, sizeof why, "two machines have this MAC: UUIDs %s and %.36s", life->uuid,
             life->other_uuid);
    say(decision, EL_LIFE_GETS_MENU, why);
    return true;
}

static void follow_once(struct step *s, struct el_life_decision *decision)
{
    s->next->once = s->intent->once;
    s->next->once_boot = s->event->boot;
    put_text(s->next->once_entry, sizeof s->next->once_entry, s->intent->once_entry);
    say_entry(decision, s->next->once_entry);
    s->durable = true;
}

static void decide_unknown(const struct step *s, struct el_life_decision *decision)
{
    switch (s->intent->unknown) {
    case EL_LIFE_UNKNOWN_MENU: break;
    case EL_LIFE_UNKNOWN_WAIT:
        say(decision, EL_LIFE_GETS_WAIT, "nobody has said yet what this machine is to be");
        return;
    case EL_LIFE_UNKNOWN_INVENTORY: say_entry(decision, s->intent->inventory); return;
    }
    decision->kind = EL_LIFE_GETS_MENU;
}

/* What it gets for its profile, which it has. */
static void decide_profile(struct step *s, struct el_life_decision *decision)
{
    const struct el_life_intent *intent = s->intent;
    struct el_life *life = s->next;
    bool asked_again = intent->reinstall && intent->reinstall != life->reinstall;
    bool another = !same(life->profile, intent->profile);

    if (life->state == EL_LIFE_INSTALLED && !asked_again && !intent->live)
        decision->kind = EL_LIFE_GETS_LOCAL;
    else if (life->state == EL_LIFE_FAILED && !asked_again && !another && !intent->live)
        say(decision, intent->failed_local ? EL_LIFE_GETS_LOCAL : EL_LIFE_GETS_MENU, life->why);
    else if (has(intent->broken))
        say(decision, EL_LIFE_GETS_MENU, intent->broken);
    else if (intent->live)
        decision->kind = EL_LIFE_GETS_LIVE;
    else if (life->state == EL_LIFE_INSTALLING && !asked_again && !another)
        begin(s, life->attempts + 1, decision);
    else
        begin(s, 1, decision);
    if (decision->kind == EL_LIFE_GETS_INSTALLER)
        life->reinstall = intent->reinstall;
}

static void decide(struct step *s, struct el_life_decision *decision)
{
    const struct el_life_intent *intent = s->intent;
    struct el_life *life = s->next;

    settle(s);
    if (intent->once && intent->once != life->once) {
        follow_once(s, decision);
    } else if (life->state == EL_LIFE_INSTALLING && life->reboots) {
        decision->kind = EL_LIFE_GETS_LOCAL;
    } else if (has(intent->profile)) {
        decide_profile(s, decision);
    } else if (life->state == EL_LIFE_INSTALLED) {
        decision->kind = EL_LIFE_GETS_LOCAL;
    } else if (intent->known || life->state != EL_LIFE_DISCOVERED) {
        say(decision, EL_LIFE_GETS_MENU, life->why);
    } else {
        decide_unknown(s, decision);
    }
}

static void on_intent(struct step *s)
{
    const struct el_life_intent *intent = s->intent;
    struct el_life *life = s->next;
    enum el_life_state state = has(intent->profile) ? EL_LIFE_ASSIGNED
                               : intent->known      ? EL_LIFE_KNOWN
                                                    : EL_LIFE_DISCOVERED;

    if (life->state == EL_LIFE_INSTALLING || life->state == EL_LIFE_INSTALLED)
        return;
    /* A memory that was lost (boot.db) must not install what others know to be installed. */
    if (intent->installed) {
        life->reinstall = intent->reinstall;
        put_text(life->profile, sizeof life->profile, intent->profile);
        enter(s, EL_LIFE_INSTALLED);
        return;
    }
    /* Another profile is another try; the same one has to be asked for. */
    if (life->state == EL_LIFE_FAILED &&
        (!has(intent->profile) || same(life->profile, intent->profile)))
        return;
    if (life->state != state)
        enter(s, state);
}

static void visit(struct step *s, struct el_life_decision *decision)
{
    const struct el_life_event *event = s->event;
    struct el_life *life = s->next;

    *decision = (struct el_life_decision){.kind = EL_LIFE_GETS_MENU};
    if (is_other(s, decision) || answered(s, decision))
        return;
    s->durable =
        s->durable || !life->kept || life->platform != event->platform || life->arch != event->arch;
    life->platform = event->platform;
    life->arch = event->arch;
    on_intent(s);
    decide(s, decision);
    if (life->state == EL_LIFE_INSTALLING) { /* which start that was is part of its life */
        s->durable = true;
        life->boot = event->boot;
        life->answer = (uint8_t)decision->kind;
        life->reboots = false;
    }
}

/* -- what else happens -- */

static void on_step(struct step *s)
{
    struct el_life *life = s->next;
    char name[EL_LIFE_STEP];

    put_step(name, s->event->text);
    if (life->state != EL_LIFE_INSTALLING || !name[0] || same(life->step, name))
        return;
    memcpy(life->step, name, sizeof name);
    if (s->event->kind == EL_LIFE_FETCHED)
        return;
    life->reboots = same(name, "reboot");
    s->durable = true;
}

static void on_failure(struct step *s)
{
    char why[EL_LIFE_WHY];

    if (s->next->state != EL_LIFE_INSTALLING || s->next->failed)
        return;
    snprintf(why, sizeof why, "%.70s; its last step: %s",
             has(s->event->text) ? s->event->text : "it said that it has failed",
             s->next->step[0] ? s->next->step : "none");
    fail(s, why);
}

bool el_life_next(const struct el_life *life, const struct el_life_intent *intent,
                  const struct el_life_event *event, struct el_life *next,
                  struct el_life_decision *decision)
{
    struct step s = {intent, event, next, false};
    struct el_life_decision unheard;
    bool installing = life->state == EL_LIFE_INSTALLING;

    *next = *life;
    if (event->kind != EL_LIFE_INTENT)
        next->seen_s = event->now_s;
    switch (event->kind) {
    case EL_LIFE_SEEN: break;
    case EL_LIFE_VISIT: visit(&s, decision ? decision : &unheard); break;
    case EL_LIFE_FETCHED:
    case EL_LIFE_STEP_TOLD: on_step(&s); break;
    case EL_LIFE_ASKED:
        s.durable = installing && !life->asked;
        next->asked = life->asked || installing;
        break;
    case EL_LIFE_DONE:
        if (installing)
            finish(&s, true);
        break;
    case EL_LIFE_FAILURE: on_failure(&s); break;
    case EL_LIFE_HANDED:
        s.durable = (life->handed | event->bit) != life->handed;
        next->handed |= event->bit;
        break;
    case EL_LIFE_INTENT: on_intent(&s); break;
    }
    next->kept = next->kept || s.durable;
    return s.durable;
}
