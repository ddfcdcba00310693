/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the control applet has its supervisor do, as it needs root: requests and answers, one
 * message each, over a socket pair that the supervisor made (sys/message.h). The supervisor keeps
 * both ends, so that control may be restarted; it forgets nothing, so that asking twice is asking
 * once.
 *
 * Control reads what strangers send. So the supervisor takes nothing from it on trust, and does no
 * more for it than what stands here.
 */
#ifndef EL_HUB_ERRAND_H
#define EL_HUB_ERRAND_H

#include "base/addr.h"
#include "base/err.h"
#include "tunnel/tunnel.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    EL_ERRAND_NAME = 16,  /* of a network: an interface's, IFNAMSIZ */
    EL_ERRAND_SPOKE = 64, /* of a spoke, with the NUL */
    EL_ERRAND_TEXT = 192,
    EL_ERRAND_FDS = EL_TUNNEL_LANES_MAX,
};

struct el_errand_network {
    char name[EL_ERRAND_NAME];
    uint32_t vni;
    struct el_prefix cidr;    /* the hub is its first address */
    struct el_prefix prefix6; /* a /64; family 0: one that follows from the hub's key */
};

/* Who wants to enrol: for the second factor's program. */
struct el_errand_question {
    char name[EL_ERRAND_SPOKE];                                           /* of the spoke to be */
    uint8_t enrolment_key[EL_TUNNEL_KEY_BYTES], key[EL_TUNNEL_KEY_BYTES]; /* public */
    struct el_endpoint from; /* outside the tunnel; family 0: not known */
};

enum el_errand_kind {
    /* Make the interface. With the answer come the descriptors that the tunnel needs: see
     * el_hub_network_queues(). */
    EL_ERRAND_NETWORK_UP = 1,
    /* By its name. */
    EL_ERRAND_NETWORK_DOWN,
    EL_ERRAND_SERVICE_UP, /* start the boot service; with the answer come control's end of the
                             channel of orders to it (service/orders.h) and the memory of its
                             network's last frames (timeline/recent.h), if there is one */
    EL_ERRAND_SERVICE_DOWN,
    EL_ERRAND_PORT_UP, /* another port of the network with this VNI: as NETWORK_UP, by its name */
    EL_ERRAND_PORT_DOWN,
    EL_ERRAND_ASK, /* run the second factor's program; the answer comes when it has ended */
    /* From the supervisor. */
    EL_ERRAND_ANSWER,
    EL_ERRAND_SERVICE, /* of the network with this name: it serves, or it has died and will be back
                        */
};

struct el_errand {
    uint32_t kind;
    uint32_t sequence; /* the answer's is the request's */
    uint32_t about;    /* of an answer: the request's kind */
    int32_t code;      /* of an answer: 0 or an error */
    char text[EL_ERRAND_TEXT];
    struct el_mac own; /* of an answer to NETWORK_UP: the interface's address */
    bool framed;       /* and they are socket pairs of frames, and no queues of a TAP */
    bool serving;      /* the network's boot service is ready */
    struct el_errand_network network;
    struct el_errand_question question; /* ASK, and its answer */
    uint32_t said; /* of an answer to ASK: enum el_enrol_program; FAILED if code is an error */
};

/* Whether ERRAND, which came from another process, is a request that makes sense: a kind we know, a
 * name that an interface or a spoke can have, a VNI of 24 bits, ranges that a network can have. 0,
 * or EL_EINVAL with the sentence. Whatever came, its names end afterwards: one that did not is
 * empty. */
int el_errand_check(struct el_errand *errand, struct el_err *err);

#endif
