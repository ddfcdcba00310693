/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Base 32: five bits to a symbol, most significant first, in two alphabets. Crockford's
 * (https://www.crockford.com/base32.html) is for what people read to one another: it has no letter
 * that looks like a digit, and takes the ones that do for the digit. RFC 4648 §6 is what
 * authenticators on telephones expect of a secret.
 *
 * Symbols are the numbers 0..31; the alphabets make characters of them.
 */
#ifndef EL_ENROL_BASE32_H
#define EL_ENROL_BASE32_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

extern const char el_enrol_crockford[33]; /* 32 characters and NUL; upper case */
extern const char el_enrol_rfc4648[33];

/* How many symbols hold so many bytes, and how many whole bytes so many symbols hold. */
#define EL_ENROL_SYMBOLS(bytes)      (((bytes)*8 + 4) / 5)
#define EL_ENROL_SYMBOL_BYTES(count) ((count)*5 / 8)

/* The symbol that C stands for, or -1. Lower case is upper case; Crockford's o is 0, i and l are 1,
 * and u is none. */
int el_enrol_crockford_value(char c);
int el_enrol_rfc4648_value(char c);

/* BYTES to EL_ENROL_SYMBOLS(len) symbols; the bits that the last one has left are zero. */
void el_enrol_to_symbols(const uint8_t *bytes, size_t len, uint8_t *symbols);

/* COUNT symbols to EL_ENROL_SYMBOL_BYTES(count) bytes. False if a bit that is left is not zero: two
 * texts would stand for the same bytes. */
bool el_enrol_from_symbols(const uint8_t *symbols, size_t count, uint8_t *bytes);

#endif
