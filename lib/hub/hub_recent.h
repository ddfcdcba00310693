/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The last frames of each network, as their boot services keep them in memory that control may read
 * (timeline/recent.h), and of these a machine's own as a trace (frame/pcapng.h).
 */
#ifndef EL_HUB_HUB_RECENT_H
#define EL_HUB_HUB_RECENT_H

#include "base/addr.h"
#include "registry/registry.h"

enum { EL_HUB_TRACE_MAX = 3 << 20 }; /* bytes: beyond, the oldest frames are left out */

struct el_hub_recent;

/* The registry, which lives longer, has the networks' names. NULL: out of memory. */
struct el_hub_recent *el_hub_recent_new(const struct el_registry *registry);
void el_hub_recent_free(struct el_hub_recent *recent); /* NULL is allowed */

/* FD, which is ours from now on, is the memory of network VNI. */
void el_hub_recent_set(struct el_hub_recent *recent, uint32_t vni, int fd);

/* What is there of MAC since SINCE_NS (1970), in all networks: a trace of *LEN bytes, the caller's.
 * NULL: out of memory. */
uint8_t *el_hub_recent_trace(const struct el_hub_recent *recent, const struct el_mac *mac,
                             uint64_t since_ns, size_t *len);

#endif
