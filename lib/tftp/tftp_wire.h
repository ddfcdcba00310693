/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TFTP packets (RFC 1350) and options (RFC 2347, 2348, 2349, 7440; "rollover" is the convention of
 * tftp-hpa and U-Boot for what follows block 65535).
 */
#ifndef EL_TFTP_TFTP_WIRE_H
#define EL_TFTP_TFTP_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum el_tftp_opcode {
    EL_TFTP_RRQ = 1,
    EL_TFTP_WRQ = 2,
    EL_TFTP_DATA = 3,
    EL_TFTP_ACK = 4,
    EL_TFTP_ERROR = 5,
    EL_TFTP_OACK = 6,
};

enum el_tftp_error {
    EL_TFTP_E_UNDEFINED = 0, /* see the message */
    EL_TFTP_E_NOT_FOUND = 1,
    EL_TFTP_E_ACCESS = 2,
    EL_TFTP_E_DISK_FULL = 3,
    EL_TFTP_E_ILLEGAL = 4,
    EL_TFTP_E_UNKNOWN_TID = 5,
    EL_TFTP_E_EXISTS = 6,
    EL_TFTP_E_NO_USER = 7,
    EL_TFTP_E_OPTION = 8, /* also how clients end after having asked for the size only */
};

enum {
    EL_TFTP_PORT = 69,
    EL_TFTP_BLKSIZE_DEFAULT = 512,
    EL_TFTP_BLKSIZE_MIN = 8,
    EL_TFTP_BLKSIZE_MAX = 65464,
    EL_TFTP_HEADER = 4,         /* in front of the bytes of a DATA packet */
    EL_TFTP_REQUEST_MAX = 1500, /* RFC 2347 says 512; longer names are let through */
    EL_TFTP_MESSAGE_MAX = 80,   /* what is kept of a peer's error message, with NUL */
    EL_TFTP_OPTIONS_MAX = 128,  /* an OACK of every option at its longest is shorter */
};

enum el_tftp_mode { EL_TFTP_OCTET, EL_TFTP_NETASCII };

/* Options that are asked for or granted; one that is not present is not mentioned. A value out of
 * its range counts as not present, so that it is not acknowledged (RFC 2347); of an option that
 * is repeated the first counts. */
struct el_tftp_options {
    bool has_blksize, has_timeout, has_tsize, has_windowsize, has_rollover;
    uint16_t blksize;    /* 8..65464 */
    uint8_t timeout_s;   /* 1..255 */
    uint64_t tsize;      /* bytes */
    uint16_t windowsize; /* 1..65535 blocks */
    uint8_t rollover;    /* 0 or 1: the number after 65535 */
};

struct el_tftp_request {
    enum el_tftp_opcode opcode; /* RRQ or WRQ */
    enum el_tftp_mode mode;
    struct el_tftp_options options;
    char name[EL_TFTP_REQUEST_MAX]; /* as written, NUL-terminated, not empty */
};

/* The opcode, or 0 if there is none that we know. */
enum el_tftp_opcode el_tftp_opcode(const uint8_t *bytes, size_t len);

/* 0; EL_EPROTO: not a request, or broken; EL_ENOTSUP: a mode other than octet or netascii. */
int el_tftp_request_decode(const uint8_t *bytes, size_t len, struct el_tftp_request *request);

/* The block number of an ACK, or EL_EPROTO. */
int el_tftp_ack_decode(const uint8_t *bytes, size_t len);

/* The code of an ERROR packet, or EL_EPROTO. A message that is missing or not terminated, as some
 * ROMs send it, is cut where the packet ends. */
int el_tftp_error_decode(const uint8_t *bytes, size_t len, char message[EL_TFTP_MESSAGE_MAX]);

/* Builders: the length of the packet, 0 if it does not fit. */
size_t el_tftp_oack_build(uint8_t *to, size_t capacity, const struct el_tftp_options *options);

/* The message is cut to fit, so that CAPACITY can be the length of what is answered: an error
 * that is sent to anybody who asks is never longer than the question. */
size_t el_tftp_error_build(uint8_t *to, size_t capacity, uint16_t code, const char *message);

#endif
