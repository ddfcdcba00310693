/* SPDX-License-Identifier: GPL-2.0-or-later */
/* el2w guest: asks for an address of this computer's own. */
#include "applet.h"

#include "spoke/guest_service.h"

struct guest {
    struct el_conf_common common;
    struct el_guest_service_config config;
};

static int set_mac(void *values, const char *text, struct el_err *err)
{
    if (el_mac_parse(text, &((struct guest *)values)->config.mac) < 0)
        return el_err(err, EL_EINVAL, "this is no MAC address, as 52:54:00:12:34:56");
    return 0;
}

#define AT(member) offsetof(struct guest, config.member)

static const struct el_conf_option options[] = {
    {.name = "interface",
     .type = EL_CONF_STRING,
     .offset = AT(interface),
     .metavar = "INTERFACE",
     .help = "Where it asks.",
     .required = true},
    {.name = "mac",
     .type = EL_CONF_CUSTOM,
     .parse = set_mac,
     .metavar = "MAC",
     .help = "The interface's address.",
     .required = true},
    {.name = "name",
     .type = EL_CONF_STRING,
     .offset = AT(name),
     .metavar = "NAME",
     .help = "What the server may call this computer."},
    {.name = "user",
     .type = EL_CONF_UINT,
     .offset = AT(user),
     .metavar = "UID",
     .fallback = "0",
     .help = "Become this user once all is open; 0: stay who we are, without capabilities.",
     .max = 4294967294},
};

static const struct el_conf_schema schema = {
    .name = "guest",
    .summary = "asks for an address in a network (DHCP); el2w spoke starts it",
    .usage = "--interface INTERFACE --mac MAC [OPTIONS]",
    .manual = "Asks a network's DHCP server for an address of this computer's own, keeps it as "
              "long as it may, and gives it back at the end. It has no rights: el2w spoke, which "
              "starts it, sets the address. It is of no use by hand.",
    .options = options,
    .count = sizeof options / sizeof options[0],
};

static int run(int argc, char **argv)
{
    struct guest values = {0};
    struct el_err err = {""};
    struct el_conf *conf;
    int code = el_cmd_begin(&schema, &values, argc, argv, &conf);

    if (code == EL_EXIT_GO_ON) {
        if (el_guest_service_run(&values.config, &err) < 0)
            code = el_cmd_fail(&schema, &err);
        else
            code = EL_EXIT_DONE;
        el_conf_free(conf);
    }
    return code;
}

const struct el_applet el_applet_guest = {.schema = &schema, .run = run, .internal = true};
