/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a provider of net/net.h supplies: this table, and objects that begin with the structs below.
 * Services never include this file.
 */
#ifndef EL_NET_PROVIDER_H
#define EL_NET_PROVIDER_H

#include "net/net.h"

struct el_net_ops {
    uint64_t (*now_ns)(const struct el_net *net);
    int64_t (*wall_s)(const struct el_net *net);

    struct el_net_timer *(*timer_new)(struct el_net *net, el_net_timer_cb *cb, void *arg);
    void (*timer_set)(struct el_net_timer *timer, uint64_t deadline_ns);
    void (*timer_free)(struct el_net_timer *timer);

    int (*udp_open)(struct el_net *net, const struct el_net_udp_config *config, el_net_udp_cb *cb,
                    void *arg, struct el_net_udp **udp, struct el_err *err);
    int (*udp_send)(struct el_net_udp *udp, const struct el_endpoint *to, const struct el_ip *from,
                    const uint8_t *bytes, size_t len);
    struct el_endpoint (*udp_local)(const struct el_net_udp *udp);
    int (*udp_sibling)(struct el_net_udp *udp, const struct el_ip *from, el_net_udp_cb *cb,
                       void *arg, struct el_net_udp **sibling);
    void (*udp_close)(struct el_net_udp *udp);

    int (*listen)(struct el_net *net, const struct el_net_listen_config *config,
                  el_net_accept_cb *cb, void *arg, struct el_net_listen **listen,
                  struct el_err *err);
    void (*listen_close)(struct el_net_listen *listen);
    struct el_endpoint (*listen_local)(const struct el_net_listen *listen);

    int (*connect)(struct el_net *net, const struct el_net_connect_config *config,
                   const struct el_net_stream_events *events, void *arg,
                   struct el_net_stream **stream, struct el_err *err);
    int (*stream_write)(struct el_net_stream *stream, const uint8_t *bytes, size_t len);
    int (*stream_send_file)(struct el_net_stream *stream, int fd, uint64_t offset, uint64_t len);
    size_t (*stream_queued)(const struct el_net_stream *stream);
    void (*stream_pause)(struct el_net_stream *stream, bool paused);
    void (*stream_finish)(struct el_net_stream *stream);
    void (*stream_close)(struct el_net_stream *stream);
};

struct el_net {
    const struct el_net_ops *ops;
};

struct el_net_timer {
    const struct el_net_ops *ops;
    el_net_timer_cb *cb;
    void *arg;
};

struct el_net_udp {
    const struct el_net_ops *ops;
    el_net_udp_cb *cb;
    void *arg;
};

struct el_net_listen {
    const struct el_net_ops *ops;
    el_net_accept_cb *cb;
    void *arg;
};

struct el_net_stream {
    const struct el_net_ops *ops;
    struct el_net_stream_events events; /* all NULL until they are set */
    void *arg;
};

#endif
