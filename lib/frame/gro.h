/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Generic receive offload: merging the segments of a flow into super-frames, without copying.
 *
 * Frames are offered in the order in which they came, in the buffers where they were decrypted.
 * What can be merged is held until el_gro_flush() or until something ends it; everything else goes
 * out at once. Frames of one flow leave in the order they came in.
 *
 * The result is bit-exact: cutting what is emitted (RFC-conforming TSO, also our gso.h) gives back
 * exactly the frames that were offered. So two segments are merged only if all that a cut derives
 * from the first one's headers is so in the second: see gro.c for the list.
 */
#ifndef EL_FRAME_GRO_H
#define EL_FRAME_GRO_H

#include "frame/layers.h"
#include "frame/offload.h"

enum {
    EL_GRO_FLOWS = 16,  /* held at the same time; the oldest goes out for a new one */
    EL_GRO_SLICES = 68, /* at most in one emitted frame; EL_PORT_SLICES */
};

/* Takes a frame: its pieces in order, which are valid during the call only. A super-frame's first
 * piece is its headers. Must not call el_gro_*. */
typedef void el_gro_emit(void *arg, unsigned port, const struct el_offload *offload,
                         const struct el_slice *slices, unsigned count);

struct el_gro_config {
    el_gro_emit *emit;
    void *arg;
    bool udp; /* merge UDP too, as EL_GSO_UDP_L4: only if all ports take it (el_port.uso) */
};

struct el_gro;

/* NULL if out of memory. Nothing is allocated afterwards. */
struct el_gro *el_gro_new(const struct el_gro_config *config);
/* Changes the config's udp; only while nothing is held. */
void el_gro_merge_udp(struct el_gro *gro, bool udp);

void el_gro_free(struct el_gro *gro); /* emits nothing; NULL is allowed */

/* Offers a frame for PORT, a number of the caller's. Its memory must stay as it is until
 * el_gro_flush() returns; the same frame may be offered for several ports. LAYERS is what
 * el_layers_read() found in it. It is no super-frame, but its checksum may be partial: OFFLOAD says
 * so, and then that of the TCP or UDP header that LAYERS has. */
void el_gro_add(struct el_gro *gro, unsigned port, const uint8_t *frame, size_t len,
                const struct el_layers *layers, const struct el_offload *offload);

/* Emits all that is held, oldest first. */
void el_gro_flush(struct el_gro *gro);

#endif
