/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who is answered, and how often.
 *
 * All three limits are one rule (GCRA, ITU-T I.371 Annex A): each answer is due an interval after
 * the one before, and may come early by what the burst allows.
 */
#include "ndp/ndp.h"

#include "base/csprng.h"

#include <stdlib.h>

/* The last hosts that were answered, a ring. So many cannot have been answered within
 * EL_NDP_EACH_MS that one which still counts is overwritten: the ring is as exact as a table of all
 * hosts. */
enum { RECENT = 64 };
_Static_assert(RECENT >= EL_NDP_UNICAST_BURST + EL_NDP_EACH_MS / EL_NDP_UNICAST_MS + 1,
               "the ring holds whoever was answered within EL_NDP_EACH_MS");

struct el_ndp {
    struct el_ndp_config config;
    uint64_t unicast_due_ns, multicast_due_ns;
    uint64_t next_ns; /* when everybody is told, asked or not */
    unsigned told;    /* how often they were, up to EL_NDP_FIRST */
    struct {
        struct el_ip ip; /* family 0: nobody yet */
        uint64_t due_ns; /* not before */
    } recent[RECENT];
    unsigned next; /* of them to be overwritten: the oldest */
};

static bool is_router(const struct el_ndp *ndp)
{
    return ndp->config.prefix.ip.family == 6;
}

struct el_ndp *el_ndp_new(const struct el_ndp_config *config)
{
    struct el_ndp *ndp = calloc(1, sizeof *ndp);

    if (!ndp)
        return NULL;
    ndp->config = *config;
    ndp->next_ns = is_router(ndp) ? 0 : EL_NEVER;
    return ndp;
}

void el_ndp_free(struct el_ndp *ndp)
{
    free(ndp);
}

/* Whether one more conforms, given when it is due and by how much it may be early; counts it if. */
static bool conforms(uint64_t *due_ns, uint64_t now_ns, uint64_t interval_ns, uint64_t early_ns)
{
    uint64_t due = *due_ns > now_ns ? *due_ns : now_ns;

    if (due - now_ns > early_ns)
        return false;
    *due_ns = due + interval_ns;
    return true;
}

static bool was_answered(const struct el_ndp *ndp, uint64_t now_ns, const struct el_ip *ip)
{
    for (unsigned i = 0; i < RECENT; i++)
        if (ndp->recent[i].due_ns > now_ns && el_ip_equal(&ndp->recent[i].ip, ip))
            return true;
    return false;
}

static bool may_answer(struct el_ndp *ndp, uint64_t now_ns, const struct el_ip *ip)
{
    const uint64_t interval_ns = EL_NDP_UNICAST_MS * EL_MS;

    if (was_answered(ndp, now_ns, ip) || !conforms(&ndp->unicast_due_ns, now_ns, interval_ns,
                                                   (EL_NDP_UNICAST_BURST - 1) * interval_ns))
        return false;
    ndp->recent[ndp->next].ip = *ip;
    ndp->recent[ndp->next].due_ns = now_ns + EL_NDP_EACH_MS * EL_MS;
    ndp->next = (ndp->next + 1) % RECENT;
    return true;
}

/* fe80::/10 */
static bool is_link_local(const struct el_ip *ip)
{
    return ip->b[0] == 0xfe && (ip->b[1] & 0xc0) == 0x80;
}

/* -- what is said -- */

static const struct el_ip all_nodes = {6, {0xff, 0x02, [15] = 0x01}};

static void advertise(struct el_ndp_reply *reply, const struct el_ip *to,
                      const struct el_ndp_advertisement *advertisement)
{
    struct el_wire w = el_wire_write(reply->bytes, sizeof reply->bytes);

    el_ndp_put_advertisement(&w, advertisement);
    reply->to = *to;
    reply->len = el_wire_done(&w);
}

static void say(const struct el_ndp *ndp, struct el_ndp_reply *reply, const struct el_ip *to)
{
    struct el_ndp_advertisement words = {.mac = ndp->config.mac};

    if (is_router(ndp)) {
        words.router_s = EL_NDP_ROUTER_S;
        words.prefix = ndp->config.prefix;
        words.valid_s = EL_NDP_VALID_S;
        words.preferred_s = EL_NDP_PREFERRED_S;
        memcpy(words.dns, ndp->config.dns, sizeof words.dns);
        words.dns_count = ndp->config.dns_count;
        words.dns_s = EL_NDP_DNS_S;
    }
    advertise(reply, to, &words);
}

/* Everybody has just been told; a router lets them wait until it does so again. */
static void tell_later(struct el_ndp *ndp, uint64_t now_ns)
{
    uint32_t wait_s =
        EL_NDP_INTERVAL_MIN_S + el_random_below(EL_NDP_INTERVAL_MAX_S - EL_NDP_INTERVAL_MIN_S + 1);

    if (!is_router(ndp))
        return;
    if (ndp->told < EL_NDP_FIRST && ++ndp->told < EL_NDP_FIRST)
        wait_s = EL_NDP_FIRST_INTERVAL_S;
    ndp->next_ns = now_ns + wait_s * EL_S;
}

/* Whether everybody may be told now. If not, a router does it as soon as it may (RFC 4861 §6.2.6).
 */
static bool may_tell(struct el_ndp *ndp, uint64_t now_ns)
{
    if (conforms(&ndp->multicast_due_ns, now_ns, EL_NDP_MULTICAST_MS * EL_MS, 0)) {
        tell_later(ndp, now_ns);
        return true;
    }
    if (is_router(ndp) && (ndp->next_ns <= now_ns || ndp->next_ns > ndp->multicast_due_ns))
        ndp->next_ns = ndp->multicast_due_ns;
    return false;
}

int el_ndp_input(struct el_ndp *ndp, uint64_t now_ns, const struct el_ip *from, uint8_t hop_limit,
                 const uint8_t *bytes, size_t len, struct el_ndp_reply *reply)
{
    int rc = el_ndp_check_solicitation(from, hop_limit, bytes, len);

    if (rc < 0)
        return rc;
    bool alone = is_link_local(from);
    if (alone ? !may_answer(ndp, now_ns, from) : !may_tell(ndp, now_ns))
        return EL_EAGAIN;
    say(ndp, reply, alone ? from : &all_nodes);
    return 0;
}

uint64_t el_ndp_deadline_ns(const struct el_ndp *ndp)
{
    return ndp->next_ns;
}

int el_ndp_tick(struct el_ndp *ndp, uint64_t now_ns, struct el_ndp_reply *reply)
{
    if (now_ns < ndp->next_ns || !may_tell(ndp, now_ns))
        return EL_EAGAIN;
    say(ndp, reply, &all_nodes);
    return 0;
}

/* The addresses stay valid, as long as if we had been killed: what machines have among themselves
 * goes on. */
int el_ndp_goodbye(const struct el_ndp *ndp, struct el_ndp_reply *reply)
{
    struct el_ndp_advertisement words = {.mac = ndp->config.mac,
                                         .prefix = ndp->config.prefix,
                                         .valid_s = EL_NDP_VALID_S,
                                         .dns_count = ndp->config.dns_count};

    if (!is_router(ndp))
        return EL_EAGAIN;
    memcpy(words.dns, ndp->config.dns, sizeof words.dns);
    advertise(reply, &all_nodes, &words);
    return 0;
}
