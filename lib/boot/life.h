/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The life of a machine: what has happened to it, and so what it gets when it starts from the
 * network. Above all: an installation that was asked for once is made once.
 *
 * A person's intent (a profile, one other start, to install it again) comes from outside, with each
 * question, and is never changed here. Intents that are to be followed once have an id; that it has
 * been followed is written down here, so that neither a crash on this side nor on the intent's can
 * lose or repeat it.
 *
 * A machine says who it is by its MAC, and which start this is by a number that the first script of
 * each start has in it (boot.h): who asks twice in one start, since an answer was lost or we
 * crashed before it was sent, gets the same answer; who asks in another start has been away
 * between.
 *
 *     event, intent --> el_life_next() --> a changed life, and for a visit what the machine gets
 *
 * el_life_next() is pure; lives.h keeps the lives, and lets nobody see a change that is not on the
 * disk. Times are seconds of the wall clock, given by the caller, and only shown to people: nothing
 * here is decided by a clock.
 */
#ifndef EL_BOOT_LIFE_H
#define EL_BOOT_LIFE_H

#include "base/addr.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    EL_LIFE_ATTEMPTS = 2, /* of one installation; then it has failed */
    EL_LIFE_NAME = 64,    /* of a machine, a profile, an entry: with the NUL */
    EL_LIFE_ENTRY = 65,
    EL_LIFE_TOKEN = 27, /* 128 bits in base32, and the NUL */
    EL_LIFE_UUID = 37,
    EL_LIFE_STEP = 33, /* lower-case letters, digits and dashes, and the NUL */
    EL_LIFE_WHY = 128,
};

/*
 * DISCOVERED  it was seen; nobody has said anything about it. The hub's policy decides
 *             (enum el_life_unknown). -> KNOWN, ASSIGNED by what a person says.
 * KNOWN       it has a name or another property, and no profile: it gets the menu.
 * ASSIGNED    it has a profile and has not begun with it. Its next start installs: -> INSTALLING.
 *             A profile of a live system is never more than assigned: it is started each time.
 * INSTALLING  it was sent its installer. Ends when
 *               - the installation says so (/m/TOKEN/done): -> INSTALLED; or that it has failed;
 *               - it starts from the network again. If its installation was to say when it is
 *                 done (the profile has a template), it has not got there: that attempt has
 *                 failed. If nobody was to say anything, it is judged by what it did: once its
 *                 system has asked DHCP for an address, an installer has run, and since whoever
 *                 has run it is asked for nothing, it counts as INSTALLED; one whose kernel never
 *                 came as far has failed.
 *             A failed attempt is made again, EL_LIFE_ATTEMPTS in all: then -> FAILED.
 * INSTALLED   it gets its own disk, for ever: only a person installs it again. Another profile
 *             alone does not: there are data on it.
 * FAILED      the installation stopped, `step` and `why` say where. It gets the menu, or its own
 *             disk; -> INSTALLING when a person asks.
 */
enum el_life_state {
    EL_LIFE_DISCOVERED,
    EL_LIFE_KNOWN,
    EL_LIFE_ASSIGNED,
    EL_LIFE_INSTALLING,
    EL_LIFE_INSTALLED,
    EL_LIFE_FAILED,
    EL_LIFE_STATES
};
extern const char *const el_life_state_names[EL_LIFE_STATES + 1]; /* "discovered", ... */

struct el_life {
    struct el_mac mac;
    enum el_life_state state;
    int64_t since_s;                /* of the state */
    int64_t seen_s;                 /* when it last came for something */
    uint64_t boot;                  /* the start in which INSTALLING was answered last; 0: none */
    uint8_t answer;                 /* and what: enum el_life_decision_kind */
    unsigned attempts;              /* of this installation, with the one under way */
    bool tells;                     /* this installation is to say when it is done */
    bool failed;                    /* this attempt has said that it has failed, */
    bool reboots;                   /* or that it starts anew and is not over */
    char profile[EL_LIFE_NAME];     /* that is, or was last, installed */
    char token[EL_LIFE_TOKEN];      /* of the installation: names its pages /m/TOKEN/; a secret */
    char step[EL_LIFE_STEP];        /* the last that it told, or we saw */
    char why[EL_LIFE_WHY];          /* of FAILED, of an attempt that failed, or of a conflict */
    uint64_t once;                  /* the last intent `once` that was followed, */
    uint64_t once_boot;             /* in which start: asked again in it, the same is answered, */
    char once_entry[EL_LIFE_ENTRY]; /* this */
    uint64_t reinstall;             /* the last intent `reinstall` that was followed */
    bool asked; /* in this attempt a system on it, not its firmware, asked DHCP for an address */
    bool told;  /* INSTALLED: it said so; else it was judged */
    bool kept;  /* it has come for something, and so is remembered */
    unsigned handed; /* secrets that have been handed out in this attempt: bits of lib/profile */
    char uuid[EL_LIFE_UUID];       /* as its firmware says; empty: not said */
    char other_uuid[EL_LIFE_UUID]; /* another machine came with the same MAC: its own */
    uint8_t platform, arch;        /* enum el_boot_platform, el_boot_arch, of its last visit */
};

/* -- what a person wants -- */

/* What is done with machines of which nobody has said anything. */
enum el_life_unknown {
    EL_LIFE_UNKNOWN_MENU,
    EL_LIFE_UNKNOWN_WAIT,      /* they ask again now and then, until a person has said something */
    EL_LIFE_UNKNOWN_INVENTORY, /* they start an entry of the menu */
};

/* Strings may be NULL, and are only read during a call. */
struct el_life_intent {
    bool known;          /* a person has said something about this machine */
    const char *profile; /* NULL or empty: none */
    const char *broken;  /* the profile cannot be followed now (unknown, its image is gone): why */
    bool live;           /* the profile's system is not installed: it is started each time */
    bool tells;          /* its installation says when it is done (a template has that in it) */
    bool installed; /* it was, as is known elsewhere; told to a life that has lost its memory */
    uint64_t once;  /* 0: none */
    const char *once_entry; /* an entry's name, "local" or "menu" */
    uint64_t reinstall;     /* 0: was never asked for */
    enum el_life_unknown unknown;
    const char *inventory; /* the entry for EL_LIFE_UNKNOWN_INVENTORY */
    bool failed_local;     /* a failed machine gets its disk, and not the menu */
};

/* -- what happens -- */

enum el_life_event_kind {
    EL_LIFE_SEEN,      /* its firmware asks DHCP for a loader */
    EL_LIFE_VISIT,     /* its loader asks what to do: gets a decision */
    EL_LIFE_FETCHED,   /* it fetched something of its installation: text is the step */
    EL_LIFE_ASKED,     /* a system that runs on it asks DHCP for an address */
    EL_LIFE_STEP_TOLD, /* /m/TOKEN/step: text is the step; "reboot": see INSTALLING */
    EL_LIFE_DONE,      /* /m/TOKEN/done */
    EL_LIFE_FAILURE,   /* /m/TOKEN/failed: text is why */
    EL_LIFE_HANDED,    /* a page with secrets is handed out: bit */
    EL_LIFE_INTENT,    /* a person has said something */
};

struct el_life_event {
    enum el_life_event_kind kind;
    int64_t now_s;
    const char *text; /* any bytes; what does not fit is cut, what is not plain text is replaced */
    unsigned bit;
    /* Of a VISIT. */
    uint64_t boot;                   /* which start; 0: not told, each visit is one */
    const char *uuid;                /* as its firmware says; NULL: not said */
    uint8_t platform, arch;          /* enum el_boot_platform, el_boot_arch */
    char fresh_token[EL_LIFE_TOKEN]; /* random: for an installation that begins now */
};

/* What a machine gets. */
enum el_life_decision_kind {
    EL_LIFE_GETS_MENU,
    EL_LIFE_GETS_LOCAL,     /* its own disk */
    EL_LIFE_GETS_INSTALLER, /* of its profile, with the token of its life */
    EL_LIFE_GETS_LIVE,      /* the system of its profile */
    EL_LIFE_GETS_ENTRY,     /* `entry`, once, or as its inventory */
    EL_LIFE_GETS_WAIT,      /* a message, and to ask again */
};

struct el_life_decision {
    enum el_life_decision_kind kind;
    char entry[EL_LIFE_ENTRY];
    char why[EL_LIFE_WHY]; /* for a person at its console and for the log; may be empty */
};

/* The life after EVENT, from LIFE, in NEXT (another). True: something that must survive has
 * changed. DECISION: of a VISIT, else NULL. */
bool el_life_next(const struct el_life *life, const struct el_life_intent *intent,
                  const struct el_life_event *event, struct el_life *next,
                  struct el_life_decision *decision);

#endif
