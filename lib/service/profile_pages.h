/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What machines get of their profiles (lib/profile):
 *
 *     /m/TOKEN/FILE            a file of the profile's template, for the installer
 *     kernel arguments         that bring the installer there
 *     /nocloud/...             for the system that runs, who it is known by its address:
 *     /latest/... and the like cloud-init's NoCloud, and the metadata service of EC2
 *
 * A file that holds secrets is handed to the machine that it is for: whoever asks has its token and
 * the address that is leased to it. He gets it as often as the installer needs it in one attempt
 * (el_profile_template_hand()), which is written down before the first byte leaves; then it is 410,
 * until the next attempt. What has only an address to show (metadata) gets no secrets.
 */
#ifndef EL_SERVICE_PROFILE_PAGES_H
#define EL_SERVICE_PROFILE_PAGES_H

#include "http/http_io.h"
#include "profile/profile.h"
#include "service/machines.h"

#include <sodium.h>

struct el_profile_pages_config {
    struct el_machines *machines;
    struct el_prefix address; /* ours in the network */
    struct el_ip router;      /* family 0: none */
    const struct el_ip *dns;
    unsigned dns_count;
    const char *domain; /* or NULL */
    const char *hub;    /* "192.168.77.1", with the port if it is not 80 */
    int64_t (*wall_s)(void *arg);
    void *arg;
};

struct el_profile_pages {
    struct el_profile_pages_config config;
    struct el_profile_templates *templates;
    uint8_t key[crypto_auth_KEYBYTES]; /* of EC2's session tokens; until we end */
};

/* The strings of CONFIG outlive PAGES. */
int el_profile_pages_begin(struct el_profile_pages *pages,
                           const struct el_profile_pages_config *config, struct el_err *err);
void el_profile_pages_end(struct el_profile_pages *pages); /* zeros are allowed */

/* For the machines; ARG is a struct el_profile_pages. */
el_machines_page el_profile_pages_answer;
el_machines_find_args el_profile_pages_args;

/* -- what the two files share -- */

/* The facts of MACHINE, which speaks from IP (NULL: not known). They show the machine. */
struct el_profile_facts el_profile_pages_facts(const struct el_profile_pages *pages,
                                               const struct el_machine *machine,
                                               const struct el_ip *ip);
/* The profile of MACHINE, the caller's. EL_ENOENT: it has none. */
int el_profile_pages_profile(const struct el_machine *machine, struct el_profile **profile,
                             struct el_err *err);

#endif
