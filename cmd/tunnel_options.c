/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How the tunnel is to work on this computer. */
#include "tunnel_options.h"

#define AT(member) offsetof(struct el_tunnel_options, member)

const struct el_conf_option el_cmd_tunnel_options[EL_CMD_TUNNEL_OPTIONS] = {
    {.name = "workers",
     .type = EL_CONF_UINT,
     .offset = AT(workers),
     .metavar = "N",
     .fallback = "0",
     .help = "Threads that carry data: 1, 2, 4, 8 or 16; 0: one for every two CPUs. A spoke with a "
             "LAN has one.",
     .max = 16},
    {.name = "mark",
     .type = EL_CONF_UINT,
     .offset = AT(mark),
     .metavar = "N",
     .fallback = "0",
     .help = "Mark the tunnel's datagrams, for routing rules and firewalls (fwmark); 0: do not.",
     .max = 4294967295},
    {.name = "device",
     .type = EL_CONF_STRING,
     .offset = AT(device),
     .metavar = "INTERFACE",
     .help = "Send and receive the tunnel's datagrams on this interface only, whatever the routes "
             "say. Start again if it was removed and is back."},
    {.name = "control",
     .type = EL_CONF_STRING,
     .offset = AT(control),
     .metavar = "PATH",
     .help = "Where el2w tunnel show and capture ask; none: nowhere. Default: "
             "/run/el2w/tunnel-NETWORK.sock; of a plain user, in $XDG_RUNTIME_DIR/el2w."},
};
