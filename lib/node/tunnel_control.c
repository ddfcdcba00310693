/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a tunnel answers. One snapshot is under way at a time; all who have asked by its end get it.
 */
#include "node/tunnel_control.h"

#include "node/control.h"
#include "node/control_server.h"

#include <stdlib.h>

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

/* -- clients -- */

static void on_asked(void *arg, struct el_control_client *client, char *line)
{
    struct el_tunnel_control *control = arg;
    struct el_control_request request;
    struct el_err err = {""};

    if (el_control_parse(line, &request, &err) < 0)
        el_control_refuse(client, err.text);
    else
        ask_for_report(control, client, request.form);
}

static void on_gone(void *arg, struct el_control_client *client)
{
    struct el_tunnel_control *control = arg;

    control->waiters[el_control_place(client)].client = NULL;
}

int el_tunnel_control_new(const struct el_tunnel_control_config *config,
                          struct el_tunnel_control **result, struct el_err *err)
{
    static const struct el_control_events events = {.asked = on_asked, .gone = on_gone};
    struct el_tunnel_control *control = calloc(1, sizeof *control);

    *result = control;
    if (control) {
        control->config = *config;
        control->report = el_report_new(config->about.peers->count);
    }
    if (!control || !control->report)
        return el_err(err, EL_ENOMEM, "out of memory");
    return el_control_server_new(config->loop, config->fd, config->owner, &events, control,
                                 &control->server, err);
}

void el_tunnel_control_free(struct el_tunnel_control *control)
{
    if (!control)
        return;
    el_control_server_free(control->server);
    free(control->report);
    free(control);
}
