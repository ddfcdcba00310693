/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Modules to characters. qrcodegen decides where which module is. It allocates nothing, so that all
 * that it leaves of a secret is in two buffers of ours. */
#include "enrol/qr.h"

#include "base/wire.h"

#include <qrcodegen/qrcodegen.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
    QUIET = 4,
    LINE_EXTRA = 32,
    CELL_BYTES = 3
}; /* at most: what stands around a line; a cell */

/* How a style draws. One with half blocks draws two modules with one character, which is chosen by
 * what is drawn above (1) and below (2). */
static const struct style {
    bool half;
    bool draws_light;        /* a character is for what is light; else for what is dark */
    const char *begin, *end; /* of a line */
    const char *cells[4];
} styles[EL_ENROL_QR_STYLES] = {
    [EL_ENROL_QR_COLOUR] =
        {true, false, "\033[38;5;16;48;5;231m", "\033[0m", {" ", "\u2580", "\u2584", "\u2588"}},
    [EL_ENROL_QR_ON_DARK] = {true, true, "", "", {" ", "\u2580", "\u2584", "\u2588"}},
    [EL_ENROL_QR_ON_LIGHT] = {true, false, "", "", {" ", "\u2580", "\u2584", "\u2588"}},
    [EL_ENROL_QR_ASCII] = {false, false, "", "", {"  ", "##"}},
    [EL_ENROL_QR_ASCII_ON_DARK] = {false, true, "", "", {"  ", "##"}},
};

/* X and Y count from the corner of the quiet zone; beyond the code all is light. */
static bool is_dark(const uint8_t *code, int x, int y)
{
    return qrcodegen_getModule(code, x - QUIET, y - QUIET);
}

static void put_text(struct el_wire *w, const char *text)
{
    el_wire_put(w, text, strlen(text));
}

static void draw(const uint8_t *code, int side, const struct style *style, struct el_wire *w)
{
    for (int y = 0; y < side; y += style->half ? 2 : 1) {
        put_text(w, style->begin);
        for (int x = 0; x < side; x++) {
            unsigned above = is_dark(code, x, y) != style->draws_light;
            unsigned below = style->half && is_dark(code, x, y + 1) != style->draws_light;
            put_text(w, style->cells[above | below << 1]);
        }
        put_text(w, style->end);
        el_wire_put_u8(w, '\n');
    }
    el_wire_put_u8(w, '\0');
}

/* The length, or EL_ENOMEM. */
static int draw_lines(const uint8_t *code, const struct style *style, char **lines)
{
    int side = qrcodegen_getSize(code) + 2 * QUIET;
    size_t room = (size_t)side * ((size_t)side * CELL_BYTES + LINE_EXTRA) + 1;
    char *to = malloc(room);
    struct el_wire w = el_wire_write(to, room);

    if (!to)
        return EL_ENOMEM;
    draw(code, side, style, &w);
    *lines = to;
    return (int)el_wire_done(&w) - 1;
}

int el_enrol_qr(const char *text, enum el_enrol_qr_style style, char **lines, struct el_err *err)
{
    uint8_t code[qrcodegen_BUFFER_LEN_MAX], work[qrcodegen_BUFFER_LEN_MAX];
    int result;

    *lines = NULL;
    if (!*text)
        result = el_err(err, EL_EINVAL, "QR code: there is no text");
    else if (!qrcodegen_encodeText(text, work, code, qrcodegen_Ecc_LOW, qrcodegen_VERSION_MIN,
                                   qrcodegen_VERSION_MAX, qrcodegen_Mask_AUTO, true))
        result =
            el_err(err, EL_EFULL, "QR code: %zu characters are too many for one", strlen(text));
    else if ((result = draw_lines(code, &styles[style], lines)) < 0)
        result = el_err(err, result, "QR code: out of memory");
    sodium_memzero(code, sizeof code);
    sodium_memzero(work, sizeof work);
    return result;
}
