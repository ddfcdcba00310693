/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Path MTU discovery for datagrams (DPLPMTUD, RFC 8899), one machine per peer.
 *
 * Probes are ICMP echo requests inside the tunnel, from tunnel address to tunnel address, padded so
 * that the outer packet has the size in question. Every standard WireGuard peer answers those: its
 * kernel does. Nothing is believed that is not authenticated; ICMP "packet too big" from the WAN is
 * never looked at. The answer may come back in fragments (the other direction has a path MTU of its
 * own), so give it to the reassembler first.
 *
 * The outer socket must send with DF and without the kernel's own idea of the path
 * (IP_PMTUDISC_PROBE, IPV6_PMTUDISC_PROBE); el_pmtu_refused() takes its EMSGSIZE.
 *
 * "Outer" is the whole IP packet on the WAN; "inner" the packet that goes into the tunnel. Between
 * them are the outer IP header, UDP (8), and what the tunnel adds: 32 bytes and a padding to 16 in
 * WireGuard's own form.
 */
#ifndef EL_OVERLAY_PMTU_H
#define EL_OVERLAY_PMTU_H

#include "base/time.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    EL_PMTU_MIN = 576,        /* outer; used after 1280 has failed, and between two questions */
    EL_PMTU_BASE = 1280,      /* outer; taken for granted until something else is known */
    EL_PMTU_MAX = 1648,       /* outer; from here on no frame has to be cut */
    EL_PMTU_PROBE_MAX = 1588, /* inner; the longest probe */
    EL_PMTU_TRIES = 3,        /* MAX_PROBES (RFC 8899 §5.1.2) */
};

enum el_pmtu_state {
    EL_PMTU_DISABLED,  /* no session: nothing is sent */
    EL_PMTU_BASING,    /* whether EL_PMTU_BASE passes */
    EL_PMTU_SEARCHING, /* upwards, size by size; what has passed is in use at once */
    EL_PMTU_COMPLETE,  /* confirmed under traffic; growth is tried again every 10 minutes */
    EL_PMTU_ERROR,     /* EL_PMTU_BASE did not pass: whether EL_PMTU_MIN does */
};

/* One size, asked for up to EL_PMTU_TRIES times, a second apart, until it is answered. */
struct el_pmtu_round {
    uint16_t size; /* outer */
    uint8_t tries; /* sent so far */
    uint16_t sequence[EL_PMTU_TRIES];
    uint64_t next_ns; /* when to ask again or give up; EL_NEVER: nothing is asked */
};

/* Owned by the caller, without pointers; read it through the functions. */
struct el_pmtu {
    enum el_pmtu_state state;
    uint16_t ident, sequence;
    uint16_t sealing;    /* what the tunnel adds, without padding */
    uint16_t padding;    /* inner packets are padded to multiples of this */
    uint16_t overhead;   /* outer minus inner, without padding */
    uint16_t path;       /* outer size in use (PLPMTU) */
    uint16_t fallback;   /* what is in use when nothing is answered */
    uint16_t limit;      /* nothing above this is tried */
    _Atomic bool active; /* packets worth confirming were sent since the last confirmation; written
                            by whoever sends, beside others who look */
    struct el_pmtu_round search;
    struct el_pmtu_round confirm;
    uint64_t confirm_ns; /* not before */
    uint64_t raise_ns;   /* when to try growth again */
    uint64_t restart_ns; /* a new start does not ask before: a second after any probe */
};

struct el_pmtu_probe {
    size_t len; /* of the inner IP packet: el_overlay_echo_request() */
    uint16_t ident, sequence;
};

/* IDENT tells this peer's probes from others; random is best. Between inner packet and datagram
 * are SEALING bytes, and the padding to a multiple of PADDING, a power of two. */
void el_pmtu_init(struct el_pmtu *pmtu, uint16_t ident, size_t sealing, size_t padding);

/* A session came up, or the endpoint has changed: what was known is void. OUTER6: the endpoint is
 * an IPv6 address. However often the endpoint changes, it is asked once a second: who can make us
 * believe in a false one must not turn small packets into large ones. */
void el_pmtu_start(struct el_pmtu *pmtu, uint64_t now_ns, bool outer6);

/* The session went down. */
void el_pmtu_stop(struct el_pmtu *pmtu);

/* The next probe to send now; false: none. Call until false: at the deadline, and after each of the
 * other functions that may bring it nearer. */
bool el_pmtu_output(struct el_pmtu *pmtu, uint64_t now_ns, struct el_pmtu_probe *probe);

/* Whether el_pmtu_input_reply() would say so, for those who may only look. */
bool el_pmtu_awaits(const struct el_pmtu *pmtu, uint16_t ident, uint16_t sequence, size_t len);

/* An echo reply of LEN bytes in all. True if it answered a probe. */
bool el_pmtu_input_reply(struct el_pmtu *pmtu, uint64_t now_ns, uint16_t ident, uint16_t sequence,
                         size_t len);

/* Our own kernel refuses to send (EMSGSIZE): nothing larger than OUTER_BYTES leaves this host,
 * which is the interface's MTU. Takes effect at once; the only way below EL_PMTU_BASE without
 * probing. Not for what the network says. */
void el_pmtu_too_big(struct el_pmtu *pmtu, uint64_t now_ns, size_t outer_bytes);

/* The same, where all that is known is that it refused a packet of OUTER_BYTES. */
void el_pmtu_refused(struct el_pmtu *pmtu, uint64_t now_ns, size_t outer_bytes);

/* When to call el_pmtu_output() next. EL_NEVER for a path that is known and idle. */
uint64_t el_pmtu_deadline_ns(const struct el_pmtu *pmtu);

/* The largest inner packet that fits the path. Padding adds nothing to it. */
static inline size_t el_pmtu_inner_bytes(const struct el_pmtu *pmtu)
{
    return (size_t)(pmtu->path - pmtu->overhead) & ~(size_t)(pmtu->padding - 1);
}

/* For people: the outer size. */
static inline size_t el_pmtu_outer_bytes(const struct el_pmtu *pmtu)
{
    return pmtu->path;
}

/* Tells that an inner packet of LEN bytes is being sent. Only paths in use are confirmed, and only
 * for packets that fill at least EL_PMTU_MIN: an idle peer, or one that only receives and
 * acknowledges, costs nobody's battery anything. Not for probes and echo replies, which would keep
 * two idle peers probing each other. True if the deadline may have come nearer. */
static inline bool el_pmtu_sent(struct el_pmtu *pmtu, size_t len)
{
    if (pmtu->active || len + 15 + pmtu->overhead < EL_PMTU_MIN)
        return false;
    pmtu->active = true;
    return true;
}

#endif
