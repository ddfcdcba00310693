/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the applet that asks for an address (spoke/guest_service.h) tells its supervisor, who sets
 * it (spoke/guest.h), over a socket pair (sys/message.h): what it has, each time that this is
 * something else. The applet reads what strangers send, so what it says is looked at again.
 */
#ifndef EL_SPOKE_GUEST_MESSAGE_H
#define EL_SPOKE_GUEST_MESSAGE_H

#include "dhcp/dhcp_host.h"

/* And what it is told, as a number alone: to ask at once, if it has none yet. */
enum { EL_GUEST_HURRY = 1 };

struct el_guest_message {
    uint32_t has_lease;              /* 1; 0: none, or none any more */
    struct el_dhcp_host_lease lease; /* zeros without one */
};

static inline bool el_guest_message_is_sound(const struct el_guest_message *message)
{
    return message->has_lease == 0 ||
           (message->has_lease == 1 && el_dhcp_host_lease_is_sound(&message->lease));
}

#endif
