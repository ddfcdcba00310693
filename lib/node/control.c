/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where control sockets are, and the line that asks. */
#include "node/control.h"

#include "base/log.h"
#include "node/places.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { PATIENCE_S = 10 }; /* with a tunnel that does not answer */

#define PREFIX "tunnel-"
#define SUFFIX ".sock"

/* -- the socket -- */

static int default_path(const char *network, char path[EL_SYS_CONTROL_PATH], struct el_err *err)
{
    char directory[EL_SYS_CONTROL_PATH];
    int rc = el_places_sockets(directory, err);

    if (rc < 0)
        return rc;
    int len = snprintf(path, EL_SYS_CONTROL_PATH, "%s/" PREFIX "%s" SUFFIX, directory, network);
    if (len >= EL_SYS_CONTROL_PATH || strchr(network, '/'))
        return el_err(err, EL_EINVAL, "network %.64s: no control socket can be called so", network);
    return 0;
}

int el_control_open(const char *said, const char *network, struct el_sys_control *control,
                    struct el_err *err)
{
    char path[EL_SYS_CONTROL_PATH];
    struct el_err why = {""};

    *control = (struct el_sys_control){.fd = -1};
    if (said && strcmp(said, "none") == 0)
        return 0;
    if (said)
        return el_sys_control_listen(said, control, err);
    int rc = default_path(network, path, &why);
    if (rc == 0)
        rc = el_sys_control_listen(path, control, &why);
    if (rc < 0)
        EL_LOG(EL_LOG_WARN, "tunnel", "no-control", EL_STR("reason", why.text),
               EL_STR("hint", rc == EL_EEXIST ? "--control PATH gives this one another" : NULL));
    return 0;
}

/* -- asking -- */

/* The network's name in that of a socket's file; false if it is none. */
static bool network_of(const char *file, char network[EL_SYS_CONTROL_PATH])
{
    size_t len = strlen(file), prefix = strlen(PREFIX), suffix = strlen(SUFFIX);

    if (len <= prefix + suffix || len >= EL_SYS_CONTROL_PATH ||
        strncmp(file, PREFIX, prefix) != 0 || strcmp(file + len - suffix, SUFFIX) != 0)
        return false;
    snprintf(network, EL_SYS_CONTROL_PATH, "%.*s", (int)(len - prefix - suffix), file + prefix);
    return true;
}

static bool somebody_listens(const char *network, char path[EL_SYS_CONTROL_PATH])
{
    if (default_path(network, path, NULL) < 0)
        return false;
    int fd = el_sys_control_connect(path, NULL);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

/* The only one there is. */
static int find_one(char found[EL_SYS_CONTROL_PATH], struct el_err *err)
{
    char network[EL_SYS_CONTROL_PATH], path[EL_SYS_CONTROL_PATH];
    char names[256] = "";
    char place[EL_SYS_CONTROL_PATH];
    unsigned count = 0;
    int rc = el_places_sockets(place, err);
    DIR *directory = rc < 0 ? NULL : opendir(place);
    const struct dirent *entry;

    while (directory && (entry = readdir(directory))) {
        if (!network_of(entry->d_name, network) || !somebody_listens(network, path))
            continue;
        size_t used = strlen(names);
        snprintf(names + used, sizeof names - used, "%s%s", count++ ? ", " : "", network);
        strcpy(found, path);
    }
    if (directory)
        closedir(directory);
    if (count > 1)
        return el_err(err, EL_EEXIST, "several tunnels run here: say --network NAME (%s)", names);
    if (count > 0 || rc < 0)
        return rc;
    if (geteuid() != 0)
        return el_err(err, EL_EPERM,
                      "no tunnel of yours runs here (no socket in %s answers); root's may only be "
                      "asked by root: try sudo",
                      place);
    return el_err(err, EL_ENOENT, "no tunnel runs here (no socket in %s answers)", place);
}

int el_control_find(const char *said, const char *network, char path[EL_SYS_CONTROL_PATH],
                    struct el_err *err)
{
    if (said && snprintf(path, EL_SYS_CONTROL_PATH, "%s", said) >= EL_SYS_CONTROL_PATH)
        return el_err(err, EL_EINVAL, "control socket %s: the path is too long", said);
    if (said)
        return 0;
    return network ? default_path(network, path, err) : find_one(path, err);
}

/* Reads a line, byte by byte: what follows is the caller's to read. */
static int read_line(int fd, char *line, size_t capacity)
{
    for (size_t len = 0; len < capacity; len++) {
        ssize_t n = read(fd, line + len, 1);
        if (n <= 0)
            return n == 0 ? EL_ECLOSED : EL_EAGAIN;
        if (line[len] == '\n') {
            line[len] = '\0';
            return 0;
        }
    }
    return EL_EPROTO;
}

static int converse(int fd, const char *path, const char *line, struct el_err *err)
{
    struct timeval patience = {.tv_sec = PATIENCE_S}, ever = {0};
    char said[EL_CONTROL_LINE];
    int len = snprintf(said, sizeof said, "%s\n", line);

    if (len >= (int)sizeof said)
        return el_err(err, EL_EINVAL, "too much to ask for at once");
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (send(fd, said, (size_t)len, MSG_NOSIGNAL) != len || read_line(fd, said, sizeof said) < 0)
        return el_err(err, EL_EAGAIN, "control socket %s: no answer", path);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &ever, sizeof ever);
    if (strcmp(said, "ok") == 0)
        return 0;
    if (strncmp(said, "error ", 6) == 0)
        return el_err(err, EL_EINVAL, "%s", said + 6);
    return el_err(err, EL_EPROTO, "control socket %s: the answer makes no sense", path);
}

int el_control_ask(const char *path, const char *line, struct el_err *err)
{
    int fd = el_sys_control_connect(path, err);

    if (fd < 0)
        return fd;
    int rc = converse(fd, path, line, err);
    if (rc < 0) {
        close(fd);
        return rc;
    }
    return fd;
}

/* -- what is asked -- */

static int parse_show(char *rest, struct el_control_request *request, struct el_err *err)
{
    static const char *const forms[] = {
        [EL_WRITER_TEXT] = "text", [EL_WRITER_KEYS] = "keys", [EL_WRITER_JSON] = "json"};

    for (unsigned i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        if (strcmp(rest, forms[i]) == 0) {
            request->kind = EL_CONTROL_SHOW;
            request->form = i;
            return 0;
        }
    }
    return el_err(err, EL_EINVAL, "show: in what form?");
}

/* A decimal number up to MAX. */
static bool parse_number(const char *text, uint64_t max, uint64_t *number)
{
    size_t digits = strspn(text, "0123456789");

    if (digits == 0 || digits > 18 || text[digits])
        return false;
    *number = strtoull(text, NULL, 10);
    return *number <= max;
}

static bool parse_word(const char *name, const char *value, struct el_control_request *request)
{
    uint64_t number;

    if (strcmp(name, "snaplen") == 0 && parse_number(value, UINT32_MAX, &number)) {
        request->snaplen = (uint32_t)number;
        return true;
    }
    if (strcmp(name, "count") == 0)
        return parse_number(value, UINT64_MAX, &request->count);
    if (strcmp(name, "both") == 0) {
        request->both = strcmp(value, "yes") == 0;
        return request->both || strcmp(value, "no") == 0;
    }
    if (strcmp(name, "peer") == 0 && request->peer_count < EL_CONTROL_PEERS) {
        request->peers[request->peer_count++] = value;
        return true;
    }
    return false;
}

static int parse_capture(char *rest, struct el_control_request *request, struct el_err *err)
{
    char *next = NULL;

    request->kind = EL_CONTROL_CAPTURE;
    for (char *word = strtok_r(rest, " ", &next); word; word = strtok_r(NULL, " ", &next)) {
        char *value = strchr(word, '=');
        if (value)
            *value++ = '\0';
        if (!value || !parse_word(word, value, request))
            return el_err(err, EL_EINVAL, "capture: %.32s makes no sense", word);
    }
    return request->snaplen ? 0 : el_err(err, EL_EINVAL, "capture: how much of each frame?");
}

int el_control_parse(char *line, struct el_control_request *request, struct el_err *err)
{
    char *rest = strchr(line, ' ');

    *request = (struct el_control_request){.kind = EL_CONTROL_SHOW};
    if (rest)
        *rest++ = '\0';
    if (rest && strcmp(line, "show") == 0)
        return parse_show(rest, request, err);
    if (rest && strcmp(line, "capture") == 0)
        return parse_capture(rest, request, err);
    return el_err(err, EL_EINVAL, "%.32s: nothing that can be asked", line);
}
