/* SPDX-License-Identifier: GPL-2.0-or-later */
/* HTTP requests to calls of the API, its replies to answers, and events to feeds. */
#include "control/api_io.h"

#include "control/sse.h"

#include <stdlib.h>
#include <string.h>

/* Bytes that an event may become: its data, id and type, and their names. */
enum { EVENT_ROOM = EL_EVENTS_DATA_MAX + EL_EVENTS_ID_TEXT + EL_EVENTS_TYPE_MAX + 64 };

struct watcher {
    struct el_api_host *host;
    struct watcher *next;     /* in host->watchers */
    struct el_events *events; /* what it watches */
    struct el_events_reader reader;
    struct el_http_wake wake;
    bool greeted;
};

struct el_api_host {
    struct el_net *net;
    struct el_api *api;
    struct watcher *watchers;
    size_t count;
};

/* -- events -- */

static void wake_watchers(struct el_api_host *host, const struct el_events *of)
{
    for (struct watcher *w = host->watchers; w; w = w->next)
        if (w->events == of && w->wake.call)
            w->wake.call(w->wake.arg);
}

static void on_event(void *arg)
{
    struct el_api_host *host = arg;

    wake_watchers(host, el_api_config(host->api)->events);
}

static void on_step(void *arg)
{
    struct el_api_host *host = arg;

    wake_watchers(host, el_api_config(host->api)->steps);
}

/* An id without data: whoever is cut off before the first event comes back to this place. */
static void greet(struct watcher *w, struct el_wire *wire)
{
    char id[EL_EVENTS_ID_TEXT];

    w->greeted = true;
    if (w->reader.reset) /* what it will be told first has an id of its own */
        return;
    el_events_id(w->events, &w->reader, id);
    el_wire_printf(wire, "retry: %d\nid: %s\n\n", EL_API_RETRY_MS, id);
}

static int pull(void *arg, uint8_t *to)
{
    struct watcher *w = arg;
    struct el_wire wire = el_wire_write(to, EL_HTTP_FEED_ROOM);
    struct el_event event;

    if (!w->greeted)
        greet(w, &wire);
    while (el_wire_left(&wire) >= EVENT_ROOM && el_events_next(w->events, &w->reader, &event))
        el_sse_put(&wire, event.id, event.type, event.data);
    return (int)el_wire_done(&wire);
}

static void end(void *arg)
{
    struct watcher *w = arg;
    struct watcher **link = &w->host->watchers;

    while (*link != w)
        link = &(*link)->next;
    *link = w->next;
    w->host->count--;
    free(w);
}

static void watch(struct el_api_host *host, const struct el_http_request *request,
                  const struct el_api_reply *reply, struct el_http_answer *answer)
{
    struct watcher *w = host->count < EL_API_WATCHERS ? calloc(1, sizeof *w) : NULL;

    if (!w) {
        el_http_answer_status(answer, 503);
        return;
    }
    *w = (struct watcher){.host = host,
                          .next = host->watchers,
                          .events = reply->events,
                          .reader = reply->reader,
                          .wake = request->wake};
    host->watchers = w;
    host->count++;
    const struct el_http_feed feed = {.pull = pull,
                                      .end = end,
                                      .arg = w,
                                      .heartbeat = EL_SSE_HEARTBEAT,
                                      .heartbeat_s = EL_API_HEARTBEAT_S};
    el_http_answer_feed(answer, reply->type, &feed);
}

/* -- requests -- */

static enum el_api_method method_of(enum el_http_method method)
{
    switch (method) {
    case EL_HTTP_GET:
    case EL_HTTP_HEAD: return EL_API_GET;
    case EL_HTTP_POST: return EL_API_POST;
    case EL_HTTP_PUT: return EL_API_PUT;
    case EL_HTTP_PATCH: return EL_API_PATCH;
    case EL_HTTP_DELETE: return EL_API_DELETE;
    case EL_HTTP_OPTIONS: break;
    }
    return EL_API_OPTIONS;
}

static unsigned allow_of(unsigned methods)
{
    static const unsigned pairs[][2] = {
        {EL_API_GET, EL_HTTP_GET | EL_HTTP_HEAD},
        {EL_API_POST, EL_HTTP_POST},
        {EL_API_PUT, EL_HTTP_PUT},
        {EL_API_PATCH, EL_HTTP_PATCH},
        {EL_API_DELETE, EL_HTTP_DELETE},
        {EL_API_OPTIONS, EL_HTTP_OPTIONS},
    };
    unsigned allow = 0;

    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        if (methods & pairs[i][0])
            allow |= pairs[i][1];
    return allow;
}

static void give_answer(const struct el_api_reply *reply, struct el_http_answer *answer)
{
    if (reply->text)
        el_http_answer_bytes(answer, reply->status, reply->type, reply->text, reply->len);
    else
        el_http_answer_status(answer, reply->status);
    answer->allow = allow_of(reply->allow);
    answer->no_store = true; /* it may have secrets, and is old at once */
    if (reply->location)
        answer->location = strdup(reply->location);
}

static void handle(void *arg, const struct el_http_request *request, struct el_http_answer *answer)
{
    const struct el_api_door *door = arg;
    struct el_api_query query[EL_HTTP_PARAMS_MAX];
    struct el_api_call call = {
        .method = method_of(request->method),
        .path = request->path,
        .query = query,
        .query_count = request->param_count,
        .content_type = el_http_field(request, "content-type"),
        .last_event_id = el_http_field(request, "last-event-id"),
        .body = request->body,
        .body_len = request->body_len,
        .wall_s = el_net_wall_s(door->host->net),
    };
    struct el_api_reply reply;

    for (size_t i = 0; i < request->param_count; i++)
        query[i] = (struct el_api_query){request->params[i].name, request->params[i].value};
    if (!door->who(door->arg, request->client, &call.asker))
        call.asker = (struct el_api_asker){.scope = 0};
    call.asker.from = *request->client;
    el_api_handle(door->host->api, &call, &reply);
    if (reply.is_stream)
        watch(door->host, request, &reply, answer);
    else
        give_answer(&reply, answer);
    el_api_reply_clear(&reply);
}

bool el_api_door_operator(void *arg, const struct el_endpoint *client, struct el_api_asker *asker)
{
    (void)arg;
    if (client->ip.family != 0) /* not by a Unix socket */
        return false;
    asker->scope = EL_API_OPERATOR;
    return true;
}

struct el_http_route el_api_door_route(struct el_api_door *door)
{
    return (struct el_http_route){
        .prefix = "/v1/",
        .methods = EL_HTTP_GET | EL_HTTP_POST | EL_HTTP_PUT | EL_HTTP_PATCH | EL_HTTP_DELETE |
                   EL_HTTP_OPTIONS,
        .handler = handle,
        .arg = door,
        .body_max = EL_API_BODY_MAX,
    };
}

/* -- life -- */

static void listen_to(struct el_api_host *host, bool on)
{
    const struct el_api_config *config = el_api_config(host->api);

    if (config->events)
        el_events_listen(config->events, on ? on_event : NULL, host);
    if (config->steps)
        el_events_listen(config->steps, on ? on_step : NULL, host);
}

int el_api_host_new(struct el_net *net, struct el_api *api, struct el_api_host **result)
{
    struct el_api_host *host = calloc(1, sizeof *host);

    if (!host)
        return EL_ENOMEM;
    *host = (struct el_api_host){.net = net, .api = api};
    listen_to(host, true);
    *result = host;
    return 0;
}

void el_api_host_free(struct el_api_host *host)
{
    if (!host)
        return;
    listen_to(host, false);
    free(host);
}
