/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the memory provider share: the world, its hosts, its future. */
#ifndef EL_NET_MEMORY_WORLD_H
#define EL_NET_MEMORY_WORLD_H

#include "net/heap.h"
#include "net/memory.h"
#include "net/provider.h"
#include "net/queue.h"

#define EL_NET_MEMORY_RTO (200 * EL_MS) /* a lost segment is sent again after this, at least */

enum { EL_NET_DEVICE_BYTES = 16, EL_NET_NAME_BYTES = 32 };

/* Something that will happen. Room in world->future is reserved while the owner exists. */
struct el_net_event {
    struct el_net_heap_node node; /* first */
    void (*happen)(struct el_net_event *event);
    void (*forget)(struct el_net_event *event); /* at the end of the world; NULL: the owner does */
    void *owner;
};

/* What a world frees at the end of the step in which it was closed. */
struct el_net_grave {
    struct el_net_grave *next;
    void *object; /* for free() */
};

/* What is common to all that a host has open: timers, sockets, listeners, streams. */
struct el_net_open {
    struct el_net_host *host;
    unsigned life; /* of the host, in which it was opened */
    bool closed;
    struct el_net_open *next, **link; /* in the host's list of its kind */
    struct el_net_grave grave;
};

struct el_net_attachment {
    struct el_prefix prefix;
    char device[EL_NET_DEVICE_BYTES];
};

struct el_net_host {
    struct el_net base;
    struct el_net_world *world;
    struct el_net_host *next; /* in the world, in the order of making */
    char name[EL_NET_NAME_BYTES];
    struct el_net_attachment *attachments;
    size_t attachment_count;
    unsigned life; /* counts crashes */
    uint16_t port; /* chosen last */
    struct el_net_open *timers, *udps, *listens, *streams;
};

/* One direction between two hosts. */
struct el_net_path {
    struct el_net_path *next;
    const struct el_net_host *from, *to;
    struct el_net_memory_link link;
    uint64_t busy_until_ns;   /* sending, at its rate */
    uint64_t last_arrival_ns; /* of a datagram that keeps order */
};

struct el_net_rule {
    const struct el_net_host *from, *to; /* NULL: every */
    struct el_net_memory_link link;
};

struct el_net_world {
    uint64_t now_ns;
    int64_t wall_s;
    uint64_t random; /* state of the generator */
    struct el_net_heap future;
    struct el_net_host *hosts;
    struct el_net_path *paths;
    struct el_net_rule *rules; /* later ones win */
    size_t rule_count;
    struct el_net_grave *graves;
    el_net_memory_trace_cb *trace;
    void *trace_arg;
};

static inline struct el_net_host *el_net_host_of(struct el_net *net)
{
    return (struct el_net_host *)net;
}

/* -- opening and closing -- */

void el_net_open_begin(struct el_net_open *open, struct el_net_host *host,
                       struct el_net_open **list, void *object);

/* Takes it from its host's list; its memory is freed at the end of the step. */
void el_net_open_end(struct el_net_open *open);

/* False if its host has crashed since, or it is closed. */
static inline bool el_net_open_lives(const struct el_net_open *open)
{
    return !open->closed && open->life == open->host->life;
}

/* -- the future -- */

/* Puts an event where it belongs in time, or elsewhere if it is there already. */
void el_net_world_plan(struct el_net_world *world, struct el_net_event *event, uint64_t at_ns);
void el_net_world_cancel(struct el_net_world *world, struct el_net_event *event);

/* A number in [0, bound); 0 for bound 0. */
uint64_t el_net_world_random(struct el_net_world *world, uint64_t bound);

/* True for PPM of a million calls. Draws only if there is something to decide. */
bool el_net_world_chance(struct el_net_world *world, uint32_t ppm);

/* -- addresses and paths -- */

/* True for 0.0.0.0, :: and none. */
bool el_net_ip_is_any(const struct el_ip *ip);

/* The attachment of HOST with this address (on DEVICE, if that is not empty), or NULL. */
const struct el_net_attachment *el_net_host_attachment(const struct el_net_host *host,
                                                       const char *device, const struct el_ip *ip);

/* Copies the name of a device; NULL is none: empty. */
void el_net_device_copy(char to[EL_NET_DEVICE_BYTES], const char *device);

/* True if what is bound to BOUND (on DEVICE) would hear what is sent to TO on SEGMENT. */
bool el_net_hears(const struct el_endpoint *bound, const char *device, const struct el_endpoint *to,
                  const char *segment);

/* True if two sockets may not be bound like this at once. */
bool el_net_collides(const struct el_endpoint *a, const char *a_device, const struct el_endpoint *b,
                     const char *b_device);

/* From where and to whom something goes that HOST sends to the unicast address TO. */
struct el_net_route {
    const struct el_net_attachment *via; /* ours, on the segment it goes out by */
    struct el_net_host *host;            /* whose address it is; NULL: nobody's */
};

/* Finds it, leaving by DEVICE (any, if empty), from BOUND (any, if family 0). 0 or EL_ENOENT. */
int el_net_host_route(struct el_net_host *host, const char *device, const struct el_ip *bound,
                      const struct el_ip *to, struct el_net_route *route);

struct el_net_path *el_net_world_path(struct el_net_world *world, const struct el_net_host *from,
                                      const struct el_net_host *to);

/* When LEN bytes that are sent now have left the sender, at the link's rate. */
uint64_t el_net_path_departure(struct el_net_world *world, struct el_net_path *path, size_t len);

/* A port of HOST for CONFIGURED: itself, or one that was not chosen before. */
uint16_t el_net_host_port(struct el_net_host *host, uint16_t configured);

void el_net_world_tell(struct el_net_world *world, const struct el_net_memory_event *event);

/* memory_udp.c */
int el_net_memory_udp_open(struct el_net *net, const struct el_net_udp_config *config,
                           el_net_udp_cb *cb, void *arg, struct el_net_udp **udp,
                           struct el_err *err);
int el_net_memory_udp_send(struct el_net_udp *udp, const struct el_endpoint *to,
                           const struct el_ip *from, const uint8_t *bytes, size_t len);
struct el_endpoint el_net_memory_udp_local(const struct el_net_udp *udp);
int el_net_memory_udp_sibling(struct el_net_udp *udp, const struct el_ip *from, el_net_udp_cb *cb,
                              void *arg, struct el_net_udp **sibling);
void el_net_memory_udp_close(struct el_net_udp *udp);

/* memory_stream.c */
int el_net_memory_listen(struct el_net *net, const struct el_net_listen_config *config,
                         el_net_accept_cb *cb, void *arg, struct el_net_listen **listen,
                         struct el_err *err);
void el_net_memory_listen_close(struct el_net_listen *listen);
struct el_endpoint el_net_memory_listen_local(const struct el_net_listen *listen);
int el_net_memory_connect(struct el_net *net, const struct el_net_connect_config *config,
                          const struct el_net_stream_events *events, void *arg,
                          struct el_net_stream **stream, struct el_err *err);
int el_net_memory_stream_write(struct el_net_stream *stream, const uint8_t *bytes, size_t len);
int el_net_memory_stream_send_file(struct el_net_stream *stream, int fd, uint64_t offset,
                                   uint64_t len);
size_t el_net_memory_stream_queued(const struct el_net_stream *stream);
void el_net_memory_stream_pause(struct el_net_stream *stream, bool paused);
void el_net_memory_stream_finish(struct el_net_stream *stream);
void el_net_memory_stream_close(struct el_net_stream *stream);
void el_net_memory_stream_crash(struct el_net_open *open);

#endif
