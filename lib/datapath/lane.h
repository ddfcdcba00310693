/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A lane of the data path (datapath/datapath.h): a thread that moves batches between its own queue
 * of each port and its own sockets.
 *
 * It is in shared mode while it works on a batch, and in no mode while it waits, reads and sends.
 * What a frame or datagram changes for others (an address that is learned, a session that is
 * confirmed) is entered, in exclusive mode, before the batch leaves: no answer can overtake it.
 * Handshakes go into a bounded queue for control.
 *
 * From waking up to waiting again it is in shared mode of another gate, of the *laps*. Who is
 * exclusive there finds lanes that have nothing of a peer or a port in their hands: peers and ports
 * go only then.
 */
#ifndef EL_DATAPATH_LANE_H
#define EL_DATAPATH_LANE_H

#include "base/addr.h"
#include "base/err.h"
#include "base/gate.h"
#include "datapath/forward.h"
#include "port/port.h"
#include "tunnel/tunnel_io.h"

#include <stdbool.h>

struct el_lane;

struct el_lane_config {
    unsigned number;
    struct el_forward *forward; /* must live longer, as the gate */
    const struct el_gate *gate, *laps;
    struct el_tunnel_io *io; /* ours from now on, whatever happens */
    /* Called on the lane's thread: a message has been queued; a port's interface has gone for good
     * (false: to be told again). */
    void (*queued)(void *arg);
    bool (*port_gone)(void *arg, unsigned port, int why);
    void *arg;
};

int el_lane_new(const struct el_lane_config *config, struct el_lane **lane, struct el_err *err);
/* Stops it, and closes its ports. NULL is allowed. */
void el_lane_free(struct el_lane *lane);

/* Before start, or between laps: the queue of port NUMBER, which is the lane's from now on; and its
 * end, which closes it. */
void el_lane_add_port(struct el_lane *lane, unsigned number, struct el_port *port);
void el_lane_remove_port(struct el_lane *lane, unsigned number);
/* Then: it notices. From any thread. */
void el_lane_wake(struct el_lane *lane);

int el_lane_start(struct el_lane *lane, struct el_err *err);
void el_lane_stop(struct el_lane *lane);

/* From any thread. */
const struct el_tunnel_io *el_lane_io(const struct el_lane *lane); /* for its counters */
const struct el_port *el_lane_port(const struct el_lane *lane, unsigned number); /* likewise */
bool el_lane_port_is_down(const struct el_lane *lane, unsigned number);

/* A handshake message that came to a lane. */
struct el_lane_message {
    struct el_endpoint from;
    size_t len;
    uint8_t bytes[EL_TUNNEL_OUTPUT_BYTES];
};

/* Called by the lane, through forward: queues a message; false if there is no room. */
bool el_lane_queue(struct el_lane *lane, const struct el_endpoint *from, const uint8_t *bytes,
                   size_t len);
/* Called by control: the oldest message; NULL if there is none. It stays until it is done with. */
const struct el_lane_message *el_lane_next_message(struct el_lane *lane);
void el_lane_message_done(struct el_lane *lane);

#endif
