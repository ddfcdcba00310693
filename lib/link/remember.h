/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a tunnel has to know after a restart: the timestamps that keep replayed handshakes out, and
 * where its peers were, so that it can call them at once instead of waiting to be called.
 *
 * A NULL memory remembers nothing; everything may be called on it.
 */
#ifndef EL_LINK_REMEMBER_H
#define EL_LINK_REMEMBER_H

#include "base/addr.h"
#include "base/err.h"
#include "tunnel/tunnel.h"

struct el_remember;

/* Opens (or makes) the database in the directory STATE_FD, which is ours from now on, or if that is
 * -1 in PATH; with neither *memory is NULL. */
int el_remember_open(int state_fd, const char *path, struct el_remember **memory,
                     struct el_err *err);
void el_remember_close(struct el_remember *memory);

/* What was remembered; zeros (and an endpoint of family 0) if nothing was. */
void el_remember_own(struct el_remember *memory, uint8_t timestamp[12]);
void el_remember_peer(struct el_remember *memory, const uint8_t key[EL_TUNNEL_KEY_BYTES],
                      uint8_t timestamp[12], struct el_endpoint *endpoint);

/* To be remembered. Failures are logged: the tunnel goes on. An endpoint inside TCP, where nobody
 * can call it, is not. */
void el_remember_reserved(struct el_remember *memory, const uint8_t timestamp[12]);
void el_remember_accepted(struct el_remember *memory, const uint8_t key[EL_TUNNEL_KEY_BYTES],
                          const uint8_t timestamp[12]);
void el_remember_endpoint(struct el_remember *memory, const uint8_t key[EL_TUNNEL_KEY_BYTES],
                          const struct el_endpoint *endpoint);

#endif
