/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Values as people say them on a command line or in a file of a hub's: NAME=TEXT, or NAME=@FILE for
 * what is secret (a command line is read by everybody), has several lines, or is long.
 */
#ifndef EL_NODE_SAID_H
#define EL_NODE_SAID_H

#include "base/err.h"

#include <stddef.h>

enum {
    EL_NODE_SAID_NAME = 64,   /* with the NUL */
    EL_NODE_SAID_BYTES = 8192 /* of a value, with the NUL; of a file of keys */
};

/* Cuts TEXT. *VALUE is the caller's (el_node_said_free()): of a file (@- is standard input) without
 * its last line break. EL_EINVAL with what is wrong. */
int el_node_said_parse(const char *text, char name[EL_NODE_SAID_NAME], char **value,
                       struct el_err *err);

/* SSH's public keys: TEXT is one, or the name of a file with one in each line ('#' begins a
 * comment). Calls EACH for every key, until one is refused. EL_EINVAL: there is none. */
int el_node_said_keys(const char *text, int (*each)(void *arg, const char *key, struct el_err *err),
                      void *arg, struct el_err *err);

void el_node_said_free(char *value); /* wipes; NULL is allowed */

#endif
