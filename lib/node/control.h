/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How a running tunnel is asked: by one line over a control socket (sys/control.h), which answers
 * "ok" or "error SENTENCE" in one line, then what there is to tell, and closes. The lines are
 *
 *     show text|keys|json
 *     capture snaplen=BYTES count=FRAMES both=yes|no[ peer=NAME]...
 *
 * This is between one el2w and another of the same version, no interface for others; what they are
 * to read is what comes out of `el2w tunnel show --json`.
 */
#ifndef EL_NODE_CONTROL_H
#define EL_NODE_CONTROL_H

#include "base/err.h"
#include "base/writer.h"
#include "sys/control.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EL_CONTROL_DIRECTORY "/run/el2w" /* root's; a plain user has his own (node/places.h) */
#define EL_HUB_API           EL_CONTROL_DIRECTORY "/hub.sock" /* where a hub's API is (control/api.h) */

enum {
    EL_CONTROL_LINE = 4096, /* the longest, with its newline */
    EL_CONTROL_PEERS = 16,  /* named in one line */
};

/* Opens the socket of the tunnel of NETWORK: at SAID, or tunnel-NETWORK.sock in
 * el_places_sockets() if that is NULL, or nowhere if it is "none" (an fd of -1). The default may be
 * taken, by a tunnel in another network namespace, or not to be had: that is warned of, and no
 * error. */
int el_control_open(const char *said, const char *network, struct el_sys_control *control,
                    struct el_err *err);

/* Where to ask: SAID, or the default of NETWORK, or, with both NULL, that of the only tunnel that
 * runs. EL_ENOENT; EL_EEXIST if there are several, with their names. */
int el_control_find(const char *said, const char *network, char path[EL_SYS_CONTROL_PATH],
                    struct el_err *err);

/* Sends LINE to PATH. A descriptor to read the answer from, behind its first line; or an error,
 * which may be what the tunnel says. */
int el_control_ask(const char *path, const char *line, struct el_err *err);

/* What a line asks for. */
struct el_control_request {
    enum { EL_CONTROL_SHOW, EL_CONTROL_CAPTURE } kind;
    enum el_writer_form form; /* show */
    /* capture */
    uint32_t snaplen;
    uint64_t count; /* 0: until the asker hangs up */
    bool both;
    unsigned peer_count;
    const char *peers[EL_CONTROL_PEERS]; /* inside the line */
};

/* Parses LINE, which has no newline and is cut to pieces. 0, or EL_EINVAL with a sentence. */
int el_control_parse(char *line, struct el_control_request *request, struct el_err *err);

#endif
