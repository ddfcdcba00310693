/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What people type beside tokens. Input: a byte that says what it is, the text.
 *
 *     0  a secret in base 32: what is accepted is, written again, what was typed
 *     1  a code: it is right if it is one of the three, and then once
 *     2  a fingerprint
 *     3  names of factors: those that are accepted come back
 *     4  what becomes a QR code, and the name of a hub for an authenticator
 */
#include "enrol/base32.h"
#include "enrol/fingerprint.h"
#include "enrol/qr.h"
#include "enrol/second_factor.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t secret[EL_ENROL_TOTP_SECRET_BYTES + 1] = "12345678901234567890";
static const uint8_t key[32] = {9};

enum { NOW_S = 1800000015, STEP = 60000000 };

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* Removes from TEXT what VALUE does not know, and makes the rest one case. */
static void squeeze(char *text, int (*value)(char), const char *alphabet)
{
    char *to = text;

    for (; *text; text++)
        if (value(*text) >= 0)
            *to++ = alphabet[value(*text)];
    *to = '\0';
}

static void type_secret(char *text)
{
    uint8_t bytes[EL_ENROL_TOTP_SECRET_BYTES];
    char again[EL_ENROL_TOTP_SECRET_TEXT];

    if (el_enrol_totp_secret_parse(text, bytes) < 0)
        return;
    squeeze(text, el_enrol_rfc4648_value, el_enrol_rfc4648);
    require(strcmp(el_enrol_totp_secret_text(bytes, again), text) == 0);
}

static bool has_code(const char *text, uint64_t step)
{
    char code[EL_ENROL_TOTP_CODE_TEXT];
    const char *at = el_enrol_totp_code(secret, step, code);

    for (; *text; text++)
        if (*text != ' ' && *text != *at++)
            return false;
    return !*at;
}

static void type_code(const char *text)
{
    uint64_t last = 0;
    int r = el_enrol_totp_check(secret, NOW_S, text, &last);

    require((r == 0) ==
            (has_code(text, STEP - 1) || has_code(text, STEP) || has_code(text, STEP + 1)));
    require((r == 0) == (last != 0));
    if (r == 0)
        require(el_enrol_totp_check(secret, NOW_S, text, &last) == EL_EEXIST);
}

static void type_fingerprint(char *text)
{
    char right[EL_ENROL_FINGERPRINT_TEXT];
    bool is = el_enrol_fingerprint_is(text, key);

    el_enrol_fingerprint(key, right);
    squeeze(right, el_enrol_crockford_value, el_enrol_crockford);
    squeeze(text, el_enrol_crockford_value, el_enrol_crockford);
    if (is)
        require(strcmp(text, right) == 0);
}

static void type_factors(const char *text)
{
    char again[EL_ENROL_FACTORS_TEXT];
    struct el_err err = {""};
    int factors = el_enrol_factors_parse(text, &err);

    if (factors < 0)
        require(err.text[0] != '\0');
    else
        require(el_enrol_factors_parse(el_enrol_factors_text((unsigned)factors, again), NULL) ==
                factors);
}

static void draw(const char *text, enum el_enrol_qr_style style)
{
    char uri[EL_ENROL_TOTP_URI_TEXT];
    char *lines;
    int len = el_enrol_qr(text, style, &lines, NULL);

    require((len < 0) == !lines && (len < 0 || strlen(lines) == (size_t)len));
    free(lines);
    len = el_enrol_totp_uri(secret, text, uri);
    require(len < 0 || strlen(uri) == (size_t)len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    char *text = malloc(size);
    require(text != NULL);
    memcpy(text, data + 1, size - 1);
    text[size - 1] = '\0';
    switch (data[0] % 5) {
    case 0: type_secret(text); break;
    case 1: type_code(text); break;
    case 2: type_fingerprint(text); break;
    case 3: type_factors(text); break;
    default: draw(text, data[0] / 5 % EL_ENROL_QR_STYLES); break;
    }
    free(text);
    return 0;
}
