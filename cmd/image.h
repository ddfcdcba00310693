/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the commands of `el2w image` have in common: where the images are, and what is shown while
 * they are worked on. */
#ifndef EL_CMD_IMAGE_H
#define EL_CMD_IMAGE_H

#include "ask.h"

#include "image/progress.h"

/* Every such command's values begin with this; its options are the command's `part`. */
struct el_cmd_image {
    struct el_cmd_ask ask;
    const char *images; /* a directory; NULL: that of the hub that runs */
};

enum { EL_CMD_IMAGE_OPTIONS = EL_CMD_ASK_OPTIONS + 1 };
extern const struct el_conf_option el_cmd_image_options[EL_CMD_IMAGE_OPTIONS];

/* Stands in a schema. */
#define EL_CMD_IMAGE_PART .part = el_cmd_image_options, .part_count = EL_CMD_IMAGE_OPTIONS

/* Opens the library: the descriptor, or an error. */
int el_cmd_image_open(const struct el_cmd_image *values, struct el_err *err);

/* From now on SIGINT and SIGTERM stop what is told of here, in order; the second one at once. On a
 * terminal there is a line that changes, elsewhere a line for each tenth. */
struct el_image_progress el_cmd_image_progress(void);

/* Ends the line that changes. */
void el_cmd_image_progress_end(void);

/* "660.2 MB". Returns TEXT. */
char *el_cmd_image_bytes(uint64_t bytes, char text[16]);

#endif
