/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Errands, and who runs them. */
#include "hub/hub_errands.h"

#include "base/log.h"
#include "hub/errand.h"
#include "hub/hub_program.h"
#include "sys/message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ERRANDS_AT_ONCE = 16 };

/* The poll is a handle of libuv's, so it is freed apart from the rest. */
struct el_hub_errands {
    uv_poll_t *poll;
    int fd;
    struct el_hub_networks *networks;
    struct el_hub_ports *ports;
    struct el_hub_program *program; /* of the second factor, or NULL */
};

/* Whoever does not read its answers is dead, or stuck: when it is back, it asks again. */
static void tell(const struct el_hub_errands *errands, const struct el_errand *errand,
                 const int *fds, unsigned count)
{
    int rc = el_sys_message_send(errands->fd, errand, sizeof *errand, fds, count);

    if (rc < 0)
        EL_LOG(EL_LOG_WARN, "node", "errand-untold", EL_STR("network", errand->network.name),
               EL_STR("error", el_strerror(rc)));
}

/* -- the second factor's program -- */

static void on_answered(void *arg, const struct el_errand_question *question,
                        enum el_enrol_program said)
{
    struct el_errand answer;

    memset(&answer, 0, sizeof answer); /* it leaves this process whole */
    answer.kind = EL_ERRAND_ANSWER;
    answer.about = EL_ERRAND_ASK;
    answer.question = *question;
    answer.said = said;
    tell(arg, &answer, NULL, 0);
}

/* It is answered later, or now if nothing comes of it. */
static void ask(struct el_hub_errands *errands, const struct el_errand_question *question)
{
    struct el_err err = {""};
    int rc = errands->program ? el_hub_program_ask(errands->program, question, &err)
                              : el_err(&err, EL_ENOENT, "there is no --second-factor-exec");

    if (rc == 0)
        return;
    EL_LOG(EL_LOG_ERROR, "node", "second-factor-answer", EL_STR("spoke", question->name),
           EL_STR("answer", "none"), EL_STR("error", err.text));
    on_answered(errands, question, EL_ENROL_PROGRAM_FAILED);
}

static int open_program(struct el_hub_errands *errands, uv_loop_t *loop,
                        const struct el_hub_errands_config *config, struct el_err *err)
{
    struct el_hub_program_config about = {.path = config->program,
                                          .user = config->program_user,
                                          .limit_ms = EL_HUB_PROGRAM_S * UINT64_C(1000),
                                          .answered = on_answered,
                                          .arg = errands};

    return config->program ? el_hub_program_new(loop, &about, &errands->program, err) : 0;
}

/* -- errands -- */

static int serve(struct el_hub_errands *errands, const char *name, int *fds, struct el_err *err)
{
    int rc = el_hub_network_serve(errands->networks, name, err);

    if (rc < 0)
        return rc;
    fds[0] = el_hub_network_orders(errands->networks, name);
    fds[1] = el_hub_network_recent(errands->networks, name);
    if (fds[0] < 0)
        return 0;
    return fds[1] < 0 ? 1 : 2;
}

/* Descriptors to go with the answer are put into FDS: their number, or an error. */
static int do_it(struct el_hub_errands *errands, struct el_errand *errand, int *fds,
                 struct el_err *err)
{
    const char *name = errand->network.name;
    int rc = el_errand_check(errand, err);

    if (rc < 0)
        return rc;
    switch (errand->kind) {
    case EL_ERRAND_NETWORK_UP:
        rc = el_hub_network_open(errands->networks, &errand->network, err);
        errand->framed = el_hub_networks_are_framed(errands->networks);
        return rc < 0 ? rc : el_hub_network_queues(errands->networks, name, fds, &errand->own);
    case EL_ERRAND_NETWORK_DOWN: el_hub_network_close(errands->networks, name); break;
    case EL_ERRAND_SERVICE_UP: return serve(errands, name, fds, err);
    case EL_ERRAND_PORT_UP:
        return errands->ports
                   ? el_hub_port_open(errands->ports, name, errand->network.vni, fds, err)
                   : el_err(err, EL_ENOTSUP, "a hub in user space makes no interfaces");
    case EL_ERRAND_PORT_DOWN:
        if (errands->ports)
            el_hub_port_close(errands->ports, name);
        break;
    case EL_ERRAND_SERVICE_DOWN: el_hub_network_unserve(errands->networks, name); break;
    }
    return 0;
}

static void run(struct el_hub_errands *errands, struct el_errand *errand)
{
    struct el_err err = {""};
    int fds[EL_ERRAND_FDS];
    int count = do_it(errands, errand, fds, &err);

    errand->code = count < 0 ? count : 0;
    snprintf(errand->text, sizeof errand->text, "%s", count < 0 ? err.text : "");
    errand->serving = el_hub_network_serves(errands->networks, errand->network.name);
    errand->about = errand->kind;
    errand->kind = EL_ERRAND_ANSWER;
    tell(errands, errand, fds, count > 0 ? (unsigned)count : 0);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    struct el_hub_errands *errands = poll->data;
    struct el_errand errand;
    int fds[EL_SYS_MESSAGE_FDS];
    unsigned count;
    int rc = status < 0 ? EL_EIO : 0;

    (void)events;
    for (unsigned i = 0; i < ERRANDS_AT_ONCE && rc != EL_EAGAIN && rc != EL_ECLOSED; i++) {
        rc = el_sys_message_receive(errands->fd, &errand, sizeof errand, fds, &count);
        if (rc < 0)
            continue;
        while (count > 0)
            close(fds[--count]); /* nobody asked for them */
        if (errand.kind == EL_ERRAND_ASK && el_errand_check(&errand, NULL) == 0)
            ask(errands, &errand.question);
        else
            run(errands, &errand);
    }
    if (rc == EL_ECLOSED)
        uv_poll_stop(poll);
}

int el_hub_errands_new(uv_loop_t *loop, const struct el_hub_errands_config *config,
                       struct el_hub_errands **result, struct el_err *err)
{
    struct el_hub_errands *errands = calloc(1, sizeof *errands);
    uv_poll_t *poll = calloc(1, sizeof *poll);

    if (!errands || !poll || uv_poll_init(loop, poll, config->fd) < 0) {
        free(errands);
        free(poll);
        close(config->fd);
        return el_err(err, EL_ENOMEM, "out of memory");
    }
    *errands = (struct el_hub_errands){
        .poll = poll, .fd = config->fd, .networks = config->networks, .ports = config->ports};
    poll->data = errands;
    uv_poll_start(poll, UV_READABLE, on_readable);
    int rc = open_program(errands, loop, config, err);
    if (rc < 0)
        el_hub_errands_free(errands);
    else
        *result = errands;
    return rc;
}

static void free_handle(uv_handle_t *handle)
{
    free(handle);
}

void el_hub_errands_free(struct el_hub_errands *errands)
{
    if (!errands)
        return;
    el_hub_program_free(errands->program);
    uv_close((uv_handle_t *)errands->poll, free_handle);
    close(errands->fd);
    free(errands);
}

void el_hub_errands_service(struct el_hub_errands *errands, const char *applet, bool ready)
{
    struct el_errand notice;

    memset(&notice, 0, sizeof notice); /* it leaves this process whole */
    notice.kind = EL_ERRAND_SERVICE;
    notice.serving = ready;
    if (el_hub_network_set_serving(errands->networks, applet, ready, notice.network.name))
        tell(errands, &notice, NULL, 0);
}
