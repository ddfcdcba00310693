/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TLS (RFC 8446, RFC 5246) as a stream of net/net.h on another one: the client's side, by OpenSSL.
 *
 *     el_net_connect(net, &to, &silent, NULL, &inner, err);
 *     el_net_tls_client(net, inner, trust, "mirror.example.org", &events, arg, &stream, err);
 *
 * Whoever has the stream does not notice: `opened` comes when the other side has shown a
 * certificate that TRUST vouches for and that is the host's (RFC 6125); until then nothing that was
 * written leaves, and nothing that comes is told. A certificate that is wrong ends the stream with
 * EL_EAUTH.
 *
 * The end of the stream is 0 if the peer said so in TLS (close_notify); a connection that just ends
 * is EL_ECLOSED, since anybody on the way can do that. send_file is EL_ENOTSUP.
 */
#ifndef EL_NET_TLS_H
#define EL_NET_TLS_H

#include "net/net.h"

/* Whose signatures count. */
struct el_net_tls_trust;

/* The certificates in FILE (PEM), or of NULL those that the system trusts: SSL_CERT_FILE of the
 * environment, or the bundle where distributions have it. They are read now. EL_ENOENT: there is no
 * bundle; EL_EINVAL: no certificate in it. */
int el_net_tls_trust_new(const char *file, struct el_net_tls_trust **trust, struct el_err *err);
void el_net_tls_trust_free(struct el_net_tls_trust *trust); /* NULL is allowed */

/* A client on INNER, which is the new stream's from now on, also if this fails; it may still be
 * connecting. NET is its provider, TRUST outlives the stream. HOST is a name or an address: what
 * the certificate must be for. */
int el_net_tls_client(struct el_net *net, struct el_net_stream *inner,
                      const struct el_net_tls_trust *trust, const char *host,
                      const struct el_net_stream_events *events, void *arg,
                      struct el_net_stream **stream, struct el_err *err);

/* Why a stream of el_net_tls_client() has ended with EL_EAUTH or EL_EPROTO, for people: "the
 * certificate has expired". "" if there is nothing to say. Valid until it is closed. */
const char *el_net_tls_why(const struct el_net_stream *stream);

#endif
