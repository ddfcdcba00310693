/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How it stands with a spoke's direct ways (spoke/spoke_direct.h), on its way to the hub: from the
 * supervisor to the agent as text, a line "KEY live|dead used|idle" each, and from there as the
 * body of PUT /v1/self/peers. */
#ifndef EL_SPOKE_AGENT_WAYS_H
#define EL_SPOKE_AGENT_WAYS_H

#include "control/json.h"
#include "spoke/spoke_direct.h"

enum { EL_AGENT_WAYS_TEXT = EL_SPOKE_PEERS * 64 }; /* with its NUL */

void el_agent_ways_text(const struct el_spoke_way *ways, unsigned count,
                        char text[EL_AGENT_WAYS_TEXT]);

/* NULL: TEXT is none, or there is no memory. */
json_t *el_agent_ways_json(const char *text);

#endif
