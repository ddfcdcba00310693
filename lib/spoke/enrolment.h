/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a spoke keeps of its enrolment: who it is, to which hub, and how they talk. One small file,
 * enrolled.conf in the state directory, beside the key:
 *
 *     [enrolled]
 *     name = mars
 *     key = X8Nm…=          our public key, to which all of this belongs
 *     token = 5f0a…=        public half of the token's enrolment key, by which it is known again
 *     hub-key = q1Zd…=
 *     address = 100.71.3.9
 *     wire = fast
 *     psk = …               only if there is one; why the file is secret
 *     endpoint = hub.example.org:51820      as often as there are; the one that answered first
 *     network = 77 boot published     as often as there are (spoke/spoke_networks.h)
 *     revoked = yes         only if the hub has told us so, which it does once
 *
 * Part of it was said by the hub, and it is used by root: the same strict reading is for what comes
 * from the applet that joined and for the file. The networks are those that the hub told of last:
 * with them a spoke starts while the hub is away.
 */
#ifndef EL_SPOKE_ENROLMENT_H
#define EL_SPOKE_ENROLMENT_H

#include "base/addr.h"
#include "base/err.h"
#include "node/peer.h"
#include "spoke/spoke_networks.h"
#include "tunnel/tunnel.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    EL_ENROLMENT_ENDPOINTS = EL_NODE_ENDPOINTS,
    EL_ENROLMENT_TEXT = 4096, /* no text is longer, with its NUL */
};

struct el_enrolment {
    char name[EL_TUNNEL_NAME_BYTES];
    uint8_t key[EL_TUNNEL_KEY_BYTES];
    uint8_t token[EL_TUNNEL_KEY_BYTES];
    uint8_t hub_key[EL_TUNNEL_KEY_BYTES];
    struct el_ip address;             /* IPv4, in 100.64.0.0/10, not the hub's */
    unsigned wire;                    /* enum el_tunnel_wire; this computer can do it */
    uint8_t psk[EL_TUNNEL_KEY_BYTES]; /* secret; zeros: none */
    unsigned endpoint_count;          /* 1.. */
    char endpoints[EL_ENROLMENT_ENDPOINTS][EL_NODE_ENDPOINT_TEXT];
    struct el_spoke_networks networks; /* the published ones first */
    bool revoked;                      /* the key is good for nothing any more */
};

/* Text to enrolment: 0, or EL_EINVAL and what is wrong (ORIGIN is what to call the text), and then
 * it is zeros. */
int el_enrolment_parse(const char *text, const char *origin, struct el_enrolment *enrolment,
                       struct el_err *err);

/* And back. The result is the caller's to wipe and free; NULL if out of memory. */
char *el_enrolment_text(const struct el_enrolment *enrolment);

/* One of its parts, from text: EL_EINVAL with a sentence. */
int el_enrolment_set_name(struct el_enrolment *enrolment, const char *name, struct el_err *err);
int el_enrolment_set_address(struct el_enrolment *enrolment, const char *text, struct el_err *err);
int el_enrolment_add_endpoint(struct el_enrolment *enrolment, const char *text, struct el_err *err);

/* The file in the directory STATE. EL_ENOENT if there is none; EL_EINVAL. */
int el_enrolment_read(const char *state, struct el_enrolment *enrolment, struct el_err *err);
int el_enrolment_write(const char *state, const struct el_enrolment *enrolment, struct el_err *err);

#endif
