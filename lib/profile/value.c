/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values and their types. */
#include "profile/profile_internal.h"

#include "profile/crypt.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const el_profile_type_names[EL_PROFILE_TYPES + 1] = {
    [EL_PROFILE_TEXT] = "text",
    [EL_PROFILE_LINES] = "lines",
    [EL_PROFILE_WORD] = "word",
    [EL_PROFILE_NUMBER] = "number",
    [EL_PROFILE_YES_NO] = "yes-no",
    [EL_PROFILE_CHOICE] = "choice",
    [EL_PROFILE_DEVICE] = "device",
    [EL_PROFILE_URL] = "url",
    [EL_PROFILE_IP] = "ip",
    [EL_PROFILE_LIST] = "list",
    [EL_PROFILE_PASSWORD] = "password",
};

static const char word_characters[] =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-+:/@%=,~^";

static bool is_word(const char *text)
{
    return *text && text[strspn(text, word_characters)] == '\0';
}

static bool is_number(const struct el_profile_variable *v, const char *text)
{
    const char *digits = text + (text[0] == '-');
    char *end;

    if (!*digits || digits[strspn(digits, "0123456789")] || (digits[0] == '0' && digits[1]))
        return false;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    return errno == 0 && (v->min == v->max || (number >= v->min && number <= v->max));
}

static bool is_among(const char *words, const char *text)
{
    size_t len = strlen(text);

    for (const char *at = words; *at;) {
        at += strspn(at, " \t");
        size_t word = strcspn(at, " \t");
        if (word == len && len > 0 && memcmp(at, text, len) == 0)
            return true;
        at += word;
    }
    return false;
}

static bool is_device(const char *text)
{
    return strncmp(text, "/dev/", 5) == 0 && text[5] && is_word(text) && !strstr(text, "..");
}

static bool is_url(const char *text)
{
    static const char characters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~:/?#[]@!$&()*+,;=%";
    const char *rest = strncmp(text, "http://", 7) == 0    ? text + 7
                       : strncmp(text, "https://", 8) == 0 ? text + 8
                                                           : "";

    return *rest && *rest != '/' && rest[strspn(rest, characters)] == '\0';
}

static bool is_ip(const char *text)
{
    struct el_ip ip;

    return el_ip_parse(text, &ip) == 0;
}

static bool is_list(const char *text)
{
    return !strpbrk(text, "\n\t") && text[0] != ' ';
}

static const char *say_range(const struct el_profile_variable *v, char why[160])
{
    if (v->min == v->max)
        snprintf(why, 160, "is no number");
    else
        snprintf(why, 160, "is no number from %" PRId64 " to %" PRId64, v->min, v->max);
    return why;
}

static const char *say_choice(const struct el_profile_variable *v, char why[160])
{
    snprintf(why, 160, "is none of: %.140s", v->values);
    return why;
}

const char *el_profile_value_wrong(const struct el_profile_variable *v, const char *text,
                                   char why[160])
{
    const char *wrong = NULL;

    if (el_profile_text_wrong(text))
        wrong = "has a control character, or is not UTF-8";
    else if (v->type != EL_PROFILE_LINES && strchr(text, '\n'))
        wrong = "is more than one line";
    else if (v->type == EL_PROFILE_WORD && !is_word(text))
        wrong = "is no word: letters, digits and ._-+:/@%=,~^";
    else if (v->type == EL_PROFILE_NUMBER && !is_number(v, text))
        return say_range(v, why);
    else if (v->type == EL_PROFILE_YES_NO && !is_among("yes no", text))
        wrong = "is neither yes nor no";
    else if (v->type == EL_PROFILE_CHOICE && !is_among(v->values, text))
        return say_choice(v, why);
    else if (v->type == EL_PROFILE_DEVICE && !is_device(text))
        wrong = "is no device, such as /dev/sda";
    else if (v->type == EL_PROFILE_URL && !is_url(text))
        wrong = "is no URL: http://... or https://...";
    else if (v->type == EL_PROFILE_IP && !is_ip(text))
        wrong = "is no IP address";
    else if (v->type == EL_PROFILE_LIST && !is_list(text))
        wrong = "is no list of words with spaces between them";
    else if (v->type == EL_PROFILE_PASSWORD && !el_profile_crypt_is_hash(text))
        wrong = "is no hash of a password";
    if (wrong)
        snprintf(why, 160, "%s", wrong);
    return wrong ? why : NULL;
}

void el_profile_variables_list(const struct el_profile_template *t, char *list, size_t capacity)
{
    size_t len = 0;

    list[0] = '\0';
    for (unsigned i = 0; i < t->variable_count; i++) {
        const char *name = t->variables[i].name;
        int more = snprintf(list + len, capacity - len, "%s%s", i ? ", " : "", name);
        if (more < 0 || (size_t)more >= capacity - len) {
            list[len] = '\0';
            return;
        }
        len += (size_t)more;
    }
}
