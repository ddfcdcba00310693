/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages between the applet that joins and its supervisor. */
#include "spoke/join_message.h"

#include "sys/message.h"

#include <sodium.h>
#include <stdio.h>
#include <unistd.h>

int el_join_message_send(int fd, enum el_join_message_kind kind, const char *text)
{
    struct el_join_message message = {.kind = kind};

    snprintf(message.text, sizeof message.text, "%s", text);
    int rc = el_sys_message_send(fd, &message, sizeof message, NULL, 0);
    sodium_memzero(&message, sizeof message);
    return rc;
}

int el_join_message_receive(int fd, struct el_join_message *message)
{
    int fds[EL_SYS_MESSAGE_FDS];
    unsigned count = 0;
    int rc = el_sys_message_receive(fd, message, sizeof *message, fds, &count);

    while (count > 0) /* nobody sends any */
        close(fds[--count]);
    if (rc == 0)
        message->text[sizeof message->text - 1] = '\0';
    return rc;
}
