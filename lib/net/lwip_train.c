/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What lwIP sends on a port, in super-frames. */
#include "net/lwip_train.h"

#include "base/err.h"
#include "frame/gro.h"
#include "frame/layers.h"

#include <stdlib.h>
#include <string.h>

enum { HELD_BYTES = 256 << 10 }; /* four super-frames */

/* A frame that the port had no room for. */
struct waiting {
    struct waiting *next;
    struct el_offload offload;
    size_t len;
    uint8_t bytes[];
};

struct el_lwip_train {
    struct el_port *port;
    struct el_gro *gro;
    size_t used; /* of held[] */
    struct waiting *first, **last;
    uint8_t held[HELD_BYTES]; /* the frames that gro refers to */
};

static void keep(struct el_lwip_train *train, const struct el_port_tx *tx)
{
    struct waiting *frame;
    size_t len = 0, at = 0;

    for (unsigned i = 0; i < tx->count; i++)
        len += tx->slices[i].len;
    frame = malloc(sizeof *frame + len);
    if (!frame)
        return; /* lost, as on any wire */
    *frame = (struct waiting){.offload = tx->offload, .len = len};
    for (unsigned i = 0; i < tx->count; i++) {
        memcpy(frame->bytes + at, tx->slices[i].bytes, tx->slices[i].len);
        at += tx->slices[i].len;
    }
    *train->last = frame;
    train->last = &frame->next;
}

static void emit(void *arg, unsigned port, const struct el_offload *offload,
                 const struct el_slice *slices, unsigned count)
{
    struct el_lwip_train *train = arg;
    const struct el_port_tx tx = {.offload = *offload, .slices = slices, .count = count};

    (void)port;
    if (train->first || el_port_send(train->port, &tx) == EL_EAGAIN)
        keep(train, &tx);
}

static void retry(struct el_lwip_train *train)
{
    struct waiting *frame;

    while ((frame = train->first)) {
        const struct el_slice slice = {frame->bytes, frame->len};
        const struct el_port_tx tx = {.offload = frame->offload, .slices = &slice, .count = 1};

        if (el_port_send(train->port, &tx) == EL_EAGAIN)
            return;
        train->first = frame->next;
        if (!train->first)
            train->last = &train->first;
        free(frame);
    }
}

void el_lwip_train_flush(struct el_lwip_train *train)
{
    retry(train);
    el_gro_flush(train->gro);
    train->used = 0;
}

bool el_lwip_train_is_stuck(const struct el_lwip_train *train)
{
    return train->first != NULL;
}

int el_lwip_train_add(struct el_lwip_train *train, const struct el_slice *slices, unsigned count)
{
    static const struct el_offload complete;
    struct el_layers layers;
    size_t len = 0;

    for (unsigned i = 0; i < count; i++)
        len += slices[i].len;
    if (len > HELD_BYTES)
        return EL_ESHORT;
    if (train->used + len > HELD_BYTES)
        el_lwip_train_flush(train);
    if (train->first)
        return EL_EAGAIN;

    uint8_t *frame = train->held + train->used;

    for (unsigned i = 0; i < count; i++) {
        memcpy(train->held + train->used, slices[i].bytes, slices[i].len);
        train->used += slices[i].len;
    }
    el_layers_read(frame, len, &layers);
    el_gro_add(train->gro, 0, frame, len, &layers, &complete);
    return 0;
}

struct el_lwip_train *el_lwip_train_new(struct el_port *port)
{
    struct el_lwip_train *train = malloc(sizeof *train);

    if (!train)
        return NULL;
    train->port = port;
    train->used = 0;
    train->first = NULL;
    train->last = &train->first;
    train->gro = el_gro_new(&(struct el_gro_config){.emit = emit, .arg = train});
    if (!train->gro) {
        free(train);
        return NULL;
    }
    return train;
}

void el_lwip_train_free(struct el_lwip_train *train)
{
    struct waiting *frame;

    if (!train)
        return;
    while ((frame = train->first)) {
        train->first = frame->next;
        free(frame);
    }
    el_gro_free(train->gro);
    free(train);
}
