/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names and labels as media write them, made into UTF-8 that can be asked for.
 */
#ifndef EL_MEDIA_NAMES_H
#define EL_MEDIA_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether somebody could ask for NAME as one segment of a path: not empty, not "." or "..", no
 * separator, no control character (el_content_name). */
bool el_media_name_is_good(const char *name);

/* LEN bytes of big-endian UTF-16 (Joliet, and the 16-bit form of OSTA CS0) as UTF-8. What is no
 * character becomes U+FFFD; what does not fit in SIZE bytes with its NUL is left out. */
void el_media_name_utf16(const uint8_t *bytes, size_t len, char *name, size_t size);

/* LEN bytes of Latin-1, of which ASCII is a part, likewise. */
void el_media_name_latin1(const uint8_t *bytes, size_t len, char *name, size_t size);

/* Without ";1", the version, and without the dot that ends a name without a suffix (ECMA-119
 * 7.5). */
void el_media_name_strip_version(char *name);

/* ASCII to lower case. */
void el_media_name_lower(char *name);

/* Whether two names differ at most in the case of ASCII letters. */
bool el_media_name_same_folded(const char *a, const char *b);

/* Makes a label fit to be shown: trailing blanks go, control characters become '?'. */
void el_media_label_tidy(char *label);

#endif
