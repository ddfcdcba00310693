/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * OpenSSL between two streams. It meets no socket: what comes from below is put into one of its
 * memory buffers and what it wants to send is taken from another, so each turn is
 *
 *     bytes from below -> handshake, or read -> the owner's callbacks -> what is to be sent
 *
 * Callbacks may close the stream: its memory goes when the turn is over (`turns`). Reading goes on
 * in a turn of its own, by a timer, when the owner takes up again what OpenSSL has by then.
 *
 * OpenSSL's configuration file is not read: it could have a library loaded, which a static program
 * cannot do.
 */
#include "net/tls.h"

#include "net/provider.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PIECE_BYTES = 16384 }; /* of a record, at most (RFC 8446 §5.1) */

struct el_net_tls_trust {
    SSL_CTX *context;
};

struct tls {
    struct el_net_stream base;
    struct el_net_stream *inner; /* NULL once it is lost */
    struct el_net_timer *later;
    struct el_net *net;
    SSL *ssl;
    BIO *in, *out;    /* of ssl */
    uint8_t *waiting; /* was written before the handshake was over */
    size_t waiting_len;
    unsigned turns; /* on the stack */
    bool open, paused, finishing, closed;
    bool ended;     /* `ended` has been called */
    bool lower_end; /* nothing will come from below */
    char why[120];
};

/* -- trust -- */

/* Where distributions have it: Debian and its kin, Fedora and its kin, SUSE, Alpine and BSDs. */
static const char *find_bundle(void)
{
    static const char *const places[] = {
        "/etc/ssl/certs/ca-certificates.crt",
        "/etc/pki/tls/certs/ca-bundle.crt",
        "/var/lib/ca-certificates/ca-bundle.pem",
        "/etc/ssl/cert.pem",
    };
    const char *said = getenv("SSL_CERT_FILE");

    if (said && *said)
        return said;
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
        if (access(places[i], R_OK) == 0)
            return places[i];
    return NULL;
}

int el_net_tls_trust_new(const char *file, struct el_net_tls_trust **result, struct el_err *err)
{
    const char *path = file ? file : find_bundle();
    struct el_net_tls_trust *trust = calloc(1, sizeof *trust);

    if (!trust || OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) != 1 ||
        !(trust->context = SSL_CTX_new(TLS_client_method()))) {
        free(trust);
        return el_err(err, EL_ENOMEM, "TLS cannot be set up");
    }
    SSL_CTX_set_min_proto_version(trust->context, TLS1_2_VERSION);
    SSL_CTX_set_verify(trust->context, SSL_VERIFY_PEER, NULL);
    int rc = 0;
    if (!path)
        rc = el_err(err, EL_ENOENT,
                    "no certificates to trust on this system: install the package "
                    "ca-certificates, or name a file of them with --ca");
    else if (access(path, R_OK) != 0)
        rc = el_err_os(err, errno, "certificates %s", path);
    else if (SSL_CTX_load_verify_file(trust->context, path) != 1)
        rc = el_err(err, EL_EINVAL, "certificates %s: no certificate in PEM form is in it", path);
    ERR_clear_error();
    if (rc < 0)
        el_net_tls_trust_free(trust);
    else
        *result = trust;
    return rc;
}

void el_net_tls_trust_free(struct el_net_tls_trust *trust)
{
    if (trust)
        SSL_CTX_free(trust->context);
    free(trust);
}

/* -- ends -- */

static void destroy(struct tls *t)
{
    el_net_stream_close(t->inner);
    el_net_timer_free(t->later);
    SSL_free(t->ssl); /* and its buffers */
    free(t->waiting);
    free(t);
}

static void begin_turn(struct tls *t)
{
    t->turns++;
}

static void end_turn(struct tls *t)
{
    if (--t->turns == 0 && t->closed)
        destroy(t);
}

static void end(struct tls *t, int code)
{
    if (t->ended || t->closed)
        return;
    t->ended = true;
    if (code < 0) {
        el_net_stream_close(t->inner);
        t->inner = NULL;
    }
    if (t->base.events.ended)
        t->base.events.ended(t->base.arg, code);
}

/* OpenSSL has said no: why, and the end. */
static void fail(struct tls *t)
{
    long verified = SSL_get_verify_result(t->ssl);
    unsigned long error = ERR_peek_error();
    const char *reason = verified != X509_V_OK ? X509_verify_cert_error_string(verified)
                         : error               ? ERR_reason_error_string(error)
                                               : NULL;

    snprintf(t->why, sizeof t->why, "%s%s", verified != X509_V_OK ? "its certificate: " : "",
             reason ? reason : "this is not TLS");
    ERR_clear_error();
    end(t, verified != X509_V_OK ? EL_EAUTH : EL_EPROTO);
}

/* -- a turn -- */

/* What OpenSSL wants to say goes down. */
static int flush(struct tls *t)
{
    char *bytes;
    long len = BIO_get_mem_data(t->out, &bytes);

    if (len <= 0 || !t->inner)
        return t->inner ? 0 : EL_ECLOSED;
    int rc = el_net_stream_write(t->inner, (const uint8_t *)bytes, (size_t)len);
    (void)BIO_reset(t->out);
    return rc;
}

/* Takes BYTES, now that there is a key for them. They go into memory: it cannot block. */
static int encrypt(struct tls *t, const uint8_t *bytes, size_t len)
{
    size_t written;

    ERR_clear_error();
    return len == 0 || SSL_write_ex(t->ssl, bytes, len, &written) == 1 ? 0 : EL_EPROTO;
}

/* Whether the handshake is over. */
static bool shake_hands(struct tls *t)
{
    if (t->open)
        return true;
    ERR_clear_error();
    int r = SSL_do_handshake(t->ssl);
    int reason = SSL_get_error(t->ssl, r);
    if (r != 1 && reason != SSL_ERROR_WANT_READ && reason != SSL_ERROR_WANT_WRITE) {
        (void)flush(t); /* the alert */
        fail(t);
        return false;
    }
    if (r != 1)
        return false;
    t->open = true;
    if (encrypt(t, t->waiting, t->waiting_len) < 0) {
        fail(t);
        return false;
    }
    t->waiting_len = 0;
    if (t->base.events.opened)
        t->base.events.opened(t->base.arg);
    return !t->closed;
}

/* Gives the owner what is there, until nothing is, or he wants no more. */
static void read_all(struct tls *t)
{
    uint8_t piece[PIECE_BYTES];
    size_t len;

    while (!t->closed && !t->ended && !t->paused) {
        ERR_clear_error();
        int r = SSL_read_ex(t->ssl, piece, sizeof piece, &len);
        if (r == 1) {
            if (t->base.events.data)
                t->base.events.data(t->base.arg, piece, len);
            continue;
        }
        switch (SSL_get_error(t->ssl, r)) {
        case SSL_ERROR_WANT_READ:
        case SSL_ERROR_WANT_WRITE: break;
        case SSL_ERROR_ZERO_RETURN: end(t, 0); break;
        default: fail(t); break;
        }
        break;
    }
}

static void turn(struct tls *t)
{
    begin_turn(t);
    if (!t->ended && shake_hands(t))
        read_all(t);
    if (!t->closed && !t->ended && flush(t) < 0)
        end(t, EL_ENOMEM);
    if (t->lower_end && !t->paused)
        end(t, EL_ECLOSED);
    end_turn(t);
}

/* -- from below -- */

static void on_data(void *arg, const uint8_t *bytes, size_t len)
{
    struct tls *t = arg;
    size_t written;

    if (t->ended)
        return;
    begin_turn(t);
    if (BIO_write_ex(t->in, bytes, len, &written) != 1 || written != len)
        end(t, EL_ENOMEM);
    else
        turn(t);
    end_turn(t);
}

static void on_drained(void *arg)
{
    struct tls *t = arg;

    if (t->open && !t->ended && t->base.events.drained)
        t->base.events.drained(t->base.arg);
}

static void on_ended(void *arg, int code)
{
    struct tls *t = arg;

    begin_turn(t);
    if (code < 0) {
        end(t, code);
    } else {
        t->lower_end = true;
        turn(t);
    }
    end_turn(t);
}

static void on_later(void *arg)
{
    turn(arg);
}

/* -- from above -- */

static int wait_with(struct tls *t, const uint8_t *bytes, size_t len)
{
    uint8_t *larger = realloc(t->waiting, t->waiting_len + len);

    if (!larger)
        return EL_ENOMEM;
    memcpy(larger + t->waiting_len, bytes, len);
    t->waiting = larger;
    t->waiting_len += len;
    return 0;
}

static int stream_write(struct el_net_stream *stream, const uint8_t *bytes, size_t len)
{
    struct tls *t = (struct tls *)stream;

    if (!t->inner || t->finishing)
        return EL_ECLOSED;
    if (len == 0)
        return 0;
    if (!t->open)
        return wait_with(t, bytes, len);
    int rc = encrypt(t, bytes, len);
    return rc == 0 ? flush(t) : EL_ECLOSED;
}

static int stream_send_file(struct el_net_stream *stream, int fd, uint64_t offset, uint64_t len)
{
    (void)stream;
    (void)fd;
    (void)offset;
    (void)len;
    return EL_ENOTSUP;
}

static size_t stream_queued(const struct el_net_stream *stream)
{
    const struct tls *t = (const struct tls *)stream;

    return t->waiting_len + (t->inner ? el_net_stream_queued(t->inner) : 0);
}

static void stream_pause(struct el_net_stream *stream, bool paused)
{
    struct tls *t = (struct tls *)stream;
    bool was = t->paused;

    t->paused = paused;
    if (t->inner)
        el_net_stream_pause(t->inner, paused);
    if (was && !paused)
        el_net_timer_set(t->later, el_net_now_ns(t->net));
}

static void stream_finish(struct el_net_stream *stream)
{
    struct tls *t = (struct tls *)stream;

    if (!t->inner || t->finishing)
        return;
    t->finishing = true;
    (void)SSL_shutdown(t->ssl);
    (void)flush(t);
    ERR_clear_error();
    el_net_stream_finish(t->inner);
}

static void stream_close(struct el_net_stream *stream)
{
    struct tls *t = (struct tls *)stream;

    t->closed = true;
    if (t->turns == 0)
        destroy(t);
}

static const struct el_net_ops ops = {
    .stream_write = stream_write,
    .stream_send_file = stream_send_file,
    .stream_queued = stream_queued,
    .stream_pause = stream_pause,
    .stream_finish = stream_finish,
    .stream_close = stream_close,
};

/* -- coming -- */

/* For whom the certificate must be, and the name that servers of many hosts choose theirs by. An
 * address is in neither place (RFC 6066 §3). */
static bool name_host(SSL *ssl, const char *host)
{
    struct el_ip ip;

    if (el_ip_parse(host, &ip) == 0)
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host) == 1;
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return SSL_set1_host(ssl, host) == 1 && SSL_set_tlsext_host_name(ssl, host) == 1;
}

/* Gives SSL its two buffers; one that is empty is no end. */
static bool lay_buffers(struct tls *t)
{
    t->in = BIO_new(BIO_s_mem());
    t->out = BIO_new(BIO_s_mem());
    if (!t->in || !t->out) {
        BIO_free(t->in);
        BIO_free(t->out);
        return false;
    }
    BIO_set_mem_eof_return(t->in, -1);
    BIO_set_mem_eof_return(t->out, -1);
    SSL_set_bio(t->ssl, t->in, t->out);
    return true;
}

int el_net_tls_client(struct el_net *net, struct el_net_stream *inner,
                      const struct el_net_tls_trust *trust, const char *host,
                      const struct el_net_stream_events *events, void *arg,
                      struct el_net_stream **stream, struct el_err *err)
{
    static const struct el_net_stream_events below = {
        .data = on_data, .drained = on_drained, .ended = on_ended};
    static const unsigned char http[] = "\x08http/1.1";
    struct tls *t = calloc(1, sizeof *t);

    if (!t) {
        el_net_stream_close(inner);
        return el_err(err, EL_ENOMEM, "out of memory");
    }
    *t = (struct tls){.base = {.ops = &ops, .events = *events, .arg = arg},
                      .inner = inner,
                      .net = net,
                      .ssl = SSL_new(trust->context),
                      .later = el_net_timer_new(net, on_later, t)};
    if (!t->ssl || !t->later || !lay_buffers(t) || !name_host(t->ssl, host) ||
        SSL_set_alpn_protos(t->ssl, http, sizeof http - 1) != 0) {
        destroy(t);
        ERR_clear_error();
        return el_err(err, EL_ENOMEM, "TLS with %.200s cannot be set up", host);
    }
    SSL_set_connect_state(t->ssl);
    el_net_stream_set_events(inner, &below, t);
    el_net_timer_set(t->later, el_net_now_ns(net)); /* the hello */
    *stream = &t->base;
    return 0;
}

const char *el_net_tls_why(const struct el_net_stream *stream)
{
    return stream->ops == &ops ? ((const struct tls *)stream)->why : "";
}
