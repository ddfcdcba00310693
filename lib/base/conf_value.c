/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One value: its text, as a member of an applet's struct. */
#include "base/addr.h"
#include "base/conf_schema.h"
#include "base/time.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int parse_flag(const char *text, bool *value)
{
    static const char *const words[] = {"no", "yes", "false", "true", "off", "on", "0", "1"};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(text, words[i]) == 0) {
            *value = i & 1;
            return 0;
        }
    }
    return EL_EINVAL;
}

/* A decimal number at the start of TEXT; REST is what follows it. */
static int parse_uint(const char *text, const char **rest, uint64_t *value)
{
    char *end;

    if (*text < '0' || *text > '9')
        return EL_EINVAL;
    errno = 0;
    *value = strtoull(text, &end, 10);
    *rest = end;
    return errno ? EL_EINVAL : 0;
}

static bool in_range(const struct el_conf_option *option, uint64_t value, uint64_t unit)
{
    return value >= option->min * unit && (option->max == 0 || value <= option->max * unit);
}

static int parse_duration(const char *text, uint64_t *value)
{
    static const struct {
        const char *suffix;
        uint64_t unit;
    } units[] = {{"", EL_S},       {"s", EL_S},        {"ms", EL_MS},
                 {"m", 60 * EL_S}, {"h", 3600 * EL_S}, {"d", 86400 * EL_S}};
    const char *rest;
    uint64_t number;

    if (parse_uint(text, &rest, &number) < 0)
        return EL_EINVAL;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (strcmp(rest, units[i].suffix) == 0 && number <= UINT64_MAX / units[i].unit) {
            *value = number * units[i].unit;
            return 0;
        }
    }
    return EL_EINVAL;
}

static int parse_choice(const struct el_conf_option *option, const char *text, unsigned *value)
{
    for (unsigned i = 0; option->choices[i]; i++) {
        if (strcmp(text, option->choices[i]) == 0) {
            *value = i;
            return 0;
        }
    }
    return EL_EINVAL;
}

/* "--listen: "99999" is not a number from 1 to 65535" */
static int bad_value(const struct el_conf_option *option, const char *origin, const char *text,
                     struct el_err *err)
{
    static const char time[] = "a time such as 90s, 15m or 8h";
    unsigned long long min = option->min, max = option->max;
    char what[200] = "";

    switch (option->type) {
    case EL_CONF_FLAG: snprintf(what, sizeof what, "yes or no"); break;
    case EL_CONF_UINT:
        if (max)
            snprintf(what, sizeof what, "a number from %llu to %llu", min, max);
        else
            snprintf(what, sizeof what, "a number from %llu", min);
        break;
    case EL_CONF_DURATION:
        if (max)
            snprintf(what, sizeof what, "%s, from %llus to %llus", time, min, max);
        else
            snprintf(what, sizeof what, "%s, from %llus", time, min);
        break;
    case EL_CONF_IP: snprintf(what, sizeof what, "an IP address"); break;
    case EL_CONF_PREFIX: snprintf(what, sizeof what, "a range such as 192.168.77.0/24"); break;
    case EL_CONF_CHOICE:
        for (unsigned i = 0; option->choices[i]; i++) {
            size_t used = strlen(what);
            snprintf(what + used, sizeof what - used, "%s%s", i ? ", " : "one of ",
                     option->choices[i]);
        }
        break;
    case EL_CONF_STRING:
    case EL_CONF_CUSTOM: break; /* any text will do; says itself what is wrong */
    }
    return el_err(err, EL_EINVAL, "%s: \"%s\" is not %s", origin, text, what);
}

int el_conf_store(const struct el_conf_option *option, void *member, void *values, const char *text,
                  const char *origin, struct el_err *err)
{
    const char *rest = "";
    uint64_t number;
    int rc = 0;

    switch (option->type) {
    case EL_CONF_FLAG: rc = parse_flag(text, member); break;
    case EL_CONF_STRING: *(const char **)member = text; break;
    case EL_CONF_UINT:
        rc = parse_uint(text, &rest, &number);
        if (rc == 0 && (*rest || !in_range(option, number, 1)))
            rc = EL_EINVAL;
        if (rc == 0)
            *(uint64_t *)member = number;
        break;
    case EL_CONF_DURATION:
        rc = parse_duration(text, &number);
        if (rc == 0 && !in_range(option, number, EL_S))
            rc = EL_EINVAL;
        if (rc == 0)
            *(uint64_t *)member = number;
        break;
    case EL_CONF_IP: rc = el_ip_parse(text, member); break;
    case EL_CONF_PREFIX: rc = el_prefix_parse(text, member); break;
    case EL_CONF_CHOICE: rc = parse_choice(option, text, member); break;
    case EL_CONF_CUSTOM: {
        struct el_err why = {""};
        rc = option->parse(values, text, &why);
        if (rc < 0)
            return el_err(err, rc, "%s: %s", origin, why.text);
        return 0;
    }
    }
    return rc < 0 ? bad_value(option, origin, text, err) : 0;
}
