/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages between our own processes, over a socket pair that keeps them apart (SOCK_SEQPACKET):
 * bytes, and with them descriptors (SCM_RIGHTS, unix(7)). No call waits.
 */
#ifndef EL_SYS_MESSAGE_H
#define EL_SYS_MESSAGE_H

#include "base/err.h"

#include <stddef.h>

enum { EL_SYS_MESSAGE_FDS = 24 }; /* with one message */

/* Both ends, close-on-exec. 0 or an error. */
int el_sys_message_pair(int fds[2]);

/* Sends LEN bytes, and duplicates of the COUNT descriptors FDS, which stay the caller's. 0;
 * EL_EAGAIN: no room, nothing was sent; EL_ECLOSED: nobody at the other end; or another error. */
int el_sys_message_send(int fd, const void *bytes, size_t len, const int *fds, unsigned count);

/* Receives a message of exactly LEN bytes. The descriptors that came with it are the caller's from
 * now on, and close-on-exec: *COUNT of them, at most EL_SYS_MESSAGE_FDS. 0; EL_EAGAIN: there is
 * none; EL_ECLOSED: nobody at the other end any more; EL_EINVAL: it has another length, or lost
 * descriptors on the way, and is thrown away. */
int el_sys_message_receive(int fd, void *bytes, size_t len, int fds[EL_SYS_MESSAGE_FDS],
                           unsigned *count);

#endif
