/* SPDX-License-Identifier: GPL-2.0-or-later */
/* DNS messages, read and built. */
#include "dns/dns_wire.h"

enum { FIXED = 10 }; /* of a record: type, class, TTL, length */
enum { POINTER_MAX = 0x3fff, DNSSEC_OK = 0x8000, OPTION_EDE = 15 };

/* -- reading -- */

static void read_question(struct el_wire *w, struct el_dns_question *question)
{
    el_dns_name_read(w, &question->name);
    question->type = el_wire_be16(w);
    question->class = el_wire_be16(w);
}

void el_dns_read_records(const struct el_dns_message *message, struct el_dns_reader *reader)
{
    *reader = (struct el_dns_reader){.w = el_wire_read(message->bytes, message->len)};
    el_wire_skip(&reader->w, message->records);
    memcpy(reader->left, message->counts, sizeof reader->left);
}

bool el_dns_next_record(struct el_dns_reader *reader, struct el_dns_record *record)
{
    struct el_wire *w = &reader->w;

    while (reader->section < EL_DNS_SECTIONS && reader->left[reader->section] == 0)
        reader->section++;
    if (reader->section == EL_DNS_SECTIONS || !el_wire_ok(w))
        return false;
    reader->left[reader->section]--;
    record->section = reader->section;
    el_dns_name_read(w, &record->owner);
    record->type = el_wire_be16(w);
    record->class = el_wire_be16(w);
    record->ttl_s = el_wire_be32(w);
    if (record->ttl_s > INT32_MAX && record->type != EL_DNS_OPT)
        record->ttl_s = 0;
    size_t len = el_wire_be16(w);
    record->data = *w;
    el_wire_skip(w, len);
    record->data.end = w->at;
    return el_wire_ok(w);
}

static void read_edns(const struct el_dns_record *record, struct el_dns_edns *edns)
{
    *edns = (struct el_dns_edns){
        .present = true,
        .size = record->class,
        .rcode = (uint8_t)(record->ttl_s >> 24),
        .version = (uint8_t)(record->ttl_s >> 16),
        .dnssec_ok = record->ttl_s & DNSSEC_OK,
    };
}

/* All records are whole, and at most one of them is OPT, which is where it belongs (RFC 6891
 * §6.1.1). */
static int check_records(struct el_dns_message *message)
{
    struct el_dns_reader reader;
    struct el_dns_record record;

    el_dns_read_records(message, &reader);
    while (el_dns_next_record(&reader, &record)) {
        if (record.type != EL_DNS_OPT)
            continue;
        if (message->edns.present || record.section != EL_DNS_ADDITIONAL || record.owner.len != 1)
            return EL_EPROTO;
        read_edns(&record, &message->edns);
    }
    return el_wire_ok(&reader.w) ? 0 : EL_EPROTO;
}

int el_dns_decode(const uint8_t *bytes, size_t len, struct el_dns_message *message)
{
    struct el_wire w = el_wire_read(bytes, len);
    struct el_dns_question further;

    message->bytes = bytes;
    message->len = len;
    message->edns = (struct el_dns_edns){.present = false};
    message->id = el_wire_be16(&w);
    message->flags = el_wire_be16(&w);
    message->questions = el_wire_be16(&w);
    for (int i = 0; i < EL_DNS_SECTIONS; i++)
        message->counts[i] = el_wire_be16(&w);
    if (!el_wire_ok(&w))
        return EL_ESHORT;
    message->question = (struct el_dns_question){.name = {.len = 1}};
    for (unsigned i = 0; i < message->questions && el_wire_ok(&w); i++)
        read_question(&w, i == 0 ? &message->question : &further);
    if (!el_wire_ok(&w))
        return EL_EPROTO;
    message->records = el_wire_done(&w);
    return check_records(message);
}

/* -- building -- */

void el_dns_build_begin(struct el_dns_builder *b, uint8_t *bytes, size_t capacity, uint16_t id,
                        uint16_t flags, const struct el_dns_question *question)
{
    *b = (struct el_dns_builder){.w = el_wire_write(bytes, capacity)};
    el_wire_put_be16(&b->w, id);
    el_wire_put_be16(&b->w, flags);
    el_wire_put_be16(&b->w, question ? 1 : 0);
    el_wire_put_zero(&b->w, 2 * EL_DNS_SECTIONS);
    if (!question)
        return;
    el_dns_build_name(b, &question->name);
    el_wire_put_be16(&b->w, question->type);
    el_wire_put_be16(&b->w, question->class);
}

/* Whether what was written at PLACE is NAME from the byte AT on. */
static bool stands_at(const struct el_dns_builder *b, size_t place, const struct el_dns_name *name,
                      size_t at)
{
    struct el_wire w = el_wire_read(b->w.start, el_wire_done(&b->w));
    struct el_dns_name there;

    el_wire_skip(&w, place);
    el_dns_name_read(&w, &there);
    return el_wire_ok(&w) && there.len == name->len - at && el_dns_name_is_in(name, &there);
}

static const uint16_t *find_place(const struct el_dns_builder *b, const struct el_dns_name *name,
                                  size_t at)
{
    for (unsigned i = 0; i < b->place_count; i++)
        if (stands_at(b, b->places[i], name, at))
            return &b->places[i];
    return NULL;
}

void el_dns_build_name(struct el_dns_builder *b, const struct el_dns_name *name)
{
    unsigned before = b->place_count; /* the name's own places are of no use to itself */

    for (size_t at = 0; name->b[at]; at += 1u + name->b[at]) {
        const uint16_t *place = before ? find_place(b, name, at) : NULL;
        size_t here = el_wire_done(&b->w);
        if (place) {
            el_wire_put_be16(&b->w, (uint16_t)(0xc000 | *place));
            return;
        }
        el_wire_put(&b->w, name->b + at, 1u + name->b[at]);
        /* Names are found only once they are whole, so a place may be told before its end. */
        if (el_wire_ok(&b->w) && here <= POINTER_MAX && b->place_count < EL_DNS_BUILD_LABELS)
            b->places[b->place_count++] = (uint16_t)here;
    }
    el_wire_put_u8(&b->w, 0);
}

size_t el_dns_build_open(struct el_dns_builder *b, unsigned section,
                         const struct el_dns_name *owner, uint16_t type, uint32_t ttl_s)
{
    el_dns_build_name(b, owner);
    el_wire_put_be16(&b->w, type);
    el_wire_put_be16(&b->w, EL_DNS_IN);
    size_t ttl_at = el_wire_done(&b->w);
    el_wire_put_be32(&b->w, ttl_s);
    el_wire_put_be16(&b->w, 0);
    b->counts[section]++;
    return ttl_at;
}

void el_dns_build_close(struct el_dns_builder *b, size_t ttl_at)
{
    if (!el_wire_ok(&b->w))
        return;
    struct el_wire length = el_wire_write(b->w.start + ttl_at + 4, 2);
    el_wire_put_be16(&length, (uint16_t)(el_wire_done(&b->w) - ttl_at - 6));
}

/* Where the data of a type has names, which may be compressed in what we read: 'n' a name, a digit
 * so many bytes, 's' a string with its length; the rest as it is. Of other types no name may be
 * (RFC 3597 §4). Those of RFC 1035 are compressed in what we write, too. */
static const struct layout {
    uint16_t type;
    bool compress;
    const char *data;
} layouts[] = {
    {EL_DNS_NS, true, "n"},     {3, true, "n"} /* MD */,    {4, true, "n"} /* MF */,
    {EL_DNS_CNAME, true, "n"},  {EL_DNS_SOA, true, "nn"},   {7, true, "n"} /* MB */,
    {8, true, "n"} /* MG */,    {9, true, "n"} /* MR */,    {EL_DNS_PTR, true, "n"},
    {14, true, "nn"},           {15, true, "2n"} /* MX */,  {17, false, "nn"} /* RP */,
    {18, false, "2n"},          {21, false, "2n"} /* RT */, {26, false, "2nn"} /* PX */,
    {33, false, "6n"},          {35, false, "4sssn"},       {36, false, "2n"} /* KX */,
    {EL_DNS_DNAME, false, "n"},
};

static void copy_data(struct el_dns_builder *b, const struct layout *layout, struct el_wire *data)
{
    struct el_dns_name name;

    for (const char *part = layout ? layout->data : ""; *part; part++) {
        if (*part == 'n') {
            el_dns_name_read(data, &name);
            if (!el_wire_ok(data))
                break;
            if (layout->compress)
                el_dns_build_name(b, &name);
            else
                el_wire_put(&b->w, name.b, name.len);
            continue;
        }
        size_t len = *part == 's' ? 1u + (el_wire_left(data) ? *data->at : 0) : (size_t)*part - '0';
        const uint8_t *bytes = el_wire_take(data, len);
        if (bytes)
            el_wire_put(&b->w, bytes, len);
    }
    size_t rest = el_wire_left(data);
    const uint8_t *bytes = el_wire_take(data, rest);
    if (bytes)
        el_wire_put(&b->w, bytes, rest);
}

size_t el_dns_build_copy(struct el_dns_builder *b, unsigned section,
                         const struct el_dns_record *record)
{
    const struct layout *layout = NULL;
    struct el_wire data = record->data;

    for (size_t i = 0; i < sizeof layouts / sizeof layouts[0]; i++)
        if (layouts[i].type == record->type)
            layout = &layouts[i];
    size_t ttl_at = el_dns_build_open(b, section, &record->owner, record->type, record->ttl_s);
    copy_data(b, layout, &data);
    if (!el_wire_ok(&data)) /* the data are not what their type says */
        el_wire_fail(&b->w);
    el_dns_build_close(b, ttl_at);
    return ttl_at;
}

void el_dns_build_address(struct el_dns_builder *b, const struct el_dns_name *owner,
                          const struct el_ip *ip, uint32_t ttl_s)
{
    bool four = ip->family == 4;
    size_t at = el_dns_build_open(b, EL_DNS_ANSWER, owner, four ? EL_DNS_A : EL_DNS_AAAA, ttl_s);

    el_wire_put(&b->w, ip->b, four ? 4 : 16);
    el_dns_build_close(b, at);
}

static void write_counts(uint8_t *bytes, const uint16_t counts[EL_DNS_SECTIONS])
{
    struct el_wire w = el_wire_write(bytes + 6, 2 * EL_DNS_SECTIONS);

    for (int i = 0; i < EL_DNS_SECTIONS; i++)
        el_wire_put_be16(&w, counts[i]);
}

int el_dns_build_end(struct el_dns_builder *b)
{
    if (!el_wire_ok(&b->w))
        return EL_ESHORT;
    write_counts(b->w.start, b->counts);
    return (int)el_wire_done(&b->w);
}

size_t el_dns_put_edns(uint8_t *bytes, size_t len, size_t capacity, unsigned rcode, bool dnssec_ok,
                       int ede)
{
    struct el_wire w = el_wire_write(bytes + len, capacity - len);
    bool why = ede != EL_DNS_EDE_NONE && capacity - len >= EL_DNS_OPT_BYTES + 6;

    el_wire_put_u8(&w, 0);
    el_wire_put_be16(&w, EL_DNS_OPT);
    el_wire_put_be16(&w, EL_DNS_EDNS_BYTES);
    el_wire_put_u8(&w, (uint8_t)(rcode >> 4));
    el_wire_put_u8(&w, 0);
    el_wire_put_be16(&w, dnssec_ok ? DNSSEC_OK : 0);
    el_wire_put_be16(&w, why ? 6 : 0);
    if (why) {
        el_wire_put_be16(&w, OPTION_EDE);
        el_wire_put_be16(&w, 2);
        el_wire_put_be16(&w, (uint16_t)ede);
    }
    if (!el_wire_ok(&w))
        return len;
    struct el_wire count = el_wire_write(bytes + 10, 2);
    uint16_t had = (uint16_t)(bytes[10] << 8 | bytes[11]);
    el_wire_put_be16(&count, (uint16_t)(had + 1));
    return len + el_wire_done(&w);
}
