/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From an answer to the pieces of a reply. */
#include "http/http_reply.h"

#include "base/csprng.h"
#include "base/err.h"
#include "base/wire.h"
#include "http/http_date.h"

#include <string.h>

enum { ETAG_TEXT = 80, BOUNDARY_TEXT = 33 };

/* The version of a representation, as its validators say it; empty and 0 if it has none. */
struct version {
    char etag[ETAG_TEXT];
    int64_t mtime_s;
};

static struct version version_of(const struct el_http_answer *answer, int64_t wall_s)
{
    const struct el_content_file *f = &answer->file;
    struct version version = {.etag = ""};

    if (!answer->has_file || f->mtime_s == 0)
        return version;
    struct el_wire w = el_wire_write(version.etag, sizeof version.etag - 1);
    el_wire_printf(&w, "\"%llx-%llx-%llx.%x\"", (unsigned long long)f->inode,
                   (unsigned long long)f->size, (unsigned long long)f->mtime_s, f->mtime_ns);
    /* RFC 9110 §8.8.2.1: a clock that was wrong when the file was written must not make it look
     * modified after it was sent. */
    version.mtime_s = f->mtime_s < wall_s ? f->mtime_s : wall_s;
    return version;
}

/* -- preconditions -- */

/* Whether TAG is in the list of entity tags. Weak comparison lets W/ pass (§8.8.3.2). */
static bool tag_in_list(const char *list, const char *tag, bool weak)
{
    size_t tag_len = strlen(tag);

    for (;;) {
        list += strspn(list, " \t,");
        bool is_weak = strncmp(list, "W/", 2) == 0;
        const char *opaque = list + (is_weak ? 2 : 0);
        if (*opaque != '"')
            return false;
        const char *end = strchr(opaque + 1, '"');
        if (!end)
            return false;
        size_t len = (size_t)(end + 1 - opaque);
        if (len == tag_len && memcmp(opaque, tag, len) == 0 && (weak || !is_weak))
            return true;
        list = end + 1;
    }
}

/* The fields may be repeated; each is a list. */
static bool tag_matches(const struct el_http_request *request, const char *name,
                        const struct version *version, bool weak)
{
    for (size_t i = 0; i < request->field_count; i++) {
        const char *value = request->fields[i].value;
        if (strcmp(request->fields[i].name, name) != 0)
            continue;
        if (strcmp(value, "*") == 0 || (*version->etag && tag_in_list(value, version->etag, weak)))
            return true;
    }
    return false;
}

/* The date in field NAME; false if there is none that can be understood. */
static bool date_field(const struct el_http_request *request, const char *name, int64_t wall_s,
                       int64_t *date)
{
    const char *value = el_http_field(request, name);

    return value && el_http_date_parse(value, wall_s, date) == 0;
}

/* §13.2.2, in its order: 200 (go on), 304 or 412. */
static int precondition(const struct el_http_request *request, const struct version *version,
                        int64_t wall_s)
{
    int64_t date;

    if (el_http_field(request, "if-match")) {
        if (!tag_matches(request, "if-match", version, false))
            return 412;
    } else if (version->mtime_s && date_field(request, "if-unmodified-since", wall_s, &date)) {
        if (version->mtime_s > date)
            return 412;
    }
    if (el_http_field(request, "if-none-match")) {
        if (tag_matches(request, "if-none-match", version, true))
            return 304;
    } else if (version->mtime_s && date_field(request, "if-modified-since", wall_s, &date)) {
        if (version->mtime_s <= date)
            return 304;
    }
    return 200;
}

/* §13.1.5: the range is meant for exactly this version. A date proves that only if the file has not
 * been written within its last second. */
static bool range_is_meant(const struct el_http_request *request, const struct version *version,
                           int64_t wall_s)
{
    const char *value = el_http_field(request, "if-range");
    int64_t date;

    if (!value)
        return true;
    if (*value == '"')
        return *version->etag && strcmp(value, version->etag) == 0;
    return version->mtime_s && el_http_date_parse(value, wall_s, &date) == 0 &&
           date == version->mtime_s && wall_s > version->mtime_s;
}

/* -- the body -- */

static uint64_t answer_size(const struct el_http_answer *answer)
{
    return answer->has_file ? answer->file.size : answer->len;
}

static void add_bytes(struct el_http_reply *reply, const uint8_t *bytes, uint64_t len)
{
    if (len)
        reply->pieces[reply->piece_count++] =
            (struct el_http_piece){.bytes = bytes, .fd = -1, .len = len};
}

/* LEN bytes of the answer from OFFSET. */
static void add_body(struct el_http_reply *reply, uint64_t offset, uint64_t len)
{
    const struct el_http_answer *answer = &reply->answer;

    reply->body_len += len;
    if (!answer->has_file)
        add_bytes(reply, answer->bytes + offset, len);
    else if (answer->file.bytes)
        add_bytes(reply, answer->file.bytes + offset, len);
    else if (len)
        reply->pieces[reply->piece_count++] =
            (struct el_http_piece){.fd = answer->file.fd, .offset = offset, .len = len};
}

/* The header of a part, or the end of the last. */
static void add_part_head(struct el_http_reply *reply, struct el_wire *w, const char *boundary,
                          const struct el_http_range *range)
{
    const uint8_t *begin = w->at;

    if (range)
        el_wire_printf(w,
                       "\r\n--%s\r\nContent-Type: %s\r\n"
                       "Content-Range: bytes %llu-%llu/%llu\r\n\r\n",
                       boundary, reply->answer.type, (unsigned long long)range->first,
                       (unsigned long long)range->last,
                       (unsigned long long)answer_size(&reply->answer));
    else
        el_wire_printf(w, "\r\n--%s--\r\n", boundary);
    uint64_t len = (uint64_t)(w->at - begin);
    reply->body_len += len;
    add_bytes(reply, begin, len);
}

static void random_boundary(char text[BOUNDARY_TEXT])
{
    uint8_t bytes[(BOUNDARY_TEXT - 1) / 2];
    struct el_wire w = el_wire_write(text, BOUNDARY_TEXT - 1);

    el_random(bytes, sizeof bytes);
    for (size_t i = 0; i < sizeof bytes; i++)
        el_wire_printf(&w, "%02x", bytes[i]);
    text[BOUNDARY_TEXT - 1] = '\0';
}

/* A status without a document of its own says itself, for people with curl. */
static void say_status(struct el_http_answer *answer, int status)
{
    char text[64];
    struct el_wire w = el_wire_write(text, sizeof text);

    el_wire_printf(&w, "%d %s\n", status, el_http_reason(status));
    char *location = answer->location;
    answer->location = NULL;
    el_http_answer_bytes(answer, status, "text/plain; charset=utf-8", text, el_wire_done(&w));
    answer->location = location;
}

/* -- the header -- */

static const struct {
    enum el_http_method method;
    const char *name;
} method_names[] = {
    {EL_HTTP_GET, "GET"},         {EL_HTTP_HEAD, "HEAD"},     {EL_HTTP_POST, "POST"},
    {EL_HTTP_PUT, "PUT"},         {EL_HTTP_DELETE, "DELETE"}, {EL_HTTP_PATCH, "PATCH"},
    {EL_HTTP_OPTIONS, "OPTIONS"},
};

static void put_allow(struct el_wire *w, unsigned methods)
{
    const char *before = "Allow: ";

    for (size_t i = 0; i < sizeof method_names / sizeof method_names[0]; i++)
        if (methods & method_names[i].method) {
            el_wire_printf(w, "%s%s", before, method_names[i].name);
            before = ", ";
        }
    el_wire_printf(w, "\r\n");
}

static void put_head(struct el_wire *w, const struct el_http_reply *reply,
                     const struct version *version, const struct el_http_reply_context *context)
{
    char date[EL_HTTP_DATE_TEXT];
    bool represents = reply->status == 200 || reply->status == 206 || reply->status == 304;

    el_wire_printf(w, "HTTP/1.1 %d %s\r\nDate: %s\r\n", reply->status,
                   el_http_reason(reply->status), el_http_date_text(context->wall_s, date));
    if (context->allow)
        put_allow(w, context->allow);
    if (reply->answer.location)
        el_wire_printf(w, "Location: %s\r\n", reply->answer.location);
    if (represents && *version->etag)
        el_wire_printf(w, "ETag: %s\r\n", version->etag);
    if (represents && version->mtime_s)
        el_wire_printf(w, "Last-Modified: %s\r\n", el_http_date_text(version->mtime_s, date));
    if (reply->is_feed || reply->answer.no_store)
        el_wire_printf(w, "Cache-Control: no-store\r\n");
    else if (reply->status == 200 || reply->status == 206)
        el_wire_printf(w, "Accept-Ranges: bytes\r\n");
    if (!context->keep_alive)
        el_wire_printf(w, "Connection: close\r\n");
    else if (context->http_1_0)
        el_wire_printf(w, "Connection: keep-alive\r\n");
}

/* What of the representation goes out, and in which form. */
struct selection {
    struct el_http_range ranges[EL_HTTP_RANGES_MAX];
    int count; /* 0: the whole */
};

/* Preconditions and ranges: fills SELECTION and sets the reply's status. */
static void select_body(struct el_http_reply *reply, const struct version *version,
                        const struct el_http_reply_context *context, struct selection *selection)
{
    const struct el_http_request *request = context->request;

    if (reply->status != 200 || reply->is_feed || !request ||
        !(request->method & (EL_HTTP_GET | EL_HTTP_HEAD)))
        return;
    reply->status = precondition(request, version, context->wall_s);
    /* Range is defined for GET alone (§14.2). */
    const char *range = request->method == EL_HTTP_GET ? el_http_field(request, "range") : NULL;
    if (reply->status != 200 || !range || !range_is_meant(request, version, context->wall_s))
        return;
    int n = el_http_range_parse(range, answer_size(&reply->answer), selection->ranges);
    selection->count = n > 0 ? n : 0;
    if (n != 0)
        reply->status = n > 0 ? 206 : 416;
}

/* Header and body of a 206 with several parts. The first piece is set once all lengths are known.
 */
static void put_multipart(struct el_http_reply *reply, struct el_wire *w,
                          const struct selection *selection)
{
    char boundary[BOUNDARY_TEXT];
    struct el_wire parts;

    random_boundary(boundary);
    el_wire_printf(w,
                   "Content-Type: multipart/byteranges; boundary=%s\r\nContent-Length: ", boundary);
    /* The parts' headers stand behind the reply's, beyond the room for the length's digits. */
    parts = *w;
    el_wire_skip(&parts, 32);
    for (int i = 0; i < selection->count; i++) {
        const struct el_http_range *range = &selection->ranges[i];
        add_part_head(reply, &parts, boundary, range);
        add_body(reply, range->first, range->last - range->first + 1);
    }
    add_part_head(reply, &parts, boundary, NULL);
    if (!el_wire_ok(&parts))
        el_wire_fail(w);
    el_wire_printf(w, "%llu\r\n\r\n", (unsigned long long)reply->body_len);
}

static void put_single(struct el_http_reply *reply, struct el_wire *w,
                       const struct selection *selection)
{
    uint64_t size = answer_size(&reply->answer);
    struct el_http_range range = {0, size - 1};

    if (selection->count == 1) {
        range = selection->ranges[0];
        el_wire_printf(w, "Content-Range: bytes %llu-%llu/%llu\r\n",
                       (unsigned long long)range.first, (unsigned long long)range.last,
                       (unsigned long long)size);
    }
    if (reply->answer.type)
        el_wire_printf(w, "Content-Type: %s\r\n", reply->answer.type);
    add_body(reply, range.first, size ? range.last - range.first + 1 : 0);
    el_wire_printf(w, "Content-Length: %llu\r\n\r\n", (unsigned long long)reply->body_len);
}

void el_http_reply_make(struct el_http_reply *reply, struct el_http_answer *answer,
                        const struct el_http_reply_context *context)
{
    struct selection selection = {.count = 0};
    struct el_wire w = el_wire_write(reply->head, sizeof reply->head);

    reply->status = answer->status;
    reply->body_len = 0;
    reply->piece_count = 1; /* the header */
    reply->answer = *answer;
    *answer = (struct el_http_answer){.status = 404};
    reply->is_feed = reply->answer.feed.pull != NULL;

    const struct version version = version_of(&reply->answer, context->wall_s);
    uint64_t whole = answer_size(&reply->answer);
    select_body(reply, &version, context, &selection);
    bool bare = reply->status == 304 || reply->status == 204;
    if (!bare && !reply->is_feed &&
        (reply->status != reply->answer.status || (!whole && reply->status != 200)) &&
        reply->status != 206)
        say_status(&reply->answer, reply->status);
    put_head(&w, reply, &version, context);
    if (reply->status == 416)
        el_wire_printf(&w, "Content-Range: bytes */%llu\r\n", (unsigned long long)whole);
    if (bare)
        el_wire_printf(&w, "\r\n");
    else if (reply->is_feed)
        el_wire_printf(&w, "Content-Type: %s\r\nTransfer-Encoding: chunked\r\n\r\n",
                       reply->answer.type);
    else if (selection.count > 1)
        put_multipart(reply, &w, &selection);
    else
        put_single(reply, &w, &selection);
    reply->pieces[0] = (struct el_http_piece){reply->head, -1, 0, el_wire_done(&w)};
    if (context->request && context->request->method == EL_HTTP_HEAD) {
        reply->piece_count = 1;
        reply->is_feed = false;
    }
    if (!el_wire_ok(&w)) { /* a Location beyond all bounds: the handler is wrong */
        el_http_answer_clear(&reply->answer);
        static const char sorry[] = "HTTP/1.1 500 Internal Server Error\r\n"
                                    "Content-Length: 0\r\n\r\n";
        reply->status = 500;
        reply->is_feed = false;
        reply->piece_count = 1;
        reply->body_len = 0;
        reply->pieces[0] = (struct el_http_piece){(const uint8_t *)sorry, -1, 0, sizeof sorry - 1};
    }
}

void el_http_reply_end(struct el_http_reply *reply)
{
    el_http_answer_clear(&reply->answer);
    reply->piece_count = 0;
}
