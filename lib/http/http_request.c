/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The reader of requests, around llhttp. */
#include "http/http_request.h"

#include <stdlib.h>
#include <string.h>

static struct el_http_reader *reader_of(llhttp_t *parser)
{
    return parser->data;
}

/* Ends the reading of this request for good. What it returns makes llhttp stop. */
static int refuse(struct el_http_reader *r, int status)
{
    if (!r->status)
        r->status = status;
    return HPE_USER;
}

/* -- collecting text: the parser hands it over in whatever pieces it comes -- */

static int append(struct el_http_reader *r, const char *at, size_t len, size_t limit, int status)
{
    if (r->text_used + len + 1 > limit)
        return refuse(r, status);
    memcpy(r->text + r->text_used, at, len);
    r->text_used += len;
    return 0;
}

static const char *piece_end(struct el_http_reader *r)
{
    const char *piece = r->text + r->piece;

    r->text[r->text_used++] = '\0'; /* append() has kept room for it */
    r->piece = r->text_used;
    return piece;
}

static int on_url(llhttp_t *parser, const char *at, size_t len)
{
    return append(reader_of(parser), at, len, EL_HTTP_TARGET_MAX, 414);
}

static int on_url_complete(llhttp_t *parser)
{
    struct el_http_reader *r = reader_of(parser);

    if (r->text_used + 1 > EL_HTTP_TARGET_MAX)
        return refuse(r, 414);
    r->request.target = piece_end(r);
    return 0;
}

/* Trailers are counted and forgotten: nothing in them may pass for a header field. */
static int on_text(llhttp_t *parser, const char *at, size_t len)
{
    return append(reader_of(parser), at, len, EL_HTTP_HEAD_MAX, 431);
}

static int on_field_complete(llhttp_t *parser)
{
    struct el_http_reader *r = reader_of(parser);

    if (r->header_done)
        return 0;
    if (r->request.field_count == EL_HTTP_FIELDS_MAX || r->text_used + 1 > EL_HTTP_HEAD_MAX)
        return refuse(r, 431);
    for (char *c = r->text + r->piece; c < r->text + r->text_used; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c + 32);
    r->fields[r->request.field_count].name = piece_end(r);
    return 0;
}

static int on_value_complete(llhttp_t *parser)
{
    struct el_http_reader *r = reader_of(parser);

    if (r->header_done)
        return 0;
    if (r->text_used + 1 > EL_HTTP_HEAD_MAX)
        return refuse(r, 431);
    r->fields[r->request.field_count++].value = piece_end(r);
    return 0;
}

/* -- the header as a whole -- */

static enum el_http_method method_of(uint8_t method)
{
    switch (method) {
    case HTTP_GET: return EL_HTTP_GET;
    case HTTP_HEAD: return EL_HTTP_HEAD;
    case HTTP_POST: return EL_HTTP_POST;
    case HTTP_PUT: return EL_HTTP_PUT;
    case HTTP_DELETE: return EL_HTTP_DELETE;
    case HTTP_PATCH: return EL_HTTP_PATCH;
    case HTTP_OPTIONS: return EL_HTTP_OPTIONS;
    default: return 0;
    }
}

/* One Host in HTTP/1.1, at most one in 1.0, and nothing in it that a host cannot have. */
static int check_host(struct el_http_reader *r)
{
    const struct el_http_request *request = &r->request;
    size_t hosts = 0;

    for (size_t i = 0; i < request->field_count; i++)
        hosts += strcmp(request->fields[i].name, "host") == 0;
    const char *host = el_http_field(request, "host");
    if (hosts > 1 || (hosts == 0 && r->parser.http_minor > 0))
        return 400;
    r->request.host = host ? host : "";
    return host && strpbrk(host, " \t,/\\@?#<>\"") ? 400 : 0;
}

static int examine(struct el_http_reader *r)
{
    if (r->parser.http_major != 1 || r->parser.http_minor > 1)
        return 505;
    r->request.method = method_of(r->parser.method);
    if (!r->request.method)
        return 501;
    int status = check_host(r);
    if (status)
        return status;
    r->has_body = r->parser.content_length > 0 || (r->parser.flags & F_CHUNKED);
    return el_http_target_parse(r->request.target, &r->request, r->params, r->decoded,
                                sizeof r->decoded);
}

static int on_headers_complete(llhttp_t *parser)
{
    struct el_http_reader *r = reader_of(parser);
    int status = examine(r);

    r->header_done = true;
    parser->upgrade = 0; /* we stay with HTTP/1.1; what follows is not another protocol */
    if (!status)
        status = r->header(r, r->arg);
    if (!status && !(parser->flags & F_CHUNKED) && parser->content_length > r->body_max)
        status = 413;
    return status ? refuse(r, status) : 0;
}

static int on_body(llhttp_t *parser, const char *at, size_t len)
{
    struct el_http_reader *r = reader_of(parser);

    if (len > r->body_max - r->request.body_len)
        return refuse(r, 413);
    if (!r->body && !(r->body = malloc(r->body_max)))
        return refuse(r, 503);
    memcpy(r->body + r->request.body_len, at, len);
    r->request.body = r->body;
    r->request.body_len += len;
    return 0;
}

static int on_message_complete(llhttp_t *parser)
{
    struct el_http_reader *r = reader_of(parser);

    r->complete = true;
    r->keep_alive = llhttp_should_keep_alive(parser) != 0;
    return HPE_PAUSED;
}

static const llhttp_settings_t *settings(void)
{
    static const llhttp_settings_t table = {
        .on_url = on_url,
        .on_header_field = on_text,
        .on_header_value = on_text,
        .on_headers_complete = on_headers_complete,
        .on_body = on_body,
        .on_message_complete = on_message_complete,
        .on_url_complete = on_url_complete,
        .on_header_field_complete = on_field_complete,
        .on_header_value_complete = on_value_complete,
    };

    return &table;
}

/* -- the reader -- */

static void reset(struct el_http_reader *r)
{
    free(r->body);
    r->body = NULL;
    r->body_max = 0;
    r->request = (struct el_http_request){
        .target = "", .path = "", .host = "", .fields = r->fields, .params = r->params};
    r->text_used = r->piece = 0;
    r->started = r->header_done = r->complete = r->has_body = r->keep_alive = false;
    r->status = 0;
}

void el_http_reader_init(struct el_http_reader *r,
                         int (*header)(struct el_http_reader *reader, void *arg), void *arg)
{
    llhttp_init(&r->parser, HTTP_REQUEST, settings());
    r->parser.data = r;
    r->header = header;
    r->arg = arg;
    r->body = NULL;
    reset(r);
}

void el_http_reader_end(struct el_http_reader *r)
{
    reset(r);
}

/* A method that we do not know is 501 if it could be one, and 400 if not (a TLS hello, say). */
static bool is_token(uint8_t c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           (c && strchr("!#$%&'*+-.^_`|~", c));
}

static int status_of_error(const struct el_http_reader *r, llhttp_errno_t error, const uint8_t *at,
                           const uint8_t *end)
{
    switch (error) {
    case HPE_INVALID_METHOD: return at < end && is_token(*at) ? 501 : 400;
    case HPE_PAUSED_H2_UPGRADE: return 505;
    case HPE_INVALID_VERSION: /* also said of a good version with a bare LF behind it */
        return r->parser.http_major == 1 && r->parser.http_minor <= 1 ? 400 : 505;
    default: return 400;
    }
}

size_t el_http_reader_input(struct el_http_reader *r, const uint8_t *bytes, size_t len)
{
    if (r->complete || r->status || len == 0)
        return 0;
    r->started = true;
    llhttp_errno_t error = llhttp_execute(&r->parser, (const char *)bytes, len);
    if (error == HPE_OK)
        return len;
    const uint8_t *at = (const uint8_t *)llhttp_get_error_pos(&r->parser);
    if (error == HPE_PAUSED && r->complete) {
        llhttp_resume(&r->parser);
        return (size_t)(at - bytes);
    }
    if (!r->status)
        r->status = status_of_error(r, error, at, bytes + len);
    return at ? (size_t)(at - bytes) : len;
}

void el_http_reader_next(struct el_http_reader *r)
{
    reset(r);
}
