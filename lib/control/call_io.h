/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Asking the control API over its Unix socket, and waiting for the answer: for commands.
 *
 *     struct el_control_answer answer;
 *     int r = el_control_call(path, &(struct el_control_question){.method = "GET",
 *                                    .path = "/v1/spokes"}, &answer, &err);
 *     if (r == 0)
 *         r = el_control_answer_check(&answer, &err);
 */
#ifndef EL_CONTROL_CALL_IO_H
#define EL_CONTROL_CALL_IO_H

#include "control/exchange_io.h"

enum { EL_CONTROL_PATIENCE_S = 30 }; /* with a hub that does not answer */

/* 0 with ANSWER, whatever its status is: the caller's, to el_control_answer_clear(). Or an error
 * with a sentence that says what to do: EL_ENOENT (no hub runs), EL_EPERM, EL_EAGAIN (no answer in
 * time), EL_EPROTO, EL_EFULL, EL_ECLOSED. */
int el_control_call(const char *socket_path, const struct el_control_question *question,
                    struct el_control_answer *answer, struct el_err *err);

/* Watches events until EVENT returns false (then 0), or the connection is lost: an error. The id is
 * the one to resume behind. A refusal is an error with its sentence. */
int el_control_watch(const char *socket_path, const struct el_control_question *question,
                     bool (*event)(void *arg, const struct el_sse_event *event, const char *id),
                     void *arg, struct el_err *err);

#endif
