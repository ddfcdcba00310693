/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The timeline of a network's machines in its boot service: fed by DHCP, TFTP and HTTP while they
 * work, by machines' lives, and by whoever else knows something of a machine. The steps go to
 * control, if there is one (service/orders_service.h). Diagnoses go to the log; of a service
 * without control, by hand, all steps do.
 */
#ifndef EL_SERVICE_BOOT_TIMELINE_H
#define EL_SERVICE_BOOT_TIMELINE_H

#include "service/boot_part.h"
#include "timeline/timeline.h"

struct el_boot_timeline;

/* Something has happened to a machine, which is known by its MAC, or by the address FROM that it
 * speaks from (what nobody holds is ignored). FORMAT is the step's text. Not for transfers. NULL
 * (not started) is allowed. */
void el_boot_tell(struct el_boot_timeline *timeline, const struct el_mac *mac,
                  enum el_timeline_kind kind, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void el_boot_tell_from(struct el_boot_timeline *timeline, const struct el_ip *from,
                       enum el_timeline_kind kind, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* EVENT has happened in the life of MAC, as el_machines_config.happened says it. */
void el_boot_timeline_life(struct el_boot_timeline *timeline, const struct el_mac *mac,
                           const struct el_life_event *event,
                           const struct el_life_decision *decision);

/* The watching of TFTP and HTTP, for their configurations. */
void el_boot_timeline_watch_tftp(struct el_boot_timeline *timeline, struct el_tftp_config *config);
void el_boot_timeline_watch_http(struct el_boot_timeline *timeline,
                                 struct el_http_server_config *config);

#endif
