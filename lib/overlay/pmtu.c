/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * DPLPMTUD (RFC 8899 §5).
 *
 * Two questions may be open at the same time, each its own round of probes: whether a larger size
 * passes (search), and whether the size in use still does (confirm).
 *
 * The search goes upwards. What passes is in use after one round trip, so a path of 1500 bytes is
 * fully used after ten; only the first size that does not pass costs the three seconds of
 * unanswered probes, and they harm nobody. From above or by halves, each miss would cost that much
 * before the first gain.
 *
 * A black hole under traffic is found within 1.5 s until the next confirmation and three seconds of
 * probes: 4.5 s, and left at once for EL_PMTU_MIN, however narrow the path has become; a round trip
 * later for EL_PMTU_BASE, if that passes. At a loss of 5 % each way, three probes get lost by
 * chance once in 1,000 confirmations; the search that follows puts that right within some round
 * trips.
 */
#include "overlay/pmtu.h"

#define PROBE_NS   EL_S           /* PROBE_TIMER: not less, §5.1.1 */
#define CONFIRM_NS (1500 * EL_MS) /* CONFIRMATION_TIMER */
#define RAISE_NS   (600 * EL_S)   /* PMTU_RAISE_TIMER */
#define RETRY_NS   (60 * EL_S)    /* until a peer that answers nothing is asked again */

enum { UDP = 8, IP4 = 20, IP6 = 40, STEP = 16 };

/* What links and tunnels of the world leave of 1500 bytes. Sizes that come to the same after the
 * padding are tried once. */
static const uint16_t sizes[] = {
    EL_PMTU_MIN,  /* every IPv4 host takes that (RFC 1122 §3.3.2) */
    1024,         /* in between, for paths that break the rules of IPv6 */
    1200,         /* what QUIC relies on (RFC 9000 §14) */
    EL_PMTU_BASE, /* IPv6's minimum (RFC 8200 §5) */
    1360,         /* mobile networks: GTP, often inside IPsec */
    1400,         /* VPNs that play safe */
    1420,         /* WireGuard inside WireGuard */
    1440,         /* mobile networks; GRE or VXLAN inside PPPoE */
    1460,         /* clouds (GCP); VXLAN at 1450 and PPPoE with L2TP at 1452 round to less */
    1480,         /* 6in4, DS-Lite, IP in IP */
    1492,         /* PPPoE (RFC 2516) */
    1500,         /* Ethernet */
    EL_PMTU_MAX,  /* jumbo frames: no frame of ours has to be cut any more */
};

static size_t inner(const struct el_pmtu *pmtu, uint16_t outer)
{
    return (size_t)(outer - pmtu->overhead) & ~(size_t)(pmtu->padding - 1);
}

static bool is_open(const struct el_pmtu_round *round)
{
    return round->next_ns != EL_NEVER;
}

static void ask(struct el_pmtu_round *round, uint64_t now_ns, uint16_t size)
{
    *round = (struct el_pmtu_round){.size = size, .next_ns = now_ns};
}

static void close_round(struct el_pmtu_round *round)
{
    *round = (struct el_pmtu_round){.next_ns = EL_NEVER};
}

/* The next size above the one in use that the limit allows and that makes a difference; else 0. */
static uint16_t next_size(const struct el_pmtu *pmtu)
{
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        if (inner(pmtu, sizes[i]) <= inner(pmtu, pmtu->path))
            continue;
        uint16_t size = sizes[i] < pmtu->limit ? sizes[i] : pmtu->limit;
        return inner(pmtu, size) > inner(pmtu, pmtu->path) ? size : 0;
    }
    return 0;
}

static void search_on(struct el_pmtu *pmtu, uint64_t now_ns)
{
    uint16_t size = next_size(pmtu);

    if (size) {
        pmtu->state = EL_PMTU_SEARCHING;
        ask(&pmtu->search, now_ns, size);
    } else {
        pmtu->state = EL_PMTU_COMPLETE;
        close_round(&pmtu->search);
        pmtu->raise_ns = now_ns + RAISE_NS;
    }
}

static void start_basing(struct el_pmtu *pmtu, uint64_t now_ns)
{
    uint16_t base = pmtu->limit < EL_PMTU_BASE ? pmtu->limit : EL_PMTU_BASE;

    pmtu->state = EL_PMTU_BASING;
    if (pmtu->path > base)
        pmtu->path = base;
    pmtu->fallback = pmtu->path;
    ask(&pmtu->search, now_ns, base);
    close_round(&pmtu->confirm);
}

/* The size in use does not pass any more. Until an answer tells what does, what every path takes.
 */
static void leave_black_hole(struct el_pmtu *pmtu, uint64_t now_ns)
{
    start_basing(pmtu, now_ns);
    pmtu->path = EL_PMTU_MIN;
}

/* The answer tells how the path was when the question left, and so the next is due that long after
 * the first try; a slow path is not watched less closely. */
static void note_confirmed(struct el_pmtu *pmtu, const struct el_pmtu_round *round)
{
    pmtu->confirm_ns = round->next_ns - round->tries * PROBE_NS + CONFIRM_NS;
    pmtu->active = false;
    close_round(&pmtu->confirm);
}

static void search_failed(struct el_pmtu *pmtu, uint64_t now_ns)
{
    close_round(&pmtu->search);
    if (pmtu->state == EL_PMTU_SEARCHING) {
        pmtu->state = EL_PMTU_COMPLETE;
        pmtu->raise_ns = now_ns + RAISE_NS;
    } else if (pmtu->state == EL_PMTU_BASING) {
        pmtu->state = EL_PMTU_ERROR;
        ask(&pmtu->search, now_ns, EL_PMTU_MIN);
    } else {
        /* Not even that: the peer does not answer, so nothing is known. BASE, or what is less and
         * was known once, or what our own interface allows; further traffic asks again. */
        pmtu->path = pmtu->fallback < pmtu->limit ? pmtu->fallback : pmtu->limit;
        pmtu->raise_ns = now_ns + RETRY_NS;
        pmtu->active = false;
    }
}

/* What traffic makes worth asking. */
static void plan(struct el_pmtu *pmtu, uint64_t now_ns)
{
    if (!pmtu->active)
        return;
    bool known = pmtu->state == EL_PMTU_SEARCHING || pmtu->state == EL_PMTU_COMPLETE;
    if (known && !is_open(&pmtu->confirm) && now_ns >= pmtu->confirm_ns)
        ask(&pmtu->confirm, now_ns, pmtu->path);
    if (pmtu->state == EL_PMTU_COMPLETE && now_ns >= pmtu->raise_ns) {
        pmtu->limit = EL_PMTU_MAX; /* our own interface may have grown as well */
        search_on(pmtu, now_ns);
    }
    if (pmtu->state == EL_PMTU_ERROR && !is_open(&pmtu->search) && now_ns >= pmtu->raise_ns) {
        pmtu->limit = EL_PMTU_MAX;
        start_basing(pmtu, now_ns);
    }
}

static bool send(struct el_pmtu *pmtu, struct el_pmtu_round *round, uint64_t now_ns,
                 struct el_pmtu_probe *probe)
{
    if (now_ns < round->next_ns || round->tries == EL_PMTU_TRIES)
        return false;
    round->sequence[round->tries++] = ++pmtu->sequence;
    round->next_ns = now_ns + PROBE_NS;
    pmtu->restart_ns = now_ns + PROBE_NS;
    *probe = (struct el_pmtu_probe){inner(pmtu, round->size), pmtu->ident, pmtu->sequence};
    return true;
}

static bool has_failed(const struct el_pmtu_round *round, uint64_t now_ns)
{
    return round->tries == EL_PMTU_TRIES && now_ns >= round->next_ns;
}

bool el_pmtu_output(struct el_pmtu *pmtu, uint64_t now_ns, struct el_pmtu_probe *probe)
{
    if (pmtu->state == EL_PMTU_DISABLED)
        return false;
    plan(pmtu, now_ns);
    if (has_failed(&pmtu->confirm, now_ns))
        leave_black_hole(pmtu, now_ns);
    if (has_failed(&pmtu->search, now_ns))
        search_failed(pmtu, now_ns);
    return send(pmtu, &pmtu->confirm, now_ns, probe) || send(pmtu, &pmtu->search, now_ns, probe);
}

static bool answers(const struct el_pmtu *pmtu, const struct el_pmtu_round *round,
                    uint16_t sequence, size_t len)
{
    if (!is_open(round) || len != inner(pmtu, round->size))
        return false;
    for (unsigned i = 0; i < round->tries; i++)
        if (round->sequence[i] == sequence)
            return true;
    return false;
}

bool el_pmtu_awaits(const struct el_pmtu *pmtu, uint16_t ident, uint16_t sequence, size_t len)
{
    return pmtu->state != EL_PMTU_DISABLED && ident == pmtu->ident &&
           (answers(pmtu, &pmtu->confirm, sequence, len) ||
            answers(pmtu, &pmtu->search, sequence, len));
}

bool el_pmtu_input_reply(struct el_pmtu *pmtu, uint64_t now_ns, uint16_t ident, uint16_t sequence,
                         size_t len)
{
    if (pmtu->state == EL_PMTU_DISABLED || ident != pmtu->ident)
        return false;
    if (answers(pmtu, &pmtu->confirm, sequence, len)) {
        note_confirmed(pmtu, &pmtu->confirm);
        return true;
    }
    if (!answers(pmtu, &pmtu->search, sequence, len))
        return false;
    pmtu->path = pmtu->search.size;
    note_confirmed(pmtu, &pmtu->search);
    search_on(pmtu, now_ns);
    return true;
}

void el_pmtu_too_big(struct el_pmtu *pmtu, uint64_t now_ns, size_t outer_bytes)
{
    uint16_t limit = outer_bytes < EL_PMTU_MIN   ? EL_PMTU_MIN
                     : outer_bytes > EL_PMTU_MAX ? EL_PMTU_MAX
                                                 : (uint16_t)outer_bytes;

    if (pmtu->state == EL_PMTU_DISABLED)
        return;
    pmtu->limit = limit;
    if (pmtu->path > limit)
        pmtu->path = limit;
    if (is_open(&pmtu->confirm) && pmtu->confirm.size > limit)
        close_round(&pmtu->confirm);
    if (is_open(&pmtu->search) && pmtu->search.size > limit) {
        if (pmtu->state == EL_PMTU_BASING)
            start_basing(pmtu, now_ns);
        else
            search_on(pmtu, now_ns);
    }
}

/* The way down is in steps of WireGuard's padding, or a hundred packets would be lost in as many
 * bytes; but not past what is in use and was not refused. */
void el_pmtu_refused(struct el_pmtu *pmtu, uint64_t now_ns, size_t outer_bytes)
{
    size_t step = outer_bytes < EL_PMTU_MIN ? EL_PMTU_MIN : outer_bytes - 1;

    step -= (step - pmtu->overhead) % STEP;
    el_pmtu_too_big(pmtu, now_ns,
                    step < pmtu->path && pmtu->path < outer_bytes ? pmtu->path : step);
}

void el_pmtu_init(struct el_pmtu *pmtu, uint16_t ident, size_t sealing, size_t padding)
{
    *pmtu = (struct el_pmtu){
        .ident = ident, .sealing = (uint16_t)sealing, .padding = (uint16_t)padding};
    el_pmtu_stop(pmtu);
}

void el_pmtu_start(struct el_pmtu *pmtu, uint64_t now_ns, bool outer6)
{
    pmtu->overhead = (uint16_t)(pmtu->sealing + UDP + (outer6 ? IP6 : IP4));
    pmtu->path = EL_PMTU_BASE;
    pmtu->limit = EL_PMTU_MAX;
    pmtu->active = false;
    start_basing(pmtu, pmtu->restart_ns > now_ns ? pmtu->restart_ns : now_ns);
}

void el_pmtu_stop(struct el_pmtu *pmtu)
{
    pmtu->state = EL_PMTU_DISABLED;
    pmtu->overhead =
        (uint16_t)(pmtu->sealing + UDP + IP6); /* the safe side, until an endpoint is known */
    pmtu->path = EL_PMTU_BASE;
    close_round(&pmtu->search);
    close_round(&pmtu->confirm);
}

uint64_t el_pmtu_deadline_ns(const struct el_pmtu *pmtu)
{
    uint64_t deadline = el_earlier(pmtu->search.next_ns, pmtu->confirm.next_ns);

    if (!pmtu->active)
        return deadline;
    switch (pmtu->state) {
    case EL_PMTU_COMPLETE:
        deadline = el_earlier(deadline, pmtu->raise_ns);
        /* fall through */
    case EL_PMTU_SEARCHING:
        return is_open(&pmtu->confirm) ? deadline : el_earlier(deadline, pmtu->confirm_ns);
    case EL_PMTU_ERROR:
        return is_open(&pmtu->search) ? deadline : el_earlier(deadline, pmtu->raise_ns);
    default: return deadline;
    }
}
