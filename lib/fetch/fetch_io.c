/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A fetch goes through these steps, and back to the first for every further try or redirection:
 *
 *     look up the host, or the proxy -> connect, to one address after the other
 *       -> CONNECT, if it is https through a proxy -> TLS, if it is https
 *       -> ask -> header -> body
 *
 * Callbacks of streams only take note and close their stream; what follows from it (`next`) is done
 * by the timer, with no stream's callback on the stack. Otherwise the timer is the deadline of what
 * is being waited for.
 */
#include "fetch/fetch_io.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BODY_MAX = 1 << 20, AUTHORIZATION_BYTES = 2 * EL_FETCH_SECRET_BYTES + 16 };

enum next { WAIT, BEGIN, CONNECT_NEXT, FINISH };

struct el_fetch {
    struct el_net *net;
    struct el_fetch_config config;
    struct el_fetch_events events;
    void *arg;
    struct el_net_timer *timer;
    enum next next;

    struct el_fetch_url first, url; /* what was said; where redirections have led */
    struct el_fetch_proxy proxy;
    bool through_proxy;
    unsigned redirects, tries;

    struct el_net_query *query;
    struct el_ip addresses[EL_NET_RESOLVE_ADDRESSES];
    size_t address_count, address_at;

    struct el_net_stream *stream;
    bool tunnelling; /* the response being read is the proxy's to CONNECT */
    bool judged;     /* the header of the response has been looked at */
    struct el_http_response response;
    struct el_fetch_fields fields;

    uint64_t here, total; /* bytes of the file: have come; are in it */
    uint64_t furthest;    /* that `here` has ever been: less than that is no progress */
    char validator[EL_FETCH_VALIDATOR_BYTES];

    int code; /* of the end, or why it is tried again */
    struct el_err err;
};

/* -- what comes next -- */

static void go_on(struct el_fetch *f, enum next next, uint64_t in_ns)
{
    f->next = next;
    el_net_timer_set(f->timer, el_net_now_ns(f->net) + in_ns);
}

static void wait_for(struct el_fetch *f, unsigned seconds)
{
    go_on(f, WAIT, seconds * EL_S);
}

static void hang_up(struct el_fetch *f)
{
    el_net_stream_close(f->stream);
    f->stream = NULL;
    el_http_response_end(&f->response);
}

static void finish(struct el_fetch *f, int code)
{
    hang_up(f);
    f->code = code;
    go_on(f, FINISH, 0);
}

/* WHAT is wrong with what is being fetched. */
static void fail(struct el_fetch *f, int code, const char *what)
{
    char url[EL_FETCH_URL_BYTES];

    finish(f, el_err(&f->err, code, "%.300s: %s", el_fetch_url_text(&f->url, url), what));
}

/* What may be otherwise the next time. */
static void try_again(struct el_fetch *f, int code, const char *what)
{
    uint64_t pause = (uint64_t)f->config.pause_ms * EL_MS;

    if (++f->tries >= EL_FETCH_TRIES) {
        fail(f, code, what);
        return;
    }
    hang_up(f);
    f->url = f->first;
    f->redirects = 0;
    if (f->events.again)
        f->events.again(f->arg, what);
    go_on(f, BEGIN, pause << (f->tries - 1));
}

/* -- the body -- */

static void check_end(struct el_fetch *f)
{
    if (f->total != EL_FETCH_UNKNOWN && f->here > f->total)
        fail(f, EL_EPROTO, "more bytes have come than there are said to be");
    else if (f->total != EL_FETCH_UNKNOWN && f->here < f->total && f->response.complete)
        try_again(f, EL_ESHORT, "the answer ended early");
    else if (f->response.complete)
        finish(f, 0);
}

static void take_body(struct el_fetch *f)
{
    size_t len = f->response.body_len;

    if (len > 0) {
        int rc = f->events.data(f->arg, f->response.body, len, &f->err);
        if (rc < 0) {
            finish(f, rc);
            return;
        }
        f->here += len;
        if (f->here > f->furthest) {
            f->furthest = f->here;
            f->tries = 0;
        }
        el_http_response_take(&f->response);
    }
    wait_for(f, EL_FETCH_SILENCE_S);
    check_end(f);
}

/* -- the header -- */

static void follow(struct el_fetch *f, const struct el_fetch_head *head)
{
    struct el_fetch_url to;
    struct el_err why = {""};

    if (++f->redirects > EL_FETCH_REDIRECTS)
        fail(f, EL_EPROTO, "redirected too often: a loop?");
    else if (el_fetch_url_join(&f->url, head->location, &to, &why) < 0)
        fail(f, EL_EPROTO, "it redirects to what is no URL");
    else if (f->url.tls && !to.tls)
        fail(f, EL_EPERM, "it redirects from https to plain http, which is not followed");
    else {
        f->url = to;
        hang_up(f);
        go_on(f, BEGIN, 0);
    }
}

static void begin_body(struct el_fetch *f, const struct el_fetch_head *head)
{
    if (head->offset != f->here) {
        f->here = 0;
        f->total = EL_FETCH_UNKNOWN;
    }
    if (head->offset > 0 && f->total != EL_FETCH_UNKNOWN && head->total != f->total) {
        fail(f, EL_EPROTO, "its size has changed between two parts of it");
        return;
    }
    f->total = head->total;
    snprintf(f->validator, sizeof f->validator, "%s", head->validator);
    int rc = f->events.head(f->arg, head, &f->err);
    if (rc < 0)
        finish(f, rc);
}

static void judge(struct el_fetch *f)
{
    struct el_fetch_head head;
    char text[40];

    f->judged = true;
    el_fetch_head_read(&f->response, &f->fields, f->validator[0] ? f->here : 0, &head);
    snprintf(text, sizeof text, "HTTP status %d", head.status);
    switch (head.verdict) {
    case EL_FETCH_TAKE: begin_body(f, &head); break;
    case EL_FETCH_WHOLE:
        begin_body(f, &head);
        if (f->next == WAIT)
            finish(f, 0);
        break;
    case EL_FETCH_ANEW:
        f->validator[0] = '\0';
        try_again(f, EL_EPROTO, "it has become shorter");
        break;
    case EL_FETCH_REDIRECT: follow(f, &head); break;
    case EL_FETCH_LATER: try_again(f, EL_EAGAIN, text); break;
    case EL_FETCH_REFUSED:
        fail(f, head.status == 404 || head.status == 410 ? EL_ENOENT : EL_EPERM, text);
        break;
    case EL_FETCH_NONSENSE: fail(f, EL_EPROTO, "the answer makes no sense"); break;
    }
}

/* -- asking -- */

static int send_ask(struct el_fetch *f, const struct el_http_ask *ask)
{
    char *text;
    int len = el_http_ask_text(ask, &text);

    if (len < 0)
        return len;
    int rc = el_net_stream_write(f->stream, (const uint8_t *)text, (size_t)len);
    sodium_memzero(text, (size_t)len);
    free(text);
    return rc;
}

/* "Basic dXNlcjp3b3Jk" (RFC 7617). NULL: the proxy wants nothing of the kind. */
static const char *authorization(const struct el_fetch *f, char text[AUTHORIZATION_BYTES])
{
    size_t len = strlen(f->proxy.secret);

    if (!f->through_proxy || len == 0)
        return NULL;
    memcpy(text, "Basic ", 6);
    sodium_bin2base64(text + 6, AUTHORIZATION_BYTES - 6, (const uint8_t *)f->proxy.secret, len,
                      sodium_base64_VARIANT_ORIGINAL);
    return text;
}

/* A way through the proxy (RFC 9110 §9.3.6). */
static void ask_tunnel(struct el_fetch *f)
{
    char authority[EL_FETCH_HOST_BYTES + 9], secret[AUTHORIZATION_BYTES];
    struct el_http_field fields[] = {{"User-Agent", "el2w"},
                                     {"Proxy-Authorization", authorization(f, secret)}};
    struct el_http_ask ask = {.method = "CONNECT",
                              .target = el_fetch_url_authority(&f->url, true, authority),
                              .host = authority,
                              .fields = fields,
                              .field_count = 2};

    el_http_response_init(&f->response, BODY_MAX, true);
    f->tunnelling = true;
    if (send_ask(f, &ask) < 0)
        fail(f, EL_ENOMEM, "out of memory");
    else
        wait_for(f, EL_FETCH_SILENCE_S);
    sodium_memzero(secret, sizeof secret);
}

/* A plain proxy is asked for the whole URL (RFC 9112 §3.2.2). */
static void ask_file(struct el_fetch *f)
{
    char url[EL_FETCH_URL_BYTES], authority[EL_FETCH_HOST_BYTES + 9];
    char secret[AUTHORIZATION_BYTES], range[40];
    bool absolute = f->through_proxy && !f->url.tls;
    bool rest = f->here > 0 && f->validator[0];
    struct el_http_field fields[] = {
        {"User-Agent", "el2w"},
        {"Accept-Encoding", "identity"},
        {"Range", rest ? range : NULL},
        {"If-Range", rest ? f->validator : NULL},
        {"Proxy-Authorization", absolute ? authorization(f, secret) : NULL},
    };
    struct el_http_ask ask = {
        .method = "GET",
        .target = absolute ? el_fetch_url_text(&f->url, url) : f->url.target,
        .host = el_fetch_url_authority(&f->url, false, authority),
        .accept = "*/*",
        .fields = fields,
        .field_count = sizeof fields / sizeof fields[0],
    };

    snprintf(range, sizeof range, "bytes=%llu-", (unsigned long long)f->here);
    el_http_response_init(&f->response, BODY_MAX, false);
    el_fetch_fields_begin(&f->fields, &f->response);
    f->tunnelling = f->judged = false;
    if (send_ask(f, &ask) < 0)
        fail(f, EL_EINVAL, "cannot be asked for");
    else
        wait_for(f, EL_FETCH_SILENCE_S);
    sodium_memzero(secret, sizeof secret);
}

/* -- the stream -- */

static const struct el_net_stream_events stream_events;

/* Puts TLS onto the stream, which is as far as the host by now. */
static void begin_tls(struct el_fetch *f)
{
    struct el_net_stream *inner = f->stream;
    struct el_err why = {""};

    f->stream = NULL;
    el_http_response_end(&f->response);
    if (!f->config.trust)
        finish(f, el_err(&f->err, EL_EPERM, "https needs certificates to trust"));
    else if (el_net_tls_client(f->net, inner, f->config.trust, f->url.host, &stream_events, f,
                               &f->stream, &why) < 0)
        fail(f, EL_ENOMEM, why.text);
    else
        ask_file(f);
}

static void on_opened(void *arg)
{
    struct el_fetch *f = arg;

    wait_for(f, EL_FETCH_SILENCE_S);
}

static void hear_proxy(struct el_fetch *f)
{
    char text[80];

    if (!f->response.header_done)
        return;
    if (f->response.status / 100 == 2) {
        begin_tls(f);
        return;
    }
    snprintf(text, sizeof text, "the proxy refuses: HTTP status %d", f->response.status);
    fail(f, EL_EPERM, text);
}

static void hear(struct el_fetch *f)
{
    if (f->response.header_done && f->tunnelling) {
        hear_proxy(f);
        return;
    }
    if (f->response.header_done && !f->judged)
        judge(f);
    if (f->response.header_done && f->stream && f->next == WAIT)
        take_body(f);
}

static void on_data(void *arg, const uint8_t *bytes, size_t len)
{
    struct el_fetch *f = arg;
    int code = el_http_response_input(&f->response, bytes, len);

    if (code < 0)
        fail(f, code, "the answer is no HTTP, or its header is too long");
    else
        hear(f);
}

/* The reason in words, which for a certificate is what counts. */
static void lose(struct el_fetch *f, int code)
{
    char text[200];
    const char *why = f->stream ? el_net_tls_why(f->stream) : "";

    snprintf(text, sizeof text, "%s",
             *why                 ? why
             : code == EL_ECLOSED ? "the connection was cut off"
             : code == EL_ENOENT  ? "there is no way to it"
                                  : el_strerror(code));
    if (code == EL_EAUTH || code == EL_EPROTO) /* it speaks no TLS, or another's */
        fail(f, code, text);
    else
        try_again(f, code, text);
}

static void on_ended(void *arg, int code)
{
    struct el_fetch *f = arg;
    bool answered = f->response.head_len > 0 || f->response.header_done;

    if (f->next != WAIT)
        return;
    if (code == 0 && f->response.header_done && el_http_response_eof(&f->response) == 0) {
        hear(f);
        return;
    }
    if (code == EL_EAUTH || answered || f->address_at >= f->address_count) {
        lose(f, code < 0 ? code : EL_ECLOSED);
        return;
    }
    hang_up(f);
    go_on(f, CONNECT_NEXT, 0);
}

static const struct el_net_stream_events stream_events = {
    .data = on_data, .ended = on_ended, .opened = on_opened};

/* -- the way there -- */

static void connect_next(struct el_fetch *f)
{
    struct el_net_connect_config to = {
        .to = {.ip = f->addresses[f->address_at++],
               .port = f->through_proxy ? f->proxy.port : f->url.port}};
    struct el_err why = {""};
    int rc = el_net_connect(f->net, &to, &stream_events, f, &f->stream, &why);

    if (rc < 0 && f->address_at < f->address_count) {
        go_on(f, CONNECT_NEXT, 0);
        return;
    }
    if (rc < 0) {
        try_again(f, rc, why.text);
        return;
    }
    wait_for(f, EL_FETCH_CONNECT_S);
    if (f->url.tls && f->through_proxy)
        ask_tunnel(f);
    else if (f->url.tls)
        begin_tls(f);
    else
        ask_file(f);
    if (f->next == WAIT)
        wait_for(f, EL_FETCH_CONNECT_S); /* and for the first byte */
}

static void on_resolved(void *arg, int code, const struct el_ip *ips, size_t count)
{
    struct el_fetch *f = arg;
    char text[EL_FETCH_HOST_BYTES + 80];
    const char *host = f->through_proxy ? f->proxy.host : f->url.host;

    f->query = NULL;
    if (code < 0) {
        snprintf(text, sizeof text, "%s %s: %s", f->through_proxy ? "the proxy" : "its host", host,
                 code == EL_ENOENT ? "no such name" : "the name cannot be looked up");
        if (code == EL_ENOENT || code == EL_EINVAL)
            fail(f, code, text);
        else
            try_again(f, code, text);
        return;
    }
    memcpy(f->addresses, ips, count * sizeof *ips);
    f->address_count = count;
    f->address_at = 0;
    go_on(f, CONNECT_NEXT, 0);
}

static void begin(struct el_fetch *f)
{
    int rc =
        f->config.proxies ? el_fetch_proxy_for(f->config.proxies, &f->url, &f->proxy, &f->err) : 0;

    if (rc < 0) {
        finish(f, rc);
        return;
    }
    f->through_proxy = rc == 1;
    f->next = WAIT;
    el_net_timer_set(f->timer, EL_NEVER); /* the resolver has deadlines of its own */
    if (el_net_resolve(f->config.resolver, f->through_proxy ? f->proxy.host : f->url.host,
                       on_resolved, f, &f->query) < 0)
        fail(f, EL_ENOMEM, "out of memory");
}

static void on_timer(void *arg)
{
    struct el_fetch *f = arg;

    switch (f->next) {
    case WAIT:
        if (f->address_at < f->address_count && f->response.head_len == 0) {
            hang_up(f);
            go_on(f, CONNECT_NEXT, 0);
        } else {
            try_again(f, EL_EAGAIN, "no answer in time");
        }
        break;
    case BEGIN: begin(f); break;
    case CONNECT_NEXT: connect_next(f); break;
    case FINISH: f->events.ended(f->arg, f->code, &f->err); break; /* may free it */
    }
}

/* -- coming and going -- */

void el_fetch_free(struct el_fetch *f)
{
    if (!f)
        return;
    el_net_resolve_cancel(f->query);
    hang_up(f);
    el_net_timer_free(f->timer);
    sodium_memzero(&f->proxy, sizeof f->proxy);
    free(f);
}

int el_fetch_start(struct el_net *net, const struct el_fetch_config *config,
                   const struct el_fetch_events *events, void *arg, struct el_fetch **result,
                   struct el_err *err)
{
    struct el_fetch *f = calloc(1, sizeof *f);

    if (!f)
        return el_err(err, EL_ENOMEM, "out of memory");
    *f = (struct el_fetch){.net = net,
                           .config = *config,
                           .events = *events,
                           .arg = arg,
                           .total = EL_FETCH_UNKNOWN,
                           .timer = el_net_timer_new(net, on_timer, f)};
    int rc = f->timer ? el_fetch_url_parse(config->url, &f->first, err)
                      : el_err(err, EL_ENOMEM, "out of memory");
    if (rc < 0) {
        el_fetch_free(f);
        return rc;
    }
    f->url = f->first;
    if (config->validator && config->validator[0]) {
        f->here = config->here;
        snprintf(f->validator, sizeof f->validator, "%s", config->validator);
    }
    if (f->config.pause_ms == 0)
        f->config.pause_ms = 500;
    go_on(f, BEGIN, 0);
    *result = f;
    return 0;
}
