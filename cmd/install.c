/* SPDX-License-Identifier: GPL-2.0-or-later */
/* el2w install DIR: a link for each applet beside a copy of the program. */
#include "applet.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct el_conf_schema schema = {
    .name = "install",
    .summary = "copy el2w to a directory and make a link for each applet",
    .usage = "DIR",
    .manual = "Copies the running program to DIR/el2w and makes links to it, one for each applet: "
              "DIR/hub is then the same as el2w hub. (Not for install and help: other programs "
              "have these names.) What is there already and right is left "
              "alone; a file of such a name that is not such a link is an error.",
    .positional_min = 1,
    .positional_max = 1,
};

/* Whether NAME in DIR is a regular file with the bytes of FROM, which is US. */
static bool is_copy(int dir, const char *name, int from, const struct stat *us)
{
    int fd = openat(dir, name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    struct stat there;
    bool same = fd >= 0 && fstat(fd, &there) == 0 && S_ISREG(there.st_mode) &&
                there.st_size == us->st_size && (there.st_mode & 0555) == 0555;
    char ours[4096], theirs[sizeof ours];

    for (off_t at = 0; same && at < us->st_size;) {
        ssize_t n = pread(from, ours, sizeof ours, at);
        same =
            n > 0 && pread(fd, theirs, (size_t)n, at) == n && memcmp(ours, theirs, (size_t)n) == 0;
        at += n;
    }
    if (fd >= 0)
        close(fd);
    return same;
}

/* Copies FROM, which is US, to NAME in DIR: whatever happens in between, NAME is whole. */
static int replace(int dir, const char *name, int from, const struct stat *us, struct el_err *err)
{
    static const char made[] = ".el2w.new";

    (void)unlinkat(dir, made, 0); /* of one that was interrupted */
    int to = openat(dir, made, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
    bool good = to >= 0 && fchmod(to, 0755) == 0;
    for (off_t left = us->st_size; good && left > 0;) {
        errno = EIO; /* if it is shorter than it was */
        ssize_t n = sendfile(to, from, NULL, (size_t)left);
        good = n > 0;
        left -= n;
    }
    good = good && fsync(to) == 0 && renameat(dir, made, dir, name) == 0;
    int why = errno;
    if (to >= 0)
        close(to);
    if (good)
        return 0;
    (void)unlinkat(dir, made, 0);
    return el_err_os(err, why, "cannot write %s", name);
}

/* Makes NAME in DIR a copy of the running program, unless it is that already. */
static int copy_program(int dir, const char *name, struct el_err *err)
{
    int from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    struct stat us;
    int rc = 0;

    if (from < 0 || fstat(from, &us) < 0)
        rc = el_err_os(err, errno, "cannot read the running program (is /proc mounted?)");
    else if (!is_copy(dir, name, from, &us))
        rc = replace(dir, name, from, &us, err);
    if (from >= 0)
        close(from);
    return rc;
}

static int make_link(int dir, const char *name, struct el_err *err)
{
    char target[8];

    if (symlinkat("el2w", dir, name) == 0)
        return 0;
    if (errno != EEXIST)
        return el_err_os(err, errno, "cannot make the link %s", name);
    ssize_t len = readlinkat(dir, name, target, sizeof target);
    if (len == 4 && memcmp(target, "el2w", 4) == 0)
        return 0;
    return el_err(err, EL_EEXIST, "%s is there already and is not a link to el2w", name);
}

static int install(const char *path, struct el_err *err)
{
    int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (dir < 0)
        return el_err_os(err, errno, "cannot open %s", path);
    int rc = copy_program(dir, "el2w", err);
    for (size_t i = 0; rc == 0 && el_applets[i]; i++)
        if (!el_applets[i]->no_link)
            rc = make_link(dir, el_applets[i]->schema->name, err);
    close(dir);
    return rc;
}

static int run(int argc, char **argv)
{
    struct el_conf_common values = {0};
    struct el_err err = {""};
    const char *const *dirs;
    struct el_conf *conf;
    int code = el_cmd_begin(&schema, &values, argc, argv, &conf);

    if (code != EL_EXIT_GO_ON)
        return code;
    el_conf_positionals(conf, &dirs);
    code = install(dirs[0], &err) < 0 ? el_cmd_fail(&schema, &err) : EL_EXIT_DONE;
    el_conf_free(conf);
    return code;
}

const struct el_applet el_applet_install = {.schema = &schema, .run = run, .no_link = true};
