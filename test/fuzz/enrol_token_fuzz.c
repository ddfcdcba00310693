/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Enrolment tokens as people type them. Input: the first byte, the text.
 *
 * If the first byte is odd, mistakes are mended first, all but those of the bytes inside: the text
 * is made anew from its symbols, with check symbols and checksum that fit. What is accepted gives,
 * written again, the text that it was, but for case and separators; what is refused is told why, in
 * one line. A group typed alone is told to be right if it is so in the token.
 */
#include "enrol/base32.h"
#include "enrol/token.h"
#include "enrol/token_text.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* The symbols of TEXT, which becomes shorter by all that is none; in upper case. */
static size_t squeeze(char *text)
{
    size_t count = 0;

    for (const char *at = text; *at; at++) {
        int value = el_enrol_crockford_value(*at);
        if (value >= 0)
            text[count++] = el_enrol_crockford[value];
    }
    text[count] = '\0';
    return count;
}

/* What stands in the groups of TEXT, as the bytes of a token whose checksum fits. */
static void mend(char *text, char mended[EL_ENROL_TOKEN_TEXT])
{
    static const char label[] = "el2w token 1 checksum";
    uint8_t symbols[EL_ENROL_TOKEN_TEXT] = {0}, bytes[EL_ENROL_TOKEN_TEXT], hash[32];
    size_t count = squeeze(text), used = 0;
    size_t groups = count / 6;

    if (groups > EL_ENROL_GROUPS(EL_ENROL_TOKEN_BYTES_MAX))
        groups = EL_ENROL_GROUPS(EL_ENROL_TOKEN_BYTES_MAX);
    if (groups < EL_ENROL_GROUPS(EL_ENROL_TOKEN_BYTES_MIN))
        groups = EL_ENROL_GROUPS(EL_ENROL_TOKEN_BYTES_MIN);
    for (size_t i = 3; i < count && i < groups * 6; i++)
        if (i % 6 != 5)
            symbols[used++] = (uint8_t)el_enrol_crockford_value(text[i]);
    size_t len = EL_ENROL_GROUP_ROOM(groups);
    (void)el_enrol_from_symbols(symbols, EL_ENROL_SYMBOLS(len), bytes);
    crypto_generichash(hash, sizeof hash, bytes + 4, len - 4, (const uint8_t *)label,
                       sizeof label - 1);
    memcpy(bytes, hash, 4);
    el_enrol_token_text(bytes, len, mended);
}

static void check(char *text)
{
    char again[EL_ENROL_TOKEN_TEXT], group[7];
    struct el_enrol_token token;
    struct el_err err = {""};
    int r = el_enrol_token_decode(text, &token, &err);

    if (r < 0) {
        require(err.text[0] && !strchr(err.text, '\n'));
        return;
    }
    require(r == 0 && token.endpoint_count > 0 && token.expires_s > 0);
    require(el_enrol_token_encode(&token, again, NULL) > 0);
    for (unsigned i = 0; again[i * 7]; i++) {
        memcpy(group, again + (size_t)i * 7, 6);
        group[6] = '\0';
        require(el_enrol_token_group(group, i, NULL, NULL) == 0);
        if (!again[i * 7 + 6])
            break;
    }
    squeeze(text);
    squeeze(again);
    require(strcmp(text, again) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char mended[EL_ENROL_TOKEN_TEXT];

    if (size == 0)
        return 0;
    char *text = malloc(size);
    require(text != NULL);
    memcpy(text, data + 1, size - 1);
    text[size - 1] = '\0';
    if (data[0] & 1) {
        mend(text, mended);
        check(mended);
    } else {
        (void)el_enrol_token_group(text, data[0] / 2, NULL, NULL);
        check(text);
    }
    free(text);
    return 0;
}
