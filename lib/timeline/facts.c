/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a machine is: what each news makes of it. */
#include "timeline/diagnosis.h"

#include <stdio.h>

/* A firmware that asks again after so long begins anew: its own attempts last a minute. */
enum { SILENT_S = 90 };

static void copy(char to[EL_FACT_NAME], const char *text)
{
    snprintf(to, EL_FACT_NAME, "%.*s", EL_FACT_NAME - 1, text ? text : "");
}

bool el_facts_is_start(const struct el_timeline_facts *facts, uint64_t now_ns,
                       const struct el_timeline_news *news)
{
    if (news->kind != EL_TIMELINE_DISCOVER || news->client != EL_TIMELINE_FIRMWARE)
        return false;
    return facts->stage < EL_STAGE_ASKED || facts->stage >= EL_STAGE_ADDRESSED ||
           facts->client != EL_TIMELINE_FIRMWARE || now_ns - facts->since_ns > SILENT_S * EL_S;
}

/* -- DHCP -- */

/* A system that renews its lease goes on as it was. */
static bool is_renewal(const struct el_timeline_facts *facts, const struct el_timeline_news *news)
{
    return news->client == EL_TIMELINE_SYSTEM && facts->stage >= EL_STAGE_TEMPLATED;
}

static void discovered(struct el_timeline_facts *facts, uint64_t now_ns,
                       const struct el_timeline_news *news)
{
    if (el_facts_is_start(facts, now_ns, news))
        *facts = (struct el_timeline_facts){.secs = news->secs};
    if (facts->stage < EL_STAGE_ASKED || facts->stage > EL_STAGE_REFUSED) {
        facts->asked = 0;
        facts->deaf = 0;
    }
    facts->asked++;
    facts->client = news->client;
    facts->is_uefi = facts->is_uefi || news->is_uefi;
    facts->stage = EL_STAGE_ASKED;
}

static void acknowledged(struct el_timeline_facts *facts, const struct el_timeline_news *news)
{
    facts->ip = news->ip;
    facts->client = news->client;
    facts->deaf = 0;
    if (news->client == EL_TIMELINE_FIRMWARE)
        copy(facts->loader, news->file);
    if (is_renewal(facts, news))
        return;
    facts->stage = news->client == EL_TIMELINE_SYSTEM && !facts->has_kernel ? EL_STAGE_RUNNING
                                                                            : EL_STAGE_ADDRESSED;
}

/* -- transfers -- */

static void fetched(struct el_timeline_facts *facts, const struct el_timeline_news *news)
{
    bool is_over = news->state == EL_TIMELINE_DONE;

    copy(facts->what, news->text);
    facts->done = news->done;
    facts->total = news->total;
    facts->deaf = news->is_deaf ? facts->deaf + 1 : news->done > 0 ? 0 : facts->deaf;
    switch (news->kind) {
    case EL_TIMELINE_LOADER:
        copy(facts->loader, news->text);
        facts->stage = is_over ? EL_STAGE_LOADED : EL_STAGE_LOADING;
        break;
    case EL_TIMELINE_KERNEL:
    case EL_TIMELINE_INITRD:
        facts->has_kernel = true;
        facts->stage = is_over ? EL_STAGE_BOOTING : EL_STAGE_FETCHING;
        break;
    case EL_TIMELINE_TEMPLATE: facts->stage = EL_STAGE_TEMPLATED; break;
    case EL_TIMELINE_PACKAGE: facts->stage = EL_STAGE_WORKING; break;
    default:
        /* A file that iPXE loads belongs to the kernel; one that a system reads, to its work. */
        if (facts->stage >= EL_STAGE_MENU && facts->stage <= EL_STAGE_FETCHING)
            facts->stage = is_over ? EL_STAGE_BOOTING : EL_STAGE_FETCHING;
        break;
    }
}

void el_facts_follow(struct el_timeline_facts *facts, uint64_t now_ns,
                     const struct el_timeline_news *news)
{
    switch (news->kind) {
    case EL_TIMELINE_LINK: *facts = (struct el_timeline_facts){.stage = EL_STAGE_LINKED}; break;
    case EL_TIMELINE_DISCOVER: discovered(facts, now_ns, news); break;
    case EL_TIMELINE_OFFER:
        facts->ip = news->ip;
        copy(facts->loader, news->file);
        facts->stage = EL_STAGE_OFFERED;
        break;
    case EL_TIMELINE_REQUEST:
        if (!is_renewal(facts, news) && facts->stage != EL_STAGE_RUNNING)
            facts->stage = EL_STAGE_REQUESTED;
        break;
    case EL_TIMELINE_UNANSWERED:
    case EL_TIMELINE_OTHER_SERVER:
    case EL_TIMELINE_NAK:
    case EL_TIMELINE_DECLINE: facts->stage = EL_STAGE_REFUSED; break;
    case EL_TIMELINE_ACK: acknowledged(facts, news); break;
    case EL_TIMELINE_SCRIPT: facts->stage = EL_STAGE_SCRIPTED; break;
    case EL_TIMELINE_MENU:
    case EL_TIMELINE_WAIT: facts->stage = EL_STAGE_MENU; break;
    case EL_TIMELINE_INSTALL:
    case EL_TIMELINE_ENTRY:
        facts->is_installing = news->kind == EL_TIMELINE_INSTALL;
        facts->stage = EL_STAGE_SENT;
        copy(facts->what, news->text);
        break;
    case EL_TIMELINE_LOCAL: facts->stage = EL_STAGE_LOCAL; break;
    case EL_TIMELINE_LOADER:
    case EL_TIMELINE_KERNEL:
    case EL_TIMELINE_INITRD:
    case EL_TIMELINE_FILE:
    case EL_TIMELINE_TEMPLATE:
    case EL_TIMELINE_PACKAGE: fetched(facts, news); break;
    case EL_TIMELINE_DNS:
    case EL_TIMELINE_NFS:
    case EL_TIMELINE_REPORT:
        if (facts->stage < EL_STAGE_HOME)
            facts->stage = facts->is_installing ? EL_STAGE_WORKING : EL_STAGE_RUNNING;
        if (news->kind == EL_TIMELINE_REPORT)
            copy(facts->what, news->text);
        break;
    case EL_TIMELINE_HOME: facts->stage = EL_STAGE_HOME; break;
    case EL_TIMELINE_FAILED: facts->stage = EL_STAGE_NOTHING; break;
    case EL_TIMELINE_DIAGNOSIS: return;
    }
    facts->since_ns = now_ns;
}
