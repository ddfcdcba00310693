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
 *     network = 77 boot     as often as there are
 *
 * Part of it was said by the hub, and it is used by root: the same strict reading is for what comes
 * from the applet that joined and for the file.
 */
#ifndef EL_NODE_ENROLMENT_H
#define EL_NODE_ENROLMENT_H

#include "base/addr.h"
#include "base/err.h"
#include "node/peer.h"
#include "tunnel/tunnel.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    EL_ENROLMENT_ENDPOINTS = EL_NODE_ENDPOINTS,
    EL_ENROLMENT_NETWORKS = 8,
    EL_ENROLMENT_NETWORK_NAME = 16, /* an interface's: with the NUL */
    EL_ENROLMENT_TEXT = 4096,       /* no text is longer, with its NUL */
};

struct el_enrolment_network {
    char name[EL_ENROLMENT_NETWORK_NAME];
    uint32_t vni; /* 0..2^24-1 */
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
    unsigned network_count; /* 0: none has been published to us yet */
    struct el_enrolment_network networks[EL_ENROLMENT_NETWORKS];
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
int el_enrolment_add_network(struct el_enrolment *enrolment, const char *name, uint64_t vni,
                             struct el_err *err);

/* The network called NAME, or NULL. */
const struct el_enrolment_network *el_enrolment_network(const struct el_enrolment *enrolment,
                                                        const char *name);

/* The file in the directory STATE. EL_ENOENT if there is none; EL_EINVAL. */
int el_enrolment_read(const char *state, struct el_enrolment *enrolment, struct el_err *err);
int el_enrolment_write(const char *state, const struct el_enrolment *enrolment, struct el_err *err);

#endif
