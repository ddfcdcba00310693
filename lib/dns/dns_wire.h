/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * DNS messages (RFC 1035 §4): bytes to what is in them, and back. EDNS is RFC 6891.
 *
 * A decoded message points into the bytes it was made from. Records are read one after the other;
 * what stands in their data is looked at only where somebody has to: names in there may be
 * compressed, so whoever copies a record to another message does it with el_dns_build_copy().
 */
#ifndef EL_DNS_DNS_WIRE_H
#define EL_DNS_DNS_WIRE_H

#include "base/wire.h"
#include "dns/dns_name.h"

enum {
    EL_DNS_PORT = 53,
    EL_DNS_HEADER_BYTES = 12,
    EL_DNS_MESSAGE_BYTES = 65535, /* over TCP; there a length of two bytes stands before each */
    EL_DNS_UDP_BYTES = 512,       /* without EDNS (RFC 1035 §4.2.1) */
    EL_DNS_EDNS_BYTES = 1232,     /* ours, and the most that we send: no fragments, even of IPv6 */
    EL_DNS_OPT_BYTES = 11,        /* of EDNS without options */
};

enum {                     /* the header's second word */
       EL_DNS_QR = 0x8000, /* an answer */
       EL_DNS_OPCODE = 0x7800,
       EL_DNS_AA = 0x0400, /* of whoever owns the name */
       EL_DNS_TC = 0x0200, /* cut: ask over TCP */
       EL_DNS_RD = 0x0100, /* ask others */
       EL_DNS_RA = 0x0080, /* others can be asked */
       EL_DNS_AD = 0x0020, /* RFC 4035 §3.1.6 */
       EL_DNS_CD = 0x0010,
       EL_DNS_RCODE = 0x000f,
};

enum {
    EL_DNS_NOERROR,
    EL_DNS_FORMERR,
    EL_DNS_SERVFAIL,
    EL_DNS_NXDOMAIN,
    EL_DNS_NOTIMP,
    EL_DNS_REFUSED,
    EL_DNS_BADVERS = 16, /* needs EDNS to be said */
};

enum {
    EL_DNS_A = 1,
    EL_DNS_NS = 2,
    EL_DNS_CNAME = 5,
    EL_DNS_SOA = 6,
    EL_DNS_PTR = 12,
    EL_DNS_HINFO = 13,
    EL_DNS_TXT = 16,
    EL_DNS_AAAA = 28,
    EL_DNS_DNAME = 39,
    EL_DNS_OPT = 41,
    EL_DNS_RRSIG = 46,
    EL_DNS_NSEC = 47,
    EL_DNS_NSEC3 = 50,
    EL_DNS_SVCB = 64,
    EL_DNS_HTTPS = 65,
    EL_DNS_META_FIRST = 128, /* to 255: no data, but questions about it (RFC 6895 §3.1) */
    EL_DNS_ANY = 255,
};

enum { EL_DNS_IN = 1 };

/* Why an answer is what it is (RFC 8914 §4). */
enum {
    EL_DNS_EDE_NONE = -1,
    EL_DNS_EDE_STALE = 3,
    EL_DNS_EDE_BLOCKED = 15,
    EL_DNS_EDE_NOT_AUTHORITATIVE = 20,
    EL_DNS_EDE_UNREACHABLE = 22, /* none of the servers answered */
};

enum { EL_DNS_ANSWER, EL_DNS_AUTHORITY, EL_DNS_ADDITIONAL, EL_DNS_SECTIONS };

struct el_dns_question {
    struct el_dns_name name;
    uint16_t type;
    uint16_t class;
};

struct el_dns_edns {
    bool present;
    uint8_t version;
    bool dnssec_ok;
    uint16_t size; /* of the datagrams that the sender takes */
    uint8_t rcode; /* upper bits */
};

struct el_dns_message {
    const uint8_t *bytes;
    size_t len;
    uint16_t id;
    uint16_t flags;
    uint16_t questions;
    uint16_t counts[EL_DNS_SECTIONS];
    struct el_dns_question question; /* the first */
    size_t records;                  /* where they begin */
    struct el_dns_edns edns;
};

/* Checks all of it. 0; EL_ESHORT: not even a header; EL_EPROTO: broken, or two OPT records: id and
 * flags are valid. More than one question is decoded, not followed. */
int el_dns_decode(const uint8_t *bytes, size_t len, struct el_dns_message *message);

/* 0 to 15; with EDNS more. */
static inline unsigned el_dns_rcode(const struct el_dns_message *message)
{
    return (message->flags & EL_DNS_RCODE) | (unsigned)message->edns.rcode << 4;
}

struct el_dns_record {
    struct el_dns_name owner;
    uint8_t section;
    uint16_t type;
    uint16_t class;
    uint32_t ttl_s;      /* above 2^31 - 1 is read as 0 (RFC 2181 §8) */
    struct el_wire data; /* its start is the message's, so that names can be read */
};

/* Reading a decoded message's records, in their order. */
struct el_dns_reader {
    struct el_wire w;
    uint16_t left[EL_DNS_SECTIONS];
    uint8_t section;
};

void el_dns_read_records(const struct el_dns_message *message, struct el_dns_reader *reader);
bool el_dns_next_record(struct el_dns_reader *reader, struct el_dns_record *record);

/* -- building -- */

enum { EL_DNS_BUILD_LABELS = 64 }; /* places of names that later ones may point to */

/* A message that grows: header, question, records section by section. Its cursor fails when it does
 * not fit. */
struct el_dns_builder {
    struct el_wire w;
    uint16_t counts[EL_DNS_SECTIONS];
    uint16_t places[EL_DNS_BUILD_LABELS];
    uint8_t place_count;
};

/* Header and question, which may be NULL. */
void el_dns_build_begin(struct el_dns_builder *b, uint8_t *bytes, size_t capacity, uint16_t id,
                        uint16_t flags, const struct el_dns_question *question);

/* A name as a record's data has it where RFC 1035 defines it: compressed (RFC 3597 §4). */
void el_dns_build_name(struct el_dns_builder *b, const struct el_dns_name *name);

/* A record whose data is written between the two: the cursor is b->w. Where the TTL stands is
 * returned. */
size_t el_dns_build_open(struct el_dns_builder *b, unsigned section,
                         const struct el_dns_name *owner, uint16_t type, uint32_t ttl_s);
void el_dns_build_close(struct el_dns_builder *b, size_t ttl_at);

/* A record of another message. Where its TTL stands. */
size_t el_dns_build_copy(struct el_dns_builder *b, unsigned section,
                         const struct el_dns_record *record);

/* An address. */
void el_dns_build_address(struct el_dns_builder *b, const struct el_dns_name *owner,
                          const struct el_ip *ip, uint32_t ttl_s);

/* Writes the counts. The length, or EL_ESHORT. */
int el_dns_build_end(struct el_dns_builder *b);

/* EDNS behind a finished message of LEN bytes, where CAPACITY has room for it, and counts it:
 * RCODE's upper bits; EDE is said unless EL_DNS_EDE_NONE, the server's own. The new length. */
size_t el_dns_put_edns(uint8_t *bytes, size_t len, size_t capacity, unsigned rcode, bool dnssec_ok,
                       int ede);

#endif
