/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Options that a person wants machines to be told. */
#include "dhcp/dhcp_rule.h"

#include <stdlib.h>

/* -- the forms that values have -- */

static int put_ips(const char *text, struct el_wire *w)
{
    char part[EL_IP_TEXT];
    struct el_ip ip;

    while (*text) {
        size_t len = strcspn(text, ", ");
        if (len == 0 || len >= sizeof part)
            return EL_EINVAL;
        memcpy(part, text, len);
        part[len] = 0;
        if (el_ip_parse(part, &ip) != 0 || ip.family != 4)
            return EL_EINVAL;
        el_wire_put_be32(w, el_ip4_number(&ip));
        text += len;
        text += strspn(text, ", ");
    }
    return 0;
}

static int read_number(const char *text, uint32_t max, uint32_t *number)
{
    char *end;
    long long value = strtoll(text, &end, 0);

    if (end == text || *end || value < 0 || value > (long long)max)
        return EL_EINVAL;
    *number = (uint32_t)value;
    return 0;
}

static int put_u8(const char *text, struct el_wire *w)
{
    uint32_t number = 0;
    int rc = read_number(text, UINT8_MAX, &number);

    el_wire_put_u8(w, (uint8_t)number);
    return rc;
}

static int put_u16(const char *text, struct el_wire *w)
{
    uint32_t number = 0;
    int rc = read_number(text, UINT16_MAX, &number);

    el_wire_put_be16(w, (uint16_t)number);
    return rc;
}

static int put_u32(const char *text, struct el_wire *w)
{
    uint32_t number = 0;
    int rc = read_number(text, UINT32_MAX, &number);

    el_wire_put_be32(w, number);
    return rc;
}

static int put_i32(const char *text, struct el_wire *w)
{
    char *end;
    long long value = strtoll(text, &end, 0);

    el_wire_put_be32(w, (uint32_t)value);
    return end == text || *end || value < INT32_MIN || value > INT32_MAX ? EL_EINVAL : 0;
}

static int put_text(const char *text, struct el_wire *w)
{
    el_wire_put(w, text, strlen(text));
    return 0;
}

/* Old ROMs read it as a C string, and on into what is behind it. */
static int put_file(const char *text, struct el_wire *w)
{
    el_wire_put(w, text, strlen(text) + 1);
    return 0;
}

static int put_names(const char *text, struct el_wire *w)
{
    static const char separators[] = " ,";

    for (text += strspn(text, separators); *text; text += strspn(text, separators)) {
        size_t len = strcspn(text, separators);
        el_dhcp_wire_name(w, text, len);
        text += len;
    }
    return 0;
}

/* RFC 3442: RANGE=IP, ... */
static int put_routes(const char *text, struct el_wire *w)
{
    char part[EL_PREFIX_TEXT + EL_IP_TEXT];
    struct el_prefix to;
    struct el_ip via;

    for (text += strspn(text, ", "); *text; text += strspn(text, ", ")) {
        size_t len = strcspn(text, ", ");
        if (len >= sizeof part)
            return EL_EINVAL;
        memcpy(part, text, len);
        part[len] = 0;
        char *equals = strchr(part, '=');
        if (!equals)
            return EL_EINVAL;
        *equals = 0;
        if (el_prefix_parse(part, &to) != 0 || to.ip.family != 4 ||
            el_ip_parse(equals + 1, &via) != 0 || via.family != 4)
            return EL_EINVAL;
        el_wire_put_u8(w, to.len);
        for (unsigned octet = 0; octet < (to.len + 7u) / 8; octet++)
            el_wire_put_u8(w, (uint8_t)(el_ip4_number(&to.ip) >> (24 - 8 * octet)));
        el_wire_put_be32(w, el_ip4_number(&via));
        text += len;
    }
    return 0;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Bytes may be set apart by colons or spaces. */
static int put_hex(const char *text, struct el_wire *w)
{
    for (text += strspn(text, ": "); *text; text += strspn(text, ": ")) {
        int high = hex_digit(text[0]), low = high < 0 ? -1 : hex_digit(text[1]);
        if (low < 0)
            return EL_EINVAL;
        el_wire_put_u8(w, (uint8_t)(high << 4 | low));
        text += 2;
    }
    return 0;
}

/* -- the options -- */

typedef int put_value(const char *text, struct el_wire *w);

static const struct form {
    const char *prefix;
    put_value *put;
} forms[] = {
    {"hex:", put_hex}, {"text:", put_text}, {"ip:", put_ips},
    {"u8:", put_u8},   {"u16:", put_u16},   {"u32:", put_u32},
};

/* As IANA's registry "BOOTP Vendor Extensions and DHCP Options" calls them, mostly. */
static const struct option {
    uint8_t code;
    const char *name;
    put_value *put;
    const char *form; /* for people */
} options[] = {
    {1, "subnet-mask", put_ips, "an IPv4 address"},
    {2, "time-offset", put_i32, "seconds"},
    {3, "routers", put_ips, "IPv4 addresses"},
    {4, "time-servers", put_ips, "IPv4 addresses"},
    {6, "dns-servers", put_ips, "IPv4 addresses"},
    {7, "log-servers", put_ips, "IPv4 addresses"},
    {12, "host-name", put_text, "text"},
    {13, "boot-size", put_u16, "a number to 65535"},
    {15, "domain-name", put_text, "text"},
    {17, "root-path", put_text, "text"},
    {19, "ip-forwarding", put_u8, "0 or 1"},
    {23, "default-ttl", put_u8, "a number to 255"},
    {26, "mtu", put_u16, "a number to 65535"},
    {28, "broadcast-address", put_ips, "an IPv4 address"},
    {33, "static-routes", put_ips, "pairs of IPv4 addresses"},
    {40, "nis-domain", put_text, "text"},
    {41, "nis-servers", put_ips, "IPv4 addresses"},
    {42, "ntp-servers", put_ips, "IPv4 addresses"},
    {43, "vendor-options", put_hex, "bytes in hex"},
    {44, "netbios-name-servers", put_ips, "IPv4 addresses"},
    {46, "netbios-node-type", put_u8, "a number to 255"},
    {60, "vendor-class", put_text, "text"},
    {66, "tftp-server", put_text, "text"},
    {67, "boot-file", put_file, "text"},
    {69, "smtp-servers", put_ips, "IPv4 addresses"},
    {72, "www-servers", put_ips, "IPv4 addresses"},
    {100, "posix-timezone", put_text, "text"},
    {101, "timezone", put_text, "text"},
    {108, "ipv6-only-preferred", put_u32, "seconds"},
    {114, "captive-portal", put_text, "text"},
    {116, "auto-configure", put_u8, "0 or 1"},
    {119, "domain-search", put_names, "domain names"},
    {121, "routes", put_routes, "RANGE=IP, with commas between"},
    {150, "tftp-servers", put_ips, "IPv4 addresses"},
    {175, "ipxe-options", put_hex, "bytes in hex"},
    {209, "pxelinux-config", put_text, "text"},
    {210, "pxelinux-prefix", put_text, "text"},
    {211, "reboot-time", put_u32, "seconds"},
    {249, "microsoft-routes", put_routes, "RANGE=IP, with commas between"},
    {252, "proxy-autoconfig", put_text, "text"},
};

/* What says how the message is to be read, or who talks about which lease: nobody else's to say. */
static const uint8_t servers_own[] = {
    EL_DHCP_O_PAD,       EL_DHCP_O_REQUESTED_IP, EL_DHCP_O_LEASE_S,    EL_DHCP_O_OVERLOAD,
    EL_DHCP_O_TYPE,      EL_DHCP_O_SERVER_ID,    EL_DHCP_O_PARAMETERS, EL_DHCP_O_MAX_SIZE,
    EL_DHCP_O_CLIENT_ID, EL_DHCP_O_RAPID_COMMIT, EL_DHCP_O_RELAY,      EL_DHCP_O_UUID,
    EL_DHCP_O_END,
};

static const struct option *option_called(const char *name, size_t len, uint32_t *code)
{
    char text[32] = "";

    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
        if (strlen(options[i].name) == len && memcmp(options[i].name, name, len) == 0) {
            *code = options[i].code;
            return &options[i];
        }
    if (len < sizeof text)
        memcpy(text, name, len);
    if (read_number(text, UINT8_MAX, code) != 0)
        *code = UINT32_MAX;
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
        if (options[i].code == *code)
            return &options[i];
    return NULL;
}

static int parse_value(const char *text, const struct option *option, struct el_dhcp_rule *rule,
                       struct el_err *err)
{
    struct el_wire w = el_wire_write(rule->bytes, sizeof rule->bytes);
    put_value *put = option ? option->put : NULL;

    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        size_t len = strlen(forms[i].prefix);
        if (strncmp(text, forms[i].prefix, len) == 0) {
            put = forms[i].put;
            text += len;
            option = NULL;
            break;
        }
    }
    if (*text == 0)
        return 0;
    if (!put)
        return el_err(
            err, EL_EINVAL,
            "option %u: say what kind of value: hex:, text:, ip:, u8:, u16: or u32:", rule->code);
    if (put(text, &w) != 0 || !el_wire_ok(&w))
        return el_err(err, EL_EINVAL, "option %u: %s: expected %s", rule->code, text,
                      option ? option->form : "a value of that kind");
    rule->len = (uint16_t)el_wire_done(&w);
    return 0;
}

static int parse_option(const char *text, struct el_dhcp_rule *rule, struct el_err *err)
{
    size_t len = strcspn(text, "=");
    uint32_t code;
    const struct option *option = option_called(text, len, &code);

    if (text[len] != '=')
        return el_err(err, EL_EINVAL, "%s: expected OPTION=VALUE, such as ntp-servers=192.168.77.1",
                      text);
    if (code > UINT8_MAX)
        return el_err(err, EL_EINVAL, "%.*s: no option of that name; a number will do", (int)len,
                      text);
    for (size_t i = 0; i < sizeof servers_own; i++)
        if (servers_own[i] == code)
            return el_err(err, EL_EINVAL, "option %u: the server decides itself what it says",
                          (unsigned)code);
    rule->code = (uint8_t)code;
    return parse_value(text + len + 1, option, rule, err);
}

/* -- conditions -- */

static int set_text(char to[EL_DHCP_RULE_TEXT], const char *text)
{
    size_t len = strlen(text);

    if (len == 0 || len >= EL_DHCP_RULE_TEXT)
        return EL_EINVAL;
    memcpy(to, text, len + 1);
    return 0;
}

static int set_mac(struct el_dhcp_rule *rule, const char *text)
{
    struct el_wire w = el_wire_write(rule->mac, sizeof rule->mac);
    char plain[EL_MAC_TEXT];
    size_t len = strlen(text);

    if (len >= sizeof plain)
        return EL_EINVAL;
    for (size_t i = 0; i <= len; i++)
        plain[i] = text[i] == '-' ? ':' : text[i];
    if (put_hex(plain, &w) != 0 || !el_wire_ok(&w) || el_wire_done(&w) == 0)
        return EL_EINVAL;
    rule->mac_len = (uint8_t)el_wire_done(&w);
    return 0;
}

static int set_class(struct el_dhcp_rule *rule, const char *text)
{
    return set_text(rule->vendor_class, text);
}

static int set_user_class(struct el_dhcp_rule *rule, const char *text)
{
    return set_text(rule->user_class, text);
}

static int set_region(struct el_dhcp_rule *rule, const char *text)
{
    return set_text(rule->region, text);
}

static int set_network(struct el_dhcp_rule *rule, const char *text)
{
    return set_text(rule->network, text);
}

static int set_subnet(struct el_dhcp_rule *rule, const char *text)
{
    return el_prefix_parse(text, &rule->subnet) == 0 && rule->subnet.ip.family == 4 ? 0 : EL_EINVAL;
}

static int set_client(struct el_dhcp_rule *rule, const char *text)
{
    for (int kind = EL_DHCP_CLIENT_OS; kind <= EL_DHCP_CLIENT_IPXE; kind++)
        if (strcmp(text, el_dhcp_client_kind_name((enum el_dhcp_client_kind)kind)) == 0)
            return set_text(rule->client, text);
    return EL_EINVAL;
}

static int set_arch(struct el_dhcp_rule *rule, const char *text)
{
    uint32_t number;

    if (read_number(text, UINT16_MAX, &number) == 0)
        return set_text(rule->arch, text);
    for (uint16_t arch = 0; arch < 64; arch++) {
        const char *name = el_dhcp_arch_name(arch);
        if (name && strcmp(name, "other") != 0 && strcmp(name, text) == 0)
            return set_text(rule->arch, text);
    }
    return EL_EINVAL;
}

static const struct condition {
    const char *name;
    int (*set)(struct el_dhcp_rule *rule, const char *text);
} conditions[] = {
    {"mac=", set_mac},         {"class=", set_class},   {"user-class=", set_user_class},
    {"client=", set_client},   {"arch=", set_arch},     {"region=", set_region},
    {"network=", set_network}, {"subnet=", set_subnet},
};

static const struct condition *condition_at(const char *text)
{
    for (size_t i = 0; i < sizeof conditions / sizeof conditions[0]; i++)
        if (strncmp(text, conditions[i].name, strlen(conditions[i].name)) == 0)
            return &conditions[i];
    return NULL;
}

int el_dhcp_rule_parse(const char *text, struct el_dhcp_rule *rule, struct el_err *err)
{
    const struct condition *condition;
    char value[EL_DHCP_RULE_TEXT];

    memset(rule, 0, sizeof *rule);
    while ((condition = condition_at(text)) != NULL) {
        text += strlen(condition->name);
        size_t len = strcspn(text, ",");
        if (text[len] != ',')
            return el_err(err, EL_EINVAL, "%s%s: no option is behind this condition",
                          condition->name, text);
        if (len >= sizeof value)
            return el_err(err, EL_EINVAL, "%s%.*s: too long", condition->name, (int)len, text);
        memcpy(value, text, len);
        value[len] = 0;
        if (condition->set(rule, value) != 0)
            return el_err(err, EL_EINVAL, "%s%s: there is no such thing", condition->name, value);
        rule->conditions++;
        text += len + 1;
    }
    return parse_option(text, rule, err);
}

/* -- which rules hold -- */

static bool begins(struct el_wire w, const char *text)
{
    size_t len = strlen(text);

    return el_wire_ok(&w) && el_wire_left(&w) >= len && memcmp(w.at, text, len) == 0;
}

static bool is_arch(uint16_t arch, const char *text)
{
    const char *name = el_dhcp_arch_name(arch);
    uint32_t number;

    if (read_number(text, UINT16_MAX, &number) == 0)
        return number == arch && arch != EL_DHCP_ARCH_NONE;
    return name && strcmp(name, text) == 0;
}

static bool holds(const struct el_dhcp_rule *rule, const struct el_dhcp_rule_facts *facts)
{
    struct el_ip ip = el_ip4(facts->ip);

    if (rule->conditions == 0)
        return true;
    if (rule->mac_len > 0 && memcmp(facts->client->mac.b, rule->mac, rule->mac_len) != 0)
        return false;
    if (rule->arch[0] && !is_arch(facts->client->arch, rule->arch))
        return false;
    if (rule->client[0] && strcmp(rule->client, el_dhcp_client_kind_name(facts->client->kind)) != 0)
        return false;
    if (rule->region[0] && (!facts->region || strcmp(rule->region, facts->region) != 0))
        return false;
    if (rule->network[0] && (!facts->network || strcmp(rule->network, facts->network) != 0))
        return false;
    if (rule->subnet.ip.family && !(facts->ip && el_prefix_contains(&rule->subnet, &ip)))
        return false;
    if (rule->vendor_class[0] &&
        !begins(el_dhcp_option(facts->request, EL_DHCP_O_VENDOR_CLASS), rule->vendor_class))
        return false;
    return !rule->user_class[0] || el_dhcp_user_class_is(facts->request, rule->user_class);
}

const struct el_dhcp_rule *el_dhcp_rule_for(const struct el_dhcp_rule *rules, size_t count,
                                            uint8_t code, const struct el_dhcp_rule_facts *facts)
{
    const struct el_dhcp_rule *best = NULL;

    for (size_t i = 0; i < count; i++)
        if (rules[i].code == code && (!best || rules[i].conditions >= best->conditions) &&
            holds(&rules[i], facts))
            best = &rules[i];
    return best;
}

static bool asked_for(const struct el_dhcp_message *request, uint8_t code)
{
    struct el_wire list = el_dhcp_option(request, EL_DHCP_O_PARAMETERS);

    while (el_wire_left(&list) > 0)
        if (el_wire_u8(&list) == code)
            return true;
    return false;
}

static bool may_be_told(const struct el_dhcp_message *request, uint8_t code)
{
    if (code == EL_DHCP_O_IPV6_ONLY) /* RFC 8925 §3.3 */
        return asked_for(request, code);
    return code != EL_DHCP_O_AUTO_CONFIGURE || el_dhcp_has(request, code); /* RFC 2563 §2.3 */
}

void el_dhcp_rules_put(const struct el_dhcp_rule *rules, size_t count,
                       const struct el_dhcp_rule_facts *facts, struct el_dhcp_message *reply)
{
    for (size_t i = 0; i < count; i++) {
        uint8_t code = rules[i].code;
        if (el_dhcp_has(reply, code) || !may_be_told(facts->request, code))
            continue;
        const struct el_dhcp_rule *rule = el_dhcp_rule_for(rules, count, code, facts);
        if (rule && rule->len > 0)
            el_dhcp_put(reply, code, rule->bytes, rule->len);
    }
}

void el_dhcp_rules_take_out(const struct el_dhcp_rule *rules, size_t count,
                            const struct el_dhcp_rule_facts *facts, struct el_dhcp_message *reply)
{
    for (size_t i = 0; i < count; i++) {
        const struct el_dhcp_rule *rule;
        if (rules[i].len > 0)
            continue;
        rule = el_dhcp_rule_for(rules, count, rules[i].code, facts);
        if (rule && rule->len == 0)
            el_dhcp_take_out(reply, rule->code);
    }
}
