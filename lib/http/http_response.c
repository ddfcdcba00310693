/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests as text, responses from llhttp's callbacks. */
#include "http/http_response.h"

#include "base/err.h"
#include "base/wire.h"

#include <stdlib.h>
#include <string.h>

/* -- asking -- */

/* What would end a line, or begin another word in it. */
static bool is_clean(const char *text)
{
    for (; text && *text; text++)
        if ((unsigned char)*text <= ' ' || (unsigned char)*text >= 0x7f)
            return false;
    return true;
}

/* The same where spaces are allowed. */
static bool is_value(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || (unsigned char)*text >= 0x7f)
            return false;
    return true;
}

/* The bytes that ASK's further fields take; negative if one of them cannot be sent. */
static int64_t fields_length(const struct el_http_ask *ask)
{
    int64_t len = 0;

    for (size_t i = 0; i < ask->field_count; i++) {
        const struct el_http_field *field = &ask->fields[i];
        if (!field->value)
            continue;
        if (!is_clean(field->name) || !is_value(field->value))
            return EL_EINVAL;
        len += (int64_t)(strlen(field->name) + strlen(field->value) + 4);
    }
    return len;
}

static size_t length(const char *text)
{
    return text ? strlen(text) : 0;
}

int el_http_ask_text(const struct el_http_ask *ask, char **text)
{
    int64_t fields_len = fields_length(ask);
    size_t room = 512 + length(ask->method) + length(ask->target) + length(ask->host) +
                  length(ask->accept) + length(ask->last_event_id) + length(ask->type) +
                  ask->body_len + (size_t)(fields_len < 0 ? 0 : fields_len);

    if (fields_len < 0 || !is_clean(ask->method) || !is_clean(ask->target) ||
        !is_clean(ask->host) || !is_clean(ask->accept) || !is_clean(ask->last_event_id) ||
        !is_clean(ask->type) || room > INT32_MAX)
        return EL_EINVAL;
    *text = malloc(room);
    if (!*text)
        return EL_ENOMEM;
    struct el_wire w = el_wire_write(*text, room);
    el_wire_printf(&w, "%s %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n", ask->method,
                   ask->target, ask->host);
    if (ask->accept)
        el_wire_printf(&w, "Accept: %s\r\n", ask->accept);
    if (ask->last_event_id)
        el_wire_printf(&w, "Last-Event-ID: %s\r\n", ask->last_event_id);
    if (ask->type)
        el_wire_printf(&w, "Content-Type: %s\r\nContent-Length: %zu\r\n", ask->type, ask->body_len);
    for (size_t i = 0; i < ask->field_count; i++)
        if (ask->fields[i].value)
            el_wire_printf(&w, "%s: %s\r\n", ask->fields[i].name, ask->fields[i].value);
    el_wire_printf(&w, "\r\n");
    el_wire_put(&w, ask->body, ask->body_len);
    return (int)el_wire_done(&w);
}

/* -- what is answered -- */

static int fail(struct el_http_response *r, int code)
{
    if (!r->failed)
        r->failed = code;
    return HPE_USER;
}

/* Every byte of names and values counts, also those that we do not keep. */
static int count(struct el_http_response *r, size_t len)
{
    r->head_len += len;
    return r->head_len > EL_HTTP_RESPONSE_HEAD ? fail(r, EL_EFULL) : 0;
}

static int on_field(llhttp_t *parser, const char *at, size_t len)
{
    struct el_http_response *r = parser->data;

    /* A longer name is one that we do not look for: its length alone says so. */
    for (size_t i = 0; i < len; i++, r->name_len++)
        if (r->name_len < sizeof r->name)
            r->name[r->name_len] = (char)(at[i] >= 'A' && at[i] <= 'Z' ? at[i] + 32 : at[i]);
    return count(r, len);
}

/* Which of the fields that are looked for has just been named. */
static const struct el_http_wanted *find_wanted(const struct el_http_response *r)
{
    for (size_t i = 0; i < r->wanted_count; i++)
        if (strlen(r->wanted[i].name) == r->name_len &&
            memcmp(r->name, r->wanted[i].name, r->name_len) == 0)
            return &r->wanted[i];
    return NULL;
}

static int on_field_complete(llhttp_t *parser)
{
    static const char wanted[] = "content-type";
    struct el_http_response *r = parser->data;

    r->is_type = !r->header_done && r->name_len == sizeof wanted - 1 &&
                 memcmp(r->name, wanted, r->name_len) == 0;
    if (r->is_type)
        r->type_len = 0;
    r->taking = r->header_done || r->name_len > sizeof r->name ? NULL : find_wanted(r);
    r->taken = 0;
    r->name_len = 0;
    return count(r, 4);
}

static int on_value(llhttp_t *parser, const char *at, size_t len)
{
    struct el_http_response *r = parser->data;

    for (size_t i = 0; r->is_type && i < len; i++) {
        if (r->type_len + 1 == sizeof r->type)
            return fail(r, EL_EFULL);
        r->type[r->type_len++] = (char)(at[i] >= 'A' && at[i] <= 'Z' ? at[i] + 32 : at[i]);
    }
    if (r->taking && len < r->taking->capacity - r->taken) {
        memcpy(r->taking->value + r->taken, at, len);
        r->taken += len;
    } else if (r->taking) {
        r->taking->value[0] = '\0';
        r->taking = NULL;
    }
    return count(r, len);
}

static int on_value_complete(llhttp_t *parser)
{
    struct el_http_response *r = parser->data;

    while (r->taking && r->taken > 0 && strchr(" \t", r->taking->value[r->taken - 1]))
        r->taken--;
    if (r->taking)
        r->taking->value[r->taken] = '\0';
    r->taking = NULL;
    if (!r->is_type)
        return 0;
    r->type[r->type_len] = '\0';
    r->type[strcspn(r->type, "; \t")] = '\0';
    r->is_type = false;
    return 0;
}

static int on_headers_complete(llhttp_t *parser)
{
    struct el_http_response *r = parser->data;

    if (parser->http_major != 1 || parser->status_code == 101 || parser->status_code < 100)
        return fail(r, EL_EPROTO);
    parser->upgrade = 0;
    if (parser->status_code < 200) { /* an interim response (RFC 9110 §15.2): another follows */
        for (size_t i = 0; i < r->wanted_count; i++)
            r->wanted[i].value[0] = '\0';
        return 0;
    }
    r->status = parser->status_code;
    r->header_done = true;
    return r->to_head ? 1 : 0;
}

static int on_body(llhttp_t *parser, const char *at, size_t len)
{
    struct el_http_response *r = parser->data;

    if (len > r->body_max - r->body_len)
        return fail(r, EL_EFULL);
    uint8_t *larger = realloc(r->body, r->body_len + len);
    if (!larger)
        return fail(r, EL_ENOMEM);
    memcpy(larger + r->body_len, at, len);
    r->body = larger;
    r->body_len += len;
    return 0;
}

static int on_message_complete(llhttp_t *parser)
{
    struct el_http_response *r = parser->data;

    r->type_len = 0;
    if (!r->header_done) {
        r->type[0] = '\0';
        return 0;
    }
    r->complete = true;
    return HPE_PAUSED;
}

static const llhttp_settings_t *settings(void)
{
    static const llhttp_settings_t table = {
        .on_header_field = on_field,
        .on_header_field_complete = on_field_complete,
        .on_header_value = on_value,
        .on_header_value_complete = on_value_complete,
        .on_headers_complete = on_headers_complete,
        .on_body = on_body,
        .on_message_complete = on_message_complete,
    };

    return &table;
}

void el_http_response_init(struct el_http_response *r, size_t body_max, bool head)
{
    *r = (struct el_http_response){.body_max = body_max, .to_head = head};
    llhttp_init(&r->parser, HTTP_RESPONSE, settings());
    r->parser.data = r;
}

void el_http_response_end(struct el_http_response *r)
{
    free(r->body);
    *r = (struct el_http_response){.failed = EL_ECLOSED};
}

int el_http_response_input(struct el_http_response *r, const uint8_t *bytes, size_t len)
{
    if (r->failed || r->complete || len == 0)
        return r->failed;
    llhttp_errno_t error = llhttp_execute(&r->parser, (const char *)bytes, len);
    if (error != HPE_OK && !r->complete)
        (void)fail(r, EL_EPROTO);
    return r->failed;
}

int el_http_response_eof(struct el_http_response *r)
{
    if (r->failed || r->complete)
        return r->failed;
    llhttp_errno_t error = r->header_done ? llhttp_finish(&r->parser) : HPE_INVALID_EOF_STATE;
    if (!r->complete || (error != HPE_OK && error != HPE_PAUSED))
        (void)fail(r, EL_EPROTO);
    return r->failed;
}

void el_http_response_take(struct el_http_response *r)
{
    r->body_len = 0;
}
