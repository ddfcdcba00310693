/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --check and --diff: what an applet that stays answers instead of starting. */
#ifndef EL_CMD_LOOK_H
#define EL_CMD_LOOK_H

#include "applet.h"

/* Whether COMMON asks for either. */
bool el_cmd_looks(const struct el_conf_common *common);

/* How --check answers: how many obstacles CONFIG has, each a line on BAD. */
typedef unsigned el_cmd_check(const void *config, FILE *good, FILE *bad);

/* Answers what COMMON asks for; OPTIONS is the effective configuration as text, whose state is in
 * the directory STATE. The exit code. */
int el_cmd_look(const struct el_conf_schema *schema, const struct el_conf_common *common,
                el_cmd_check *check, const void *config, const char *state, const char *options);

#endif
