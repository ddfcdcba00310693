/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The transfer machine; its theory of operation is in the header. */
#include "tftp/tftp.h"

#include "base/err.h"
#include "base/time.h"
#include "base/wire.h"

#define RTO_FIRST EL_S          /* RFC 6298 §2.1 */
#define RTO_MIN   (200 * EL_MS) /* a client may be busy writing its flash */
#define RTO_MAX   (8 * EL_S)

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static struct el_tftp_position *position(struct el_tftp_transfer *t, uint64_t block)
{
    return &t->at[block % (EL_TFTP_WINDOW_MAX + 1)];
}

/* What the wire calls a block: modulo 65536, or without the 0 if the client prefers that. */
static uint16_t wire_number(const struct el_tftp_transfer *t, uint64_t block)
{
    if (t->granted.rollover == 1 && block > 0)
        return (uint16_t)((block - 1) % 65535 + 1);
    return (uint16_t)block;
}

/* What the client has negotiated is the longest it wants to wait. Where the round trip is known, a
 * lost packet is noticed sooner than that: clients ask for whole seconds, curl always for 6, and on
 * a path that loses, lock-step TFTP would stand still most of the time. */
static uint64_t timeout(const struct el_tftp_transfer *t)
{
    uint64_t most = t->confirmed && t->granted.has_timeout ? t->granted.timeout_s * EL_S : 0;

    if (!t->srtt_ns)
        return most ? most : RTO_FIRST;
    return el_earlier(larger(t->srtt_ns + 4 * t->rttvar_ns, RTO_MIN), most ? most : RTO_MAX);
}

static uint64_t stall_limit(const struct el_tftp_transfer *t)
{
    return larger(EL_TFTP_STALL_S * EL_S, 4 * t->granted.timeout_s * EL_S);
}

static void grant(struct el_tftp_transfer *t, const struct el_tftp_options *asked,
                  const struct el_tftp_limits *limits)
{
    uint16_t blksize_max = limits->blksize_max ? limits->blksize_max : EL_TFTP_BLKSIZE_UNFRAGMENTED;
    uint16_t window_max = limits->window_max && limits->window_max < EL_TFTP_WINDOW_MAX
                              ? limits->window_max
                              : EL_TFTP_WINDOW_MAX;

    t->granted = *asked;
    if (t->granted.has_blksize && t->granted.blksize > blksize_max)
        t->granted.blksize = blksize_max;
    if (t->granted.has_windowsize && t->granted.windowsize > window_max)
        t->granted.windowsize = window_max;
    /* How long a file becomes in netascii is known only when it has been converted. Of an empty
     * file the size is not mentioned: curl takes a tsize of 0 for an error. */
    t->granted.has_tsize = asked->has_tsize && t->mode == EL_TFTP_OCTET && t->file.size > 0;
    t->granted.tsize = t->file.size;
    t->blksize = t->granted.has_blksize ? t->granted.blksize : EL_TFTP_BLKSIZE_DEFAULT;
    t->window = t->granted.has_windowsize ? t->granted.windowsize : 1;
}

void el_tftp_start(struct el_tftp_transfer *t, uint64_t now_ns,
                   const struct el_tftp_request *request, const struct el_content_file *file,
                   const struct el_tftp_limits *limits)
{
    *t = (struct el_tftp_transfer){
        .file = *file,
        .mode = request->mode,
        .last = UINT64_MAX,
        .deadline_ns = now_ns,
    };
    grant(t, &request->options, limits);
    bool oack = t->granted.has_blksize || t->granted.has_timeout || t->granted.has_tsize ||
                t->granted.has_windowsize || t->granted.has_rollover;
    t->base = t->next = oack ? 0 : 1;
    t->rto_ns = RTO_FIRST;
    t->stall_ns = now_ns + stall_limit(t);
}

static void stop(struct el_tftp_transfer *t, enum el_tftp_outcome outcome)
{
    t->outcome = outcome;
    t->deadline_ns = EL_NEVER;
}

/* The one thing we tell a client that is not data. */
static void stop_with_error(struct el_tftp_transfer *t, const char *message)
{
    size_t len = strlen(message);

    t->error_code = EL_TFTP_E_UNDEFINED;
    memcpy(t->error_message, message, len + 1);
    t->error_due = true;
    stop(t, EL_TFTP_FAILED);
}

/* -- making blocks -- */

static int read_octets(const struct el_tftp_transfer *t, struct el_tftp_position *at, uint8_t *to)
{
    uint64_t left = t->file.size - at->offset;
    size_t want = left < t->blksize ? (size_t)left : t->blksize;
    int n = el_content_read(&t->file, at->offset, to, want);

    if (n < 0 || (size_t)n < want)
        return n < 0 ? n : EL_EIO; /* cut short under our hands: not the file that was asked for */
    at->offset += want;
    return n;
}

/* RFC 764's end of line: LF becomes CR LF, CR becomes CR NUL. Either half may fall on the edge of
 * a block. */
static int read_netascii(const struct el_tftp_transfer *t, struct el_tftp_position *at, uint8_t *to)
{
    uint8_t raw[1024];
    size_t n = 0;

    if (at->has_pending) {
        to[n++] = at->pending;
        at->has_pending = false;
    }
    while (n < t->blksize && at->offset < t->file.size) {
        uint64_t left = t->file.size - at->offset;
        size_t want = el_earlier(el_earlier(left, sizeof raw), t->blksize - n);
        int got = el_content_read(&t->file, at->offset, raw, want);
        if (got < 0 || (size_t)got < want)
            return got < 0 ? got : EL_EIO;
        for (size_t i = 0; i < want && n < t->blksize; i++, at->offset++) {
            bool pair = raw[i] == '\n' || raw[i] == '\r';
            uint8_t second = raw[i] == '\n' ? '\n' : '\0';
            to[n++] = pair ? '\r' : raw[i];
            if (!pair)
                continue;
            if (n < t->blksize) {
                to[n++] = second;
            } else {
                at->pending = second;
                at->has_pending = true;
            }
        }
    }
    return (int)n;
}

static size_t make_data(struct el_tftp_transfer *t, uint64_t block, uint8_t *to, size_t capacity)
{
    struct el_wire w = el_wire_write(to, capacity);
    struct el_tftp_position at = *position(t, block);

    el_wire_put_be16(&w, EL_TFTP_DATA);
    el_wire_put_be16(&w, wire_number(t, block));
    uint8_t *data = el_wire_take(&w, t->blksize);
    if (!data)
        return 0;
    int n = t->mode == EL_TFTP_NETASCII ? read_netascii(t, &at, data) : read_octets(t, &at, data);
    if (n < 0) {
        stop_with_error(t, "The file could not be read");
        return el_tftp_error_build(to, capacity, (uint16_t)t->error_code, t->error_message);
    }
    if (n < t->blksize) {
        t->last = block;
        t->last_len = (uint16_t)n;
    } else {
        *position(t, block + 1) = at;
    }
    return EL_TFTP_HEADER + (size_t)n;
}

/* -- time -- */

/* RFC 6298 §2. */
static void measure(struct el_tftp_transfer *t, uint64_t rtt_ns)
{
    if (!t->srtt_ns) {
        t->srtt_ns = larger(rtt_ns, 1);
        t->rttvar_ns = rtt_ns / 2;
        return;
    }
    uint64_t off = rtt_ns > t->srtt_ns ? rtt_ns - t->srtt_ns : t->srtt_ns - rtt_ns;
    t->rttvar_ns = (3 * t->rttvar_ns + off) / 4;
    t->srtt_ns = larger((7 * t->srtt_ns + rtt_ns) / 8, 1);
}

/* The timer has fired: give up, or send the window once more. */
static void on_timeout(struct el_tftp_transfer *t, uint64_t now_ns)
{
    bool final = t->confirmed && t->base == t->last;
    bool few = !t->confirmed || final;

    if ((few && t->sends >= EL_TFTP_UNCONFIRMED_SENDS) || now_ns >= t->stall_ns) {
        stop(t, final ? EL_TFTP_UNANSWERED : EL_TFTP_TIMEOUT);
        return;
    }
    if (t->sends++)
        t->rto_ns = el_earlier(2 * t->rto_ns, larger(RTO_MAX, t->granted.timeout_s * EL_S));
    t->next = t->base;
    t->timing = false; /* Karn: an answer could be to either */
}

size_t el_tftp_output(struct el_tftp_transfer *t, uint64_t now_ns, uint8_t *to, size_t capacity)
{
    size_t len;

    if (t->error_due) {
        t->error_due = false;
        return el_tftp_error_build(to, capacity, (uint16_t)t->error_code, t->error_message);
    }
    if (t->outcome != EL_TFTP_RUNNING)
        return 0;
    if (now_ns >= t->deadline_ns) {
        on_timeout(t, now_ns);
        if (t->outcome != EL_TFTP_RUNNING)
            return 0;
        t->deadline_ns = now_ns + t->rto_ns;
    }
    /* The OACK, and the first block without one, stand alone: the client has yet to agree. */
    uint64_t window = t->confirmed ? t->window : 1;
    if (t->next >= t->base + window || t->next > t->last)
        return 0;
    if (t->next == 0) {
        len = el_tftp_oack_build(to, capacity, &t->granted);
    } else {
        len = make_data(t, t->next, to, capacity);
        if (t->outcome != EL_TFTP_RUNNING) {
            t->error_due = false; /* this packet is the error */
            return len;
        }
    }
    if (!t->timing && t->sends <= 1) {
        t->timing = true;
        t->timed_block = t->next;
        t->timed_ns = now_ns;
    }
    t->next++;
    return len;
}

/* -- answers -- */

static void acknowledged(struct el_tftp_transfer *t, uint64_t now_ns, uint64_t block)
{
    bool lost_rest = block + 1 < t->next;

    if (t->timing && block >= t->timed_block) {
        measure(t, now_ns - t->timed_ns);
        t->timing = false;
    }
    if (block > 0)
        t->bytes = block == t->last ? (block - 1) * t->blksize + t->last_len : block * t->blksize;
    t->confirmed = true;
    t->sends = 1; /* what follows is about to be sent for the first time */
    t->base = t->next = block + 1;
    t->rto_ns = timeout(t);
    t->deadline_ns = now_ns + t->rto_ns;
    t->stall_ns = now_ns + stall_limit(t);
    if (lost_rest) {
        t->timing = false;
        t->repeat_ns = now_ns + t->srtt_ns;
    }
    if (block == t->last)
        stop(t, EL_TFTP_DONE);
}

static int on_ack(struct el_tftp_transfer *t, uint64_t now_ns, uint16_t number)
{
    for (uint64_t block = t->base; block < t->next; block++)
        if (wire_number(t, block) == number) {
            acknowledged(t, now_ns, block);
            return 0;
        }
    /* Nothing new. In a window the first block was lost if the one before is acknowledged again. */
    if (t->confirmed && t->window > 1 && t->next > t->base && t->base > 0 &&
        wire_number(t, t->base - 1) == number && now_ns >= t->repeat_ns) {
        t->next = t->base;
        t->timing = false;
        t->repeat_ns = now_ns + larger(t->srtt_ns, EL_MS);
        t->deadline_ns = now_ns + t->rto_ns;
        return 0;
    }
    return EL_EPROTO;
}

int el_tftp_input(struct el_tftp_transfer *t, uint64_t now_ns, const uint8_t *bytes, size_t len)
{
    if (t->outcome != EL_TFTP_RUNNING)
        return EL_EPROTO;
    if (el_tftp_opcode(bytes, len) == EL_TFTP_ERROR) {
        int code = el_tftp_error_decode(bytes, len, t->error_message);
        if (code < 0)
            return code;
        t->error_code = code;
        stop(t, EL_TFTP_ABORTED);
        return 0;
    }
    int number = el_tftp_ack_decode(bytes, len);
    return number < 0 ? number : on_ack(t, now_ns, (uint16_t)number);
}

uint64_t el_tftp_deadline(const struct el_tftp_transfer *t)
{
    return t->outcome == EL_TFTP_RUNNING ? t->deadline_ns : EL_NEVER;
}

enum el_tftp_outcome el_tftp_outcome(const struct el_tftp_transfer *t)
{
    return t->outcome;
}

void el_tftp_end(struct el_tftp_transfer *t)
{
    el_content_close(&t->file);
    stop(t, t->outcome == EL_TFTP_RUNNING ? EL_TFTP_TIMEOUT : t->outcome);
}
