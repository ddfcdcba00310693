/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * "Behind which spoke is this machine?": asked by the boot service, answered by the tunnel, over a
 * socket pair (SOCK_SEQPACKET) that their supervisor made and keeps, so that either may be
 * restarted. A question and its answer are one fixed-size message each; a lost one is asked again
 * with the machine's next packet.
 */
#ifndef EL_NODE_LOCATE_H
#define EL_NODE_LOCATE_H

#include "base/addr.h"

#include <stdbool.h>
#include <stdint.h>

enum { EL_LOCATE_NAME_BYTES = 64 };

struct el_locate_question {
    uint32_t vni;
    struct el_mac mac;
};

struct el_locate_answer {
    struct el_mac mac;
    char region[EL_LOCATE_NAME_BYTES]; /* the spoke's name; empty: not behind any */
};

/* Both ends of the channel; close-on-exec, non-blocking. 0 or a negative error. */
int el_locate_pair(int fds[2]);

/* Each does one non-blocking system call; false if there is nothing, or no room. */
bool el_locate_ask(int fd, const struct el_locate_question *question);
bool el_locate_next_question(int fd, struct el_locate_question *question);
bool el_locate_reply(int fd, const struct el_locate_answer *answer);
bool el_locate_next_answer(int fd, struct el_locate_answer *answer);

#endif
