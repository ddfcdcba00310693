/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text from anywhere, made fit to stand between quotes in a line: for JSON (RFC 8259 section 7),
 * and for a terminal, which obeys control characters.
 */
#ifndef EL_BASE_ESCAPE_H
#define EL_BASE_ESCAPE_H

#include "base/wire.h"

enum { EL_ESCAPE_GROWTH = 6 }; /* a byte becomes at most so many */

/* Puts TEXT: quotes, backslashes and control characters are escaped as JSON does; bytes that are no
 * character of UTF-8 become U+FFFD. */
void el_escape(struct el_wire *w, const char *text);

/* Whether a value of NAME=VALUE has to be put between quotes: it is empty, or has spaces, quotes,
 * backslashes, or what is not printable ASCII. */
bool el_escape_needed(const char *text);

#endif
