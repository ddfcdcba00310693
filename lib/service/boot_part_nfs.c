/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * NFS: the images, to be read, as /images, and what was said to be exported. A machine's overlay is
 * called after its hardware address, which DHCP knows, so that another address changes nothing; one
 * that has its address from elsewhere is called after that.
 */
#include "base/log.h"
#include "nfs/nfs_io.h"
#include "nfs/overlay_io.h"
#include "nfs/source_content.h"
#include "nfs/source_dir_io.h"
#include "nfs/source_union.h"
#include "service/boot_exports.h"
#include "service/boot_part.h"
#include "service/nfs_export.h"
#include "service/nfs_key.h"
#include "sys/fds.h"
#include "sys/files.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct exported {
    int fd, overlay; /* -1: none */
    struct el_nfs_overlay_dir dir;
    struct el_nfs_overlays maker;
};

struct el_boot_nfs {
    uint8_t key[EL_NFS_KEY];
    int images; /* -1: none */
    struct exported exports[EL_BOOT_OPTION_EXPORTS];
    struct el_nfs *nfs;
    struct el_nfs_server *server;
};

/* -- what may need privileges -- */

/* As a hub has it: a directory for each network. */
static int open_overlay(const struct el_boot_parts *s, const char *overlay, struct el_err *err)
{
    char path[2 * EL_BOOT_OPTION_PATH];

    snprintf(path, sizeof path, "%s/%s", overlay, s->config->network);
    int rc = el_sys_dir_make(path, 0700, err);
    if (rc < 0)
        return rc;
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? el_err_os(err, errno, "overlay %s", path) : fd;
}

static void add_place(struct el_boot_parts *s, int fd, bool write)
{
    s->places[s->place_count++] = (struct el_sys_place){fd, write};
}

static int open_export(struct el_boot_parts *s, const struct el_boot_option_export *option,
                       struct exported *exported, struct el_err *err)
{
    char name[EL_BOOT_EXPORT_FD];

    exported->fd = el_sys_fds_take(el_boot_export_fd(option, false, name));
    if (exported->fd < 0)
        exported->fd = el_boot_export_open(option, err);
    if (exported->fd < 0)
        return exported->fd;
    add_place(s, el_nfs_export_place(exported->fd), false);
    if (!option->overlay[0])
        return 0;
    exported->overlay = el_sys_fds_take(el_boot_export_fd(option, true, name));
    if (exported->overlay < 0)
        exported->overlay = open_overlay(s, option->overlay, err);
    if (exported->overlay < 0)
        return exported->overlay;
    add_place(s, exported->overlay, true);
    return 0;
}

static int load_key(const struct el_boot_parts *s, struct el_err *err)
{
    int inherited = el_sys_fds_peek("state");
    int state = inherited;

    if (state < 0 && s->config->state)
        state = open(s->config->state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int rc = el_nfs_key_load(state, s->nfs->key, err);
    if (state >= 0 && inherited < 0)
        close(state);
    return rc;
}

static int open_nfs(struct el_boot_parts *s, struct el_err *err)
{
    const struct el_boot_options *options = s->config->options;

    if (!el_boot_exports_any(options))
        return 0;
    s->nfs = calloc(1, sizeof *s->nfs);
    if (!s->nfs)
        return el_err(err, EL_ENOMEM, "out of memory");
    for (unsigned i = 0; i < EL_BOOT_OPTION_EXPORTS; i++)
        s->nfs->exports[i].fd = s->nfs->exports[i].overlay = -1;
    s->nfs->images = s->images >= 0 ? fcntl(s->images, F_DUPFD_CLOEXEC, 0) : -1;
    int rc = load_key(s, err);
    for (unsigned i = 0; i < options->export_count && rc == 0; i++)
        rc = open_export(s, &options->exports[i], &s->nfs->exports[i], err);
    return rc;
}

/* -- what is exported -- */

/* A MAC's text has colons, which a directory's name may have. */
static void name_machine(void *arg, const struct el_ip *client, char name[EL_NFS_MACHINE])
{
    struct el_boot_parts *s = arg;
    const struct el_dhcp_leases *leases =
        s->dhcp ? el_dhcp_leases(el_dhcp_io_server(s->dhcp)) : NULL;
    const struct el_dhcp_lease *lease =
        leases && client->family == 4 ? el_dhcp_leases_at(leases, el_ip4_number(client)) : NULL;
    const struct el_mac nobody = {{0}};
    char mac[EL_MAC_TEXT];

    name[0] = '\0';
    if (lease && lease->state == EL_DHCP_BOUND && memcmp(&lease->mac, &nobody, sizeof nobody) != 0)
        snprintf(name, EL_NFS_MACHINE, "%s", el_mac_text(&lease->mac, mac));
}

/* The directory as it is, and behind it what is in the disk images. */
static int export_images(struct el_boot_parts *s, int fd, struct el_err *err)
{
    const struct el_content *content = el_boot_pages_images(s->pages);
    struct el_nfs_source directory, source;
    int rc = el_nfs_source_dir(fd, &directory);

    if (rc == 0 && content) {
        const struct el_nfs_source inside = el_nfs_source_content(content);
        rc = el_nfs_source_union(&directory, &inside, &source);
    } else {
        source = directory;
    }
    if (rc == 0)
        rc = el_nfs_export(s->nfs->nfs, "/images", &source, NULL);
    return rc < 0 ? el_err(err, rc, "export /images: %s", el_strerror(rc)) : 0;
}

static int export_one(struct el_boot_nfs *n, const struct el_boot_option_export *option,
                      struct exported *exported, struct el_err *err)
{
    char path[EL_BOOT_OPTION_EXPORT_NAME + 1];
    int fd = exported->fd;

    exported->fd = -1;
    exported->dir = (struct el_nfs_overlay_dir){exported->overlay, option->overlay,
                                                el_nfs_keys(n->nfs), el_nfs_files(n->nfs)};
    exported->maker = el_nfs_overlays_in(&exported->dir);
    snprintf(path, sizeof path, "/%s", option->name);
    return el_nfs_export_fd(n->nfs, path, fd, exported->overlay >= 0 ? &exported->maker : NULL,
                            err);
}

static int make_nfs(struct el_boot_parts *s, struct el_err *err)
{
    const struct el_boot_options *options = s->config->options;
    struct el_boot_nfs *n = s->nfs;
    struct el_nfs_config config = {
        .clients = s->config->address, .port = EL_NFS_PORT, .machine = name_machine, .arg = s};

    memcpy(config.key, n->key, sizeof config.key);
    n->nfs = el_nfs_new(&config);
    sodium_memzero(config.key, sizeof config.key);
    sodium_memzero(n->key, sizeof n->key);
    if (!n->nfs)
        return el_err(err, EL_ENOMEM, "out of memory");
    int images = n->images, rc = 0;
    n->images = -1;
    if (images >= 0)
        rc = export_images(s, images, err);
    for (unsigned i = 0; i < options->export_count && rc == 0; i++)
        rc = export_one(n, &options->exports[i], &n->exports[i], err);
    return rc;
}

/* -- who serves it -- */

static int start_nfs(struct el_boot_parts *s, struct el_err *err)
{
    const int *fds = s->ground.nfs;
    struct el_net_udp_config udp[2];
    struct el_net_listen_config tcp[2];
    bool any = s->ground.own_stack;

    if (!s->nfs)
        return 0;
    int rc = make_nfs(s, err);
    if (rc < 0)
        return rc;
    for (int i = 0; i < 2; i++) {
        const struct el_endpoint at = {.port = i ? EL_NFS_PORTMAP_PORT : EL_NFS_PORT};
        udp[i] = (struct el_net_udp_config){.bind = at, .inherited_fd = fds[2 * i]};
        tcp[i] = (struct el_net_listen_config){.bind = at, .inherited_fd = fds[2 * i + 1]};
        any = any || (i == 0 && (udp[i].inherited_fd >= 0 || tcp[i].inherited_fd >= 0));
    }
    /* On an interface what could not be opened is not there; a stack of our own has all ports. */
    bool own = s->ground.own_stack;
    const struct el_nfs_server_config config = {
        .nfs = s->nfs->nfs,
        .udp = own || udp[0].inherited_fd >= 0 ? &udp[0] : NULL,
        .tcp = own || tcp[0].inherited_fd >= 0 ? &tcp[0] : NULL,
        .portmap_udp = own || udp[1].inherited_fd >= 0 ? &udp[1] : NULL,
        .portmap_tcp = own || tcp[1].inherited_fd >= 0 ? &tcp[1] : NULL,
    };
    return any ? el_nfs_server_start(s->net, &config, &s->nfs->server, err) : 0;
}

static void stop_nfs(struct el_boot_parts *s)
{
    struct el_boot_nfs *n = s->nfs;

    if (!n)
        return;
    el_nfs_server_stop(n->server);
    el_nfs_free(n->nfs);
    for (unsigned i = 0; i < EL_BOOT_OPTION_EXPORTS; i++) {
        if (n->exports[i].fd >= 0)
            close(n->exports[i].fd);
        if (n->exports[i].overlay >= 0)
            close(n->exports[i].overlay);
    }
    if (n->images >= 0)
        close(n->images);
    sodium_memzero(n->key, sizeof n->key);
    free(n);
    s->nfs = NULL;
}

const struct el_boot_part el_boot_part_nfs = {
    .open = open_nfs, .start = start_nfs, .stop = stop_nfs};
