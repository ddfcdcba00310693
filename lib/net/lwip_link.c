/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Networks of the lwIP provider on descriptors. */
#include "net/lwip_link.h"

#include "net/kernel.h"
#include "net/lwip_train.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    TURN = 64,  /* packets or frames that are taken before others have their turn */
    BATCH = 16, /* … of a port at once */
    FRAME_BYTES = EL_PORT_HEADROOM + EL_PORT_FRAME_BYTES + EL_PORT_TAILROOM,
};

struct el_net_lwip_link {
    uv_poll_t poll;
    uv_prepare_t prepare; /* of a port: before the loop waits, what lwIP sent goes out */
    unsigned handles;     /* of those two, open */
    struct el_net *net;
    el_net_lwip_gone_cb *gone;
    void *arg;
    struct el_port *port; /* NULL: packets, through fd */
    struct el_lwip_train *train;
    int fd;
    void (*see)(void *arg, const uint8_t *frame, size_t len); /* NULL: nobody looks */
    void *see_arg;
    bool full;   /* sending waits for room */
    bool closed; /* freed when libuv has let go */
    uint8_t *bytes;
    struct el_port_rx frames[BATCH];
};

static void link_event(uv_poll_t *poll, int status, int events);

static void watch(struct el_net_lwip_link *link)
{
    uv_poll_start(&link->poll, UV_READABLE | (link->full ? UV_WRITABLE : 0), link_event);
}

static int note_full(struct el_net_lwip_link *link, int code)
{
    if (code == EL_EAGAIN && !link->full) {
        link->full = true;
        watch(link);
    }
    return code;
}

static int send_packet(void *arg, const struct el_slice *slices, unsigned count)
{
    struct el_net_lwip_link *link = arg;
    struct iovec pieces[EL_NET_LWIP_SLICES];
    struct msghdr message = {.msg_iov = pieces, .msg_iovlen = count};

    for (unsigned i = 0; i < count; i++)
        pieces[i] = (struct iovec){(void *)(uintptr_t)slices[i].bytes, slices[i].len};
    if (sendmsg(link->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
        return 0;
    if (errno == EAGAIN || errno == ENOBUFS)
        return note_full(link, EL_EAGAIN);
    return errno == EPIPE || errno == ECONNRESET ? EL_ECLOSED : el_errno_from_os(errno);
}

static int send_frame(void *arg, const struct el_slice *slices, unsigned count)
{
    struct el_net_lwip_link *link = arg;

    return note_full(link, el_lwip_train_add(link->train, slices, count));
}

static void flush(struct el_net_lwip_link *link)
{
    if (!link->train)
        return;
    el_lwip_train_flush(link->train);
    if (el_lwip_train_is_stuck(link->train))
        note_full(link, EL_EAGAIN);
}

static void before_waiting(uv_prepare_t *prepare)
{
    flush(prepare->data);
}

/* What receiving comes to: how many, 0 for "none now", or EL_ECLOSED. */
static int take_packets(struct el_net_lwip_link *link)
{
    ssize_t len = recv(link->fd, link->bytes, FRAME_BYTES, MSG_DONTWAIT);

    if (len > 0)
        el_net_lwip_input(link->net, link->bytes, (size_t)len);
    if (len < 0)
        return errno == EAGAIN || errno == EINTR ? 0 : EL_ECLOSED;
    return len > 0 ? 1 : EL_ECLOSED;
}

static int take_frames(struct el_net_lwip_link *link)
{
    for (unsigned i = 0; i < BATCH; i++)
        link->frames[i] = (struct el_port_rx){
            .bytes = link->bytes + (size_t)i * FRAME_BYTES + EL_PORT_HEADROOM,
            .capacity = EL_PORT_FRAME_BYTES,
        };

    int count = el_port_receive(link->port, link->frames, BATCH);

    for (int i = 0; i < count && link->see; i++)
        link->see(link->see_arg, link->frames[i].bytes, link->frames[i].len);
    for (int i = 0; i < count && !link->closed; i++)
        el_net_lwip_input_frame(link->net, link->frames[i].bytes, link->frames[i].len,
                                &link->frames[i].offload);
    return count == EL_ECLOSED || count >= 0 ? count : 0;
}

static void link_event(uv_poll_t *poll, int status, int events)
{
    struct el_net_lwip_link *link = poll->data;
    int taken = 1;

    if (status < 0)
        events = UV_READABLE; /* which tells what it is */
    if (events & UV_WRITABLE) {
        link->full = false;
        flush(link);
        watch(link);
        if (!link->full)
            el_net_lwip_writable(link->net);
    }
    if (!(events & UV_READABLE))
        return;
    for (int turn = 0; turn < TURN && taken > 0 && !link->closed; turn += taken)
        taken = link->port ? take_frames(link) : take_packets(link);
    if (link->closed)
        return;
    if (taken != EL_ECLOSED) {
        if (status < 0)
            watch(link); /* libuv stops to after an error */
        return;
    }
    uv_poll_stop(&link->poll);
    if (link->gone)
        link->gone(link->arg);
}

static void link_free(struct el_net_lwip_link *link)
{
    el_lwip_train_free(link->train);
    free(link->bytes);
    free(link);
}

static void handle_closed(uv_handle_t *handle)
{
    struct el_net_lwip_link *link = handle->data;

    if (--link->handles == 0)
        link_free(link);
}

static void close_handles(struct el_net_lwip_link *link)
{
    link->closed = true;
    uv_close((uv_handle_t *)&link->poll, handle_closed);
    uv_close((uv_handle_t *)&link->prepare, handle_closed);
}

static struct el_net_lwip_link *link_new(struct el_port *port, int fd,
                                         const struct el_net_lwip_link_config *config)
{
    struct el_net_lwip_link *link = calloc(1, sizeof *link);

    if (!link)
        return NULL;
    link->gone = config->gone;
    link->arg = config->arg;
    link->port = port;
    link->fd = fd;
    link->bytes = malloc((size_t)FRAME_BYTES * (port ? BATCH : 1));
    link->train = port ? el_lwip_train_new(port) : NULL;
    if (!link->bytes || (port && !link->train)) {
        link_free(link);
        return NULL;
    }
    return link;
}

/* Puts it on the loop. On an error it is still the caller's to free. */
static int begin(struct el_net_lwip_link *link, uv_loop_t *loop, struct el_err *err)
{
    int code = uv_poll_init(loop, &link->poll, link->fd);

    if (code < 0)
        return el_err_os(err, -code, "lwip: the descriptor cannot be watched");
    uv_prepare_init(loop, &link->prepare);
    link->poll.data = link->prepare.data = link;
    link->handles = 2;
    uv_prepare_start(&link->prepare, before_waiting);
    uv_unref((uv_handle_t *)&link->prepare);
    watch(link);
    return 0;
}

static int make(struct el_net *kernel, const struct el_net_lwip_link_config *config,
                struct el_port *port, int fd, struct el_net_lwip_link **made, struct el_err *err)
{
    struct el_net_lwip_config network = config->network;
    struct el_net_lwip_link *link = link_new(port, fd, config);
    int code;

    if (!link)
        return el_err(err, EL_ENOMEM, "lwip: out of memory");
    code = begin(link, el_net_kernel_loop(kernel), err);
    if (code < 0) {
        link_free(link);
        return code;
    }
    network.layer = port ? EL_NET_LWIP_ETHERNET : EL_NET_LWIP_IP;
    network.send = port ? send_frame : send_packet;
    network.arg = link;
    code = el_net_lwip_new(kernel, &network, &link->net, err);
    if (code < 0)
        close_handles(link);
    else
        *made = link;
    return code;
}

int el_net_lwip_link_packets(struct el_net *kernel, const struct el_net_lwip_link_config *config,
                             int fd, struct el_net_lwip_link **link, struct el_err *err)
{
    return make(kernel, config, NULL, fd, link, err);
}

int el_net_lwip_link_frames(struct el_net *kernel, const struct el_net_lwip_link_config *config,
                            struct el_port *port, struct el_net_lwip_link **link,
                            struct el_err *err)
{
    return make(kernel, config, port, port->fd, link, err);
}

struct el_net *el_net_lwip_link_net(const struct el_net_lwip_link *link)
{
    return link->net;
}

void el_net_lwip_link_tap(struct el_net_lwip_link *link,
                          void (*see)(void *arg, const uint8_t *frame, size_t len), void *arg)
{
    link->see = see;
    link->see_arg = arg;
}

void el_net_lwip_link_close(struct el_net_lwip_link *link)
{
    if (!link)
        return;
    el_net_lwip_free(link->net);
    flush(link); /* the resets of what was still open */
    close_handles(link);
    if (!link->port)
        close(link->fd);
}
