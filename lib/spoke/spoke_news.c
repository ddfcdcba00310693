/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What has changed for a spoke. */
#include "spoke/spoke_news.h"

#include "base/log.h"

#include <string.h>

static void say_network(const char *event, const struct el_spoke_network *network)
{
    EL_LOG(EL_LOG_INFO, "node", event, EL_STR("network", network->name),
           EL_UINT("vni", network->vni), EL_STR("lan", network->lan[0] ? network->lan : NULL));
}

/* One that is there again with another VNI is another one. */
static const struct el_spoke_network *find(const struct el_spoke_networks *list,
                                           const struct el_spoke_network *network)
{
    const struct el_spoke_network *found = el_spoke_networks_find(list, network->name);

    return found && found->vni == network->vni ? found : NULL;
}

static unsigned say_networks(const struct el_spoke_networks *before,
                             const struct el_spoke_networks *now)
{
    unsigned count = 0;

    for (unsigned i = 0; i < before->count; i++)
        if (!find(now, &before->items[i])) {
            say_network("network-gone", &before->items[i]);
            count++;
        }
    for (unsigned i = 0; i < now->count; i++) {
        const struct el_spoke_network *network = &now->items[i], *was = find(before, network);
        if (was && was->published == network->published)
            continue;
        say_network(network->published ? "network-published"
                    : was              ? "network-unpublished"
                                       : "network-new",
                    network);
        count++;
    }
    return count;
}

static bool is_said(const struct el_agent_self *self, const struct el_agent_notice *notice)
{
    for (unsigned i = 0; i < self->notice_count; i++)
        if (strcmp(self->notices[i].kind, notice->kind) == 0 &&
            strcmp(self->notices[i].network, notice->network) == 0 &&
            strcmp(self->notices[i].text, notice->text) == 0)
            return true;
    return false;
}

static unsigned say_notices(const struct el_agent_self *before, const struct el_agent_self *now)
{
    unsigned count = 0;

    for (unsigned i = 0; i < now->notice_count; i++) {
        const struct el_agent_notice *notice = &now->notices[i];
        bool about = strcmp(notice->network, "-") != 0;
        if (is_said(before, notice))
            continue;
        EL_LOG(EL_LOG_WARN, "node", "hub-says", EL_STR("about", notice->kind),
               EL_STR("network", about ? notice->network : NULL), EL_STR("text", notice->text));
        count++;
    }
    return count;
}

unsigned el_spoke_news(const struct el_agent_self *before, const struct el_agent_self *now)
{
    return say_networks(&before->networks, &now->networks) + say_notices(before, now);
}
