/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Signals, as calls from the loop. */
#include "sys/signals.h"

#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>

static const int watched[] = {SIGINT, SIGTERM, SIGHUP};
enum { WATCHED = sizeof watched / sizeof watched[0] };

struct el_sys_signals {
    uv_signal_t handles[WATCHED];
    el_sys_signal_cb *cb;
    void *arg;
    unsigned open; /* handles that libuv still has */
};

void el_sys_signals_reset(void)
{
    sigset_t none;

    signal(SIGPIPE, SIG_IGN);
    signal(SIGCHLD, SIG_DFL); /* an ignored one would take our dead children away */
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* nohup, and a shell that starts us in the background of a script, ignore a signal on purpose. */
static bool is_ignored(int signum)
{
    struct sigaction action;

    return sigaction(signum, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

static void signalled(uv_signal_t *handle, int signum)
{
    struct el_sys_signals *signals = handle->data;

    signals->cb(signals->arg, signum);
}

int el_sys_signals_watch(uv_loop_t *loop, el_sys_signal_cb *cb, void *arg,
                         struct el_sys_signals **made, struct el_err *err)
{
    struct el_sys_signals *signals = calloc(1, sizeof *signals);

    if (!signals)
        return el_err(err, EL_ENOMEM, "signals: out of memory");
    signals->cb = cb;
    signals->arg = arg;
    for (unsigned i = 0; i < WATCHED; i++) {
        int failed = uv_signal_init(loop, &signals->handles[i]);

        if (failed == 0) {
            signals->handles[i].data = signals;
            signals->open++;
            if (!is_ignored(watched[i]))
                failed = uv_signal_start(&signals->handles[i], signalled, watched[i]);
        }
        if (failed < 0) {
            el_sys_signals_free(signals);
            return el_err_os(err, -failed, "signals");
        }
        uv_unref((uv_handle_t *)&signals->handles[i]);
    }
    *made = signals;
    return 0;
}

static void closed(uv_handle_t *handle)
{
    struct el_sys_signals *signals = handle->data;

    if (--signals->open == 0)
        free(signals);
}

void el_sys_signals_free(struct el_sys_signals *signals)
{
    if (!signals)
        return;
    if (signals->open == 0) {
        free(signals);
        return;
    }
    for (unsigned i = signals->open; i-- > 0;)
        uv_close((uv_handle_t *)&signals->handles[i], closed);
}
