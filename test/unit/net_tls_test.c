/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TLS between two hosts in memory: the other side is OpenSSL's own server, driven here. */
#include "net/memory.h"
#include "net/tls.h"

#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct el_net_world *world;
static struct el_net *mirror, *hub;

/* -- certificates: an authority, and what it signs -- */

struct identity {
    EVP_PKEY *key;
    X509 *certificate;
};

static void add_extension(X509 *certificate, X509 *issuer, int what, const char *value)
{
    X509V3_CTX context;

    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, what, value);
    assert_non_null(extension);
    assert_int_equal(X509_add_ext(certificate, extension, -1), 1);
    X509_EXTENSION_free(extension);
}

/* NAMES is NULL for an authority, which signs itself. */
static struct identity make_identity(const struct identity *by, const char *names, long valid_s)
{
    struct identity made = {EVP_EC_gen("P-256"), X509_new()};
    X509 *x = made.certificate;
    X509_NAME *name = X509_get_subject_name(x);

    assert_non_null(made.key);
    X509_set_version(x, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(x), names ? 2 : 1);
    X509_gmtime_adj(X509_getm_notBefore(x), -7200);
    X509_gmtime_adj(X509_getm_notAfter(x), valid_s);
    X509_set_pubkey(x, made.key);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                               (const unsigned char *)(names ? "mirror" : "authority"), -1, -1, 0);
    X509 *issuer = by ? by->certificate : x;
    X509_set_issuer_name(x, X509_get_subject_name(issuer));
    if (names)
        add_extension(x, issuer, NID_subject_alt_name, names);
    else
        add_extension(x, issuer, NID_basic_constraints, "critical,CA:TRUE");
    assert_true(X509_sign(x, by ? by->key : made.key, EVP_sha256()) > 0);
    return made;
}

static void free_identity(struct identity *identity)
{
    EVP_PKEY_free(identity->key);
    X509_free(identity->certificate);
}

static struct el_net_tls_trust *trust_in(const struct identity *authority)
{
    char path[] = "/tmp/net_tls_test.XXXXXX";
    struct el_net_tls_trust *trust = NULL;
    struct el_err err = {""};
    FILE *file = fdopen(mkstemp(path), "w");

    assert_non_null(file);
    assert_int_equal(PEM_write_X509(file, authority->certificate), 1);
    fclose(file);
    assert_int_equal(el_net_tls_trust_new(path, &trust, &err), 0);
    unlink(path);
    return trust;
}

/* -- the server: says "hello", echoes, and ends after "bye" -- */

static struct {
    SSL_CTX *context;
    SSL *ssl;
    BIO *in, *out;
    struct el_net_stream *stream;
    bool plain; /* speaks no TLS at all */
    bool rude;  /* ends without saying so in TLS */
} server;

static void server_flush(void)
{
    char *bytes;
    long len = BIO_get_mem_data(server.out, &bytes);

    if (len > 0)
        assert_int_equal(el_net_stream_write(server.stream, (uint8_t *)bytes, (size_t)len), 0);
    (void)BIO_reset(server.out);
}

static void server_data(void *arg, const uint8_t *bytes, size_t len)
{
    char text[4096];
    int n;

    (void)arg;
    BIO_write(server.in, bytes, (int)len);
    while ((n = SSL_read(server.ssl, text, sizeof text)) > 0) {
        if (n == 3 && memcmp(text, "bye", 3) == 0) {
            if (!server.rude)
                SSL_shutdown(server.ssl);
            server_flush();
            el_net_stream_finish(server.stream);
            return;
        }
        SSL_write(server.ssl, text, n);
    }
    server_flush();
}

static void server_ended(void *arg, int code)
{
    (void)arg;
    (void)code;
    el_net_stream_close(server.stream);
    server.stream = NULL;
}

static void on_accept(void *arg, struct el_net_stream *stream, const struct el_endpoint *peer,
                      const struct el_endpoint *local)
{
    static const struct el_net_stream_events events = {.data = server_data, .ended = server_ended};

    (void)arg;
    (void)peer;
    (void)local;
    server.stream = stream;
    if (server.plain) {
        el_net_stream_write(stream, (const uint8_t *)"HTTP/1.1 400 Bad\r\n\r\n", 20);
        return;
    }
    server.ssl = SSL_new(server.context);
    server.in = BIO_new(BIO_s_mem());
    server.out = BIO_new(BIO_s_mem());
    SSL_set_bio(server.ssl, server.in, server.out);
    SSL_set_accept_state(server.ssl);
    el_net_stream_set_events(stream, &events, NULL);
}

static void serve_as(const struct identity *identity)
{
    server.context = SSL_CTX_new(TLS_server_method());
    if (!identity)
        return;
    assert_int_equal(SSL_CTX_use_certificate(server.context, identity->certificate), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(server.context, identity->key), 1);
}

/* -- the client -- */

static struct {
    struct el_net_stream *stream;
    struct el_net_tls_trust *trust;
    char text[200000], why[200];
    size_t len;
    int opened, ended, code;
    bool close_in_data, pause_in_data;
} client;

static void on_opened(void *arg)
{
    (void)arg;
    client.opened++;
}

static void on_data(void *arg, const uint8_t *bytes, size_t len)
{
    (void)arg;
    assert_true(client.len + len < sizeof client.text);
    memcpy(client.text + client.len, bytes, len);
    client.len += len;
    if (client.pause_in_data)
        el_net_stream_pause(client.stream, true);
    if (client.close_in_data) {
        el_net_stream_close(client.stream);
        client.stream = NULL;
    }
}

static void on_ended(void *arg, int code)
{
    (void)arg;
    client.ended++;
    client.code = code;
    snprintf(client.why, sizeof client.why, "%s", el_net_tls_why(client.stream));
}

static void call(const char *host)
{
    static const struct el_net_stream_events silent = {0};
    static const struct el_net_stream_events events = {
        .data = on_data, .ended = on_ended, .opened = on_opened};
    struct el_net_connect_config to = {.to = {.ip = el_ip4(0x0a000001), .port = 443}};
    struct el_net_stream *inner;
    struct el_err err = {""};

    assert_int_equal(el_net_connect(hub, &to, &silent, NULL, &inner, &err), 0);
    assert_int_equal(
        el_net_tls_client(hub, inner, client.trust, host, &events, NULL, &client.stream, &err), 0);
}

static void say(const char *text)
{
    assert_int_equal(el_net_stream_write(client.stream, (const uint8_t *)text, strlen(text)), 0);
}

static void run(void)
{
    el_net_memory_run_until(world, el_net_memory_now(world) + 10 * EL_S);
}

/* -- the stage -- */

static int begin(void **state)
{
    struct el_net_listen_config config = {.bind = {.port = 443}, .inherited_fd = -1};
    struct el_prefix at = {el_ip4(0x0a000001), 24}, from = {el_ip4(0x0a000002), 24};
    struct el_net_listen *listen;
    struct el_err err = {""};

    (void)state;
    memset(&server, 0, sizeof server);
    memset(&client, 0, sizeof client);
    world = el_net_memory_world(1);
    mirror = el_net_memory_host(world, "mirror");
    hub = el_net_memory_host(world, "hub");
    assert_int_equal(el_net_memory_address(mirror, "wan", &at), 0);
    assert_int_equal(el_net_memory_address(hub, "wan", &from), 0);
    assert_int_equal(el_net_listen(mirror, &config, on_accept, NULL, &listen, &err), 0);
    return 0;
}

static int end(void **state)
{
    (void)state;
    el_net_stream_close(client.stream);
    el_net_memory_world_free(world);
    el_net_tls_trust_free(client.trust);
    SSL_free(server.ssl);
    SSL_CTX_free(server.context);
    return 0;
}

/* A server whose certificate is for NAMES, signed by an authority that the client trusts. */
static void set_stage(const char *names, long valid_s)
{
    struct identity authority = make_identity(NULL, NULL, 86400);
    struct identity identity = make_identity(&authority, names, valid_s);

    client.trust = trust_in(&authority);
    serve_as(&identity);
    free_identity(&identity);
    free_identity(&authority);
}

static void words_go_to_and_fro(void **state)
{
    (void)state;
    set_stage("DNS:mirror.test", 86400);
    call("mirror.test");
    say("one "); /* before anything is open */
    run();
    assert_int_equal(client.opened, 1);
    say("two");
    run();
    assert_memory_equal(client.text, "one two", 7);
    say("bye");
    run();
    assert_int_equal(client.ended, 1);
    assert_int_equal(client.code, 0);
}

static void much_goes_in_pieces_as_it_is_wanted(void **state)
{
    (void)state;
    char *much = malloc(100001);
    set_stage("IP:10.0.0.1", 86400);
    call("10.0.0.1");
    run();
    memset(much, 'x', 100000);
    much[100000] = '\0';
    client.pause_in_data = true;
    say(much);
    run();
    assert_true(client.len > 0 && client.len < 100000);
    size_t before = client.len;
    el_net_stream_pause(client.stream, false); /* what OpenSSL has by now */
    run();
    assert_true(client.len > before && client.len < 100000);
    client.pause_in_data = false;
    el_net_stream_pause(client.stream, false);
    run();
    assert_int_equal(client.len, 100000);
    assert_int_equal(client.ended, 0);
    free(much);
}

static void a_certificate_for_somebody_else_is_refused(void **state)
{
    (void)state;
    set_stage("DNS:elsewhere.test,DNS:*.test.example", 86400);
    call("mirror.test");
    say("secret");
    run();
    assert_int_equal(client.opened, 0);
    assert_int_equal(client.code, EL_EAUTH);
    assert_non_null(strstr(client.why, "ostname mismatch"));
}

static void an_address_is_not_a_name(void **state)
{
    (void)state;
    set_stage("DNS:10.0.0.1", 86400);
    call("10.0.0.1");
    run();
    assert_int_equal(client.code, EL_EAUTH);
}

static void an_expired_certificate_is_refused(void **state)
{
    (void)state;
    set_stage("DNS:mirror.test", -3600);
    call("mirror.test");
    run();
    assert_int_equal(client.code, EL_EAUTH);
    assert_non_null(strstr(client.why, "expired"));
}

static void an_unknown_authority_is_refused(void **state)
{
    (void)state;
    struct identity trusted = make_identity(NULL, NULL, 86400);
    struct identity other = make_identity(NULL, NULL, 86400);
    struct identity identity = make_identity(&other, "DNS:mirror.test", 86400);
    client.trust = trust_in(&trusted);
    serve_as(&identity);
    call("mirror.test");
    run();
    assert_int_equal(client.opened, 0);
    assert_int_equal(client.code, EL_EAUTH);
    free_identity(&identity);
    free_identity(&other);
    free_identity(&trusted);
}

static void what_is_no_tls_is_said_to_be_none(void **state)
{
    (void)state;
    set_stage("DNS:mirror.test", 86400);
    server.plain = true;
    call("mirror.test");
    run();
    assert_int_equal(client.ended, 1);
    assert_int_equal(client.code, EL_EPROTO);
    assert_true(client.why[0] != '\0');
    el_net_stream_close(server.stream);
}

static void a_cut_connection_is_no_end(void **state)
{
    (void)state;
    set_stage("DNS:mirror.test", 86400);
    server.rude = true;
    call("mirror.test");
    say("half of it");
    run();
    say("bye");
    run();
    assert_int_equal(client.len, 10);
    assert_int_equal(client.ended, 1);
    assert_int_equal(client.code, EL_ECLOSED);
}

static void it_may_be_closed_in_its_own_callback(void **state)
{
    (void)state;
    set_stage("DNS:mirror.test", 86400);
    client.close_in_data = true;
    call("mirror.test");
    say("once");
    run();
    assert_memory_equal(client.text, "once", 4);
    assert_null(client.stream);
    assert_int_equal(client.ended, 0);
}

static void trust_must_be_in_a_file(void **state)
{
    (void)state;
    struct el_net_tls_trust *trust;
    struct el_err err = {""};
    assert_int_equal(el_net_tls_trust_new("/nowhere/ca.pem", &trust, &err), EL_ENOENT);
    assert_non_null(strstr(err.text, "/nowhere/ca.pem"));
    assert_int_equal(el_net_tls_trust_new("/proc/self/cmdline", &trust, &err), EL_EINVAL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(words_go_to_and_fro),
        TEST(much_goes_in_pieces_as_it_is_wanted),
        TEST(a_certificate_for_somebody_else_is_refused),
        TEST(an_address_is_not_a_name),
        TEST(an_expired_certificate_is_refused),
        TEST(an_unknown_authority_is_refused),
        TEST(what_is_no_tls_is_said_to_be_none),
        TEST(a_cut_connection_is_no_end),
        TEST(it_may_be_closed_in_its_own_callback),
        TEST(trust_must_be_in_a_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
