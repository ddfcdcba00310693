/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Values as the languages of installers have them.
 *
 * Each function says all of a text, or why it cannot. Texts have been looked at before (UTF-8, no
 * control characters but line breaks and tabs), and these functions do not rely on it: what would
 * end a value early is escaped or refused here, whatever it is.
 */
#include "profile/profile_internal.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const el_profile_quote_names[EL_PROFILE_QUOTES + 1] = {
    [EL_PROFILE_AS_TEXT] = "text",   [EL_PROFILE_AS_LINE] = "line",
    [EL_PROFILE_AS_SHELL] = "shell", [EL_PROFILE_AS_WORDS] = "words",
    [EL_PROFILE_AS_YAML] = "yaml",   [EL_PROFILE_AS_JSON] = "json",
    [EL_PROFILE_AS_XML] = "xml",     [EL_PROFILE_AS_URL] = "url",
    [EL_PROFILE_AS_ARGS] = "args",   [EL_PROFILE_AS_BASE64] = "base64",
};

static const char letters_and_digits[] =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

static const char *as_text(struct el_profile_out *out, const char *text)
{
    el_profile_out_text(out, text);
    return NULL;
}

static const char *one_line(const char *text)
{
    return text[strcspn(text, "\r\n")] ? "it has a line break, and its place is one line" : NULL;
}

/* debconf-set-selections joins a line that ends in a backslash with the next one. */
static const char *as_line(struct el_profile_out *out, const char *text)
{
    size_t len = strlen(text);
    const char *wrong = one_line(text);

    if (!wrong && len > 0 && text[len - 1] == '\\')
        wrong = "it ends in a backslash, which would join the line with the next one";
    return wrong ? wrong : as_text(out, text);
}

/* POSIX.1-2017, Shell Command Language, 2.2.2: between single quotes nothing but a single quote is
 * special. */
static const char *as_shell(struct el_profile_out *out, const char *text)
{
    el_profile_out_text(out, "'");
    for (;;) {
        size_t len = strcspn(text, "'");
        el_profile_out_put(out, text, len);
        text += len;
        if (!*text)
            break;
        el_profile_out_text(out, "'\\''");
        text++;
    }
    el_profile_out_text(out, "'");
    return NULL;
}

static const char *as_words(struct el_profile_out *out, const char *text)
{
    const char *wrong = one_line(text);

    return wrong ? wrong : as_shell(out, text);
}

/* How long the character at TEXT is that YAML 1.1 takes for a line break, or for the mark of a byte
 * order: NEL, LS, PS, BOM. 0: it is none. */
static size_t is_yaml_break(const char *text, const char **escaped)
{
    static const struct {
        const char *bytes, *escaped;
    } breaks[] = {{"\xc2\x85", "\\u0085"},
                  {"\xe2\x80\xa8", "\\u2028"},
                  {"\xe2\x80\xa9", "\\u2029"},
                  {"\xef\xbb\xbf", "\\ufeff"}};

    for (size_t i = 0; i < sizeof breaks / sizeof breaks[0]; i++) {
        size_t len = strlen(breaks[i].bytes);
        *escaped = breaks[i].escaped;
        if (strncmp(text, breaks[i].bytes, len) == 0)
            return len;
    }
    return 0;
}

/* RFC 8259 §7; what it escapes, YAML reads the same way between double quotes. */
static const char *as_json(struct el_profile_out *out, const char *text)
{
    const char *escaped;
    char number[8];

    el_profile_out_text(out, "\"");
    while (*text) {
        unsigned char c = (unsigned char)*text;
        size_t len = is_yaml_break(text, &escaped);
        if (len > 0) {
            el_profile_out_text(out, escaped);
        } else if (c < 0x20 || c == 0x7f) {
            snprintf(number, sizeof number, "\\u%04x", c);
            el_profile_out_text(out, c == '\n' ? "\\n" : c == '\t' ? "\\t" : number);
        } else {
            if (c == '"' || c == '\\')
                el_profile_out_text(out, "\\");
            el_profile_out_put(out, text, 1);
        }
        text += len > 0 ? len : 1;
    }
    el_profile_out_text(out, "\"");
    return NULL;
}

/* XML 1.0 §2.2 has no control characters but three, not even as references. */
static const char *as_xml(struct el_profile_out *out, const char *text)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        const char *entity = c == '&'    ? "&amp;"
                             : c == '<'  ? "&lt;"
                             : c == '>'  ? "&gt;"
                             : c == '"'  ? "&quot;"
                             : c == '\'' ? "&apos;"
                             : c == '\r' ? "&#13;"
                                         : NULL;
        if (c < 0x20 && !strchr("\t\n\r", c))
            return "it has a control character, which XML cannot say";
        if (entity)
            el_profile_out_text(out, entity);
        else
            el_profile_out_put(out, text, 1);
    }
    return NULL;
}

static const char *as_url(struct el_profile_out *out, const char *text)
{
    char escape[4];

    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        snprintf(escape, sizeof escape, "%%%02X", c);
        if (strchr(letters_and_digits, c) || strchr("-._~", c))
            el_profile_out_put(out, text, 1);
        else
            el_profile_out_text(out, escape);
    }
    return NULL;
}

/* A word that begins with '#' is a comment of iPXE's. */
static const char *as_args(struct el_profile_out *out, const char *text)
{
    size_t plain = 0;

    while (text[plain] &&
           (strchr(letters_and_digits, text[plain]) || strchr("-._~:/@%+,=[]?^", text[plain])))
        plain++;
    if (text[plain])
        return "it has a character that a kernel's command line or iPXE would not take as it is";
    return as_text(out, text);
}

static const char *as_base64(struct el_profile_out *out, const char *text)
{
    size_t len = strlen(text);
    size_t capacity = sodium_base64_encoded_len(len, sodium_base64_VARIANT_ORIGINAL);
    char *encoded = malloc(capacity);

    if (!encoded) {
        out->rc = EL_ENOMEM;
        return NULL;
    }
    sodium_bin2base64(encoded, capacity, (const unsigned char *)text, len,
                      sodium_base64_VARIANT_ORIGINAL);
    el_profile_out_text(out, encoded);
    el_profile_forget(encoded);
    return NULL;
}

const char *el_profile_quote(struct el_profile_out *out, enum el_profile_quote quote,
                             const char *text, bool bare)
{
    static const char *(*const functions[])(struct el_profile_out * out, const char *text) = {
        [EL_PROFILE_AS_TEXT] = as_text,   [EL_PROFILE_AS_LINE] = as_line,
        [EL_PROFILE_AS_SHELL] = as_shell, [EL_PROFILE_AS_WORDS] = as_words,
        [EL_PROFILE_AS_YAML] = as_json,   [EL_PROFILE_AS_JSON] = as_json,
        [EL_PROFILE_AS_XML] = as_xml,     [EL_PROFILE_AS_URL] = as_url,
        [EL_PROFILE_AS_ARGS] = as_args,   [EL_PROFILE_AS_BASE64] = as_base64,
    };
    bool has_bare = quote == EL_PROFILE_AS_YAML || quote == EL_PROFILE_AS_JSON;

    return functions[bare && has_bare ? EL_PROFILE_AS_TEXT : quote](out, text);
}
