/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The supervisor with real processes: this program, started again as one of the small applets
 * below. They talk through a socket called "channel".
 */
#include "net/kernel.h"
#include "sys/clock.h"
#include "sys/drop.h"
#include "sys/fds.h"
#include "sys/notify.h"
#include "sys/signals.h"
#include "sys/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* -- the applets -- */

static void say(int channel, const char *text)
{
    if (send(channel, text, strlen(text), 0) < 0)
        _exit(9);
}

/* Says what it finds around itself, and waits for its end. */
static int applet_look(int channel)
{
    char text[4096];
    size_t used = 0;
    struct stat null, in;
    int signum = 0;

    stat("/dev/null", &null);
    fstat(STDIN_FILENO, &in);
    prctl(PR_GET_PDEATHSIG, &signum);
    used += (size_t)snprintf(text + used, sizeof text - used, "channel=%d extra=%d stdin_null=%d ",
                             channel, el_sys_fds_take("extra"), null.st_rdev == in.st_rdev);
    used += (size_t)snprintf(
        text + used, sizeof text - used,
        "leader=%d death_signal=%d listen=%d secret=%d open=", getsid(0) == getpid(), signum,
        getenv("LISTEN_FDS") != NULL, getenv("EL2W_TEST_SECRET") != NULL);
    for (int fd = 3; fd < 200; fd++)
        if (fcntl(fd, F_GETFD) >= 0)
            used += (size_t)snprintf(text + used, sizeof text - used, "%d,", fd);
    say(channel, text);
    el_sys_notify_ready();
    while (pause() < 0) /* until a signal ends us */
        continue;
    return 0;
}

static int applet_stubborn(int channel)
{
    (void)channel;
    signal(SIGTERM, SIG_IGN);
    el_sys_notify_ready();
    while (pause() < 0) /* until a signal ends us */
        continue;
    return 0;
}

/* Says that it ends, and does when it is answered. */
static int applet_last_words(int channel)
{
    sigset_t term;
    int signum;
    char byte;

    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    sigprocmask(SIG_BLOCK, &term, NULL);
    el_sys_notify_ready();
    sigwait(&term, &signum);
    say(channel, "ending");
    return recv(channel, &byte, 1, 0) == 1 ? 0 : 1;
}

static int applet_die(int channel)
{
    (void)channel;
    el_sys_notify_ready();
    return 3;
}

/* Gives up its privileges, tries to get them back, and says what its status is then. */
static int applet_drop(int channel)
{
    struct el_sys_drop_config config = {
        .uid = el_sys_drop_uid("/test", 5), .gid = el_sys_drop_uid("/test", 5), .open_files = 100};
    struct el_err err;
    char text[6000];
    int signum = 0;

    if (el_sys_drop(&config, &err) < 0) {
        say(channel, err.text);
        return 1;
    }
    prctl(PR_GET_PDEATHSIG, &signum);
    int used = snprintf(text, sizeof text,
                        "setuid=%d seteuid=%d setgid=%d chown=%d death=%d dump=%d\n", setuid(0),
                        seteuid(0), setgid(0), chown("/", 0, 0), signum, prctl(PR_GET_DUMPABLE));
    FILE *status = fopen("/proc/self/status", "r");
    size_t got = status ? fread(text + used, 1, sizeof text - 1 - (size_t)used, status) : 0;

    text[(size_t)used + got] = '\0';
    say(channel, text);
    pause();
    return 0;
}

/* A supervisor that is itself killed: its applet must not outlive it. */
static int applet_parent(int channel)
{
    static const char *const argv[] = {"el2w", "look", NULL};
    struct el_sys_named_fd fds[] = {{"channel", channel}};
    struct el_sys_child child;
    struct el_err err;

    if (el_sys_child_start(argv, fds, 1, &child, &err) < 0)
        return 1;
    close(channel);
    pause();
    return 0;
}

/* An upgrade removes the file we were started from; applets must still start. */
static int applet_upgraded(int channel)
{
    static const char *const argv[] = {"el2w", "look", NULL};
    struct el_sys_named_fd fds[] = {{"channel", channel}};
    struct el_sys_child child;
    struct el_err err;
    char path[256] = "";

    if (el_sys_exe_open(&err) < 0 || readlink("/proc/self/exe", path, sizeof path - 1) < 0 ||
        strncmp(path, "/tmp/el2w-", 10) != 0 || unlink(path) < 0)
        return 1;
    if (el_sys_child_start(argv, fds, 1, &child, &err) < 0) {
        say(channel, err.text);
        return 1;
    }
    pause();
    return 0;
}

static int applet_main(const char *name)
{
    static const struct {
        const char *name;
        int (*run)(int channel);
    } applets[] = {{"look", applet_look},
                   {"stubborn", applet_stubborn},
                   {"last-words", applet_last_words},
                   {"die", applet_die},
                   {"drop", applet_drop},
                   {"parent", applet_parent},
                   {"upgraded", applet_upgraded}};
    struct el_err err;

    if (el_sys_fds_inherit(&err) < 0)
        return 8;
    for (size_t i = 0; i < sizeof applets / sizeof applets[0]; i++)
        if (strcmp(applets[i].name, name) == 0)
            return applets[i].run(el_sys_fds_take("channel"));
    return 7;
}

/* -- the supervisor's side -- */

struct scene {
    struct el_net *net;
    struct el_sys_supervisor *supervisor;
    int ours, theirs; /* the channel */
    unsigned ready, died, stopped;
    unsigned stop_at_ready, stop_at_died;
    unsigned killed; /* those that SIGTERM did not end */
    int status;
    int replacement; /* for "channel" at the next restart; -1: none */
};

static struct el_net_timer *patience;

static void out_of_patience(void *arg)
{
    (void)arg;
    fail_msg("nothing happened for 120 s");
}

static void on_ready(void *arg, struct el_sys_applet *applet)
{
    struct scene *scene = arg;

    assert_true(el_sys_applet_is_ready(applet));
    if (++scene->ready == scene->stop_at_ready)
        el_net_kernel_stop(scene->net);
}

static void on_died(void *arg, struct el_sys_applet *applet, int status)
{
    struct scene *scene = arg;

    assert_int_equal(el_sys_applet_pid(applet), 0);
    assert_false(el_sys_applet_is_ready(applet));
    scene->status = status;
    scene->killed += !WIFSIGNALED(status) || WTERMSIG(status) != SIGTERM;
    if (++scene->died == scene->stop_at_died)
        el_net_kernel_stop(scene->net);
}

static void on_restarting(void *arg, struct el_sys_applet *applet)
{
    struct scene *scene = arg;

    if (scene->replacement < 0)
        return;
    assert_int_equal(el_sys_applet_replace_fd(applet, "elsewhere", scene->replacement), EL_ENOENT);
    assert_int_equal(el_sys_applet_replace_fd(applet, "channel", scene->replacement), 0);
}

static void on_stopped(void *arg)
{
    struct scene *scene = arg;

    scene->stopped++;
    el_sys_supervisor_free(scene->supervisor);
    scene->supervisor = NULL;
    el_net_kernel_stop(scene->net);
}

static const struct el_sys_supervisor_events events = {
    .ready = on_ready, .died = on_died, .restarting = on_restarting, .stopped = on_stopped};

static int begin(void **state)
{
    struct scene *scene = calloc(1, sizeof *scene);
    int pair[2];
    struct el_err err;

    *state = scene;
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    scene->ours = pair[0];
    scene->theirs = pair[1];
    scene->replacement = -1;
    assert_int_equal(el_net_kernel_new(&scene->net, &err), 0);
    patience = el_net_timer_new(scene->net, out_of_patience, NULL);
    el_net_timer_set(patience, el_net_now_ns(scene->net) + 120 * EL_S);
    assert_int_equal(el_sys_supervisor_new(el_net_kernel_loop(scene->net), &events, scene,
                                           &scene->supervisor, &err),
                     0);
    return 0;
}

static int end(void **state)
{
    struct scene *scene = *state;

    el_sys_supervisor_free(scene->supervisor);
    el_net_timer_free(patience);
    el_net_kernel_free(scene->net);
    close(scene->ours);
    close(scene->theirs);
    free(scene);
    return 0;
}

static struct el_sys_applet *start(struct scene *scene, const char *name)
{
    const char *const argv[] = {"el2w", name, "--option", NULL};
    /* The same descriptor twice, and in an order that would overwrite if placed carelessly. */
    struct el_sys_named_fd fds[] = {{"extra", scene->ours}, {"channel", scene->theirs}};
    struct el_sys_applet_config config = {argv, fds, 2};
    struct el_sys_applet *applet = NULL;
    struct el_err err = {""};

    if (el_sys_supervisor_add(scene->supervisor, &config, &applet, &err) < 0)
        fail_msg("%s", err.text);
    assert_string_equal(el_sys_applet_name(applet), name);
    return applet;
}

static void hear(struct scene *scene, char *text, size_t capacity)
{
    ssize_t got = recv(scene->ours, text, capacity - 1, 0);

    assert_true(got > 0);
    text[got] = '\0';
}

static void an_applet_finds_what_it_needs_and_nothing_else(void **state)
{
    struct scene *scene = *state;
    char text[4096];
    int leak = dup(0); /* not close-on-exec */

    setenv("EL2W_TEST_SECRET", "1", 1);
    scene->stop_at_ready = 1;
    start(scene, "look");
    el_net_kernel_run(scene->net);
    hear(scene, text, sizeof text);
    assert_string_equal(text, "channel=4 extra=3 stdin_null=1 leader=1 death_signal=15 listen=0 "
                              "secret=0 open=3,4,5,");
    close(leak);
}

static void a_killed_applet_is_back_at_once_and_again(void **state)
{
    struct scene *scene = *state;
    char text[4096];
    struct el_sys_applet *applet = start(scene, "look");

    for (unsigned i = 1; i <= 3; i++) {
        scene->stop_at_ready = i;
        el_net_kernel_run(scene->net);
        hear(scene, text, sizeof text);
        assert_non_null(strstr(text, "channel=4"));
        pid_t pid = el_sys_applet_pid(applet);
        assert_true(pid > 0);
        kill(pid, SIGKILL);
        scene->stop_at_died = i;
        el_net_kernel_run(scene->net);
        assert_true(WIFSIGNALED(scene->status) && WTERMSIG(scene->status) == SIGKILL);
    }
}

static void what_leads_nowhere_is_replaced_at_a_restart(void **state)
{
    struct scene *scene = *state;
    struct el_sys_applet *applet = start(scene, "look");
    char text[4096];
    int pair[2];

    scene->stop_at_ready = 1;
    el_net_kernel_run(scene->net);
    hear(scene, text, sizeof text);

    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    scene->replacement = pair[1];
    scene->stop_at_ready = 2;
    kill(el_sys_applet_pid(applet), SIGKILL);
    el_net_kernel_run(scene->net);
    close(pair[1]); /* the applet has its own */
    ssize_t got = recv(pair[0], text, sizeof text - 1, 0);
    assert_true(got > 0);
    text[got] = '\0';
    assert_non_null(strstr(text, "channel=4 extra=3"));
    assert_int_equal(recv(scene->ours, text, sizeof text, MSG_DONTWAIT), -1);
    close(pair[0]);
}

static void who_dies_again_and_again_waits_longer_and_longer(void **state)
{
    struct scene *scene = *state;
    uint64_t start_ns = el_sys_now_ns();

    start(scene, "die");
    scene->stop_at_died = 4; /* after 0, 100 and 200 ms */
    el_net_kernel_run(scene->net);
    assert_true(WIFEXITED(scene->status) && WEXITSTATUS(scene->status) == 3);
    assert_int_equal(scene->ready, 4);
    assert_true(el_sys_now_ns() - start_ns >= 300 * EL_MS);
}

static void stopping_is_orderly(void **state)
{
    struct scene *scene = *state;

    start(scene, "look");
    start(scene, "look");
    start(scene, "look");
    scene->stop_at_ready = 3;
    el_net_kernel_run(scene->net);
    el_sys_supervisor_stop(scene->supervisor);
    el_net_kernel_run(scene->net);
    assert_int_equal(scene->stopped, 1);
    assert_int_equal(scene->died, 3);
    assert_int_equal(scene->killed, 0);
}

static void who_ends_first_is_waited_for(void **state)
{
    struct scene *scene = *state;
    struct el_sys_applet *other = start(scene, "look");
    struct el_sys_applet *first = start(scene, "last-words");
    siginfo_t end = {0};
    char text[4096];

    el_sys_applet_end_first(first);
    scene->stop_at_ready = 2;
    el_net_kernel_run(scene->net);
    hear(scene, text, sizeof text); /* what the other one has found */
    el_sys_supervisor_stop(scene->supervisor);
    hear(scene, text, sizeof text);
    assert_string_equal(text, "ending");
    assert_int_equal(
        waitid(P_PID, (id_t)el_sys_applet_pid(other), &end, WEXITED | WNOHANG | WNOWAIT), 0);
    assert_int_equal(end.si_pid, 0);
    assert_int_equal(send(scene->ours, "!", 1, 0), 1);
    scene->stop_at_died = 1;
    el_net_kernel_run(scene->net);
    assert_int_equal(scene->status, 0); /* its own, and not that of a signal */
    el_net_kernel_run(scene->net);
    assert_int_equal(scene->stopped, 1);
    assert_true(WIFSIGNALED(scene->status) && WTERMSIG(scene->status) == SIGTERM);
}

static void who_does_not_stop_is_killed(void **state)
{
    struct scene *scene = *state;

    start(scene, "stubborn");
    scene->stop_at_ready = 1;
    el_net_kernel_run(scene->net);
    uint64_t start_ns = el_sys_now_ns();
    el_sys_supervisor_stop(scene->supervisor);
    el_net_kernel_run(scene->net);
    assert_int_equal(scene->stopped, 1);
    assert_true(WIFSIGNALED(scene->status) && WTERMSIG(scene->status) == SIGKILL);
    assert_true(el_sys_now_ns() - start_ns >= EL_SYS_STOP_PATIENCE);
}

static void a_second_stop_kills_at_once(void **state)
{
    struct scene *scene = *state;

    start(scene, "stubborn");
    scene->stop_at_ready = 1;
    el_net_kernel_run(scene->net);
    el_sys_supervisor_stop(scene->supervisor);
    el_sys_supervisor_stop(scene->supervisor);
    el_net_kernel_run(scene->net);
    assert_int_equal(scene->stopped, 1);
    assert_true(WIFSIGNALED(scene->status) && WTERMSIG(scene->status) == SIGKILL);
}

/* Nothing tells of the end of one that was removed: it is looked for. */
static pid_t awaited;
static struct el_net_timer *again;

static void look_for_it(void *arg)
{
    struct scene *scene = arg;

    if (kill(awaited, 0) == 0)
        el_net_timer_set(again, el_net_now_ns(scene->net) + 10 * EL_MS);
    else
        el_net_kernel_stop(scene->net);
}

static void await_end_of(struct scene *scene, pid_t pid)
{
    awaited = pid;
    again = el_net_timer_new(scene->net, look_for_it, scene);
    el_net_timer_set(again, 0);
    el_net_kernel_run(scene->net);
    el_net_timer_free(again);
}

static void one_is_removed_and_the_other_stays(void **state)
{
    struct scene *scene = *state;
    struct el_sys_applet *goes = start(scene, "look");
    struct el_sys_applet *stays = start(scene, "look");

    scene->stop_at_ready = 2;
    el_net_kernel_run(scene->net);
    el_sys_supervisor_remove(scene->supervisor, goes);
    await_end_of(scene, el_sys_applet_pid(goes));
    assert_int_equal(scene->died, 0);
    assert_true(el_sys_applet_is_ready(stays));
    assert_int_equal(kill(el_sys_applet_pid(stays), 0), 0);
    el_sys_supervisor_stop(scene->supervisor);
    el_net_kernel_run(scene->net);
    assert_int_equal(scene->stopped, 1);
    assert_int_equal(scene->died, 1);
    assert_int_equal(scene->killed, 0);
}

static void who_is_removed_and_does_not_go_is_killed(void **state)
{
    struct scene *scene = *state;
    struct el_sys_applet *stays = start(scene, "look");
    struct el_sys_applet *goes = start(scene, "stubborn");

    scene->stop_at_ready = 2;
    el_net_kernel_run(scene->net);
    uint64_t start_ns = el_sys_now_ns();
    el_sys_supervisor_remove(scene->supervisor, goes);
    await_end_of(scene, el_sys_applet_pid(goes));
    assert_true(el_sys_now_ns() - start_ns >= EL_SYS_STOP_PATIENCE);
    assert_true(el_sys_applet_is_ready(stays));
    assert_int_equal(scene->died, 0);
}

static void who_is_removed_while_dead_is_not_started_again(void **state)
{
    struct scene *scene = *state;
    struct el_sys_applet *goes = start(scene, "die");

    scene->stop_at_died = 2; /* the next start would be in 100 ms */
    el_net_kernel_run(scene->net);
    el_sys_supervisor_remove(scene->supervisor, goes);
    el_sys_supervisor_stop(scene->supervisor); /* at once: there is nobody */
    assert_int_equal(scene->stopped, 1);
    assert_int_equal(scene->died, 2);
}

static void freeing_kills_what_lives(void **state)
{
    struct scene *scene = *state;
    struct el_sys_applet *applet = start(scene, "stubborn");

    scene->stop_at_ready = 1;
    el_net_kernel_run(scene->net);
    pid_t pid = el_sys_applet_pid(applet);
    el_sys_supervisor_free(scene->supervisor);
    scene->supervisor = NULL;
    assert_int_equal(kill(pid, 0), -1);
    assert_int_equal(errno, ESRCH);
}

static void applets_do_not_outlive_a_killed_supervisor(void **state)
{
    struct scene *scene = *state;
    char text[4096];
    struct el_sys_applet *applet = start(scene, "parent");

    hear(scene, text, sizeof text); /* from the applet's own child */
    close(scene->theirs);
    scene->theirs = -1;
    pid_t pid = el_sys_applet_pid(applet);
    el_sys_supervisor_free(scene->supervisor); /* closes its copy of the channel, kills */
    scene->supervisor = NULL;
    assert_int_equal(kill(pid, 0), -1);
    assert_int_equal(recv(scene->ours, text, sizeof text, 0), 0); /* ends when the last one dies */
}

static void without_privileges_there_is_no_way_back(void **state)
{
    struct scene *scene = *state;
    char text[6000];
    char expected[64];

    if (geteuid() != 0)
        skip();
    start(scene, "drop");
    hear(scene, text, sizeof text);
    assert_non_null(strstr(text, "setuid=-1 seteuid=-1 setgid=-1 chown=-1 death=15 dump=0"));
    for (const char *set = "Inh\0Prm\0Eff\0Bnd\0Amb\0"; *set; set += 4) {
        snprintf(expected, sizeof expected, "Cap%s:\t0000000000000000\n", set);
        assert_non_null(strstr(text, expected));
    }
    assert_non_null(strstr(text, "NoNewPrivs:\t1\n"));
    uid_t uid = el_sys_drop_uid("/test", 5);
    snprintf(expected, sizeof expected, "Uid:\t%u\t%u\t%u\t%u\n", uid, uid, uid, uid);
    assert_non_null(strstr(text, expected));
    snprintf(expected, sizeof expected, "Gid:\t%u\t%u\t%u\t%u\n", uid, uid, uid, uid);
    assert_non_null(strstr(text, expected));
    assert_non_null(strstr(text, "Groups:\t \n"));
}

/* Copies this program to a new file. */
static void copy_program(char *path)
{
    int from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    int to = mkostemp(path, O_CLOEXEC);
    struct stat status;

    assert_int_equal(fstat(from, &status), 0);
    for (off_t done = 0; done < status.st_size;)
        if (sendfile(to, from, &done, (size_t)(status.st_size - done)) <= 0)
            fail_msg("%s: %s", path, strerror(errno));
    fchmod(to, 0700);
    close(from);
    close(to);
}

static void applets_start_after_the_program_was_replaced(void **state)
{
    struct scene *scene = *state;
    char path[] = "/tmp/el2w-sys-test-XXXXXX";
    char text[4096];
    char number[16];
    int status;

    copy_program(path);
    pid_t pid = fork();
    if (pid == 0) {
        snprintf(number, sizeof number, "%d", getpid());
        setenv("LISTEN_PID", number, 1);
        setenv("LISTEN_FDS", "1", 1);
        setenv("LISTEN_FDNAMES", "channel", 1);
        dup2(scene->theirs, EL_SYS_FDS_FIRST);
        execl(path, "el2w", "upgraded", (char *)NULL);
        _exit(1);
    }
    hear(scene, text, sizeof text);
    assert_non_null(strstr(text, "channel=3"));
    assert_int_equal(access(path, F_OK), -1);
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
}

static void what_cannot_be_started_is_an_error(void **state)
{
    struct scene *scene = *state;
    const char *const argv[] = {"el2w", "look", NULL};
    struct el_sys_named_fd closed[] = {{"x", 999}};
    struct el_sys_named_fd colon[] = {{"a:b", 0}};
    struct el_sys_child child;
    struct el_err err;

    (void)scene;
    assert_true(el_sys_child_start(argv, closed, 1, &child, &err) < 0);
    assert_non_null(strstr(err.text, "look: could not be started: Bad file descriptor"));
    assert_int_equal(el_sys_child_start(argv, colon, 1, &child, &err), EL_EINVAL);
    assert_int_equal(child.pid, 0);
}

static void statuses_are_told_in_words(void **state)
{
    char text[96];

    (void)state;
    assert_string_equal(el_sys_status_text(3 << 8, text, sizeof text), "exit code 3");
    assert_string_equal(el_sys_status_text(SIGSEGV, text, sizeof text),
                        "killed by signal 11 (Segmentation fault)");
}

/* -- signals -- */

static void note_signal(void *arg, int signum)
{
    struct scene *scene = arg;

    scene->status = signum;
    el_net_kernel_stop(scene->net);
}

static void signals_come_as_calls(void **state)
{
    struct scene *scene = *state;
    struct el_sys_signals *signals;
    struct el_err err;
    sigset_t all;

    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    el_sys_signals_reset();
    assert_int_equal(
        el_sys_signals_watch(el_net_kernel_loop(scene->net), note_signal, scene, &signals, &err),
        0);
    kill(getpid(), SIGTERM);
    el_net_kernel_run(scene->net);
    assert_int_equal(scene->status, SIGTERM);
    kill(getpid(), SIGHUP);
    el_net_kernel_run(scene->net);
    assert_int_equal(scene->status, SIGHUP);
    el_sys_signals_free(signals);

    /* Started by nohup: a hang-up is not our business. */
    signal(SIGHUP, SIG_IGN);
    assert_int_equal(
        el_sys_signals_watch(el_net_kernel_loop(scene->net), note_signal, scene, &signals, &err),
        0);
    kill(getpid(), SIGHUP);
    kill(getpid(), SIGINT);
    el_net_kernel_run(scene->net);
    assert_int_equal(scene->status, SIGINT);
    el_sys_signals_free(signals);
    signal(SIGHUP, SIG_DFL);
}

int main(int argc, char **argv)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(an_applet_finds_what_it_needs_and_nothing_else),
        TEST(a_killed_applet_is_back_at_once_and_again),
        TEST(what_leads_nowhere_is_replaced_at_a_restart),
        TEST(who_dies_again_and_again_waits_longer_and_longer),
        TEST(stopping_is_orderly),
        TEST(who_ends_first_is_waited_for),
        TEST(who_does_not_stop_is_killed),
        TEST(a_second_stop_kills_at_once),
        TEST(one_is_removed_and_the_other_stays),
        TEST(who_is_removed_and_does_not_go_is_killed),
        TEST(who_is_removed_while_dead_is_not_started_again),
        TEST(freeing_kills_what_lives),
        TEST(applets_do_not_outlive_a_killed_supervisor),
        TEST(without_privileges_there_is_no_way_back),
        TEST(applets_start_after_the_program_was_replaced),
        TEST(what_cannot_be_started_is_an_error),
        TEST(statuses_are_told_in_words),
        TEST(signals_come_as_calls),
    };

    if (argc > 1)
        return applet_main(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
