/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copies a trace from a tunnel to a file, and counts what is in it on the way. */
#include "link/trace_client.h"

#include "base/time.h"
#include "frame/pcapng.h"
#include "node/control.h"
#include "sys/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PIECE = 256 << 10 };

struct client {
    const struct el_trace_client_config *config;
    struct el_trace_client_sums *sums;
    int from, to;
    uint64_t end_ns; /* EL_NEVER: no end */
    bool enough;     /* the tunnel has been told */
    struct el_pcapng_counter counter;
    char bytes[PIECE];
};

/* A signal only wakes us up; the second one finds its default action. */
static volatile sig_atomic_t interrupted;

static void on_signal(int signum)
{
    (void)signum;
    interrupted = 1;
}

/* Signals come only while we wait: *BEFORE is what lets them in. */
static void take_signals(sigset_t *before)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};
    sigset_t ours;

    sigemptyset(&ours);
    sigaddset(&ours, SIGINT);
    sigaddset(&ours, SIGTERM);
    sigprocmask(SIG_BLOCK, &ours, before);
    interrupted = 0;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

static int open_output(const char *output, struct el_err *err)
{
    if (strcmp(output, "-") == 0)
        return dup(STDOUT_FILENO);
    int fd = open(output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    return fd < 0 ? el_err_os(err, errno, "%s", output) : fd;
}

/* 0, EL_ECLOSED if nobody reads on, or an error. */
static int write_all(struct client *client, size_t len, struct el_err *err)
{
    for (size_t done = 0; done < len;) {
        ssize_t n = write(client->to, client->bytes + done, len - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EPIPE)
            return EL_ECLOSED;
        if (n < 0) {
            int why = errno;
            return el_err_os(err, why, "%s: it is cut off behind %llu bytes",
                             client->config->output, (unsigned long long)client->sums->bytes);
        }
        done += (size_t)n;
        client->sums->bytes += (uint64_t)n;
    }
    return 0;
}

/* Waits for the tunnel, for the end of our time, or for a signal; the latter two are passed on as
 * "enough" once. False: nobody reads the output any more. */
static bool wait_for_something(struct client *client, const sigset_t *signals)
{
    struct pollfd fds[] = {{client->from, POLLIN, 0}, {client->to, 0, 0}};
    uint64_t now = el_sys_now_ns();
    uint64_t wait = client->end_ns > now ? client->end_ns - now : 0;
    struct timespec timeout = {(time_t)(wait / EL_S), (long)(wait % EL_S)};
    bool ends = !client->enough && client->end_ns != EL_NEVER;

    ppoll(fds, 2, ends ? &timeout : NULL, signals);
    if (!client->enough && (interrupted || el_sys_now_ns() >= client->end_ns)) {
        client->enough = true;
        shutdown(client->from, SHUT_WR);
    }
    return !(fds[1].revents & (POLLERR | POLLHUP));
}

/* 1: go on. 0: all is said. */
static int copy_piece(struct client *client, struct el_err *err)
{
    ssize_t n = recv(client->from, client->bytes, sizeof client->bytes, MSG_DONTWAIT);

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return 1;
    if (n < 0)
        return el_err_os(err, errno, "the tunnel has ended");
    if (n == 0 && !el_pcapng_counter_is_whole(&client->counter))
        return el_err(err, EL_ECLOSED, "the tunnel has ended: %s is not complete",
                      client->config->output);
    if (n == 0)
        return 0;
    el_pcapng_count(&client->counter, client->bytes, (size_t)n);
    int rc = write_all(client, (size_t)n, err);
    return rc < 0 ? rc : 1;
}

static int copy_all(struct client *client, const sigset_t *signals, struct el_err *err)
{
    int rc;

    do {
        rc = wait_for_something(client, signals) ? copy_piece(client, err) : EL_ECLOSED;
    } while (rc == 1);
    client->sums->frames = client->counter.packets;
    client->sums->lost = client->counter.lost;
    /* What the disk had no room for may be told only now. */
    if (close(client->to) < 0 && rc == 0)
        rc = el_err_os(err, errno, "%s", client->config->output);
    return rc == EL_ECLOSED && !err->text[0] ? 0 : rc;
}

int el_trace_client_run(const struct el_trace_client_config *config,
                        struct el_trace_client_sums *sums, struct el_err *err)
{
    struct client *client = malloc(sizeof *client);
    sigset_t before;

    *sums = (struct el_trace_client_sums){0};
    if (!client)
        return el_err(err, EL_ENOMEM, "out of memory");
    *client = (struct client){.config = config, .sums = sums, .end_ns = EL_NEVER};
    client->from = el_control_ask(config->path, config->line, err);
    client->to = client->from < 0 ? client->from : open_output(config->output, err);
    int rc = client->to < 0 ? client->to : 0;
    if (rc == 0) {
        take_signals(&before);
        if (config->for_ns)
            client->end_ns = el_sys_now_ns() + config->for_ns;
        rc = copy_all(client, &before, err);
    }
    if (client->from >= 0)
        close(client->from);
    free(client);
    return rc;
}
