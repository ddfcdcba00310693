/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who else gives addresses on this network, and whether we should: a machine without socket or
 * clock. It looks at frames that our sockets do not hear: ARP, and what DHCP servers say to
 * clients.
 *
 *     while ((len = el_dhcp_watch_output(&watch, now_ns, frame)) > 0)
 *         send(frame, len);
 *     ... until el_dhcp_watch_deadline(&watch), or for each frame that comes:
 *     switch (el_dhcp_watch_input(&watch, now_ns, frame, len, &heard)) ...
 *     ... and after either: el_dhcp_set_mode(dhcp, el_dhcp_watch_mode(&watch), now_ns)
 *
 * Judging (`judge`) asks for an address itself, with a DISCOVER that nobody follows up:
 *
 * - At the start it waits for a second, then gives addresses, unless somebody answered. A server
 *   that held leases when it ended is the server, and waits for nothing.
 * - Another server that shows up within the first minute, or while we have nothing on lease, is one
 *   that was there before us (dnsmasq pings for three seconds before it offers): we yield to it,
 *   and only say what to boot. One that comes later is a rogue: it is reported, and we stay.
 * - Having yielded, we take over when three questions in a row, a minute apart, found nobody.
 */
#ifndef EL_DHCP_DHCP_WATCH_H
#define EL_DHCP_DHCP_WATCH_H

#include "base/addr.h"
#include "dhcp/dhcp.h"

enum {
    EL_DHCP_WATCH_SERVERS = 16, /* others that are remembered */
    EL_DHCP_WATCH_FRAME = 400,  /* bytes of what we send, at most */
    EL_DHCP_ARP_FRAME = 42,
};

struct el_dhcp_foreign {
    struct el_ip ip; /* its server identifier (option 54) */
    struct el_mac mac;
    uint64_t seen_ns;
    uint64_t told_ns; /* when it was last reported */
};

enum el_dhcp_heard_kind {
    EL_DHCP_HEARD_NOTHING,
    EL_DHCP_HEARD_ARP,    /* mac says that it has ip */
    EL_DHCP_HEARD_SERVER, /* another server, for the first time in ten minutes */
};

struct el_dhcp_heard {
    struct el_ip ip;
    struct el_mac mac;
    struct el_ip offered; /* of a server: the address that it gives; family 0: none */
};

struct el_dhcp_watch {
    struct el_mac mac;   /* ours: we send from here, */
    struct el_ip server; /* and this is our server identifier */
    bool judge;
    enum el_dhcp_mode mode;
    uint64_t since_ns; /* of the mode */
    bool settled;      /* we were the server before we began */
    uint64_t next_ns;  /* when to ask again */
    unsigned asked;    /* how often */
    unsigned silent;   /* questions in a row that nobody answered */
    bool answered;     /* the last one */
    uint32_t xid;
    struct el_dhcp_foreign servers[EL_DHCP_WATCH_SERVERS];
};

/* MODE: what we are, if not JUDGE; LEASED: there are leases from before. */
void el_dhcp_watch_init(struct el_dhcp_watch *watch, const struct el_mac *mac,
                        const struct el_ip *server, enum el_dhcp_mode mode, bool judge, bool leased,
                        uint64_t now_ns);

uint64_t el_dhcp_watch_deadline(const struct el_dhcp_watch *watch);

/* A question to be broadcast now: its length; 0: none. */
size_t el_dhcp_watch_output(struct el_dhcp_watch *watch, uint64_t now_ns,
                            uint8_t frame[EL_DHCP_WATCH_FRAME]);

/* One frame that has come. LEASED: how many leases are held now. */
enum el_dhcp_heard_kind el_dhcp_watch_input(struct el_dhcp_watch *watch, uint64_t now_ns,
                                            const uint8_t *frame, size_t len, size_t leased,
                                            struct el_dhcp_heard *heard);

static inline enum el_dhcp_mode el_dhcp_watch_mode(const struct el_dhcp_watch *watch)
{
    return watch->mode;
}

/* Whether another server was heard lately. */
bool el_dhcp_watch_is_alone(const struct el_dhcp_watch *watch, uint64_t now_ns);

/* Asks, from MAC and for nobody, who has IP (RFC 5227 §2.1.1). */
void el_dhcp_arp_probe(const struct el_mac *mac, const struct el_ip *ip,
                       uint8_t frame[EL_DHCP_ARP_FRAME]);

#endif
