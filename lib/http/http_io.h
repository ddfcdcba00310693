/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An HTTP server on a provider of streams.
 *
 *     static const struct el_http_route routes[] = {
 *         {"/", EL_HTTP_GET, el_http_files_handler, &files}, {0}};
 *     struct el_http_server_config config = {
 *         .listen = {.bind = {.port = 80}, .inherited_fd = -1}, .routes = routes};
 *     el_http_server_start(net, &config, &server, &err);
 *
 * It logs to room "http": request (when the reply is sent), aborted, refused.
 */
#ifndef EL_HTTP_HTTP_IO_H
#define EL_HTTP_HTTP_IO_H

#include "base/err.h"
#include "http/http_conn.h"
#include "net/net.h"

struct el_http_server;

enum {
    EL_HTTP_CONNECTIONS = 256, /* each has a socket, and a file while it is sent */
    EL_HTTP_PER_CLIENT = 64,   /* connections of one address */
};

struct el_http_server_config {
    struct el_net_listen_config listen;
    const struct el_http_route *routes; /* must outlive the server */
    struct el_http_timeouts timeouts;
    size_t max_connections; /* 0: EL_HTTP_CONNECTIONS. Beyond it an idle one makes room, if any */
    size_t max_per_client;  /* 0: EL_HTTP_PER_CLIENT */
    /* Is told of each beginning and end of a reply, and must not call the server. NULL: nobody. */
    el_http_seen_cb *seen;
    void *seen_arg;
};

/* 0, or an error with its sentence in ERR. */
int el_http_server_start(struct el_net *net, const struct el_http_server_config *config,
                         struct el_http_server **server, struct el_err *err);

/* Tells `seen` how far each reply is that is being sent: their number. */
size_t el_http_server_look(const struct el_http_server *server);

/* Closes all connections at once. NULL is allowed. */
void el_http_server_stop(struct el_http_server *server);

#endif
