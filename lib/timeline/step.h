/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A step of a machine's start, as a person follows it: "DISCOVER, PXE x64-uefi", "loader
 * snponly.efi 34 %", "kernel linux", "called home"; or a diagnosis, in words, when the next one
 * does not come. A step is a value; whoever has an older one of the same id has less of the same.
 */
#ifndef EL_TIMELINE_STEP_H
#define EL_TIMELINE_STEP_H

#include "base/addr.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    EL_TIMELINE_TEXT = 256, /* bytes of a step's text, with NUL */
    EL_TIMELINE_LINE = 512, /* bytes of el_timeline_words(), with NUL */
};

enum el_timeline_kind {
    EL_TIMELINE_LINK,         /* its link came up */
    EL_TIMELINE_DISCOVER,     /* it asks for an address: which firmware, which processor */
    EL_TIMELINE_OFFER,        /* it was offered this address, and this file */
    EL_TIMELINE_UNANSWERED,   /* it asked, and was not answered: why */
    EL_TIMELINE_REQUEST,      /* it takes an address */
    EL_TIMELINE_OTHER_SERVER, /* it takes one, but another server's */
    EL_TIMELINE_ACK,          /* it has the address now */
    EL_TIMELINE_NAK,          /* it may not have it: why */
    EL_TIMELINE_DECLINE,      /* it found the address in use by somebody else */
    EL_TIMELINE_LOADER,       /* transfer: what its firmware starts */
    EL_TIMELINE_SCRIPT,       /* iPXE's first script */
    EL_TIMELINE_MENU,         /* it waits for somebody's choice */
    EL_TIMELINE_INSTALL,      /* an installation begins: of which profile */
    EL_TIMELINE_ENTRY,        /* it is sent to an entry of the menu: which, why */
    EL_TIMELINE_LOCAL,        /* it is sent to its own disk */
    EL_TIMELINE_WAIT,         /* it is told to wait for somebody's decision */
    EL_TIMELINE_KERNEL,       /* transfer */
    EL_TIMELINE_INITRD,       /* transfer */
    EL_TIMELINE_FILE,         /* transfer: anything else of an image */
    EL_TIMELINE_TEMPLATE,     /* transfer: its preseed, kickstart ... */
    EL_TIMELINE_PACKAGE,      /* transfer: the first package, and how many since */
    EL_TIMELINE_DNS,          /* it asked for its first name */
    EL_TIMELINE_NFS,          /* it mounted */
    EL_TIMELINE_REPORT,       /* its system says how far it is */
    EL_TIMELINE_HOME,         /* it called home: the installation is finished */
    EL_TIMELINE_FAILED,       /* it said that it failed: why */
    EL_TIMELINE_DIAGNOSIS,    /* what is wrong, in words */
};

enum { EL_TIMELINE_KINDS = EL_TIMELINE_DIAGNOSIS + 1 };

enum el_timeline_state {
    EL_TIMELINE_MOMENT,  /* no transfer */
    EL_TIMELINE_PROBED,  /* only the size was asked for */
    EL_TIMELINE_RUNNING, /* a transfer, and done of total bytes have arrived */
    EL_TIMELINE_DONE,
    EL_TIMELINE_BROKEN, /* it ended before its end */
};

enum { EL_TIMELINE_STATES = EL_TIMELINE_BROKEN + 1 };

struct el_timeline_step {
    uint32_t vni; /* the network */
    struct el_mac mac;
    uint32_t id;   /* among the machine's steps, from 1, in the order of their beginnings */
    uint32_t boot; /* which of the starts that were seen, from 1 */
    enum el_timeline_kind kind;
    enum el_timeline_state state;
    uint32_t count;              /* it happened so many times; at least 1 */
    int64_t began_ms, last_ms;   /* the first time and the last: milliseconds since 1970 */
    uint64_t done, total;        /* bytes of a transfer; total 0: not known */
    char text[EL_TIMELINE_TEXT]; /* one line, ASCII; whose, of what, why; may be empty */
};

/* "other-server", and back: 0 or EL_ENOENT. */
const char *el_timeline_kind_name(enum el_timeline_kind kind);
int el_timeline_kind_parse(const char *name, enum el_timeline_kind *kind);

/* "running", and back. */
const char *el_timeline_state_name(enum el_timeline_state state);
int el_timeline_state_parse(const char *name, enum el_timeline_state *state);

/* Transfers have a state that changes. */
bool el_timeline_is_transfer(enum el_timeline_kind kind);

/* For people, in a column of at most EL_TIMELINE_LABEL bytes: "DISCOVER", "kernel". */
enum { EL_TIMELINE_LABEL = 13 };
const char *el_timeline_label(enum el_timeline_kind kind);

/* The rest of the line: "debian-12/linux 34 % of 8.2 MB", "PXE x64-uefi (4 times)". */
char *el_timeline_words(const struct el_timeline_step *step, char line[EL_TIMELINE_LINE]);

#endif
