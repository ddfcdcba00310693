/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is wrong with a machine whose next step does not come, in plain words: a table of sentences,
 * each with where a machine has to be stuck, and for how long.
 *
 * Where a machine is, is its facts below, which follow what happens to it:
 *
 *     NOTHING -> ASKED -> OFFERED -> REQUESTED -> ADDRESSED -> LOADING -> LOADED     (firmware)
 *             -> ASKED -> OFFERED -> REQUESTED -> ADDRESSED -> SCRIPTED -> MENU      (iPXE)
 *             -> FETCHING -> BOOTING                                                 (kernel)
 *             -> ASKED -> OFFERED -> REQUESTED -> ADDRESSED -> TEMPLATED -> WORKING  (system)
 *             -> HOME, or RUNNING
 */
#ifndef EL_TIMELINE_DIAGNOSIS_H
#define EL_TIMELINE_DIAGNOSIS_H

#include "base/time.h"
#include "timeline/timeline.h"

enum el_timeline_stage {
    EL_STAGE_NOTHING, /* nothing is expected */
    EL_STAGE_LINKED,
    EL_STAGE_ASKED,
    EL_STAGE_OFFERED,
    EL_STAGE_REQUESTED,
    EL_STAGE_REFUSED, /* or it went to another server */
    EL_STAGE_ADDRESSED,
    EL_STAGE_LOADING, /* a loader */
    EL_STAGE_LOADED,
    EL_STAGE_SCRIPTED,
    EL_STAGE_MENU,
    EL_STAGE_SENT,     /* to an installer or another entry */
    EL_STAGE_FETCHING, /* a kernel, or what belongs to it */
    EL_STAGE_BOOTING,
    EL_STAGE_TEMPLATED,
    EL_STAGE_WORKING, /* an installation */
    EL_STAGE_HOME,    /* it was installed, and is to start anew */
    EL_STAGE_RUNNING, /* a system, of which nothing is expected */
    EL_STAGE_LOCAL,   /* it went to its own disk */
};

enum { EL_FACT_NAME = 96 };

struct el_timeline_facts {
    enum el_timeline_stage stage;
    enum el_timeline_client client; /* who asked for an address last */
    bool is_uefi;
    bool has_kernel;    /* since it asked for a loader */
    bool is_installing; /* a profile is being installed, so more is expected of it */
    uint64_t since_ns;  /* it is at this stage, or advanced there */
    uint16_t secs;      /* what its first DISCOVER said */
    unsigned asked;     /* DISCOVERs at this stage */
    unsigned deaf;      /* transfers of which not even the first block arrived */
    struct el_ip ip;
    char loader[EL_FACT_NAME]; /* what it is to load, or has loaded */
    char what[EL_FACT_NAME];   /* the last transfer, or installer's step */
    uint64_t done, total;      /* of the transfer */
};

/* What the sentences name of us. */
struct el_timeline_self {
    const char *hub;
    uint16_t http_port;
};

/* How long the next step is waited for, from since_ns: EL_NEVER: for ever. */
uint64_t el_diagnosis_wait_ns(const struct el_timeline_facts *facts);

/* It did not come: TEXT, and as what is returned the sentence of the table that it was made of,
 * which tells whether two diagnoses are the same one. NULL: nothing is wrong. */
const char *el_diagnosis_late(const struct el_timeline_facts *facts,
                              const struct el_timeline_self *self, char text[EL_TIMELINE_TEXT]);

/* The same when NEWS came, and FACTS are those from before it. */
const char *el_diagnosis_news(const struct el_timeline_facts *facts,
                              const struct el_timeline_news *news,
                              const struct el_timeline_self *self, char text[EL_TIMELINE_TEXT]);

/* What NEWS makes of the facts. */
void el_facts_follow(struct el_timeline_facts *facts, uint64_t now_ns,
                     const struct el_timeline_news *news);

/* NEWS is the beginning of another start: of the firmware, from its very beginning. */
bool el_facts_is_start(const struct el_timeline_facts *facts, uint64_t now_ns,
                       const struct el_timeline_news *news);

#endif
