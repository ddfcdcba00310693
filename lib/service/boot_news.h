/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the services of a network see, as news for a machine's timeline (timeline/timeline.h): each
 * function says what a DHCP message, a TFTP transfer or an HTTP request means for the start of the
 * machine, which is filled in by whoever knows it by its address.
 */
#ifndef EL_SERVICE_BOOT_NEWS_H
#define EL_SERVICE_BOOT_NEWS_H

#include "boot/boot_entry.h"
#include "dhcp/dhcp_seen.h"
#include "http/http.h"
#include "tftp/tftp_io.h"
#include "timeline/timeline.h"

/* A news, whose text is in itself: it is not to be copied. */
struct el_boot_news {
    struct el_timeline_news news;
    char text[EL_TIMELINE_TEXT];
};

/* False: it is none. With the machine's MAC. */
bool el_boot_news_of_dhcp(const struct el_dhcp_seen *seen, struct el_boot_news *news);

/* Without the machine's MAC. */
bool el_boot_news_of_tftp(const struct el_tftp_report *report, struct el_boot_news *news);

/* Likewise; the COUNT entries LIST of the menu tell a kernel from another file. */
bool el_boot_news_of_http(const struct el_http_seen *seen, const struct el_boot_entry *list,
                          size_t count, struct el_boot_news *news);

#endif
