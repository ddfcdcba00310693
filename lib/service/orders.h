/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Orders: what control wants of a network's boot service, and what that reports. One JSON object
 * per message, over a socket pair (SOCK_SEQPACKET) which their supervisor made and keeps, so that
 * either may be restarted.
 *
 *     boot service                                       control
 *       {"order":"hello"}                        -->
 *                                                <--       begin, policy, profile ..., machine ...,
 *                                                          complete: everything that is wanted
 *       life ... (of every machine)              -->
 *                                                <--       machine, profile, remove, policy,
 * forget: life, step (what happens)                -->       changes
 *
 * Both sides say how things are, not what was done: a message that is lost, or comes twice, is put
 * right by the next that says the same. Whoever starts anew throws away what waits for him, says
 * hello (the boot service) or waits for it (control asks: "again"), and hears all of it again.
 *
 * The boot service reads what machines send, so control takes nothing from it on trust: every
 * message is checked against its schema, and is about machines only.
 */
#ifndef EL_SERVICE_ORDERS_H
#define EL_SERVICE_ORDERS_H

#include "base/addr.h"
#include "base/err.h"
#include "boot/life.h"
#include "control/json.h"
#include "timeline/timeline.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    EL_ORDER_BYTES = 65536, /* of a message */
    EL_ORDER_REGIONS = 64,  /* that a person may choose from */
    EL_ORDER_WORDS = 16,    /* options, or quirks, of a machine */
    EL_ORDER_WORD = 128,
};

enum el_order_kind {
    /* From control. */
    EL_ORDER_BEGIN,    /* all of it follows; what is not said again is not wanted any more */
    EL_ORDER_POLICY,   /* for machines of which nothing is said */
    EL_ORDER_PROFILE,  /* one, new or changed */
    EL_ORDER_MACHINE,  /* one, new or changed */
    EL_ORDER_REMOVE,   /* that one (machine or profile) is not wanted any more */
    EL_ORDER_FORGET,   /* and what has happened to the machine is to be forgotten, too */
    EL_ORDER_COMPLETE, /* that was all */
    EL_ORDER_AGAIN,    /* control was started anew: say hello */
    /* From the boot service. */
    EL_ORDER_HELLO,
    EL_ORDER_LIFE,
    EL_ORDER_GONE,   /* nothing is known of this machine any more */
    EL_ORDER_REGION, /* a person at the machine's console has chosen that it counts as being there
                      */
    EL_ORDER_STEP,   /* of the timeline: shown, not kept */
    EL_ORDER_SERVER, /* a DHCP server that is not ours has answered on the network: the same */
    EL_ORDERS
};
extern const char *const el_order_names[EL_ORDERS + 1];

/* What a person has said about a machine. */
struct el_order_machine {
    struct el_mac mac;
    char name[EL_LIFE_NAME];    /* empty: none */
    char profile[EL_LIFE_NAME]; /* empty: none */
    char region[EL_LIFE_NAME];  /* chosen by a person; empty: where it is */
    struct el_ip address;       /* reserved; family 0: none. Of another network's range: ignored */
    uint64_t once;              /* an id, 1..INT64_MAX; 0: none */
    char once_entry[EL_LIFE_ENTRY];
    uint64_t reinstall; /* an id; 0: was never asked for */
    bool installed;     /* since then, as was reported */
    unsigned option_count, quirk_count;
    char options[EL_ORDER_WORDS][EL_ORDER_WORD]; /* of DHCP: "NAME=VALUE" or "NUMBER=VALUE" */
    char quirks[EL_ORDER_WORDS][EL_ORDER_WORD];  /* "local=exit", ... */
};

struct el_order_profile {
    char name[EL_LIFE_NAME];
    char image[EL_LIFE_ENTRY]; /* the entry of the menu */
    bool live;                 /* started each time, never installed */
    bool tells;                /* its templates call /m/TOKEN/done */
    const json_t *document;    /* all of it, as lib/profile reads it; or NULL */
};

struct el_order_policy {
    enum el_life_unknown unknown;
    char inventory[EL_LIFE_ENTRY];
    bool failed_local;
    unsigned region_count;
    char regions[EL_ORDER_REGIONS][EL_LIFE_NAME]; /* the spokes that there are */
    char password[129]; /* hash that a person's must match for entries that erase; empty: none */
};

/* A step of a machine's timeline (timeline/timeline.h), in the network of the channel. */
struct el_order_step {
    uint64_t source; /* the life of the boot service that counts its steps: 1..INT64_MAX */
    struct el_timeline_step step;
};

struct el_order_server {
    struct el_mac mac;
    struct el_ip address;      /* its server identifier */
    struct el_ip gives;        /* an address that it gives; family 0: not known */
    char region[EL_LIFE_NAME]; /* where it is; empty: not known */
};

/* A message that was read. Its strings live in itself, the document in BODY. */
struct el_order {
    enum el_order_kind kind;
    union {
        struct el_order_machine machine; /* MACHINE; of REMOVE (with is_profile false), FORGET and
                                            GONE the mac, of REGION the region too */
        struct el_order_profile profile; /* PROFILE; of REMOVE (is_profile) the name */
        struct el_order_policy policy;
        struct el_life life; /* LIFE: without token, and boots 0: they are nobody's business */
        struct el_order_step step;
        struct el_order_server server;
    };
    bool is_profile; /* of REMOVE */
    json_t *body;    /* owned: el_order_clear() */
};

/* Reads one message from somebody who may send FROM_CONTROL's kinds, or the boot service's. 0, or
 * EL_EINVAL (with the sentence in ERR: what it says is not as it should be, or not for him to say),
 * EL_ENOMEM. */
int el_order_read(const void *bytes, size_t len, bool from_control, struct el_order *order,
                  struct el_err *err);
void el_order_clear(struct el_order *order);

/* Writes ORDER as text with LEN bytes, from malloc(). Of a PROFILE the document is borrowed. NULL:
 * out of memory, or it would be longer than EL_ORDER_BYTES. */
char *el_order_write(const struct el_order *order, size_t *len);

/* Both ends of a channel, [0] for control; close-on-exec, non-blocking. 0 or a negative error. */
int el_orders_pair(int fds[2]);

/* Sends a text, one system call: 0; EL_EAGAIN: no room now; or another error. */
int el_orders_send(int fd, const char *text, size_t len);

/* Receives one message into BYTES: its length; EL_EAGAIN: nothing there; EL_EINVAL: one that was
 * too long or had descriptors with it, thrown away; EL_ECLOSED: nobody at the other end. */
int el_orders_receive(int fd, char bytes[EL_ORDER_BYTES]);

#endif
