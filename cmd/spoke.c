/* SPDX-License-Identifier: GPL-2.0-or-later */
/* el2w spoke: the remote site's end. */
#include "applet.h"
#include "look.h"
#include "tunnel_options.h"

#include "check/check.h"
#include "node/launch.h"
#include "spoke/spoke.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct spoke {
    struct el_conf_common common;
    struct el_spoke_config config;
};

static int set_hub_key(void *values, const char *text, struct el_err *err)
{
    if (el_tunnel_key_parse(text, ((struct spoke *)values)->config.hub_key) < 0)
        return el_err(err, EL_EINVAL,
                      "\"%s\" is no public key (44 characters of base64; the hub logs its own "
                      "when it starts)",
                      text);
    return 0;
}

static int add_lan(void *values, const char *text, struct el_err *err)
{
    return el_lan_add(&((struct spoke *)values)->config.lans, text, err);
}

#define AT(member) offsetof(struct spoke, config.member)

static const struct el_conf_option options[] = {
    {.name = "join",
     .type = EL_CONF_STRING,
     .offset = AT(join),
     .metavar = "TOKEN",
     .help = "Be enrolled at the hub with this token, which el2w token create prints there; or "
             "@FILE, or - for standard input, to keep it from the list of processes. A spoke that "
             "has been enrolled with it starts as if nothing had been said."},
    {.name = "code",
     .type = EL_CONF_STRING,
     .offset = AT(code),
     .metavar = "CODE",
     .help = "The code that the hub wants besides the token, if it does. Without this it is asked "
             "for at the terminal."},
    {.name = "join-again",
     .type = EL_CONF_FLAG,
     .offset = AT(join_again),
     .help = "Join although this spoke is enrolled already, with another token: after it was "
             "revoked, or at another hub. With a new key, as one that was revoked is never taken "
             "again."},
    {.name = "hub",
     .type = EL_CONF_STRING,
     .offset = AT(hub),
     .metavar = "HOST[:PORT]",
     .help = "Where the hub is, if not where the token said; UDP port 51820 unless said "
             "otherwise."},
    {.name = "hub-key",
     .type = EL_CONF_CUSTOM,
     .parse = set_hub_key,
     .metavar = "KEY",
     .help = "The public key of a hub that was told ours by hand, without a token. It logs its "
             "own when it starts."},
    {.name = "lan",
     .type = EL_CONF_CUSTOM,
     .parse = add_lan,
     .metavar = "INTERFACE[.VLAN][=NETWORK]",
     .help =
         "The interface with the bare machines, or one VLAN of it: eth1.30. With =NETWORK it is "
         "for that network, otherwise for the first. May be repeated. The hub may say another for "
         "a network (el2w publish NET --to SPOKE --lan eth1.30), but only one that is allowed "
         "here: eth1 allows its VLANs too. Without it this computer itself is connected, through "
         "an interface with the network's name.",
     .repeat = true},
    {.name = "no-dhcp",
     .type = EL_CONF_FLAG,
     .offset = AT(no_dhcp),
     .help = "Without --lan: do not ask for an address, because somebody else does or gives one."},
    {.name = "key",
     .type = EL_CONF_STRING,
     .offset = AT(key),
     .metavar = "FILE",
     .help = "This spoke's private key. Default: spoke.key in the state directory, which is made "
             "at the first start."},
    {.name = "psk",
     .type = EL_CONF_STRING,
     .offset = AT(psk),
     .metavar = "FILE",
     .help = "A pre-shared key, if the hub has one for this spoke."},
    {.name = "wire",
     .type = EL_CONF_CHOICE,
     .offset = AT(wire),
     .metavar = "WIRE",
     .choices = el_tunnel_wire_names,
     .help =
         "What goes over the wire, as on the hub: standard (WireGuard and VXLAN); compact, "
         "between two el2w, with fewer bytes and checksums; or fast, which also has a cipher for "
         "CPUs with instructions for AES. Default: what the hub has decided when we joined, or "
         "standard."},
    {.name = "name",
     .type = EL_CONF_STRING,
     .offset = AT(name),
     .metavar = "NAME",
     .fallback = "spoke",
     .help = "What the hub shall call this spoke, in the line that is logged for it. One that "
             "joins has the name that its token was made for."},
    {.name = "network",
     .type = EL_CONF_STRING,
     .offset = AT(network),
     .metavar = "NAME",
     .help = "This network only. Default: all that the hub has for this spoke; without a token, "
             "boot."},
    {.name = "vni",
     .type = EL_CONF_UINT,
     .offset = AT(vni),
     .metavar = "N",
     .help = "The network's VXLAN identifier, as on the hub, and that it is there whatever the hub "
             "says. Default: what the hub says; without a token, 77.",
     .max = 16777215},
    {.name = "listen",
     .type = EL_CONF_UINT,
     .offset = AT(listen),
     .metavar = "PORT",
     .fallback = "0",
     .help = "Our UDP port; 0 lets the system choose.",
     .max = 65535},
    {.name = "guard",
     .type = EL_CONF_FLAG,
     .offset = AT(guard),
     .help = "Let no answer of another DHCP server on the LAN, and no router advertisement, pass "
             "this spoke: who gives them is in the log (rogue-dhcp)."},
    {.name = "no-tcp",
     .type = EL_CONF_FLAG,
     .offset = AT(no_tcp),
     .help = "Do not call the hub inside TCP where UDP is blocked."},
    {.name = "keepalive",
     .type = EL_CONF_DURATION,
     .offset = AT(keepalive_ns),
     .metavar = "TIME",
     .fallback = "25s",
     .help =
         "How often an idle tunnel says something, so that a NAT or firewall on the way does not "
         "forget it (they do after 30 s at the earliest); 0: never, where there is none, or "
         "the battery matters more than being called by the hub.",
     .max = 65535},
    {.name = "give-up",
     .type = EL_CONF_DURATION,
     .offset = AT(give_up_ns),
     .metavar = "TIME",
     .fallback = "0",
     .help = "Fail if the hub has not answered by then, for scripts; 0: say so and try for ever."},
    {.name = "address",
     .type = EL_CONF_IP,
     .offset = AT(address),
     .metavar = "IP",
     .help = "Our address inside the tunnel, if the hub was told one with ip=. Default: what the "
             "hub has decided, or what follows from our key."},
    {.name = "state",
     .type = EL_CONF_STRING,
     .offset = AT(state),
     .metavar = "DIR",
     .fallback = "/var/lib/el2w",
     .help = "Directory for what must survive."},
};

static const struct el_conf_schema schema = {
    .name = "spoke",
    .summary = "at the remote site: connect a LAN of bare machines to the hub",
    .usage = "[--join TOKEN] [--lan INTERFACE] [OPTIONS]",
    .manual =
        "Connects the LAN behind INTERFACE to the hub's network through an encrypted tunnel, so "
        "that bare machines there see the hub's DHCP, TFTP and HTTP as if they were in the same "
        "room. It calls the hub, so it may sit behind NAT; it reconnects by itself, whatever "
        "happens to the path or to the hub. Where UDP is blocked it calls the hub inside TCP, at "
        "the hub's UDP port and at 443, and goes back to UDP when that passes again.\n\n"
        "The interface keeps its configuration and nothing is left behind at the end. There must "
        "be no other DHCP server on that LAN.\n\n"
        "On the hub, el2w token create NAME prints a token; here\n\n"
        "  spoke# el2w spoke --join TOKEN --lan eth1\n\n"
        "makes a key that never leaves this computer, has the hub take it in, and starts. The hub "
        "may want a code, or somebody who approves and compares the fingerprint that is shown "
        "here; nothing is lost if this is interrupted. What was agreed stays in the state "
        "directory (spoke.key, enrolled.conf), and from then on el2w spoke --lan eth1 will do; so "
        "will the same line with its token. What is said on the command line counts more than what "
        "was agreed.\n\n"
        "It asks the hub which networks there are for it, when the tunnel comes up, when the hub "
        "says that something has changed, and every minute: networks come and go while it runs, "
        "several at once, and what the hub has to say stands in the log. What it was told last is "
        "kept, for a start while the hub is away. One that the hub has revoked says so and ends "
        "with exit code 4.\n\n"
        "A single computer is a guest in its networks without --lan: it gets an interface with "
        "each network's name, and asks for an address there (--no-dhcp: it does not). A range that "
        "is in use here elsewhere is not set; the network's router is used for what no other route "
        "leads to; its name servers are logged, for whoever writes /etc/resolv.conf. The address "
        "is "
        "given back at the end.\n\n"
        "Without a token, both sides are told the other's key:\n\n"
        "  spoke# el2w spoke --hub hub.example.org --hub-key KEY --lan eth1\n\n"
        "logs this spoke's public key, which the hub has to be told: --spoke NAME=PUBLIC-KEY.",
    .options = options,
    .count = sizeof options / sizeof options[0],
    .part = el_cmd_tunnel_options,
    .part_count = EL_CMD_TUNNEL_OPTIONS,
    .part_offset = AT(tunnel),
    .service = true,
};

static unsigned check_spoke(const void *config, FILE *good, FILE *bad)
{
    return el_spoke_check(config, good, bad);
}

static int run_spoke(struct spoke *values, const struct el_conf *conf)
{
    struct el_err err = {""};
    char *text = el_conf_print(conf);
    char *log_text = el_conf_print_common(conf);

    values->config.options = text;
    values->config.log_options = log_text;
    int rc = text && log_text ? 0 : el_err(&err, EL_ENOMEM, "out of memory");
    bool looks = rc == 0 && el_cmd_looks(&values->common);
    int code = looks ? el_cmd_look(&schema, &values->common, check_spoke, &values->config,
                                   values->config.state, text)
                     : EL_EXIT_DONE;
    if (rc == 0 && !looks)
        rc = el_spoke_run(&values->config, &err);
    if (text)
        explicit_bzero(text, strlen(text)); /* a token may be in it */
    free(text);
    free(log_text);
    if (rc == EL_EAGAIN)
        return EL_EXIT_FAILED; /* the tunnel has said why */
    if (rc == EL_SPOKE_REVOKED)
        return EL_EXIT_REVOKED;
    if (rc < 0)
        return el_cmd_fail(&schema, &err);
    if (rc == EL_LAUNCH_RUNNING)
        puts(err.text);
    return code;
}

static int run(int argc, char **argv)
{
    struct spoke values = {.config = {.wire = EL_TUNNEL_WIRES, .vni = EL_SPOKE_VNI_UNSAID}};
    struct el_conf *conf;
    int code = el_cmd_begin(&schema, &values, argc, argv, &conf);

    if (code != EL_EXIT_GO_ON)
        return code;
    code = run_spoke(&values, conf);
    el_conf_free(conf);
    return code;
}

const struct el_applet el_applet_spoke = {.schema = &schema, .run = run};
