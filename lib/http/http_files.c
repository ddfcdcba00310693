/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Serving named content: files, and an index of a directory where that is wanted. */
#include "http/http.h"

#include "base/err.h"
#include "base/wire.h"

#include <stdlib.h>
#include <string.h>

enum {
    INDEX_MAX = 1 << 20, /* bytes; what does not fit is left out, and the index says so */
    INDEX_TAIL = 128,    /* kept free for its end */
};

struct index {
    struct el_wire w;
    bool cut;
};

/* A name as text between tags, or (PERCENT) as a relative reference: RFC 3986's unreserved
 * characters stay, everything else becomes %XX. */
static void put_name(struct el_wire *w, const char *name, bool percent)
{
    for (const char *at = name; *at; at++) {
        bool plain = (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') ||
                     (*at >= '0' && *at <= '9') || strchr("-._~", *at);
        if (percent && !plain)
            el_wire_printf(w, "%%%02X", (unsigned char)*at);
        else if (!percent && strchr("<>&\"'", *at))
            el_wire_printf(w, "&#%u;", (unsigned char)*at);
        else
            el_wire_put_u8(w, (uint8_t)*at);
    }
}

static void put_entry(void *arg, const struct el_content_entry *entry)
{
    struct index *index = arg;
    struct el_wire line = index->w;
    const char *slash = entry->directory ? "/" : "";

    if (entry->name[0] == '.')
        return; /* as everywhere, to be known and not to be seen */
    el_wire_printf(&line, "<li><a href=\"");
    put_name(&line, entry->name, true);
    el_wire_printf(&line, "%s\">", slash);
    put_name(&line, entry->name, false);
    el_wire_printf(&line, "%s</a>", slash);
    if (!entry->directory)
        el_wire_printf(&line, " %llu", (unsigned long long)entry->size);
    el_wire_printf(&line, "\n");
    if (el_wire_ok(&line))
        index->w = line;
    else
        index->cut = true;
}

static void answer_index(const struct el_http_files *files, const char *name,
                         struct el_http_answer *answer)
{
    const struct el_content *content = files->content;
    uint8_t *text = malloc(INDEX_MAX);
    struct index index = {.w = el_wire_write(text, text ? INDEX_MAX - INDEX_TAIL : 0)};

    el_wire_printf(&index.w, "<!DOCTYPE html>\n<title>/");
    put_name(&index.w, name, false);
    el_wire_printf(&index.w, "</title>\n<ul>\n");
    if (*name)
        el_wire_printf(&index.w, "<li><a href=\"../\">../</a>\n");
    int r =
        text && content->list ? content->list(content->arg, name, put_entry, &index) : EL_ENOENT;
    if (r < 0) {
        el_http_answer_status(answer, r == EL_EPERM ? 403 : 404);
    } else {
        index.w.end += INDEX_TAIL;
        el_wire_printf(&index.w, "</ul>\n%s", index.cut ? "<p>There is more.\n" : "");
        el_http_answer_bytes(answer, 200, "text/html; charset=utf-8", text, el_wire_done(&index.w));
    }
    free(text);
}

/* "/dir" is "/dir/", so that the index's relative links are right. The reference goes back as it
 * was written, up to its query; one that starts with two slashes would name another host. */
static void answer_slash(const struct el_http_request *request, struct el_http_answer *answer)
{
    char location[EL_HTTP_TARGET_MAX];
    struct el_wire w = el_wire_write(location, sizeof location - 1);

    el_wire_put_u8(&w, '/');
    for (const char *segment = request->path + 1; *segment;) {
        char name[256];
        size_t len = strcspn(segment, "/");
        if (len >= sizeof name)
            break;
        memcpy(name, segment, len);
        name[len] = '\0';
        put_name(&w, name, true);
        el_wire_put_u8(&w, '/');
        segment += len + (segment[len] == '/');
    }
    location[el_wire_done(&w)] = '\0';
    if (el_wire_ok(&w))
        el_http_answer_redirect(answer, 301, location);
}

void el_http_files_handler(void *arg, const struct el_http_request *request,
                           struct el_http_answer *answer)
{
    const struct el_http_files *files = arg;
    struct el_content_file file;
    char name[EL_CONTENT_NAME_MAX];
    size_t len = strlen(request->rest);
    bool directory = len == 0 || request->rest[len - 1] == '/';
    int r = el_content_name(request->rest, name);

    if (directory) {
        if (files->listing && (r >= 0 || len == 0))
            answer_index(files, r < 0 ? "" : name, answer);
        return;
    }
    if (r >= 0)
        r = el_content_open(files->content, name, &file);
    if (r == 0)
        el_http_answer_file(answer, el_http_type_of(name), &file);
    else if (r == EL_EPERM)
        el_http_answer_status(answer, 403);
    else if (r == EL_ENOTSUP && files->listing)
        answer_slash(request, answer);
    else if (r != EL_ENOENT && r != EL_EINVAL && r != EL_ENOTSUP)
        el_http_answer_status(answer, 500);
}
