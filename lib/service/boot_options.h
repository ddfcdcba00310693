/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a person may say about a network's boot service. The hub passes it on as it was said. */
#ifndef EL_SERVICE_BOOT_OPTIONS_H
#define EL_SERVICE_BOOT_OPTIONS_H

#include "base/addr.h"
#include "base/err.h"
#include "dhcp/dhcp.h"
#include "service/dns_options.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    EL_BOOT_OPTION_SERVERS = 4, /* of DNS, of NTP */
    EL_BOOT_OPTION_ROUTES = 16,
    EL_BOOT_OPTION_RESERVATIONS = 4096,
    EL_BOOT_OPTION_HOSTNAME = 64,
    EL_BOOT_OPTION_EXPORTS = 16,
    EL_BOOT_OPTION_EXPORT_NAME = 33,
    EL_BOOT_OPTION_PATH = 256,
};

/* What is exported over NFS, as /NAME. */
struct el_boot_option_export {
    char name[EL_BOOT_OPTION_EXPORT_NAME];
    char path[EL_BOOT_OPTION_PATH];    /* a directory, or an ISO image */
    char overlay[EL_BOOT_OPTION_PATH]; /* directory of what machines write; "": they may not */
};

/* What the service does about addresses. */
enum el_boot_dhcp {
    EL_BOOT_DHCP_AUTO,   /* server, or proxy if another server is found */
    EL_BOOT_DHCP_SERVER, /* gives addresses */
    EL_BOOT_DHCP_PROXY,  /* another server does; only how to boot */
    EL_BOOT_DHCP_RELAY,  /* a server elsewhere does, by way of us; and how to boot from us */
    EL_BOOT_DHCP_OFF,
};

struct el_boot_option_reservation {
    struct el_mac mac;
    struct el_ip ip;
    char hostname[EL_BOOT_OPTION_HOSTNAME]; /* "" for none */
};

/* Strings are the configuration's. */
struct el_boot_options {
    const char *images; /* directory of boot entries, or NULL */
    uint64_t http_port;
    uint64_t menu_timeout_s;                         /* 0: wait for ever */
    const char *menu_default;                        /* entry, or NULL */
    unsigned dhcp;                                   /* enum el_boot_dhcp */
    struct el_ip dhcp_server;                        /* of EL_BOOT_DHCP_RELAY */
    struct el_dhcp_range ranges[EL_DHCP_RANGES_MAX]; /* the pool; none: the upper part of the
                                                        network */
    unsigned range_count;
    struct el_dhcp_subnet relayed[EL_DHCP_SUBNETS_MAX - 1];
    unsigned relayed_count;
    struct el_dhcp_rule *rules; /* owned */
    size_t rule_count;
    bool by_client_id;
    struct el_ip router; /* family 0: none */
    struct el_ip dns[EL_BOOT_OPTION_SERVERS], ntp[EL_BOOT_OPTION_SERVERS];
    unsigned dns_count, ntp_count;
    struct el_ip dns6[EL_BOOT_OPTION_SERVERS]; /* told where there is IPv6 */
    unsigned dns6_count;
    const char *domain; /* or NULL */
    const char *search; /* domains separated by spaces or commas, or NULL */
    struct el_dhcp_route routes[EL_BOOT_OPTION_ROUTES];
    unsigned route_count;
    uint64_t lease_ns;
    bool no_nfs;
    struct el_boot_option_export exports[EL_BOOT_OPTION_EXPORTS];
    unsigned export_count;
    struct el_dns_options names;
    bool no_ra;                                      /* leave IPv6's router solicitations alone */
    struct el_boot_option_reservation *reservations; /* owned */
    size_t reservation_count;
};

/* Each takes one value as it was said. */
int el_boot_options_range(struct el_boot_options *options, const char *text, struct el_err *err);
int el_boot_options_relayed(struct el_boot_options *options, const char *text, struct el_err *err);
int el_boot_options_rule(struct el_boot_options *options, const char *text, struct el_err *err);
int el_boot_options_dns(struct el_boot_options *options, const char *text, struct el_err *err);
int el_boot_options_ntp(struct el_boot_options *options, const char *text, struct el_err *err);
int el_boot_options_route(struct el_boot_options *options, const char *text, struct el_err *err);
int el_boot_options_reserve(struct el_boot_options *options, const char *text, struct el_err *err);
int el_boot_options_export(struct el_boot_options *options, const char *text, struct el_err *err);

/* Checks what was said against the network; fills the pool in if it was not said. */
int el_boot_options_fit(struct el_boot_options *options, const struct el_prefix *network,
                        struct el_err *err);

void el_boot_options_clear(struct el_boot_options *options);

#endif
