/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Key files, and the tunnel address that goes with a key. */
#ifndef EL_NODE_KEY_H
#define EL_NODE_KEY_H

#include "base/addr.h"
#include "base/err.h"
#include "tunnel/tunnel.h"

/* Reads a key in base64 from FD (from its beginning, whatever its position) or, if that is -1, from
 * the file PATH. EL_ENOENT if there is no such file; EL_EINVAL if it holds no key. */
int el_node_key_read(int fd, const char *path, uint8_t key[EL_TUNNEL_KEY_BYTES],
                     struct el_err *err);

/* Writes a new private key to the file PATH, readable by its owner only. */
int el_node_key_make(const char *path, struct el_err *err);

/* Opens the key file PATH or, if that is NULL, NAME.key in the directory STATE, which is made with
 * a new key if it is not there. Its descriptor, to be passed to the tunnel applet; PUBLIC_KEY is
 * what goes with it. The private key does not stay in this process. */
int el_node_key_open(const char *path, const char *state, const char *name,
                     uint8_t public_key[EL_TUNNEL_KEY_BYTES], struct el_err *err);

/* The hub's tunnel address: 100.64.0.1. */
enum { EL_NODE_HUB_ADDRESS = 0x64400001 };

/* Bytes of an IP packet between two tunnel addresses: fits every path (RFC 8200 §5). */
enum { EL_NODE_INSIDE_MTU = 1280 };

/*
 * The tunnel address of whoever owns PUBLIC_KEY, unless another is configured: both sides compute
 * it, so that nobody has to keep a list. It is 100.64.0.0/10 (RFC 6598) with 22 bits of a hash of
 * the key; the first 256 addresses are left to the hub and to those who prefer to number by hand.
 * Among 100 spokes two have the same with a probability of one in a thousand; the hub then says so
 * and asks for an address by hand.
 */
uint32_t el_node_key_address(const uint8_t public_key[EL_TUNNEL_KEY_BYTES]);

#endif
