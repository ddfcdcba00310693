/* SPDX-License-Identifier: GPL-2.0-or-later */
/* el2w nfsd: a directory over NFS. */
#include "applet.h"

#include "nfs/nfs_wire.h"
#include "service/nfs_service.h"

struct nfsd {
    struct el_conf_common common;
    struct el_nfs_service_config config;
};

#define AT(member) offsetof(struct nfsd, config.member)

static const struct el_conf_option options[] = {
    {.name = "bind",
     .type = EL_CONF_IP,
     .offset = AT(ip),
     .metavar = "IP",
     .fallback = "0.0.0.0",
     .help = "The address to serve at."},
    {.name = "port",
     .type = EL_CONF_UINT,
     .offset = AT(port),
     .metavar = "PORT",
     .fallback = "2049",
     .help = "The UDP and TCP port of NFS, MOUNT and the lock manager.",
     .min = 1,
     .max = 65535},
    {.name = "device",
     .type = EL_CONF_STRING,
     .offset = AT(device),
     .metavar = "INTERFACE",
     .help = "Serve on this interface only."},
    {.name = "no-portmap",
     .type = EL_CONF_FLAG,
     .offset = AT(no_portmap),
     .help =
         "Do not be the portmapper, on port 111: clients then have to be told the port (for Linux: "
         "port=PORT,mountport=PORT)."},
    {.name = "state",
     .type = EL_CONF_STRING,
     .offset = AT(state),
     .metavar = "DIR",
     .help = "Keep the key of file handles there, so that mounts survive a restart."},
};

static const struct el_conf_schema schema = {
    .name = "nfsd",
    .summary = "a directory or an ISO image over NFS version 3, read only",
    .usage = "DIR|FILE.iso [--bind IP] [--device INTERFACE] [--state DIR] [OPTIONS]",
    .manual = "Exports DIR, or what is in an image, under the name that it has here, over UDP and "
              "TCP: NFS version 3 with "
              "MOUNT, portmapper and a "
              "lock manager "
              "that grants every lock. Symbolic links are told to clients and not followed here, "
              "and nothing "
              "outside it is ever opened. It gives up its privileges once the ports are open: "
              "what others "
              "may not read cannot be read over NFS either.\n\n"
              "  # el2w nfsd /srv/debian --bind 192.168.5.1\n"
              "  machine# mount -t nfs -o nfsvers=3,nolock 192.168.5.1:/srv/debian /mnt",
    .options = options,
    .count = sizeof options / sizeof options[0],
    .positional_min = 1,
    .positional_max = 1,
};

static int run(int argc, char **argv)
{
    struct nfsd values = {0};
    struct el_err err = {""};
    struct el_conf *conf;
    const char *const *names;
    int code = el_cmd_begin(&schema, &values, argc, argv, &conf);

    if (code != EL_EXIT_GO_ON)
        return code;
    el_conf_positionals(conf, &names);
    values.config.root = names[0];
    code = EL_EXIT_DONE;
    if (el_nfs_service_run(&values.config, &err) < 0)
        code = el_cmd_fail(&schema, &err);
    el_conf_free(conf);
    return code;
}

const struct el_applet el_applet_nfsd = {.schema = &schema, .run = run};
