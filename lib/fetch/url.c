/* SPDX-License-Identifier: GPL-2.0-or-later */
/* URLs, taken apart and put together. */
#include "fetch/url.h"

#include "base/addr.h"
#include "base/wire.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HTTP_PORT = 80, HTTPS_PORT = 443, PROXY_PORT = 3128 };

/* Whether TEXT begins with PREFIX, which is in lower case, in whatever case. */
static bool begins(const char *text, const char *prefix)
{
    for (; *prefix; text++, prefix++)
        if (tolower((unsigned char)*text) != *prefix)
            return false;
    return true;
}

/* -- parts -- */

/* A name or an address, as it is compared. */
static int take_host(const char *from, size_t len, char host[EL_FETCH_HOST_BYTES])
{
    struct el_ip ip;
    bool bracketed = len > 2 && from[0] == '[' && from[len - 1] == ']';

    from += bracketed;
    len -= bracketed ? 2 : 0;
    if (len == 0 || len >= EL_FETCH_HOST_BYTES)
        return EL_EINVAL;
    for (size_t i = 0; i < len; i++) {
        char c = (char)tolower((unsigned char)from[i]);
        if (!isalnum((unsigned char)c) && !strchr(bracketed ? ":." : ".-_", c))
            return EL_EINVAL;
        host[i] = c;
    }
    host[len] = '\0';
    return bracketed && (el_ip_parse(host, &ip) < 0 || ip.family != 6) ? EL_EINVAL : 0;
}

/* HOST[:PORT], LEN characters of it. */
static int take_authority(const char *from, size_t len, char host[EL_FETCH_HOST_BYTES],
                          uint16_t *port)
{
    size_t host_len = len;
    uint32_t number = 0;

    while (host_len > 0 && isdigit((unsigned char)from[host_len - 1]))
        host_len--;
    if (host_len == 0 || from[host_len - 1] != ':')
        return take_host(from, len, host);
    for (size_t i = host_len; i < len && number <= UINT16_MAX; i++)
        number = number * 10 + (uint32_t)(from[i] - '0');
    if (number > UINT16_MAX || (number == 0 && host_len < len))
        return EL_EINVAL;
    if (number > 0) /* "host:" is allowed and says nothing */
        *port = (uint16_t)number;
    return take_host(from, host_len - 1, host);
}

/* Path and query up to a fragment; a path that is not there is "/". */
static int take_target(const char *from, char target[EL_FETCH_TARGET_BYTES])
{
    size_t len = strcspn(from, "#"), at = 0;

    if (*from != '/')
        target[at++] = '/';
    if (at + len >= EL_FETCH_TARGET_BYTES)
        return EL_EINVAL;
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)from[i] <= ' ' || (unsigned char)from[i] >= 0x7f)
            return EL_EINVAL;
        target[at++] = from[i];
    }
    target[at] = '\0';
    return 0;
}

/* -- whole URLs -- */

static int refuse(struct el_err *err, const char *text, const char *why)
{
    return el_err(err, EL_EINVAL, "%.200s: %s", text, why);
}

/* What follows "http:" or "https:": //AUTHORITY/PATH. */
static int parse_rest(const char *text, const char *rest, struct el_fetch_url *url,
                      struct el_err *err)
{
    url->port = url->tls ? HTTPS_PORT : HTTP_PORT;
    if (rest[0] != '/' || rest[1] != '/')
        return refuse(err, text, "not a URL such as https://host/path");
    rest += 2;
    size_t len = strcspn(rest, "/?#");
    if (memchr(rest, '@', len))
        return refuse(err, "the URL",
                      "a user's name in it is not supported: everybody on this "
                      "computer could read it");
    if (take_authority(rest, len, url->host, &url->port) < 0)
        return refuse(err, text, "no host, or no port, that could be one");
    if (take_target(rest + len, url->target) < 0)
        return refuse(err, text,
                      "its path has characters that must be written as %XX, or is too "
                      "long");
    return 0;
}

int el_fetch_url_parse(const char *text, struct el_fetch_url *url, struct el_err *err)
{
    *url = (struct el_fetch_url){.tls = begins(text, "https:")};
    if (!url->tls && !begins(text, "http:"))
        return refuse(err, text, "neither http:// nor https://");
    return parse_rest(text, text + (url->tls ? 6 : 5), url, err);
}

/* RFC 3986 §5.2.4, of the path in front of a query, in place. */
static void remove_dots(char *target)
{
    char copy[EL_FETCH_TARGET_BYTES];
    size_t path_len = strcspn(target, "?"), at = 0;

    memcpy(copy, target, strlen(target) + 1);
    for (size_t i = 0; i < path_len;) { /* on a slash */
        size_t len = 1;
        while (i + len < path_len && copy[i + len] != '/')
            len++;
        bool last = i + len == path_len;
        if ((len == 2 && copy[i + 1] == '.') ||
            (len == 3 && copy[i + 1] == '.' && copy[i + 2] == '.')) {
            while (len == 3 && at > 0 && target[--at] != '/')
                ;
            if (last)
                target[at++] = '/';
        } else {
            memmove(target + at, copy + i, len);
            at += len;
        }
        i += len;
    }
    if (at == 0)
        target[at++] = '/';
    memmove(target + at, copy + path_len, strlen(copy + path_len) + 1);
}

/* Whether REFERENCE names a scheme of its own: a letter, then letters, digits and "+-.", a colon.
 */
static bool has_scheme(const char *reference)
{
    size_t len = 0;

    while (isalnum((unsigned char)reference[len]) ||
           (reference[len] && strchr("+-.", reference[len])))
        len++;
    return len > 0 && isalpha((unsigned char)reference[0]) && reference[len] == ':';
}

int el_fetch_url_join(const struct el_fetch_url *base, const char *reference,
                      struct el_fetch_url *url, struct el_err *err)
{
    char target[2 * EL_FETCH_TARGET_BYTES];
    size_t keep = 0;

    if (has_scheme(reference))
        return el_fetch_url_parse(reference, url, err);
    *url = *base;
    if (reference[0] == '/' && reference[1] == '/')
        return parse_rest(reference, reference, url, err);
    if (reference[0] == '?')
        keep = strcspn(base->target, "?");
    else if (reference[0] == '\0' || reference[0] == '#')
        keep = strlen(base->target);
    else if (reference[0] != '/')
        for (size_t i = 0; base->target[i] && base->target[i] != '?'; i++)
            keep = base->target[i] == '/' ? i + 1 : keep;
    int len = snprintf(target, sizeof target, "%.*s%s", (int)keep, base->target, reference);
    if (len < 0 || (size_t)len >= sizeof target || take_target(target, url->target) < 0)
        return refuse(err, reference, "not a URL");
    remove_dots(url->target);
    return 0;
}

char *el_fetch_url_authority(const struct el_fetch_url *url, bool always_port,
                             char text[EL_FETCH_HOST_BYTES + 9])
{
    bool is_ip6 = strchr(url->host, ':') != NULL;
    bool own = url->port == (url->tls ? HTTPS_PORT : HTTP_PORT);
    char port[8] = "";

    if (always_port || !own)
        snprintf(port, sizeof port, ":%u", url->port);
    snprintf(text, EL_FETCH_HOST_BYTES + 9, "%s%s%s%s", is_ip6 ? "[" : "", url->host,
             is_ip6 ? "]" : "", port);
    return text;
}

char *el_fetch_url_text(const struct el_fetch_url *url, char text[EL_FETCH_URL_BYTES])
{
    char authority[EL_FETCH_HOST_BYTES + 9];

    snprintf(text, EL_FETCH_URL_BYTES, "http%s://%s%s", url->tls ? "s" : "",
             el_fetch_url_authority(url, false, authority), url->target);
    return text;
}

/* -- files -- */

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)tolower((unsigned char)c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* LEN characters with %XX for others; a NUL is in no text. */
static int decode(const char *from, size_t len, char *to, size_t capacity)
{
    size_t at = 0;

    for (size_t i = 0; i < len; i++) {
        int c = (unsigned char)from[i];
        if (c == '%') {
            int high = len - i < 3 ? -1 : hex(from[i + 1]);
            int low = high < 0 ? -1 : hex(from[i + 2]);
            if (low < 0)
                return EL_EINVAL;
            c = high << 4 | low;
            i += 2;
        }
        if (c == 0 || at + 1 >= capacity)
            return EL_EINVAL;
        to[at++] = (char)c;
    }
    to[at] = '\0';
    return 0;
}

int el_fetch_url_file(const char *text, char *path, size_t capacity, struct el_err *err)
{
    const char *rest = text + 5;

    if (!begins(text, "file:"))
        return EL_ENOENT;
    if (begins(rest, "//localhost/"))
        rest += 11;
    else if (rest[0] == '/' && rest[1] == '/')
        rest += 2;
    if (*rest != '/' || decode(rest, strlen(rest), path, capacity) < 0)
        return refuse(err, text, "not a path on this computer, such as file:///srv/debian.iso");
    return 0;
}

/* -- proxies -- */

/* Whether ENTRY of no_proxy (LEN characters) means HOST: the whole of it, or an end of it that
 * begins at a dot. */
static bool is_without(const char *entry, size_t len, const char *host)
{
    size_t host_len = strlen(host);

    if (len == 1 && *entry == '*')
        return true;
    while (len > 0 && *entry == '.') {
        entry++;
        len--;
    }
    if (len == 0 || len > host_len)
        return false;
    const char *end = host + host_len - len;
    for (size_t i = 0; i < len; i++)
        if (tolower((unsigned char)entry[i]) != end[i])
            return false;
    return end == host || end[-1] == '.';
}

static bool goes_without(const char *list, const char *host)
{
    static const char separators[] = ", \t";

    for (list += strspn(list, separators); *list; list += strspn(list, separators)) {
        size_t len = strcspn(list, separators);
        if (is_without(list, len, host))
            return true;
        list += len;
    }
    return false;
}

int el_fetch_proxy_for(const struct el_fetch_proxies *proxies, const struct el_fetch_url *url,
                       struct el_fetch_proxy *proxy, struct el_err *err)
{
    const char *said = url->tls ? proxies->https : proxies->http;
    const char *name = url->tls ? "https_proxy" : "http_proxy";

    if (!said || !*said || (proxies->none && goes_without(proxies->none, url->host)))
        return 0;
    *proxy = (struct el_fetch_proxy){.port = PROXY_PORT};
    if (begins(said, "http://")) {
        proxy->port = HTTP_PORT;
        said += 7;
    } else if (strstr(said, "://")) {
        return el_err(err, EL_EINVAL,
                      "%s: only proxies that are spoken to in plain http are "
                      "supported: http://HOST:PORT",
                      name);
    }
    size_t len = strcspn(said, "/?#");
    const char *at = memchr(said, '@', len);
    if (at && decode(said, (size_t)(at - said), proxy->secret, sizeof proxy->secret) < 0)
        return el_err(err, EL_EINVAL, "%s: its user and password cannot be read", name);
    if (at) {
        len -= (size_t)(at + 1 - said);
        said = at + 1;
    }
    if (take_authority(said, len, proxy->host, &proxy->port) < 0)
        return el_err(err, EL_EINVAL, "%s: not an address such as http://HOST:PORT", name);
    return 1;
}
