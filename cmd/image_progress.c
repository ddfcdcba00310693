/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A bar on a terminal, lines elsewhere. */
#include "image.h"

#include "base/time.h"
#include "sys/clock.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { BAR = 24, TENTH = 10, LINE_BYTES = 400, WIDTH = 80 };

#define REDRAW_NS (100 * EL_MS)
#define QUIET_NS  EL_S /* what takes less is not worth a line */

static volatile sig_atomic_t signalled;

static struct {
    bool is_terminal, open; /* a line is */
    char doing[32], name[160];
    uint64_t began_ns, began_at, drawn_ns; /* of this doing: when, at which byte */
    unsigned tenth;
} shown;

static void on_signal(int signum)
{
    signalled = 1;
    signal(signum, SIG_DFL); /* who asks twice means it */
}

static bool stopped(void *arg)
{
    (void)arg;
    return signalled;
}

char *el_cmd_image_bytes(uint64_t bytes, char text[16])
{
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB"};
    double value = (double)bytes;
    unsigned unit = 0;

    for (; value >= 1000 && unit + 1 < sizeof units / sizeof units[0]; unit++)
        value /= 1000;
    snprintf(text, 16, unit == 0 ? "%.0f %s" : "%.1f %s", value, units[unit]);
    return text;
}

static int columns(void)
{
    struct winsize size;

    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : WIDTH;
}

static void begin(const char *doing, const char *name, uint64_t done, uint64_t now_ns)
{
    el_cmd_image_progress_end();
    snprintf(shown.doing, sizeof shown.doing, "%s", doing);
    snprintf(shown.name, sizeof shown.name, "%s", name);
    shown.began_ns = now_ns;
    shown.began_at = done;
    shown.drawn_ns = shown.tenth = 0;
}

/* "fetching debian.iso [#####---] 20 %  132.0 MB of 660.2 MB  11.2 MB/s  47 s" */
static void draw(uint64_t done, uint64_t total, uint64_t now_ns)
{
    char line[LINE_BYTES], so_far[16], of[16], speed_text[16], bar[BAR + 1];
    uint64_t elapsed_ns = now_ns - shown.began_ns, gained = done - shown.began_at;
    uint64_t speed = elapsed_ns >= EL_S / 2 ? gained * 1000 / (elapsed_ns / EL_MS) : 0;
    int len = snprintf(line, sizeof line, "%s %s", shown.doing, shown.name);

    el_cmd_image_bytes(done, so_far);
    if (total > 0) {
        size_t full = (size_t)((double)done / (double)total * BAR);
        memset(bar, '#', full);
        memset(bar + full, '-', BAR - full);
        bar[BAR] = '\0';
        len += snprintf(line + len, sizeof line - (size_t)len, " [%s] %3u %%  %s of %s", bar,
                        (unsigned)((double)done / (double)total * 100), so_far,
                        el_cmd_image_bytes(total, of));
    } else {
        len += snprintf(line + len, sizeof line - (size_t)len, " %s", so_far);
    }
    if (speed > 0)
        len += snprintf(line + len, sizeof line - (size_t)len, "  %s/s",
                        el_cmd_image_bytes(speed, speed_text));
    if (speed > 0 && total > done)
        snprintf(line + len, sizeof line - (size_t)len, "  %llu s",
                 (unsigned long long)((total - done) / speed));
    fprintf(stderr, "\r\033[K%.*s", columns() - 1, line);
    shown.open = true;
    shown.drawn_ns = now_ns;
}

static void step(void *arg, const char *doing, const char *name, uint64_t done, uint64_t total)
{
    uint64_t now_ns = el_sys_now_ns();

    (void)arg;
    if (total > 0 && done > total)
        done = total;
    if (strcmp(shown.doing, doing) != 0 || strncmp(shown.name, name, sizeof shown.name - 1) != 0 ||
        done < shown.began_at)
        begin(doing, name, done, now_ns);
    if (shown.is_terminal) {
        if (now_ns >= shown.drawn_ns + REDRAW_NS || done == total)
            draw(done, total, now_ns);
        return;
    }
    unsigned tenth = total > 0 ? (unsigned)((double)done / (double)total * TENTH) : 0;
    if (tenth > shown.tenth && now_ns >= shown.began_ns + QUIET_NS)
        fprintf(stderr, "%s %s: %u %%\n", doing, name, tenth * TENTH);
    shown.tenth = tenth;
}

static void say(void *arg, const char *text)
{
    (void)arg;
    el_cmd_image_progress_end();
    fprintf(stderr, "%s\n", text);
}

void el_cmd_image_progress_end(void)
{
    if (shown.open)
        fputc('\n', stderr);
    shown.open = false;
    shown.doing[0] = '\0';
}

struct el_image_progress el_cmd_image_progress(void)
{
    signal(SIGINT, on_signal);
    signal(SIGTERM, on_signal);
    signal(SIGHUP, on_signal);
    shown.is_terminal = isatty(STDERR_FILENO) == 1;
    return (struct el_image_progress){.step = step, .say = say, .stopped = stopped};
}
