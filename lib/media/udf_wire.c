/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "media/udf_wire.h"

#include "base/civil.h"
#include "base/err.h"
#include "base/wire.h"
#include "media/names.h"

uint16_t el_udf_le16(const uint8_t *bytes)
{
    return (uint16_t)(bytes[0] | bytes[1] << 8);
}

uint32_t el_udf_le32(const uint8_t *bytes)
{
    struct el_wire w = el_wire_read(bytes, 4);

    return el_wire_le32(&w);
}

uint64_t el_udf_le64(const uint8_t *bytes)
{
    struct el_wire w = el_wire_read(bytes, 8);

    return el_wire_le64(&w);
}

struct el_udf_extent el_udf_short_ad(const uint8_t *bytes)
{
    uint32_t len = el_udf_le32(bytes);

    return (struct el_udf_extent){
        .len = len & 0x3fffffff,
        .type = (enum el_udf_extent_type)(len >> 30),
        .block = el_udf_le32(bytes + 4),
    };
}

struct el_udf_extent el_udf_long_ad(const uint8_t *bytes)
{
    struct el_udf_extent extent = el_udf_short_ad(bytes);

    extent.partition = el_udf_le16(bytes + 8);
    return extent;
}

int64_t el_udf_timestamp(const uint8_t *bytes)
{
    enum { NO_ZONE = -2047 };
    /* The zone is a signed number of 12 bits, in minutes. */
    int zone = el_udf_le16(bytes) & 0xfff;
    const struct el_civil civil = {
        .year = (int16_t)el_udf_le16(bytes + 2),
        .month = bytes[4],
        .day = bytes[5],
        .hour = bytes[6],
        .minute = bytes[7],
        .second = bytes[8],
    };

    if (zone >= 0x800)
        zone -= 0x1000;
    if (zone == NO_ZONE || zone < -1440 || zone > 1440)
        zone = 0;
    if (civil.year < 1 || civil.year > 9999 || civil.month < 1 || civil.month > 12 ||
        civil.day < 1 || civil.day > 31 || civil.hour > 23 || civil.minute > 59 ||
        civil.second > 59)
        return 0;
    return el_civil_seconds(&civil) - INT64_C(60) * zone;
}

void el_udf_name(const uint8_t *bytes, size_t len, char *name, size_t size)
{
    name[0] = '\0';
    if (len < 1)
        return;
    if (bytes[0] == 8)
        el_media_name_latin1(bytes + 1, len - 1, name, size);
    else if (bytes[0] == 16)
        el_media_name_utf16(bytes + 1, len - 1, name, size);
}

/* The checksum is the sum of the tag's other bytes (3/7.2.3). */
int el_udf_descriptor(struct el_media_image *image, uint64_t offset, uint8_t *bytes, size_t len)
{
    uint8_t sum = 0;
    int r = el_media_image_read(image, offset, bytes, len);

    if (r < 0)
        return r;
    for (size_t i = 0; i < EL_UDF_TAG; i++)
        sum = (uint8_t)(sum + (i == 4 ? 0 : bytes[i]));
    int identifier = el_udf_le16(bytes);
    return sum == bytes[4] && identifier > 0 ? identifier : EL_EPROTO;
}
