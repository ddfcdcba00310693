/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the boot service hands out, by name:
 *
 *     TFTP  undionly.kpxe, snponly.efi, ...   the loaders inside this program
 *           autoexec.ipxe                     a script for an iPXE that UEFI has started
 *           anything else                     files of the images, as below
 *     HTTP  /ipxe/NAME                        the loaders
 *           /boot.ipxe                        the first script
 *           /menu?mac=...                     what a machine is to do, and
 *           /m/TOKEN/...                      what its installation says (service/machine_pages.h)
 *           /nocloud/... /latest/...           metadata (service/metadata_pages.h)
 *           /report?mac=...&step=...          a system reports
 *           /images/ENTRY/FILE                files of the images (image_content.h)
 */
#ifndef EL_SERVICE_BOOT_PAGES_H
#define EL_SERVICE_BOOT_PAGES_H

#include "base/err.h"
#include "boot/boot.h"
#include "content/content.h"
#include "http/http_io.h"
#include "net/net.h"
#include "service/machines.h"
#include "service/regions.h"

struct el_boot_pages;

/* NET, BOOT, REGIONS and MACHINES must live longer; IMAGES is a directory's descriptor, ours from
 * now on, or -1. */
int el_boot_pages_new(struct el_net *net, struct el_boot *boot, struct el_regions *regions,
                      struct el_machines *machines, int images, struct el_boot_pages **pages,
                      struct el_err *err);
void el_boot_pages_free(struct el_boot_pages *pages); /* NULL is allowed */

/* Tells CHOSEN what region a person has chosen for a machine, from its menu. */
void el_boot_pages_on_region(struct el_boot_pages *pages,
                             void (*chosen)(void *arg, const struct el_mac *mac,
                                            const char *region),
                             void *arg);

/* Why the visitor that is being answered cannot be started with entry NAME; NULL: it can. */
const char *el_boot_pages_entry_fault(struct el_boot_pages *pages, const char *name);

/* The entries as they are on disk now, as el_boot_entries_get(); none without a directory. */
size_t el_boot_pages_entries(const struct el_boot_pages *pages, const struct el_boot_entry **list);

/* One more route of HTTP, which is copied: before the server starts. EL_EFULL. */
int el_boot_pages_add(struct el_boot_pages *pages, const struct el_http_route *route,
                      struct el_err *err);

/* For the servers; valid until the pages are freed. */
const struct el_content *el_boot_pages_tftp(const struct el_boot_pages *pages);
/* The images, and what is in them; NULL if there are none. */
const struct el_content *el_boot_pages_images(const struct el_boot_pages *pages);
const struct el_http_route *el_boot_pages_routes(const struct el_boot_pages *pages);

#endif
