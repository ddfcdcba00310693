/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The parts of a boot service (DHCP, TFTP, HTTP ...): each a file of its own and a line in
 * boot_service.c's table, and what they share.
 *
 * First every part opens what needs privileges; then these are gone, and the service is confined;
 * then the parts are started in the order of the table, and at the end stopped in the reverse. A
 * part keeps what it needs in the struct below, which is zeros (descriptors: -1) at the beginning,
 * so that a part can be stopped that was never started.
 */
#ifndef EL_SERVICE_BOOT_PART_H
#define EL_SERVICE_BOOT_PART_H

#include "boot/boot.h"
#include "dhcp/dhcp_io.h"
#include "dns/dns.h"
#include "dns/dns_hosts.h"
#include "http/http_io.h"
#include "ndp/ndp_io.h"
#include "net/net.h"
#include "service/boot_ground.h"
#include "service/boot_pages.h"
#include "service/boot_service.h"
#include "service/boot_watch.h"
#include "service/machines.h"
#include "service/orders_service.h"
#include "service/regions.h"
#include "state/state.h"
#include "sys/confine.h"
#include "tftp/tftp_io.h"

enum { EL_BOOT_SERVICE_PLACES = 48, EL_BOOT_SERVICE_HUB = 32 };

struct el_boot_names;

struct el_boot_parts {
    const struct el_boot_service_config *config;
    char hub[EL_BOOT_SERVICE_HUB]; /* "192.168.77.1", with the port if it is not 80 */
    struct el_boot_ground ground;
    struct el_net *kernel;  /* the loop */
    struct el_net *net;     /* the ground's: what machines reach */
    struct el_state *state; /* boot.db; NULL: nothing is kept */
    struct el_boot *boot;
    struct el_regions *regions;

    /* What may be opened by name once the service is confined; a part adds its own in `open`. */
    struct el_sys_place places[EL_BOOT_SERVICE_PLACES];
    size_t place_count;
    bool resolver;                            /* the same with what is needed to look names up, */
    uint16_t connect_ports[EL_DNS_UPSTREAMS]; /* and with what may be connected to */
    size_t connect_port_count;

    /* -- what belongs to the parts -- */
    struct el_machines *machines;
    struct el_orders_service *orders; /* NULL: there is no control */
    int images;                       /* the directory; the pages' once they are there */
    struct el_boot_pages *pages;
    struct el_profile_pages *profiles;
    struct el_dhcp_reservation *reservations;
    struct el_boot_watch *watch;
    struct el_dhcp_heard foreign;      /* another server, which is reported */
    struct el_net_timer *foreign_told; /* when it is known where it is */
    el_dhcp_seen_cb *dhcp_seen; /* who watches DHCP; set before that is started; NULL: nobody */
    void *dhcp_seen_arg;
    struct el_dhcp_io
        *dhcp; /* NULL: no DHCP; reservations that change: el_dhcp_reserve() on its server */
    el_dns_told_cb *dns_told; /* who watches DNS; set before that is started; NULL: nobody */
    void *dns_told_arg;
    struct el_boot_names *names; /* NULL: no DNS */
    struct el_tftp_server *tftp;
    struct el_http_server *http;
    struct el_boot_recent *recent;     /* NULL: frames are not kept */
    struct el_boot_timeline *timeline; /* service/boot_timeline.h */
    struct el_boot_nfs *nfs;           /* NULL: nothing is exported */
    struct el_ndp_io *ndp;             /* NULL: router solicitations are not answered */
};

struct el_boot_part {
    /* What may need privileges; NULL: nothing. */
    int (*open)(struct el_boot_parts *s, struct el_err *err);
    int (*start)(struct el_boot_parts *s, struct el_err *err);
    void (*stop)(struct el_boot_parts *s);
};

extern const struct el_boot_part el_boot_part_machines; /* what is wanted of machines: first */
extern const struct el_boot_part el_boot_part_pages;    /* what is handed out: before its servers */
extern const struct el_boot_part el_boot_part_profiles; /* of machines, among the pages */
extern const struct el_boot_part el_boot_part_timeline; /* before whom it watches */
extern const struct el_boot_part el_boot_part_dns; /* before DHCP, which tells it of machines */
extern const struct el_boot_part el_boot_part_recent;
extern const struct el_boot_part el_boot_part_dhcp;
extern const struct el_boot_part el_boot_part_tftp;
extern const struct el_boot_part el_boot_part_http;
extern const struct el_boot_part el_boot_part_ndp;
extern const struct el_boot_part el_boot_part_nfs; /* knows machines by DHCP's leases: after it */

/* Whether machines can ask us for names, and where over IPv6 (family 0: not). */
bool el_boot_part_dns_serves(const struct el_boot_parts *s);
struct el_ip el_boot_part_dns_address6(const struct el_boot_parts *s);

/* DHCP has something to tell of a machine: an address, and what it calls itself. */
void el_boot_part_dns_seen(struct el_boot_parts *s, const struct el_dhcp_seen *seen);

#endif
