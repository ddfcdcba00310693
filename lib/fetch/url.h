/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where something is fetched from: URLs of http, https and file (RFC 3986, RFC 9110 §4.2), where a
 * redirection leads, and which proxy stands in between.
 *
 * Nothing here waits, opens or asks. What a server says (Location) is as hostile as all else.
 */
#ifndef EL_FETCH_URL_H
#define EL_FETCH_URL_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    EL_FETCH_HOST_BYTES = 254,    /* RFC 1035 §2.3.4, with its NUL */
    EL_FETCH_TARGET_BYTES = 2048, /* of path and query together */
    EL_FETCH_URL_BYTES = EL_FETCH_HOST_BYTES + EL_FETCH_TARGET_BYTES + 32,
    EL_FETCH_SECRET_BYTES = 256, /* of a proxy's user and password */
};

struct el_fetch_url {
    bool tls;                           /* https */
    char host[EL_FETCH_HOST_BYTES];     /* a name in lower case, or an address without brackets */
    uint16_t port;                      /* never 0 */
    char target[EL_FETCH_TARGET_BYTES]; /* path and query as they are sent; begins with a slash */
};

/* An absolute URL of http or https; a fragment is left out. 0, or EL_EINVAL with a sentence: also
 * for one with a user's name in it, since its password would be seen by everybody on this
 * computer. */
int el_fetch_url_parse(const char *text, struct el_fetch_url *url, struct el_err *err);

/* What REFERENCE (absolute or relative, RFC 3986 §5.2) means on the page BASE. 0 or EL_EINVAL. */
int el_fetch_url_join(const struct el_fetch_url *base, const char *reference,
                      struct el_fetch_url *url, struct el_err *err);

/* "https://host:8443/path?query"; the port only if it is not the scheme's own. Returns TEXT. */
char *el_fetch_url_text(const struct el_fetch_url *url, char text[EL_FETCH_URL_BYTES]);

/* "host:8443", "[2001:db8::1]": for the Host field; with ALWAYS_PORT, for CONNECT. Returns TEXT. */
char *el_fetch_url_authority(const struct el_fetch_url *url, bool always_port,
                             char text[EL_FETCH_HOST_BYTES + 9]);

/* The path of file:///path or file://localhost/path, decoded. 0; EL_ENOENT: another scheme's;
 * EL_EINVAL: it is another computer's, not a path, or too long. */
int el_fetch_url_file(const char *text, char *path, size_t capacity, struct el_err *err);

/* -- proxies -- */

/* As the environment says it; NULL or "": nothing is said. */
struct el_fetch_proxies {
    const char *http, *https; /* "http://proxy:3128", "proxy:3128", "http://user:word@proxy" */
    const char *none;         /* hosts without: "localhost,.example.org,10.1.2.3"; "*": all */
};

struct el_fetch_proxy {
    char host[EL_FETCH_HOST_BYTES];
    uint16_t port;
    char secret[EL_FETCH_SECRET_BYTES]; /* "user:word", decoded; "": none */
};

/* Through whom URL is asked for: 1 with PROXY, 0: nobody; EL_EINVAL: what is said is no proxy's
 * address, or of a kind that we do not speak. */
int el_fetch_proxy_for(const struct el_fetch_proxies *proxies, const struct el_fetch_url *url,
                       struct el_fetch_proxy *proxy, struct el_err *err);

#endif
