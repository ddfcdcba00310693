/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * QR codes (ISO/IEC 18004) on a terminal, by qrcodegen
 * (https://www.nayuki.io/page/qr-code-generator-library): for tokens and for the secrets of
 * authenticators, which a telephone's camera reads from the screen.
 *
 * Dark modules on a light ground, with the four light modules around them that the standard asks
 * for. What characters draw is light on dark in one terminal and dark on light in the next, so
 * whoever prints without colours has to know which it is.
 */
#ifndef EL_ENROL_QR_H
#define EL_ENROL_QR_H

#include "base/err.h"

#include <stddef.h>

enum el_enrol_qr_style {
    EL_ENROL_QR_COLOUR,   /* half blocks in black and white of their own (ECMA-48 SGR, 256 colours):
                             right on every terminal; not for a file */
    EL_ENROL_QR_ON_DARK,  /* half blocks without colours, for light letters on a dark ground */
    EL_ENROL_QR_ON_LIGHT, /* the same for dark letters on a light ground */
    EL_ENROL_QR_ASCII,    /* "##" for what is dark: dark letters on a light ground, on paper */
    EL_ENROL_QR_ASCII_ON_DARK, /* "##" for what is light */
    EL_ENROL_QR_STYLES
};

/*
 * TEXT as a QR code, two modules on a line above one another (one in the ASCII styles); lines that
 * end in '\n' and a NUL, in UTF-8: *LINES is the caller's to free (and to wipe, if TEXT is a
 * secret: both are as good as each other). Its length; EL_EINVAL: there is no text; EL_EFULL: no
 * code is large enough (4,296 upper case letters, digits and dashes; 2,953 bytes of anything);
 * EL_ENOMEM.
 *
 * The smallest code is taken that corrects 7 % of it (level L), or more if there is room: a screen
 * has no dirt on it, and is small. Upper case letters take two thirds of the room of lower case
 * ones.
 */
int el_enrol_qr(const char *text, enum el_enrol_qr_style style, char **lines, struct el_err *err);

#endif
