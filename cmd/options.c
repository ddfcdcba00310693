/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What every applet begins with: its options, from a supervisor, a file, and the command line. */
#include "applet.h"

#include "base/log.h"
#include "sys/fds.h"
#include "sys/files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CONFIG_BYTES = 1 << 20 };

static int usage_error(const struct el_conf_schema *schema, const struct el_err *err)
{
    fprintf(stderr, "el2w %s: %s\n", schema->name, err->text);
    return EL_EXIT_USAGE;
}

int el_cmd_fail(const struct el_conf_schema *schema, const struct el_err *err)
{
    fprintf(stderr, "el2w %s: %s\n", schema->name, err->text);
    return EL_EXIT_FAILED;
}

/* Reads the configuration that a supervisor passed. The descriptor is shared with those who were
 * started before us, and so is its position: it is read from the beginning whatever that is. */
static int read_passed(struct el_conf *conf, int fd, char *text, struct el_err *err)
{
    ssize_t n = pread(fd, text, CONFIG_BYTES - 1, 0);

    close(fd);
    if (n < 0)
        return el_err(err, EL_EIO, "cannot read the configuration that was passed");
    text[n] = '\0';
    return el_conf_file(conf, text, "supervisor", err);
}

static int read_file(struct el_conf *conf, const char *path, char *text, struct el_err *err)
{
    struct el_err why = {""};
    int n = el_sys_file_read(path, text, CONFIG_BYTES - 1, &why);

    if (n < 0)
        return el_err(err, n, "config %s", why.text);
    if (memchr(text, '\0', (size_t)n))
        return el_err(err, EL_EINVAL, "config %s: this is not a text file", path);
    text[n] = '\0';
    return el_conf_file(conf, text, path, err);
}

static int read_all(struct el_conf *conf, int argc, char **argv, struct el_err *err)
{
    char *text = malloc(CONFIG_BYTES);
    int passed = el_sys_fds_take("config");
    int rc = text ? 0 : el_err(err, EL_ENOMEM, "out of memory");

    if (rc == 0)
        rc = el_conf_args(conf, argc, argv, err);
    if (rc == 0 && passed >= 0)
        rc = read_passed(conf, passed, text, err);
    if (rc == 0 && el_conf_said(conf, "config"))
        rc = read_file(conf, el_conf_said(conf, "config"), text, err);
    free(text);
    return rc == 0 ? el_conf_finish(conf, err) : rc;
}

/* Prints TEXT, which is freed, and ends well. */
static int print_and_stop(struct el_conf *conf, char *text)
{
    fputs(text ? text : "el2w: out of memory\n", text ? stdout : stderr);
    free(text);
    el_conf_free(conf);
    return text ? EL_EXIT_DONE : EL_EXIT_FAILED;
}

int el_cmd_begin(const struct el_conf_schema *schema, void *values, int argc, char **argv,
                 struct el_conf **result)
{
    const struct el_conf_common *common = values;
    struct el_conf *conf = el_conf_new(schema, values);
    struct el_err err = {"out of memory"};

    if (!conf)
        return el_cmd_fail(schema, &err);
    int rc = read_all(conf, argc, argv, &err);
    if (rc < 0) {
        el_conf_free(conf);
        return rc == EL_EINVAL ? usage_error(schema, &err) : el_cmd_fail(schema, &err);
    }
    el_log_setup(common->log_level, common->log_format);
    if (common->help)
        return print_and_stop(conf, el_conf_manual(schema, false));
    if (common->show_config)
        return print_and_stop(conf, el_conf_print(conf));
    *result = conf;
    return EL_EXIT_GO_ON;
}
