/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The steps of machines' starts, as the API says them, in lines for people. */
#ifndef EL_CMD_STEPS_H
#define EL_CMD_STEPS_H

#include "control/json.h"
#include "timeline/step.h"

enum { EL_CMD_STEP_LINE = EL_TIMELINE_LINE + 128 };

/* A step that the API said. */
struct el_cmd_step {
    struct el_timeline_step step;
    const char *machine; /* its name, or its MAC; the object's */
};

/* What OBJECT says; false: it is no step that this program knows. */
bool el_cmd_step_read(const json_t *object, struct el_cmd_step *step);

/* "12:31:07  n1                 kernel        debian-12/linux 34 % of 8.2 MB": printable, without
 * an end of line. WITH_MACHINE: or without who. */
char *el_cmd_step_line(const struct el_cmd_step *step, bool with_machine,
                       char line[EL_CMD_STEP_LINE]);

#endif
