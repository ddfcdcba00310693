/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The TFTP server: requests come to one socket; each transfer has a socket of its own, whose port
 * is its transfer identifier (RFC 1350 §4), and a timer.
 */
#include "tftp/tftp_io.h"

#include "base/log.h"
#include "tftp/tftp_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct conversation {
    struct el_tftp_server *server;
    struct el_tftp_session *session;
    struct el_net_udp *udp;
    struct el_net_timer *timer;
};

struct el_tftp_server {
    struct el_net *net;
    struct el_net_udp *udp;
    struct el_tftp_config config;
    struct el_tftp_table table;
    uint8_t packet[EL_TFTP_PACKET_MAX]; /* the one being sent */
};

static bool is_group(const struct el_ip *ip)
{
    if (ip->family == 4)
        return ip->b[0] >= 224; /* 224/4 multicast, 255.255.255.255 broadcast */
    return ip->family == 6 && ip->b[0] == 0xff;
}

/* -- the end of a transfer -- */

static const struct {
    enum el_log_level level;
    const char *event;
} endings[] = {
    [EL_TFTP_DONE] = {EL_LOG_INFO, "done"},     [EL_TFTP_UNANSWERED] = {EL_LOG_INFO, "done"},
    [EL_TFTP_ABORTED] = {EL_LOG_WARN, "error"}, [EL_TFTP_TIMEOUT] = {EL_LOG_WARN, "timeout"},
    [EL_TFTP_FAILED] = {EL_LOG_ERROR, "error"},
};

static void log_end(const struct el_tftp_session *s, const struct el_tftp_report *report)
{
    const struct el_tftp_transfer *t = &s->transfer;
    enum el_log_level level = endings[report->outcome].level;
    bool told = report->outcome == EL_TFTP_ABORTED || report->outcome == EL_TFTP_FAILED;
    char seconds[32];

    /* Nothing was fetched: a client that only wanted the size (it ends with error 8 or 0), or
     * one that was never there. Neither is news. */
    if (report->bytes == 0 && (report->outcome == EL_TFTP_ABORTED ||
                               (report->outcome == EL_TFTP_TIMEOUT && !t->confirmed)))
        level = EL_LOG_DEBUG;
    snprintf(seconds, sizeof seconds, "%.3f", (double)report->took_ns / (double)EL_S);
    EL_LOG(level, "tftp", endings[report->outcome].event, EL_STR("file", report->name),
           EL_UINT("bytes", report->bytes), EL_STR("seconds", seconds),
           EL_ENDPOINT("client", report->client),
           EL_STR("last-ack", report->outcome == EL_TFTP_UNANSWERED ? "missing" : NULL),
           EL_STR("reason", told ? t->error_message : NULL));
}

static struct el_tftp_report report_of(const struct el_tftp_server *server,
                                       const struct el_tftp_session *s)
{
    return (struct el_tftp_report){
        .client = &s->client,
        .name = s->request.name,
        .outcome = s->transfer.outcome,
        .is_confirmed = s->transfer.confirmed,
        .bytes = s->transfer.bytes,
        .total = s->transfer.file.size,
        .took_ns = el_net_now_ns(server->net) - s->began_ns,
    };
}

/* Frees the session; tells the owner, unless the server itself is ending. */
static void session_end(struct el_tftp_server *server, struct el_tftp_session *s, bool tell)
{
    struct conversation *c = s->io;
    struct el_tftp_report report = report_of(server, s);

    el_tftp_end(&s->transfer);
    el_net_udp_close(c->udp);
    el_net_timer_free(c->timer);
    free(c);
    s->io = NULL;
    s->used = false;
    if (!tell)
        return;
    /* The session's memory stays as it is until the next request, which cannot come before the
     * owner has returned. */
    report.outcome = s->transfer.outcome;
    log_end(s, &report);
    if (server->config.ended)
        server->config.ended(server->config.arg, &report);
}

/* Sends what there is to send and sets the clock for the rest. */
static void session_run(struct conversation *c)
{
    struct el_tftp_server *server = c->server;
    struct el_tftp_session *s = c->session;
    uint64_t now_ns = el_net_now_ns(server->net);
    size_t len;

    /* A packet that could not be sent is a packet that was lost. */
    while ((len = el_tftp_output(&s->transfer, now_ns, server->packet, sizeof server->packet)) > 0)
        (void)el_net_udp_send(c->udp, &s->client, NULL, server->packet, len);
    if (el_tftp_outcome(&s->transfer) == EL_TFTP_RUNNING)
        el_net_timer_set(c->timer, el_tftp_deadline(&s->transfer));
    else
        session_end(server, s, true);
}

static void on_timer(void *arg)
{
    session_run(arg);
}

static void on_packet(void *arg, const struct el_net_udp_meta *meta, const uint8_t *bytes,
                      size_t len)
{
    struct conversation *c = arg;
    struct el_tftp_session *s = c->session;
    uint8_t error[64];

    if (!el_endpoint_equal(&meta->from, &s->client)) {
        /* RFC 1350 §4: the stranger is told, the transfer is not disturbed. The answer to an ACK is
         * the shortest error there is, one byte longer. */
        if (el_tftp_opcode(bytes, len) == EL_TFTP_ERROR)
            return;
        size_t room = len < sizeof error ? len : sizeof error;
        size_t n = el_tftp_error_build(error, room > EL_TFTP_HEADER ? room : EL_TFTP_HEADER + 1,
                                       EL_TFTP_E_UNKNOWN_TID, "Unknown transfer ID");
        if (n)
            (void)el_net_udp_send(c->udp, &meta->from, NULL, error, n);
        return;
    }
    uint64_t now_ns = el_net_now_ns(c->server->net);
    if (el_tftp_input(&s->transfer, now_ns, bytes, len) < 0)
        return;
    s->heard_ns = now_ns;
    session_run(c);
}

/* -- requests -- */

/* Answers a request with an error that is not longer than the request. */
static void refuse(struct el_tftp_server *server, const struct el_net_udp_meta *meta,
                   const struct el_tftp_request *request, size_t len, enum el_tftp_error code,
                   const char *message)
{
    uint8_t error[64];
    size_t n = el_tftp_error_build(error, len < sizeof error ? len : sizeof error, (uint16_t)code,
                                   message);

    if (n)
        (void)el_net_udp_send(server->udp, &meta->from, &meta->to.ip, error, n);
    EL_LOG(code == EL_TFTP_E_NOT_FOUND ? EL_LOG_INFO : EL_LOG_WARN, "tftp", "refused",
           EL_STR("file", request->name), EL_STR("reason", message),
           EL_ENDPOINT("client", &meta->from));
}

/* Opens what the request names. */
static int open_file(struct el_tftp_server *server, const struct el_tftp_request *request,
                     struct el_content_file *file)
{
    char name[EL_CONTENT_NAME_MAX];
    int r = el_content_name(request->name, name);

    return r < 0 ? EL_EPERM : el_content_open(server->config.content, name, file);
}

static int conversation_new(struct el_tftp_server *server, struct el_tftp_session *s,
                            const struct el_ip *local)
{
    struct conversation *c = calloc(1, sizeof *c);

    if (!c)
        return EL_ENOMEM;
    *c = (struct conversation){.server = server, .session = s};
    c->timer = el_net_timer_new(server->net, on_timer, c);
    int r = c->timer ? el_net_udp_sibling(server->udp, local, on_packet, c, &c->udp) : EL_ENOMEM;
    if (r < 0) {
        el_net_timer_free(c->timer);
        free(c);
        return r;
    }
    s->io = c;
    return 0;
}

/* Serves an admitted request from SESSION. */
static void begin(struct el_tftp_server *server, struct el_tftp_session *s,
                  enum el_tftp_verdict verdict, const struct el_net_udp_meta *meta,
                  const struct el_tftp_request *request, size_t len)
{
    struct el_content_file file;
    int r = open_file(server, request, &file);

    if (r == EL_ENOENT) {
        refuse(server, meta, request, len, EL_TFTP_E_NOT_FOUND, "File not found");
        return;
    }
    if (r < 0) {
        refuse(server, meta, request, len, EL_TFTP_E_ACCESS, "Access violation");
        return;
    }
    if (verdict == EL_TFTP_REPLACE)
        session_end(server, s, true);
    if (verdict == EL_TFTP_RESTART)
        el_tftp_end(&s->transfer);
    else if ((r = conversation_new(server, s, &meta->to.ip)) < 0) {
        EL_LOG(EL_LOG_WARN, "tftp", "refused", EL_STR("file", request->name),
               EL_STR("reason", el_strerror(r)), EL_ENDPOINT("client", &meta->from));
        el_content_close(&file);
        return;
    }
    uint64_t now_ns = el_net_now_ns(server->net);
    s->used = true;
    s->client = meta->from;
    s->began_ns = s->heard_ns = now_ns;
    s->request = *request;
    struct el_tftp_limits limits = server->config.limits;
    if (!limits.blksize_max && meta->from.ip.family == 6)
        limits.blksize_max = EL_TFTP_BLKSIZE_UNFRAGMENTED6;
    el_tftp_start(&s->transfer, now_ns, request, &file, &limits);
    if (server->config.began) {
        struct el_tftp_report report = report_of(server, s);
        report.is_new = true;
        server->config.began(server->config.arg, &report);
    }
    session_run(s->io);
}

static void on_request(void *arg, const struct el_net_udp_meta *meta, const uint8_t *bytes,
                       size_t len)
{
    struct el_tftp_server *server = arg;
    struct el_tftp_request request;
    struct el_tftp_session *session = NULL;

    /* RFC 1123 §4.2.3.5: nobody may make us answer a broadcast. */
    if (is_group(&meta->to.ip))
        return;
    int r = el_tftp_request_decode(bytes, len, &request);
    if (r == EL_EPROTO) {
        EL_LOG(EL_LOG_DEBUG, "tftp", "dropped", EL_UINT("bytes", len),
               EL_ENDPOINT("client", &meta->from));
        return;
    }
    if (request.opcode == EL_TFTP_WRQ) {
        refuse(server, meta, &request, len, EL_TFTP_E_ACCESS, "Access violation: read only");
        return;
    }
    if (r < 0) {
        refuse(server, meta, &request, len, EL_TFTP_E_ILLEGAL, "Mode is octet or netascii");
        return;
    }
    enum el_tftp_verdict verdict =
        el_tftp_admit(&server->table, el_net_now_ns(server->net), &meta->from, &request, &session);
    EL_LOG(EL_LOG_DEBUG, "tftp", "request", EL_STR("file", request.name),
           EL_STR("verdict", verdict == EL_TFTP_REFUSE   ? "too many"
                             : verdict == EL_TFTP_IGNORE ? "duplicate"
                                                         : "served"),
           EL_ENDPOINT("client", &meta->from));
    if (verdict != EL_TFTP_IGNORE && verdict != EL_TFTP_REFUSE)
        begin(server, session, verdict, meta, &request, len);
}

/* -- life -- */

int el_tftp_server_start(struct el_net *net, const struct el_tftp_config *config,
                         struct el_tftp_server **result, struct el_err *err)
{
    struct el_tftp_server *server = calloc(1, sizeof *server);
    size_t capacity = config->max_transfers ? config->max_transfers : EL_TFTP_TRANSFERS;

    if (!server)
        return el_err(err, EL_ENOMEM, "tftp: out of memory");
    server->net = net;
    server->config = *config;
    server->table = (struct el_tftp_table){
        .sessions = calloc(capacity, sizeof *server->table.sessions),
        .capacity = capacity,
        .per_client = config->max_per_client ? config->max_per_client : EL_TFTP_PER_CLIENT,
    };
    int r = server->table.sessions
                ? el_net_udp_open(net, &config->listen, on_request, server, &server->udp, err)
                : el_err(err, EL_ENOMEM, "tftp: out of memory");
    if (r < 0) {
        free(server->table.sessions);
        free(server);
        return r;
    }
    *result = server;
    return 0;
}

size_t el_tftp_server_look(const struct el_tftp_server *server,
                           void (*look)(void *arg, const struct el_tftp_report *report), void *arg)
{
    size_t count = 0;

    for (size_t i = 0; i < server->table.capacity; i++)
        if (server->table.sessions[i].used) {
            struct el_tftp_report report = report_of(server, &server->table.sessions[i]);
            look(arg, &report);
            count++;
        }
    return count;
}

void el_tftp_server_stop(struct el_tftp_server *server)
{
    if (!server)
        return;
    for (size_t i = 0; i < server->table.capacity; i++)
        if (server->table.sessions[i].used)
            session_end(server, &server->table.sessions[i], false);
    el_net_udp_close(server->udp);
    free(server->table.sessions);
    free(server);
}
