/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A learning Ethernet switch (IEEE 802.1Q-2022 §8.6, §8.7, without VLAN awareness of its own: a
 * tag is payload), as a machine that decides and touches no frame.
 *
 * A network is one broadcast domain, known by its VNI. A port belongs to exactly one network, and
 * nothing ever crosses from one network to another. A frame enters at a port and leaves through
 * the set of ports that el_switch_forward() returns: one port when the destination is known, all
 * published ones of the network otherwise, never the one it came from.
 *
 * Against hostile machines: each port may own a bounded number of addresses (quota); the whole
 * table is bounded, and when it is full, the port that owns most gives way to the one that owns
 * fewer; ageing is never off; an address of a protected port (the hub's own services) cannot be
 * learned elsewhere; flooded frames pass a token bucket per port; so do changes of the table (100 a
 * second, and as many at once as the port has quota); the hash is keyed.
 *
 * A *shortcut* is a second way to stations that are behind an isolated port as well: at a spoke,
 * the direct way to another spoke beside that through the hub. Split horizon: a shortcut is
 * isolated, so that no frame goes on from one to the other. Only unicast takes it: it is never
 * flooded to, and frames for a group that come from it are dropped, so that whoever gets them gets
 * them once. Since a station's broadcasts keep coming through the other port, what is heard at a
 * shortcut stays there for EL_SWITCH_HOLD_S, whatever isolated ports hear meanwhile. A port that is
 * not isolated takes it at once: a machine that has moved here is here.
 *
 * Two modes of use. In *shared* mode any number of lanes (threads, each with a number of its own,
 * 0..EL_SWITCH_LANES - 1) may call el_switch_forward(), and anybody the functions that take a const
 * switch, all at once, while nobody changes anything. In *exclusive* mode one thread alone may call
 * everything. Who is in which mode is the caller's to arrange; a program of one thread is in the
 * exclusive one all the time. No sender can ask for the exclusive mode more often than its port may
 * change the table.
 *
 * Memory: 64 bytes for each address of addresses_max (4 MiB by default) and 10 KiB for each lane,
 * taken at new; 16 KiB for each network, taken with its first port.
 */
#ifndef EL_SWITCH_SWITCH_H
#define EL_SWITCH_SWITCH_H

#include "base/addr.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    EL_SWITCH_PORTS_MAX = 4096 + 64, /* every peer of a tunnel, and local ports */
    EL_SWITCH_NETWORKS_MAX = 64,
    EL_SWITCH_VNI_MAX = 0xffffff,
    EL_SWITCH_LANES = 16,
    EL_SWITCH_FLOOD_COPIES = 16, /* as many copies of a flooded frame count as one frame */
    EL_SWITCH_HOLD_S = 10,       /* an address stays at a shortcut after it was heard there */
};

struct el_switch;

struct el_switch_config {
    unsigned ports_max;   /* 2..EL_SWITCH_PORTS_MAX */
    size_t addresses_max; /* size of the FDB, up to 2^20; 0: 65,536 */
    uint64_t ageing_ns;   /* 10 s .. 1 day; 0: 300 s */
};

struct el_switch_port_config {
    uint32_t vni;
    unsigned addresses_max; /* quota; 0: 1,024 */
    unsigned flood_per_s;   /* flooded frames a second (broadcast, multicast, unknown unicast), */
    unsigned flood_burst;   /*   see el_switch_forward(); 0: 1,000 a second, burst 2,000 */
    bool protect;           /* what was learned here is not learned elsewhere while it is alive */
    bool isolate;           /* frames pass only between an isolated and a non-isolated port */
    bool shortcut;          /* see above; isolated, whatever is said of that */
    bool published;         /* frames pass; see el_switch_publish() */
};

int el_switch_new(const struct el_switch_config *config, struct el_switch **sw);
void el_switch_free(struct el_switch *sw);

/* The new port's number, 0..ports_max-1, or EL_EFULL, EL_EINVAL, EL_ENOMEM. */
int el_switch_add_port(struct el_switch *sw, const struct el_switch_port_config *config);
/* Forgets the port and all addresses behind it. */
void el_switch_remove_port(struct el_switch *sw, unsigned port);
void el_switch_publish(struct el_switch *sw, unsigned port, bool published);
/* Forgets the addresses behind the port, but for those that are pinned. */
void el_switch_flush(struct el_switch *sw, unsigned port);

/* Says that MAC is behind PORT, whatever is heard elsewhere: a static filtering entry (IEEE 802.1Q
 * §8.8.1). For the hub's own interfaces, which may be silent for longer than the ageing time. It
 * counts into the port's quota and goes with the port. EL_EINVAL (a group or zero address, no such
 * port), EL_EEXIST (another port has it so), EL_EFULL. */
int el_switch_pin(struct el_switch *sw, unsigned port, const struct el_mac *mac);

/* The addresses behind PORT, pinned ones too, the newest first: how many there are in MACS, which
 * has room for MAX. */
unsigned el_switch_addresses(const struct el_switch *sw, uint64_t now_ns, unsigned port,
                             struct el_mac *macs, unsigned max);

/* Where a frame goes. */
struct el_switch_out {
    unsigned count;
    const uint16_t *ports; /* the lane's own, valid until its next call, whoever changes what */
    bool flooded;
    bool moved; /* of el_switch_forward_exclusive(): SRC was known at another port */
};

enum { EL_SWITCH_NEEDS_CHANGE = 1 };

/* Decides about a frame that came to LANE from PORT. 0 with OUT filled (count may be 0); a negative
 * error when the frame is dropped (and counted); EL_SWITCH_NEEDS_CHANGE if SRC has to be learned at
 * PORT first: nothing is decided, counted or changed then, and el_switch_forward_exclusive() does
 * all of it. Known unicast costs two lookups.
 *
 * A port's limit of flooded frames is there for two: for those who get them, so that frames are
 * counted; and for us, who make a copy for each, so that a frame counts once for every
 * EL_SWITCH_FLOOD_COPIES ports begun. With 1,000 a second, each port of a network of 17 may flood
 * 1,000 frames a second, of a network of 101 ports 142, of one of 4,097 still 3: 16,000 copies. A
 * frame passes when there is room for one, and what it costs beyond that is waited for afterwards.
 *
 * An address that is heard all the time may be noted a second late, and so age a second early. */
int el_switch_forward(struct el_switch *sw, uint64_t now_ns, unsigned lane, unsigned port,
                      const struct el_mac *src, const struct el_mac *dst,
                      struct el_switch_out *out);

/* The same in exclusive mode, where SRC is learned, always noted as heard now, and no change is
 * needed by anybody else. */
int el_switch_forward_exclusive(struct el_switch *sw, uint64_t now_ns, unsigned lane, unsigned port,
                                const struct el_mac *src, const struct el_mac *dst,
                                struct el_switch_out *out);

/* The port behind which MAC was last seen in network VNI, or EL_ENOENT. */
int el_switch_find(const struct el_switch *sw, uint64_t now_ns, uint32_t vni,
                   const struct el_mac *mac);

/* Ageing works in small steps: call it at its deadline. An address counts as unknown as soon as its
 * time is over; it leaves the table, and its port's quota, at most a quarter of that time later. */
void el_switch_age(struct el_switch *sw, uint64_t now_ns);
uint64_t el_switch_deadline_ns(const struct el_switch *sw);

enum el_switch_counter {
    EL_SWITCH_FORWARDED,
    EL_SWITCH_FLOODED,
    EL_SWITCH_LEARNED,
    EL_SWITCH_MOVED, /* an address went to another port */
    EL_SWITCH_AGED,
    EL_SWITCH_DROP_STORM,     /* flood beyond the port's limit */
    EL_SWITCH_DROP_SOURCE,    /* group or zero source address */
    EL_SWITCH_DROP_PROTECTED, /* source is an address of a protected port */
    EL_SWITCH_DROP_GATE,      /* port not published, on either side */
    EL_SWITCH_DROP_ISOLATED,  /* from an isolated port to another, or a shortcut's to a group */
    EL_SWITCH_DROP_LOCAL,     /* destination is behind the port it came from */
    EL_SWITCH_DROP_RESERVED,  /* 01:80:c2:00:00:00..0f: never forwarded by a bridge (§8.6.3) */
    EL_SWITCH_NOT_LEARNED,    /* quota, table, or too many changes: forwarded all the same */
    EL_SWITCH_COUNTERS
};
const char *el_switch_counter_name(enum el_switch_counter counter);
/* The sum of all lanes'. */
uint64_t el_switch_count(const struct el_switch *sw, enum el_switch_counter counter);

#endif
