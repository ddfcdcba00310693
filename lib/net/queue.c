/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The queue of a stream. Small writes share a chunk. */
#include "net/queue.h"

#include "base/err.h"

#include <stdlib.h>
#include <string.h>

enum { CHUNK_BYTES = 2048 }; /* at least so many, so that small writes can share */

static struct el_net_chunk *append(struct el_net_queue *queue, size_t capacity)
{
    struct el_net_chunk *chunk = malloc(sizeof *chunk + capacity);

    if (!chunk)
        return NULL;
    *chunk = (struct el_net_chunk){.fd = -1, .capacity = capacity};
    if (queue->tail)
        queue->tail->next = chunk;
    else
        queue->head = chunk;
    queue->tail = chunk;
    return chunk;
}

int el_net_queue_bytes(struct el_net_queue *queue, const uint8_t *bytes, size_t len)
{
    struct el_net_chunk *chunk = queue->tail;

    if (len == 0)
        return 0;
    if (!chunk || chunk->fd >= 0 || chunk->capacity - chunk->offset - chunk->left < len)
        chunk = append(queue, len > CHUNK_BYTES ? len : CHUNK_BYTES);
    if (!chunk)
        return EL_ENOMEM;
    memcpy(chunk->bytes + chunk->offset + chunk->left, bytes, len);
    chunk->left += len;
    queue->bytes += len;
    return 0;
}

int el_net_queue_file(struct el_net_queue *queue, int fd, uint64_t offset, uint64_t len)
{
    if (len == 0)
        return 0;
    if (offset > INT64_MAX || len > INT64_MAX - offset)
        return EL_EINVAL;

    struct el_net_chunk *chunk = append(queue, 0);

    if (!chunk)
        return EL_ENOMEM;
    chunk->fd = fd;
    chunk->offset = offset;
    chunk->left = len;
    queue->bytes += len;
    return 0;
}

void el_net_queue_consume(struct el_net_queue *queue, uint64_t len)
{
    struct el_net_chunk *chunk = queue->head;

    queue->bytes -= len;
    chunk->offset += len;
    chunk->left -= len;
    if (chunk->left > 0)
        return;
    queue->head = chunk->next;
    if (!queue->head)
        queue->tail = NULL;
    free(chunk);
}

void el_net_queue_clear(struct el_net_queue *queue)
{
    while (queue->head)
        el_net_queue_consume(queue, queue->head->left);
}
