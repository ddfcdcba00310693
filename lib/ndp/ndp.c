/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who is answered, and how often.
 *
 * All three limits are one rule (GCRA, ITU-T I.371 Annex A): each answer is due an interval after
 * the one before, and may come early by what the burst allows.
 */
#include "ndp/ndp.h"

#include <stdlib.h>

/* The last hosts that were answered, a ring. So many cannot have been answered within
 * EL_NDP_EACH_MS that one which still counts is overwritten: the ring is as exact as a table of all
 * hosts. */
enum { RECENT = 64 };
_Static_assert(RECENT >= EL_NDP_UNICAST_BURST + EL_NDP_EACH_MS / EL_NDP_UNICAST_MS + 1,
               "the ring holds whoever was answered within EL_NDP_EACH_MS");

struct el_ndp {
    struct el_mac mac;
    uint64_t unicast_due_ns, multicast_due_ns;
    struct {
        struct el_ip ip; /* family 0: nobody yet */
        uint64_t due_ns; /* not before */
    } recent[RECENT];
    unsigned next; /* of them to be overwritten: the oldest */
};

struct el_ndp *el_ndp_new(const struct el_mac *mac)
{
    struct el_ndp *ndp = calloc(1, sizeof *ndp);

    if (ndp)
        ndp->mac = *mac;
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

int el_ndp_input(struct el_ndp *ndp, uint64_t now_ns, const struct el_ip *from, uint8_t hop_limit,
                 const uint8_t *bytes, size_t len, struct el_ndp_reply *reply)
{
    static const struct el_ip all_nodes = {6, {0xff, 0x02, [15] = 0x01}};
    struct el_wire w = el_wire_write(reply->bytes, sizeof reply->bytes);
    int rc = el_ndp_check_solicitation(from, hop_limit, bytes, len);

    if (rc < 0)
        return rc;
    reply->to = is_link_local(from) ? *from : all_nodes;
    bool allowed = is_link_local(from)
                       ? may_answer(ndp, now_ns, from)
                       : conforms(&ndp->multicast_due_ns, now_ns, EL_NDP_MULTICAST_MS * EL_MS, 0);
    if (!allowed)
        return EL_EAGAIN;
    el_ndp_put_no_router(&w, &ndp->mac);
    return 0;
}
