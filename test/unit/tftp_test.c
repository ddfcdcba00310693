/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One transfer against a client written from the RFCs, over a wire that loses, doubles and delays.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/time.h"
#include "tftp/tftp_table.h"
#include "tftp_peer.h"

enum { WIRE_PACKETS = 512, PACKET_BYTES = 2048 };

#define DELAY (20 * EL_MS)

/* A packet on its way. */
struct on_wire {
    uint64_t due_ns;
    uint64_t number; /* of two that are due at once the first sent comes first */
    bool to_client;
    size_t len;
    uint8_t bytes[PACKET_BYTES];
};

/* A server's transfer, a client, and the wire between them, on a virtual clock. */
struct world {
    uint64_t now_ns;
    struct el_tftp_transfer t;
    struct tftp_peer client;
    uint64_t client_timer_ns;
    unsigned loss_percent, double_percent;
    uint64_t jitter_ns;
    uint64_t random;
    struct on_wire *wire;
    size_t on_wire;
    uint64_t carried;
    unsigned data_sent;
};

static unsigned random_below(struct world *w, unsigned n)
{
    w->random = w->random * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(w->random >> 33) % n;
}

static void carry(struct world *w, bool to_client, const uint8_t *bytes, size_t len)
{
    unsigned copies = random_below(w, 100) < w->double_percent ? 2 : 1;

    if (random_below(w, 100) < w->loss_percent)
        return;
    while (copies--) {
        struct on_wire *p = &w->wire[w->on_wire++];
        assert_true(w->on_wire <= WIRE_PACKETS && len <= PACKET_BYTES);
        p->due_ns = w->now_ns + DELAY;
        if (w->jitter_ns)
            p->due_ns += random_below(w, 1000) * (w->jitter_ns / 1000);
        p->number = w->carried++;
        p->to_client = to_client;
        p->len = len;
        memcpy(p->bytes, bytes, len);
    }
}

static void client_speaks(struct world *w)
{
    if (w->client.reply_len)
        carry(w, false, w->client.reply, w->client.reply_len);
    w->client.reply_len = 0;
    w->client_timer_ns = w->now_ns + 3 * EL_S;
}

static void server_speaks(struct world *w)
{
    uint8_t packet[EL_TFTP_HEADER + 1468];
    size_t n;

    while ((n = el_tftp_output(&w->t, w->now_ns, packet, sizeof packet)) > 0) {
        w->data_sent += packet[1] == EL_TFTP_DATA;
        carry(w, true, packet, n);
    }
}

/* Starts the client's request against FILE; the request itself arrives. */
static void world_start(struct world *w, const uint8_t *bytes, size_t len)
{
    const struct el_content_file file = {.size = len, .bytes = bytes, .fd = -1};
    struct el_tftp_request request;

    w->wire = calloc(WIRE_PACKETS, sizeof *w->wire);
    w->now_ns = EL_S;
    w->random += 88172645463325252u;
    w->client.name = "f";
    peer_request(&w->client);
    assert_int_equal(el_tftp_request_decode(w->client.reply, w->client.reply_len, &request), 0);
    w->client.reply_len = 0;
    w->client_timer_ns = w->now_ns + 3 * EL_S;
    el_tftp_start(&w->t, w->now_ns, &request, &file, &(struct el_tftp_limits){0});
    server_speaks(w);
}

/* The next thing that happens; false when nothing will. */
static bool world_step(struct world *w)
{
    size_t first = 0;
    uint64_t next = el_tftp_deadline(&w->t);

    for (size_t i = 1; i < w->on_wire; i++)
        if (w->wire[i].due_ns < w->wire[first].due_ns ||
            (w->wire[i].due_ns == w->wire[first].due_ns &&
             w->wire[i].number < w->wire[first].number))
            first = i;
    uint64_t arrival = w->on_wire ? w->wire[first].due_ns : EL_NEVER;
    if (!w->client.done && !w->client.failed)
        next = el_earlier(next, w->client_timer_ns);
    next = el_earlier(next, arrival);
    if (next == EL_NEVER)
        return false;
    w->now_ns = next;
    if (arrival == next) {
        struct on_wire p = w->wire[first];
        w->wire[first] = w->wire[--w->on_wire];
        if (p.to_client) {
            peer_input(&w->client, p.bytes, p.len);
            client_speaks(w);
        } else if (el_tftp_input(&w->t, w->now_ns, p.bytes, p.len) == 0) {
            server_speaks(w);
        }
    } else if (next == el_tftp_deadline(&w->t)) {
        server_speaks(w);
    } else {
        peer_timeout(&w->client);
        client_speaks(w);
    }
    return true;
}

static void world_run(struct world *w)
{
    for (unsigned steps = 0; world_step(w); steps++)
        assert_true(steps < 3000000);
}

static void world_end(struct world *w)
{
    el_tftp_end(&w->t);
    free(w->wire);
    free(w->client.bytes);
}

static uint8_t *pattern(size_t len)
{
    uint8_t *bytes = malloc(len + 1);
    uint32_t x = 1;

    for (size_t i = 0; i < len; i++) {
        x = x * 1664525 + 1013904223;
        bytes[i] = (uint8_t)(x >> 24);
    }
    return bytes;
}

/* -- whole files -- */

static void every_length_around_a_block_arrives(void **state)
{
    static const unsigned windows[] = {0, 1, 2, 8, 64};

    (void)state;
    uint8_t *bytes = pattern(200);
    for (size_t i = 0; i < sizeof windows / sizeof windows[0]; i++)
        for (size_t len = 0; len <= 40; len++) {
            struct world w = {.client = {.blksize = 8, .windowsize = windows[i], .tsize = true}};
            world_start(&w, bytes, len);
            world_run(&w);
            assert_int_equal(el_tftp_outcome(&w.t), EL_TFTP_DONE);
            assert_int_equal(w.client.len, len);
            assert_int_equal(w.client.tsize_got, len);
            assert_int_equal(w.t.bytes, len);
            assert_int_equal(w.client.duplicates, 0);
            assert_int_equal(w.data_sent, len / 8 + 1);
            if (len)
                assert_memory_equal(w.client.bytes, bytes, len);
            world_end(&w);
        }
    free(bytes);
}

static void without_options_there_is_no_oack(void **state)
{
    struct world w = {0};

    (void)state;
    uint8_t *bytes = pattern(1024);
    world_start(&w, bytes, 1024);
    world_run(&w);
    assert_false(w.client.oacked);
    assert_true(w.client.done);
    assert_int_equal(w.data_sent, 3);
    assert_memory_equal(w.client.bytes, bytes, 1024);
    world_end(&w);
    free(bytes);
}

static void a_bad_wire_changes_nothing_in_the_file(void **state)
{
    static const unsigned windows[] = {0, 1, 3, 8, 64, 65535};

    (void)state;
    uint8_t *bytes = pattern(300000);
    for (unsigned seed = 0; seed < 4; seed++)
        for (size_t i = 0; i < sizeof windows / sizeof windows[0]; i++) {
            struct world w = {
                .random = seed,
                .loss_percent = 10,
                .double_percent = 5,
                .jitter_ns = seed % 2 ? 30 * EL_MS : 0,
                .client = {.blksize = 1468, .windowsize = windows[i]},
            };
            world_start(&w, bytes, 300000);
            world_run(&w);
            assert_true(w.client.done);
            assert_int_equal(w.client.len, 300000);
            assert_memory_equal(w.client.bytes, bytes, 300000);
            assert_true(el_tftp_outcome(&w.t) == EL_TFTP_DONE ||
                        el_tftp_outcome(&w.t) == EL_TFTP_UNANSWERED);
            world_end(&w);
        }
    free(bytes);
}

/* More than 65536 blocks, several times round, with both ideas of what follows 65535. */
static void block_numbers_roll_over(void **state)
{
    enum { LEN = 8 * 140000 + 5 };

    (void)state;
    uint8_t *bytes = pattern(LEN);
    for (int rollover1 = 0; rollover1 < 2; rollover1++) {
        struct world w = {.client = {.blksize = 8, .windowsize = 64, .rollover1 = rollover1},
                          .loss_percent = 1};
        world_start(&w, bytes, LEN);
        world_run(&w);
        assert_true(w.client.done);
        assert_int_equal(w.client.len, LEN);
        assert_memory_equal(w.client.bytes, bytes, LEN);
        world_end(&w);
    }
    free(bytes);
}

/* The conversion as one would write it over the whole text. */
static size_t to_netascii(const uint8_t *from, size_t len, uint8_t *to)
{
    size_t n = 0;

    for (size_t i = 0; i < len; i++) {
        to[n++] = from[i] == '\n' ? '\r' : from[i];
        if (from[i] == '\n')
            to[n++] = '\n';
        if (from[i] == '\r')
            to[n++] = '\0';
    }
    return n;
}

static void netascii_is_the_same_however_blocks_cut_it(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed < 60; seed++) {
        uint8_t text[3000], expected[6000];
        size_t len = seed * 37 % sizeof text;
        for (size_t i = 0; i < len; i++) {
            unsigned r = (unsigned)rand() % 4;
            text[i] = r == 0 ? '\n' : r == 1 ? '\r' : 'a';
        }
        size_t expected_len = to_netascii(text, len, expected);
        struct world w = {.random = seed,
                          .loss_percent = seed % 3 * 5,
                          .client = {.mode = "netascii",
                                     .blksize = 8 + seed % 5,
                                     .windowsize = 1 + seed % 9,
                                     .tsize = true}};
        world_start(&w, text, len);
        world_run(&w);
        assert_true(w.client.done);
        assert_int_equal(w.client.tsize_got, 0); /* not granted */
        assert_int_equal(w.client.len, expected_len);
        if (expected_len)
            assert_memory_equal(w.client.bytes, expected, expected_len);
        world_end(&w);
    }
}

/* -- what is granted -- */

static void we_grant_what_fits_an_ethernet_frame(void **state)
{
    const struct el_content_file file = {.size = 1, .bytes = (const uint8_t *)"x", .fd = -1};
    const struct el_tftp_request request = {
        .opcode = EL_TFTP_RRQ,
        .options = {.has_blksize = true,
                    .blksize = 65464,
                    .has_windowsize = true,
                    .windowsize = 65535},
    };
    struct el_tftp_transfer t;

    (void)state;
    el_tftp_start(&t, 0, &request, &file, &(struct el_tftp_limits){0});
    assert_int_equal(t.granted.blksize, 1468);
    assert_int_equal(t.granted.windowsize, 64);
    el_tftp_start(&t, 0, &request, &file,
                  &(struct el_tftp_limits){.blksize_max = 65464, .window_max = 4});
    assert_int_equal(t.granted.blksize, 65464);
    assert_int_equal(t.granted.windowsize, 4);
}

/* -- single packets -- */

static const uint8_t ack0[] = {0, 4, 0, 0}, ack1[] = {0, 4, 0, 1}, ack2[] = {0, 4, 0, 2};

/* A transfer of 8-byte blocks whose OACK has been sent. */
static void start_small(struct el_tftp_transfer *t, const uint8_t *bytes, size_t len,
                        uint16_t window, uint8_t *packet)
{
    const struct el_content_file file = {.size = len, .bytes = bytes, .fd = -1};
    const struct el_tftp_request request = {
        .opcode = EL_TFTP_RRQ,
        .options = {.has_blksize = true,
                    .blksize = 8,
                    .has_windowsize = window > 0,
                    .windowsize = window},
    };

    el_tftp_start(t, 0, &request, &file, &(struct el_tftp_limits){0});
    assert_true(el_tftp_output(t, 0, packet, 256) > 0);
    assert_int_equal(packet[1], EL_TFTP_OACK);
    assert_int_equal(el_tftp_output(t, 0, packet, 256), 0);
}

static unsigned drain(struct el_tftp_transfer *t, uint64_t now_ns)
{
    uint8_t packet[600];
    unsigned n = 0;

    while (el_tftp_output(t, now_ns, packet, sizeof packet))
        n++;
    return n;
}

static void a_repeated_ack_does_not_wake_the_sorcerers_apprentice(void **state)
{
    struct el_tftp_transfer t;
    uint8_t packet[256];

    (void)state;
    uint8_t *bytes = pattern(100);
    start_small(&t, bytes, 100, 0, packet);
    assert_int_equal(el_tftp_input(&t, 1, ack0, 4), 0);
    assert_int_equal(drain(&t, 1), 1);
    assert_int_equal(el_tftp_input(&t, 2, ack1, 4), 0);
    assert_int_equal(drain(&t, 2), 1);
    for (unsigned i = 0; i < 100; i++) {
        assert_int_equal(el_tftp_input(&t, 3 + i, i % 2 ? ack1 : ack0, 4), EL_EPROTO);
        assert_int_equal(drain(&t, 3 + i), 0);
    }
    assert_int_equal(el_tftp_input(&t, 200, ack2, 4), 0);
    assert_int_equal(drain(&t, 200), 1);
    el_tftp_end(&t);
    free(bytes);
}

static void a_window_is_repeated_once_in_a_round_trip(void **state)
{
    struct el_tftp_transfer t;
    uint8_t packet[256];

    (void)state;
    uint8_t *bytes = pattern(1000);
    start_small(&t, bytes, 1000, 8, packet);
    assert_int_equal(el_tftp_input(&t, 10 * EL_MS, ack0, 4), 0);
    assert_int_equal(drain(&t, 10 * EL_MS), 8);
    /* Block 1 was lost: the client says "0" for each of the other seven. */
    unsigned sent = 0;
    for (unsigned i = 0; i < 7; i++) {
        (void)el_tftp_input(&t, 20 * EL_MS + i, ack0, 4);
        sent += drain(&t, 20 * EL_MS + i);
    }
    assert_int_equal(sent, 8);
    assert_int_equal(el_tftp_input(&t, 40 * EL_MS, ack0, 4), 0);
    assert_int_equal(drain(&t, 40 * EL_MS), 8);
    /* An ACK inside the window: the rest again, from there, and one window of it. */
    assert_int_equal(el_tftp_input(&t, 50 * EL_MS, ack2, 4), 0);
    assert_int_equal(el_tftp_output(&t, 50 * EL_MS, packet, sizeof packet), 12);
    assert_int_equal(packet[3], 3);
    assert_int_equal(drain(&t, 50 * EL_MS), 7);
    el_tftp_end(&t);
    free(bytes);
}

static void a_forged_request_costs_three_packets(void **state)
{
    const struct el_content_file file = {.size = 1, .bytes = (const uint8_t *)"x", .fd = -1};
    struct el_tftp_request request = {
        .opcode = EL_TFTP_RRQ,
        .options = {.has_timeout = true,
                    .timeout_s = 255,
                    .has_windowsize = true,
                    .windowsize = 64},
    };

    (void)state;
    for (int plain = 0; plain < 2; plain++) {
        struct el_tftp_transfer t;
        uint64_t now = 5 * EL_S;
        unsigned sent = 0;
        if (plain)
            request.options = (struct el_tftp_options){0};
        el_tftp_start(&t, now, &request, &file, &(struct el_tftp_limits){0});
        for (sent += drain(&t, now); el_tftp_deadline(&t) != EL_NEVER;) {
            now = el_tftp_deadline(&t);
            sent += drain(&t, now);
        }
        assert_int_equal(sent, 3);
        assert_int_equal(now, 12 * EL_S);
        assert_int_equal(el_tftp_outcome(&t), EL_TFTP_TIMEOUT);
        el_tftp_end(&t);
    }
}

static void a_client_that_goes_away_is_forgotten(void **state)
{
    struct el_tftp_transfer t;
    uint8_t packet[256];
    uint64_t now = 1;

    (void)state;
    uint8_t *bytes = pattern(100);
    start_small(&t, bytes, 100, 0, packet);
    assert_int_equal(el_tftp_input(&t, now, ack0, 4), 0);
    unsigned sent = drain(&t, now);
    while (el_tftp_deadline(&t) != EL_NEVER) {
        assert_true(el_tftp_deadline(&t) > now);
        now = el_tftp_deadline(&t);
        sent += drain(&t, now);
    }
    assert_int_equal(el_tftp_outcome(&t), EL_TFTP_TIMEOUT);
    assert_true(now >= EL_TFTP_STALL_S * EL_S && now < 3 * EL_TFTP_STALL_S * EL_S);
    assert_true(sent > 3 && sent < 12);
    el_tftp_end(&t);
    free(bytes);
}

static void the_timer_follows_the_path_up_to_the_negotiated_timeout(void **state)
{
    const struct el_content_file file = {.size = 1, .bytes = (const uint8_t *)"x", .fd = -1};
    const struct el_tftp_request request = {
        .opcode = EL_TFTP_RRQ,
        .options = {.has_timeout = true, .timeout_s = 2},
    };

    (void)state;
    for (int slow = 0; slow < 2; slow++) {
        uint64_t rtt = slow ? 900 * EL_MS : EL_MS;
        struct el_tftp_transfer t;
        el_tftp_start(&t, 0, &request, &file, &(struct el_tftp_limits){0});
        assert_int_equal(drain(&t, 0), 1);
        assert_int_equal(el_tftp_input(&t, rtt, ack0, 4), 0);
        assert_int_equal(drain(&t, rtt), 1);
        /* 900 ms and four times its variance would be 2.7 s. */
        assert_int_equal(el_tftp_deadline(&t) - rtt, slow ? 2 * EL_S : 200 * EL_MS);
        uint64_t again = el_tftp_deadline(&t);
        assert_int_equal(drain(&t, again), 1);
        assert_int_equal(el_tftp_deadline(&t) - again, slow ? 4 * EL_S : 400 * EL_MS);
        el_tftp_end(&t);
    }
}

static void an_error_from_the_client_ends_it_without_a_word(void **state)
{
    static const uint8_t error[] = "\0\5\0\10enough";
    struct el_tftp_transfer t;
    uint8_t packet[256];

    (void)state;
    start_small(&t, (const uint8_t *)"abc", 3, 0, packet);
    assert_int_equal(el_tftp_input(&t, 1, error, sizeof error), 0);
    assert_int_equal(el_tftp_outcome(&t), EL_TFTP_ABORTED);
    assert_int_equal(t.error_code, 8);
    assert_string_equal(t.error_message, "enough");
    assert_int_equal(drain(&t, 1), 0);
    assert_int_equal(el_tftp_deadline(&t), EL_NEVER);
    el_tftp_end(&t);
}

static int short_read(const struct el_content_file *file, uint64_t offset, uint8_t *to, size_t len)
{
    (void)file;
    memset(to, 'x', len);
    return offset < 16 ? (int)len : 0;
}

static void a_file_that_shrinks_is_not_taken_for_whole(void **state)
{
    const struct el_content_file file = {.size = 100, .fd = -1, .read = short_read};
    const struct el_tftp_request request = {
        .opcode = EL_TFTP_RRQ,
        .options = {.has_blksize = true, .blksize = 8},
    };
    struct el_tftp_transfer t;
    uint8_t packet[256];

    (void)state;
    el_tftp_start(&t, 0, &request, &file, &(struct el_tftp_limits){0});
    assert_int_equal(drain(&t, 0), 1);
    assert_int_equal(el_tftp_input(&t, 1, ack0, 4), 0);
    assert_int_equal(drain(&t, 1), 1);
    assert_int_equal(el_tftp_input(&t, 2, ack1, 4), 0);
    assert_int_equal(drain(&t, 2), 1);
    assert_int_equal(el_tftp_input(&t, 3, ack2, 4), 0);
    assert_true(el_tftp_output(&t, 3, packet, sizeof packet) > 0);
    assert_int_equal(packet[1], EL_TFTP_ERROR);
    assert_int_equal(el_tftp_outcome(&t), EL_TFTP_FAILED);
    assert_int_equal(el_tftp_output(&t, 3, packet, sizeof packet), 0);
    el_tftp_end(&t);
}

/* -- admission -- */

static struct el_endpoint client_at(uint32_t address, uint16_t port)
{
    return (struct el_endpoint){.ip = el_ip4(address), .port = port};
}

static enum el_tftp_verdict ask(struct el_tftp_table *table, uint64_t now, uint32_t address,
                                uint16_t port, const char *name, bool confirmed)
{
    const struct el_endpoint client = client_at(address, port);
    struct el_tftp_request request = {.opcode = EL_TFTP_RRQ};
    struct el_tftp_session *s = NULL;

    strcpy(request.name, name);
    enum el_tftp_verdict verdict = el_tftp_admit(table, now, &client, &request, &s);
    if (verdict == EL_TFTP_BEGIN || verdict == EL_TFTP_REPLACE || verdict == EL_TFTP_RESTART) {
        assert_non_null(s);
        *s = (struct el_tftp_session){
            .used = true, .client = client, .began_ns = now, .heard_ns = now, .request = request};
        s->transfer.confirmed = confirmed;
    }
    return verdict;
}

static void one_address_has_its_share(void **state)
{
    struct el_tftp_table table = {calloc(64, sizeof *table.sessions), 64, 4};

    (void)state;
    for (uint16_t port = 1; port <= 4; port++)
        assert_int_equal(ask(&table, 1, 0x0a000001, port, "f", false), EL_TFTP_BEGIN);
    assert_int_equal(ask(&table, 1, 0x0a000001, 5, "f", false), EL_TFTP_REFUSE);
    assert_int_equal(ask(&table, 1, 0x0a000002, 5, "f", false), EL_TFTP_BEGIN);
    free(table.sessions);
}

static void forged_addresses_do_not_crowd_out_the_confirmed(void **state)
{
    struct el_tftp_table table = {calloc(16, sizeof *table.sessions), 16, 4};

    (void)state;
    for (uint32_t i = 0; i < 6; i++)
        assert_int_equal(ask(&table, 1, 0x0a000001 + i, 9, "f", true), EL_TFTP_BEGIN);
    for (uint32_t i = 0; i < 10000; i++) {
        enum el_tftp_verdict v = ask(&table, 2 + i, 0x0b000000 + i, 9, "f", false);
        assert_int_equal(v, i < 8 ? EL_TFTP_BEGIN : EL_TFTP_REPLACE);
    }
    unsigned confirmed = 0;
    for (size_t i = 0; i < 16; i++)
        confirmed += table.sessions[i].transfer.confirmed;
    assert_int_equal(confirmed, 6);
    /* A real client still gets in, in place of the oldest forged one, and stays. */
    assert_int_equal(ask(&table, 20000, 0x0c000001, 9, "f", true), EL_TFTP_REPLACE);
    free(table.sessions);
}

static void a_table_full_of_real_clients_refuses(void **state)
{
    struct el_tftp_table table = {calloc(4, sizeof *table.sessions), 4, 4};

    (void)state;
    for (uint32_t i = 0; i < 4; i++)
        assert_int_equal(ask(&table, 1, 0x0a000001 + i, 9, "f", true), EL_TFTP_BEGIN);
    assert_int_equal(ask(&table, 2, 0x0b000001, 9, "f", false), EL_TFTP_REFUSE);
    free(table.sessions);
}

static void a_repeated_request(void **state)
{
    struct el_tftp_table table = {calloc(4, sizeof *table.sessions), 4, 4};

    (void)state;
    assert_int_equal(ask(&table, EL_S, 0x0a000001, 9, "f", false), EL_TFTP_BEGIN);
    assert_int_equal(ask(&table, EL_S + 1, 0x0a000001, 9, "f", true), EL_TFTP_RESTART);
    /* Being served: a duplicate by the network; but another file, or silence since, is a reset. */
    assert_int_equal(ask(&table, EL_S + 2, 0x0a000001, 9, "f", true), EL_TFTP_IGNORE);
    assert_int_equal(ask(&table, EL_S + 3, 0x0a000001, 9, "g", true), EL_TFTP_REPLACE);
    assert_int_equal(ask(&table, 3 * EL_S, 0x0a000001, 9, "g", true), EL_TFTP_REPLACE);
    free(table.sessions);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_length_around_a_block_arrives),
        cmocka_unit_test(without_options_there_is_no_oack),
        cmocka_unit_test(a_bad_wire_changes_nothing_in_the_file),
        cmocka_unit_test(block_numbers_roll_over),
        cmocka_unit_test(netascii_is_the_same_however_blocks_cut_it),
        cmocka_unit_test(we_grant_what_fits_an_ethernet_frame),
        cmocka_unit_test(a_repeated_ack_does_not_wake_the_sorcerers_apprentice),
        cmocka_unit_test(a_window_is_repeated_once_in_a_round_trip),
        cmocka_unit_test(a_forged_request_costs_three_packets),
        cmocka_unit_test(a_client_that_goes_away_is_forgotten),
        cmocka_unit_test(the_timer_follows_the_path_up_to_the_negotiated_timeout),
        cmocka_unit_test(an_error_from_the_client_ends_it_without_a_word),
        cmocka_unit_test(a_file_that_shrinks_is_not_taken_for_whole),
        cmocka_unit_test(one_address_has_its_share),
        cmocka_unit_test(forged_addresses_do_not_crowd_out_the_confirmed),
        cmocka_unit_test(a_table_full_of_real_clients_refuses),
        cmocka_unit_test(a_repeated_request),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
