/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What machines call themselves when they ask for an address (DHCP's option 12): who had which name
 * and address last. Kept, so that they have their names before they ask again.
 *
 * A name is whoever's had it first, for as long as the caller says that he still has his address;
 * names that mean something to every computer (wpad, isatap) or here (hub, proxy) are nobody's.
 */
#ifndef EL_DNS_DNS_HOSTS_H
#define EL_DNS_DNS_HOSTS_H

#include "base/addr.h"
#include "base/err.h"
#include "dns/dns_local.h"

enum { EL_DNS_HOSTS = 4096 }; /* beyond that who was heard first is forgotten */

struct el_dns_host {
    struct el_mac mac;
    struct el_ip ip;
    char name[EL_DNS_HOST_BYTES]; /* lower case; empty: it said none */
};

struct el_dns_hosts_store {
    /* Keeps HOST in the place of what there was of the same MAC. */
    int (*put)(void *arg, const struct el_dns_host *host, struct el_err *err);
    int (*remove)(void *arg, const struct el_mac *mac, struct el_err *err);
    int (*load)(void *arg, void (*each)(void *each_arg, const struct el_dns_host *host),
                void *each_arg, struct el_err *err);
    void *arg;
};

/* Whether HOST still has its address. */
typedef bool el_dns_hosts_lives(void *arg, const struct el_dns_host *host);

struct el_dns_hosts;

/* STORE may be NULL: then they are known only until the end. */
int el_dns_hosts_new(const struct el_dns_hosts_store *store, el_dns_hosts_lives *lives, void *arg,
                     struct el_dns_hosts **hosts, struct el_err *err);
void el_dns_hosts_free(struct el_dns_hosts *hosts); /* NULL is allowed */

/* MAC has been given the address IP, and calls itself NAME ("" or NULL: nothing). What cannot be
 * kept is logged, and known until the end. */
void el_dns_hosts_saw(struct el_dns_hosts *hosts, const struct el_mac *mac, const struct el_ip *ip,
                      const char *name);

/* Who is called NAME (lower case) and lives; has the address and lives; has the MAC. NULL: nobody.
 */
const struct el_dns_host *el_dns_hosts_by_name(const struct el_dns_hosts *hosts, const char *name);
const struct el_dns_host *el_dns_hosts_by_ip(const struct el_dns_hosts *hosts,
                                             const struct el_ip *ip);
const struct el_dns_host *el_dns_hosts_by_mac(const struct el_dns_hosts *hosts,
                                              const struct el_mac *mac);

#endif
