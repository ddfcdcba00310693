/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The boot service's options. */
#include "boot_options.h"

#define AT(member) offsetof(struct el_cmd_boot, boot.member)

static int add_range(void *values, const char *text, struct el_err *err)
{
    return el_boot_options_range(&((struct el_cmd_boot *)values)->boot, text, err);
}

static int add_relayed(void *values, const char *text, struct el_err *err)
{
    return el_boot_options_relayed(&((struct el_cmd_boot *)values)->boot, text, err);
}

static int add_rule(void *values, const char *text, struct el_err *err)
{
    return el_boot_options_rule(&((struct el_cmd_boot *)values)->boot, text, err);
}

static int add_dns(void *values, const char *text, struct el_err *err)
{
    return el_boot_options_dns(&((struct el_cmd_boot *)values)->boot, text, err);
}

static int add_ntp(void *values, const char *text, struct el_err *err)
{
    return el_boot_options_ntp(&((struct el_cmd_boot *)values)->boot, text, err);
}

static int add_route(void *values, const char *text, struct el_err *err)
{
    return el_boot_options_route(&((struct el_cmd_boot *)values)->boot, text, err);
}

static int add_reservation(void *values, const char *text, struct el_err *err)
{
    return el_boot_options_reserve(&((struct el_cmd_boot *)values)->boot, text, err);
}

/* As enum el_boot_dhcp has them. */
static const char *const dhcp_modes[] = {"auto", "server", "proxy", "relay", "off", NULL};

static int add_export(void *values, const char *text, struct el_err *err)
{
    return el_boot_options_export(&((struct el_cmd_boot *)values)->boot, text, err);
}

static int add_upstream(void *values, const char *text, struct el_err *err)
{
    return el_dns_options_upstream(&((struct el_cmd_boot *)values)->boot.names, text, err);
}

static int add_record(void *values, const char *text, struct el_err *err)
{
    return el_dns_options_record(&((struct el_cmd_boot *)values)->boot.names, text, err);
}

static int add_private(void *values, const char *text, struct el_err *err)
{
    return el_dns_options_private(&((struct el_cmd_boot *)values)->boot.names, text, err);
}

const struct el_conf_option el_cmd_boot_options[EL_CMD_BOOT_OPTIONS] = {
    {.name = "images",
     .type = EL_CONF_STRING,
     .offset = AT(images),
     .metavar = "DIR",
     .help = "What machines may boot: a directory for each entry of the menu, with its files and "
             "an entry.conf (see el2w help hub). Read again when it changes. A hub has them below "
             "its state directory unless it is told otherwise."},
    {.name = "menu-timeout",
     .type = EL_CONF_UINT,
     .offset = AT(menu_timeout_s),
     .metavar = "SECONDS",
     .fallback = "10",
     .help = "How long the menu waits before it starts its default; 0: for ever.",
     .max = 3600},
    {.name = "menu-default",
     .type = EL_CONF_STRING,
     .offset = AT(menu_default),
     .metavar = "ENTRY",
     .help = "The menu's default, instead of the one whose entry.conf says so, or the local disk."},
    {.name = "dhcp",
     .type = EL_CONF_CHOICE,
     .offset = AT(dhcp),
     .metavar = "MODE",
     .fallback = "auto",
     .help = "server: give machines their addresses. proxy: another DHCP server of the network "
             "does, and they are told only how to boot (PXE's proxyDHCP). auto: server, but proxy "
             "where another server is found. relay: hand their questions to dhcp-server. off: "
             "no DHCP.",
     .choices = dhcp_modes},
    {.name = "dhcp-server",
     .type = EL_CONF_IP,
     .offset = AT(dhcp_server),
     .metavar = "IP",
     .help = "With dhcp = relay: the server that gives the addresses. It must have a way back to "
             "this network."},
    {.name = "dhcp-range",
     .type = EL_CONF_CUSTOM,
     .metavar = "FIRST-LAST",
     .help = "Addresses for machines; by default the network's 100th to 200th, or so.",
     .parse = add_range,
     .repeat = true},
    {.name = "dhcp-relayed",
     .type = EL_CONF_CUSTOM,
     .metavar = "RANGE=FIRST-LAST[,ROUTER]",
     .help = "A network behind a DHCP relay, the addresses for its machines, and their default "
             "gateway.",
     .parse = add_relayed,
     .repeat = true},
    {.name = "dhcp-option",
     .type = EL_CONF_CUSTOM,
     .metavar = "[CONDITION,...]OPTION=VALUE",
     .help = "A further DHCP option for machines, by name or number (see below).",
     .parse = add_rule,
     .repeat = true},
    {.name = "dhcp-by-client-id",
     .type = EL_CONF_FLAG,
     .offset = AT(by_client_id),
     .help = "A machine is who its client identifier says (RFC 2131, 4361), and not its hardware "
             "address: its firmware and its system then have an address each."},
    {.name = "lease-time",
     .type = EL_CONF_DURATION,
     .offset = AT(lease_ns),
     .metavar = "TIME",
     .fallback = "1h",
     .help = "How long a machine may keep its address without asking again.",
     .min = 60,
     .max = 31536000},
    {.name = "reserve",
     .type = EL_CONF_CUSTOM,
     .metavar = "MAC=IP[,NAME]",
     .help = "This machine always gets this address, and this host name.",
     .parse = add_reservation,
     .repeat = true},
    {.name = "router",
     .type = EL_CONF_IP,
     .offset = AT(router),
     .metavar = "IP",
     .help = "The default gateway that machines are told; none by default."},
    {.name = "route",
     .type = EL_CONF_CUSTOM,
     .metavar = "RANGE=IP",
     .help = "Machines are told that these addresses are behind this gateway.",
     .parse = add_route,
     .repeat = true},
    {.name = "dns",
     .type = EL_CONF_CUSTOM,
     .metavar = "IP",
     .help = "A DNS server that machines are told instead of this one: an IPv6 one where they have "
             "IPv6.",
     .parse = add_dns,
     .repeat = true},
    {.name = "ntp",
     .type = EL_CONF_CUSTOM,
     .metavar = "IP",
     .help = "A time server that machines are told.",
     .parse = add_ntp,
     .repeat = true},
    {.name = "domain",
     .type = EL_CONF_STRING,
     .offset = AT(domain),
     .metavar = "NAME",
     .help = "The domain that machines are told, and have names in."},
    {.name = "search",
     .type = EL_CONF_STRING,
     .offset = AT(search),
     .metavar = "NAMES",
     .help = "The domains, separated by spaces, in which machines look names up."},
    {.name = "no-dns", .type = EL_CONF_FLAG, .offset = AT(names.off), .help = "Do not serve DNS."},
    {.name = "dns-upstream",
     .type = EL_CONF_CUSTOM,
     .metavar = "IP[:PORT]",
     .help = "A server that DNS asks for what is not known here; of several the quickest one that "
             "answers. By default those that this computer asks (/etc/resolv.conf), for machines "
             "that are let out; nobody for others.",
     .parse = add_upstream,
     .repeat = true},
    {.name = "dns-private",
     .type = EL_CONF_CUSTOM,
     .metavar = "DOMAIN",
     .help = "Names in this domain may have private addresses; from names of others these are left "
             "out.",
     .parse = add_private,
     .repeat = true},
    {.name = "record",
     .type = EL_CONF_CUSTOM,
     .metavar = "NAME=IP",
     .help = "This name has this address, and the address this name.",
     .parse = add_record,
     .repeat = true},
    {.name = "http-port",
     .type = EL_CONF_UINT,
     .offset = AT(http_port),
     .metavar = "PORT",
     .fallback = "80",
     .help = "TCP port of the boot service's HTTP.",
     .min = 1,
     .max = 65535},
    {.name = "export",
     .type = EL_CONF_CUSTOM,
     .metavar = "NAME=PATH[,overlay=DIR]",
     .help = "Export a directory, or what is in an ISO image, over NFS as /NAME, to be read only. "
             "With an "
             "overlay each machine has a copy of its own that it can write to: what it changes is "
             "kept in "
             "DIR. The images are exported as /images, to be read only.",
     .parse = add_export,
     .repeat = true},
    {.name = "no-nfs",
     .type = EL_CONF_FLAG,
     .offset = AT(no_nfs),
     .help = "Export nothing over NFS, not even the images."},
    {.name = "no-ra",
     .type = EL_CONF_FLAG,
     .offset = AT(no_ra),
     .help = "Do not tell machines how IPv6 stands (Router Advertisements: at once that there is "
             "none, which spares iPXE seconds of waiting, or who is its router): where others "
             "speak IPv6."},
};
