/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One TFTP transfer, from us to a client: a machine without socket or clock.
 *
 *     el_tftp_start(&t, now, &request, file, &limits);
 *     loop: while ((n = el_tftp_output(&t, now, packet, sizeof packet)) > 0) send(packet, n);
 *           wait for a packet or el_tftp_deadline(&t);
 *           el_tftp_input(&t, now, bytes, len);          (packets of the client's TID only)
 *     until el_tftp_outcome(&t) != EL_TFTP_RUNNING and output gives 0; el_tftp_end(&t).
 *
 * Theory of operation. Blocks are counted from 1 in 64 bits; only on the wire is a number cut to 16
 * (rollover). [base, next) are sent and not acknowledged, at most `window` of them; lock-step
 * TFTP is a window of 1. For each of these blocks the position in the file where it begins is
 * kept, so that any of them can be made again from the file: nothing is buffered, and netascii,
 * where a position is not a multiple of the block size, needs no second mechanism.
 *
 * A transfer with granted options begins with an OACK, which is block 0 in every respect.
 *
 * Retransmission is go-back-N (RFC 7440 §4): an ACK inside the window says that what followed it
 * was lost. A repeated ACK never causes anything in lock-step (the "sorcerer's apprentice" of
 * RFC 1123 §4.2.3.1); with a window, where it is how a client reports that the first block of the
 * window was lost, it does so at most once in a round-trip time. A timer covers the rest: what the
 * measured round trip suggests (RFC 6298), but not more than the timeout that the client asked for
 * (RFC 2349), doubling while nothing comes back.
 *
 * Until the first acknowledgement the request may have been forged, so little is sent for it: one
 * packet, three times.
 */
#ifndef EL_TFTP_TFTP_H
#define EL_TFTP_TFTP_H

#include "content/content.h"
#include "tftp/tftp_wire.h"

enum {
    EL_TFTP_WINDOW_MAX = 64, /* blocks; asked for more, we grant this */
    /* A DATA packet of this block size fits the Ethernet MTU of 1500 (20 IP, 8 UDP, 4 TFTP). IP
     * fragments of larger ones are what firmware, NATs and tunnels lose. */
    EL_TFTP_BLKSIZE_UNFRAGMENTED = 1468,
    EL_TFTP_BLKSIZE_UNFRAGMENTED6 = 1448, /* over IPv6, whose header has 40 bytes */
    EL_TFTP_PACKET_MAX = EL_TFTP_HEADER + EL_TFTP_BLKSIZE_MAX,
    EL_TFTP_UNCONFIRMED_SENDS = 3, /* of the first packet, at 0, 1 and 3 s */
    EL_TFTP_STALL_S = 30,          /* without an ACK; or four times the negotiated timeout */
};

struct el_tftp_limits {
    uint16_t blksize_max; /* 0: EL_TFTP_BLKSIZE_UNFRAGMENTED */
    uint16_t window_max;  /* 0: EL_TFTP_WINDOW_MAX, which is also the most */
};

enum el_tftp_outcome {
    EL_TFTP_RUNNING,
    EL_TFTP_DONE,       /* the last block is acknowledged */
    EL_TFTP_UNANSWERED, /* everything else is, but not the last: many ROMs just start the file */
    EL_TFTP_ABORTED,    /* the client sent an ERROR: error_code, error_message */
    EL_TFTP_TIMEOUT,    /* the client has gone */
    EL_TFTP_FAILED,     /* the file could not be read, or shrank */
};

/* Where a block begins. In netascii one byte of the file may be two on the wire; the second of them
 * may be the first of the block. */
struct el_tftp_position {
    uint64_t offset;
    uint8_t pending; /* netascii: send this first; 0: nothing */
    bool has_pending;
};

/* Members are for the machine, and for tests to look at. */
struct el_tftp_transfer {
    struct el_content_file file;
    struct el_tftp_options granted;
    enum el_tftp_mode mode;
    uint16_t blksize, window;
    uint64_t base, next; /* blocks; 0 is the OACK */
    uint64_t last;       /* the final, short block; UINT64_MAX until it has been made */
    uint16_t last_len;   /* bytes in it */
    struct el_tftp_position at[EL_TFTP_WINDOW_MAX + 1]; /* of block n: at[n % size] */
    bool confirmed;                                     /* the client has answered once */
    enum el_tftp_outcome outcome;

    unsigned sends; /* of the block at base, by the timer */
    uint64_t rto_ns, deadline_ns, stall_ns, repeat_ns;
    uint64_t srtt_ns, rttvar_ns; /* 0: not measured */
    uint64_t timed_block, timed_ns;
    bool timing;

    bool error_due; /* an ERROR of ours is to be sent */
    uint64_t bytes; /* acknowledged, as on the wire */
    int error_code;
    char error_message[EL_TFTP_MESSAGE_MAX];
};

/* Begins; the transfer owns FILE from here on. */
void el_tftp_start(struct el_tftp_transfer *t, uint64_t now_ns,
                   const struct el_tftp_request *request, const struct el_content_file *file,
                   const struct el_tftp_limits *limits);

/* A packet from the client's TID. 0, or EL_EPROTO: it means nothing here and changed nothing. */
int el_tftp_input(struct el_tftp_transfer *t, uint64_t now_ns, const uint8_t *bytes, size_t len);

/* The next packet to send now, its length; 0: nothing. CAPACITY at least EL_TFTP_HEADER + blksize
 * and EL_TFTP_OPTIONS_MAX. */
size_t el_tftp_output(struct el_tftp_transfer *t, uint64_t now_ns, uint8_t *to, size_t capacity);

/* When to call output next, if no packet comes before. */
uint64_t el_tftp_deadline(const struct el_tftp_transfer *t);

enum el_tftp_outcome el_tftp_outcome(const struct el_tftp_transfer *t);

/* Closes the file. */
void el_tftp_end(struct el_tftp_transfer *t);

#endif
