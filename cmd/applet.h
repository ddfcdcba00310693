/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An applet: one row in the table (applets.c) and one file that holds its options, its manual and
 * a call into lib/.
 */
#ifndef EL_CMD_APPLET_H
#define EL_CMD_APPLET_H

#include "base/conf.h"
#include "node/launch.h"

enum el_exit {
    EL_EXIT_DONE = 0,
    EL_EXIT_FAILED = 1,
    EL_EXIT_USAGE = 2,
    EL_EXIT_GAVE_UP = EL_LAUNCH_GAVE_UP, /* of an applet, to its supervisor */
    EL_EXIT_REVOKED = 4,                 /* of a spoke: there is no use in starting it again */
    EL_EXIT_GO_ON = -1,                  /* not an exit code: the applet has something to do */
};

struct el_applet {
    const struct el_conf_schema *schema;
    int (*run)(int argc, char **argv);       /* argv without the applet's name; the exit code */
    const struct el_applet *const *commands; /* named by its first argument; NULL at the end */
    bool internal;                           /* run by a supervisor; listed apart */
    bool no_link;                            /* its name belongs to other programs */
};

extern const struct el_applet *const el_applets[]; /* ends with NULL */

/* The applet called NAME, or NULL. */
const struct el_applet *el_applet_find(const char *name);

/* The command of APPLET called NAME, or NULL. */
const struct el_applet *el_applet_command(const struct el_applet *applet, const char *name);

extern const struct el_applet el_applet_agent;
extern const struct el_applet el_applet_approve;
extern const struct el_applet el_applet_boot_service;
extern const struct el_applet el_applet_boot_service_publish;
extern const struct el_applet el_applet_boot_service_start;
extern const struct el_applet el_applet_boot_service_status;
extern const struct el_applet el_applet_boot_service_stop;
extern const struct el_applet el_applet_boot_service_unpublish;
extern const struct el_applet el_applet_control;
extern const struct el_applet el_applet_create;
extern const struct el_applet el_applet_events;
extern const struct el_applet el_applet_guest;
extern const struct el_applet el_applet_help;
extern const struct el_applet el_applet_httpd;
extern const struct el_applet el_applet_dnsd;
extern const struct el_applet el_applet_hub;
extern const struct el_applet el_applet_image;
extern const struct el_applet el_applet_image_add;
extern const struct el_applet el_applet_install;
extern const struct el_applet el_applet_join;
extern const struct el_applet el_applet_keygen;
extern const struct el_applet el_applet_machine;
extern const struct el_applet el_applet_machine_capture;
extern const struct el_applet el_applet_machine_timeline;
extern const struct el_applet el_applet_machines;
extern const struct el_applet el_applet_network;
extern const struct el_applet el_applet_network_create;
extern const struct el_applet el_applet_network_remove;
extern const struct el_applet el_applet_nfsd;
extern const struct el_applet el_applet_profile;
extern const struct el_applet el_applet_profile_add;
extern const struct el_applet el_applet_profile_list;
extern const struct el_applet el_applet_profile_remove;
extern const struct el_applet el_applet_profile_set;
extern const struct el_applet el_applet_profile_show;
extern const struct el_applet el_applet_publish;
extern const struct el_applet el_applet_revoke;
extern const struct el_applet el_applet_second_factor;
extern const struct el_applet el_applet_spoke;
extern const struct el_applet el_applet_spokes;
extern const struct el_applet el_applet_stream;
extern const struct el_applet el_applet_template;
extern const struct el_applet el_applet_template_list;
extern const struct el_applet el_applet_template_show;
extern const struct el_applet el_applet_tftpd;
extern const struct el_applet el_applet_token;
extern const struct el_applet el_applet_token_create;
extern const struct el_applet el_applet_token_remove;
extern const struct el_applet el_applet_tunnel;
extern const struct el_applet el_applet_tunnel_capture;
extern const struct el_applet el_applet_tunnel_show;
extern const struct el_applet el_applet_unpublish;
extern const struct el_applet el_applet_watch;

/* Says that there is no applet NAME, and which one may be meant. The exit code. */
int el_applet_unknown(const char *name);
int el_applet_unknown_command(const struct el_applet *applet, const char *name);

/* The list that `el2w` alone prints. */
void el_print_applets(void);

/* `el2w --version [--licenses]`. The exit code. */
int el_cmd_version(int argc, char **argv);

/* What every applet that a supervisor starts is told: a row for its table, whose value is the
 * uint64_t at OFFSET. */
#define EL_CMD_USER_OPTION(OFFSET)                                                              \
    {                                                                                           \
        .name = "user", .type = EL_CONF_UINT, .offset = (OFFSET), .metavar = "UID",             \
        .fallback = "0",                                                                        \
        .help = "Become this user once all is open; 0: stay who we are, without capabilities.", \
        .max = 4294967294                                                                       \
    }

/*
 * What every applet begins with. Reads the options into VALUES (which starts with a struct
 * el_conf_common), from a descriptor named "config" if a supervisor passed one, the file of
 * --config, and ARGV; answers --help and --show-config; sets up the log. EL_EXIT_GO_ON, or the
 * exit code with everything said. *conf is the caller's to free in the first case.
 */
int el_cmd_begin(const struct el_conf_schema *schema, void *values, int argc, char **argv,
                 struct el_conf **conf);

/* Says what went wrong, in one line, and returns the exit code for RC: usage errors have been told
 * apart by then, so it is EL_EXIT_FAILED. */
int el_cmd_fail(const struct el_conf_schema *schema, const struct el_err *err);

#endif
