/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The last frames of a network, in memory that two processes share: one puts frames in, always; the
 * other takes a copy when somebody asks. Nobody waits for the other, and neither has to trust him:
 * whoever reads checks every length, in a copy that nobody changes any more.
 *
 * The memory is a ring of records after a head of EL_RECENT_HEAD bytes. Positions count bytes that
 * were ever written. Before the writer overwrites the oldest records, he moves the tail past them;
 * so what a reader has copied is good from where the tail is *after* he copied.
 */
#ifndef EL_TIMELINE_RECENT_H
#define EL_TIMELINE_RECENT_H

#include "base/addr.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    EL_RECENT_BYTES = 8 << 20,  /* of the memory of one network */
    EL_RECENT_HEAD = 64,        /* of it, in front of the records */
    EL_RECENT_CAPTURED = 2048,  /* of a frame at most */
    EL_RECENT_BYTES_MIN = 8192, /* less is no ring */
};

struct el_recent_frame {
    uint64_t time_ns; /* since 1970 */
    bool is_out;      /* this computer sent it */
    uint32_t len;     /* on the wire */
    uint32_t captured;
    const uint8_t *bytes;
};

/* -- the writer -- */

/* Takes up MEMORY of SIZE bytes (a multiple of 8, aligned as malloc() does), as a writer before us
 * left it; what makes no sense is begun anew. */
void el_recent_begin(void *memory, size_t size);

/* A frame; what is longer than EL_RECENT_CAPTURED is cut. */
void el_recent_put(void *memory, size_t size, const struct el_recent_frame *frame);

/* -- the reader -- */

struct el_recent_copy {
    uint8_t *bytes; /* owned */
    size_t size;    /* of the ring */
    uint64_t at, end;
};

/* A copy of what is there now. 0 or EL_ENOMEM; nothing sensible is an empty copy. */
int el_recent_copy(const void *memory, size_t size, struct el_recent_copy *copy);

/* The next frame, the oldest first; false: that was all. */
bool el_recent_next(struct el_recent_copy *copy, struct el_recent_frame *frame);

void el_recent_copy_free(struct el_recent_copy *copy);

/* Whether FRAME is from or to MAC; an answer of DHCP to everybody is to him whom it names. */
bool el_recent_is_of(const struct el_recent_frame *frame, const struct el_mac *mac);

#endif
