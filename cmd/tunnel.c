/* SPDX-License-Identifier: GPL-2.0-or-later */
/* el2w tunnel: one Ethernet over WireGuard. */
#include "applet.h"
#include "tunnel_options.h"

#include "link/tunnel_service.h"

struct tunnel {
    struct el_conf_common common;
    struct el_tunnel_service_config config;
};

static int add_peer(void *values, const char *text, struct el_err *err)
{
    return el_node_peers_add(&((struct tunnel *)values)->config.peers, text, err);
}

#define AT(member) offsetof(struct tunnel, config.member)

static const struct el_conf_option options[] = {
    {.name = "key",
     .type = EL_CONF_STRING,
     .offset = AT(key),
     .metavar = "FILE",
     .help = "The private key (el2w keygen)."},
    {.name = "listen",
     .type = EL_CONF_UINT,
     .offset = AT(listen),
     .metavar = "PORT",
     .fallback = "0",
     .help = "UDP port; 0 lets the system choose.",
     .max = 65535},
    {.name = "peer",
     .type = EL_CONF_CUSTOM,
     .metavar = "NAME=KEY[,...]",
     .help = "Who may connect, or whom to call: "
             "NAME=PUBLIC-KEY[,ip=ADDRESS][,endpoint=HOST:PORT][,psk=FILE][,keepalive=SECONDS] "
             "and ,wire=WIRE (see below). With several endpoint= they are tried in turn.",
     .parse = add_peer,
     .repeat = true},
    {.name = "address",
     .type = EL_CONF_IP,
     .offset = AT(address),
     .metavar = "IP",
     .help = "Our address inside the tunnel; by default it follows from our key."},
    {.name = "network",
     .type = EL_CONF_STRING,
     .offset = AT(network),
     .metavar = "NAME",
     .fallback = "boot",
     .help = "The network's name, and that of the interface on this computer."},
    {.name = "vni",
     .type = EL_CONF_UINT,
     .offset = AT(vni),
     .metavar = "N",
     .fallback = "77",
     .help = "The network's VXLAN identifier.",
     .max = 16777215},
    {.name = "lan",
     .type = EL_CONF_STRING,
     .offset = AT(lan),
     .metavar = "INTERFACE[.VLAN]",
     .help = "Connect this interface to the network, instead of this computer; or one VLAN of it, "
             "as eth1.30, for which it needs no VLAN device."},
    {.name = "protect",
     .type = EL_CONF_FLAG,
     .offset = AT(protect),
     .help = "Let nobody else use the MAC addresses of this computer."},
    {.name = "guard",
     .type = EL_CONF_FLAG,
     .offset = AT(guard),
     .help = "Let no answer of a DHCP server, and no router advertisement, out of the LAN."},
    {.name = "state",
     .type = EL_CONF_STRING,
     .offset = AT(state),
     .metavar = "DIR",
     .help = "Where to remember what replay protection needs after a restart."},
    {.name = "peers-max",
     .type = EL_CONF_UINT,
     .offset = AT(peers_max),
     .metavar = "N",
     .fallback = "0",
     .help = "Room for so many peers beside those given here, where a hub tells of them while it "
             "runs; 0: 2048.",
     .max = 4096},
    {.name = "call-tcp",
     .type = EL_CONF_FLAG,
     .offset = AT(call_tcp),
     .help = "Call peers inside TCP where UDP is not answered; el2w spoke says so."},
    {.name = "give-up",
     .type = EL_CONF_DURATION,
     .offset = AT(give_up_ns),
     .metavar = "TIME",
     .fallback = "0",
     .help = "End, with exit code 3, if no peer has answered by then; 0: try for ever."},
    EL_CMD_USER_OPTION(AT(user)),
};

static const struct el_conf_schema schema = {
    .name = "tunnel",
    .summary = "the encrypted Ethernet alone: WireGuard, VXLAN, a switch",
    .usage = "--key FILE --peer NAME=PUBLIC-KEY[,...] [OPTIONS]",
    .manual =
        "Connects an interface to a network over WireGuard. hub and spoke start it for you; by "
        "hand it is a layer-2 tunnel of its own:\n\n"
        "  a# el2w tunnel --key a.key --listen 51820 --peer b=KEY-OF-B --address 100.64.0.1\n"
        "  b# el2w tunnel --key b.key --peer "
        "a=KEY-OF-A,ip=100.64.0.1,endpoint=HOST,keepalive=25\n\n"
        "Any WireGuard peer that carries VXLAN (UDP 4789) between the tunnel addresses will do at "
        "the other end. If that is el2w, say wire=compact or, on CPUs with instructions for AES, "
        "wire=fast on both sides, which is faster; the default, wire=standard, is what WireGuard "
        "and VXLAN say.\n\n"
        "The interface has an MTU of 1500 on any path: TCP's segments are made to fit, other "
        "packets are cut and put together again inside the tunnel. What goes on in it is told by "
        "el2w tunnel show and el2w tunnel capture; SIGHUP makes it log its counters and the state "
        "of each peer.",
    .options = options,
    .count = sizeof options / sizeof options[0],
    .part = el_cmd_tunnel_options,
    .part_count = EL_CMD_TUNNEL_OPTIONS,
    .part_offset = AT(tunnel),
};

static int run(int argc, char **argv)
{
    struct tunnel values = {0};
    struct el_err err = {""};
    struct el_conf *conf;
    int code = el_cmd_begin(&schema, &values, argc, argv, &conf);

    if (code == EL_EXIT_GO_ON) {
        int rc = el_tunnel_service_run(&values.config, &err);
        code = rc < 0 ? el_cmd_fail(&schema, &err) : EL_EXIT_DONE;
        if (rc == EL_EAGAIN)
            code = EL_EXIT_GAVE_UP;
        el_conf_free(conf);
    }
    el_node_peers_clear(&values.config.peers);
    return code;
}

static const struct el_applet *const commands[] = {&el_applet_tunnel_show,
                                                   &el_applet_tunnel_capture, NULL};

const struct el_applet el_applet_tunnel = {
    .schema = &schema, .run = run, .commands = commands, .internal = true};
