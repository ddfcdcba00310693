/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who may have a TCP connection that carries datagrams, and until when: a table without sockets or
 * clock. Which bytes pass is its caller's business (stream/stream_io.h).
 *
 * Where UDP is blocked altogether, the tunnel's datagrams go through TCP. TCP in TCP is known to be
 * slow where packets are lost, as both repeat; it is better than nothing as long as the outer one
 * never holds datagrams back for long. So what does not fit into a short queue is dropped, the
 * newest first, and the inner connections take that for what it is, congestion.
 *
 * Anybody may connect, and who somebody is knows the tunnel alone, which is another process. But
 * the tunnel answers nobody who does not have the hub's key, at the least. So whoever has connected
 * is a *stranger* until a datagram goes to it, other than a cookie, which anybody gets. Strangers
 * have little time, little room per address, and make room for new ones, the oldest first. Nobody
 * may leave a frame half said, or not read.
 *
 * On the other side a connection is made when a datagram is to go there (*called*), and closed when
 * none has for a while. Should it fail, it is not tried again at once.
 */
#ifndef EL_STREAM_STREAM_H
#define EL_STREAM_STREAM_H

#include "base/addr.h"
#include "base/time.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    EL_STREAM_CALL_S = 5,      /* a call that is not answered by then has failed */
    EL_STREAM_REST_S = 1,      /* and is not made again before */
    EL_STREAM_STRANGER_S = 30, /* longer than a tunnel's keepalive, which is not always answered */
    EL_STREAM_HALF_S = 5,      /* for the rest of a frame, or the first of all */
    EL_STREAM_STUCK_S = 10,    /* for the other side to take what has been begun */
    EL_STREAM_IDLE_S = 180,    /* nothing in either direction; */
    EL_STREAM_UNUSED_S = 60,   /* of one that we have called: nothing sent */
};

enum el_stream_state {
    EL_STREAM_FREE,
    EL_STREAM_CALLING,  /* not connected yet */
    EL_STREAM_RESTING,  /* there is no connection; there was one that we had called */
    EL_STREAM_STRANGER, /* it has connected */
    EL_STREAM_OPEN,     /* the tunnel has something to say to it */
};

/* Why a connection had to end. */
enum el_stream_why {
    EL_STREAM_NO_ANSWER, /* the call failed */
    EL_STREAM_UNKNOWN,   /* a stranger whom the tunnel does not answer */
    EL_STREAM_HALF,      /* it does not say the rest of a frame */
    EL_STREAM_STUCK,     /* it does not read */
    EL_STREAM_UNUSED,
    EL_STREAM_WHYS
};
const char *el_stream_why_name(enum el_stream_why why);

struct el_stream_config {
    unsigned connections_max; /* 1..65535; all memory is taken at once */
    unsigned address_max;     /* of one IPv4 address, or IPv6 /64 */
    unsigned strangers_max;   /* of these, strangers */
};

struct el_stream;

int el_stream_new(const struct el_stream_config *config, struct el_stream **stream);
void el_stream_free(struct el_stream *stream); /* NULL is allowed */

/* FROM has connected: the number of its connection, from 0 on; *EVICTED: that was a stranger's,
 * whose connection is to be closed. EL_EFULL: it has too many, or all have. */
int el_stream_accept(struct el_stream *stream, uint64_t now_ns, const struct el_endpoint *from,
                     bool *evicted);

/* TO shall be called, which has no connection yet: its number. EL_EFULL. */
int el_stream_call(struct el_stream *stream, uint64_t now_ns, const struct el_endpoint *to);
void el_stream_connected(struct el_stream *stream, uint64_t now_ns, unsigned number);

/* The connection with AT; EL_ENOENT. */
int el_stream_find(const struct el_stream *stream, const struct el_endpoint *at);
enum el_stream_state el_stream_state(const struct el_stream *stream, unsigned number);
const struct el_endpoint *el_stream_endpoint(const struct el_stream *stream, unsigned number);

/* A datagram was sent, to somebody whom the tunnel knows; something came, with it the end of a
 * frame if WHOLE, and now HALF a frame is there (in a stream that never pauses that is so nearly
 * always); what was begun to be sent is STUCK, or not any more. */
void el_stream_sent(struct el_stream *stream, uint64_t now_ns, unsigned number);
void el_stream_received(struct el_stream *stream, uint64_t now_ns, unsigned number, bool whole,
                        bool half);
void el_stream_stuck(struct el_stream *stream, uint64_t now_ns, unsigned number, bool stuck);

/* The connection has ended. One that we had called is RESTING, all others are forgotten. */
void el_stream_closed(struct el_stream *stream, uint64_t now_ns, unsigned number);

/* The number of a connection that has to be closed, as WHY says, and then told to be; EL_ENOENT
 * when there is none. To be called until then at the deadline. */
int el_stream_expired(struct el_stream *stream, uint64_t now_ns, enum el_stream_why *why);
uint64_t el_stream_deadline_ns(const struct el_stream *stream);

unsigned el_stream_count(const struct el_stream *stream); /* of connections, but for RESTING */

/*
 * How many bytes may wait in a connection's queue that carries BYTES_PER_S: what goes in a tenth of
 * a second, but at least a train of the tunnel's, and at most what is worth having for the fastest.
 */
unsigned el_stream_queue_bytes(uint64_t bytes_per_s);

#endif
