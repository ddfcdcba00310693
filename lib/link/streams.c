/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the stream applet is given. */
#include "link/streams.h"

#include "base/log.h"
#include "link/queues.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { OF_HUB = 2048, OF_SPOKE = 16 }; /* connections at once */

int el_streams_open(struct el_streams *streams, unsigned lanes, struct el_err *err)
{
    for (streams->lanes = 0; streams->lanes < lanes; streams->lanes++) {
        int fds[2];
        int rc = el_stream_pair(fds);
        if (rc < 0)
            return el_err(err, rc, "no channels to TCP: %s", el_strerror(rc));
        streams->of_tunnel[streams->lanes] = fds[0];
        streams->of_stream[streams->lanes] = fds[1];
    }
    return 0;
}

static void close_all(int *fds, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        if (fds[i] >= 0)
            close(fds[i]);
        fds[i] = -1;
    }
}

void el_streams_close(struct el_streams *streams)
{
    close_all(streams->of_tunnel, streams->lanes);
    close_all(streams->of_stream, streams->lanes);
}

static int pass(const char *name, int *ends, unsigned count, struct el_launch_fds *fds,
                struct el_err *err)
{
    int rc = el_node_queues_pass(fds, name, ends, count, err);

    for (unsigned i = 0; i < count; i++)
        ends[i] = -1;
    return rc;
}

int el_streams_pass(struct el_streams *streams, struct el_launch_fds *fds, struct el_err *err)
{
    return pass("stream", streams->of_tunnel, streams->lanes, fds, err);
}

/* -- sockets -- */

/* A host without IPv6 does without. */
static int listen_on(uint16_t port, const struct el_stream_socket_options *options,
                     struct el_launch_fds *fds, struct el_err *err)
{
    int rc = el_launch_fds_add(fds, "tcp", el_stream_listener(4, port, options, err));

    if (rc >= 0)
        (void)el_launch_fds_add(fds, "tcp", el_stream_listener(6, port, options, NULL));
    return rc < 0 ? rc : 0;
}

/* The port that nobody has asked for may be another program's. */
static int listen_on_all(const struct el_streams_listen *listen, uint16_t udp_port,
                         const struct el_stream_socket_options *options, struct el_launch_fds *fds,
                         struct el_err *err)
{
    struct el_err why = {""};
    int rc = 0;

    for (unsigned i = 0; i < listen->count && rc == 0; i++)
        rc = listen_on((uint16_t)listen->ports[i], options, fds, err);
    if (listen->count == 0 && listen_on(udp_port, options, fds, &why) < 0)
        EL_LOG(EL_LOG_WARN, "node", "no-tcp", EL_STR("reason", why.text));
    return rc;
}

static int add_callers(const struct el_stream_socket_options *options, struct el_launch_fds *fds,
                       struct el_err *err)
{
    int rc = 0;

    for (unsigned i = 0; i < EL_STREAM_CALLERS && rc >= 0; i++) {
        rc = el_launch_fds_add(fds, "caller", el_stream_caller(4, options, err));
        if (rc >= 0)
            (void)el_launch_fds_add(fds, "caller", el_stream_caller(6, options, NULL));
    }
    return rc < 0 ? rc : 0;
}

/* -- the applet -- */

static char *options_text(const char *log_options, unsigned connections, const uint16_t *ports,
                          unsigned count)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    if (!out)
        return NULL;
    fprintf(out, "%sconnections = %u\n", log_options, connections);
    for (unsigned i = 0; i < count; i++)
        fprintf(out, "call = %u\n", ports[i]);
    return fclose(out) == 0 ? text : NULL;
}

/* RC: what became of FDS so far; they are passed on, or closed. */
static int start(struct el_launch *launch, int rc, char *options, struct el_launch_fds *fds,
                 struct el_err *err)
{
    if (rc == 0 && !options)
        rc = el_err(err, EL_ENOMEM, "out of memory");
    int started = el_launch_applet(launch, "stream", "stream", rc < 0 ? NULL : options, fds, err);
    free(options);
    return rc < 0 ? rc : started;
}

int el_streams_listen(struct el_streams *streams, struct el_launch *launch,
                      const struct el_streams_listen *listen, uint16_t udp_port,
                      const struct el_tunnel_options *tunnel, const char *log_options,
                      struct el_err *err)
{
    struct el_stream_socket_options options = {(uint32_t)tunnel->mark, tunnel->device};
    struct el_launch_fds fds = {.count = 0};
    int rc = pass("tunnel", streams->of_stream, streams->lanes, &fds, err);

    if (rc == 0)
        rc = listen_on_all(listen, udp_port, &options, &fds, err);
    return start(launch, rc, options_text(log_options, OF_HUB, NULL, 0), &fds, err);
}

int el_streams_call(struct el_streams *streams, struct el_launch *launch, const uint16_t *ports,
                    unsigned count, const struct el_tunnel_options *tunnel, const char *log_options,
                    struct el_err *err)
{
    struct el_stream_socket_options options = {(uint32_t)tunnel->mark, tunnel->device};
    struct el_launch_fds fds = {.count = 0};
    int rc = pass("tunnel", streams->of_stream, streams->lanes, &fds, err);

    if (rc == 0)
        rc = add_callers(&options, &fds, err);
    return start(launch, rc, options_text(log_options, OF_SPOKE, ports, count), &fds, err);
}
