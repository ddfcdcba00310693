/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the applet that joins and its supervisor have to say to one another, one message each, over
 * a socket pair (sys/message.h). The supervisor keeps both ends: an applet that was killed is
 * started again and asks the hub again, which answers the same.
 */
#ifndef EL_SPOKE_JOIN_MESSAGE_H
#define EL_SPOKE_JOIN_MESSAGE_H

#include "spoke/enrolment.h"

#include <stdint.h>

enum el_join_message_kind {
    /* from the applet; see spoke/join_answer.h */
    EL_JOIN_MESSAGE_REACHED = 1, /* the hub has answered: text is from where */
    EL_JOIN_MESSAGE_ENROLLED,    /* text: el_enrolment_text() */
    EL_JOIN_MESSAGE_PENDING,     /* text: the name */
    EL_JOIN_MESSAGE_ASKING,      /* text: the name */
    EL_JOIN_MESSAGE_NEEDS_CODE,  /* text: the hub's sentence */
    EL_JOIN_MESSAGE_REFUSED,     /* text: the hub's sentence */
    /* to the applet */
    EL_JOIN_MESSAGE_CODE, /* text */
};

struct el_join_message {
    uint32_t kind;
    char text[EL_ENROLMENT_TEXT]; /* with its NUL; a secret, some of it */
};

/* 0, EL_EAGAIN, EL_ECLOSED or another error; TEXT is cut if it is too long. */
int el_join_message_send(int fd, enum el_join_message_kind kind, const char *text);

/* A message whose text ends, whoever sent it. 0; EL_EAGAIN: there is none; EL_ECLOSED; EL_EINVAL:
 * it was none, and is thrown away. Wipe it after. */
int el_join_message_receive(int fd, struct el_join_message *message);

#endif
