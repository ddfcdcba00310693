/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What has changed for a spoke, from one answer of the hub to the next, as lines of its log. */
#ifndef EL_SPOKE_SPOKE_NEWS_H
#define EL_SPOKE_SPOKE_NEWS_H

#include "spoke/agent_answer.h"

/* Networks that are new, gone, published or not any more; notices that are new or say something
 * new. How many lines that were. */
unsigned el_spoke_news(const struct el_agent_self *before, const struct el_agent_self *now);

#endif
