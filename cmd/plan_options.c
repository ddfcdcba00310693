/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Networks, spokes and machines in a hub's file. */
#include "plan_options.h"

/* -- [network NAME] -- */

#define AT(member) offsetof(struct el_hub_plan_network, member)

static int set_until(void *network, const char *text, struct el_err *err)
{
    return el_hub_plan_set_until(network, text, err);
}

static int set_publish(void *network, const char *text, struct el_err *err)
{
    return el_hub_plan_set_publish(network, text, err);
}

const char el_cmd_network_help[] =
    "A network, made at the hub's start if it is not there. That of --network is the hub's own: it "
    "takes VNI and ranges from here unless --vni, --cidr or --prefix6 say them.\n\n"
    "  [hub]\n"
    "  public = hub.example.org\n"
    "  second-factor = approval\n"
    "\n"
    "  [network boot]\n"
    "  publish = all\n"
    "\n"
    "  [network lab2]\n"
    "  vni = 78\n"
    "  cidr = 192.168.78.0/24\n"
    "\n"
    "  [spoke mars]\n"
    "  publish = lab2@eth1.30\n"
    "\n"
    "  [spoke venus]\n"
    "  key = PUBLIC-KEY\n"
    "  publish = boot, lab2";

const struct el_conf_option el_cmd_network_options[EL_CMD_NETWORK_OPTIONS] = {
    {.name = "vni",
     .type = EL_CONF_UINT,
     .offset = AT(vni),
     .metavar = "N",
     .help = "Its VXLAN identifier, which no other network of this hub has.",
     .min = 1,
     .max = 16777215},
    {.name = "cidr",
     .type = EL_CONF_PREFIX,
     .offset = AT(cidr),
     .metavar = "RANGE",
     .help = "Its addresses, of which the hub has the first."},
    {.name = "prefix6",
     .type = EL_CONF_PREFIX,
     .offset = AT(prefix6),
     .metavar = "RANGE",
     .help = "Its IPv6 addresses behind a gateway, a /64; by default a unique local range."},
    {.name = "until",
     .type = EL_CONF_CUSTOM,
     .metavar = "TIME",
     .help = "Take it down then (UTC, 2026-12-31T18:00:00Z), and say so beforehand.",
     .parse = set_until},
    {.name = "publish",
     .type = EL_CONF_CUSTOM,
     .metavar = "all|none",
     .help = "Whether spokes see it of which nothing else is said.",
     .parse = set_publish},
};

#undef AT

/* -- [spoke NAME] -- */

#define AT(member) offsetof(struct el_hub_plan_spoke, member)

static int set_key(void *spoke, const char *text, struct el_err *err)
{
    return el_hub_plan_set_key(spoke, text, err);
}

static int set_psk_file(void *spoke, const char *text, struct el_err *err)
{
    return el_hub_plan_set_psk_file(spoke, text, err);
}

static int set_psk(void *spoke, const char *text, struct el_err *err)
{
    return el_hub_plan_set_psk(spoke, text, err);
}

static int set_wire(void *spoke, const char *text, struct el_err *err)
{
    return el_hub_plan_set_wire(spoke, text, err);
}

static int set_publications(void *spoke, const char *text, struct el_err *err)
{
    return el_hub_plan_set_publications(spoke, text, err);
}

const char el_cmd_spoke_help[] =
    "A spoke: with a key, one that is let in without a token; without, one that comes with a token "
    "of this name, and finds there what is published to it.";

const struct el_conf_option el_cmd_spoke_options[EL_CMD_SPOKE_OPTIONS] = {
    {.name = "key",
     .type = EL_CONF_CUSTOM,
     .metavar = "KEY",
     .help = "Its public key.",
     .parse = set_key},
    {.name = "psk",
     .type = EL_CONF_CUSTOM,
     .metavar = "FILE",
     .help = "A pre-shared key.",
     .parse = set_psk_file},
    {.name = "psk-key",
     .type = EL_CONF_CUSTOM,
     .metavar = "KEY",
     .help = "The same, itself and not in a file of its own.",
     .parse = set_psk},
    {.name = "address",
     .type = EL_CONF_IP,
     .offset = AT(ip),
     .metavar = "IP",
     .help = "Inside the tunnel; by default it follows from the key."},
    {.name = "wire",
     .type = EL_CONF_CUSTOM,
     .metavar = "WIRE",
     .help = "What goes over the wire: standard, compact or fast, as the spoke was told.",
     .parse = set_wire},
    {.name = "publish",
     .type = EL_CONF_CUSTOM,
     .metavar = "NETWORK[@LAN], ...",
     .help = "The networks that it sees, beside those for all: each on the spoke's interface (or "
             "VLAN) LAN, or as the spoke was started; or none.",
     .parse = set_publications},
};

#undef AT

/* -- [machine NAME] -- */

#define AT(member) offsetof(struct el_hub_plan_machine, member)

static int set_mac(void *machine, const char *text, struct el_err *err)
{
    return el_hub_plan_set_mac(machine, text, err);
}

static int set_profile(void *machine, const char *text, struct el_err *err)
{
    return el_hub_plan_set_profile(machine, text, err);
}

static int set_region(void *machine, const char *text, struct el_err *err)
{
    return el_hub_plan_set_region(machine, text, err);
}

static int add_option(void *machine, const char *text, struct el_err *err)
{
    return el_hub_plan_add_word(&((struct el_hub_plan_machine *)machine)->options, text, err);
}

static int add_quirk(void *machine, const char *text, struct el_err *err)
{
    return el_hub_plan_add_word(&((struct el_hub_plan_machine *)machine)->quirks, text, err);
}

const char el_cmd_machine_help[] =
    "A machine: what el2w machine set says, at each start of the hub. A machine that has been "
    "installed stays so, whatever profile is said here: that it is installed again, a person asks "
    "(el2w machine reinstall).\n\n"
    "  [machine n1]\n"
    "  mac = 52:54:00:12:34:56\n"
    "  profile = web\n"
    "  address = 192.168.77.20";

const struct el_conf_option el_cmd_machine_options[EL_CMD_MACHINE_OPTIONS] = {
    {.name = "mac",
     .type = EL_CONF_CUSTOM,
     .metavar = "MAC",
     .help = "Of the card that it starts from.",
     .parse = set_mac},
    {.name = "profile",
     .type = EL_CONF_CUSTOM,
     .metavar = "NAME",
     .help = "What it is installed with.",
     .parse = set_profile},
    {.name = "region",
     .type = EL_CONF_CUSTOM,
     .metavar = "SPOKE",
     .help = "Where it counts as being, instead of where it is.",
     .parse = set_region},
    {.name = "address",
     .type = EL_CONF_IP,
     .offset = AT(address),
     .metavar = "IP",
     .help = "Reserved for it, in the network of that range."},
    {.name = "option",
     .type = EL_CONF_CUSTOM,
     .metavar = "NAME=VALUE",
     .help = "Of DHCP, for this machine.",
     .parse = add_option,
     .repeat = true},
    {.name = "quirk",
     .type = EL_CONF_CUSTOM,
     .metavar = "WORD",
     .help = "Of its firmware: local=exit (its own disk is left to the firmware's list).",
     .parse = add_quirk,
     .repeat = true},
};

#undef AT

/* -- [profile NAME] -- */

static int set_profile_image(void *profile, const char *text, struct el_err *err)
{
    return el_hub_plan_set_profile_image(profile, text, err);
}

static int set_profile_template(void *profile, const char *text, struct el_err *err)
{
    return el_hub_plan_set_profile_template(profile, text, err);
}

static int set_profile_variable(void *profile, const char *text, struct el_err *err)
{
    return el_hub_plan_set_profile_value(profile, false, text, err);
}

static int set_profile_secret(void *profile, const char *text, struct el_err *err)
{
    return el_hub_plan_set_profile_value(profile, true, text, err);
}

static int set_profile_keys(void *profile, const char *text, struct el_err *err)
{
    return el_hub_plan_set_profile_keys(profile, text, err);
}

static int set_profile_json(void *profile, const char *text, struct el_err *err)
{
    return el_hub_plan_set_profile_json(profile, text, err);
}

const char el_cmd_profile_help[] =
    "How machines of one kind are installed (el2w profile). Its image may come later.\n\n"
    "  [profile web]\n"
    "  image = debian-12\n"
    "  template = debian\n"
    "  var = disk=/dev/sda\n"
    "  ssh-key = /etc/el2w/admins.pub\n"
    "  secret = root-password=@/etc/el2w/web.password";

const struct el_conf_option el_cmd_profile_options[EL_CMD_PROFILE_OPTIONS] = {
    {.name = "image",
     .type = EL_CONF_CUSTOM,
     .metavar = "IMAGE",
     .help = "What is installed.",
     .parse = set_profile_image},
    {.name = "template",
     .type = EL_CONF_CUSTOM,
     .metavar = "TEMPLATE",
     .help = "What its installer is answered with.",
     .parse = set_profile_template},
    {.name = "var",
     .type = EL_CONF_CUSTOM,
     .metavar = "NAME=VALUE|NAME=@FILE",
     .help = "A variable of the template.",
     .parse = set_profile_variable,
     .repeat = true},
    {.name = "ssh-key",
     .type = EL_CONF_CUSTOM,
     .metavar = "KEY|FILE",
     .help = "Public keys of who may come in, or a file of them.",
     .parse = set_profile_keys,
     .repeat = true},
    {.name = "secret",
     .type = EL_CONF_CUSTOM,
     .metavar = "NAME=@FILE|NAME=TEXT",
     .help = "A secret of the template.",
     .parse = set_profile_secret,
     .repeat = true},
    {.name = "json",
     .type = EL_CONF_CUSTOM,
     .metavar = "TEXT",
     .help = "All of it, in one line, as the API has it.",
     .parse = set_profile_json},
};
