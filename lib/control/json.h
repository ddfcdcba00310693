/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * JSON from outside and to outside (RFC 8259), as jansson's values.
 *
 * What comes in is taken only if everybody would read it the same way (RFC 7493): UTF-8, no member
 * twice, integers that fit 64 bits, no NUL in a text; and it may be nested only so deep.
 */
#ifndef EL_CONTROL_JSON_H
#define EL_CONTROL_JSON_H

#include "base/err.h"

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

enum { EL_JSON_DEPTH = 16 }; /* objects and arrays in one another */

/* An object or array, the caller's to json_decref(). NULL with a sentence in ERR, which may be
 * NULL: "line 1, column 7: ...". */
json_t *el_json_parse(const void *bytes, size_t len, struct el_err *err);

/* VALUE in one line without spaces, members in the order in which they were set; from malloc(),
 * with a NUL behind its LEN bytes. NULL: out of memory. */
char *el_json_text(const json_t *value, size_t *len);

/* TEXT, whatever its bytes are: what is not UTF-8 becomes '?'. NULL: out of memory. */
json_t *el_json_string(const char *text);

/* A moment as text ("2026-11-21T17:20:00Z"). */
json_t *el_json_time(int64_t seconds);

/* 32 bytes as base64, the text of keys everywhere. */
json_t *el_json_key(const uint8_t key[32]);

/* And back: 0, or EL_EINVAL if TEXT is NULL or not such a key. */
int el_json_key_parse(const char *text, uint8_t key[32]);

#endif
