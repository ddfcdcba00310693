/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the anchor to the files. */
#include "media/udf.h"

#include "base/err.h"
#include "media/names.h"
#include "media/udf_wire.h"

#include <string.h>

enum {
    SEQUENCE_MAX = 64,       /* descriptors of one volume descriptor sequence */
    SEQUENCES_MAX = 4,       /* that point to each other */
    CONTINUATIONS_MAX = 256, /* extents of allocation descriptors */
    FID_FIXED = 38,
    FID_NAME_MAX = 255,
    STRATEGY_PLAIN = 4,
};

/* -- places -- */

static int place_of(const struct el_media_volume *volume, const struct el_udf_extent *extent,
                    uint64_t *place)
{
    const struct el_media_udf *udf = &volume->udf;

    if (extent->partition >= udf->count)
        return EL_EPROTO;
    const struct el_media_extent *partition = &udf->partitions[extent->partition];
    uint64_t offset = (uint64_t)extent->block * udf->block;
    if (extent->len > partition->len || offset > partition->len - extent->len)
        return EL_EPROTO;
    *place = partition->offset + offset;
    return 0;
}

/* -- information control blocks -- */

/* What both kinds of file entry say. */
struct icb {
    uint8_t type;         /* of the file (4/14.6.6) */
    unsigned descriptors; /* short, long, extended, or none: the data itself */
    uint16_t partition;   /* that short descriptors count from */
    uint64_t size;
    int64_t mtime_s;
    const uint8_t *area; /* of the allocation descriptors, in BYTES */
    uint32_t area_len, area_at;
    uint8_t bytes[EL_UDF_DESCRIPTOR_MAX];
};

enum { TYPE_UNSPECIFIED = 0, TYPE_DIRECTORY = 4, TYPE_FILE = 5, TYPE_LINK = 12 };
enum { SHORT_AD = 0, LONG_AD = 1, INLINE_DATA = 3 };

static int icb_read(struct el_media_volume *volume, uint64_t place, struct icb *icb)
{
    const uint8_t *b = icb->bytes;
    size_t room = volume->udf.block < sizeof icb->bytes ? volume->udf.block : sizeof icb->bytes;
    int tag = el_udf_descriptor(volume->image, place, icb->bytes, room);

    if (tag < 0)
        return tag;
    if (tag != EL_UDF_FILE_ENTRY && tag != EL_UDF_EXTENDED_FILE_ENTRY)
        return EL_EPROTO;
    if (el_udf_le16(b + 20) != STRATEGY_PLAIN)
        return EL_ENOTSUP;
    bool extended = tag == EL_UDF_EXTENDED_FILE_ENTRY;
    size_t lengths = extended ? 208 : 168; /* of the two areas at the end */
    uint64_t attributes_len = el_udf_le32(b + lengths);
    icb->type = b[27];
    icb->descriptors = b[34] & 7;
    icb->size = el_udf_le64(b + 56);
    icb->mtime_s = el_udf_timestamp(b + (extended ? 92 : 84));
    icb->area_len = el_udf_le32(b + lengths + 4);
    if (attributes_len > room || icb->area_len > room ||
        lengths + 8 + attributes_len + icb->area_len > room)
        return EL_EPROTO;
    icb->area_at = (uint32_t)(lengths + 8 + attributes_len);
    icb->area = b + icb->area_at;
    /* Short descriptors are of the partition where their ICB is. */
    for (icb->partition = 0; icb->partition < volume->udf.count; icb->partition++) {
        const struct el_media_extent *p = &volume->udf.partitions[icb->partition];
        if (place >= p->offset && place - p->offset < p->len)
            break;
    }
    return 0;
}

/* The allocation descriptors of one area: adds what they say until WANT bytes are there. 1: there
 * may be more, where NEXT says; 0: that was all; or an error. */
static int add_area(struct el_media_volume *volume, const struct icb *icb, const uint8_t *area,
                    size_t len, struct el_media_extents *extents, struct el_udf_extent *next)
{
    size_t step = icb->descriptors == SHORT_AD ? 8 : 16;

    for (size_t at = 0; at + step <= len && extents->total < icb->size; at += step) {
        struct el_udf_extent e =
            icb->descriptors == SHORT_AD ? el_udf_short_ad(area + at) : el_udf_long_ad(area + at);
        uint64_t place, left = icb->size - extents->total;
        if (icb->descriptors == SHORT_AD)
            e.partition = icb->partition;
        if (e.len == 0)
            return 0;
        if (e.type == EL_UDF_CONTINUES) {
            *next = e;
            return 1;
        }
        if (e.type != EL_UDF_RECORDED)
            return EL_ENOTSUP;
        int r = place_of(volume, &e, &place);
        if (r == 0)
            r = el_media_extents_add(extents, volume->image, place, e.len < left ? e.len : left);
        if (r < 0)
            return r;
    }
    return 0;
}

/* An area that goes on: a descriptor of its own, with the length at 20 (4/14.5). */
static int add_continued(struct el_media_volume *volume, const struct icb *icb,
                         struct el_media_extents *extents, struct el_udf_extent *next)
{
    uint8_t bytes[EL_UDF_DESCRIPTOR_MAX];
    size_t room = volume->udf.block < sizeof bytes ? volume->udf.block : sizeof bytes;
    uint64_t place;
    int r = place_of(volume, next, &place);

    if (r < 0)
        return r;
    r = el_udf_descriptor(volume->image, place, bytes, room);
    if (r < 0)
        return r;
    uint32_t len = el_udf_le32(bytes + 20);
    if (r != EL_UDF_ALLOCATION || len > room - 24)
        return EL_EPROTO;
    return add_area(volume, icb, bytes + 24, len, extents, next);
}

static int icb_extents(struct el_media_volume *volume, uint64_t place, const struct icb *icb,
                       struct el_media_extents *extents)
{
    struct el_udf_extent next;

    if (icb->descriptors == INLINE_DATA) {
        if (icb->size > icb->area_len)
            return EL_EPROTO;
        return el_media_extents_add(extents, volume->image, place + icb->area_at, icb->size);
    }
    if (icb->descriptors != SHORT_AD && icb->descriptors != LONG_AD)
        return EL_ENOTSUP;
    int r = add_area(volume, icb, icb->area, icb->area_len, extents, &next);
    for (unsigned i = 0; r == 1; i++)
        r = i < CONTINUATIONS_MAX ? add_continued(volume, icb, extents, &next) : EL_EPROTO;
    if (r == 0 && extents->total != icb->size)
        r = EL_EPROTO;
    return r;
}

/* -- the format -- */

static int udf_describe(struct el_media_volume *volume, struct el_media_node *node)
{
    struct icb icb;
    int r = icb_read(volume, node->place, &icb);

    if (r < 0)
        return r;
    node->size = icb.size;
    node->mtime_s = icb.mtime_s;
    node->kind = icb.type == TYPE_DIRECTORY                              ? EL_MEDIA_DIRECTORY
                 : icb.type == TYPE_FILE || icb.type == TYPE_UNSPECIFIED ? EL_MEDIA_FILE
                                                                         : EL_MEDIA_REFUSED;
    return 0;
}

static int udf_extents(struct el_media_volume *volume, const struct el_media_node *node,
                       struct el_media_extents *extents)
{
    struct icb icb;
    int r = icb_read(volume, node->place, &icb);

    return r < 0 ? r : icb_extents(volume, node->place, &icb, extents);
}

static int udf_scan(struct el_media_volume *volume, const struct el_media_node *directory,
                    struct el_media_scan *scan)
{
    struct icb icb;

    *scan = (struct el_media_scan){.directory = *directory};
    int r = icb_read(volume, directory->place, &icb);
    if (r < 0)
        return r;
    if (icb.type != TYPE_DIRECTORY || icb.size > EL_MEDIA_DIRECTORY_MAX)
        return EL_EPROTO;
    r = icb_extents(volume, directory->place, &icb, &scan->extents);
    if (r < 0)
        el_media_extents_free(&scan->extents);
    return r;
}

/* LEN bytes of the directory at the scan's place, which moves past them. */
static int scan_read(struct el_media_volume *volume, struct el_media_scan *scan, uint8_t *to,
                     size_t len)
{
    const struct el_media_extent *extent = el_media_extents_list(&scan->extents);
    uint64_t at = scan->at;

    if (len > scan->extents.total || at > scan->extents.total - len)
        return EL_EPROTO;
    scan->at += len;
    for (; len > 0; extent++) {
        if (at >= extent->len) {
            at -= extent->len;
            continue;
        }
        size_t part = extent->len - at < len ? (size_t)(extent->len - at) : len;
        int r = el_media_image_read(volume->image, extent->offset + at, to, part);
        if (r < 0)
            return r;
        to += part;
        len -= part;
        at = 0;
    }
    return 0;
}

/* 4/14.4: a fixed part, implementation use, the name, and padding to four bytes. */
static int udf_next(struct el_media_volume *volume, struct el_media_scan *scan,
                    struct el_media_entry *entry)
{
    enum { DIRECTORY = 2, DELETED = 4, PARENT = 8 };
    uint8_t fixed[FID_FIXED], name[FID_NAME_MAX];

    while (scan->at + FID_FIXED <= scan->extents.total) {
        uint64_t begin = scan->at;
        int r = scan_read(volume, scan, fixed, sizeof fixed);
        if (r < 0)
            return r;
        if (el_udf_le16(fixed) != EL_UDF_FILE_ID)
            return el_udf_le16(fixed) == 0 ? 0 : EL_EPROTO;
        uint8_t flags = fixed[18], name_len = fixed[19];
        uint64_t use_len = el_udf_le16(fixed + 36);
        const struct el_udf_extent icb = el_udf_long_ad(fixed + 20);
        scan->at += use_len;
        r = scan_read(volume, scan, name, name_len);
        if (r < 0)
            return r;
        scan->at = begin + ((FID_FIXED + use_len + name_len + 3) & ~UINT64_C(3));
        if (flags & (DELETED | PARENT))
            continue;
        el_udf_name(name, name_len, entry->name, sizeof entry->name);
        entry->node =
            (struct el_media_node){.kind = flags & DIRECTORY ? EL_MEDIA_DIRECTORY : EL_MEDIA_FILE};
        if (el_media_name_is_good(entry->name) && place_of(volume, &icb, &entry->node.place) == 0)
            return 1;
    }
    return 0;
}

static const struct el_media_format udf = {
    .name = "udf",
    .folds = true,
    .describe = udf_describe,
    .scan = udf_scan,
    .next = udf_next,
    .extents = udf_extents,
};

/* -- the volume -- */

/* What the volume descriptors say, before it is put together. */
struct found {
    struct {
        uint16_t number;
        struct el_media_extent extent;
    } partitions[EL_MEDIA_UDF_PARTITIONS_MAX];
    unsigned partition_count;
    bool has_volume;
    uint8_t volume[EL_UDF_DESCRIPTOR_MAX];
};

static void on_partition(struct el_media_volume *volume, struct found *found, const uint8_t *b)
{
    if (found->partition_count == EL_MEDIA_UDF_PARTITIONS_MAX)
        return;
    found->partitions[found->partition_count].number = el_udf_le16(b + 22);
    found->partitions[found->partition_count++].extent = (struct el_media_extent){
        (uint64_t)el_udf_le32(b + 188) * volume->udf.block,
        (uint64_t)el_udf_le32(b + 192) * volume->udf.block,
    };
}

/* Reads a sequence of volume descriptors; where another begins is said by a pointer. */
static void read_sequence(struct el_media_volume *volume, struct found *found, uint64_t at,
                          uint64_t len)
{
    uint8_t bytes[EL_UDF_DESCRIPTOR_MAX];
    size_t room = volume->udf.block < sizeof bytes ? volume->udf.block : sizeof bytes;

    for (unsigned i = 0, sequences = 0; i < SEQUENCE_MAX && len >= volume->udf.block; i++) {
        int tag = el_udf_descriptor(volume->image, at, bytes, room);
        at += volume->udf.block;
        len -= volume->udf.block;
        if (tag == EL_UDF_PARTITION) {
            on_partition(volume, found, bytes);
        } else if (tag == EL_UDF_LOGICAL_VOLUME) {
            memcpy(found->volume, bytes, room);
            found->has_volume = true;
        } else if (tag == EL_UDF_POINTER && sequences++ < SEQUENCES_MAX) {
            len = el_udf_le32(bytes + 20);
            at = (uint64_t)el_udf_le32(bytes + 24) * volume->udf.block;
        } else if (tag < 0 || tag == EL_UDF_TERMINATING) {
            return;
        }
    }
}

/* The partition maps of the logical volume (3/10.6), each by the number of its partition. */
static int map_partitions(struct el_media_volume *volume, const struct found *found)
{
    enum { MAPS_AT = 440, PHYSICAL = 1 };
    const uint8_t *b = found->volume;
    uint32_t len = el_udf_le32(b + 264), count = el_udf_le32(b + 268);
    size_t room =
        volume->udf.block < EL_UDF_DESCRIPTOR_MAX ? volume->udf.block : EL_UDF_DESCRIPTOR_MAX;

    if (len > room - MAPS_AT || count > EL_MEDIA_UDF_PARTITIONS_MAX)
        return EL_EPROTO;
    for (size_t at = MAPS_AT; volume->udf.count < count;) {
        if (at + 6 > MAPS_AT + len || b[at + 1] < 6)
            return EL_EPROTO;
        if (b[at] != PHYSICAL)
            return EL_ENOTSUP;
        unsigned i = 0;
        while (i < found->partition_count && found->partitions[i].number != el_udf_le16(b + at + 4))
            i++;
        if (i == found->partition_count)
            return EL_EPROTO;
        volume->udf.partitions[volume->udf.count++] = found->partitions[i].extent;
        at += b[at + 1];
    }
    return 0;
}

/* The file set leads to the root. */
static int open_file_set(struct el_media_volume *volume, const struct found *found)
{
    enum { CONTENTS_AT = 248, ROOT_AT = 400 };
    uint8_t bytes[512];
    const struct el_udf_extent set = el_udf_long_ad(found->volume + CONTENTS_AT);
    uint64_t place;
    int r = place_of(volume, &set, &place);

    if (r == 0)
        r = el_udf_descriptor(volume->image, place, bytes, sizeof bytes);
    if (r != EL_UDF_FILE_SET)
        return r < 0 ? r : EL_EPROTO;
    const struct el_udf_extent root = el_udf_long_ad(bytes + ROOT_AT);
    r = place_of(volume, &root, &place);
    if (r < 0)
        return r;
    volume->root = (struct el_media_node){.place = place, .kind = EL_MEDIA_DIRECTORY};
    return udf_describe(volume, &volume->root);
}

/* A string in a field of its own has its length in the last byte (UDF 2.1.3). */
static void read_label(struct el_media_volume *volume, const struct found *found)
{
    enum { LABEL_AT = 84, LABEL_LEN = 128 };
    uint8_t len = found->volume[LABEL_AT + LABEL_LEN - 1];

    if (len < LABEL_LEN)
        el_udf_name(found->volume + LABEL_AT, len, volume->label, sizeof volume->label);
    el_media_label_tidy(volume->label);
}

static int open_at_anchor(struct el_media_volume *volume, uint64_t anchor)
{
    uint8_t bytes[512];
    struct found found = {.partition_count = 0};
    int tag = el_udf_descriptor(volume->image, anchor, bytes, sizeof bytes);

    if (tag != EL_UDF_ANCHOR)
        return EL_ENOENT;
    /* The main sequence, then the reserve. */
    for (size_t at = 16; at <= 24 && !(found.has_volume && found.partition_count); at += 8)
        read_sequence(volume, &found, (uint64_t)el_udf_le32(bytes + at + 4) * volume->udf.block,
                      el_udf_le32(bytes + at));
    if (!found.has_volume || found.partition_count == 0)
        return EL_EPROTO;
    if (el_udf_le32(found.volume + 212) != volume->udf.block)
        return EL_EPROTO;
    read_label(volume, &found);
    int r = map_partitions(volume, &found);
    if (r < 0)
        return r;
    for (unsigned i = 0; i < volume->udf.count; i++) {
        const struct el_media_extent *p = &volume->udf.partitions[i];
        if (p->offset + p->len > volume->announced)
            volume->announced = p->offset + p->len;
    }
    return open_file_set(volume, &found);
}

int el_media_udf_open(struct el_media_volume *volume, struct el_media_image *image)
{
    static const uint32_t blocks[] = {2048, 512, 4096};
    int result = EL_ENOENT;

    for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++) {
        const uint64_t size = image->size / blocks[i]; /* in blocks */
        const uint64_t anchors[] = {256, size - 1, size - 257};
        for (size_t j = 0; j < sizeof anchors / sizeof anchors[0]; j++) {
            if (anchors[j] >= size)
                continue;
            *volume = (struct el_media_volume){.image = image, .format = &udf};
            volume->udf.block = blocks[i];
            int r = open_at_anchor(volume, anchors[j] * blocks[i]);
            if (r == 0)
                return 0;
            if (result == EL_ENOENT)
                result = r;
        }
    }
    return result;
}
