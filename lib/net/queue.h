/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a stream has yet to send: copies of bytes and pieces of files, in order. */
#ifndef EL_NET_QUEUE_H
#define EL_NET_QUEUE_H

#include <stddef.h>
#include <stdint.h>

struct el_net_chunk {
    struct el_net_chunk *next;
    int fd;          /* of the file; -1: bytes */
    uint64_t offset; /* of what is left, in the file or in bytes[] */
    uint64_t left;   /* never 0 while queued */
    size_t capacity; /* of bytes[] */
    uint8_t bytes[];
};

/* All zero is an empty queue. */
struct el_net_queue {
    struct el_net_chunk *head, *tail;
    uint64_t bytes; /* left in all chunks */
};

/* Behind what is there. 0 or EL_ENOMEM. */
int el_net_queue_bytes(struct el_net_queue *queue, const uint8_t *bytes, size_t len);
int el_net_queue_file(struct el_net_queue *queue, int fd, uint64_t offset, uint64_t len);

/* LEN bytes of the first chunk are done with; no more than it has left. */
void el_net_queue_consume(struct el_net_queue *queue, uint64_t len);

void el_net_queue_clear(struct el_net_queue *queue);

#endif
