/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a hub's file says of networks, spokes, machines and profiles (hub/hub_plan.h): sections of
 * hub, which passes them on, and of control, each of which has a struct el_hub_plan somewhere in
 * its own. */
#ifndef EL_CMD_PLAN_OPTIONS_H
#define EL_CMD_PLAN_OPTIONS_H

#include "base/conf.h"
#include "hub/hub_plan.h"

enum {
    EL_CMD_NETWORK_OPTIONS = 5,
    EL_CMD_SPOKE_OPTIONS = 6,
    EL_CMD_MACHINE_OPTIONS = 6,
    EL_CMD_PROFILE_OPTIONS = 6
};
extern const struct el_conf_option el_cmd_network_options[EL_CMD_NETWORK_OPTIONS];
extern const struct el_conf_option el_cmd_spoke_options[EL_CMD_SPOKE_OPTIONS];
extern const struct el_conf_option el_cmd_machine_options[EL_CMD_MACHINE_OPTIONS];
extern const struct el_conf_option el_cmd_profile_options[EL_CMD_PROFILE_OPTIONS];
extern const char el_cmd_network_help[], el_cmd_spoke_help[], el_cmd_machine_help[],
    el_cmd_profile_help[];

/* Stand in a table of sections. ADD puts a new one into the plan. */
#define EL_CMD_NETWORK_SECTION(ADD)                                                      \
    {                                                                                    \
        .name = "network", .metavar = "NAME", .help = el_cmd_network_help,               \
        .options = el_cmd_network_options, .count = EL_CMD_NETWORK_OPTIONS, .add = (ADD) \
    }
#define EL_CMD_SPOKE_SECTION(ADD)                                                      \
    {                                                                                  \
        .name = "spoke", .metavar = "NAME", .help = el_cmd_spoke_help,                 \
        .options = el_cmd_spoke_options, .count = EL_CMD_SPOKE_OPTIONS, .alone = true, \
        .add = (ADD)                                                                   \
    }
#define EL_CMD_MACHINE_SECTION(ADD)                                                      \
    {                                                                                    \
        .name = "machine", .metavar = "NAME", .help = el_cmd_machine_help,               \
        .options = el_cmd_machine_options, .count = EL_CMD_MACHINE_OPTIONS, .add = (ADD) \
    }
#define EL_CMD_PROFILE_SECTION(ADD)                                                        \
    {                                                                                      \
        .name = "profile", .metavar = "NAME", .help = el_cmd_profile_help,                 \
        .options = el_cmd_profile_options, .count = EL_CMD_PROFILE_OPTIONS, .alone = true, \
        .add = (ADD)                                                                       \
    }

#endif
