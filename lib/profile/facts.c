/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a template knows of the machine besides its variables. */
#include "profile/profile_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const el_profile_fact_names[EL_PROFILE_FACTS + 1] = {
    [EL_PROFILE_HUB_ADDRESS] = "hub.address",
    [EL_PROFILE_HUB_URL] = "hub.url",
    [EL_PROFILE_IMAGE_NAME] = "image.name",
    [EL_PROFILE_IMAGE_URL] = "image.url",
    [EL_PROFILE_MACHINE_BOOTIF] = "machine.bootif",
    [EL_PROFILE_MACHINE_IP] = "machine.ip",
    [EL_PROFILE_MACHINE_MAC] = "machine.mac",
    [EL_PROFILE_MACHINE_NAME] = "machine.name",
    [EL_PROFILE_MACHINE_UUID] = "machine.uuid",
    [EL_PROFILE_NETWORK_DNS] = "network.dns",
    [EL_PROFILE_NETWORK_DOMAIN] = "network.domain",
    [EL_PROFILE_NETWORK_GATEWAY] = "network.gateway",
    [EL_PROFILE_NETWORK_NETMASK] = "network.netmask",
    [EL_PROFILE_NETWORK_PREFIX] = "network.prefix",
    [EL_PROFILE_PROFILE_NAME] = "profile.name",
    [EL_PROFILE_SSH_KEYS] = "ssh-keys",
    [EL_PROFILE_TOKEN_URL] = "token.url",
};

static void say(char **text, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void say(char **text, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    if (vasprintf(text, format, args) < 0)
        *text = NULL;
    va_end(args);
}

static void say_ip(char **text, const struct el_ip *ip)
{
    char buffer[EL_IP_TEXT];

    say(text, "%s", ip->family ? el_ip_text(ip, buffer) : "");
}

static void say_machine(const struct el_profile_facts *facts, char *texts[EL_PROFILE_FACTS])
{
    const uint8_t *m = facts->mac.b;
    char mac[EL_MAC_TEXT];

    say(&texts[EL_PROFILE_MACHINE_MAC], "%s", el_mac_text(&facts->mac, mac));
    say(&texts[EL_PROFILE_MACHINE_BOOTIF], "01-%02x-%02x-%02x-%02x-%02x-%02x", m[0], m[1], m[2],
        m[3], m[4], m[5]);
    if (facts->name && facts->name[0])
        say(&texts[EL_PROFILE_MACHINE_NAME], "%s", facts->name);
    else
        say(&texts[EL_PROFILE_MACHINE_NAME], "m%02x%02x%02x%02x%02x%02x", m[0], m[1], m[2], m[3],
            m[4], m[5]);
    say(&texts[EL_PROFILE_MACHINE_UUID], "%s", facts->uuid ? facts->uuid : "");
    say_ip(&texts[EL_PROFILE_MACHINE_IP], &facts->ip);
}

static void say_network(const struct el_profile_facts *facts, char *texts[EL_PROFILE_FACTS])
{
    char list[EL_PROFILE_DNS * (EL_IP_TEXT + 1)] = "", ip[EL_IP_TEXT];
    uint32_t mask = el_prefix_mask4(facts->prefix_len <= 32 ? facts->prefix_len : 32);
    bool four = facts->ip.family == 4 && facts->prefix_len > 0;

    for (unsigned i = 0; i < facts->dns_count && i < EL_PROFILE_DNS; i++) {
        strcat(list, i ? " " : "");
        strcat(list, el_ip_text(&facts->dns[i], ip));
    }
    say(&texts[EL_PROFILE_NETWORK_DNS], "%s", list);
    say(&texts[EL_PROFILE_NETWORK_DOMAIN], "%s", facts->domain ? facts->domain : "");
    say_ip(&texts[EL_PROFILE_NETWORK_GATEWAY], &facts->gateway);
    if (four)
        say(&texts[EL_PROFILE_NETWORK_NETMASK], "%u.%u.%u.%u", mask >> 24, mask >> 16 & 255,
            mask >> 8 & 255, mask & 255);
    else
        say(&texts[EL_PROFILE_NETWORK_NETMASK], "%s", "");
    if (facts->prefix_len > 0)
        say(&texts[EL_PROFILE_NETWORK_PREFIX], "%u", facts->prefix_len);
    else
        say(&texts[EL_PROFILE_NETWORK_PREFIX], "%s", "");
}

/* Without the port, if there is one. */
static int address_len(const char *hub)
{
    const char *bracket = strchr(hub, ']');
    const char *colon = strchr(bracket ? bracket : hub, ':');

    return (int)(colon ? (size_t)(colon - hub) : strlen(hub));
}

static void say_urls(const struct el_profile *profile, const struct el_profile_facts *facts,
                     char *texts[EL_PROFILE_FACTS])
{
    const char *hub = facts->hub ? facts->hub : "";

    say(&texts[EL_PROFILE_HUB_ADDRESS], "%.*s", address_len(hub), hub);
    say(&texts[EL_PROFILE_HUB_URL], "http://%s", hub);
    say(&texts[EL_PROFILE_IMAGE_NAME], "%s", profile->image);
    say(&texts[EL_PROFILE_IMAGE_URL], "http://%s/images/%s", hub, profile->image);
    if (facts->token)
        say(&texts[EL_PROFILE_TOKEN_URL], "http://%s/m/%s", hub, facts->token);
    else
        say(&texts[EL_PROFILE_TOKEN_URL], "%s", "");
    say(&texts[EL_PROFILE_PROFILE_NAME], "%s", profile->name);
}

/* One to a line. */
static void say_keys(const struct el_profile *profile, char **text)
{
    struct el_profile_out out = {0};

    for (size_t i = 0; i < profile->count; i++) {
        if (profile->values[i].kind != EL_PROFILE_SSH_KEY)
            continue;
        if (out.len > 0)
            el_profile_out_text(&out, "\n");
        el_profile_out_text(&out, profile->values[i].text);
    }
    if (out.rc == 0 && !out.text)
        say(text, "%s", "");
    else if (out.rc == 0)
        *text = out.text;
    else
        el_profile_out_clear(&out);
}

int el_profile_facts_texts(const struct el_profile *profile, const struct el_profile_facts *facts,
                           char *texts[EL_PROFILE_FACTS], struct el_err *err)
{
    memset(texts, 0, EL_PROFILE_FACTS * sizeof texts[0]);
    say_machine(facts, texts);
    say_network(facts, texts);
    say_urls(profile, facts, texts);
    say_keys(profile, &texts[EL_PROFILE_SSH_KEYS]);
    for (unsigned i = 0; i < EL_PROFILE_FACTS; i++) {
        if (!texts[i])
            return el_err(err, EL_ENOMEM, "out of memory");
        if (el_profile_text_wrong(texts[i]))
            return el_err(err, EL_EINVAL, "profile %s: %s: it has bytes that are no text",
                          profile->name, el_profile_fact_names[i]);
    }
    return 0;
}
