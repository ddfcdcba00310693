/* SPDX-License-Identifier: GPL-2.0-or-later */
/* el2w hub: the central end. */
#include "applet.h"
#include "boot_options.h"
#include "look.h"
#include "plan_options.h"
#include "tunnel_options.h"

#include "check/check.h"
#include "hub/hub.h"
#include "node/control.h"
#include "node/launch.h"
#include "node/places.h"

#include <stdio.h>
#include <stdlib.h>

struct hub {
    struct el_cmd_boot boot;
    struct el_hub_config config;
};

static int add_spoke(void *values, const char *text, struct el_err *err)
{
    return el_node_peers_add(&((struct hub *)values)->config.spokes, text, err);
}

static int add_public(void *values, const char *text, struct el_err *err)
{
    struct el_hub_config *config = &((struct hub *)values)->config;

    return el_hub_public_add(config->endpoints, &config->endpoint_count, text, err);
}

static int set_factors(void *values, const char *text, struct el_err *err)
{
    return el_hub_plan_set_factors(&((struct hub *)values)->config.plan, text, err);
}

static void *add_plan_network(void *values, const char *name, struct el_err *err)
{
    return el_hub_plan_add_network(&((struct hub *)values)->config.plan, name, err);
}

static void *add_plan_profile(void *values, const char *name, struct el_err *err)
{
    return el_hub_plan_add_profile(&((struct hub *)values)->config.plan, name, err);
}

static void *add_plan_spoke(void *values, const char *name, struct el_err *err)
{
    return el_hub_plan_add_spoke(&((struct hub *)values)->config.plan, name, err);
}

static void *add_plan_machine(void *values, const char *name, struct el_err *err)
{
    return el_hub_plan_add_machine(&((struct hub *)values)->config.plan, name, err);
}

static int set_unknown(void *values, const char *text, struct el_err *err)
{
    return el_hub_policy_unknown(&((struct hub *)values)->config.policy, text, err);
}

static int set_password(void *values, const char *text, struct el_err *err)
{
    return el_hub_policy_password(&((struct hub *)values)->config.policy, text, err);
}

static int set_failed(void *values, const char *text, struct el_err *err)
{
    return el_hub_policy_failed(&((struct hub *)values)->config.policy, text, err);
}

static int add_tcp(void *values, const char *text, struct el_err *err)
{
    struct el_streams_listen *tcp = &((struct hub *)values)->config.tcp;
    char *end;
    unsigned long port = strtoul(text, &end, 10);

    if (end == text || *end || port == 0 || port > UINT16_MAX)
        return el_err(err, EL_EINVAL, "\"%s\" is no port (1 to 65535)", text);
    if (tcp->count == EL_STREAMS_PORTS)
        return el_err(err, EL_EFULL, "at most %d ports", EL_STREAMS_PORTS);
    tcp->ports[tcp->count++] = port;
    return 0;
}

#define AT(member) offsetof(struct hub, config.member)

static const struct el_conf_option options[] = {
    {.name = "spoke",
     .type = EL_CONF_CUSTOM,
     .metavar = "NAME=KEY[,...]",
     .help = "A spoke that may connect: its name, which is also the region in the menu, and its "
             "public key; then, where needed, ,psk=FILE (a pre-shared key), ,ip=ADDRESS (inside "
             "the tunnel; by default it follows from the key), ,endpoint=HOST:PORT (to call it), "
             ",wire=WIRE (see below).",
     .parse = add_spoke,
     .repeat = true},
    {.name = "listen",
     .type = EL_CONF_UINT,
     .offset = AT(listen),
     .metavar = "PORT",
     .fallback = "51820",
     .help = "The UDP port that spokes call (see --tcp, too).",
     .min = 1,
     .max = 65535},
    {.name = "tcp",
     .type = EL_CONF_CUSTOM,
     .metavar = "PORT",
     .help =
         "A TCP port that spokes may call where UDP is blocked; 443 is open where any is. Up to "
         "6. Default: TCP too on the port of --listen, if it is free.",
     .parse = add_tcp,
     .repeat = true},
    {.name = "no-tcp",
     .type = EL_CONF_FLAG,
     .offset = AT(tcp.none),
     .help = "Take no spokes inside TCP."},
    {.name = "public",
     .type = EL_CONF_CUSTOM,
     .metavar = "HOST[:PORT]",
     .help = "Where spokes reach this hub: what tokens say, up to 6 times, the best one first. By "
             "default this computer's own addresses, which are not enough behind NAT.",
     .parse = add_public,
     .repeat = true},
    {.name = "api",
     .type = EL_CONF_STRING,
     .offset = AT(api),
     .metavar = "PATH",
     .help = "The socket on which token, spokes, publish and the like talk to this hub; none: "
             "nowhere. Default: " EL_HUB_API "; of a plain user $XDG_RUNTIME_DIR/el2w/hub.sock."},
    {.name = "second-factor",
     .type = EL_CONF_CUSTOM,
     .metavar = "NAMES",
     .help = "What is asked for beside the token: none, or of totp, approval and program one or "
             "several, with commas. By default as el2w second-factor says, with the program if "
             "there is one.",
     .parse = set_factors},
    {.name = "templates",
     .type = EL_CONF_STRING,
     .offset = AT(plan.templates),
     .metavar = "DIR",
     .help = "Templates of your own, beside those that are inside: a directory each, with a "
             "template.conf (README). Read when the hub starts."},
    {.name = "second-factor-exec",
     .type = EL_CONF_STRING,
     .offset = AT(second_factor_exec),
     .metavar = "PROGRAM",
     .help = "Ask this program too before a spoke is let in with a token: el2w help second-factor "
             "tells how."},
    {.name = "second-factor-user",
     .type = EL_CONF_STRING,
     .offset = AT(second_factor_user),
     .metavar = "USER",
     .help = "Run it as this user. Default: nobody; of a plain user's hub, that user."},
    {.name = "unknown",
     .type = EL_CONF_CUSTOM,
     .metavar = "POLICY",
     .help = "What machines get of which nothing has been said: menu (the default), wait (until "
             "something is: el2w machine set), or inventory=ENTRY, that entry of the menu.",
     .parse = set_unknown},
    {.name = "failed",
     .type = EL_CONF_CUSTOM,
     .metavar = "menu|local",
     .help = "What a machine gets whose installation has failed twice: the menu, or its own disk.",
     .parse = set_failed},
    {.name = "menu-password",
     .type = EL_CONF_CUSTOM,
     .metavar = "HASH",
     .help =
         "Ask for a password before an entry of the menu is started that erases disks: its hash, "
         "as openssl passwd -6 makes one.",
     .parse = set_password},
    {.name = "network",
     .type = EL_CONF_STRING,
     .offset = AT(network),
     .metavar = "NAME",
     .fallback = "boot",
     .help = "The network's name, and that of its interface here."},
    {.name = "vni",
     .type = EL_CONF_UINT,
     .offset = AT(vni),
     .metavar = "N",
     .fallback = "77",
     .help = "The network's VXLAN identifier.",
     .max = 16777215},
    {.name = "cidr",
     .type = EL_CONF_PREFIX,
     .offset = AT(cidr),
     .metavar = "RANGE",
     .fallback = "192.168.77.0/24",
     .help = "The network's addresses; the hub has the first."},
    {.name = "prefix6",
     .type = EL_CONF_PREFIX,
     .offset = AT(prefix6),
     .metavar = "RANGE",
     .help = "With --gateway: the network's IPv6 addresses, a /64; the hub has the first. By "
             "default a unique local range (fd...) that follows from the hub's key."},
    {.name = "userspace",
     .type = EL_CONF_FLAG,
     .offset = AT(userspace),
     .help = "Without interfaces and without root: no more than a UDP port of this computer (see "
             "below)."},
    {.name = "gateway",
     .type = EL_CONF_FLAG,
     .offset = AT(gateway),
     .help = "Let machines out through this computer, with its addresses (see below)."},
    {.name = "no-firewall",
     .type = EL_CONF_FLAG,
     .offset = AT(no_firewall),
     .help = "Let machines reach whatever listens on this computer, not only what el2w serves."},
    {.name = "no-direct",
     .type = EL_CONF_FLAG,
     .offset = AT(no_direct),
     .help = "Do not tell spokes where others are: all they say to each other goes through here."},
    {.name = "key",
     .type = EL_CONF_STRING,
     .offset = AT(key),
     .metavar = "FILE",
     .help = "The hub's private key. Default: hub.key in the state directory, which is made at the "
             "first start."},
    {.name = "state",
     .type = EL_CONF_STRING,
     .offset = AT(state),
     .metavar = "DIR",
     .help = "Directory for what must survive: the key, leases. Default: " EL_PLACES_STATE
             "; of a plain user ~/.local/state/el2w."},
};

static const struct el_conf_section sections[] = {
    EL_CMD_NETWORK_SECTION(add_plan_network), EL_CMD_SPOKE_SECTION(add_plan_spoke),
    EL_CMD_MACHINE_SECTION(add_plan_machine), EL_CMD_PROFILE_SECTION(add_plan_profile)};

static const struct el_conf_schema schema = {
    .name = "hub",
    .summary = "here: spokes connect to it, and machines behind them boot from it",
    .usage = "[--public HOST]... [--spoke NAME=KEY]... [--images DIR] [OPTIONS]",
    .manual =
        "Makes the network's interface, waits for spokes on a UDP port, and serves the bare "
        "machines behind them: DHCP, DNS, loaders over TFTP, a menu, kernels and files over HTTP. "
        "The machines' network is separate from the hub's other networks: nothing is routed, and "
        "machines reach nothing on the hub but these services and ping. nft list table inet "
        "el2w-NETWORK shows the rules; they are gone when the hub stops. What other firewalls on "
        "this computer drop stays dropped.\n\n"
        "With --gateway machines reach whatever this computer reaches, but for other networks of "
        "el2w; nobody reaches them. Their packets leave with this computer's addresses "
        "(masquerading). They are told that the hub is their router, unless --router says "
        "otherwise, and its DNS asks the servers that this computer asks. So over IPv6: router "
        "advertisements tell them a range to make addresses in; --no-ra leaves that out. "
        "Forwarding is switched "
        "on where it is off, for these answers alone, until the hub stops: if this computer routes "
        "for others too, switch it on yourself before. To let machines out by an interface that "
        "came later, start the hub again.\n\n"
        "Spokes that cannot reach the UDP port come inside TCP, by default on the port of the same "
        "number; they try 443 as well, which has to be said here: --tcp 443. Whoever else connects "
        "there is hung up on.\n\n"
        "Spokes are let in with a token, el2w token create NAME, and see what is published to "
        "them, "
        "el2w publish; or they are named here with their keys, --spoke, and see the network at "
        "once. "
        "What was said with token, approve, revoke, network and publish is in the state directory "
        "and survives.\n\n"
        "All of it can stand in one file, --config FILE, networks, spokes and machines too (see "
        "the end). It is applied at each start, without change if nothing changed, and wins then; "
        "until the next start commands win. What it does not say stays: remove or revoke that by "
        "command. A key that was revoked stays so.\n\n"
        "Spokes that have much to say to each other do so directly, where their NATs let them; "
        "--no-direct keeps it, and their addresses, to the hub.\n\n"
        "With --userspace it needs no root and no capability, and runs as a plain user or in a "
        "container: each network has a TCP/IP stack of its own inside the boot service, and what "
        "machines send never meets this computer's. Networks may have the same addresses, and "
        "those of this computer's other networks. IPv4 only. There "
        "is no interface to look at, and no --gateway.\n\n"
        "A machine that starts from the network gets the menu, or what was said of it (el2w "
        "machine): "
        "its profile is installed once; then it gets its own disk, however often it comes. An "
        "installation that has failed twice is not tried again until somebody asks.\n\n"
        "DNS knows machines by their names, hub.el2w and --record, and asks others if machines are "
        "let out.\n\n"
        "What machines may boot is added with el2w image add: disk images (ISO) of the "
        "distributions, which are recognised and served from inside, and directories. It is kept "
        "in the directory of --images, or else in images below the state directory, and is in the "
        "menu, or out of it, at once.\n\n"
        "An entry of the menu is a directory in there with the files and an entry.conf, which may "
        "as well be made by hand:\n\n"
        "  title  = Debian 12 installer\n"
        "  kernel = linux\n"
        "  initrd = initrd.gz\n"
        "  args   = console=ttyS0 url=@url@/preseed.cfg\n\n"
        "and, where needed, arch (x86_64, arm64), order, default = yes, chain = FILE instead of a "
        "kernel, platform (bios, efi), media = FILE.iso, inside which files are looked for that "
        "are not in the directory, and installer, distribution, version, what it is. @url@ is the "
        "directory's URL, @media@ the disk image's, @hub@ the hub's address, @mac@ the machine's."
        "\n\n"
        "What --dhcp and --dhcp-option do is in the manual of boot-service.\n\n"
        "A system that has booted may report: http://@hub@/report?mac=@mac@&step=booted appears "
        "in the hub's log.\n\n"
        "What goes over the wire is WireGuard and VXLAN, so a spoke need not be el2w. For one that "
        "is, wire=compact and wire=fast save bytes and time; the spoke is told the same "
        "(--wire).\n\n"
        "Running it again changes nothing. SIGTERM ends it and leaves nothing behind.",
    .options = options,
    .count = sizeof options / sizeof options[0],
    .part = el_cmd_tunnel_options,
    .part_count = EL_CMD_TUNNEL_OPTIONS,
    .part_offset = AT(tunnel),
    .shared = el_cmd_boot_options,
    .shared_count = EL_CMD_BOOT_OPTIONS,
    .sections = sections,
    .section_count = sizeof sections / sizeof sections[0],
    .service = true,
};

/* The hub's own network may stand among the others: what is said there counts, unless it is said
 * here too, differently. */
static int fit_network(struct el_hub_config *config, const struct el_conf *conf, struct el_err *err)
{
    struct el_hub_plan_network first = {.vni = config->vni, .cidr = config->cidr};
    const struct el_hub_plan_network *said = el_hub_plan_network(&config->plan, config->network);

    if (said && said->vni && el_conf_said(conf, "vni") && said->vni != config->vni)
        return el_err(err, EL_EINVAL, "network %s: vni is said twice, differently", said->name);
    if (said && said->cidr.ip.family && el_conf_said(conf, "cidr") &&
        (said->cidr.len != config->cidr.len || !el_ip_equal(&said->cidr.ip, &config->cidr.ip)))
        return el_err(err, EL_EINVAL, "network %s: cidr is said twice, differently", said->name);
    if (said && said->prefix6.ip.family && el_conf_said(conf, "prefix6") &&
        !el_ip_equal(&said->prefix6.ip, &config->prefix6.ip))
        return el_err(err, EL_EINVAL, "network %s: prefix6 is said twice, differently", said->name);
    if (said && said->prefix6.ip.family)
        config->prefix6 = said->prefix6;
    if (said && said->vni)
        first.vni = said->vni;
    if (said && said->cidr.ip.family)
        first.cidr = said->cidr;
    config->vni = first.vni;
    config->cidr = first.cidr;
    snprintf(first.name, sizeof first.name, "%s", config->network);
    return el_hub_plan_check(&config->plan, &first, &config->spokes, err);
}

/* Where it was said, or beside the rest of the state. */
static int find_images(struct hub *values, char path[EL_PLACES_PATH], struct el_err *err)
{
    struct el_hub_config *config = &values->config;

    config->images = values->boot.boot.images;
    config->own_images = !config->images;
    if (config->images)
        return 0;
    if (snprintf(path, EL_PLACES_PATH, "%s/images", config->state) >= EL_PLACES_PATH)
        return el_err(err, EL_EINVAL, "state %.100s…: too long", config->state);
    config->images = path;
    return 0;
}

static unsigned check_hub(const void *config, FILE *good, FILE *bad)
{
    const struct hub *values = config;

    return el_hub_check(&values->config, &values->boot.boot, good, bad);
}

static int run_hub(struct hub *values, const struct el_conf *conf)
{
    struct el_hub_config *config = &values->config;
    char state[EL_PLACES_PATH], images[EL_PLACES_PATH];
    struct el_err err = {""};
    char *text = el_conf_print(conf);
    char *log_text = el_conf_print_common(conf);
    char *boot_text = el_conf_print_shared(conf);

    config->boot = &values->boot.boot;
    config->http_port = values->boot.boot.http_port;
    config->no_ra = values->boot.boot.no_ra;
    config->no_dhcp = values->boot.boot.dhcp == EL_BOOT_DHCP_OFF;
    config->dhcp_relay = values->boot.boot.dhcp == EL_BOOT_DHCP_RELAY;
    config->no_dns = values->boot.boot.names.off;
    config->said_router = values->boot.boot.router.family != 0;
    config->said_dns = values->boot.boot.dns_count + values->boot.boot.dns6_count > 0;
    config->options = text;
    config->log_options = log_text;
    config->boot_options = boot_text;
    int rc = text && log_text && boot_text ? 0 : el_err(&err, EL_ENOMEM, "out of memory");
    if (rc == 0)
        rc = fit_network(config, conf, &err);
    if (rc == 0 && !config->state) {
        rc = el_places_state(state, &err);
        config->state = state;
    }
    if (rc == 0)
        rc = find_images(values, images, &err);
    bool looks = rc == 0 && el_cmd_looks(&values->boot.common);
    int code =
        looks ? el_cmd_look(&schema, &values->boot.common, check_hub, values, config->state, text)
              : EL_EXIT_DONE;
    if (rc == 0 && !looks)
        rc = el_boot_options_fit(&values->boot.boot, &config->cidr, &err);
    if (rc == 0 && !looks)
        rc = el_hub_run(config, &err);
    free(text);
    free(log_text);
    free(boot_text);
    if (rc == EL_EAGAIN)
        return EL_EXIT_FAILED; /* an applet has said why */
    if (rc < 0)
        return el_cmd_fail(&schema, &err);
    if (rc == EL_LAUNCH_RUNNING)
        puts(err.text);
    return code;
}

static int run(int argc, char **argv)
{
    struct hub values = {0};
    struct el_conf *conf;
    int code = el_cmd_begin(&schema, &values, argc, argv, &conf);

    if (code == EL_EXIT_GO_ON) {
        code = run_hub(&values, conf);
        el_conf_free(conf);
    }
    el_hub_public_clear(values.config.endpoints, &values.config.endpoint_count);
    el_hub_plan_clear(&values.config.plan);
    el_node_peers_clear(&values.config.spokes);
    el_boot_options_clear(&values.boot.boot);
    return code;
}

const struct el_applet el_applet_hub = {.schema = &schema, .run = run};
