/* SPDX-License-Identifier: GPL-2.0-or-later */
/* QR codes: what is drawn is the code, in every style the same; its quiet zone; its limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <qrcodegen/qrcodegen.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "enrol/qr.h"

enum { SIDE_MAX = 177 + 8, QUIET = 4 };

struct picture {
    int side;
    bool dark[SIDE_MAX + 1][SIDE_MAX];
};

/* The next character of *AT: what of it is drawn, above (1) and below (2). */
static unsigned take_cell(const char **at, bool ascii)
{
    static const char *const halves[] = {" ", "▀", "▄", "█"};
    static const char *const pairs[] = {"  ", NULL, NULL, "##"};
    const char *const *cells = ascii ? pairs : halves;

    for (unsigned i = 0; i < 4; i++)
        if (cells[i] && strncmp(*at, cells[i], strlen(cells[i])) == 0) {
            *at += strlen(cells[i]);
            return i;
        }
    fail_msg("not a cell: %.8s", *at);
    return 0;
}

static void pass(const char **at, const char *text)
{
    assert_memory_equal(*at, text, strlen(text));
    *at += strlen(text);
}

static void look(const char *lines, enum el_enrol_qr_style style, struct picture *picture)
{
    bool ascii = style == EL_ENROL_QR_ASCII || style == EL_ENROL_QR_ASCII_ON_DARK;
    bool light = style == EL_ENROL_QR_ON_DARK || style == EL_ENROL_QR_ASCII_ON_DARK;
    bool colour = style == EL_ENROL_QR_COLOUR;
    int y = 0;

    picture->side = 0;
    for (const char *at = lines; *at; y += ascii ? 1 : 2) {
        int x = 0;
        if (colour)
            pass(&at, "\033[38;5;16;48;5;231m");
        for (; *at != '\n' && *at != '\033'; x++) {
            unsigned cell = take_cell(&at, ascii);
            picture->dark[y][x] = (cell & 1) != light;
            picture->dark[y + 1][x] = (cell >> 1 & 1) != light;
        }
        if (colour)
            pass(&at, "\033[0m");
        pass(&at, "\n");
        assert_true(picture->side == 0 || picture->side == x);
        picture->side = x;
    }
    assert_int_equal(y, ascii ? picture->side : picture->side + 1);
}

static void every_style_draws_the_code(void **state)
{
    static const char text[] = "OTPAUTH://TOTP/EL2W:HUB";
    static uint8_t code[qrcodegen_BUFFER_LEN_MAX], work[qrcodegen_BUFFER_LEN_MAX];
    static struct picture picture;

    (void)state;
    assert_true(qrcodegen_encodeText(text, work, code, qrcodegen_Ecc_LOW, 1, 40,
                                     qrcodegen_Mask_AUTO, true));
    for (enum el_enrol_qr_style style = 0; style < EL_ENROL_QR_STYLES; style++) {
        char *lines;
        int len = el_enrol_qr(text, style, &lines, NULL);
        assert_int_equal(len, strlen(lines));
        look(lines, style, &picture);
        free(lines);
        assert_int_equal(picture.side, qrcodegen_getSize(code) + 2 * QUIET);
        for (int y = 0; y < picture.side; y++)
            for (int x = 0; x < picture.side; x++)
                assert_int_equal(picture.dark[y][x],
                                 qrcodegen_getModule(code, x - QUIET, y - QUIET));
    }
}

/* ISO/IEC 18004 §6.3: what a camera looks for. */
static void a_finder_stands_in_three_corners_and_nothing_around_them(void **state)
{
    static struct picture p;
    char *lines;

    (void)state;
    assert_true(el_enrol_qr("x", EL_ENROL_QR_COLOUR, &lines, NULL) > 0);
    look(lines, EL_ENROL_QR_COLOUR, &p);
    free(lines);
    assert_int_equal(p.side, 21 + 2 * QUIET);
    for (int i = 0; i < p.side; i++)
        for (int j = 0; j < QUIET; j++) {
            assert_false(p.dark[i][j] || p.dark[i][p.side - 1 - j]);
            assert_false(p.dark[j][i] || p.dark[p.side - 1 - j][i]);
        }
    for (int i = 0; i < 7; i++)
        for (int j = 0; j < 7; j++) {
            int ring = i < j ? i : j, far = 6 - (i > j ? i : j);
            bool dark = (ring < far ? ring : far) != 1;
            assert_int_equal(p.dark[QUIET + i][QUIET + j], dark);
            assert_int_equal(p.dark[QUIET + 14 + i][QUIET + j], dark);
            assert_int_equal(p.dark[QUIET + i][QUIET + 14 + j], dark);
        }
}

static void what_is_too_long_is_refused(void **state)
{
    static struct picture picture;
    static char text[4298];
    char *lines;
    struct el_err err;

    (void)state;
    memset(text, 'A', 4296);
    assert_true(el_enrol_qr(text, EL_ENROL_QR_COLOUR, &lines, &err) > 0);
    look(lines, EL_ENROL_QR_COLOUR, &picture);
    assert_int_equal(picture.side, SIDE_MAX);
    free(lines);
    text[4296] = 'A';
    assert_int_equal(el_enrol_qr(text, EL_ENROL_QR_COLOUR, &lines, &err), EL_EFULL);
    assert_null(lines);
    assert_string_equal(err.text, "QR code: 4297 characters are too many for one");
    memset(text, 'a', sizeof text);
    text[2953] = '\0';
    int len = el_enrol_qr(text, EL_ENROL_QR_ASCII, &lines, &err);
    assert_int_equal(len, SIDE_MAX * (2 * SIDE_MAX + 1));
    free(lines);
    text[2953] = 'a';
    text[2954] = '\0';
    assert_int_equal(el_enrol_qr(text, EL_ENROL_QR_ASCII, &lines, &err), EL_EFULL);
    assert_int_equal(el_enrol_qr("", EL_ENROL_QR_ASCII, &lines, &err), EL_EINVAL);
}

/* -- an allocation that fails -- */

static bool no_memory;
void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);

void *__wrap_malloc(size_t size)
{
    return no_memory ? NULL : __real_malloc(size);
}

static void without_memory_there_is_none(void **state)
{
    struct el_err err;
    char *lines;

    (void)state;
    no_memory = true;
    int r = el_enrol_qr("x", EL_ENROL_QR_COLOUR, &lines, &err);
    no_memory = false;
    assert_int_equal(r, EL_ENOMEM);
    assert_null(lines);
    assert_string_equal(err.text, "QR code: out of memory");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_style_draws_the_code),
        cmocka_unit_test(a_finder_stands_in_three_corners_and_nothing_around_them),
        cmocka_unit_test(what_is_too_long_is_refused),
        cmocka_unit_test(without_memory_there_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
