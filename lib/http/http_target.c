/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The target of a request (RFC 9112 §3.2): origin form, absolute form, asterisk.
 *
 * It is decoded exactly once, and dot segments are taken out of what is decoded: whoever hides
 * them behind %2e or %2f gains nothing.
 */
#include "http/http_request.h"

#include "base/wire.h"

#include <string.h>

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Appends FROM[0..len) decoded, and a NUL; returns where it begins, or NULL. Control characters
 * are in nobody's name. */
static char *decode(struct el_wire *w, const char *from, size_t len, bool plus)
{
    char *begin = (char *)w->at;

    for (size_t i = 0; i < len; i++) {
        int c = (unsigned char)from[i];
        if (c == '%') {
            if (len - i < 3)
                return NULL;
            int high = hex(from[i + 1]), low = hex(from[i + 2]);
            if (high < 0 || low < 0)
                return NULL;
            c = high << 4 | low;
            i += 2;
        } else if (c == '+' && plus) {
            c = ' ';
        }
        if (c < 0x20 || c == 0x7f)
            return NULL;
        el_wire_put_u8(w, (uint8_t)c);
    }
    el_wire_put_u8(w, 0);
    return el_wire_ok(w) ? begin : NULL;
}

/* RFC 3986 §5.2.4 in place; empty segments vanish too. False: it would leave the top, or has a
 * backslash, which some take for a slash. */
static bool remove_dots(char *path)
{
    char *to = path;

    if (*path != '/' || strchr(path, '\\'))
        return false;
    for (const char *at = path; *at;) {
        size_t len = strcspn(at + 1, "/"); /* at stands on a slash */
        const char *segment = at + 1;
        bool last = segment[len] == '\0';
        at = segment + len;
        if (len == 2 && memcmp(segment, "..", 2) == 0) {
            if (to == path)
                return false;
            while (*--to != '/')
                continue;
        } else if (len > 0 && !(len == 1 && *segment == '.')) {
            *to++ = '/';
            memmove(to, segment, len);
            to += len;
            continue;
        }
        if (last)
            *to++ = '/';
    }
    if (to == path)
        *to++ = '/';
    *to = '\0';
    return true;
}

static bool parse_query(struct el_wire *w, const char *query, struct el_http_request *request,
                        struct el_http_param params[EL_HTTP_PARAMS_MAX])
{
    for (size_t len; *query; query += len + (query[len] == '&')) {
        len = strcspn(query, "&");
        if (len == 0)
            continue;
        if (request->param_count == EL_HTTP_PARAMS_MAX)
            return false;
        const char *equals = memchr(query, '=', len);
        size_t name_len = equals ? (size_t)(equals - query) : len;
        struct el_http_param *param = &params[request->param_count++];
        param->name = decode(w, query, name_len, true);
        param->value = equals ? decode(w, equals + 1, len - name_len - 1, true) : "";
        if (!param->name || !param->value)
            return false;
    }
    return true;
}

int el_http_target_parse(const char *target, struct el_http_request *request,
                         struct el_http_param params[EL_HTTP_PARAMS_MAX], char *decoded,
                         size_t capacity)
{
    struct el_wire w = el_wire_write(decoded, capacity);

    request->params = params;
    request->param_count = 0;
    if (strcmp(target, "*") == 0) {
        request->path = "*";
        return request->method == EL_HTTP_OPTIONS ? 0 : 400;
    }

    /* http://host/path: the host in it counts, whatever the field says (RFC 9112 §3.2.2). */
    const char *scheme = "http://";
    size_t matched = 0;
    while (scheme[matched] && ((target[matched] >= 'A' && target[matched] <= 'Z'
                                    ? target[matched] + 32
                                    : target[matched]) == scheme[matched]))
        matched++;
    if (scheme[matched] == '\0') {
        target += matched;
        size_t host_len = strcspn(target, "/?");
        request->host = decode(&w, target, host_len, false);
        if (!request->host || host_len == 0 || memchr(target, '@', host_len))
            return 400;
        target += host_len;
    }
    size_t len = strcspn(target, "?");
    char *path = len ? decode(&w, target, len, false) : decode(&w, "/", 1, false);
    if (!path || strchr(target, '#') || !remove_dots(path))
        return 400;
    request->path = path;
    return target[len] == '\0' || parse_query(&w, target + len + 1, request, params) ? 0 : 400;
}
