/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the header of a response means for a file that is being fetched, part of which may be here
 * already (RFC 9110 §14, §15).
 */
#ifndef EL_FETCH_FETCH_HEAD_IO_H
#define EL_FETCH_FETCH_HEAD_IO_H

#include "fetch/url.h"
#include "http/http_response.h"

#include <stdint.h>

#define EL_FETCH_UNKNOWN UINT64_MAX /* a size that was not said */

enum {
    EL_FETCH_VALIDATOR_BYTES = 200, /* of an entity tag or a date, with its NUL */
    EL_FETCH_FIELD_BYTES = 80,
};

/* Where the fields go that count here. */
struct el_fetch_fields {
    char location[EL_FETCH_TARGET_BYTES + EL_FETCH_HOST_BYTES + 16];
    char length[EL_FETCH_FIELD_BYTES], range[EL_FETCH_FIELD_BYTES], encoding[EL_FETCH_FIELD_BYTES];
    char etag[EL_FETCH_VALIDATOR_BYTES], modified[EL_FETCH_VALIDATOR_BYTES];
    struct el_http_wanted wanted[6];
};

/* Has RESPONSE look for them. FIELDS must not move afterwards. */
void el_fetch_fields_begin(struct el_fetch_fields *fields, struct el_http_response *response);

enum el_fetch_verdict {
    EL_FETCH_TAKE,     /* what comes is the file, from `offset` on */
    EL_FETCH_WHOLE,    /* nothing comes: what is here is all of it */
    EL_FETCH_ANEW,     /* what is here is of no use: ask again for all of it */
    EL_FETCH_REDIRECT, /* it is at `location` */
    EL_FETCH_LATER,    /* the server is busy, or has a fault: it may be otherwise soon */
    EL_FETCH_REFUSED,  /* by its status */
    EL_FETCH_NONSENSE, /* not an answer to what was asked */
};

struct el_fetch_head {
    enum el_fetch_verdict verdict;
    int status;
    uint64_t offset; /* bytes */
    uint64_t total;  /* bytes of the whole file, or EL_FETCH_UNKNOWN */
    const char *location;
    /* With which the rest can be asked for another time, if the file is the same by then: a strong
     * entity tag, or else a date; "": it cannot. */
    const char *validator;
};

/* RESPONSE, whose header is complete, answers a question for what is behind the first HERE bytes
 * (0: for all of it). The texts are those of FIELDS. */
void el_fetch_head_read(const struct el_http_response *response,
                        const struct el_fetch_fields *fields, uint64_t here,
                        struct el_fetch_head *head);

#endif
