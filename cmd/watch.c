/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * el2w watch: the steps of machines' starts, as they happen.
 *
 * On a terminal a step that goes on is drawn again in its line, as long as that is on the screen:
 * the last lines are remembered, and the cursor goes up to one and back. Elsewhere a step is one
 * line when it begins, and one more when it has ended.
 *
 * The hub may be started anew while we watch. We then come again, and hear everything once more
 * from boot services; what is no newer than what was shown is not shown again.
 */
#include "ask.h"
#include "steps.h"

#include "node/places.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum {
    ROWS = 200,  /* lines of the screen that are remembered */
    AGAIN_S = 1, /* between two tries to reach a hub that has gone */
};

struct row {
    struct el_mac mac;
    uint32_t id;
    int64_t began_ms;
};

struct watch {
    struct el_cmd_ask ask;
    const struct el_conf *conf;
    bool draws; /* on a terminal, which has so many */
    unsigned columns, lines;
    struct row rows[ROWS]; /* line N of all that were printed stands in N % ROWS */
    uint64_t printed;
    char last_id[EL_SSE_WORD_MAX];
    bool was_there;   /* the hub, once */
    bool is_again;    /* everything is said again, of which */
    int64_t shown_ms; /* this was shown already */
    int64_t newest_ms;
};

/* -- whose -- */

static bool is_wanted(const struct watch *w, const struct el_cmd_step *step)
{
    const char *text;
    struct el_mac mac;

    for (unsigned i = 0; (text = el_cmd_argument(w->conf, i)); i++)
        if (strcmp(text, step->machine) == 0 ||
            (el_mac_parse(text, &mac) == 0 && el_mac_equal(&mac, &step->step.mac)))
            return true;
    return !el_cmd_argument(w->conf, 0);
}

/* -- lines -- */

static void measure(struct watch *w)
{
    struct winsize size;

    w->draws = !w->ask.json && isatty(STDOUT_FILENO) &&
               ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 1;
    w->columns = w->draws ? size.ws_col : 0;
    w->lines = w->draws ? size.ws_row : 0;
}

/* The line on the screen that STEP has, counted from the end (1: the last); 0: none. */
static unsigned find_row(const struct watch *w, const struct el_timeline_step *step)
{
    for (unsigned up = 1; up < w->lines && up <= ROWS && up <= w->printed; up++) {
        const struct row *row = &w->rows[(w->printed - up) % ROWS];
        if (row->id == step->id && el_mac_equal(&row->mac, &step->mac))
            return up;
    }
    return 0;
}

static void draw(struct watch *w, const struct el_cmd_step *said)
{
    const struct el_timeline_step *step = &said->step;
    unsigned up = find_row(w, step);
    char line[EL_CMD_STEP_LINE];

    el_cmd_step_line(said, true, line);
    if (strlen(line) >= w->columns)
        line[w->columns - 1] = '\0'; /* a line that is two cannot be drawn again */
    if (up > 0) {
        printf("\033[%uA\r\033[K%s\033[%uB\r", up, line, up);
        return;
    }
    printf("%s\n", line);
    w->rows[w->printed++ % ROWS] = (struct row){step->mac, step->id, step->began_ms};
}

/* All of it, on as many lines as that takes. */
static void print_plainly(struct watch *w, const struct el_cmd_step *said)
{
    const struct el_timeline_step *step = &said->step;
    char line[EL_CMD_STEP_LINE];

    if (step->state == EL_TIMELINE_RUNNING && step->done > 0)
        return;
    puts(el_cmd_step_line(said, true, line));
    for (size_t n = w->draws ? strlen(line) / w->columns + 1 : 0; n > 0; n--)
        w->rows[w->printed++ % ROWS] = (struct row){.id = 0};
}

/* -- what comes -- */

/* Diagnoses are long. */
static void show(struct watch *w, const struct el_cmd_step *said)
{
    if (said->step.last_ms > w->newest_ms)
        w->newest_ms = said->step.last_ms;
    if (w->is_again && said->step.last_ms <= w->shown_ms)
        return;
    if (w->draws && said->step.kind != EL_TIMELINE_DIAGNOSIS)
        draw(w, said);
    else
        print_plainly(w, said);
}

/* Between the lines: what stands above is not drawn again. */
static void remark(struct watch *w, const char *text, const char *more)
{
    fprintf(stderr, "-- %s%s\n", text, more);
    w->printed = 0;
}

static void reset(struct watch *w)
{
    remark(w, "the hub was started anew, or had more to tell than it keeps", "");
    w->is_again = true;
    w->shown_ms = w->newest_ms;
}

static bool on_event(void *arg, const struct el_sse_event *event, const char *id)
{
    struct watch *w = arg;
    struct el_cmd_step step;

    snprintf(w->last_id, sizeof w->last_id, "%s", id);
    w->was_there = true;
    if (strcmp(event->type, "reset") == 0)
        reset(w);
    json_t *data = json_loads(event->data, 0, NULL);
    measure(w);
    if (data && el_cmd_step_read(data, &step) && is_wanted(w, &step)) {
        if (w->ask.json)
            printf("%s\n", event->data);
        else
            show(w, &step);
    }
    json_decref(data);
    return fflush(stdout) == 0;
}

/* -- the command -- */

static const struct el_conf_schema schema = {
    .name = "watch",
    .summary = "what machines do while they start, step by step, and what is wrong with one",
    .usage = "[MACHINE...] [--json] [OPTIONS]",
    .manual =
        "A line for each step of every machine, or of these (names or MACs): that it asks for an "
        "address, was offered one, loads its loader, its kernel; fetches its answers, calls home. "
        "When the next step does not come within its time, a diagnosis says in words what is "
        "wrong. On a terminal, what is being loaded is drawn again in its line.\n\n"
        "It goes on until it is interrupted, also over a restart of the hub. el2w machine timeline "
        "shows what was before. With --json each line is an object as GET /v1/steps sends it.\n\n"
        "  hub# el2w watch\n"
        "  hub# el2w watch n1 52:54:00:12:34:56\n"
        "  hub# el2w watch --json | jq -r 'select(.kind == \"diagnosis\") | .mac + \" \" + .text'",
    EL_CMD_ASK_PART,
    .positional_max = 64,
};

/* Whether the hub was there, and may come again. */
static bool is_gone(struct watch *w, int rc)
{
    w->was_there = w->was_there || rc == EL_ECLOSED;
    return w->was_there && (rc == EL_ECLOSED || rc == EL_EAGAIN || rc == EL_ENOENT);
}

static int watch(const struct el_cmd_ask *ask, const struct el_conf *conf, struct el_err *err)
{
    struct watch *w = (struct watch *)(uintptr_t)ask;
    struct el_control_question question = {.method = "GET", .path = "/v1/steps", .is_watch = true};
    char api[EL_SYS_CONTROL_PATH];
    int before = 0, rc = el_places_api(ask->api, api, err);

    w->conf = conf;
    if (rc < 0)
        return rc;
    while ((rc = el_control_watch(api, &question, on_event, w, err)) < 0 && is_gone(w, rc)) {
        if (before == 0 || rc == EL_ECLOSED)
            remark(w, err->text, "; waiting for it");
        before = rc;
        nanosleep(&(struct timespec){.tv_sec = AGAIN_S}, NULL);
        question.last_event_id = w->last_id[0] ? w->last_id : "-"; /* all, then */
    }
    return rc;
}

static int run(int argc, char **argv)
{
    struct watch values = {.last_id = ""};

    return el_cmd_ask_main(&schema, &values.ask, argc, argv, watch);
}

const struct el_applet el_applet_watch = {.schema = &schema, .run = run};
