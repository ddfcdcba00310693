/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Admission of requests. */
#include "tftp/tftp_table.h"

#include "base/time.h"

#include <string.h>

static bool same_options(const struct el_tftp_options *a, const struct el_tftp_options *b)
{
    return a->has_blksize == b->has_blksize && a->blksize == b->blksize &&
           a->has_timeout == b->has_timeout && a->timeout_s == b->timeout_s &&
           a->has_tsize == b->has_tsize && a->tsize == b->tsize &&
           a->has_windowsize == b->has_windowsize && a->windowsize == b->windowsize &&
           a->has_rollover == b->has_rollover && a->rollover == b->rollover;
}

static bool same_request(const struct el_tftp_request *a, const struct el_tftp_request *b)
{
    return a->mode == b->mode && strcmp(a->name, b->name) == 0 &&
           same_options(&a->options, &b->options);
}

static enum el_tftp_verdict again(struct el_tftp_session *s, uint64_t now_ns,
                                  const struct el_tftp_request *request)
{
    if (!s->transfer.confirmed)
        return EL_TFTP_RESTART;
    if (now_ns - s->heard_ns < EL_S && same_request(&s->request, request))
        return EL_TFTP_IGNORE;
    return EL_TFTP_REPLACE;
}

enum el_tftp_verdict el_tftp_admit(const struct el_tftp_table *table, uint64_t now_ns,
                                   const struct el_endpoint *client,
                                   const struct el_tftp_request *request,
                                   struct el_tftp_session **session)
{
    struct el_tftp_session *empty = NULL, *oldest = NULL;
    size_t of_client = 0, unconfirmed = 0;

    for (size_t i = 0; i < table->capacity; i++) {
        struct el_tftp_session *s = &table->sessions[i];
        if (!s->used) {
            empty = empty ? empty : s;
            continue;
        }
        if (el_endpoint_equal(&s->client, client)) {
            *session = s;
            return again(s, now_ns, request);
        }
        of_client += el_ip_equal(&s->client.ip, &client->ip);
        if (s->transfer.confirmed)
            continue;
        unconfirmed++;
        if (!oldest || s->began_ns < oldest->began_ns)
            oldest = s;
    }
    if (of_client >= table->per_client)
        return EL_TFTP_REFUSE;
    if (empty && unconfirmed < (table->capacity + 1) / 2) {
        *session = empty;
        return EL_TFTP_BEGIN;
    }
    *session = oldest;
    return oldest ? EL_TFTP_REPLACE : EL_TFTP_REFUSE;
}
