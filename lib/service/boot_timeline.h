/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The timeline of a network's machines in its boot service: fed by DHCP, TFTP and HTTP while they
 * work, and by whoever else knows something of a machine. Diagnoses go to the log; of a service
 * without a hub, by hand, all steps do.
 */
#ifndef EL_SERVICE_BOOT_TIMELINE_H
#define EL_SERVICE_BOOT_TIMELINE_H

#include "service/boot_part.h"
#include "timeline/timeline.h"

struct el_boot_timeline;

/* Something has happened to a machine, which is known by its address or its FROM (a lease's, of
 * the ground's network; others are ignored). FORMAT is the step's text. Not for transfers. NULL
 * (not started) is allowed. */
void el_boot_tell(struct el_boot_timeline *timeline, const struct el_mac *mac,
                  enum el_timeline_kind kind, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void el_boot_tell_from(struct el_boot_timeline *timeline, const struct el_ip *from,
                       enum el_timeline_kind kind, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Who hears of each step: 0, or EL_EAGAIN: it is offered again later. At once it hears of all that
 * there is. NULL: nobody does. */
typedef int el_boot_timeline_sink(void *arg, const struct el_timeline_step *step);
void el_boot_timeline_to(struct el_boot_timeline *timeline, el_boot_timeline_sink *sink, void *arg);

/* The watching of TFTP and HTTP, for their configurations. */
void el_boot_timeline_watch_tftp(struct el_boot_timeline *timeline, struct el_tftp_config *config);
void el_boot_timeline_watch_http(struct el_boot_timeline *timeline,
                                 struct el_http_server_config *config);

#endif
