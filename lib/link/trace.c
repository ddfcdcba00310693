/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A packet trace, piece by piece: its beginning, its interfaces, frames, statistics at the end. */
#include "link/trace.h"

#include "frame/pcapng.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Static_assert((int)EL_TRACE_PIECE > 2 * ((int)EL_CAPTURE_SNAPLEN_MAX + EL_PCAPNG_BLOCK_MAX),
               "a piece has room for any frame");

static const char section_comment[] =
    "The inner side of a tunnel of el2w: Ethernet frames as they come from ports and peers. "
    "Checksums of frames that a computer of ours has sent may not be computed yet.";

/* An interface of the capture, and which it is in the trace. */
struct interface {
    bool wanted;
    uint32_t number;
    uint64_t told, lost; /* frames, so far */
};

struct el_trace {
    struct el_trace_config config;
    uint32_t snaplen;
    uint64_t count; /* frames still to be told */
    uint64_t start_ns;
    enum { BEGINNING, INTERFACES, FRAMES, STATISTICS, DONE } phase;
    bool stopped;
    unsigned next; /* interface to be told of, in phases that tell of interfaces */
    unsigned interface_count;
    struct interface *interfaces;
    uint8_t bytes[EL_TRACE_PIECE];
};

/* -- what is wanted -- */

static void want(struct el_trace *trace, unsigned interface, unsigned directions)
{
    trace->interfaces[interface].wanted = true;
    el_capture_want(trace->config.capture, interface, directions);
}

static int want_peer(struct el_trace *trace, const char *name, struct el_err *err)
{
    const struct el_node_peers *peers = trace->config.peers;

    for (unsigned i = 0; i < peers->count; i++) {
        if (strcmp(peers->items[i].name, name) == 0) {
            want(trace, trace->config.ports_max + i, EL_CAPTURE_IN | EL_CAPTURE_OUT);
            return 0;
        }
    }
    return el_err(err, EL_ENOENT, "no peer %.64s", name);
}

static int want_all(struct el_trace *trace, const struct el_control_request *request,
                    struct el_err *err)
{
    const struct el_trace_config *config = &trace->config;
    unsigned directions = request->both ? EL_CAPTURE_IN | EL_CAPTURE_OUT : EL_CAPTURE_IN;
    int rc = 0;

    el_capture_reset(config->capture);
    for (unsigned i = 0; i < request->peer_count && rc == 0; i++)
        rc = want_peer(trace, request->peers[i], err);
    if (request->peer_count > 0)
        return rc;
    for (unsigned i = 0; i < config->ports_max; i++)
        if (config->ports[i].name[0])
            want(trace, i, directions);
    for (unsigned i = 0; i < config->peers->count; i++)
        if (config->peers->items[i].name[0])
            want(trace, config->ports_max + i, directions);
    return 0;
}

int el_trace_new(const struct el_trace_config *config, const struct el_control_request *request,
                 uint64_t now_ns, struct el_trace **result, struct el_err *err)
{
    struct el_trace *trace = malloc(sizeof *trace);
    unsigned interfaces = config->ports_max + config->peers->count;

    if (!trace)
        return el_err(err, EL_ENOMEM, "out of memory");
    memset(trace, 0, offsetof(struct el_trace, bytes));
    trace->config = *config;
    trace->snaplen =
        request->snaplen < EL_CAPTURE_SNAPLEN_MAX ? request->snaplen : EL_CAPTURE_SNAPLEN_MAX;
    trace->count = request->count ? request->count : UINT64_MAX;
    trace->start_ns = now_ns;
    trace->interface_count = interfaces;
    trace->interfaces = calloc(interfaces, sizeof trace->interfaces[0]);
    int rc =
        trace->interfaces ? want_all(trace, request, err) : el_err(err, EL_ENOMEM, "out of memory");
    if (rc < 0) {
        el_trace_free(trace);
        return rc;
    }
    el_capture_begin(config->capture, trace->snaplen);
    *result = trace;
    return 0;
}

void el_trace_free(struct el_trace *trace)
{
    if (!trace)
        return;
    el_capture_end(trace->config.capture);
    free(trace->interfaces);
    free(trace);
}

void el_trace_stop(struct el_trace *trace)
{
    el_capture_end(trace->config.capture);
    trace->stopped = true;
}

/* -- telling; each puts what fits, and goes on to the next phase when all has -- */

/* The next interface that is wanted, from trace->next on; false: there is none. */
static bool next_wanted(struct el_trace *trace)
{
    while (trace->next < trace->interface_count && !trace->interfaces[trace->next].wanted)
        trace->next++;
    return trace->next < trace->interface_count;
}

static void put_interface(struct el_trace *trace, struct el_wire *w, unsigned i)
{
    const struct el_trace_config *config = &trace->config;
    char key[EL_TUNNEL_KEY_TEXT];
    char description[EL_PCAPNG_TEXT_MAX];

    if (i < config->ports_max) {
        snprintf(description, sizeof description, "port of network %u", config->ports[i].vni);
        el_pcapng_put_interface(w, config->ports[i].name, description, trace->snaplen);
        return;
    }
    const struct el_node_peer *peer = &config->peers->items[i - config->ports_max];
    el_tunnel_key_text(peer->key, key);
    snprintf(description, sizeof description, "peer, public key %s", key);
    el_pcapng_put_interface(w, peer->name, description, trace->snaplen);
}

static void put_interfaces(struct el_trace *trace, struct el_wire *w)
{
    uint32_t number = 0;

    for (unsigned i = 0; i < trace->next; i++)
        number += trace->interfaces[i].wanted;
    while (el_wire_left(w) >= EL_PCAPNG_BLOCK_MAX && next_wanted(trace)) {
        put_interface(trace, w, trace->next);
        trace->interfaces[trace->next++].number = number++;
    }
    if (!next_wanted(trace))
        trace->phase = FRAMES;
}

static void put_frame(struct el_trace *trace, struct el_wire *w,
                      const struct el_capture_frame *frame)
{
    struct interface *interface = &trace->interfaces[frame->interface];
    uint64_t lost = el_capture_lost(trace->config.capture, frame->interface);
    char comment[96];

    snprintf(comment, sizeof comment, "super-frame, to be cut into segments of %u bytes%s",
             frame->gso_size, frame->needs_csum ? "; checksum not computed yet" : "");
    struct el_pcapng_packet packet = {
        .interface = interface->number,
        .time_ns = trace->config.wall_at_zero_ns + frame->time_ns,
        .direction = frame->direction == EL_CAPTURE_IN ? EL_PCAPNG_IN : EL_PCAPNG_OUT,
        .lost = lost - interface->lost,
        .bytes = frame->bytes,
        .captured = frame->captured,
        .len = frame->len,
        .comment = frame->gso == EL_GSO_NONE ? NULL : comment,
    };
    el_pcapng_put_packet(w, &packet);
    interface->lost = lost;
    interface->told++;
}

static void put_frames(struct el_trace *trace, struct el_wire *w)
{
    struct el_capture_frame frame;

    while (trace->count > 0 && el_capture_peek(trace->config.capture, &frame)) {
        if (el_wire_left(w) < EL_PCAPNG_BLOCK_MAX + frame.captured)
            return;
        put_frame(trace, w, &frame);
        el_capture_drop(trace->config.capture);
        trace->count--;
    }
    if (trace->count == 0)
        el_trace_stop(trace);
    if (trace->stopped) {
        trace->phase = STATISTICS;
        trace->next = 0;
    }
}

static void put_statistics(struct el_trace *trace, struct el_wire *w, uint64_t now_ns)
{
    while (el_wire_left(w) >= EL_PCAPNG_BLOCK_MAX && next_wanted(trace)) {
        const struct interface *interface = &trace->interfaces[trace->next];
        uint64_t lost = el_capture_lost(trace->config.capture, trace->next++);
        struct el_pcapng_statistics statistics = {
            .interface = interface->number,
            .start_ns = trace->config.wall_at_zero_ns + trace->start_ns,
            .end_ns = trace->config.wall_at_zero_ns + now_ns,
            .received = interface->told + lost,
            .lost = lost,
        };
        el_pcapng_put_statistics(w, &statistics);
    }
    if (!next_wanted(trace))
        trace->phase = DONE;
}

size_t el_trace_next(struct el_trace *trace, uint64_t now_ns, const uint8_t **bytes)
{
    struct el_wire w = el_wire_write(trace->bytes, sizeof trace->bytes);

    if (trace->phase == BEGINNING) {
        el_pcapng_put_section(&w, "el2w", section_comment);
        trace->phase = INTERFACES;
    }
    if (trace->phase == INTERFACES)
        put_interfaces(trace, &w);
    if (trace->phase == FRAMES)
        put_frames(trace, &w);
    if (trace->phase == STATISTICS)
        put_statistics(trace, &w, now_ns);
    *bytes = trace->bytes;
    return el_wire_done(&w);
}

bool el_trace_is_done(const struct el_trace *trace)
{
    return trace->phase == DONE;
}

void el_trace_sums(const struct el_trace *trace, uint64_t *told, uint64_t *lost)
{
    *told = *lost = 0;
    for (unsigned i = 0; i < trace->interface_count; i++) {
        *told += trace->interfaces[i].told;
        *lost += el_capture_lost(trace->config.capture, i);
    }
}
