/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A wire between two networks of the lwIP provider, on the virtual clock of a memory world. */
#ifndef TEST_UNIT_NET_LWIP_WIRE_H
#define TEST_UNIT_NET_LWIP_WIRE_H

#include "net/lwip.h"
#include "net/memory.h"

#include <stdlib.h>

struct wire_packet {
    struct wire_packet *next;
    uint64_t arrival_ns;
    size_t len;
    uint8_t bytes[EL_NET_LWIP_MTU_MAX + 14];
};

/* One direction. */
struct wire {
    struct el_net *clock;
    struct el_net *to; /* NULL: nobody is there */
    struct el_net_timer *timer;
    struct wire_packet *head, *tail;
    uint64_t delay_ns;
    unsigned loss_percent;
    unsigned capacity; /* packets on the way; 0: no limit */
    unsigned waiting, sent, refused;
    uint32_t random;
    struct el_net *from;
    void (*look)(const uint8_t *bytes, size_t len); /* at every packet that is sent */
};

static int wire_send(void *arg, const struct el_slice *slices, unsigned count)
{
    struct wire *wire = arg;
    struct wire_packet *packet;

    if (wire->capacity && wire->waiting >= wire->capacity) {
        wire->refused++;
        return EL_EAGAIN;
    }
    packet = calloc(1, sizeof *packet);
    for (unsigned i = 0; i < count; i++) {
        memcpy(packet->bytes + packet->len, slices[i].bytes, slices[i].len);
        packet->len += slices[i].len;
    }
    wire->sent++;
    if (wire->look)
        wire->look(packet->bytes, packet->len);
    wire->random = wire->random * 1664525 + 1013904223;
    if (wire->random % 100 < wire->loss_percent) {
        free(packet);
        return 0;
    }
    packet->arrival_ns = el_net_now_ns(wire->clock) + wire->delay_ns;
    if (wire->tail)
        wire->tail->next = packet;
    else
        wire->head = packet;
    wire->tail = packet;
    wire->waiting++;
    el_net_timer_set(wire->timer, wire->head->arrival_ns);
    return 0;
}

static void wire_arrive(void *arg)
{
    struct wire *wire = arg;

    while (wire->head && wire->head->arrival_ns <= el_net_now_ns(wire->clock)) {
        struct wire_packet *packet = wire->head;

        wire->head = packet->next;
        if (!wire->head)
            wire->tail = NULL;
        wire->waiting--;
        if (wire->to)
            el_net_lwip_input(wire->to, packet->bytes, packet->len);
        free(packet);
    }
    if (wire->head)
        el_net_timer_set(wire->timer, wire->head->arrival_ns);
    if (wire->refused) {
        wire->refused = 0;
        el_net_lwip_writable(wire->from);
    }
}

static void wire_begin(struct wire *wire, struct el_net *clock, uint32_t seed)
{
    *wire = (struct wire){.clock = clock, .random = seed};
    wire->timer = el_net_timer_new(clock, wire_arrive, wire);
}

static void wire_end(struct wire *wire)
{
    while (wire->head) {
        struct wire_packet *packet = wire->head;

        wire->head = packet->next;
        free(packet);
    }
    el_net_timer_free(wire->timer);
}

#endif
