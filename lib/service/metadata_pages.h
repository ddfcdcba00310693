/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Metadata for the system that runs on a machine, which is known by the address that it asks from:
 *
 *     /nocloud/{meta-data,user-data,vendor-data,network-config}   cloud-init, ds=nocloud-net;s=...
 *     /latest/meta-data/...  /latest/user-data                    as EC2 has it; also by the dates
 *                                                                 that cloud-init asks for
 *     PUT /latest/api/token                                       IMDSv2: a session's token
 *
 * The user data are the profile's, if its template is for systems that run; else there are none but
 * the machine's name and the profile's SSH keys. No secrets: an address is easily taken.
 *
 * A session's token is asked for as EC2 does where it is optional: whoever sends one has to have
 * the right one, for his address and in time.
 */
#ifndef EL_SERVICE_METADATA_PAGES_H
#define EL_SERVICE_METADATA_PAGES_H

#include "service/profile_pages.h"

enum { EL_METADATA_ROUTES = 6 };

/* ROUTES for a server; PAGES outlives it. */
void el_metadata_pages_routes(struct el_profile_pages *pages,
                              struct el_http_route routes[EL_METADATA_ROUTES]);

#endif
