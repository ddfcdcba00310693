/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is told to whoever waits for an image, and how he stops it. */
#ifndef EL_IMAGE_PROGRESS_H
#define EL_IMAGE_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct el_image_progress {
    /* DOING ("copying") to NAME has come to DONE of TOTAL bytes (0: nobody knows). Called often. */
    void (*step)(void *arg, const char *doing, const char *name, uint64_t done, uint64_t total);
    /* Something worth a line, which holds no control characters. */
    void (*say)(void *arg, const char *text);
    /* Whether to give up: asked often. Then what was begun ends with EL_ECLOSED. */
    bool (*stopped)(void *arg);
    void *arg;
};

#endif
