/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A directory, or what is in an image of a disk, over TFTP or HTTP. */
#include "service/file_service.h"

#include "base/log.h"
#include "content/content_io.h"
#include "http/http_io.h"
#include "media/media_io.h"
#include "net/kernel.h"
#include "sys/confine.h"
#include "sys/drop.h"
#include "sys/notify.h"
#include "sys/signals.h"
#include "tftp/tftp_io.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HTTP_PORT = 80 };

struct service {
    const struct el_file_service_config *config;
    struct el_content_dir dir; /* one of these two is what is served */
    struct el_media *media;
    struct el_content content;
    struct el_http_files files;
    struct el_http_route routes[2];
    struct el_net *net;
    struct el_sys_signals *signals;
    struct el_tftp_server *tftp;
    struct el_http_server *http;
};

static void on_signal(void *arg, int signum)
{
    struct service *s = arg;

    if (signum != SIGHUP)
        el_net_kernel_stop(s->net);
}

static int make_loop(struct service *s, struct el_err *err)
{
    int rc = el_net_kernel_new(&s->net, err);

    if (rc < 0)
        return rc;
    return el_sys_signals_watch(el_net_kernel_loop(s->net), on_signal, s, &s->signals, err);
}

static int start_tftp(struct service *s, struct el_err *err)
{
    const struct el_file_service_config *config = s->config;
    uint16_t port = config->port ? (uint16_t)config->port : EL_TFTP_PORT;
    struct el_tftp_config tftp = {
        .listen = {.bind = {.ip = config->ip, .port = port},
                   .device = config->device,
                   .inherited_fd = -1},
        .content = &s->content,
    };

    return el_tftp_server_start(s->net, &tftp, &s->tftp, err);
}

static int start_http(struct service *s, struct el_err *err)
{
    const struct el_file_service_config *config = s->config;
    uint16_t port = config->port ? (uint16_t)config->port : HTTP_PORT;
    struct el_http_server_config http = {
        .listen = {.bind = {.ip = config->ip, .port = port},
                   .device = config->device,
                   .inherited_fd = -1},
        .routes = s->routes,
    };

    s->files = (struct el_http_files){&s->content, config->listing};
    s->routes[0] = (struct el_http_route){"/", EL_HTTP_GET, el_http_files_handler, &s->files, 0};
    return el_http_server_start(s->net, &http, &s->http, err);
}

static int serve(struct service *s, struct el_err *err)
{
    /* Whoever serves by hand has no state directory to tell this user from others. */
    uid_t user = geteuid() == 0 ? el_sys_drop_uid("/", 0) : 0;
    struct el_sys_drop_config drop = {.uid = user, .gid = user};
    struct el_sys_place root = {s->dir.root_fd, false};
    struct el_sys_confine_config config = {
        .places = &root, .count = s->media ? 0 : 1, .resolver = false};
    int rc = el_sys_drop(&drop, err);

    if (rc == 0)
        rc = el_sys_confine(&config, err);
    if (rc < 0)
        return rc;
    EL_LOG(EL_LOG_INFO, "node", "ready", EL_STR("root", s->config->root));
    el_sys_notify_ready();
    el_net_kernel_run(s->net);
    return 0;
}

/* An image is open for good: whoever it belongs to, it can be served once privileges are gone. */
static int open_root(struct service *s, struct el_err *err)
{
    const char *root = s->config->root;
    struct stat st;

    if (stat(root, &st) != 0 || !S_ISREG(st.st_mode)) {
        int rc = el_content_dir_open(&s->dir, root, err);
        if (rc == 0)
            s->content = el_content_dir(&s->dir);
        return rc;
    }
    int fd = open(root, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return el_err_os(err, errno, "image %s", root);
    s->media = el_media_open(fd, root, err);
    if (!s->media)
        return EL_EINVAL;
    s->content = el_media_content(s->media);
    return 0;
}

int el_file_service_run(enum el_file_protocol protocol, const struct el_file_service_config *config,
                        struct el_err *err)
{
    struct service s = {.config = config, .dir.root_fd = -1};
    int rc = open_root(&s, err);

    if (rc < 0)
        return rc;
    rc = make_loop(&s, err);
    if (rc == 0)
        rc = protocol == EL_FILE_TFTP ? start_tftp(&s, err) : start_http(&s, err);
    if (rc == 0)
        rc = serve(&s, err);
    el_tftp_server_stop(s.tftp);
    el_http_server_stop(s.http);
    el_sys_signals_free(s.signals);
    el_net_kernel_free(s.net);
    el_content_dir_close(&s.dir);
    el_media_close(s.media);
    return rc;
}
