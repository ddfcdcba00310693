/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What stands in the way of a hub. */
#include "check/check.h"

#include "boot/boot_io.h"
#include "hub/hub_network.h"
#include "link/queues.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Mistakes in an entry are logged, with the file's name and line: the menu does without it, so it
 * is no obstacle. */
static int check_entries(const struct el_node_check *check, int fd, const char *path,
                         struct el_err *err)
{
    struct el_boot_entries *entries = el_boot_entries_open(fd, ".", err);
    const struct el_boot_entry *list;

    if (!entries)
        return EL_EIO;
    size_t count = el_boot_entries_get(entries, &list);
    el_boot_entries_close(entries);
    el_node_check_note(check, "images %s: %zu for the menu", path, count);
    return 0;
}

static int check_images(const struct el_node_check *check, const char *path, struct el_err *err)
{
    struct stat status;
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return el_err_os(err, errno, "images %s: cannot open the directory", path);
    int rc = fstat(fd, &status) < 0 ? el_err_os(err, errno, "images %s", path) : 0;
    if (rc == 0 && (status.st_mode & 05) != 05)
        rc =
            el_err(err, EL_EPERM,
                   "images %s: what serves it has no privileges and may not read it: chmod o+rx %s",
                   path, path);
    if (rc == 0)
        rc = check_entries(check, fd, path, err);
    close(fd);
    return rc;
}

/* Interfaces of the networks of the file, beside the hub's own. */
static void check_networks(struct el_node_check *check, const struct el_hub_config *config)
{
    for (unsigned i = 0; i < config->plan.network_count; i++) {
        const struct el_hub_plan_network *network = &config->plan.networks[i];
        if (strcmp(network->name, config->network) != 0)
            el_node_check_interface(check, network->name, &network->cidr);
    }
    if (config->plan.network_count + config->plan.spoke_count > 0)
        el_node_check_note(check, "in the file: networks %u, spokes %u", config->plan.network_count,
                           config->plan.spoke_count);
}

unsigned el_hub_check(const struct el_hub_config *config, const struct el_boot_options *boot,
                      FILE *good, FILE *bad)
{
    struct el_boot_options fitted = *boot; /* the pool is filled in */
    struct el_node_check check = {
        .name = "hub", .rootless = config->userspace, .good = good, .bad = bad};
    struct el_err err = {""};

    el_node_check_begin(&check, config->state, config->options);
    if (el_node_check_step(&check, el_hub_network_check(&config->cidr, &err), &err))
        el_node_check_step(&check, el_boot_options_fit(&fitted, &config->cidr, &err), &err);
    el_node_check_step(&check, el_hub_check_prefix6(config, &err), &err);
    el_node_check_step(&check, el_node_lanes(config->tunnel.workers, &err), &err);
    el_node_check_key(&check, config->key, config->state);
    el_node_check_step(&check, el_hub_find_program(config, &(struct el_sys_user){0, 0}, &err),
                       &err);
    el_node_check_port(&check, config->listen, &config->tunnel);
    for (unsigned i = 0; i < config->tcp.count && !config->tcp.none; i++)
        el_node_check_tcp(&check, config->tcp.ports[i], &config->tunnel);
    if (config->userspace)
        el_node_check_step(&check, el_hub_check_userspace(config, &err), &err);
    else
        el_node_check_interface(&check, config->network, &config->cidr);
    if (!config->userspace)
        check_networks(&check, config);
    if (config->own_images && access(config->images, F_OK) != 0)
        el_node_check_note(&check, "images %s: will be made", config->images);
    else
        el_node_check_step(&check, check_images(&check, config->images, &err), &err);
    return el_node_check_end(&check);
}
