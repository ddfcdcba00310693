/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Work on what somebody else has made, aside: in a child process without privileges, which opens
 * nothing by name but what it was lent (sys/drop.h, sys/confine.h), and speaks through one channel.
 *
 * An image may be made to exploit whoever reads it, a server to exploit whoever asks it; and an
 * image is added by root. What the child says is no more to be believed than the image: the caller
 * looks at every message.
 */
#ifndef EL_IMAGE_ASIDE_H
#define EL_IMAGE_ASIDE_H

#include "base/err.h"
#include "image/progress.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { EL_IMAGE_ASIDE_MESSAGE = 32768, EL_IMAGE_ASIDE_FDS = 4 };

/* In the child: does the work, says things with el_image_aside_say(). Its end is the child's; an
 * error and its sentence are brought to the caller. */
typedef int el_image_aside_work(void *arg, int channel, struct el_err *err);

/* In the caller: a message has come, of LEN bytes. 0, or an error that ends the child. */
typedef int el_image_aside_heard(void *arg, const uint8_t *bytes, size_t len, struct el_err *err);

struct el_image_aside {
    int fds[EL_IMAGE_ASIDE_FDS]; /* stay open in the child, under their numbers; -1: none */
    bool place;                  /* the first of them is a directory, which may be read */
    bool network;                /* it may connect to wherever it likes, and look names up */
    el_image_aside_work *work;
    el_image_aside_heard *heard;
    void *arg; /* of both */
    const struct el_image_progress *progress;
};

/* Runs it to its end. What WORK has returned, with its sentence; EL_ECLOSED: it was stopped;
 * EL_EIO: the child has died. No thread may run in this process. */
int el_image_aside_run(const struct el_image_aside *aside, struct el_err *err);

/* In the child: waits until the caller has room for it. 0 or an error. */
int el_image_aside_say(int channel, const void *bytes, size_t len);

#endif
