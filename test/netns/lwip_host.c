/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lwip_host TAP DIRECTORY: a host of the lwIP provider behind a TAP interface, 192.0.2.1/24, that
 * serves a directory over HTTP and TFTP and gives out addresses: the services as they are, on
 * another network than the kernel's. Says "ready" and serves until it is ended.
 */
#include "content/content_io.h"
#include "dhcp/dhcp_io.h"
#include "http/http_io.h"
#include "net/kernel.h"
#include "net/lwip_link.h"
#include "port/tap.h"
#include "tftp/tftp_io.h"

#include <stdio.h>

#define ADDRESS 0xc0000201u

static const struct el_mac mac = {{0x02, 0x45, 0x4c, 0, 0, 1}};

static struct el_content content;
static struct el_http_files files = {&content, true};
static const struct el_http_route routes[] = {{"/", EL_HTTP_GET, el_http_files_handler, &files, 0},
                                              {0}};

static int network(struct el_net *kernel, const char *tap, struct el_port **port,
                   struct el_net_lwip_link **link, struct el_err *err)
{
    const struct el_net_lwip_link_config config = {
        .network = {.address = {el_ip4(ADDRESS), 24}, .mac = mac, .mtu = 1500}};
    int fd = el_tap_open(tap, err);

    if (fd < 0)
        return fd;
    if (el_port_from_tap(fd, tap, port) < 0)
        return el_err(err, EL_EIO, "%s: no port", tap);
    return el_net_lwip_link_frames(kernel, &config, *port, link, err);
}

static int services(struct el_net *net, struct el_port *port, struct el_err *err)
{
    const struct el_http_server_config http = {.listen = {.bind = {.port = 80}, .inherited_fd = -1},
                                               .routes = routes};
    const struct el_tftp_config tftp = {
        .listen = {.bind = {.port = EL_TFTP_PORT}, .inherited_fd = -1}, .content = &content};
    const struct el_dhcp_io_config dhcp = {
        .server = {.subnet = {el_ip4(ADDRESS), 24},
                   .server = el_ip4(ADDRESS),
                   .ranges = {{el_ip4(ADDRESS + 99), el_ip4(ADDRESS + 199)}}},
        .inherited_fd = -1,
        .inherited_binl_fd = -1,
        .port = port,
        .port_mac = mac,
    };
    struct el_http_server *web;
    struct el_tftp_server *boot;

    if (el_http_server_start(net, &http, &web, err) < 0 ||
        el_tftp_server_start(net, &tftp, &boot, err) < 0 || !el_dhcp_io_start(net, &dhcp, err))
        return EL_EIO;
    return 0;
}

int main(int argc, char **argv)
{
    struct el_net_lwip_link *link;
    struct el_content_dir directory;
    struct el_net *kernel;
    struct el_port *port;
    struct el_err err = {""};

    if (argc != 3 || el_net_kernel_new(&kernel, &err) < 0 ||
        el_content_dir_open(&directory, argv[2], &err) < 0 ||
        network(kernel, argv[1], &port, &link, &err) < 0)
        goto failed;
    content = el_content_dir(&directory);
    if (services(el_net_lwip_link_net(link), port, &err) < 0)
        goto failed;
    printf("ready\n");
    fflush(stdout);
    el_net_kernel_run(kernel);
    return 0;

failed:
    fprintf(stderr, "lwip_host: %s\n", err.text);
    return 1;
}
