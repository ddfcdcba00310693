/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "port/memory.h"

#include "base/err.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct queued {
    uint8_t *bytes;
    size_t len;
    struct el_offload offload;
};

/* One direction: a ring. */
struct queue {
    struct queued *ring;
    unsigned first, count;
};

struct end;

/* Both ends and what is between them; freed with the second end. */
struct link {
    unsigned capacity;
    struct queue to[2];  /* what waits for end 0, for end 1 */
    struct end *ends[2]; /* NULL: closed */
};

struct end {
    struct el_port port; /* first: an el_port is cast to its end */
    struct link *link;
    unsigned side;
};

static int memory_send(struct el_port *port, const struct el_port_tx *frame)
{
    const struct end *end = (const struct end *)port;
    struct link *link = end->link;
    struct queue *queue = &link->to[!end->side];
    size_t len = 0, at = 0;

    if (!link->ends[!end->side])
        return EL_ECLOSED;
    if (queue->count == link->capacity)
        return EL_EAGAIN;
    for (unsigned i = 0; i < frame->count; i++)
        len += frame->slices[i].len;
    if (len == 0 || frame->count > EL_PORT_SLICES)
        return EL_EINVAL;
    if (len > EL_PORT_FRAME_BYTES)
        return EL_ESHORT;

    uint8_t *bytes = malloc(len);
    if (!bytes)
        return EL_ENOMEM;
    for (unsigned i = 0; i < frame->count; i++) {
        memcpy(bytes + at, frame->slices[i].bytes, frame->slices[i].len);
        at += frame->slices[i].len;
    }
    queue->ring[(queue->first + queue->count++) % link->capacity] =
        (struct queued){bytes, len, frame->offload};
    return 0;
}

static int memory_receive(struct el_port *port, struct el_port_rx *frames, unsigned count)
{
    const struct end *end = (const struct end *)port;
    struct link *link = end->link;
    struct queue *queue = &link->to[end->side];
    unsigned received = 0;

    if (queue->count == 0 && !link->ends[!end->side])
        return EL_ECLOSED;
    while (received < count && queue->count > 0) {
        struct queued *next = &queue->ring[queue->first];
        struct el_port_rx *rx = &frames[received];

        queue->first = (queue->first + 1) % link->capacity;
        queue->count--;
        if (next->len <= rx->capacity) {
            memcpy(rx->bytes, next->bytes, next->len);
            rx->len = next->len;
            rx->offload = next->offload;
            received++;
        }
        free(next->bytes);
    }
    return (int)received;
}

static void free_link(struct link *link)
{
    for (unsigned side = 0; side < 2; side++) {
        struct queue *queue = &link->to[side];

        for (; queue->count > 0; queue->count--) {
            free(queue->ring[queue->first].bytes);
            queue->first = (queue->first + 1) % link->capacity;
        }
        free(queue->ring);
    }
    free(link);
}

static void memory_close(struct el_port *port)
{
    struct end *end = (struct end *)port;
    struct link *link = end->link;

    link->ends[end->side] = NULL;
    if (!link->ends[!end->side])
        free_link(link);
    free(end);
}

static const struct el_port_ops memory_ops = {memory_receive, memory_send, memory_close, NULL};

int el_port_memory_pair(unsigned queue, struct el_port *ends[2])
{
    if (queue == 0 || queue > EL_PORT_MEMORY_QUEUE_MAX)
        return EL_EINVAL;

    struct link *link = calloc(1, sizeof *link);
    if (!link)
        return EL_ENOMEM;
    link->capacity = queue;
    for (unsigned side = 0; side < 2; side++) {
        link->to[side].ring = calloc(queue, sizeof *link->to[side].ring);
        link->ends[side] = calloc(1, sizeof *link->ends[side]);
    }
    if (!link->to[0].ring || !link->to[1].ring || !link->ends[0] || !link->ends[1]) {
        free(link->ends[0]);
        free(link->ends[1]);
        free_link(link);
        return EL_ENOMEM;
    }
    for (unsigned side = 0; side < 2; side++) {
        struct end *end = link->ends[side];

        end->port = (struct el_port){.ops = &memory_ops, .fd = -1, .uso = true};
        snprintf(end->port.name, sizeof end->port.name, "memory%u", side);
        end->link = link;
        end->side = side;
        ends[side] = &end->port;
    }
    return 0;
}
