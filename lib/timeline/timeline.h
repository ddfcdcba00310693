/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The timelines of machines: for each the last steps of its starts, and what is to be told of them.
 *
 * On the side that sees the machines, the boot service:
 *
 *     el_timeline_tell(timeline, clock, &news);                what has happened
 *     el_timeline_tick(timeline, clock);                       at el_timeline_deadline(): diagnoses
 *     while ((step = el_timeline_due(timeline, now_ns)))       and what others are to hear
 *         if (send(step) == 0)
 *             el_timeline_told(timeline);
 *
 * News that is more of the same (a DISCOVER again, a transfer that advances) goes into the step
 * that is there, which is then due again, but not more than once a second: so no machine and no
 * flood of them makes more than EL_TIMELINE_PER_S steps to be told, and nothing is lost by that:
 * what is not told yet is told later, as it is then.
 *
 * When the step that should come next does not come within its time, or the wrong one comes, there
 * is a step of kind diagnosis, from the table in diagnosis.c.
 *
 * On the side that shows them, control: el_timeline_keep() with each step that comes.
 *
 * Bounded: at most `machines` machines with EL_TIMELINE_STEPS steps each. Beyond, a machine that
 * never took an address makes room, the one that was silent for longest; then any such. Memory of a
 * machine (16 KB) is taken when it is first seen; if there is none, its news is dropped.
 */
#ifndef EL_TIMELINE_TIMELINE_H
#define EL_TIMELINE_TIMELINE_H

#include "timeline/step.h"

enum {
    EL_TIMELINE_STEPS = 48,
    EL_TIMELINE_MACHINES = 1024,
    EL_TIMELINE_PER_S = 200, /* steps told onward, in the long run, */
    EL_TIMELINE_BURST = 1000 /* and at once */
};

/* Who speaks DHCP, in the machine. */
enum el_timeline_client {
    EL_TIMELINE_SYSTEM, /* an operating system, or nobody knows */
    EL_TIMELINE_FIRMWARE,
    EL_TIMELINE_IPXE,
};

struct el_timeline_clock {
    uint64_t now_ns;
    int64_t wall_ms; /* since 1970 */
};

/* What has happened. Zeros where nothing is known. */
struct el_timeline_news {
    enum el_timeline_kind kind;
    struct el_mac mac;
    const char *text; /* the step's; what is not printable is replaced; too long: cut. NULL: "" */
    /* DISCOVER, OFFER, REQUEST, ACK: */
    enum el_timeline_client client;
    bool is_uefi;
    uint16_t secs;       /* DISCOVER: for how long it has been asking, as it says */
    struct el_ip ip;     /* OFFER, ACK: its address. OTHER_SERVER: that server's */
    struct el_mac other; /* OTHER_SERVER: that server's; zero: not known */
    const char *file;    /* OFFER, ACK: what it is to load; NULL: nothing */
    /* transfers: a beginning (state RUNNING, done 0), progress, an end */
    enum el_timeline_state state;
    bool is_new;          /* it begins: counts as another time */
    bool is_deaf;         /* BROKEN: not even the first block was acknowledged */
    uint64_t done, total; /* bytes */
};

struct el_timeline_config {
    uint32_t vni;       /* the network of what is told */
    const char *hub;    /* our address, for diagnoses; outlives the timelines. NULL: "the hub" */
    uint16_t http_port; /* 0: 80 */
    size_t machines;    /* 0: EL_TIMELINE_MACHINES */
};

struct el_timeline;

/* NULL: out of memory. */
struct el_timeline *el_timeline_new(const struct el_timeline_config *config);
void el_timeline_free(struct el_timeline *timeline); /* NULL is allowed */

/* -- what happens -- */

void el_timeline_tell(struct el_timeline *timeline, struct el_timeline_clock clock,
                      const struct el_timeline_news *news);

/* The machine that was last acknowledged address IP: 0, or EL_ENOENT. */
int el_timeline_mac_of(const struct el_timeline *timeline, const struct el_ip *ip,
                       struct el_mac *mac);

/* When tick or due want to be called; EL_NEVER: not by themselves. */
uint64_t el_timeline_deadline(const struct el_timeline *timeline);
void el_timeline_tick(struct el_timeline *timeline, struct el_timeline_clock clock);

/* -- telling it onward -- */

/* The next step that others should hear, until the next call of anything; NULL: none now. */
const struct el_timeline_step *el_timeline_due(struct el_timeline *timeline, uint64_t now_ns);

/* What due gave has been told. */
void el_timeline_told(struct el_timeline *timeline);

/* Others know nothing (any more): every step is due again. */
void el_timeline_tell_again(struct el_timeline *timeline, uint64_t now_ns);

/* -- the side that shows -- */

/* Keeps STEP, which came from the life SOURCE of its boot service (a number that another life does
 * not have). Gives it as it is kept, with an id of ours, until the next call; NULL: out of memory.
 */
const struct el_timeline_step *el_timeline_keep(struct el_timeline *timeline, uint64_t source,
                                                const struct el_timeline_step *step);

/* The steps of a machine, the oldest first: their number; 0: it is not known. Valid until anything
 * is told or kept. */
size_t el_timeline_steps(const struct el_timeline *timeline, uint32_t vni, const struct el_mac *mac,
                         const struct el_timeline_step *steps[EL_TIMELINE_STEPS]);

/* Its last step, NULL if it is not known: for lists of machines. */
const struct el_timeline_step *el_timeline_last(const struct el_timeline *timeline, uint32_t vni,
                                                const struct el_mac *mac);

#endif
