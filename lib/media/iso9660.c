/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Volume descriptors, directory records, and the two formats that need no System Use area. */
#include "media/iso9660.h"

#include "base/civil.h"
#include "base/err.h"
#include "base/wire.h"
#include "media/names.h"
#include "media/rock_ridge.h"

#include <string.h>

enum {
    FIRST_DESCRIPTOR = 16, /* sector */
    DESCRIPTORS_MAX = 64,
    PRIMARY = 1,
    SUPPLEMENTARY = 2,
    TERMINATOR = 255,
    LABEL_AT = 40,
    LABEL_LEN = 32,
    SPACE_AT = 80,
    ESCAPES_AT = 88,
    BLOCK_AT = 128,
    ROOT_AT = 156, /* the root's record stands in the descriptor */
    RECORD_MIN = 34,
};

/* -- records -- */

static uint32_t le32_at(const uint8_t *bytes)
{
    struct el_wire w = el_wire_read(bytes, 4);

    return el_wire_le32(&w);
}

static uint16_t le16_at(const uint8_t *bytes)
{
    return (uint16_t)(bytes[0] | bytes[1] << 8);
}

static int digits(const uint8_t *bytes, size_t len)
{
    int value = 0;

    for (size_t i = 0; i < len; i++) {
        if (bytes[i] < '0' || bytes[i] > '9')
            return -1;
        value = value * 10 + (bytes[i] - '0');
    }
    return value;
}

int64_t el_media_iso_date(const uint8_t *bytes, size_t len)
{
    struct el_civil civil;

    if (len == 7)
        civil = (struct el_civil){.year = 1900 + bytes[0],
                                  .month = bytes[1],
                                  .day = bytes[2],
                                  .hour = bytes[3],
                                  .minute = bytes[4],
                                  .second = bytes[5]};
    else if (len == 17)
        civil = (struct el_civil){.year = digits(bytes, 4),
                                  .month = digits(bytes + 4, 2),
                                  .day = digits(bytes + 6, 2),
                                  .hour = digits(bytes + 8, 2),
                                  .minute = digits(bytes + 10, 2),
                                  .second = digits(bytes + 12, 2)};
    else
        return 0;
    if (civil.year < 0 || civil.month < 1 || civil.month > 12 || civil.day < 1 || civil.day > 31 ||
        civil.hour < 0 || civil.hour > 23 || civil.minute < 0 || civil.minute > 59 ||
        civil.second < 0 || civil.second > 59)
        return 0;
    return el_civil_seconds(&civil) - (int8_t)bytes[len - 1] * INT64_C(900);
}

static int decode(const struct el_media_volume *volume, struct el_media_iso_record *record)
{
    const uint8_t *b = record->bytes;
    unsigned name_len = b[32];

    if (33 + name_len > record->len)
        return EL_EPROTO;
    record->offset = ((uint64_t)le32_at(b + 2) + b[1]) * volume->iso.block;
    record->size = le32_at(b + 10);
    record->mtime_s = el_media_iso_date(b + 18, 7);
    record->flags = b[25];
    record->interleaved = b[26] || b[27];
    record->name = b + 33;
    record->name_len = name_len;
    /* A pad byte makes the beginning of the System Use area even. */
    unsigned used = 33 + name_len + (name_len % 2 == 0);
    record->system_use_len = used < record->len ? record->len - used : 0;
    record->system_use = b + (record->system_use_len ? used : 0);
    return 0;
}

int el_media_iso_record_read(struct el_media_volume *volume, uint64_t place, uint64_t end,
                             struct el_media_iso_record *record)
{
    while (place < end) {
        uint64_t in_sector = place % EL_MEDIA_BLOCK;
        uint8_t len;
        int r = el_media_image_read(volume->image, place, &len, 1);
        if (r < 0)
            return r;
        if (len == 0) {
            place += EL_MEDIA_BLOCK - in_sector;
            continue;
        }
        if (len < RECORD_MIN || len > end - place || len > EL_MEDIA_BLOCK - in_sector)
            return EL_EPROTO;
        record->place = place;
        record->len = len;
        r = el_media_image_read(volume->image, place, record->bytes, len);
        if (r == 0)
            r = decode(volume, record);
        return r < 0 ? r : 1;
    }
    return 0;
}

/* -- what all three formats do alike -- */

static int iso_extents(struct el_media_volume *volume, const struct el_media_node *node,
                       struct el_media_extents *extents)
{
    struct el_media_iso_record record;
    uint64_t place = node->place;

    do {
        int r = el_media_iso_record_read(volume, place, volume->image->size, &record);
        if (r <= 0)
            return r < 0 ? r : EL_EPROTO;
        r = el_media_extents_add(extents, volume->image, record.offset, record.size);
        if (r < 0)
            return r;
        place = record.place + record.len;
    } while (record.flags & EL_MEDIA_ISO_MULTI);
    return extents->total == node->size ? 0 : EL_EPROTO;
}

static int iso_scan(struct el_media_volume *volume, const struct el_media_node *directory,
                    struct el_media_scan *scan)
{
    struct el_media_iso_record record;

    *scan = (struct el_media_scan){.directory = *directory};
    int r = el_media_iso_record_read(volume, directory->place, volume->image->size, &record);
    if (r <= 0)
        return r < 0 ? r : EL_EPROTO;
    if (!(record.flags & EL_MEDIA_ISO_DIRECTORY) || record.size > EL_MEDIA_DIRECTORY_MAX)
        return EL_EPROTO;
    return el_media_extents_add(&scan->extents, volume->image, record.offset, record.size);
}

/* The next record that has a name, in RECORD; the first of its extents, with the size of all. */
static int next_file(struct el_media_volume *volume, struct el_media_scan *scan,
                     struct el_media_iso_record *record, uint64_t *size)
{
    const struct el_media_extent *extent = el_media_extents_list(&scan->extents);
    struct el_media_iso_record more;

    if (scan->extents.count == 0)
        return 0;
    uint64_t end = extent->offset + extent->len;
    for (;;) {
        int r = el_media_iso_record_read(volume, extent->offset + scan->at, end, record);
        if (r <= 0)
            return r;
        scan->at = record->place + record->len - extent->offset;
        *size = record->size;
        for (more.flags = record->flags; more.flags & EL_MEDIA_ISO_MULTI;) {
            r = el_media_iso_record_read(volume, extent->offset + scan->at, end, &more);
            if (r <= 0)
                return r < 0 ? r : EL_EPROTO;
            scan->at = more.place + more.len - extent->offset;
            *size += more.size;
        }
        bool is_self_or_parent = record->name_len == 1 && record->name[0] <= 1;
        if (!is_self_or_parent && record->name_len > 0 &&
            !(record->flags & EL_MEDIA_ISO_ASSOCIATED))
            return 1;
    }
}

static struct el_media_node node_of(const struct el_media_iso_record *record, uint64_t size)
{
    return (struct el_media_node){
        .place = record->place,
        .size = size,
        .mtime_s = record->mtime_s,
        .kind = record->flags & EL_MEDIA_ISO_DIRECTORY ? EL_MEDIA_DIRECTORY
                : record->interleaved                  ? EL_MEDIA_REFUSED
                                                       : EL_MEDIA_FILE,
    };
}

static int plain_next(struct el_media_volume *volume, struct el_media_scan *scan,
                      struct el_media_entry *entry)
{
    struct el_media_iso_record record;
    uint64_t size;

    for (;;) {
        int r = next_file(volume, scan, &record, &size);
        if (r <= 0)
            return r;
        el_media_name_latin1(record.name, record.name_len, entry->name, sizeof entry->name);
        el_media_name_strip_version(entry->name);
        el_media_name_lower(entry->name);
        entry->node = node_of(&record, size);
        if (el_media_name_is_good(entry->name))
            return 1;
    }
}

static int joliet_next(struct el_media_volume *volume, struct el_media_scan *scan,
                       struct el_media_entry *entry)
{
    struct el_media_iso_record record;
    uint64_t size;

    for (;;) {
        int r = next_file(volume, scan, &record, &size);
        if (r <= 0)
            return r;
        el_media_name_utf16(record.name, record.name_len, entry->name, sizeof entry->name);
        el_media_name_strip_version(entry->name);
        entry->node = node_of(&record, size);
        if (el_media_name_is_good(entry->name))
            return 1;
    }
}

static int rock_ridge_next(struct el_media_volume *volume, struct el_media_scan *scan,
                           struct el_media_entry *entry)
{
    struct el_media_iso_record record;
    uint64_t size;

    for (;;) {
        struct el_media_rock rock;
        int r = next_file(volume, scan, &record, &size);
        if (r <= 0)
            return r;
        r = el_media_rock_parse(volume, &record, &rock);
        /* One that moved stands where its CL does; of one that leads out of the image nothing is
         * known. */
        if (r == EL_ESHORT || (r == 0 && rock.relocated))
            continue;
        if (r < 0)
            return r;
        entry->node = node_of(&record, size);
        if (rock.name[0]) {
            memcpy(entry->name, rock.name, sizeof rock.name);
        } else {
            el_media_name_latin1(record.name, record.name_len, entry->name, sizeof entry->name);
            el_media_name_strip_version(entry->name);
            el_media_name_lower(entry->name);
        }
        el_media_rock_apply(volume, &rock, &entry->node);
        if (el_media_name_is_good(entry->name))
            return 1;
    }
}

static int rock_ridge_target(struct el_media_volume *volume, const struct el_media_node *node,
                             char target[EL_MEDIA_TARGET_BYTES])
{
    struct el_media_iso_record record;
    struct el_media_rock rock;
    int r = el_media_iso_record_read(volume, node->place, volume->image->size, &record);

    if (r <= 0)
        return r < 0 ? r : EL_EPROTO;
    r = el_media_rock_parse(volume, &record, &rock);
    if (r == 0)
        memcpy(target, rock.target, sizeof rock.target);
    return r;
}

static const struct el_media_format plain = {
    .name = "iso9660",
    .folds = true,
    .scan = iso_scan,
    .next = plain_next,
    .extents = iso_extents,
};

static const struct el_media_format joliet = {
    .name = "iso9660+joliet",
    .folds = true,
    .scan = iso_scan,
    .next = joliet_next,
    .extents = iso_extents,
};

static const struct el_media_format rock_ridge = {
    .name = "iso9660+rockridge",
    .scan = iso_scan,
    .next = rock_ridge_next,
    .extents = iso_extents,
    .target = rock_ridge_target,
};

/* -- volume descriptors -- */

/* Joliet says so by one of three escape sequences, for UCS-2 levels 1 to 3. */
static bool is_joliet(const uint8_t *descriptor)
{
    const uint8_t *escape = descriptor + ESCAPES_AT;

    return escape[0] == '%' && escape[1] == '/' && strchr("@CE", escape[2]) && escape[2];
}

/* Finds the first descriptor of TYPE (a supplementary one: of Joliet) and opens its tree. */
static int open_tree(struct el_media_volume *volume, uint8_t type)
{
    uint8_t bytes[EL_MEDIA_BLOCK];

    for (unsigned i = 0; i < DESCRIPTORS_MAX; i++) {
        uint64_t at = (uint64_t)(FIRST_DESCRIPTOR + i) * EL_MEDIA_BLOCK;
        int r = el_media_image_read(volume->image, at, bytes, sizeof bytes);
        if (r < 0)
            return r == EL_ESHORT ? EL_ENOENT : r;
        if (memcmp(bytes + 1, "CD001", 5) != 0 || bytes[0] == TERMINATOR)
            return EL_ENOENT;
        if (bytes[0] != type || (type == SUPPLEMENTARY && !is_joliet(bytes)))
            continue;
        volume->iso.block = le16_at(bytes + BLOCK_AT);
        if (volume->iso.block != 512 && volume->iso.block != 1024 && volume->iso.block != 2048)
            return EL_EPROTO;
        volume->announced = (uint64_t)le32_at(bytes + SPACE_AT) * volume->iso.block;
        volume->root = (struct el_media_node){.place = at + ROOT_AT, .kind = EL_MEDIA_DIRECTORY};
        if (type == SUPPLEMENTARY)
            el_media_name_utf16(bytes + LABEL_AT, LABEL_LEN, volume->label, sizeof volume->label);
        else
            el_media_name_latin1(bytes + LABEL_AT, LABEL_LEN, volume->label, sizeof volume->label);
        el_media_label_tidy(volume->label);
        return 0;
    }
    return EL_ENOENT;
}

int el_media_iso9660_open(struct el_media_volume *volume, struct el_media_image *image)
{
    volume->image = image;
    volume->format = &plain;
    return open_tree(volume, PRIMARY);
}

int el_media_joliet_open(struct el_media_volume *volume, struct el_media_image *image)
{
    volume->image = image;
    volume->format = &joliet;
    return open_tree(volume, SUPPLEMENTARY);
}

/* Whether Rock Ridge is there is said in the System Use area of the root's first record, which
 * stands for the root itself (SUSP SP). */
int el_media_rock_ridge_open(struct el_media_volume *volume, struct el_media_image *image)
{
    struct el_media_iso_record record;
    struct el_media_scan scan;

    volume->image = image;
    volume->format = &rock_ridge;
    int r = open_tree(volume, PRIMARY);
    if (r < 0)
        return r;
    r = iso_scan(volume, &volume->root, &scan);
    if (r < 0 || scan.extents.count == 0)
        return r < 0 ? r : EL_ENOENT;
    uint64_t begin = el_media_extents_list(&scan.extents)->offset;
    el_media_extents_free(&scan.extents);
    r = el_media_iso_record_read(volume, begin, begin + EL_MEDIA_BLOCK, &record);
    if (r <= 0)
        return r < 0 ? r : EL_ENOENT;
    return el_media_rock_begins(volume, &record) ? 0 : EL_ENOENT;
}
