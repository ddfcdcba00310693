/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a tunnel answers. One snapshot is under way at a time, and all who have asked by its end get
 * it; one client at a time gets a packet trace, as fast as it takes it. */
#include "link/tunnel_control.h"

#include "base/log.h"
#include "link/control_server.h"
#include "link/trace.h"
#include "node/control.h"
#include "sys/clock.h"

#include <stdlib.h>

enum { LOOK_MS = 10 }; /* how often the ring is looked at while it is empty */

/* A client that waits for a snapshot. */
struct waiter {
    struct el_control_client *client; /* NULL: none */
    enum el_writer_form form;
};

struct el_tunnel_control {
    struct el_tunnel_control_config config;
    struct el_control_server *server;
    struct el_report *report;
    bool reporting; /* the data path has it */
    struct waiter waiters[EL_CONTROL_CLIENTS];
    struct el_trace *trace; /* or NULL, */
    struct el_control_client *tracer;
    uv_timer_t look;
};

/* -- show -- */

static void ask_for_report(struct el_tunnel_control *control, struct el_control_client *client,
                           enum el_writer_form form)
{
    control->waiters[el_control_place(client)] = (struct waiter){client, form};
    if (!control->reporting)
        el_datapath_report(control->config.datapath, control->report);
    control->reporting = true;
}

static void answer(struct el_tunnel_control *control, const struct waiter *waiter)
{
    struct el_writer *writer = el_writer_new();
    char *text = NULL;
    int len = EL_ENOMEM;

    if (writer) {
        el_report_write(control->report, &control->config.about, writer);
        len = el_writer_finish(writer, waiter->form, &text);
    }
    el_writer_free(writer);
    if (len < 0)
        el_control_refuse(waiter->client, el_strerror(len));
    else
        el_control_answer(waiter->client, text, (size_t)len);
}

void el_tunnel_control_reported(struct el_tunnel_control *control)
{
    if (!control)
        return;
    control->reporting = false;
    for (unsigned i = 0; i < EL_CONTROL_CLIENTS; i++) {
        struct waiter waiter = control->waiters[i];
        control->waiters[i].client = NULL;
        if (waiter.client)
            answer(control, &waiter);
    }
}

/* -- capture -- */

/* What there is of the trace goes to its client; if that is nothing, we look again soon. */
static void go_on(struct el_tunnel_control *control);

static void on_look(uv_timer_t *timer)
{
    go_on(timer->data);
}

static void go_on(struct el_tunnel_control *control)
{
    const uint8_t *bytes;
    size_t len = el_trace_next(control->trace, el_sys_now_ns(), &bytes);

    if (len > 0)
        el_control_send(control->tracer, bytes, len);
    else if (el_trace_is_done(control->trace))
        el_control_end(control->tracer);
    else
        uv_timer_start(&control->look, on_look, LOOK_MS, 0);
}

static void on_drained(void *arg, struct el_control_client *client)
{
    (void)client;
    go_on(arg);
}

static void on_enough(void *arg, struct el_control_client *client)
{
    struct el_tunnel_control *control = arg;

    (void)client;
    el_trace_stop(control->trace);
    if (uv_is_active((uv_handle_t *)&control->look)) {
        uv_timer_stop(&control->look);
        go_on(control);
    }
}

static void begin_trace(struct el_tunnel_control *control, struct el_control_client *client,
                        const struct el_control_request *request)
{
    uint64_t now_ns = el_sys_now_ns();
    struct el_err err = {""};
    struct el_trace_config config = {
        .capture = el_datapath_capture(control->config.datapath),
        .ports = control->config.ports,
        .ports_max = EL_FORWARD_PORTS_MAX,
        .peers = control->config.peers,
        .wall_at_zero_ns = el_sys_wall_ns() - now_ns,
    };

    if (control->trace) {
        el_control_refuse(client, "somebody else is capturing");
        return;
    }
    if (el_trace_new(&config, request, now_ns, &control->trace, &err) < 0) {
        el_control_refuse(client, err.text);
        return;
    }
    EL_LOG(EL_LOG_INFO, "tunnel", "capture-begins", EL_UINT("snaplen", request->snaplen),
           EL_STR("peer", request->peer_count == 1 ? request->peers[0] : NULL));
    control->tracer = client;
    el_control_stream(client);
}

static void end_trace(struct el_tunnel_control *control)
{
    uint64_t told, lost;

    el_trace_sums(control->trace, &told, &lost);
    EL_LOG(EL_LOG_INFO, "tunnel", "capture-ends", EL_UINT("frames", told), EL_UINT("lost", lost));
    el_trace_free(control->trace);
    control->trace = NULL;
    control->tracer = NULL;
    uv_timer_stop(&control->look);
}

/* -- clients -- */

static void on_asked(void *arg, struct el_control_client *client, char *line)
{
    struct el_tunnel_control *control = arg;
    struct el_control_request request;
    struct el_err err = {""};

    if (el_control_parse(line, &request, &err) < 0)
        el_control_refuse(client, err.text);
    else if (request.kind == EL_CONTROL_CAPTURE)
        begin_trace(control, client, &request);
    else
        ask_for_report(control, client, request.form);
}

static void on_gone(void *arg, struct el_control_client *client)
{
    struct el_tunnel_control *control = arg;

    control->waiters[el_control_place(client)].client = NULL;
    if (client == control->tracer)
        end_trace(control);
}

int el_tunnel_control_new(const struct el_tunnel_control_config *config,
                          struct el_tunnel_control **result, struct el_err *err)
{
    static const struct el_control_events events = {
        .asked = on_asked, .drained = on_drained, .enough = on_enough, .gone = on_gone};
    struct el_tunnel_control *control = calloc(1, sizeof *control);

    *result = control;
    if (control) {
        control->config = *config;
        control->report = el_report_new(config->peers->count);
    }
    if (!control || !control->report)
        return el_err(err, EL_ENOMEM, "out of memory");
    uv_timer_init(config->loop, &control->look);
    control->look.data = control;
    return el_control_server_new(config->loop, config->fd, config->owner, &events, control,
                                 &control->server, err);
}

void el_tunnel_control_free(struct el_tunnel_control *control)
{
    if (!control)
        return;
    el_control_server_free(control->server);
    el_trace_free(control->trace);
    free(control->report);
    free(control);
}
