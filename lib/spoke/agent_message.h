/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a spoke's agent (spoke/agent_service.h) and its supervisor have to say to one another, one
 * message each, over a socket pair (sys/message.h). The supervisor keeps both ends, so that an
 * agent that has died finds its successor in the same place.
 */
#ifndef EL_SPOKE_AGENT_MESSAGE_H
#define EL_SPOKE_AGENT_MESSAGE_H

#include "spoke/agent_answer.h"

#include <stdint.h>

enum el_agent_message_kind {
    /* from the agent */
    EL_AGENT_MESSAGE_SELF = 1, /* text: el_agent_self_text() */
    EL_AGENT_MESSAGE_REVOKED,  /* text: the hub's sentence */
    /* to the agent */
    EL_AGENT_MESSAGE_ASK,    /* the hub can be reached, or can be reached again */
    EL_AGENT_MESSAGE_REPORT, /* text: el_agent_report_text() */
    EL_AGENT_MESSAGE_WAYS,   /* text: el_agent_ways_text() */
};

struct el_agent_message {
    uint32_t kind;
    char text[EL_AGENT_TEXT]; /* with its NUL */
};

/* 0, EL_EAGAIN, EL_ECLOSED or another error. TEXT has EL_AGENT_TEXT bytes at the most. */
int el_agent_message_send(int fd, enum el_agent_message_kind kind, const char *text);

/* A message whose text ends, whoever sent it. 0; EL_EAGAIN: there is none; EL_ECLOSED; EL_EINVAL:
 * it was none, and is thrown away. Wipe it after. */
int el_agent_message_receive(int fd, struct el_agent_message *message);

#endif
