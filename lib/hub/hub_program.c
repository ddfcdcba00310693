/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The second factor's program. */
#include "hub/hub_program.h"

#include "base/log.h"
#include "enrol/fingerprint.h"
#include "tunnel/tunnel.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

/* One that runs. Its handles are libuv's, so it is freed when the last of them is closed. */
struct run {
    struct el_hub_program *program; /* NULL: nobody waits for it any more */
    struct el_errand_question question;
    struct el_sys_child child;
    bool late;
    uv_poll_t death;
    uv_timer_t limit;
    unsigned open; /* handles */
};

struct el_hub_program {
    uv_loop_t *loop;
    struct el_hub_program_config config;
    struct run *runs[EL_HUB_PROGRAMS];
};

/* -- what it is told -- */

enum { TEXT_BYTES = 128, VARIABLES = 8 };

struct surroundings {
    char name[EL_ERRAND_SPOKE], fingerprint[EL_ENROL_FINGERPRINT_TEXT], from[EL_ENDPOINT_TEXT];
    char texts[4][TEXT_BYTES];
    const char *argv[5];
    const char *environment[VARIABLES];
};

/* Of our own environment, "LANG=…" with its name, if that is set. */
static void pass_on(struct surroundings *s, unsigned *count, const char *name)
{
    const char *value = getenv(name);

    if (value)
        s->environment[(*count)++] = value - strlen(name) - 1;
}

static void fill(struct surroundings *s, const char *path,
                 const struct el_errand_question *question)
{
    static const char *const names[] = {"EL2W_SPOKE", "EL2W_FINGERPRINT", "EL2W_FROM", "EL2W_KEY"};
    char key[EL_TUNNEL_KEY_TEXT];
    unsigned count = 0;

    snprintf(s->name, sizeof s->name, "%s", question->name);
    el_enrol_fingerprint(question->key, s->fingerprint);
    strcpy(s->from, "-");
    if (question->from.ip.family)
        el_endpoint_text(&question->from, s->from);
    el_tunnel_key_text(question->key, key);
    const char *const values[] = {s->name, s->fingerprint, s->from, key};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(s->texts[i], TEXT_BYTES, "%s=%s", names[i], values[i]);
        s->environment[count++] = s->texts[i];
    }
    s->environment[count++] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    pass_on(s, &count, "LANG");
    pass_on(s, &count, "TZ");
    s->environment[count] = NULL;
    const char *const argv[] = {path, s->name, s->fingerprint, s->from, NULL};
    memcpy(s->argv, argv, sizeof argv);
}

/* -- how it ends -- */

static void on_closed(uv_handle_t *handle)
{
    struct run *run = handle->data;

    if (--run->open == 0)
        free(run);
}

/* It is dead: its place is free. */
static void run_end(struct run *run)
{
    struct el_hub_program *program = run->program;

    for (unsigned i = 0; program && i < EL_HUB_PROGRAMS; i++)
        if (program->runs[i] == run)
            program->runs[i] = NULL;
    run->program = NULL;
    uv_close((uv_handle_t *)&run->death, on_closed);
    uv_close((uv_handle_t *)&run->limit, on_closed);
}

static enum el_enrol_program said_with(int status, bool late)
{
    if (WIFEXITED(status))
        return WEXITSTATUS(status) == 0 ? EL_ENROL_PROGRAM_YES : EL_ENROL_PROGRAM_NO;
    return late ? EL_ENROL_PROGRAM_NO : EL_ENROL_PROGRAM_FAILED;
}

static void on_death(uv_poll_t *poll, int status, int events)
{
    static const char *const words[] = {[EL_ENROL_PROGRAM_YES] = "yes",
                                        [EL_ENROL_PROGRAM_NO] = "no",
                                        [EL_ENROL_PROGRAM_FAILED] = "none"};
    struct run *run = poll->data;
    struct el_hub_program_config config = run->program->config;
    siginfo_t dead = {0};
    char text[96];
    int ended;

    (void)status;
    (void)events;
    waitid(P_PID, (id_t)run->child.pid, &dead, WEXITED | WNOHANG | WNOWAIT);
    if (dead.si_pid == 0)
        return;
    el_sys_program_kill(&run->child, SIGKILL); /* what it has left behind */
    el_sys_child_reap(&run->child, &ended);
    enum el_enrol_program said = said_with(ended, run->late);
    EL_LOG(said == EL_ENROL_PROGRAM_FAILED ? EL_LOG_ERROR : EL_LOG_INFO, "node",
           "second-factor-answer", EL_STR("spoke", run->question.name),
           EL_STR("answer", words[said]),
           EL_STR("why",
                  run->late ? "it took too long" : el_sys_status_text(ended, text, sizeof text)));
    struct el_errand_question question = run->question;
    run_end(run);
    config.answered(config.arg, &question, said);
}

static void on_limit(uv_timer_t *timer)
{
    struct run *run = timer->data;

    run->late = true;
    el_sys_program_kill(&run->child, SIGKILL);
}

/* -- starting -- */

static void kill_and_reap(struct run *run)
{
    int status;

    el_sys_program_kill(&run->child, SIGKILL);
    waitid(P_PID, (id_t)run->child.pid, &(siginfo_t){0}, WEXITED | WNOWAIT);
    el_sys_child_reap(&run->child, &status);
}

static int watch(struct run *run, uv_loop_t *loop, uint64_t limit_ms, struct el_err *err)
{
    if (uv_poll_init(loop, &run->death, run->child.pidfd) < 0)
        return el_err(err, EL_ENOMEM, "out of memory");
    uv_timer_init(loop, &run->limit);
    run->death.data = run->limit.data = run;
    uv_poll_start(&run->death, UV_READABLE, on_death);
    uv_timer_start(&run->limit, on_limit, limit_ms, 0);
    return 0;
}

static int run_start(struct el_hub_program *program, const struct el_errand_question *question,
                     struct run **result, struct el_err *err)
{
    struct run *run = calloc(1, sizeof *run);
    struct surroundings s;

    if (!run)
        return el_err(err, EL_ENOMEM, "out of memory");
    *run = (struct run){.program = program, .question = *question, .open = 2};
    fill(&s, program->config.path, question);
    struct el_sys_program about = {s.argv, s.environment, program->config.user};
    int rc = el_sys_program_start(&about, &run->child, err);
    if (rc == 0) {
        rc = watch(run, program->loop, program->config.limit_ms, err);
        if (rc < 0)
            kill_and_reap(run); /* nobody would see it die */
    }
    if (rc < 0)
        free(run);
    else
        *result = run;
    return rc;
}

/* The place for QUESTION, or of the one that is about the same token. */
static struct run **place_for(struct el_hub_program *program,
                              const struct el_errand_question *question)
{
    struct run **place = NULL;

    for (unsigned i = 0; i < EL_HUB_PROGRAMS; i++) {
        struct run *run = program->runs[i];
        if (run && memcmp(run->question.enrolment_key, question->enrolment_key, 32) == 0)
            return &program->runs[i];
        if (!run)
            place = &program->runs[i];
    }
    return place;
}

int el_hub_program_ask(struct el_hub_program *program, const struct el_errand_question *question,
                       struct el_err *err)
{
    struct run **place = place_for(program, question);

    if (!place)
        return el_err(err, EL_EFULL, "%d spokes are asked about already", EL_HUB_PROGRAMS);
    if (*place)
        return memcmp((*place)->question.key, question->key, 32) == 0
                   ? 0
                   : el_err(err, EL_EEXIST, "another key with this token is asked about");
    int rc = run_start(program, question, place, err);
    if (rc == 0)
        EL_LOG(EL_LOG_INFO, "node", "second-factor-asked", EL_STR("spoke", question->name),
               EL_INT("pid", (*place)->child.pid));
    return rc;
}

/* -- all of them -- */

int el_hub_program_new(uv_loop_t *loop, const struct el_hub_program_config *config,
                       struct el_hub_program **result, struct el_err *err)
{
    struct el_hub_program *program = calloc(1, sizeof *program);

    if (!program)
        return el_err(err, EL_ENOMEM, "out of memory");
    program->loop = loop;
    program->config = *config;
    *result = program;
    return 0;
}

void el_hub_program_free(struct el_hub_program *program)
{
    if (!program)
        return;
    for (unsigned i = 0; i < EL_HUB_PROGRAMS; i++) {
        struct run *run = program->runs[i];
        if (!run)
            continue;
        kill_and_reap(run);
        run_end(run);
    }
    free(program);
}
