/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * UDF on the medium: where things stand in descriptors, and reading one. Offsets are those of
 * ECMA-167 parts 3 and 4; every number is little-endian.
 */
#ifndef EL_MEDIA_UDF_WIRE_H
#define EL_MEDIA_UDF_WIRE_H

#include "media/image.h"

#include <stdbool.h>

enum {
    EL_UDF_PRIMARY = 1,
    EL_UDF_ANCHOR = 2,
    EL_UDF_POINTER = 3,
    EL_UDF_PARTITION = 5,
    EL_UDF_LOGICAL_VOLUME = 6,
    EL_UDF_TERMINATING = 8,
    EL_UDF_FILE_SET = 256,
    EL_UDF_FILE_ID = 257,
    EL_UDF_ALLOCATION = 258,
    EL_UDF_FILE_ENTRY = 261,
    EL_UDF_EXTENDED_FILE_ENTRY = 266,
};

enum { EL_UDF_TAG = 16, EL_UDF_DESCRIPTOR_MAX = EL_MEDIA_BLOCK };

/* The type of an extent stands in the top two bits of its length (4/14.14.1.1). */
enum el_udf_extent_type {
    EL_UDF_RECORDED,
    EL_UDF_ALLOCATED, /* but not written: reads as zeros */
    EL_UDF_HOLE,
    EL_UDF_CONTINUES, /* it holds more allocation descriptors */
};

/* extent_ad, short_ad and long_ad alike. */
struct el_udf_extent {
    uint32_t len; /* bytes */
    enum el_udf_extent_type type;
    uint32_t block;
    uint16_t partition;
};

uint16_t el_udf_le16(const uint8_t *bytes);
uint32_t el_udf_le32(const uint8_t *bytes);
uint64_t el_udf_le64(const uint8_t *bytes);

struct el_udf_extent el_udf_long_ad(const uint8_t *bytes);  /* 16 bytes */
struct el_udf_extent el_udf_short_ad(const uint8_t *bytes); /* 8 bytes; partition 0 */

/* Seconds since 1970 of a timestamp of 12 bytes (1/7.3); 0 if it is none. */
int64_t el_udf_timestamp(const uint8_t *bytes);

/* LEN bytes of OSTA compressed unicode (UDF 2.1.1) as UTF-8; empty if they are none. */
void el_udf_name(const uint8_t *bytes, size_t len, char *name, size_t size);

/* Reads a descriptor of LEN bytes at OFFSET. Its tag's identifier, or a negative error: EL_EPROTO
 * if it is no descriptor. */
int el_udf_descriptor(struct el_media_image *image, uint64_t offset, uint8_t *bytes, size_t len);

#endif
