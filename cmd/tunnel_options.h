/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How the tunnel is to work on this computer: options of a struct el_tunnel_options, wherever an
 * applet has that. */
#ifndef EL_CMD_TUNNEL_OPTIONS_H
#define EL_CMD_TUNNEL_OPTIONS_H

#include "base/conf.h"
#include "node/tunnel_options.h"

enum { EL_CMD_TUNNEL_OPTIONS = 4 };
extern const struct el_conf_option el_cmd_tunnel_options[EL_CMD_TUNNEL_OPTIONS];

#endif
