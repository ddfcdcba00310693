/* SPDX-License-Identifier: GPL-2.0-or-later */
/* NAME=TEXT, NAME=@FILE. */
#include "node/said.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void el_node_said_free(char *value)
{
    if (value)
        sodium_memzero(value, strlen(value));
    free(value);
}

static int fill(int fd, const char *path, char *text, struct el_err *err)
{
    size_t len = 0;

    for (;;) {
        ssize_t got = read(fd, text + len, EL_NODE_SAID_BYTES - len);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return el_err_os(err, errno, "%s: cannot be read", path);
        if (got == 0)
            break;
        len += (size_t)got;
        if (len == EL_NODE_SAID_BYTES)
            return el_err(err, EL_EINVAL, "%s: longer than %d bytes", path, EL_NODE_SAID_BYTES - 1);
    }
    if (memchr(text, '\0', len))
        return el_err(err, EL_EINVAL, "%s: it is no text", path);
    text[len] = '\0';
    return 0;
}

static int read_file(const char *path, char **text, struct el_err *err)
{
    int fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

    if (fd < 0)
        return el_err_os(err, errno, "%s: cannot be opened", path);
    *text = calloc(1, EL_NODE_SAID_BYTES);
    int rc = *text ? fill(fd, path, *text, err) : el_err(err, EL_ENOMEM, "out of memory");
    if (fd != STDIN_FILENO)
        close(fd);
    if (rc == 0)
        return 0;
    if (*text)
        sodium_memzero(*text, EL_NODE_SAID_BYTES);
    free(*text);
    *text = NULL;
    return rc;
}

int el_node_said_parse(const char *text, char name[EL_NODE_SAID_NAME], char **value,
                       struct el_err *err)
{
    const char *equals = strchr(text, '=');
    size_t len = equals ? (size_t)(equals - text) : 0;
    int rc = 0;

    *value = NULL;
    if (len == 0 || len >= EL_NODE_SAID_NAME)
        return el_err(err, EL_EINVAL, "it is said as NAME=VALUE, or NAME=@FILE");
    memcpy(name, text, len);
    name[len] = '\0';
    if (equals[1] == '@') {
        rc = read_file(equals + 2, value, err);
        size_t end = rc == 0 ? strlen(*value) : 0;
        if (end > 0 && (*value)[end - 1] == '\n')
            (*value)[end - 1] = '\0';
        return rc;
    }
    *value = strdup(equals + 1);
    return *value ? 0 : el_err(err, EL_ENOMEM, "out of memory");
}

static char *trim(char *line)
{
    line += strspn(line, " \t");
    size_t len = strlen(line);
    while (len > 0 && strchr(" \t\r", line[len - 1]))
        line[--len] = '\0';
    return line;
}

int el_node_said_keys(const char *text, int (*each)(void *arg, const char *key, struct el_err *err),
                      void *arg, struct el_err *err)
{
    char *lines, *save = NULL;
    unsigned count = 0;

    if (strchr(text, ' '))
        return each(arg, text, err);
    int rc = read_file(text, &lines, err);
    if (rc < 0)
        return rc;
    for (char *line = strtok_r(lines, "\n", &save); rc == 0 && line;
         line = strtok_r(NULL, "\n", &save)) {
        line = trim(line);
        if (*line == '\0' || *line == '#')
            continue;
        rc = each(arg, line, err);
        count++;
    }
    sodium_memzero(lines, EL_NODE_SAID_BYTES);
    free(lines);
    return rc == 0 && count == 0 ? el_err(err, EL_EINVAL, "%s: there is no key in it", text) : rc;
}
