/* SPDX-License-Identifier: GPL-2.0-or-later */
/* el2w dnsd: names, by hand. */
#include "applet.h"

#include "service/name_service.h"

struct dnsd {
    struct el_conf_common common;
    struct el_name_service_config config;
};

static int add_upstream(void *values, const char *text, struct el_err *err)
{
    return el_dns_options_upstream(&((struct dnsd *)values)->config.options, text, err);
}

static int add_record(void *values, const char *text, struct el_err *err)
{
    return el_dns_options_record(&((struct dnsd *)values)->config.options, text, err);
}

static int add_private(void *values, const char *text, struct el_err *err)
{
    return el_dns_options_private(&((struct dnsd *)values)->config.options, text, err);
}

static int add_allowed(void *values, const char *text, struct el_err *err)
{
    struct el_name_service_config *config = &((struct dnsd *)values)->config;

    if (config->allowed_count == EL_NAME_SERVICE_RANGES)
        return el_err(err, EL_EFULL, "at most %d ranges", EL_NAME_SERVICE_RANGES);
    if (el_prefix_parse(text, &config->allowed[config->allowed_count]) < 0)
        return el_err(err, EL_EINVAL, "%s: expected a range, such as 192.168.5.0/24", text);
    config->allowed_count++;
    return 0;
}

#define AT(member) offsetof(struct dnsd, config.member)

static const struct el_conf_option options[] = {
    {.name = "bind",
     .type = EL_CONF_IP,
     .offset = AT(ip),
     .metavar = "IP",
     .fallback = "127.0.0.1",
     .help = "The address to serve at."},
    {.name = "port",
     .type = EL_CONF_UINT,
     .offset = AT(port),
     .metavar = "PORT",
     .fallback = "53",
     .help = "The port to serve at.",
     .min = 1,
     .max = 65535},
    {.name = "device",
     .type = EL_CONF_STRING,
     .offset = AT(device),
     .metavar = "INTERFACE",
     .help = "Serve on this interface only."},
    {.name = "allow",
     .type = EL_CONF_CUSTOM,
     .metavar = "RANGE",
     .help = "Who may ask: others are not answered. By default this computer alone.",
     .parse = add_allowed,
     .repeat = true},
    {.name = "dns-upstream",
     .type = EL_CONF_CUSTOM,
     .metavar = "IP[:PORT]",
     .help =
         "A server to ask for what is not known here; of several the quickest one that answers.",
     .parse = add_upstream,
     .repeat = true},
    {.name = "dns-host",
     .type = EL_CONF_FLAG,
     .offset = AT(options.host),
     .help = "Ask the servers that this computer asks (/etc/resolv.conf), if none is named."},
    {.name = "record",
     .type = EL_CONF_CUSTOM,
     .metavar = "NAME=IP",
     .help = "This name has this address, and the address this name.",
     .parse = add_record,
     .repeat = true},
    {.name = "domain",
     .type = EL_CONF_STRING,
     .offset = AT(domain),
     .metavar = "NAME",
     .help =
         "The domain of this network: what is not known of it is asked for only if others are."},
    {.name = "dns-private",
     .type = EL_CONF_CUSTOM,
     .metavar = "DOMAIN",
     .help = "Names in this domain may have private addresses; of others these are left out.",
     .parse = add_private,
     .repeat = true},
    {.name = "rate",
     .type = EL_CONF_UINT,
     .offset = AT(rate),
     .metavar = "N",
     .fallback = "2000",
     .help = "Datagrams a second that one address is answered, in the long run; 0: any number."},
};

static const struct el_conf_schema schema = {
    .name = "dnsd",
    .summary = "names over DNS: a forwarder with a cache",
    .usage = "[--bind IP] [--allow RANGE]... [--dns-upstream IP]... [--record NAME=IP]...",
    .manual =
        "Answers what it knows (--record), and asks others for the rest, over UDP and TCP. Answers "
        "are kept as long as they say, asked for again before they end if they are wanted often, "
        "and told up to a day longer while nobody can be asked (RFC 8767).\n\n"
        "What is told by others is checked: it must come from the server, port and id that were "
        "asked, in the same upper and lower case, and be about the name that was asked for. "
        "Private addresses in names from outside are left out, unless --dns-private excepts the "
        "domain.\n\n"
        "Without --dns-upstream and --dns-host nobody is asked, and other names are refused.",
    .options = options,
    .count = sizeof options / sizeof options[0],
};

static int run(int argc, char **argv)
{
    struct dnsd values = {0};
    struct el_err err = {""};
    struct el_conf *conf;
    int code = el_cmd_begin(&schema, &values, argc, argv, &conf);

    if (code == EL_EXIT_GO_ON) {
        code = el_name_service_run(&values.config, &err) < 0 ? el_cmd_fail(&schema, &err)
                                                             : EL_EXIT_DONE;
        el_conf_free(conf);
    }
    el_dns_options_clear(&values.config.options);
    return code;
}

const struct el_applet el_applet_dnsd = {.schema = &schema, .run = run};
