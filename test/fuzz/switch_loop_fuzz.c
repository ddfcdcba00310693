/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ports that come and go, and a LAN that does what it likes with the probes: it keeps the last, and
 * gives it back at any port, at any time, as it was or changed. Each record is an operation and two
 * bytes. Nothing but a fresh probe as it was sent blocks a port, and never the one that came first.
 */
#include "base/csprng.h"
#include "base/time.h"
#include "base/wire.h"
#include "switch/loop.h"

#include <stdlib.h>
#include <string.h>

enum { PORTS = 8, FIRST_VNI = 77, NETWORKS = 2, TURNS = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

struct model {
    struct el_loop *loop;
    uint64_t now_ns, sent_ns;
    unsigned came, order[PORTS], vni[PORTS]; /* order 0: it takes no part */
    struct el_loop_turn kept;
    bool blocked[PORTS];
};

static void go(struct model *m, unsigned port)
{
    m->order[port] = 0;
    m->blocked[port] = false;
}

static void take_turns(struct model *m)
{
    struct el_loop_turn turn;
    unsigned count = 0;

    while (el_loop_turn(m->loop, m->now_ns, &turn)) {
        require(turn.port < PORTS && m->order[turn.port] && ++count < TURNS);
        require(!turn.opens || m->blocked[turn.port]);
        m->blocked[turn.port] &= !turn.opens;
        if (turn.probes) {
            m->kept = turn;
            m->sent_ns = m->now_ns;
        }
    }
    require(el_loop_deadline_ns(m->loop) > m->now_ns);
}

/* The frame that is kept comes in at PORT, with its byte AT changed by XOR. */
static void give_back(struct model *m, unsigned port, uint8_t at, uint8_t xor)
{
    uint8_t frame[EL_LOOP_FRAME_BYTES];
    unsigned from = m->kept.port;

    memcpy(frame, m->kept.frame, sizeof frame);
    frame[at % sizeof frame] ^= xor;
    bool may = xor == 0 && m->kept.probes &&port < PORTS &&port != from && m->order[port] &&
               m->order[from] && m->vni[port] == m->vni[from] &&
               m->now_ns - m->sent_ns <= EL_LOOP_FRESH_S *EL_S;
    bool shows = el_loop_shows(m->loop, m->now_ns, port, frame, sizeof frame);
    require(may || !shows);
    int shut = el_loop_input(m->loop, m->now_ns, port, frame, sizeof frame);
    require(shut < 0 || (shows && !m->blocked[shut]));
    if (shut < 0)
        return;
    require((unsigned)shut == (m->order[port] > m->order[from] ? port : from));
    m->blocked[shut] = true;
}

static void tell(struct model *m)
{
    struct el_loop_news news;

    for (unsigned i = 0; el_loop_news(m->loop, &news); i++) {
        require(i < PORTS && news.port < PORTS && news.other < PORTS);
        require(news.blocked == m->blocked[news.port]);
        el_loop_told(m->loop, &news);
    }
}

static void operate(struct model *m, uint8_t operation, unsigned port, uint8_t a, uint8_t b)
{
    switch (operation % 8) {
    case 0:
        if (el_loop_join(m->loop, port, FIRST_VNI + a % NETWORKS) == 0 && !m->order[port]) {
            m->order[port] = ++m->came;
            m->vni[port] = a % NETWORKS;
        }
        break;
    case 1: el_loop_leave(m->loop, port); break;
    case 2: el_loop_forget(m->loop, port); break;
    case 3: m->now_ns += (uint64_t)(a << 8 | b) * EL_MS; break;
    case 4: el_loop_suspect(m->loop, m->now_ns, port); break;
    case 5: tell(m); break;
    default: give_back(m, port, a, operation & 8 ? b : 0); break;
    }
    if ((operation % 8 == 1 || operation % 8 == 2) && port < PORTS)
        go(m, port);
    take_turns(m);
    for (unsigned i = 0; i < PORTS; i++)
        require(el_loop_is_blocked(m->loop, i) == m->blocked[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct el_wire input = el_wire_read(data, size);
    struct model model = {.now_ns = EL_S};

    el_random_seed_for_test(0);
    if (el_loop_new(PORTS, &model.loop) < 0)
        abort();
    while (el_wire_left(&input) >= 4) {
        uint8_t operation = el_wire_u8(&input);
        unsigned port = el_wire_u8(&input) % (PORTS + 1); /* one is out of range */
        uint8_t a = el_wire_u8(&input);
        operate(&model, operation, port, a, el_wire_u8(&input));
    }
    el_loop_free(model.loop);
    return 0;
}
