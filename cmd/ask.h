/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the commands that talk to a running hub have in common: where it is, and how its answers are
 * shown. */
#ifndef EL_CMD_ASK_H
#define EL_CMD_ASK_H

#include "applet.h"
#include "control/call_io.h"

#include <stdbool.h>

/* Every such command's values begin with this; its options are the command's `part`. */
struct el_cmd_ask {
    struct el_conf_common common;
    const char *api; /* the hub's socket; NULL: see node/places.h */
    bool json;
};

enum { EL_CMD_ASK_OPTIONS = 2 };
extern const struct el_conf_option el_cmd_ask_options[EL_CMD_ASK_OPTIONS];

/* Stands in a schema. */
#define EL_CMD_ASK_PART .part = el_cmd_ask_options, .part_count = EL_CMD_ASK_OPTIONS

/* FORMAT with percent-encoded texts in the places of %s: a path of the API. The caller's; NULL: out
 * of memory. */
char *el_cmd_path(const char *format, ...);

/* Asks METHOD PATH with BODY, which is taken over and may be NULL. PATH is freed; NULL is out of
 * memory. 0 with *ANSWER, which is the caller's (NULL if there is nothing to say); or an error with
 * the hub's sentence. */
int el_cmd_ask(const struct el_cmd_ask *values, const char *method, char *path, json_t *body,
               json_t **answer, struct el_err *err);

/* Prints ANSWER as JSON, as --json asks for. */
void el_cmd_print_json(const json_t *answer);

/* A column of a table: the heading, and the member that it shows. */
struct el_cmd_column {
    const char *heading; /* NULL ends a table */
    const char *member;
};

/* Prints the objects in the array ROWS, one a line, as wide as they need; what is not there is "-".
 */
void el_cmd_print_table(const json_t *rows, const struct el_cmd_column *columns);

/* A whole command: asks, and prints the answer if --json was said. As el_cmd_ask(). */
int el_cmd_ask_only(const struct el_cmd_ask *values, const char *method, char *path, json_t *body,
                    struct el_err *err);

/* A whole command: what GET PATH has under MEMBER as a table, or all of it as JSON. */
int el_cmd_ask_list(const struct el_cmd_ask *values, const char *path, const char *member,
                    const struct el_cmd_column *columns, struct el_err *err);

/* The only argument, or that at INDEX, or NULL. */
const char *el_cmd_argument(const struct el_conf *conf, unsigned index);

/* What a command does once its options are read. */
typedef int el_cmd_ask_run(const struct el_cmd_ask *values, const struct el_conf *conf,
                           struct el_err *err);

/* The whole run of a command: reads options into VALUES, calls ASK, says what went wrong. */
int el_cmd_ask_main(const struct el_conf_schema *schema, struct el_cmd_ask *values, int argc,
                    char **argv, el_cmd_ask_run *ask);

#endif
