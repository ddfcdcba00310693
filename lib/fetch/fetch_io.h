/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fetching one file over http or https (fetch/url.h), however long it takes: through redirections
 * and proxies, from whichever of a host's addresses answers, and on from where it was cut off.
 *
 *     - an https host must show a certificate that is its own (net/tls.h), and does not redirect to
 *       plain http
 *     - each wait has an end: EL_FETCH_CONNECT_S for a connection, EL_FETCH_SILENCE_S without a
 *       byte. What has been cut off, or is refused for now (503), is tried again, EL_FETCH_TRIES
 *       times without a byte more than before, after longer and longer waits
 *     - of a file that has changed meanwhile (If-Range, RFC 9110 §13.1.5) all is fetched anew
 *
 * That the bytes are the right ones is for the caller to check, by their SHA-256.
 */
#ifndef EL_FETCH_FETCH_IO_H
#define EL_FETCH_FETCH_IO_H

#include "fetch/fetch_head_io.h"
#include "net/resolve.h"
#include "net/tls.h"

enum {
    EL_FETCH_CONNECT_S = 20,
    EL_FETCH_SILENCE_S = 60,
    EL_FETCH_TRIES = 5,
    EL_FETCH_REDIRECTS = 10,
};

struct el_fetch;

struct el_fetch_events {
    /* Bytes follow, from head->offset of the file on: those that have come, or 0 (what has come
     * before is of no use any more). It may come several times. 0, or an error that ends it all,
     * with its sentence in ERR. */
    int (*head)(void *arg, const struct el_fetch_head *head, struct el_err *err);
    int (*data)(void *arg, const uint8_t *bytes, size_t len, struct el_err *err);
    /* Something is being tried again, for this reason. NULL: of no interest. */
    void (*again)(void *arg, const char *why);
    /* All of it has come (CODE 0), or it has failed, with a sentence. Nothing is called after it.
     * The fetch may be freed here. */
    void (*ended)(void *arg, int code, const struct el_err *err);
};

struct el_fetch_config {
    struct el_net_resolver *resolver;     /* all of these outlive the fetch */
    const struct el_net_tls_trust *trust; /* NULL: https is refused */
    const struct el_fetch_proxies *proxies;
    const char *url;
    uint64_t here; /* so many bytes have come before */
    const char
        *validator;    /* … of the file for which this was said; "" or NULL: they do not count */
    unsigned pause_ms; /* before the first further try; doubles. 0: 500 */
};

/* NET is a provider from net/kernel.h. CONFIG is copied. 0, or an error with its sentence. */
int el_fetch_start(struct el_net *net, const struct el_fetch_config *config,
                   const struct el_fetch_events *events, void *arg, struct el_fetch **fetch,
                   struct el_err *err);

/* Gives it up; nothing is called. NULL is allowed. Not in `head`, `data` or `again`. */
void el_fetch_free(struct el_fetch *fetch);

#endif
