/* SPDX-License-Identifier: GPL-2.0-or-later */
/* el2w boot-service: DHCP, TFTP and HTTP for machines that boot. */
#include "applet.h"
#include "boot_options.h"

#include "registry/registry.h"
#include "service/boot_service.h"

struct boot_service {
    struct el_cmd_boot boot;
    struct el_boot_service_config config;
};

static int parse_mac(void *values, const char *text, struct el_err *err)
{
    if (el_mac_parse(text, &((struct boot_service *)values)->config.mac) < 0)
        return el_err(err, EL_EINVAL, "%s: expected a hardware address", text);
    return 0;
}

#define AT(member) offsetof(struct boot_service, config.member)

static const struct el_conf_option options[] = {
    {.name = "network",
     .type = EL_CONF_STRING,
     .offset = AT(network),
     .metavar = "INTERFACE",
     .fallback = "boot",
     .help = "The interface to serve on."},
    {.name = "vni",
     .type = EL_CONF_UINT,
     .offset = AT(vni),
     .metavar = "N",
     .fallback = "77",
     .help = "The network's VXLAN identifier, under a hub.",
     .max = 16777215},
    {.name = "address",
     .type = EL_CONF_PREFIX,
     .offset = AT(address),
     .metavar = "IP/LENGTH",
     .fallback = "192.168.77.1/24",
     .help = "This computer's address there, and the network's size."},
    {.name = "prefix6",
     .type = EL_CONF_PREFIX,
     .offset = AT(prefix6),
     .metavar = "RANGE",
     .help = "The network's IPv6 addresses, a /64, which this computer has one of and routes: "
             "machines are told. By default they are told that there is no IPv6."},
    {.name = "mac",
     .type = EL_CONF_CUSTOM,
     .metavar = "ADDRESS",
     .help = "The hardware address, under a hub without interfaces.",
     .parse = parse_mac},
    {.name = "state",
     .type = EL_CONF_STRING,
     .offset = AT(state),
     .metavar = "DIR",
     .help = "Where leases are kept; without it they are forgotten at the end."},
    {.name = "dns-host",
     .type = EL_CONF_FLAG,
     .offset = offsetof(struct boot_service, boot.boot.names.host),
     .help = "DNS asks the servers that this computer asks (/etc/resolv.conf), if none is named."},
    EL_CMD_USER_OPTION(AT(user)),
};

static const struct el_conf_schema schema = {
    .name = "boot-service",
    .summary = "DHCP, TFTP and HTTP for machines that boot, on one interface",
    .usage = "--network INTERFACE --address IP/LENGTH [--images DIR] [OPTIONS]",
    .manual =
        "Serves what the hub serves, on an interface that is there already and has the "
        "address: for a LAN in the same room. hub starts it for its network.\n\n"
        "  # el2w boot-service --network eth1 --address 192.168.5.1/24 --images "
        "/srv/images\n\n"
        "Where another DHCP server answers, --dhcp auto leaves addresses to it and says only what "
        "to "
        "boot; it looks again each minute, takes over when the other one is gone, and does not "
        "yield "
        "to one that comes later, which is reported (rogue-dhcp). Some firmware does not put the "
        "answers of two servers together: then the log says (takes-no-proxy) what the other server "
        "has to tell it.\n\n"
        "A --dhcp-option is OPTION=VALUE with conditions in front, all of which must hold:\n\n"
        "  ntp-servers=10.0.0.1,10.0.0.2            everybody\n"
        "  arch=arm64-uefi,boot-file=grubaa64.efi   these only\n"
        "  mac=52:54:00,region=berlin,42=           these are told no time servers\n"
        "  224=hex:00ff10                           whatever 224 is to somebody\n\n"
        "Conditions: mac (or its first bytes), class (what option 60 begins with), user-class, "
        "client (os, PXE, HTTP, iPXE), arch (a name as in the log, or a number), region (the "
        "spoke), "
        "network, subnet. OPTION: a number, or a name such as routers, dns-servers, domain-search, "
        "mtu, vendor-options, tftp-server, boot-file, routes. VALUE: addresses, a number, text, "
        "names or RANGE=IP, as the option has it; hex:, text:, ip:, u8:, u16: or u32: in front say "
        "another form. Of several for one option the one with the most conditions counts, and of "
        "these the last.\n\n"
        "Of a hub that runs, boot-service status says how far a network's boot service has come; "
        "boot-service start and boot-service stop run it or not, boot-service publish and "
        "boot-service unpublish let frames pass to it or not.",
    .options = options,
    .count = sizeof options / sizeof options[0],
    .shared = el_cmd_boot_options,
    .shared_count = EL_CMD_BOOT_OPTIONS,
};

static int run(int argc, char **argv)
{
    struct boot_service values = {0};
    struct el_err err = {""};
    struct el_conf *conf;
    int code = el_cmd_begin(&schema, &values, argc, argv, &conf);

    if (code == EL_EXIT_GO_ON) {
        values.config.options = &values.boot.boot;
        int rc = el_boot_options_fit(&values.boot.boot, &values.config.address, &err);
        if (rc == 0)
            rc = el_registry_prefix6_check(&values.config.prefix6, &err);
        if (rc == 0)
            rc = el_boot_service_run(&values.config, &err);
        code = rc < 0 ? el_cmd_fail(&schema, &err) : EL_EXIT_DONE;
        el_conf_free(conf);
    }
    el_boot_options_clear(&values.boot.boot);
    return code;
}

static const struct el_applet *const commands[] = {
    &el_applet_boot_service_status,    &el_applet_boot_service_start,
    &el_applet_boot_service_stop,      &el_applet_boot_service_publish,
    &el_applet_boot_service_unpublish, NULL};

const struct el_applet el_applet_boot_service = {
    .schema = &schema, .run = run, .commands = commands, .internal = true};
