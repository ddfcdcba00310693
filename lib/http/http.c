/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests and answers as handlers see them; routes; media types. */
#include "http/http.h"

#include <stdlib.h>
#include <string.h>

const char *el_http_param(const struct el_http_request *request, const char *name)
{
    for (size_t i = 0; i < request->param_count; i++)
        if (strcmp(request->params[i].name, name) == 0)
            return request->params[i].value;
    return NULL;
}

const char *el_http_field(const struct el_http_request *request, const char *name)
{
    for (size_t i = 0; i < request->field_count; i++)
        if (strcmp(request->fields[i].name, name) == 0)
            return request->fields[i].value;
    return NULL;
}

void el_http_answer_clear(struct el_http_answer *answer)
{
    if (answer->bytes && answer->no_store)
        explicit_bzero(answer->bytes, answer->len); /* what nobody is to keep */
    free(answer->bytes);
    free(answer->location);
    if (answer->has_file)
        el_content_close(&answer->file);
    if (answer->feed.pull)
        answer->feed.end(answer->feed.arg);
    *answer = (struct el_http_answer){.status = 404};
}

void el_http_answer_status(struct el_http_answer *answer, int status)
{
    el_http_answer_clear(answer);
    answer->status = status;
}

void el_http_answer_bytes(struct el_http_answer *answer, int status, const char *type,
                          const void *bytes, size_t len)
{
    el_http_answer_status(answer, status);
    answer->bytes = malloc(len + 1);
    if (!answer->bytes) {
        answer->status = 500;
        return;
    }
    if (len)
        memcpy(answer->bytes, bytes, len);
    answer->len = len;
    answer->type = type;
}

void el_http_answer_file(struct el_http_answer *answer, const char *type,
                         const struct el_content_file *file)
{
    el_http_answer_status(answer, 200);
    answer->type = type;
    answer->file = *file;
    answer->has_file = true;
}

void el_http_answer_feed(struct el_http_answer *answer, const char *type,
                         const struct el_http_feed *feed)
{
    el_http_answer_status(answer, 200);
    answer->type = type;
    answer->feed = *feed;
}

void el_http_answer_redirect(struct el_http_answer *answer, int status, const char *location)
{
    el_http_answer_status(answer, status);
    /* A line break in it would begin another field. */
    answer->location = strpbrk(location, "\r\n") ? NULL : strdup(location);
    if (!answer->location)
        answer->status = 500;
}

static bool route_matches(const struct el_http_route *route, const char *path, size_t len)
{
    if (len == 0 || strncmp(route->prefix, path, len) != 0)
        return false;
    return route->prefix[len - 1] == '/' || path[len] == '\0';
}

const struct el_http_route *el_http_route_find(const struct el_http_route *routes, const char *path)
{
    const struct el_http_route *best = NULL;
    size_t best_len = 0;

    for (; routes->prefix; routes++) {
        size_t len = strlen(routes->prefix);
        if (len > best_len && route_matches(routes, path, len)) {
            best = routes;
            best_len = len;
        }
    }
    return best;
}

const char *el_http_reason(int status)
{
    static const struct {
        int status;
        const char *reason;
    } reasons[] = {
        {200, "OK"},
        {201, "Created"},
        {202, "Accepted"},
        {204, "No Content"},
        {206, "Partial Content"},
        {301, "Moved Permanently"},
        {302, "Found"},
        {303, "See Other"},
        {304, "Not Modified"},
        {307, "Temporary Redirect"},
        {308, "Permanent Redirect"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {408, "Request Timeout"},
        {409, "Conflict"},
        {410, "Gone"},
        {412, "Precondition Failed"},
        {413, "Content Too Large"},
        {414, "URI Too Long"},
        {415, "Unsupported Media Type"},
        {416, "Range Not Satisfiable"},
        {417, "Expectation Failed"},
        {421, "Misdirected Request"},
        {422, "Unprocessable Content"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {502, "Bad Gateway"},
        {503, "Service Unavailable"},
        {504, "Gateway Timeout"},
        {505, "HTTP Version Not Supported"},
    };

    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
        if (reasons[i].status == status)
            return reasons[i].reason;
    return "";
}

static bool same_suffix(const char *a, const char *b)
{
    for (; *a && *b; a++, b++)
        if ((*a >= 'A' && *a <= 'Z' ? *a + 32 : *a) != *b)
            return false;
    return *a == *b;
}

const char *el_http_type_of(const char *name)
{
    /* EDK2's HTTP Boot takes the media type's word over the suffix: an .efi must say so. */
    static const struct {
        const char *suffix, *type;
    } types[] = {
        {"efi", "application/efi"},
        {"ipxe", "text/plain; charset=utf-8"},
        {"txt", "text/plain; charset=utf-8"},
        {"cfg", "text/plain; charset=utf-8"},
        {"log", "text/plain; charset=utf-8"},
        {"html", "text/html; charset=utf-8"},
        {"htm", "text/html; charset=utf-8"},
        {"css", "text/css; charset=utf-8"},
        {"js", "text/javascript; charset=utf-8"},
        {"json", "application/json"},
        {"xml", "application/xml"},
        {"yaml", "application/yaml"},
        {"yml", "application/yaml"},
        {"iso", "application/vnd.efi.iso"},
        {"img", "application/vnd.efi.img"},
        {"gz", "application/gzip"},
        {"xz", "application/x-xz"},
        {"zst", "application/zstd"},
        {"tar", "application/x-tar"},
        {"zip", "application/zip"},
        {"png", "image/png"},
        {"jpg", "image/jpeg"},
        {"svg", "image/svg+xml"},
        {"pdf", "application/pdf"},
    };
    const char *slash = strrchr(name, '/');
    const char *dot = strrchr(slash ? slash : name, '.');

    for (size_t i = 0; dot && i < sizeof types / sizeof types[0]; i++)
        if (same_suffix(dot + 1, types[i].suffix))
            return types[i].type;
    return "application/octet-stream";
}
