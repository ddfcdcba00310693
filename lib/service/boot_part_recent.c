/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The last frames of the network, for whoever asks what a machine and we said to each other
 * (timeline/recent.h): from the socket "sniff" (port/sniff.h) into the memory "recent", both of
 * which a hub gives. Without them there is nothing to do.
 */
#include "base/log.h"
#include "net/kernel.h"
#include "port/sniff.h"
#include "service/boot_part.h"
#include "sys/fds.h"
#include "timeline/recent.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
    TURN = 64,    /* frames that are taken before others have their turn, */
    PER_S = 5000, /* and in a second: a flood costs us no more */
};

struct el_boot_recent {
    uv_poll_t poll;
    uv_timer_t rest; /* after too much */
    unsigned handles;
    int fd;
    void *memory;
    uint64_t since_ms; /* of what is counted: */
    unsigned count;
    uint8_t bytes[EL_RECENT_CAPTURED];
};

static void on_frames(uv_poll_t *poll, int status, int events);

static void on_rest(uv_timer_t *timer)
{
    struct el_boot_recent *recent = timer->data;

    uv_poll_start(&recent->poll, UV_READABLE, on_frames);
}

/* Whether it has been too much for now: then the kernel's queue fills, and the rest is lost. */
static bool is_too_much(struct el_boot_recent *recent)
{
    uint64_t now_ms = uv_now(recent->poll.loop);

    if (now_ms - recent->since_ms >= 1000) {
        recent->since_ms = now_ms;
        recent->count = 0;
    }
    if (recent->count < PER_S)
        return false;
    uv_poll_stop(&recent->poll);
    uv_timer_start(&recent->rest, on_rest, 1000 - (now_ms - recent->since_ms), 0);
    return true;
}

static void on_frames(uv_poll_t *poll, int status, int events)
{
    struct el_boot_recent *recent = poll->data;
    struct el_sniffed sniffed;

    (void)status;
    (void)events;
    for (unsigned i = 0; i < TURN && !is_too_much(recent); i++) {
        if (el_sniff_receive(recent->fd, recent->bytes, sizeof recent->bytes, &sniffed) != 1)
            return;
        recent->count++;
        el_recent_put(recent->memory, EL_RECENT_BYTES,
                      &(struct el_recent_frame){.time_ns = sniffed.time_ns,
                                                .is_out = sniffed.is_out,
                                                .len = sniffed.len,
                                                .captured = sniffed.captured,
                                                .bytes = recent->bytes});
    }
}

static void *map_memory(int fd)
{
    void *memory = fd < 0 ? MAP_FAILED
                          : mmap(NULL, EL_RECENT_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

    if (fd >= 0)
        close(fd);
    return memory == MAP_FAILED ? NULL : memory;
}

static int open_recent(struct el_boot_parts *s, struct el_err *err)
{
    int fd = el_sys_fds_take("sniff");
    void *memory = map_memory(el_sys_fds_take("recent"));
    struct el_boot_recent *recent = fd >= 0 && memory ? calloc(1, sizeof *recent) : NULL;

    (void)err;
    if (recent) {
        recent->fd = fd;
        recent->memory = memory;
        s->recent = recent;
        return 0;
    }
    if (memory)
        munmap(memory, EL_RECENT_BYTES);
    if (fd >= 0)
        close(fd);
    return 0;
}

static int start(struct el_boot_parts *s, struct el_err *err)
{
    struct el_boot_recent *recent = s->recent;
    uv_loop_t *loop = el_net_kernel_loop(s->kernel);

    if (!recent)
        return 0;
    el_recent_begin(recent->memory, EL_RECENT_BYTES);
    if (uv_poll_init(loop, &recent->poll, recent->fd) < 0)
        return el_err(err, EL_EIO, "%s: cannot wait for frames", s->config->network);
    uv_timer_init(loop, &recent->rest);
    recent->handles = 2;
    recent->poll.data = recent->rest.data = recent;
    uv_poll_start(&recent->poll, UV_READABLE, on_frames);
    return 0;
}

static void free_recent(struct el_boot_recent *recent)
{
    close(recent->fd);
    munmap(recent->memory, EL_RECENT_BYTES);
    free(recent);
}

static void on_closed(uv_handle_t *handle)
{
    struct el_boot_recent *recent = handle->data;

    if (--recent->handles == 0)
        free_recent(recent);
}

static void stop(struct el_boot_parts *s)
{
    struct el_boot_recent *recent = s->recent;

    s->recent = NULL;
    if (!recent)
        return;
    if (recent->handles == 0) {
        free_recent(recent);
        return;
    }
    uv_close((uv_handle_t *)&recent->poll, on_closed);
    uv_close((uv_handle_t *)&recent->rest, on_closed);
}

const struct el_boot_part el_boot_part_recent = {.open = open_recent, .start = start, .stop = stop};
