/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names, keys, ranges: what may stand in a row. */
#include "registry/registry_internal.h"

#include <ctype.h>
#include <sodium.h>
#include <string.h>

const char *const el_registry_spoke_state_names[EL_REGISTRY_SPOKE_STATES + 1] = {
    [EL_REGISTRY_PENDING] = "pending",
    [EL_REGISTRY_ENROLLED] = "enrolled",
    [EL_REGISTRY_REVOKED] = "revoked",
};

const char *const el_registry_to_all_names[EL_REGISTRY_TO_ALLS + 1] = {
    [EL_REGISTRY_TO_NONE] = "none",
    [EL_REGISTRY_TO_UNPUBLISHED] = "unpublished",
    [EL_REGISTRY_TO_PUBLISHED] = "published",
};

const char *const el_registry_port_state_names[EL_REGISTRY_PORT_STATES + 1] = {
    [EL_REGISTRY_DOWN] = "down",
    [EL_REGISTRY_VERIFIED] = "verified",
    [EL_REGISTRY_LOADED] = "loaded",
    [EL_REGISTRY_STARTED] = "started",
    [EL_REGISTRY_UP] = "up",
    [EL_REGISTRY_SECURED] = "secured",
    [EL_REGISTRY_PUBLISHED] = "published",
};

const char *const el_registry_event_names[EL_REGISTRY_EVENTS + 1] = {
    [EL_REGISTRY_TOKEN_CREATED] = "token-created",
    [EL_REGISTRY_TOKEN_REMOVED] = "token-removed",
    [EL_REGISTRY_TOKEN_WRONG_CODE] = "token-wrong-code",
    [EL_REGISTRY_TOKEN_BURNT] = "token-burnt",
    [EL_REGISTRY_TOKEN_EXPIRED] = "token-expired",
    [EL_REGISTRY_SPOKE_PENDING] = "spoke-pending",
    [EL_REGISTRY_SPOKE_ENROLLED] = "spoke-enrolled",
    [EL_REGISTRY_SPOKE_REVOKED] = "spoke-revoked",
    [EL_REGISTRY_SPOKE_TOLD] = "spoke-told",
    [EL_REGISTRY_NETWORK_CREATED] = "network-created",
    [EL_REGISTRY_NETWORK_CHANGED] = "network-changed",
    [EL_REGISTRY_NETWORK_EXPIRING] = "network-expiring",
    [EL_REGISTRY_NETWORK_REMOVED] = "network-removed",
    [EL_REGISTRY_NETWORK_PUBLISHED] = "network-published",
    [EL_REGISTRY_NETWORK_UNPUBLISHED] = "network-unpublished",
    [EL_REGISTRY_PORT_CHANGED] = "port-changed",
    [EL_REGISTRY_SECOND_FACTOR_CHANGED] = "second-factor-changed",
    [EL_REGISTRY_PROFILE_CHANGED] = "profile-changed",
    [EL_REGISTRY_PROFILE_REMOVED] = "profile-removed",
    [EL_REGISTRY_MACHINE_CHANGED] = "machine-changed",
    [EL_REGISTRY_MACHINE_FORGOTTEN] = "machine-forgotten",
    [EL_REGISTRY_LOOP] = "loop",
    [EL_REGISTRY_LOOP_GONE] = "loop-gone",
};

/* Ours alone, whatever the locale. */
static bool is_alnum(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static size_t name_length(const char *text, size_t capacity)
{
    size_t len = 0;

    while (len < capacity && (is_alnum(text[len]) || (text[len] && strchr("-._", text[len]))))
        len++;
    return len;
}

int el_registry_name_check(const char *what, const char *name, size_t capacity, struct el_err *err)
{
    size_t len = name_length(name, capacity);

    if (name[0] == '\0')
        return el_err(err, EL_EINVAL, "%s: a name is missing", what);
    if (len == capacity)
        return el_err(err, EL_EINVAL, "%s: a name has at most %zu characters", what, capacity - 1);
    if (name[len] != '\0' || !is_alnum(name[0]))
        return el_err(err, EL_EINVAL,
                      "%s: a name has letters, digits, '-', '.' and '_', and begins with a letter "
                      "or a digit",
                      what);
    return 0;
}

int el_registry_lan_check(const char *lan, struct el_err *err)
{
    return lan[0] == '\0' ? 0 : el_registry_name_check("lan", lan, EL_REGISTRY_LAN, err);
}

bool el_registry_key_is_sound(const uint8_t key[EL_REGISTRY_KEY_BYTES])
{
    static const uint8_t any_scalar[crypto_scalarmult_SCALARBYTES] = {8};
    uint8_t product[crypto_scalarmult_BYTES];
    bool all_ones = key[31] == 0x7f;

    for (int i = 1; i < 31; i++)
        all_ones = all_ones && key[i] == 0xff;
    if (key[31] & 0x80 || (all_ones && key[0] >= 0xed))
        return false;
    return crypto_scalarmult(product, any_scalar, key) == 0;
}

/* 100.64.0.0/10 is where the tunnel's own addresses are. */
int el_registry_cidr_check(const char *name, const struct el_prefix *cidr, struct el_err *err)
{
    static const struct el_prefix tunnel = {{4, {100, 64}}, 10};
    char text[EL_PREFIX_TEXT];

    if (cidr->ip.family != 4 || cidr->len < 8 || cidr->len > 29)
        return el_err(err, EL_EINVAL,
                      "network %s: its range is IPv4, /8 to /29, as in 192.168.77.0/24", name);
    if (el_ip4_number(&cidr->ip) & ~el_prefix_mask4(cidr->len))
        return el_err(err, EL_EINVAL, "network %s: %s is an address in a range, not a range", name,
                      el_prefix_text(cidr, text));
    if (el_prefix_overlaps(cidr, &tunnel))
        return el_err(err, EL_EINVAL,
                      "network %s: %s overlaps 100.64.0.0/10, where the tunnel's addresses are",
                      name, el_prefix_text(cidr, text));
    return 0;
}

int el_registry_prefix6_check(const struct el_prefix *prefix6, struct el_err *err)
{
    static const uint8_t no_host[8];
    const uint8_t *b = prefix6->ip.b;
    char text[EL_PREFIX_TEXT];

    if (prefix6->ip.family == 0)
        return 0;
    if (prefix6->ip.family != 6 || prefix6->len != 64)
        return el_err(err, EL_EINVAL,
                      "prefix6: %s is no IPv6 range of 64 bits, as 2001:db8:0:1::/64 is",
                      el_prefix_text(prefix6, text));
    if (memcmp(b + 8, no_host, sizeof no_host) != 0)
        return el_err(err, EL_EINVAL, "prefix6: %s is an address in a range, not a range",
                      el_prefix_text(prefix6, text));
    /* ::/8 is IPv4 in disguise and ourselves, fe80::/10 every link's, ff00::/8 multicast. */
    if (b[0] == 0 || b[0] == 0xff || (b[0] == 0xfe && (b[1] & 0xc0) == 0x80))
        return el_err(err, EL_EINVAL, "prefix6: %s cannot be routed",
                      el_prefix_text(prefix6, text));
    return 0;
}

/* -- rows that were read -- */

static int spoke_check(const struct el_registry *registry, const struct el_registry_spoke *spoke,
                       struct el_err *err)
{
    bool stranger = spoke->state == EL_REGISTRY_REVOKED && spoke->told;

    if (el_registry_name_check("spoke", spoke->name, EL_REGISTRY_NAME, err) < 0)
        return EL_EINVAL;
    if (spoke->state >= EL_REGISTRY_SPOKE_STATES ||
        spoke->membership_count > EL_REGISTRY_NETWORKS_OF_SPOKE)
        return el_err(err, EL_EINVAL, "spoke %s: an unknown state", spoke->name);
    if (el_registry_find(registry, EL_REGISTRY_SPOKES_BY_KEY, spoke->key))
        return el_err(err, EL_EINVAL, "spoke %s: its key is there twice", spoke->name);
    if (!stranger && (spoke->ip.family != 4 || !el_registry_address_is_free(registry, &spoke->ip)))
        return el_err(err, EL_EINVAL, "spoke %s: its address is another's", spoke->name);
    for (unsigned i = 0; i < spoke->membership_count; i++)
        if (el_registry_lan_check(spoke->memberships[i].lan, err) < 0 ||
            !el_registry_network_by_vni(registry, spoke->memberships[i].vni))
            return el_err(err, EL_EINVAL, "spoke %s: is a member of what is no network",
                          spoke->name);
    const struct el_registry_spoke *other = el_registry_spoke(registry, spoke->name);
    if (spoke->state != EL_REGISTRY_REVOKED && other && other->state != EL_REGISTRY_REVOKED)
        return el_err(err, EL_EINVAL, "spoke %s: is there twice", spoke->name);
    return 0;
}

static int token_check(const struct el_registry *registry, const struct el_registry_token *token,
                       struct el_err *err)
{
    if (el_registry_name_check("token", token->name, EL_REGISTRY_NAME, err) < 0)
        return EL_EINVAL;
    if (el_registry_token(registry, token->name) ||
        el_registry_find(registry, EL_REGISTRY_TOKENS_BY_KEY, token->enrolment_key))
        return el_err(err, EL_EINVAL, "token %s: is there twice", token->name);
    if (token->ip.family != 4 || !el_registry_address_is_free(registry, &token->ip))
        return el_err(err, EL_EINVAL, "token %s: its address is another's", token->name);
    return 0;
}

static int network_check(const struct el_registry *registry,
                         const struct el_registry_network *network, struct el_err *err)
{
    if (el_registry_name_check("network", network->name, EL_REGISTRY_NETWORK_NAME, err) < 0 ||
        el_registry_cidr_check(network->name, &network->cidr, err) < 0 ||
        el_registry_prefix6_check(&network->prefix6, err) < 0)
        return EL_EINVAL;
    if (network->vni == 0 || network->vni > EL_REGISTRY_VNI_MAX ||
        network->to_all >= EL_REGISTRY_TO_ALLS)
        return el_err(err, EL_EINVAL, "network %s: a value out of range", network->name);
    if (el_registry_network(registry, network->name) ||
        el_registry_network_by_vni(registry, network->vni))
        return el_err(err, EL_EINVAL, "network %s: is there twice", network->name);
    return 0;
}

static int port_check(const struct el_registry *registry, const struct el_registry_port *port,
                      struct el_err *err)
{
    bool wanted = port->wanted == EL_REGISTRY_DOWN || port->wanted == EL_REGISTRY_SECURED ||
                  port->wanted == EL_REGISTRY_PUBLISHED;

    if (el_registry_name_check("port", port->name, EL_REGISTRY_NETWORK_NAME, err) < 0)
        return EL_EINVAL;
    if (!wanted || port->state >= EL_REGISTRY_PORT_STATES)
        return el_err(err, EL_EINVAL, "port %s: an unknown state", port->name);
    if (el_registry_port(registry, port->name) || !el_registry_network_by_vni(registry, port->vni))
        return el_err(err, EL_EINVAL, "port %s: is there twice, or on no network", port->name);
    return 0;
}

static int profile_check(const struct el_registry *registry,
                         const struct el_registry_profile *profile, struct el_err *err)
{
    if (el_registry_name_check("profile", profile->name, EL_REGISTRY_NAME, err) < 0)
        return EL_EINVAL;
    if (el_registry_profile(registry, profile->name))
        return el_err(err, EL_EINVAL, "profile %s: is there twice", profile->name);
    return 0;
}

static int machine_check(const struct el_registry *registry,
                         const struct el_registry_machine *machine, struct el_err *err)
{
    if (el_registry_machine_check(machine, err) < 0)
        return EL_EINVAL;
    if (el_registry_machine(registry, &machine->mac) ||
        (machine->name[0] && el_registry_machine_by_name(registry, machine->name)))
        return el_err(err, EL_EINVAL, "machine %s: is there twice", machine->name);
    return 0;
}

int el_registry_row_check(const struct el_registry *registry, const struct el_registry_row *row,
                          struct el_err *err)
{
    switch (row->kind) {
    case EL_REGISTRY_ROW_SPOKE: return spoke_check(registry, row->spoke, err);
    case EL_REGISTRY_ROW_TOKEN: return token_check(registry, row->token, err);
    case EL_REGISTRY_ROW_NETWORK: return network_check(registry, row->network, err);
    case EL_REGISTRY_ROW_PORT: return port_check(registry, row->port, err);
    case EL_REGISTRY_ROW_PROFILE: return profile_check(registry, row->profile, err);
    case EL_REGISTRY_ROW_MACHINE: return machine_check(registry, row->machine, err);
    case EL_REGISTRY_ROW_SECOND_FACTOR: break;
    }
    return row->second_factor->secret_len <= EL_REGISTRY_SECRET_BYTES
               ? 0
               : el_err(err, EL_EINVAL, "second factor: too long a secret");
}
