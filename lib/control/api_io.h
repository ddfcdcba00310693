/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The control API (api.h) behind HTTP servers (http/http_io.h): doors, each of which knows who
 * comes in by it, and the events that are streamed to who watches.
 *
 *     el_api_host_new(net, api, &host);
 *     struct el_api_door door = {host, everybody_is_the_operator, NULL};
 *     const struct el_http_route routes[] = {el_api_door_route(&door), {0}};
 *     el_http_server_start(net, &(struct el_http_server_config){
 *         .listen = {.inherited_fd = control.fd, .owner = owner}, .routes = routes}, …);
 */
#ifndef EL_CONTROL_API_IO_H
#define EL_CONTROL_API_IO_H

#include "control/api.h"
#include "http/http.h"
#include "net/net.h"

enum {
    EL_API_WATCHERS = 32,    /* of events, at once; more are told to come later. Fewer than the
                                connections of one client (EL_HTTP_PER_CLIENT): it may still ask */
    EL_API_HEARTBEAT_S = 15, /* after so long without an event they are told that we live */
    EL_API_RETRY_MS = 2000,  /* how long they wait before they come again */
};

struct el_api_host;

/* The listener of the events and steps of API's configuration is the host from now on. All must
 * live longer than it. 0 or EL_ENOMEM. */
int el_api_host_new(struct el_net *net, struct el_api *api, struct el_api_host **host);

/* After the servers that had doors to it have been stopped. NULL is allowed. */
void el_api_host_free(struct el_api_host *host);

struct el_api_door {
    struct el_api_host *host;
    /* Who CLIENT is: fills in scope and key. False: nobody that we know, who may ask nothing. */
    bool (*who)(void *arg, const struct el_endpoint *client, struct el_api_asker *asker);
    void *arg;
};

/* A `who` for a Unix socket that only root and its owner may connect to (net.h). */
bool el_api_door_operator(void *arg, const struct el_endpoint *client, struct el_api_asker *asker);

/* The route "/v1/" through DOOR, which must live as long as the route. */
struct el_http_route el_api_door_route(struct el_api_door *door);

#endif
